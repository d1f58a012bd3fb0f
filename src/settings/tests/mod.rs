//! The settings that result from all sources together.

mod documents;
#[cfg(feature = "hub")]
mod environment;
mod errors;
#[cfg(feature = "hub")]
mod lists;
#[cfg(feature = "hub")]
mod outputs;
#[cfg(feature = "tls")]
mod serving;
mod support;
mod table;

use crate::settings::table::{Catalogue, Row};
use crate::settings::tests::support::{SUBJECTS, Temporary, is_reserved, load, load_open, nowhere};
use crate::settings::{Action, Dialect, Format, Kind, Level, Listen, Refusal, Subject, load_from};
use crate::settings::{CollectorOption, text};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn tcp(host: &str, port: u16) -> Listen {
    Listen::Tcp(host.to_owned(), port)
}

#[test]
fn without_any_source_there_are_the_defaults() {
    let settings = load_from(SUBJECTS, is_reserved, vec![], vec![], &nowhere()).unwrap();
    assert_eq!(settings.action, Action::Serve);
    assert_eq!(settings.server.listen, [tcp("0.0.0.0", 9101)]);
    assert_eq!(settings.server.metrics_path, "/metrics");
    assert_eq!(settings.server.max_connections, 512);
    assert_eq!(settings.server.max_head_bytes, 8192);
    assert_eq!(settings.server.head_timeout, Duration::from_secs(5));
    assert_eq!(settings.server.drain_timeout, Duration::from_secs(10));
    assert_eq!(settings.server.idle_timeout, Duration::from_secs(120));
    assert_eq!(settings.dialect, Dialect::Own);
    assert!(settings.process_metrics);
    assert_eq!((settings.log.format, settings.log.level), (Format::Text, Level::Info));
    assert_eq!(settings.paths.procfs, Path::new("/proc"));
    assert_eq!(settings.paths.udev_data, Path::new("/run/udev/data"));
    assert_eq!(settings.config_file, None);
    let on: Vec<_> = settings.collectors.iter().map(|c| (c.name, c.enabled)).collect();
    assert_eq!(on, [("cpu", true), ("disk", true), ("network", false)]);
    assert_eq!(settings.collectors[1].text("exclude_pattern").as_deref(), Some("^(loop|ram|dm-)"));
    assert_eq!(settings.collectors[1].text("include_pattern"), None);
    assert!(settings.collectors[2].get(&crate::settings::tests::support::NETLINK));
    assert_eq!(settings.effective, "");
}

#[test]
fn a_flag_beats_the_environment_and_that_the_file() {
    let file = "[log]\nlevel = \"error\"\n";
    let env = [("APP__LOG__LEVEL", "warn")];
    let level = |args, env: &[_]| load(file, args, env).unwrap().log.level;
    assert_eq!(level("", &[]), Level::Error);
    assert_eq!(level("", &env), Level::Warn);
    assert_eq!(level("--log-level=debug", &env), Level::Debug);
    assert_eq!(level("--log-level debug --log.level info", &env), Level::Info);
}

#[test]
fn node_exporters_dialect_brings_its_defaults() {
    let settings = load("", "--dialect node_exporter", &[]).unwrap();
    assert_eq!(settings.dialect, Dialect::Node);
    assert_eq!(settings.server.listen, [tcp("", 9100)]);
    assert_eq!(
        settings.collectors[1].text("exclude_pattern").as_deref(),
        Some("^(z?ram|loop|fd)\\d+$")
    );
}

#[test]
fn a_collector_that_node_exporter_lacks_is_off_in_its_dialect() {
    const OURS: Subject = Subject { name: "mmc", node_name: "", ..support::CPU };
    let on = |args: &[&str]| {
        let args = args.iter().map(Into::into).collect();
        let settings = load_from(&[&OURS], is_reserved, args, vec![], &nowhere()).unwrap();
        settings.collectors[0].enabled
    };
    assert!(on(&[]));
    assert!(!on(&["--dialect=node_exporter"]));
    assert!(on(&["--dialect=node_exporter", "--collector.mmc"]));
    assert!(!on(&["--no-collector.mmc"]));
    assert_eq!(
        (OURS.name_in(Dialect::Node), support::DISK.name_in(Dialect::Node)),
        ("mmc", "diskstats")
    );
}

