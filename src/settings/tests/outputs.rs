//! Exports: their settings.

mod keys;
mod otel;
mod refused;

use crate::settings::tests::support::{load, load_open, pairs};
use crate::settings::{
    Action, Export, ExportKind, Order, OtlpProtocol, RemoteWriteVersion, Retry, Settings, Spool,
    StdoutFormat, Tls,
};
use std::time::Duration;

#[track_caller]
fn loaded(file: &str, env: &[(&str, &str)]) -> Settings {
    load(file, "", env).unwrap_or_else(|refusal| panic!("{file}\n{refusal}"))
}

#[track_caller]
fn refused(file: &str, env: &[(&str, &str)], expected: &str) {
    assert_eq!(load(file, "", env).map(|s| s.exports).unwrap_err(), expected, "{file}");
}

/// The exports of a file, whose printed form gives the same.
#[track_caller]
fn round_trip(file: &str, env: &[(&str, &str)]) -> Vec<Export> {
    let mut first = load_open(file, "", env).unwrap();
    let mut second = load_open(&first.effective, "", &[])
        .unwrap_or_else(|refusal| panic!("{}\n{refusal}", first.effective));
    (first.effective, second.effective) = (String::new(), String::new());
    first.warnings.clear();
    assert_eq!(first, second);
    first.exports
}

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

const ALL: &str = r#"
[[export]]
type = "otlp"
name = "central"
endpoint = "http://collector:4318/v1/metrics"
protocol = "http/json"
temporality = "delta"
interval_secs = 60
timeout_secs = "7s"
headers = { Authorization = "Bearer x", X-Scope = "a=b" }
headers_file = "/h"
token_file = "/t"
compression = "none"
fallback = "old"
resource = { "service.name" = "edge-17", "host-x.y" = "" }
include = ["sysmetrics_cpu_*", "load1"]
exclude = ["a?c"]
order = "time"
[export.retry]
max = 6
initial_ms = 501
max_ms = 30001
[export.spool]
dir = "/var/lib/s"
max_bytes = "17MiB"
max_age = "25h"
write_budget = 65000

[[export]]
type = "influx"
name = "old"
endpoint = "http://influx:8086"
username = "me"
password_file = "/p"
database = "d"
retention_policy = "r"
measurement = "collector"
retry = { max = 0 }
fallback = "influx"

[[export]]
type = "influx"
endpoint = "http://influx2:8086"
token_file = "/t2"
org = "o"
bucket = "b"

[[export]]
type = "remote_write"
endpoint = "http://p:9090/api/v1/write"
version = "2.0"
interval_secs = 6

[[export]]
type = "stdout"
format = "influx"
measurement = "collector"
interval_secs = "500ms"
"#;

#[test]
fn every_key_of_otlp_sets_its_field() {
    let exports = round_trip(ALL, &[]);
    let [central, ..] = exports.as_slice() else { panic!("five exports") };
    let expected = Export {
        name: "central".into(),
        kind: ExportKind::Otlp,
        endpoint: "http://collector:4318/v1/metrics".into(),
        protocol: OtlpProtocol::Json,
        is_delta: true,
        interval: millis(60_000),
        timeout: millis(7000),
        headers: pairs(&[("Authorization", "Bearer x"), ("X-Scope", "a=b")]),
        headers_file: Some("/h".into()),
        token_file: Some("/t".into()),
        gzip: false,
        retry: Retry { max: 6, initial: millis(501), longest: millis(30_001) },
        fallback: Some("old".into()),
        resource: pairs(&[("service.name", "edge-17"), ("host-x.y", "")]),
        spool: Some(Spool {
            dir: "/var/lib/s".into(),
            max_bytes: 17 << 20,
            max_age: millis(25 * 3_600_000),
            write_budget: 65_000,
        }),
        include: vec!["sysmetrics_cpu_*".into(), "load1".into()],
        exclude: vec!["a?c".into()],
        order: Order::Time,
        ..Export::default()
    };
    assert_eq!(*central, expected);
}

/// The defaults of an Influx export.
fn influx_defaults() -> Export {
    Export {
        interval: millis(30_000),
        timeout: millis(10_000),
        gzip: true,
        retry: Retry { max: 5, initial: millis(500), longest: millis(30_000) },
        kind: ExportKind::Influx,
        ..Export::default()
    }
}

