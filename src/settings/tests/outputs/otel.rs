//! Exports from the variables of OpenTelemetry.

use super::{least, loaded, millis, round_trip};
use crate::settings::sources::otel_values::{DISABLED, EXPORTER, VARIABLES};
use crate::settings::tests::support::{SUBJECTS, is_reserved, load, nowhere, pairs};
use crate::settings::{Export, ExportKind, OtlpProtocol, load_from};

const BASE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/");

#[test]
fn an_endpoint_of_the_environment_makes_an_export() {
    let exports = round_trip("", &[BASE]);
    let [one] = exports.as_slice() else { panic!("one export") };
    assert_eq!((one.name.as_str(), one.kind), ("otlp", ExportKind::Otlp));
    assert_eq!(one.endpoint, "http://c:4318", "its path is looked for");
    assert_eq!((one.interval, one.timeout, one.gzip), (millis(30_000), millis(10_000), true));
    let own = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m:1/as/is/");
    assert_eq!(round_trip("", &[BASE, own])[0].endpoint, "http://m:1/as/is/");
    let own = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m:1");
    assert_eq!(round_trip("", &[own])[0].endpoint, "http://m:1/?", "the root and no other");
    let deep = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://m:1/deep/");
    assert_eq!(round_trip("", &[deep])[0].endpoint, "http://m:1/deep/v1/metrics");
    let shown = load("", "--check-config", &[BASE]).unwrap().effective;
    let line = "endpoint = \"http://c:4318\"  # from OTEL_EXPORTER_OTLP_ENDPOINT\n";
    assert!(shown.contains(line), "{shown}");

    assert_eq!(round_trip(least(3), &[BASE]).len(), 2);
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
        assert_eq!(loaded("", &[BASE, env]).exports.len(), count, "{env:?}");
    }
    for env in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
    ] {
        assert_eq!(loaded("", &[env]).exports, [], "{env:?}");
    }
    let eight: String = (0..8).map(|n| format!("{}name = 'n{n}'\n", least(3))).collect();
    warned(
        &eight,
        &[BASE],
        "OTEL_EXPORTER_OTLP_ENDPOINT: the file has 8 [[export]] already, no more fit; it is ignored",
    );
    // An export of another type has its name.
    let other = format!("{}name = 'otlp'\n", least(3));
    assert_eq!(round_trip(&other, &[BASE])[1].name, "otlp-2");
}

#[test]
fn the_environment_sets_what_the_file_does_not() {
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
    let exports = round_trip(of_file, &env);
    assert_eq!(
        exports[0],
        loaded(of_file.split("[[export]]\ntype = 'otlp'\n[[").next().unwrap(), &[]).exports[0]
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
    assert!(!loaded("", &[BASE, lowmemory]).exports[0].is_delta);
}

#[test]
fn grpc_takes_the_base_as_it_is() {
    let file = "[[export]]\ntype = 'otlp'\nprotocol = 'grpc'\n";
    match cfg!(feature = "grpc") {
        true => assert_eq!(loaded(file, &[BASE]).exports[0].endpoint, "http://c:4318/"),
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

/// The exports if the expected warning is the only one.
#[track_caller]
fn warned(file: &str, env: &[(&str, &str)], expected: &str) -> Vec<Export> {
    let settings = loaded(file, env);
    assert_eq!(settings.warnings, [expected]);
    settings.exports
}

#[test]
fn wrong_variables_are_warned_of_and_ignored() {
    let list = "expected name=value pairs separated by commas, in UTF-8, other characters as %XX";
    let number = "expected a number of milliseconds, found";
    let plain = loaded("", &[BASE]).exports;
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
    // Of several headers the valid ones stay; otherwise the less specific variable is used.
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "a=b,c,d=e");
    let of = |env: &[(&str, &str)]| loaded("", env).exports.remove(0);
    assert_eq!(of(&[BASE, headers]).headers, pairs(&[("a", "b"), ("d", "e")]));
    let two = [("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "x"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "7")];
    let near = "found \"7\"; 10ms is used";
    let settings = loaded("", &[&[BASE], &two[..]].concat());
    assert_eq!((settings.warnings.len(), settings.exports[0].timeout), (2, millis(10)));
    assert!(settings.warnings[1].ends_with(near), "{:?}", settings.warnings);
}

/// With the specification's defaults, and beyond.
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
        let export = &round_trip(&file, &env)[0];
        let found = (export.interval, export.timeout, export.is_patient);
        let (interval, timeout, is_patient) = expected;
        assert_eq!(found, (millis(interval), millis(timeout), is_patient), "{file} {env:?}");
    }
    // Values from the file alone are checked as always.
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
            loaded("", &[BASE, (name, value)]);
            loaded(&short, &[(name, value)]);
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
        loaded(files[below(files.len())], &env);
    }
    let bytes = std::os::unix::ffi::OsStringExt::from_vec(vec![0xff]);
    for name in names {
        let env = vec![(name.into(), std::ffi::OsString::clone(&bytes))];
        let settings = load_from(SUBJECTS, is_reserved, vec![], env, &nowhere()).unwrap();
        assert_eq!(settings.warnings, [format!("{name}: expected text in UTF-8; it is ignored")]);
    }
}
