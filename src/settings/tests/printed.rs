//! What `--check-config` prints, and that it gives the same settings when it is read again.

use crate::settings::table::Catalogue;
use crate::settings::tests::support::{SUBJECTS, is_guard, load, load_open, sample};

#[test]
fn every_row_can_be_set_by_file_environment_and_flag() {
    let catalogue = Catalogue::new(SUBJECTS);
    let rows = catalogue.rows.iter().filter(|row| row.in_file() && !row.in_list());
    for row in rows.filter(|row| !is_guard(row)) {
        let (toml, text) = sample(row);
        let file = format!("{} = {toml}", row.dotted());
        let effective = |file: &str, args: &str, env: &[_]| {
            load(file, &format!("--check-config {args}"), env).unwrap().effective
        };
        let printed = effective(&file, "", &[]);
        let line = printed.lines().find(|line| line.ends_with("# from FILE:1"));
        let line = line.unwrap_or_else(|| panic!("{file}: {printed}"));
        let without_source = line.trim_end_matches("FILE:1");

        let name = row.variable();
        let of_env = effective("", "", &[(&name, &text)]);
        assert!(of_env.contains(&format!("{without_source}{name}\n")), "{name}: {of_env}");
        for flag in row.all_flags().iter().filter(|flag| !flag.starts_with('!')) {
            let of_flag = effective("", &format!("--{flag}={text}"), &[]);
            assert!(of_flag.contains(&format!("{without_source}--{flag}\n")), "{flag}: {of_flag}");
        }
    }
}

#[test]
fn the_printed_settings_can_be_read_again() {
    let all: String = Catalogue::new(SUBJECTS)
        .rows
        .iter()
        .filter(|row| row.in_file() && !row.in_list())
        .filter(|row| row.key() != "host" && row.key() != "port" && !is_guard(row))
        .filter(|row| !["exclude_pattern", "prometheus_endpoint"].contains(&row.key()))
        .map(|row| {
            let enabled = if row.is_collector() { ".enabled" } else { "" };
            format!("{}{enabled} = {}\n", row.dotted(), sample(row).0)
        })
        .collect();
    let odd = "[server]\nlisten = [':1', 'unix:/a b']\nmax_connections = 0x10\n\
               [paths]\nprocfs = \"/a\\\"\\\\b'\\u0001é\"\nsysfs = 'C:\\x'\n\
               [collectors.disk]\nexclude_pattern = ''";
    let include = "collectors.disk.include_pattern = 'a'";
    let node = "[metrics]\ndialect = 'node_exporter'";
    for file in ["", &all, odd, include, node] {
        for args in ["", "--collector.disable-defaults", "--listen :1 --listen [::]:2"] {
            let mut first = load_open(file, args, &[]).unwrap();
            let mut second = load_open(&first.effective, "", &[]).unwrap();
            let without_sources = |text: &str| -> Vec<String> {
                text.lines().map(|l| l.split("  # from ").next().unwrap().to_owned()).collect()
            };
            assert_eq!(without_sources(&first.effective), without_sources(&second.effective));
            (first.effective, second.effective) = (String::new(), String::new());
            assert_eq!(first, second, "{file} {args}");
        }
    }
}

const TLS_SERVER: &str = "# users_file is not set\n# web_config_file is not set\n\n\
    [server.tls]\n# cert_file is not set\n# key_file is not set\n# client_ca_file is not set\n\
    client_auth_type = \"NoClientCert\"\n# client_allowed_sans is not set\nmin_version = \"TLS12\"\n";
const HUB_METRICS: &str = "# namespace is not set\n# prefix is not set\n\
    # custom_gauges is not set\n# custom_counters is not set\n# labels is not set\n\
    labels_on_all = false\n";
const HUB_PUSH: &str = "[system]\n# enabled is not set\n# collect_cpu is not set\n\
    # collect_disk is not set\n\n[push]\nttl = \"5m\"\n# ttl_by_source is not set\nmax_age = \"1h\"\n\
    # token_file is not set\nmax_body_bytes = 1048576\nmax_series = 100000\nmax_families = 5000\n\
    max_bytes = 8388608\nmax_labels = 32\nmax_name_bytes = 200\nmax_value_bytes = 1024\n\n\
    [statsd]\n# listen is not set\n\n";
const HUB_AGENT: &str = "[agent]\ninstance = \"edge-17\"  # from APP__AGENT__INSTANCE\n\
    job = \"sysmetrics\"\n\n";
const HUB_SCRAPE: &str = "[scrape]\ninterval_secs = \"15s\"\n# timeout_secs is not set\n\
    max_body_bytes = 8388608\nmax_series = 20000\nmax_labels = 128\n\n\
    [tail]\nstate_file = \"/var/lib/sysmetrics/tail.state\"\n\
     memory_file = \"/run/sysmetrics/tail.state\"\nstate_interval = \"1h\"\n\
    poll_interval = \"5s\"\nmax_line_bytes = 65536\nmax_value_bytes = 128\nmax_series = 1000\n\n\
    [pressure]\nstalls = false\nalerts = true\n\n\
    [peaks]\nenabled = false\nwindow = \"1m\"\n\
    exclude_devices = \"^(lo|veth|docker|br-|virbr|dummy|ifb|tap)\"\n\n\
    [alerting]\ninterval_secs = \"15s\"\nrepeat_secs = \"4h\"\ntimeout_secs = \"10s\"\n\
    # webhook is not set\n# alertmanager is not set\n# headers is not set\n# mail_to is not set\n\
    # mail_from is not set\nsendmail = \"/usr/sbin/sendmail -t -i\"\n# smtp is not set\n\
    # external_url is not set\n\n";

#[test]
fn check_config_prints_values_and_sources() {
    let file = "[server]\nport = 9200\n[collectors]\ncpu = false\n[collectors.disk]\n\
                include_pattern = '^sd'";
    let mut env = vec![("APP__LOG__FORMAT", "logfmt")];
    if cfg!(feature = "hub") {
        env.push(("APP__AGENT__INSTANCE", "edge-17"));
    }
    let mut effective = load(file, "--check-config --path.rootfs /host", &env).unwrap().effective;
    if cfg!(feature = "tls") {
        assert!(effective.contains(TLS_SERVER), "{effective}");
        effective = effective.replacen(TLS_SERVER, "", 1);
    }
    // Options that the feature `hub` adds.
    if cfg!(feature = "hub") {
        for part in [HUB_METRICS, HUB_PUSH, HUB_SCRAPE, HUB_AGENT] {
            assert!(effective.contains(part), "{effective}");
            effective = effective.replacen(part, "", 1);
        }
    }
    assert_eq!(
        effective,
        r#"[server]
listen = "0.0.0.0:9200"  # from FILE:2
metrics_path = "/metrics"
max_connections = 512
max_head_bytes = 8192
head_timeout = "5s"
drain_timeout = "10s"
idle_timeout = "2m"
# socket_mode is not set
# socket_group is not set

[metrics]
dialect = "sysmetrics"
process_metrics = true

[paths]
procfs = "/proc"
sysfs = "/sys"
rootfs = "/host"  # from --path.rootfs
udev_data = "/run/udev/data"

[log]
format = "logfmt"  # from APP__LOG__FORMAT
level = "info"

[sandbox]
landlock = "auto"
seccomp = "auto"
# read is not set
# write is not set
# connect_ports is not set
# bind_ports is not set

[collectors]
cpu = false  # from FILE:4

[collectors.disk]
enabled = true
# exclude_pattern is not set
include_pattern = "^sd"  # from FILE:6

[collectors.network]
enabled = false
netlink = true
"#
    );
}