#[test]
fn every_key_of_influx_sets_its_field() {
    let exports = round_trip(ALL, &[]);
    let [_, old, new, ..] = exports.as_slice() else { panic!("five exports") };
    let expected = Export {
        name: "old".into(),
        endpoint: "http://influx:8086".into(),
        username: "me".into(),
        password_file: Some("/p".into()),
        database: "d".into(),
        retention_policy: "r".into(),
        by_collector: true,
        retry: Retry { max: 0, ..influx_defaults().retry },
        fallback: Some("influx".into()),
        ..influx_defaults()
    };
    assert_eq!(*old, expected);
    let expected = Export {
        name: "influx".into(),
        endpoint: "http://influx2:8086".into(),
        token_file: Some("/t2".into()),
        org: "o".into(),
        bucket: "b".into(),
        ..influx_defaults()
    };
    assert_eq!(*new, expected);
}

#[test]
fn every_key_of_remote_write_and_stdout_sets_its_field() {
    let exports = round_trip(ALL, &[]);
    let [.., remote, out] = exports.as_slice() else { panic!("five exports") };
    let expected = Export {
        name: "remote_write".into(),
        kind: ExportKind::RemoteWrite,
        endpoint: "http://p:9090/api/v1/write".into(),
        version: RemoteWriteVersion::Two,
        interval: millis(6000),
        timeout: millis(2000),
        gzip: false,
        order: Order::Time,
        ..influx_defaults()
    };
    assert_eq!(*remote, expected);
    assert_eq!((out.name.as_str(), out.kind), ("stdout", ExportKind::Stdout));
    assert_eq!((out.format, out.by_collector), (StdoutFormat::Influx, true));
    assert_eq!((out.interval, &out.retry), (millis(500), &Retry::default()));
}

/// As in the documentation.
#[test]
fn the_documented_example_is_read() {
    let file = r#"
[[export]]
type = "otlp"                 # otlp | influx | remote_write | stdout
name = "central"
endpoint = "http://collector:4318/v1/metrics"
protocol = "http/protobuf"    # http/protobuf | http/json | grpc
interval_secs = 30
timeout_secs = 10
headers = { Authorization = "Bearer abc" }
compression = "gzip"
retry = { max = 5, initial_ms = 500, max_ms = 30000 }
fallback = "other-name"
resource = { "service.name" = "edge-17" }
spool = { dir = "/var/lib/sysmetrics/spool", max_bytes = "16MiB", max_age = "24h" }
include = ["sysmetrics_cpu_*"]
exclude = ["sysmetrics_cpu_guest*"]
[[export]]
type = "stdout"
name = "other-name"
"#;
    let exports = round_trip(file, &[]);
    let spool = Spool {
        dir: "/var/lib/sysmetrics/spool".into(),
        max_bytes: 16 << 20,
        max_age: millis(24 * 3_600_000),
        write_budget: 64 << 20,
    };
    assert_eq!(exports[0].spool, Some(spool));
    assert_eq!((exports[0].interval, exports[0].timeout), (millis(30_000), millis(10_000)));
    assert_eq!((exports[0].gzip, exports[0].order), (true, Order::Time));
    assert_eq!(exports[0].tls, Tls::default());
    assert_eq!(exports[1].kind, ExportKind::Stdout);
}

/// A minimal export of a type.
fn least(kind: usize) -> &'static str {
    [
        "[[export]]\ntype = 'otlp'\nendpoint = 'http://h'\n",
        "[[export]]\ntype = 'influx'\nendpoint = 'http://h'\nbucket = 'b'\n",
        "[[export]]\ntype = 'remote_write'\nendpoint = 'http://h'\n",
        "[[export]]\ntype = 'stdout'\n",
    ][kind]
}

#[test]
fn once_has_a_format() {
    let s = load("", "--once --format json", &[]).unwrap();
    assert_eq!((s.action, s.once_format), (Action::Once, StdoutFormat::Json));
    let formats = [("text", StdoutFormat::Text), ("influx", StdoutFormat::Influx)];
    for (name, format) in formats {
        assert_eq!(load("", &format!("--once --format={name}"), &[]).unwrap().once_format, format);
    }
    assert_eq!(load("", "", &[]).unwrap().once_format, StdoutFormat::Text);
    assert!(load("", "--once --format csv", &[]).is_err());
    for args in ["--format json", "--print-metrics --format=text"] {
        let refusal = load("", args, &[]).unwrap_err();
        assert!(refusal.starts_with("--format: only --once prints in another format"), "{refusal}");
    }
}
