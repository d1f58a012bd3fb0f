//! Variables of the environment, in texts of the file and as settings, and secrets.

use crate::settings::Listen;
use crate::settings::table::Catalogue;
use crate::settings::tests::support::{SUBJECTS, is_guard, load, load_open, sample};
use std::time::Duration;

const ENV: [(&str, &str); 5] = [
    ("BOX", "edge-17"),
    ("TOKEN", "s3cret"),
    ("HUB", "hub.lan"),
    ("DIR", "/srv/${BOX}"),
    ("N", "9s"),
];

const ALL: &str = r#"
[agent]
instance = "${BOX}.lan"
[paths]
rootfs = "${DIR}"
[metrics]
labels = { box = "${BOX}", plain = "$${BOX}", BOX = "$BOX" }
[scrape]
interval_secs = "${N}"
targets = [
  "http://me:${TOKEN}@${HUB}:8000/m",
  { name = "json", url = "http://${HUB}/?key=${TOKEN}", type = "custom", headers = { X-Key = "${TOKEN}" }, fields = { depth = "a.${BOX}" } },
]
[[logs]]
path = "/var/log/${BOX}/*.log"
[[logs.rules]]
metric = "lines_total"
pattern = '^(?P<BOX>x{2}) ${BOX}$'
labels = { box = "${BOX}", of = "$BOX" }
[alerting]
webhook = ["http://${HUB}/hook/${TOKEN}"]
[[alerts]]
name = "On ${BOX}"
expr = "load1 > 4"
annotations = { text = "{{ $value }} on ${BOX}" }
[[export]]
type = "remote_write"
endpoint = "http://${HUB}"
headers = { Authorization = "Bearer ${TOKEN}" }
include = ["${BOX}*", "x"]
"#;

#[test]
fn texts_of_the_file_name_variables() {
    // No name of a metric contains a dash.
    let file = ALL.replace("\"${BOX}*\"", "\"${N}*\"");
    let s = load_open(&file, "", &ENV).unwrap();
    assert_eq!((s.agent.instance.as_str(), s.agent.job.as_str()), ("edge-17.lan", "sysmetrics"));
    assert_eq!(s.paths.rootfs.to_str(), Some("/srv/${BOX}"), "it is not looked through again");
    let label = |name| s.custom.labels.iter().find(|(n, _)| n == name).unwrap().1.as_str();
    assert_eq!(["box", "plain", "BOX"].map(label), ["edge-17", "${BOX}", "$BOX"]);
    assert_eq!(s.scrape.interval, Duration::from_secs(9));
    let urls: Vec<_> = s.scrape.targets.iter().map(|t| t.url.as_str()).collect();
    assert_eq!(urls, ["http://me:s3cret@hub.lan:8000/m", "http://hub.lan/?key=s3cret"]);
    assert_eq!(s.scrape.targets[0].name, "hub.lan:8000");
    assert_eq!(s.scrape.targets[1].headers[0].1, "s3cret");
    assert_eq!(s.scrape.targets[1].fields[0].path, "a.edge-17");
    assert_eq!(s.logs[0].path, "/var/log/edge-17/*.log");
    let rule = &s.logs[0].rules[0];
    assert_eq!(rule.pattern, "^(?P<BOX>x{2}) edge-17$");
    assert_eq!(rule.labels[0].1, "${BOX}", "that is a group");
    assert_eq!(s.alerting.webhooks, ["http://hub.lan/hook/s3cret"]);
    assert_eq!(s.alerts[0].name, "On edge-17");
    assert_eq!(s.alerts[0].annotations[0].1, "{{ $value }} on edge-17");
    assert_eq!(s.exports[0].endpoint, "http://hub.lan");
    assert_eq!(s.exports[0].headers[0].1, "Bearer s3cret");
    assert_eq!(s.exports[0].include, ["9s*", "x"]);

    let again = load_open(&s.effective, "", &[]).unwrap();
    assert_eq!((again.custom, again.scrape, again.logs), (s.custom, s.scrape, s.logs));

    let refusal = load(&file, "", &ENV[..2]).unwrap_err();
    let lines: Vec<&str> = refusal.lines().collect();
    let why = "which the environment does not have; set it, or write $$ for a plain $";
    assert_eq!(lines[0], format!("FILE:5:10: paths.rootfs: it names the variable DIR, {why}"));
    assert_eq!(
        lines[1],
        format!("FILE:9:17: scrape.interval_secs: it names the variable N, {why}")
    );
    assert_eq!(lines[2], format!("FILE:11:3: scrape.targets: it names the variable HUB, {why}"));
    assert_eq!(lines.len(), 7, "{refusal}");
    // A word of the shell is no text of the file.
    assert_eq!(
        load("", "", &[("APP__PATHS__ROOTFS", "${X}")]).unwrap().paths.rootfs.to_str(),
        Some("${X}")
    );
}