#[test]
fn an_option_may_switch_its_collector_on() {
    static ADDRESS: CollectorOption<String> = text("address", "Who is asked.").enabling();
    const UPS: Subject =
        Subject { name: "ups", node_name: "", on: false, options: &[&ADDRESS.row], ..support::CPU };
    let on = |args: &[&str]| {
        let args = args.iter().map(Into::into).collect();
        let settings = load_from(&[&UPS], is_reserved, args, vec![], &nowhere()).unwrap();
        settings.collectors[0].enabled
    };
    assert!(!on(&[]) && !on(&["--collector.ups.address="]));
    assert!(on(&["--collector.ups.address=h"]));
    assert!(on(&["--collector.ups.address=h", "--collector.disable-defaults"]));
    assert!(on(&["--collector.ups.address=h", "--dialect=node_exporter"]));
    assert!(!on(&["--collector.ups.address=h", "--no-collector.ups"]));
}

#[test]
fn addresses_come_from_any_layer() {
    let listen = |file, args, env: &[_]| load(file, args, env).map(|s| s.server.listen);
    let list = "[server]\nlisten = [\":1\", \"unix:/run/x\"]";
    assert_eq!(listen(list, "", &[]), Ok(vec![tcp("", 1), Listen::Unix("/run/x".into())]));
    let parts = "[server]\nhost = \"::1\"\nport = 2";
    assert_eq!(listen(parts, "", &[]), Ok(vec![tcp("::1", 2)]));
    assert_eq!(listen("[server]\nport = 3", "", &[]), Ok(vec![tcp("0.0.0.0", 3)]));
    let env = [("EXPORTER_PORT", "4")];
    assert_eq!(listen("", "", &env), Ok(vec![tcp("0.0.0.0", 4)]));
    assert_eq!(listen(list, "", &env), Ok(vec![tcp("", 4), Listen::Unix("/run/x".into())]));
    let both = [("EXPORTER_PORT", "4"), ("APP__SERVER__PORT", "5"), ("APP__SERVER__HOST", "h")];
    assert_eq!(listen(parts, "", &both), Ok(vec![tcp("h", 5)]));
    let env = [("APP__SERVER__LISTEN", ":6, :7")];
    assert_eq!(listen(parts, "", &env), Ok(vec![tcp("", 6), tcp("", 7)]));
    let args = "--listen :8 --web.listen-address=[::]:9";
    assert_eq!(listen(parts, args, &env), Ok(vec![tcp("", 8), tcp("::", 9)]));
}

#[test]
fn the_endpoint_says_host_port_and_path() {
    let served = |file, args, env: &[_]| {
        let settings = load(file, args, env).unwrap();
        (settings.server.listen, settings.server.metrics_path)
    };
    let of_env = |endpoint| [("APP__METRICS__PROMETHEUS_ENDPOINT", endpoint)];
    assert_eq!(served("", "", &of_env("/m")), (vec![tcp("0.0.0.0", 9101)], "/m".to_owned()));
    let both = (vec![tcp("h", 1)], "/m".to_owned());
    assert_eq!(served("[server]\nport = 7", "", &of_env("http://h:1/m")), both);
    assert_eq!(served("metrics.prometheus_endpoint = 'h:1/m'", "", &[]), both);
    let server = "[server]\nport = 1\nmetrics_path = '/m'";
    let file = format!("{server}\n[metrics]\nprometheus_endpoint = 'h:2/n'");
    assert_eq!(served(&file, "", &[]), both, "what server says comes first");
    let env = [("EXPORTER_PORT", "1")];
    assert_eq!(served("metrics.prometheus_endpoint = 'h:2/m'", "", &env), both);
    assert_eq!(served("", "--metrics-path /m --listen h:1", &of_env(":2/n")), both);
    let refusal = load("server.listen = [':1', ':2']", "", &of_env("h:1/m")).unwrap_err();
    assert!(refusal.starts_with("APP__METRICS__PROMETHEUS_ENDPOINT: changes the"), "{refusal}");
    for bare in ["127.0.0.1:9090", ":9090", "http://h:1", "h:1/"] {
        assert_eq!(
            load("", "", &of_env(bare)).map(|s| s.server).unwrap_err(),
            format!(
                "APP__METRICS__PROMETHEUS_ENDPOINT: expected a path such as /metrics, or an address \
                 with one, such as 127.0.0.1:9090/metrics, found \"{bare}\"; an address needs a path \
                 behind it: server.listen says where to listen without one"
            )
        );
    }
}

