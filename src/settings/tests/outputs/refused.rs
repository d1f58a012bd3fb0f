//! What is refused of exports, and the texts of the errors.

use super::{least, loaded, refused};
use crate::settings::OtlpProtocol;
use crate::settings::tests::support::load;

fn otlp(more: &str) -> String {
    format!("{}{more}", least(0))
}

#[test]
fn missing_keys_and_wrong_times() {
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
    loaded(&otlp("interval_secs = 20\ntimeout_secs = 60\nlong_timeout = true"), &[]);
    loaded(&otlp("interval_secs = 20\ntimeout_secs = '9999ms'"), &[]);
    refused(
        &otlp("retry = { initial_ms = 20, max_ms = 19 }"),
        &[],
        "FILE:4:37: export.retry.max_ms: expected at least retry.initial_ms, 20, found 19",
    );
}

#[test]
fn keys_that_need_or_exclude_others() {
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
        "[[export]]\ntype = 'stdout'\nmeasurement = 'collector'",
        &[],
        "FILE:3:15: export.measurement: format = \"influx\" is missing beside it",
    );
}

#[test]
fn invalid_spools() {
    refused(
        &otlp("spool = { max_bytes = '1MiB' }"),
        &[],
        "FILE:4:23: export.spool.max_bytes: spool.dir is missing beside it",
    );
    refused(
        &otlp("spool = {}"),
        &[],
        "FILE:4:9: export.spool: an empty table; remove it, or set a key in it",
    );
    refused(
        &otlp("[export.spool]\n[[export]]\ntype = 'stdout'"),
        &[],
        "FILE:4:1: export.spool: an empty table; remove it, or set a key in it",
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
}

#[test]
fn invalid_resources_and_patterns() {
    refused(
        &otlp("resource = { '' = 'x' }"),
        &[],
        "FILE:4:19: export.resource: expected texts under names, such as \"service.name\" = \
         \"edge-17\", found \"=x\"",
    );
    let long = "n".repeat(257);
    assert!(load(&otlp(&format!("resource = {{ {long} = 'x' }}")), "", &[]).is_err());
    loaded(&otlp(&format!("resource = {{ {} = 'x' }}", &long[1..])), &[]);
    assert!(load(&otlp("resource = { service.name = 'x' }"), "", &[]).is_err());
    assert!(load(&otlp("include = ['a b']"), "", &[]).is_err());
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
        true => assert_eq!(loaded(file, &[]).exports[0].endpoint, "HTTPS://h:1/v1"),
        false => refused(
            file,
            &[],
            &format!(
                "{at}found \"HTTPS://h:1/v1\"; TLS is not built in: take a binary that is not -tiny, or build with the feature tls"
            ),
        ),
    }
    let file = format!("{}protocol = 'grpc'", least(0));
    match cfg!(feature = "grpc") {
        true => assert_eq!(loaded(&file, &[]).exports[0].protocol, OtlpProtocol::Grpc),
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
    loaded(&(out("a", "fallback = 'b'") + &out("b", "fallback = 'c'") + &out("c", "")), &[]);
    let many: String = (0..9).map(|n| out(&n.to_string(), "")).collect();
    refused(&many, &[], "FILE:41:1: more than 8 [[export]]");
}