#[test]
fn the_agents_names_have_defaults() {
    let agent = |file: &str, args: &str| {
        let s = load(file, &["--check-config ", args].concat(), &[]).unwrap();
        let start = s.effective.find("[agent]").unwrap();
        let shown: Vec<_> =
            s.effective[start..].lines().skip(1).take(2).map(str::to_owned).collect();
        (s.agent.instance, s.agent.job, s.alerting.instance, shown.join(" "))
    };
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
    let both = |instance: &str, job: &str, more: &str| {
        let shown = format!("instance = \"{instance}\"{more} job = \"{job}\"{more}");
        (instance.to_owned(), job.to_owned(), instance.to_owned(), shown)
    };
    assert_eq!(agent("", ""), both(&host, "sysmetrics", ""));
    assert_eq!(agent("", "--dialect node_exporter"), both(&host, "node", ""));
    assert_eq!(agent("", "--path.procfs /nonexistent"), both("", "sysmetrics", ""));
    let tree = std::env::temp_dir().join(format!("settings-host-{}", std::process::id()));
    std::fs::create_dir_all(tree.join("sys/kernel")).unwrap();
    std::fs::write(tree.join("sys/kernel/hostname"), b"b\xff\n").unwrap();
    let args = format!("--path.procfs {}", tree.display());
    assert_eq!(agent("", &args), both("b\u{fffd}", "sysmetrics", ""));
    std::fs::remove_dir_all(tree).unwrap();
    let file = "agent = { instance = '', job = '' }";
    assert_eq!(agent(file, ""), both("", "", "  # from FILE:1"));
    let file = "agent = { instance = 'a b', job = 'é' }";
    assert_eq!(agent(file, "--dialect node_exporter"), both("a b", "é", "  # from FILE:1"));
}

#[test]
fn our_own_prefix_is_equivalent() {
    let catalogue = Catalogue::new(SUBJECTS);
    let rows = || catalogue.rows.iter().filter(|row| row.in_file() && !row.in_list());
    let mut names: Vec<String> = rows().map(|row| row.variable().replace("__", "_")).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "each means one setting");
    for row in rows().filter(|row| !is_guard(row)) {
        let path = row.variable();
        let path = path.strip_prefix("APP__").unwrap();
        let enabled = if row.is_collector() { "__ENABLED" } else { "" };
        for path in [path.to_owned(), path.replace("__", "_"), [path, enabled].concat()] {
            for prefix in ["SYSMETRICS_", "SYSMETRICS__"] {
                let name = [prefix, &path].concat();
                let s = load("", "--check-config", &[(&name, &sample(row).1)]).unwrap();
                assert!(s.effective.contains(&format!("# from {name}\n")), "{name}");
            }
        }
    }
    let listen = |env: &[_]| load("", "", env).map(|s| s.server.listen);
    let tcp = |port| Ok(vec![Listen::Tcp(String::new(), port)]);
    let own = ("SYSMETRICS_SERVER_LISTEN", ":1");
    assert_eq!(listen(&[own]), tcp(1));
    // It takes precedence, even for lists.
    for env in [[own, ("APP__SERVER__LISTEN", ":2,:3")], [("APP__SERVER__LISTEN", ":2,:3"), own]] {
        assert_eq!(listen(&env), tcp(1));
    }
    let prefix = load("", "", &[("SYSMETRICS_METRICS_METRICS_PREFIX", "web")]).unwrap();
    assert_eq!(prefix.custom.prefix, "web");
    assert_eq!(
        listen(&[("SYSMETRICS_SERVER_LISEN", ":1")]).unwrap_err(),
        "SYSMETRICS_SERVER_LISEN: no such setting; did you mean \"SYSMETRICS_SERVER_LISTEN\"?; see \
         --help"
    );
    assert!(listen(&[("SYSMETRICS_EXPORT_TYPE", "otlp")]).is_err());
    for (name, meant) in [
        ("SYSMETRICS_LISTEN", "SYSMETRICS_SERVER_LISTEN"),
        ("SYSMETRICS_CONFIG", "METRICS_CONFIG"),
        ("SYSMETRICS_PATH_PROCFS", "SYSMETRICS_PATHS_PROCFS"),
    ] {
        let refusal = format!("{name}: no such setting; did you mean \"{meant}\"?; see --help");
        assert_eq!(listen(&[(name, "/x")]).unwrap_err(), refusal);
    }
    // Of Kubernetes, for a service of this name, and of others.
    for name in [
        "SYSMETRICS_SERVICE_HOST",
        "SYSMETRICS_SERVICE_PORT_HTTP",
        "SYSMETRICS_PORT",
        "SYSMETRICS_PORT_9101_TCP_ADDR",
        "SYSMETRICS_OPTS",
        "SYSMETRICS_",
        "SYSMETRICS_HOME_DIR",
        "SYSMETRICS_VERSION",
    ] {
        assert!(listen(&[(name, "x")]).is_ok(), "{name}");
    }
}

