//! Exports: their settings, and what is rejected.

mod otel;

use crate::settings::table::Catalogue;
use crate::settings::tests::sample;
use crate::settings::tests::support::{SUBJECTS, is_reserved, load, load_open, nowhere};
use crate::settings::{
    Action, Export, ExportKind, Order, OtlpProtocol, RemoteWriteVersion, Retry, Settings, Spool,
    StdoutFormat, Tls,
};
use std::time::Duration;

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[track_caller]
fn taken(file: &str, env: &[(&str, &str)]) -> Settings {
    load(file, "", env).unwrap_or_else(|refusal| panic!("{file}\n{refusal}"))
}

#[track_caller]
fn refused(file: &str, env: &[(&str, &str)], expected: &str) {
    assert_eq!(load(file, "", env).map(|s| s.exports).unwrap_err(), expected, "{file}");
}

/// The printed form means the same.
#[track_caller]
fn round(file: &str, env: &[(&str, &str)]) -> Vec<Export> {
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
fn every_key_comes_to_its_place() {
    let exports = round(ALL, &[]);
    let [central, old, new, remote, out] = exports.as_slice() else { panic!("five exports") };
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
    let retry = Retry { max: 5, initial: millis(500), longest: millis(30_000) };
    let sent = Export {
        interval: millis(30_000),
        timeout: millis(10_000),
        gzip: true,
        retry: retry.clone(),
        kind: ExportKind::Influx,
        ..Export::default()
    };
    let expected = Export {
        name: "old".into(),
        endpoint: "http://influx:8086".into(),
        username: "me".into(),
        password_file: Some("/p".into()),
        database: "d".into(),
        retention_policy: "r".into(),
        by_collector: true,
        retry: Retry { max: 0, ..retry.clone() },
        fallback: Some("influx".into()),
        ..sent.clone()
    };
    assert_eq!(*old, expected);
    let expected = Export {
        name: "influx".into(),
        endpoint: "http://influx2:8086".into(),
        token_file: Some("/t2".into()),
        org: "o".into(),
        bucket: "b".into(),
        ..sent.clone()
    };
    assert_eq!(*new, expected);
    let expected = Export {
        name: "remote_write".into(),
        kind: ExportKind::RemoteWrite,
        endpoint: "http://p:9090/api/v1/write".into(),
        version: RemoteWriteVersion::Two,
        interval: millis(6000),
        timeout: millis(2000),
        gzip: false,
        order: Order::Time,
        ..sent
    };
    assert_eq!(*remote, expected);
    assert_eq!((out.name.as_str(), out.kind), ("stdout", ExportKind::Stdout));
    assert_eq!((out.format, out.by_collector), (StdoutFormat::Influx, true));
    assert_eq!((out.interval, &out.retry), (millis(500), &Retry::default()));
}

/// As in the documentation.
#[test]
fn the_example_is_taken() {
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
    let exports = round(file, &[]);
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

const NAMES: [&str; 4] = ["otlp", "influx", "remote_write", "stdout"];

/// Each key is set, printed and read again where it applies, and rejected everywhere else.
#[test]
fn each_key_belongs_to_its_types_and_no_other() {
    let catalogue = Catalogue::new(SUBJECTS);
    let section = catalogue.list(&["export"]).unwrap();
    for row in catalogue.rows_of(section) {
        let key = row.key();
        if ["type", "name", "endpoint"].contains(&key) {
            continue;
        }
        let belongs = if row.traits.only == 0 { 15 } else { row.traits.only };
        let is_tls = ["ca_file", "cert_file", "key_file", "server_name"].contains(&key);
        for (kind, name) in NAMES.iter().enumerate() {
            let (mut file, mut value) = (least(kind).to_owned(), sample(row).0);
            file += match key {
                "username" => "password_file = '/p'\n",
                "password_file" => "username = 'u'\n",
                "retention_policy" => "database = 'd'\n",
                "cert_file" => "key_file = '/k'\n",
                "key_file" => "cert_file = '/k'\n",
                "measurement" if *name == "stdout" => "format = 'influx'\n",
                "spool.max_bytes" | "spool.max_age" | "spool.write_budget" if kind < 3 => {
                    "spool.dir = '/d'\n"
                }
                _ => "",
            };
            if ["database", "retention_policy", "bucket"].contains(&key) {
                file = file.replace("bucket = 'b'\n", "");
            }
            match key {
                "protocol" => value = "'http/json'".to_owned(),
                "fallback" => file = format!("[[export]]\ntype = 'stdout'\nname = 'word'\n{file}"),
                "order" => value = "'fresh_first'".to_owned(),
                "version" => value = "'1.0'".to_owned(),
                "retry.initial_ms" => value = "501".to_owned(),
                _ => {}
            }
            let with = format!("{file}{key} = {value}\n");
            let line = with.lines().count();
            if belongs & 1 << kind == 0 {
                let refusal = load(&with, "", &[]).unwrap_err();
                let of: Vec<&str> =
                    (0..4).filter(|i| belongs & 1 << i != 0).map(|i| NAMES[i]).collect();
                let expected = format!(
                    "export.{key}: not for type = \"{name}\"; it belongs to {}",
                    of.join(", ")
                );
                let mut lines = refusal.lines();
                let front = format!("FILE:{line}:");
                assert!(
                    lines.any(|l| l.starts_with(&front) && l.ends_with(&expected)),
                    "{with}{refusal}"
                );
            } else if is_tls && !cfg!(feature = "tls") {
                let refusal = load(&with, "", &[]).unwrap_err();
                let expected =
                    "TLS is not built in: take one that is not -tiny, or the cargo feature tls";
                assert!(refusal.contains(&format!("export.{key}: {expected}")), "{refusal}");
            } else {
                let set = round(&with, &[]);
                assert!(load(&file, "", &[]).map_or(true, |s| s.exports != set), "{with}");
            }
        }
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let otlp = |more: &str| format!("{}{more}", least(0));
    refused(
        "[[export]]",
        &[],
        "FILE:1:1: [[export]]: type is missing; expected one of otlp, influx, remote_write, stdout",
    );
    refused(
        "[[export]]\ntype = 'otlp'",
        &[],
        "FILE:1:1: export.endpoint: missing; expected a URL such as http://collector:4318/v1/metrics",
    );
    refused(
        &otlp("interval_secs = 20\ntimeout_secs = 10"),
        &[],
        "FILE:5:16: export.timeout_secs: expected less than half of interval_secs, 20s, found 10s; or set long_timeout = true",
    );
    taken(&otlp("interval_secs = 20\ntimeout_secs = 60\nlong_timeout = true"), &[]);
    taken(&otlp("interval_secs = 20\ntimeout_secs = '9999ms'"), &[]);
    refused(
        &otlp("retry = { initial_ms = 20, max_ms = 19 }"),
        &[],
        "FILE:4:37: export.retry.max_ms: expected at least retry.initial_ms, 20, found 19",
    );
    refused(
        &otlp("username = 'u'"),
        &[],
        "FILE:4:12: export.username: password_file is missing beside it",
    );
    refused(
        &otlp("password_file = 'u'"),
        &[],
        "FILE:4:17: export.password_file: username is missing beside it",
    );
    refused(
        &otlp("username = 'u'\npassword_file = '/p'\ntoken_file = '/t'"),
        &[],
        "FILE:6:14: export.token_file: together with username and password_file; keep one",
    );
    refused(
        &otlp("spool = { max_bytes = '1MiB' }"),
        &[],
        "FILE:4:23: export.spool.max_bytes: spool.dir is missing beside it",
    );
    refused(&otlp("spool = {}"), &[], "FILE:4:9: export.spool: says nothing; leave it out");
    refused(
        &otlp("[export.spool]\n[[export]]\ntype = 'stdout'"),
        &[],
        "FILE:4:1: export.spool: says nothing; leave it out",
    );
    refused(
        &otlp("spool = '/d'"),
        &[],
        "FILE:4:9: export.spool: expected a table, [export.spool], found \"/d\"",
    );
    refused(
        &otlp("[export.retry]\nmaxx = 1"),
        &[],
        "FILE:5:1: unknown key \"maxx\" in [export.retry]; did you mean \"max\"?; known are max, \
         initial_ms, max_ms",
    );
    refused(
        &otlp("spool = { dir = '/d', max_bytes = '255KiB' }"),
        &[],
        "FILE:4:35: export.spool.max_bytes: expected bytes from 256KiB to 1TiB, such as 65536 or \
         16MiB, found \"255KiB\"",
    );
    for bad in ["'1 MiB'", "'MiB'", "'1mib'", "-1", "'1.5MiB'", "'99999999999TiB'"] {
        let file = otlp(&format!("spool = {{ dir = '/d', max_bytes = {bad} }}"));
        assert!(load(&file, "", &[]).is_err_and(|r| r.contains("expected bytes from")), "{bad}");
    }
    refused(
        &otlp("resource = { '' = 'x' }"),
        &[],
        "FILE:4:19: export.resource: expected texts under names, such as \"service.name\" = \
         \"edge-17\", found \"=x\"",
    );
    let long = "n".repeat(257);
    assert!(load(&otlp(&format!("resource = {{ {long} = 'x' }}")), "", &[]).is_err());
    taken(&otlp(&format!("resource = {{ {} = 'x' }}", &long[1..])), &[]);
    assert!(load(&otlp("resource = { service.name = 'x' }"), "", &[]).is_err());
    assert!(load(&otlp("include = ['a b']"), "", &[]).is_err());
    refused(
        "[[export]]\ntype = 'stdout'\nmeasurement = 'collector'",
        &[],
        "FILE:3:15: export.measurement: format = \"influx\" is missing beside it",
    );
}

#[test]
fn influx_has_a_database_or_a_bucket() {
    let influx = |more: &str| format!("[[export]]\ntype = 'influx'\nendpoint = 'http://h'\n{more}");
    refused(
        &influx(""),
        &[],
        "FILE:1:1: export.database: missing; Influx 1 has a database, Influx 2 a bucket",
    );
    refused(
        &influx("database = 'd'\nbucket = 'b'"),
        &[],
        "FILE:5:10: export.bucket: together with database; Influx 1 has a database, Influx 2 a bucket",
    );
    refused(
        &influx("bucket = 'b'\nretention_policy = 'r'"),
        &[],
        "FILE:5:20: export.retention_policy: database is missing beside it",
    );
    refused(
        &influx("database = 'd'\norg = 'r'"),
        &[],
        "FILE:5:7: export.org: bucket is missing beside it",
    );
}

#[test]
fn what_is_not_built_in_is_refused() {
    let file = "[[export]]\ntype = 'otlp'\nendpoint = 'HTTPS://h:1/v1'";
    let at =
        "FILE:3:12: export.endpoint: expected a URL such as http://collector:4318/v1/metrics, ";
    match cfg!(feature = "tls") {
        true => assert_eq!(taken(file, &[]).exports[0].endpoint, "HTTPS://h:1/v1"),
        false => refused(
            file,
            &[],
            &format!(
                "{at}found \"HTTPS://h:1/v1\"; TLS is not built in: take one that is not -tiny, or the cargo feature tls"
            ),
        ),
    }
    let file = format!("{}protocol = 'grpc'", least(0));
    match cfg!(feature = "grpc") {
        true => assert_eq!(taken(&file, &[]).exports[0].protocol, OtlpProtocol::Grpc),
        false => refused(
            &file,
            &[],
            "FILE:4:12: export.protocol: gRPC is not built in: use http/protobuf, or a build with \
             the cargo feature grpc",
        ),
    }
}

#[test]
fn names_are_unique_and_fallbacks_known() {
    let out = |name: &str, more: &str| {
        format!("[[export]]\ntype = 'otlp'\nendpoint = 'http://h'\nname = '{name}'\n{more}\n")
    };
    refused(
        &(out("a", "") + &out("a", "")),
        &[],
        "FILE:9:8: export.name: \"a\" is the name of an export before it; give each its own",
    );
    refused(
        &(least(0).to_owned() + least(0)),
        &[],
        "FILE:4:1: export.name: \"otlp\" is the name of an export before it; give each its own",
    );
    let bad = "export.name: expected at most 64 bytes and no . first";
    refused(&out("..", ""), &[], &format!("FILE:4:8: {bad}"));
    refused(&out(&"n".repeat(65), ""), &[], &format!("FILE:4:8: {bad}"));
    refused(
        &(out("central", "") + &out("b", "fallback = 'centrl'")),
        &[],
        "FILE:10:12: export.fallback: no export has the name \"centrl\"; did you mean \"central\"?",
    );
    refused(
        &out("a", "fallback = 'a'"),
        &[],
        "FILE:5:12: export.fallback: \"a\" is this export itself; name another",
    );
    let ring =
        out("a", "fallback = 'b'") + &out("b", "fallback = 'c'") + &out("c", "fallback = 'b'");
    refused(
        &ring,
        &[],
        "FILE:10:12: export.fallback: \"c\" leads back to \"b\"\n\
         FILE:15:12: export.fallback: \"b\" leads back to \"c\"",
    );
    taken(&(out("a", "fallback = 'b'") + &out("b", "fallback = 'c'") + &out("c", "")), &[]);
    let many: String = (0..9).map(|n| out(&n.to_string(), "")).collect();
    refused(&many, &[], "FILE:41:1: more than 8 [[export]]");
}

#[test]
fn once_says_what_it_prints() {
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
