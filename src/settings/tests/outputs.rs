//! Exports: what they come to, what is refused, and what the environment adds.

use crate::settings::sources::otel_values::{DISABLED, EXPORTER, VARIABLES};
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

/// What is printed means the same.
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

/// As people are told to write it.
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

/// The least of an export of a type.
fn least(kind: usize) -> &'static str {
    [
        "[[export]]\ntype = 'otlp'\nendpoint = 'http://h'\n",
        "[[export]]\ntype = 'influx'\nendpoint = 'http://h'\nbucket = 'b'\n",
        "[[export]]\ntype = 'remote_write'\nendpoint = 'http://h'\n",
        "[[export]]\ntype = 'stdout'\n",
    ][kind]
}

const NAMES: [&str; 4] = ["otlp", "influx", "remote_write", "stdout"];

/// Each key is set, printed and read again where it belongs, and refused everywhere else.
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

const BASE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/");

#[test]
fn an_endpoint_of_the_environment_makes_an_export() {
    let exports = round("", &[BASE]);
    let [one] = exports.as_slice() else { panic!("one export") };
    assert_eq!((one.name.as_str(), one.kind), ("otlp", ExportKind::Otlp));
    assert_eq!(one.endpoint, "http://c:4318", "its path is looked for");
    assert_eq!((one.interval, one.timeout, one.gzip), (millis(30_000), millis(10_000), true));
    let own = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m:1/as/is/");
    assert_eq!(round("", &[BASE, own])[0].endpoint, "http://m:1/as/is/");
    let own = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m:1");
    assert_eq!(round("", &[own])[0].endpoint, "http://m:1/?", "the root and no other");
    let deep = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://m:1/deep/");
    assert_eq!(round("", &[deep])[0].endpoint, "http://m:1/deep/v1/metrics");
    let shown = load("", "--check-config", &[BASE]).unwrap().effective;
    let line = "endpoint = \"http://c:4318\"  # from OTEL_EXPORTER_OTLP_ENDPOINT\n";
    assert!(shown.contains(line), "{shown}");

    assert_eq!(round(least(3), &[BASE]).len(), 2);
    for (env, count) in [
        (("OTEL_SDK_DISABLED", "True"), 0),
        (("OTEL_SDK_DISABLED", "1"), 1),
        (("OTEL_METRICS_EXPORTER", "none"), 0),
        (("OTEL_METRICS_EXPORTER", "prometheus"), 0),
        (("OTEL_METRICS_EXPORTER", "console, otlp"), 1),
        (("OTEL_METRICS_EXPORTER", ""), 1),
        (("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "nonsense"), 1),
        (("OTEL_WHATEVER", "nonsense"), 1),
    ] {
        assert_eq!(taken("", &[BASE, env]).exports.len(), count, "{env:?}");
    }
    for env in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
    ] {
        assert_eq!(taken("", &[env]).exports, [], "{env:?}");
    }
    let eight: String = (0..8).map(|n| format!("{}name = 'n{n}'\n", least(3))).collect();
    warned(
        &eight,
        &[BASE],
        "OTEL_EXPORTER_OTLP_ENDPOINT: the file has 8 [[export]] already, no more fit; it is ignored",
    );
    // Another type has its name.
    let other = format!("{}name = 'otlp'\n", least(3));
    assert_eq!(round(&other, &[BASE])[1].name, "otlp-2");
}

#[test]
fn the_environment_fills_in_what_the_file_does_not_say() {
    let env = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, X-Scope = q=1 ,"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "9000"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "8000"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "45000"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=no,deployment.environment=%C3%A9"),
        ("OTEL_SERVICE_NAME", "edge=17"),
    ];
    let of_file = "[[export]]\ntype = 'otlp'\nname = 'full'\nendpoint = 'http://f'\nprotocol = 'http/protobuf'\n\
                   temporality = 'cumulative'\ninterval_secs = 30\ntimeout_secs = 7\n\
                   headers = { A = 'b' }\ncompression = 'gzip'\nresource = { a = 'b' }\n\
                   [[export]]\ntype = 'otlp'\n[[export]]\ntype = 'remote_write'\nendpoint = 'http://r'\n";
    let exports = round(of_file, &env);
    assert_eq!(
        exports[0],
        taken(of_file.split("[[export]]\ntype = 'otlp'\n[[").next().unwrap(), &[]).exports[0]
    );
    let filled = Export {
        name: "otlp".into(),
        endpoint: "http://c".into(),
        protocol: OtlpProtocol::Json,
        is_delta: true,
        interval: millis(45_000),
        timeout: millis(9000),
        headers: pairs(&[("api-key", "a b"), ("X-Scope", "q=1")]),
        gzip: false,
        resource: pairs(&[("service.name", "edge=17"), ("deployment.environment", "é")]),
        retry: exports[0].retry.clone(),
        ..Export::default()
    };
    assert_eq!(exports[1], filled);
    assert_eq!((exports[2].gzip, exports[2].headers.len(), exports.len()), (false, 0, 3));
    let lowmemory = ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "lowmemory");
    assert!(!taken("", &[BASE, lowmemory]).exports[0].is_delta);
}