#[cfg(feature = "hub")]
#[test]
fn names_of_other_services_are_taken() {
    let env =
        [("APP__METRICS__METRICS_PREFIX", "web"), ("APP__METRICS__METRICS_NAMESPACE", "shop")];
    let custom = load("metrics.prefix = 'x'", "", &env).unwrap().custom;
    assert_eq!((custom.namespace.as_str(), custom.prefix.as_str()), ("shop", "web"));
    let file = "[metrics]\nmetrics_prefix = 'web'\nmetrics_namespace = 'shop'";
    assert_eq!(load(file, "", &[]).unwrap().custom, custom);
    let refusal = load("[metrics]\nprefix = 'a'\nmetrics_prefix = 'a'", "", &[]).unwrap_err();
    let text = "FILE:3:1: metrics.metrics_prefix is another name of prefix (FILE:2:10); keep one";
    assert_eq!(refusal, text);
}

#[cfg(feature = "hub")]
#[test]
fn system_switches_collectors_that_have_no_word_of_their_own() {
    let on = |file, args| -> Vec<&str> {
        let settings = load(file, args, &[]).unwrap();
        settings.collectors.iter().filter(|c| c.enabled).map(|c| c.name).collect()
    };
    let two = "[system]\nenabled = true\ncollect_cpu = false\ncollect_disk = true";
    assert_eq!(on(two, ""), ["disk"]);
    assert_eq!(on("[system]\nenabled = false\ncollect_cpu = true", ""), [""; 0]);
    assert_eq!(on("[system]\nenabled = false\n[collectors]\nnetwork = true", ""), ["network"]);
    let word = "[system]\ncollect_disk = false\n[collectors.disk]\nenabled = true";
    assert_eq!(on(word, ""), ["cpu", "disk"]);
    assert_eq!(on("[system]\ncollect_disk = true", "--collector.disable-defaults"), ["disk"]);
    assert_eq!(on("[system]\nenabled = false", "--collector.cpu"), ["cpu"]);
}

#[test]
fn collectors_are_switched_in_many_ways() {
    let on = |file, args, env: &[_]| -> Vec<&str> {
        let settings = load(file, args, env).unwrap();
        settings.collectors.iter().filter(|c| c.enabled).map(|c| c.name).collect()
    };
    assert_eq!(on("[collectors]\ncpu = false", "", &[]), ["disk"]);
    assert_eq!(on("collectors.network.enabled = true", "", &[]), ["cpu", "disk", "network"]);
    assert_eq!(on("[collectors.disk]\nenabled = false", "", &[]), ["cpu"]);
    assert_eq!(on("collectors = { disk = { enabled = false } }", "", &[]), ["cpu"]);
    assert_eq!(on("", "--no-collector.diskstats --collector.netdev", &[]), ["cpu", "network"]);
    assert_eq!(on("", "--collector.cpu=false --no-collector.disk=false", &[]), ["disk"]);
    assert_eq!(on("", "", &[("APP__COLLECTORS__DISK", "false")]), ["cpu"]);
    assert_eq!(on("", "", &[("APP__COLLECTORS__DISK__ENABLED", "false")]), ["cpu"]);
    assert_eq!(on("", "--collector.disable-defaults --collector.cpu", &[]), ["cpu"]);
    assert_eq!(on("[collectors]\ndisk = true", "--collector.disable-defaults", &[]), ["disk"]);
}