#[test]
fn times_may_have_a_fraction() {
    let interval = |file: &str| load(file, "", &[]).map(|s| s.scrape.interval);
    let millis = |n| Ok(Duration::from_millis(n));
    for (text, expected) in [
        ("0.9", 900),
        ("1.5", 1500),
        ("+0.25", 250),
        ("1_0.5", 10_500),
        ("9e-1", 900),
        ("2.0", 2000),
        ("'0.9'", 900),
        ("'0.5m'", 30_000),
        ("1.0001", 1000),
    ] {
        assert_eq!(
            interval(&format!("[scrape]\ninterval_secs = {text}")),
            millis(expected),
            "{text}"
        );
    }
    for bad in ["0.01", "-0.9", "inf", "nan", "0.0", "86400.5"] {
        let refusal = interval(&format!("[scrape]\ninterval_secs = {bad}")).unwrap_err();
        let text = "FILE:2:17: scrape.interval_secs: expected a time from 100ms to 24h, such as 5s or \
                    500ms, found ";
        assert!(refusal.starts_with(&[text, bad].concat()), "{refusal}");
    }
    let refusal = interval("[scrape]\ninterval_secs = 0.9s").unwrap_err();
    assert!(refusal.ends_with("found 0.9s; text goes in quotation marks"), "{refusal}");
    let s = load("[push]\nttl_by_source = { a = 1.5 }\nttl = 0.9", "", &[]).unwrap();
    assert_eq!(s.push.ttl_by_source[0].1, Duration::from_millis(1500));
    let env = [("APP__SCRAPE__INTERVAL_SECS", "0.9")];
    assert_eq!(load("", "", &env).unwrap().scrape.interval, Duration::from_millis(900));
}

/// Wherever it is set, right or wrong.
#[test]
fn secrets_are_not_shown() {
    let file = ALL.replace("\"${BOX}*\"", "\"${N}*\"")
        + r#"
[[export]]
type = "otlp"
endpoint = "http://me:s3cret@c/v1/metrics?token=s3cret&s3cret"
[[export]]
type = "influx"
name = "second"
database = "d"
endpoint = "http://s3cret@c/0123456789abcdef-s3cret/x"
"#;
    let env = [&ENV[..], &[("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cret,b=s3cret")]].concat();
    let shown = load(&file, "--check-config", &env).unwrap().effective;
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(
        shown.starts_with("# Secrets are shown as <secret>: this cannot be read back"),
        "{shown}"
    );
    for line in [
        "url = \"http://<secret>@hub.lan:8000/m\"",
        "url = \"http://hub.lan/?key=<secret>\"",
        "headers = { \"X-Key\" = \"<secret>\" }",
        "webhook = [\"http://hub.lan/<secret>\"]",
        "headers = { \"Authorization\" = \"<secret>\" }",
        "headers = { \"api-key\" = \"<secret>\", \"b\" = \"<secret>\" }",
        "endpoint = \"http://<secret>@c/v1/metrics?token=<secret>&<secret>\"",
        "endpoint = \"http://<secret>@c/<secret>/x\"",
    ] {
        assert!(shown.contains(&format!("\n{line}  # from ")), "{line}: {shown}");
    }
    assert!(load(&shown, "", &[]).is_err());
    let plain = load("", "--check-config", &[]).unwrap().effective;
    assert!(plain.starts_with("[server]\n"), "{plain}");

    for file in [
        "[scrape]\ntargets = ['me:s3cret@a b']",
        "[scrape]\ntargets = 'http://me:s3cret@a'",
        "[scrape]\ninterval_secs = 'http://me:s3cret@a'",
        "[alerting]\nwebhook = 'http://me:s3/cret@a b/s3cret'",
        "[alerting]\nheaders = 'Authorization: s3cret'",
        "[alerting]\nheaders = { 'a b' = 's3cret' }",
        "[alerting]\nheaders = { a = ['s3cret'] }",
        "[alerting]\nheaders = [{ a = 's3cret' }]",
        "[[export]]\ntype = 'otlp'\nendpoint = 'ftp://c?token=s3cret'",
        "[[export]]\ntype = 'otlp'\nendpoint = 'http://c:x/#s3cret'",
        "[[export]]\ntype = 'otlp'\nendpoint = 'me:s3cret@c'",
        "[[export]]\ntype = 'otlp'\nendpoint = 'http://c'\nheaders = { a = \"s3cret\\n\" }",
    ] {
        let refusal = load(file, "", &[]).unwrap_err();
        assert!(!refusal.contains("s3") && !refusal.contains("cret@"), "{refusal}");
    }
    for (name, value) in [
        ("APP__ALERTING__WEBHOOK", "http://me:s3cret@a b"),
        ("APP__ALERTING__HEADERS", "s3cret"),
        ("SYSMETRICS_ALERTING_HEADERS", "a b=s3cret"),
        ("APP__METRICS__PROMETHEUS_ENDPOINT", "http://me:s3cret@a/m"),
    ] {
        let refusal = load("", "", &[(name, value)]).unwrap_err();
        assert!(!refusal.contains("s3cret"), "{refusal}");
    }
}