#[test]
fn grpc_takes_the_base_as_it_is() {
    let file = "[[export]]\ntype = 'otlp'\nprotocol = 'grpc'\n";
    match cfg!(feature = "grpc") {
        true => assert_eq!(taken(file, &[BASE]).exports[0].endpoint, "http://c:4318/"),
        false => {
            let text = "OTEL_EXPORTER_OTLP_PROTOCOL: gRPC is not built in: use http/protobuf, or a \
                        build with the cargo feature grpc; ";
            let env = [BASE, ("OTEL_EXPORTER_OTLP_PROTOCOL", "gRPC")];
            let exports = warned("", &env, &[text, "nothing is exported"].concat());
            assert_eq!(exports, []);
            let exports = warned(least(0), &env, &[text, "it is ignored"].concat());
            assert_eq!(exports[0].protocol, OtlpProtocol::Protobuf);
        }
    }
}

/// The exports where that is warned of, and nothing else.
#[track_caller]
fn warned(file: &str, env: &[(&str, &str)], expected: &str) -> Vec<Export> {
    let settings = taken(file, env);
    assert_eq!(settings.warnings, [expected]);
    settings.exports
}

#[test]
fn wrong_variables_are_warned_of_and_ignored() {
    let list = "expected name=value pairs separated by commas, in UTF-8, other characters as %XX";
    let number = "expected a number of milliseconds, found";
    let plain = taken("", &[BASE]).exports;
    for (name, value, expected) in [
        (
            "OTEL_METRICS_EXPORTER",
            "otpl",
            "expected one of otlp, prometheus, console, none, found \"otpl\"",
        ),
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "http",
            "expected one of http/protobuf, http/json, grpc, found \"http\"",
        ),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "expected one of none, gzip, found \"zstd\""),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", &format!("{number} \"10s\"")),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1", &format!("{number} \"-1\"")),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1.5", &format!("{number} \"1.5\"")),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0", &format!("{number} \"0\"")),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a", list),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=%FF", list),
        ("OTEL_EXPORTER_OTLP_HEADERS", "=b", list),
        ("OTEL_RESOURCE_ATTRIBUTES", "%3D=b", list),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=b,c", list),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "a b=s3cret",
            "expected texts under names of headers, such as X-Scope = \"box\", found \"a b=<secret>\"",
        ),
        (
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            "u:s3cret@c:4318",
            "expected a URL such as http://collector:4318/v1/metrics, found \"<secret>@c:4318\"",
        ),
        (
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
            "sum",
            "expected one of cumulative, delta, found \"sum\"",
        ),
        ("OTEL_SDK_DISABLED", "yes", "expected true or false, found \"yes\""),
    ] {
        let expected = format!("{name}: {expected}; it is ignored");
        assert_eq!(warned("", &[BASE, (name, value)], &expected), plain);
    }
    // Of several headers the others stay; what is less special is next.
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "a=b,c,d=e");
    let of = |env: &[(&str, &str)]| taken("", env).exports.remove(0);
    assert_eq!(of(&[BASE, headers]).headers, pairs(&[("a", "b"), ("d", "e")]));
    let two = [("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "x"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "7")];
    let near = "found \"7\"; 10ms is used";
    let settings = taken("", &[&[BASE], &two[..]].concat());
    assert_eq!((settings.warnings.len(), settings.exports[0].timeout), (2, millis(10)));
    assert!(settings.warnings[1].ends_with(near), "{:?}", settings.warnings);
}

/// With what the specification says is the default, and beyond.
#[test]
fn times_of_the_environment_go_together() {
    let (interval, timeout) = ("OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT");
    for (file, env, expected) in [
        ("", vec![(interval, "60000"), (timeout, "30000")], (60_000, 30_000, true)),
        ("", vec![(timeout, "30000")], (30_000, 30_000, true)),
        ("", vec![(interval, "5000"), (timeout, "10000")], (5000, 10_000, true)),
        ("", vec![(interval, " 60000 "), (timeout, "10000")], (60_000, 10_000, false)),
        ("", vec![(timeout, "0")], (30_000, 86_400_000, true)),
        ("", vec![(timeout, "00")], (30_000, 86_400_000, true)),
        ("", vec![(timeout, "99999999999999999999999")], (30_000, 86_400_000, true)),
        ("", vec![(interval, "99999999999999999999999")], (86_400_000, 10_000, false)),
        ("", vec![(interval, "1"), (timeout, "1")], (100, 10, false)),
        ("interval_secs = 5", vec![(timeout, "30000")], (5000, 30_000, true)),
        ("timeout_secs = 5", vec![(interval, "1000")], (1000, 5000, true)),
        ("timeout_secs = 5\nlong_timeout = false", vec![(interval, "1000")], (1000, 5000, true)),
    ] {
        let file = if file.is_empty() { String::new() } else { [least(0), file].concat() };
        let env = [vec![BASE], env].concat();
        let export = &round(&file, &env)[0];
        let found = (export.interval, export.timeout, export.is_patient);
        let (interval, timeout, is_patient) = expected;
        assert_eq!(found, (millis(interval), millis(timeout), is_patient), "{file} {env:?}");
    }
    // What the file says alone is judged as ever.
    let long = [least(0), "timeout_secs = 30"].concat();
    assert!(load(&long, "", &[BASE, (interval, "60000")]).is_ok());
    assert!(load(&long, "", &[BASE, ("OTEL_SERVICE_NAME", "x")]).is_err());
}

/// Whatever the variables hold, alone or together, with or without exports in the file.
#[test]
fn no_variable_keeps_the_agent_from_starting() {
    let long = "x".repeat(5000);
    let near = format!("http://{}", "x".repeat(4086));
    let odd = [
        "",
        " ",
        "0",
        "-1",
        "1.5",
        "+5",
        "1e3",
        "60000",
        "18446744073709551616",
        "true",
        "TRUE",
        "none",
        "None",
        "GRPC",
        "grpc",
        "HTTP/JSON",
        "gzip",
        "GZIP",
        "DELTA",
        "LowMemory",
        "=",
        ",",
        "a",
        "a=",
        "=a",
        "a=b",
        "a=b,,c",
        "%zz=%zz",
        "a=%0A",
        "a=<secret>",
        "localhost:4317",
        "http://",
        "http://c",
        "HTTP://C:4318/",
        "https://c",
        "http://u:p@c/?x#y",
        "http://c:0",
        "http://c/<>",
        "/nonexistent",
        "\u{fffd}",
        "é",
        "a b",
        "\n",
        &long,
        &near,
    ];
    let full: String = (0..8).map(|n| format!("{}name = 'n{n}'\n", least(3))).collect();
    let other = format!("{}name = 'otlp'\n", least(3));
    let short = format!("{}interval_secs = 1\nlong_timeout = false\n", least(0));
    let files = ["", least(0), &full, &other, &short];
    let names: Vec<&str> =
        VARIABLES.iter().map(|(name, ..)| *name).chain([DISABLED, EXPORTER]).collect();
    for name in &names {
        for value in odd {
            taken("", &[BASE, (name, value)]);
            taken(&short, &[(name, value)]);
        }
    }
    let mut seed = 7u64;
    let mut below = |n: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % n
    };
    for _ in 0..1000 {
        let all: Vec<_> = names.iter().filter(|_| below(3) == 0).copied().collect();
        let env: Vec<_> = all.iter().map(|name| (*name, odd[below(odd.len())])).collect();
        taken(files[below(files.len())], &env);
    }
    let bytes = std::os::unix::ffi::OsStringExt::from_vec(vec![0xff]);
    for name in names {
        let env = vec![(name.into(), std::ffi::OsString::clone(&bytes))];
        let settings =
            crate::settings::load_from(SUBJECTS, is_reserved, vec![], env, &nowhere()).unwrap();
        assert_eq!(settings.warnings, [format!("{name}: expected text in UTF-8; it is ignored")]);
    }
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