#[test]
fn what_is_included_makes_the_default_exclude_give_way() {
    let disk = |args| {
        let disk = load("", args, &[]).unwrap().collectors[1].clone();
        let compiled = |option: &'static crate::settings::CollectorOption<
            Option<crate::base::text::pattern::Pattern>,
        >| { disk.get(option).map(|regex| regex.as_str().to_owned()) };
        let all =
            [&crate::settings::tests::support::EXCLUDE, &crate::settings::tests::support::INCLUDE]
                .map(compiled);
        assert_eq!(all, ["exclude_pattern", "include_pattern"].map(|key| disk.text(key)));
        all
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(disk("--collector.diskstats.device-include=^sd"), [None, some("^sd")]);
    assert_eq!(disk("--collector.disk.exclude-pattern="), [None, None]);
    assert_eq!(disk("--collector.diskstats.ignored-devices=^x"), [some("^x"), None]);
    assert_eq!(
        disk("--collector.disk.exclude-pattern= --collector.disk.include-pattern=a"),
        [None, some("a")]
    );
}

#[test]
fn node_exporters_command_line_is_taken() {
    let args = "--path.rootfs=/host --web.listen-address=:9100 --web.telemetry-path /m \
                --log.format=logfmt --web.disable-exporter-metrics --web.max-requests=40 \
                --runtime.gomaxprocs 1 --no-collector.netdev.netlink --path.udev.data=/u";
    let settings = load("", args, &[]).unwrap();
    assert_eq!(settings.paths.rootfs, Path::new("/host"));
    assert_eq!(settings.server.listen, [tcp("", 9100)]);
    assert_eq!(settings.server.metrics_path, "/m");
    assert_eq!(settings.log.format, Format::Logfmt);
    assert!(!settings.process_metrics);
    assert!(!settings.collectors[2].get(&crate::settings::tests::support::NETLINK));
    assert_eq!(settings.paths.udev_data, Path::new("/u"));
}

#[test]
fn a_single_dash_does_for_flags_of_node_exporter() {
    let args = "-web.listen-address=:9100 -log.level WARN -no-collector.cpu -path.procfs=/p=q";
    let settings = load("", args, &[]).unwrap();
    assert_eq!(settings.server.listen, [tcp("", 9100)]);
    assert_eq!(settings.log.level, Level::Warn);
    assert!(!settings.collectors[0].enabled);
    assert_eq!(settings.paths.procfs, Path::new("/p=q"));
    let refusal = load("", "-web.listen-addres=:1", &[]).unwrap_err();
    assert!(refusal.starts_with("-web.listen-addres: unknown flag; did you mean"), "{refusal}");
}

#[test]
fn actions() {
    let action = |args| load("", args, &[]).map(|s| s.action);
    assert_eq!(action("--print-metrics"), Ok(Action::PrintMetrics));
    assert_eq!(action("--check-config"), Ok(Action::CheckConfig));
    assert_eq!(action("-h"), Ok(Action::ShortHelp));
    for args in ["--help", "--help --nonsense", "--help -h --version", "--nonsense --help -V"] {
        assert_eq!(action(args), Ok(Action::Help), "{args}");
    }
    assert_eq!(action("-V --listen nonsense"), Ok(Action::Version));
}

#[test]
fn help_is_given_whatever_the_file_says() {
    assert_eq!(load("[[[", "--help", &[("APP__SERVER__X", "")]).unwrap().action, Action::Help);
}

#[test]
fn the_file_may_be_named() {
    let file = Temporary::new(b"[log]\nlevel = \"debug\"");
    let path = file.0.to_str().unwrap().to_owned();
    let by_flag = load("[log]\nlevel = 1", &format!("--config {path}"), &[]).unwrap();
    assert_eq!(by_flag.log.level, Level::Debug);
    let env = [("METRICS_CONFIG", path.as_str())];
    assert_eq!(load("[log]\nlevel = 1", "", &env).unwrap().log.level, Level::Debug);
    let env = vec![("METRICS_CONFIG".into(), path.clone().into())];
    let settings = load_from(SUBJECTS, is_reserved, vec![], env, &nowhere()).unwrap();
    assert_eq!(settings.config_file, Some(PathBuf::from(path)));
    assert!(load("", "", &[("METRICS_CONFIG", ""), ("EXPORTER_PORT", "")]).is_ok());
}

#[test]
fn variables_of_other_programs_are_left_alone() {
    let env = [
        ("APP__DATABASE__URL", "x"),
        ("APP__APP__LOG__LEVEL", "x"),
        ("APP__", "x"),
        ("APP_LOG", "x"),
    ];
    assert!(load("", "", &env).is_ok());
}

/// Options that need others, and TLS: `serving` tests them.
pub(super) fn is_guard(row: &Row) -> bool {
    row.section.name == "server.tls" || ["users_file", "web_config_file"].contains(&row.key())
}

/// A valid value other than the default, in the file's syntax and as text.
pub(super) fn sample(row: &Row) -> (String, String) {
    let text = match row.kind {
        Kind::Switch => if row.default[0] == "true" { "false" } else { "true" }.to_owned(),
        Kind::Choice(words) => {
            let other =
                |word: &&&str| row.default[0].is_empty() || !word.starts_with(row.default[0]);
            words.iter().find(other).unwrap().to_string()
        }
        Kind::Count(_, max) => max.to_string(),
        Kind::Time(..) => "7s".to_owned(),
        Kind::Size(..) => "7MiB".to_owned(),
        Kind::Remote => "http://u@host:1/v1".to_owned(),
        Kind::Attributes => "host=a=b".to_owned(),
        Kind::Patterns => "cpu_*".to_owned(),
        Kind::Words => "word".to_owned(),
        Kind::Globs => "/srv/*".to_owned(),
        Kind::Addresses => "[::1]:1".to_owned(),
        // No name is both a gauge and a counter.
        Kind::Names if row.key() == "custom_counters" => "hits".to_owned(),
        Kind::Host | Kind::Name | Kind::Names => "host".to_owned(),
        Kind::Labels | Kind::Headers => "host=a=b".to_owned(),
        Kind::Times(..) => "host=7s".to_owned(),
        Kind::States => "host=2.5".to_owned(),
        Kind::Route | Kind::Served | Kind::Path | Kind::PathOrNone | Kind::Glob => {
            "/sample".to_owned()
        }
        Kind::Numbers => "2.5".to_owned(),
        Kind::Ports => "4318".to_owned(),
        Kind::Text | Kind::Word | Kind::Peer(_) => "word".to_owned(),
        Kind::Expression => "word > 1".to_owned(),
        Kind::Url | Kind::Urls => "http://u@host:1/x".to_owned(),
        Kind::Mode => "0660".to_owned(),
        Kind::Endpoint => "host:1".to_owned(),
        Kind::Mail | Kind::Mails => "a@host".to_owned(),
        Kind::Pattern => "^sample\\.$".to_owned(),
        Kind::Act | Kind::Agent | Kind::Ignored => unreachable!(),
    };
    match row.kind {
        kind if kind.is_unprefixed() => (text.clone(), text),
        kind if kind.is_table() => {
            let (name, value) = text.split_once('=').unwrap();
            let mark = if kind == Kind::States { "" } else { "'" };
            (format!("{{ {name} = {mark}{value}{mark} }}"), text)
        }
        _ => (format!("'{text}'"), text),
    }
}

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
        let said = effective(&file, "", &[]);
        let line = said.lines().find(|line| line.ends_with("# from FILE:1"));
        let line = line.unwrap_or_else(|| panic!("{file}: {said}"));
        let bare = line.trim_end_matches("FILE:1");

        let name = row.variable();
        let of_env = effective("", "", &[(&name, &text)]);
        assert!(of_env.contains(&format!("{bare}{name}\n")), "{name}: {of_env}");
        for flag in row.all_flags().iter().filter(|flag| !flag.starts_with('!')) {
            let of_flag = effective("", &format!("--{flag}={text}"), &[]);
            assert!(of_flag.contains(&format!("{bare}--{flag}\n")), "{flag}: {of_flag}");
        }
    }
}

#[test]
fn what_check_config_prints_means_the_same() {
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
            let bare = |text: &str| -> Vec<String> {
                text.lines().map(|l| l.split("  # from ").next().unwrap().to_owned()).collect()
            };
            assert_eq!(bare(&first.effective), bare(&second.effective));
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
fn what_check_config_prints() {
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

#[test]
fn a_refusal_is_an_error() {
    fn is_error<T: std::error::Error>() {}
    is_error::<Refusal>();
}
