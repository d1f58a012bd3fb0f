//! Where a fuzz target starts from: the stored machines, the examples, and what clients send.

use std::fs;
use std::path::Path;

/// Seeds are cut, so that a round costs little: `many` is large and its lines are all alike.
const MAX_SEED: usize = 4096;

/// Which files below a machine are a target's.
fn of_machines(target: &str) -> &'static [&'static str] {
    match target {
        "proc_stat" => &["proc/stat"],
        "meminfo" => &["proc/meminfo"],
        "diskstats" => &["proc/diskstats"],
        "net_dev" => &["proc/net/dev"],
        "udev" => &["udev/data/b8:0", "udev/data/b8:16", "udev/data/b253:0", "udev/data/b259:0"],
        _ => &[],
    }
}

const REQUESTS: [&str; 5] = [
    "GET /metrics?collect[]=cpu&exclude%5B%5D=disk HTTP/1.1\r\nHost: a\r\nAccept: \
     application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5\r\n\r\n",
    "GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\nHEAD / HTTP/1.1\nHost: b\n\n",
    "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /metrics HTTP/1.1\r\n\
     Host: a\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "GET http://host:9101/metrics? HTTP/1.1\r\nHost: host:9101\r\n\r\n",
];

const PUSHES: [&str; 4] = [
    r#"[{"name":"a_total","type":"counter","value":2,"labels":{"q":"\u00e9\n"},"help":"H."}]"#,
    r#"{"name":"h","type":"histogram","values":[0.1,-2e3,7]}"#,
    r#"{"metrics":[{"name":"c","metric_type":"counter","help":"","labels":{"a":"b"},"value":{"value":42.0,"timestamp":null}}],"source":"app"}"#,
    r#"[{"name":"g","type":"gauge","add":1.5,"set":true},null,{},[[]]]"#,
];

/// What programs expose; `#` stands for OpenMetrics in the first byte.
const EXPOSED: [&str; 7] = [
    " # HELP h H \\\\ \\n.\n# TYPE h histogram\nh_bucket{a=\"b\",le=\"1\"} 2\nh_bucket{le=\"+Inf\",a=\"b\"} 3 \
     1500\nh_sum{a=\"b\"} 4.5\nh_count{a=\"b\"} 3\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\nh_created 9\n",
    " # TYPE s summary\r\ns{quantile=\"0.5\"} NaN\r\ns_sum 0\r\ns_count 0\r\nx{q=\"\\\"\\\\\\n\u{e9}\",} -Inf\nx 1 -5",
    "## TYPE a counter\n# UNIT a seconds\na_total{b=\"c\"} 7 1.25 # {t=\"1\"} 2 3\na_created 1\n# TYPE i \
     info\ni_info{v=\"1\"} 1\n# TYPE e stateset\ne{e=\"on\"} 1\n# EOF\n",
    "## TYPE g gaugehistogram\ng_bucket{le=\"+Inf\"} 2\ng_gsum 3\ng_gcount 2\nz 1\n# TYPE z gauge\nz{} \
     2\n# EOF",
    " # TYPE h histogram\nh_bucket{le=\"1e-05\"} 5\nh_bucket{le=\"+Inf\"} 3\nh_bucket{le=\"+Inf\"} 4\nh_sum 1\n\
     h_count 3\nh 7\nh{quantile=\"0.5\"} 1\nh_bucket 1\ni 1\nh_sum{a=\"b\"} 1\nh_count{a=\"b\"} 2\n",
    " # TYPE s summary\ns{quantile=\"99.9\"} 5\ns{quantile=\"avg\"} 3\ns_count 4\n# TYPE s histogram\n\
     s_bucket{le=\"+Inf\"} 4\ns_sum 1\ns_count 4\n# HELP\n# HELP x\nx{a=\"1\"b=\"2\"} 1\ny{a=\"1\n2\"} 3\nz{ 1\n",
    " # TYPE \"a.b\" gauge\n{\"a.b\",c=\"1\"} 1\nx{\"k.l\"=\"v\"} 2\n{\"q\\\"\\\\\\n\"} 3\n# TYPE \"h.i\" histogram\n\
     {\"h.i_bucket\",le=\"+Inf\"} 1\n{\"h.i_sum\"} 1\n{\"h.i_count\"} 1\n",
];

/// What a bus answers: an error, a property in the other byte order, and a list.
const MESSAGES: [(&str, &[u8]); 3] = [
    (
        "error",
        b"l\x03\x01\x01\x08\0\0\0\x02\0\0\0\x1f\0\0\0\x05\x01u\0\x07\0\0\0\x04\x01s\0\x03\0\0\0a.b\0\0\0\0\0\
        \x08\x01g\0\x01s\0\0\x03\0\0\0abc\0",
    ),
    (
        "property",
        b"B\x02\x01\x01\0\0\0\x08\0\0\0\x02\0\0\0\x0f\x05\x01u\0\0\0\0\x07\x08\x01g\0\x01v\0\0\x01u\0\0\0\0\0\x07",
    ),
    (
        "list",
        b"l\x02\x01\x01\x30\0\0\0\x02\0\0\0\x13\0\0\0\x05\x01u\0\x07\0\0\0\x08\x01g\0\x05a(so)\0\0\0\0\0\0\
        \x28\0\0\0\0\0\0\0\x05\0\0\0seat0\0\0\0\x17\0\0\0/org/freedesktop/login1\0",
    ),
];

const DATAGRAMS: [&str; 5] = [
    "requests.total:1|c|@0.1\nload:+5|g\nload:-2|g\ntime.to-first:320|ms|@0.5\n1st:7:8:9|h\n",
    "page.views:1|c|#country:china,beta,k:|c:in-5|T1656581400|card:low",
    "n,host=a,zone=b:1|c\nn#host=a:0.25|d\nn[host=a,zone=b].x:1|c\nn[host=a:1|c\nusers:5|s\r\n",
    "a#,:1|c\nb,:2|c\nc:3|c|#\nd:4|c|#,\ne:5|c|#,,\n",
    "_e{5,4}:title|text|d:1\n_sc|name|0|#a:b\nx:-1|c\nx:1|c|\nx:nan|g\nup:1|g",
];

const CONDITIONS: [&str; 6] = [
    "rate(b_total{y=\"1\",x!~\"z+|.\"}[1m]) > 1e-3",
    "a / sysmetrics_b_total <= 100 * (1 - .5) - -2",
    "h_bucket{le=\"+Inf\", x=~`\\\\`,} != h_count",
    "1 < increase(b_total[1h30m])",
    "{{ $value }} of {{labels.y}}",
    "a{x='\\n',y=\"\"} == h_sum",
];

const GROUPS: [&str; 5] = [
    "job/a/instance/b%20c\na{job=\"x\"} 1\n# TYPE b counter\nb 2",
    "job@base64/L3Zhci90bXA/x@base64/=\nbefore 2\nbefore{x=\"y\"} 1\n",
    "job/a\na 1 1700000000000\n",
    "job/a/b\n",
    "job/a\n# TYPE x_count gauge\nx_count 1\nx{quantile=\"0.5\"} 1\n%%\njob/b\n# TYPE x summary\nx_sum 1\nx_count 2\n%%\njob/a\n\
     # TYPE x histogram\nx_bucket{le=\"1\"} 1\nx_sum{le=\"1\"} 1\nx_count 2\n",
];

/// Families in protocol buffers, each with its length before it.
const FAMILIES: [&str; 3] = [
    // A counter with a label, a gauge without one.
    "\u{1e}\n\u{1}c\u{12}\u{2}H.\u{22}\u{15}\n\u{8}\n\u{1}l\u{12}\u{3}a\"b\u{1a}\u{9}\u{9}\0\0\0\0\0\0\u{14}@\
     \u{12}\n\u{1}g\u{18}\u{1}\u{22}\u{b}\u{12}\u{9}\u{9}\0\0\0\0\0\0\u{14}@",
    // A histogram of one bucket.
    "\u{25}\n\u{1}h\u{18}\u{4}\u{22}\u{1e}:\u{1c}\u{8}\u{3}\u{11}\0\0\0\0\0\0\u{14}@\u{1a}\u{f}\u{8}\u{2}\
     \u{11}\0\0\0\0\0\0\u{14}@\u{1a}\u{2}\u{11}\0",
    // A summary, and a time stamp.
    "\u{2a}\n\u{1}s\u{18}\u{2}\u{22}\u{23}\u{22}\u{1f}\u{8}\u{3}\u{11}\0\0\0\0\0\0\u{14}@\u{1a}\u{12}\
     \u{9}\0\0\0\0\0\0\0\0\u{11}\0\0\0\0\0\0\u{14}@0\u{7}",
];

/// The first byte tells how they are cut, and whether only a head was asked for.
const ANSWERS: [&str; 8] = [
    "@HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: 4\r\n\r\na 1\n",
    "\u{2}HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\na 1\n\r\n0\r\nT: x\r\n\r\n",
    "~HTTP/1.0 200 OK\nConnection: keep-alive\n\nuntil the end",
    "AHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    "@HTTP/1.1 200 OK\r\nX:\r\n folded\r\nContent-Length : 4\r\nContent-Encoding: utf-8\r\n\r\na 1\n",
    "\u{4}HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 503  Busy\r\nContent-Length: 2, 2\r\n\r\nok",
    "\u{6}HTTP/1.1 200 OK\r\nContent-Le",
    "0HTTP/1.1 302 Found\r\nLocation: /new?a#b\r\nRetry-After: 7\r\nContent-Encoding: gzip\r\n\r\n",
];

const DOCUMENTS: [&str; 4] = [
    r#"{"up":true,"db":{"pool size":{"max":10,"used":2.5}},"n":null,"q":[1,{"d":2},[3,"x"]]}"#,
    r#"{"a":{"b":[7,"8",false],"b.c":{"d":-1e3},"name":"x"},"caf\u00e9":{"b":[1]}}"#,
    "[[1,2],[3,[4]],{\"a\":5}]",
    " 5 ",
];

const ACCEPTS: [&str; 4] = [
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;q=0.5,*/*;q=0.1",
    "text/plain;version=0.0.4",
    "gzip;q=0.5, *;q=0",
    "identity",
];

const QUERIES: [&str; 3] = ["collect%5B%5D=cpu&collect[]=disk", "a=b+c&&x&bad=%zz%4", "%ff=%00"];

/// A pattern, a NUL, the bound of a line, the size of a piece, a log.
const LOGS: [&str; 4] = [
    "level=(?P<level>error|fatal)\0x\tlevel=info a\r\nlevel=error b\nlevel=fatal\nlevel=err",
    "^(a+|b)?c$\0\u{5}\u{2}abc\naac\n\nbbbbbbbbbbbc\nc\n",
    "(?i)[[:alpha:]]\\b.é+?\0\u{7f}\u{7f}Aé\nxÉ\n",
    "x{2,3}(?:y|z\\.)w*\0@@xxy\nxxxz.w\nxy\n",
];

/// Without the last line, which the body makes.
const OFFSETS: [&str; 2] = [
    "sysmetrics log offsets 1\n",
    "sysmetrics log offsets 2\n7 2049 12\n120 2049 77 120 305419896 0\t/var/log/*.log\t/var/log/w\\t.log\n\
     18446744073709551615 1 2 256 4294967295 1\ta\tb\n",
];

/// Without the last line, which the body makes.
const BOOTS: [&str; 2] = [
    "sysmetrics boots 1\n0b9c1d7e-1111-4222-8333-a4b5c6d7e8f9 7 2 unclean running\n",
    "sysmetrics boots 1\n0b9c1d7e-1111-4222-8333-a4b5c6d7e8f9 1 0 unknown ended\n",
];

/// What upsd answers.
const UPSES: [&str; 3] = [
    "BEGIN LIST UPS\nUPS rack \"The \\\"big\\\" one\"\nUPS b-2 \"\"\nEND LIST UPS\n",
    "BEGIN LIST VAR rack\nVAR rack battery.charge \"97.5\"\nVAR rack ups.status \"OB LB ECO\"\n\
     VAR rack ups.mfr \"A\\\\B\"\nVAR rack input.voltage \"-229.8123\"\nEND LIST VAR rack\n",
    "ERR DATA-STALE\n",
];

/// What one read of `/dev/kmsg` gives.
const RECORDS: [&str; 3] = [
    "6,339,5140900,-;NET: Registered protocol family 10\n",
    "3,340,5690716,c,caller=T12;udevd: a;b,c\n SUBSYSTEM=acpi\n DEVICE=+acpi:PNP0A03:00\n",
    "30,18446744073709551615,0,-;systemd[1]: of a program\n",
];

/// What gpsd reports.
const REPORTS: [&str; 3] = [
    "{\"class\":\"VERSION\",\"release\":\"3.22\"}\r\n{\"class\":\"TPV\",\"device\":\"/dev/g\",\"mode\":3,\
     \"time\":\"2026-11-28T20:02:32.250Z\",\"ept\":0.005,\"epx\":15.7,\"epy\":1e2,\"epv\":39,\"eph\":22.8}\n",
    "{\"class\":\"SKY\",\"device\":\"/dev/g\",\"hdop\":1.2,\"nSat\":7,\"uSat\":5}\n{\"class\":\"TPV\",\
     \"device\":\"/dev/g\",\"mode\":1}\n",
    "{\"class\":\"SKY\",\"satellites\":[{\"PRN\":1,\"used\":true},{\"PRN\":2,\"used\":false}]}\n",
];

/// Web configuration files.
const WEB: [&str; 4] = [
    "tls_server_config:\n  cert_file: server.crt\n  key_file: 'server.key'\n  client_auth_type: NoClientCert\n  \
     min_version: TLS12\n  cipher_suites:\n  - TLS_AES_128_GCM_SHA256\n  curve_preferences: [CurveP256, \"X25519\"]\n",
    "# all\n---\nbasic_auth_users:\n  alice: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi # b\n  \
     \"b \\\"ob\\t\": 'it''s'\nhttp_server_config:\n  http2: true\n  headers:\n    X-Frame-Options: deny\n",
    "tls_server_config:\n  cert: |\n    -----BEGIN CERTIFICATE-----\n      MII=\n\n    -----END CERTIFICATE-----\n  \
     key: |-\n   k\n",
    "rate_limit:\n  interval: 0s\n  burst: 7\ntls_server_config: {}\nhttp_server_config:\n  headers:\n    \
     Strict-Transport-Security: \"max-age=1\"\n",
];

/// A certificate with names of all kinds, by openssl.
const CERTIFICATE: &str = "\
     -----BEGIN CERTIFICATE-----\n\
     MIIBijCCATygAwIBAgIUW8diHEbeCs5NnrqtNLzmKJZtrlEwBQYDK2VwMA4xDDAK\n\
     BgNVBAMMA2JveDAgFw0yNjExMjgyMzE0MDhaGA8yMTI2MTEwNDIzMTQwOFowDjEM\n\
     MAoGA1UEAwwDYm94MCowBQYDK2VwAyEAClRtppeiUTJxnqkfBeCUeksdt0ds20lU\n\
     4SSG3H12fcCjgakwgaYwgYQGA1UdEQEB/wR6MHiCC2JveC5leGFtcGxlhwQKAAAH\n\
     hxD9AAAAAAAAAAAAAAAAAAABhxAAAAAAAAAAAAAA///AAAIBgQ9vcHNAZXhhbXBs\n\
     ZS5vcmeGDHNwaWZmZTovL2EvYoIFKi5sYW6kDjAMMQowCAYDVQQDDAF4oAkGAioD\n\
     oAMMAXgwHQYDVR0OBBYEFNAsW4yb7UEt8+pXMwxYFqx7+MK1MAUGAytlcANBAM4f\n\
     Pi0o68fUSJptlC58s8WpNDSU0cRM2M6+wQtAWy6f70Di/gLzCpcDrYx/SpcawlpI\n\
     6JxPmgYzrHkcAp6tUAE=\n\
     -----END CERTIFICATE-----\n\
     ";

/// As its text and as its bytes.
fn certificates() -> Vec<(String, Vec<u8>)> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut der, mut bits, mut count) = (Vec::new(), 0u32, 0);
    let lines = CERTIFICATE.lines().filter(|line| !line.starts_with('-'));
    for digit in lines.flat_map(str::bytes).filter_map(|c| DIGITS.iter().position(|d| *d == c)) {
        (bits, count) = (bits << 6 | digit as u32, count + 6);
        if count >= 8 {
            count -= 8;
            der.push((bits >> count) as u8);
        }
    }
    vec![("der".to_owned(), der), ("pem".to_owned(), CERTIFICATE.as_bytes().to_vec())]
}

/// What chronyd 4.3 answered, followed by a refusal.
fn trackings() -> Vec<(String, Vec<u8>)> {
    let head =
        |status, format| [6, 2, 0, 0, 0, 33, 0, format, 0, status, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
    let good = [
        &head(0, 5)[..],
        &[0; 8],
        &[127, 0, 0, 1, 127, 0, 0, 1],
        &[0; 12],
        &[0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0x6b, 0x0b, 0x32, 0x97, 0x1b, 0x09, 0x36, 0x8d],
        &[
            0xdd, 0x5f, 0xa9, 0xdd, 0xd3, 0x17, 0xd4, 0x6d, 0xd4, 0xcf, 0x60, 0xb0, 0xf4, 0x9a,
            0x1d, 0x92,
        ],
        &[
            0xed, 0x5a, 0xf1, 0x1c, 0xf6, 0x99, 0x6a, 0xf7, 0xe0, 0xd3, 0xb1, 0xe6, 0xde, 0xe2,
            0x51, 0xf4,
        ],
        &[0x08, 0x81, 0xaa, 0x1f],
    ];
    let refusal = [&head(19, 1)[..], &[0; 8]].concat();
    vec![("tracking".to_owned(), good.concat()), ("refusal".to_owned(), refusal)]
}

/// What a daemon tells over ubus: a text, a number, and a table with a number with a fraction.
fn tables() -> Vec<(String, Vec<u8>)> {
    let value = |kind: u8, name: &str, data: &[u8]| {
        let mut bytes = vec![0x80 | kind, 0, 0, 0, 0, name.len() as u8];
        bytes.extend(name.bytes().chain([0]));
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(data);
        bytes[3] = bytes.len() as u8;
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let snr = value(8, "snr", &6.2_f64.to_be_bytes());
    let line = [
        value(3, "state", b"Showtime\0"),
        value(7, "up", &[1]),
        value(5, "uptime", &86_411_u32.to_be_bytes()),
        value(2, "upstream", &snr),
        value(1, "xtse", &[]),
    ];
    vec![("line".to_owned(), line.concat()), ("value".to_owned(), snr)]
}

/// Without the hub nothing waits.
#[cfg(not(feature = "hub"))]
fn payloads() -> Vec<(String, Vec<u8>)> {
    vec![("none".to_owned(), Vec::new())]
}

/// A key of every shape, the same with other numbers, and one with a series more, as the spool writes
/// them.
#[cfg(feature = "hub")]
fn payloads() -> Vec<(String, Vec<u8>)> {
    use std::sync::Arc;
    use std::time::{Duration, Instant};
    use sysmetrics::base::clock::{Boot, Timestamp};
    use sysmetrics::model::frame::{FamilyDef, Frame, Scale, SeriesDef, Shape, State, Table};
    use sysmetrics::model::metric::Kind;
    use sysmetrics::outputs::spool::{Bounds, Spool};

    let (name, help, collector, kind) = ("a_total", "A.", "c", Kind::Counter);
    let mut table = Table::new(1);
    table.add_family(FamilyDef { name, help, kind, is_delta: false, collector });
    let add = |table: &mut Table, shape, is_timed, value| {
        let def = SeriesDef { family: 0, shape, start: 0, is_timed, slot: 0 };
        table.add_series(def, [("k", value)]);
    };
    let frame = |table: &Table, n: u64| Frame {
        table: Arc::new(table.clone()),
        moment: Timestamp { since_boot: 15_000 * n, boot_time: Some(1_800_000_000_250) },
        before: 15_000 * (n - 1),
        states: vec![State::Live; table.series()],
        slots: (0..table.slots() as u64).map(|slot| slot * n).collect(),
    };
    add(&mut table, Shape::Number(Scale::Nano), false, "v");
    add(&mut table, Shape::Number(Scale::Float), true, "vw");
    add(&mut table, Shape::Histogram(&[0.5, 1.0]), false, "x");
    add(&mut table, Shape::Summary(&[0.5]), false, "y");
    let (first, second) = (frame(&table, 1), frame(&table, 2));
    add(&mut table, Shape::Summary(&[0.5]), true, "yz");
    let dir = std::env::temp_dir().join(format!("spool-seeds-{}", std::process::id()));
    let now = Instant::now();
    let bounds = Bounds {
        dir: Some(dir.clone()),
        max_bytes: 1 << 20,
        max_memory: 0,
        max_age: Duration::from_secs(60),
        write_budget: 0,
        boot: Boot([7; 16]),
    };
    let mut spool = Spool::open(bounds, now);
    [first, second, frame(&table, 3)].iter().for_each(|frame| spool.push(frame, now));
    let segment = fs::read(dir.join("00000001.seg")).unwrap();
    fs::remove_dir_all(dir).unwrap();
    let (mut rest, mut payloads) = (&segment[..], Vec::new());
    while let [_, _, low, high, _, _, after @ ..] = rest {
        let (payload, after) = after[12..].split_at(usize::from(u16::from_le_bytes([*low, *high])));
        payloads.push([&[*low, *high], payload].concat());
        rest = after;
    }
    assert_eq!(payloads.len(), 3);
    let lost = [&payloads[0][..], &payloads[2]].concat();
    vec![
        ("key".to_owned(), payloads[0].clone()),
        ("lost".to_owned(), lost),
        ("all".to_owned(), payloads.concat()),
    ]
}

/// What receivers say: the first byte tells status and type. Protobuf is written as text, too.
const VERDICTS: [&str; 10] = [
    "\0\n\u{8}\u{8}\u{7}\u{12}\u{4}late",
    "\u{10}{\"partialSuccess\":{\"rejectedDataPoints\":\"7\",\"errorMessage\":\"too old\"}}",
    "\u{3}\u{8}\u{3}\u{12}\u{3}bad",
    "\u{13}{\"code\":3,\"message\":\"b\\u00e4d\"}",
    "\u{8}\u{8}\u{8}\u{1a}\u{32}\n(type.googleapis.com/google.rpc.RetryInfo\u{12}\u{6}\n\u{4}\u{8}\u{3}\u{10}\u{5}",
    "\u{28}grpc: received message larger than max (5 vs. 4)",
    "\u{23}partial write: field type conflict dropped=2",
    "\u{29}partial write: unable to parse 'a'\nunable to parse 'b' dropped=0",
    "Cout of order sample",
    "\u{8f}",
];

/// Name and bytes of each seed.
pub fn of(target: &str) -> Vec<(String, Vec<u8>)> {
    let texts: &[&str] = match target {
        "request_head" => &REQUESTS,
        "accept" => &ACCEPTS,
        "gzip" | "push_json" => &PUSHES,
        "alert_condition" => &CONDITIONS,
        "query" => &QUERIES,
        "statsd" => &DATAGRAMS,
        "http_answer" => return answers(),
        "netlink" => return netlink_answers(),
        "target_json" => &DOCUMENTS,
        "dbus" => return MESSAGES.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).into(),
        "tail_lines" => &LOGS,
        "tail_state" => &OFFSETS,
        "boot_state" => &BOOTS,
        "nut" => &UPSES,
        "gpsd" => &REPORTS,
        "kernel_log" => &RECORDS,
        "modemmanager" => return answer_of_modems(),
        "chrony" => return trackings(),
        "certificate" => return certificates(),
        "web_config" => &WEB,
        "ubus" => return tables(),
        "settings_toml" => return examples(),
        "collectors" => return kernel_files(),
        "connection" => return requests_in_pieces(),
        "exposition" => return shapes(),
        "push_group" => &GROUPS,
        "push_protobuf" => &FAMILIES,
        "spool_payload" => return payloads(),
        "otlp_answer" | "protobuf" | "write_answer" => &VERDICTS,
        "exposition_in" | "textfile" => return expositions(),
        "meminfo" => return [machines(of_machines(target)), vec![named_twice()]].concat(),
        _ => return machines(of_machines(target)),
    };
    texts.iter().enumerate().map(|(i, text)| (i.to_string(), text.as_bytes().to_vec())).collect()
}

/// What ModemManager 1.20.4 wrote of one.
fn answer_of_modems() -> Vec<(String, Vec<u8>)> {
    let answer = fs::read("tests/buses/objects.bin");
    answer.into_iter().map(|bytes| ("real".to_owned(), bytes)).collect()
}

/// A socket, a queueing discipline, and a route with two ways, in the machine's byte order.
fn netlink_answers() -> Vec<(String, Vec<u8>)> {
    let bytes =
        |words: &[u32]| words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<_>>();
    let attribute = |kind: u16, payload: &[u8]| {
        let length = (4 + payload.len()) as u16;
        let padding = vec![0; payload.len().next_multiple_of(4) - payload.len()];
        [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), payload, &padding].concat()
    };
    let message = |kind: u16, payload: &[u8]| {
        let head = [&kind.to_ne_bytes()[..], &[2, 0], &bytes(&[7, 0])].concat();
        [&bytes(&[16 + payload.len() as u32])[..], &head, payload].concat()
    };
    let counts = [attribute(1, &bytes(&[1, 0, 2])), attribute(3, &bytes(&[3, 4, 5, 6, 7]))];
    let counts = attribute(7, &counts.concat());
    let tc = [bytes(&[0, 2, 0, u32::MAX, 1]), attribute(1, b"fq\0"), counts].concat();
    let gateway = |last| attribute(5, &[10, 0, 0, last]);
    let way = |weight, last| [&[16, 0, 0, weight, 2, 0, 0, 0][..], &gateway(last)].concat();
    let ways = attribute(9, &[way(0, 1), way(9, 2)].concat());
    let head = [2, 24, 0, 0, 254, 16, 0, 1, 0, 0, 0, 0];
    let route = [&head[..], &attribute(1, &[10, 9, 8, 0]), &ways].concat();
    let rate = attribute(8, &attribute(5, &bytes(&[1640])));
    let station = [attribute(7, &[204]), rate, attribute(23, &bytes(&[9, 1]))].concat();
    let beacon = attribute(6, &[1, 1, 2, 0, 4, b'H', b'o', b'm', b'e']);
    let network = [attribute(1, &[7; 6]), beacon, attribute(9, &bytes(&[1]))].concat();
    let named = [attribute(3, &bytes(&[2])), attribute(4, b"wlan0\0"), attribute(6, &[8; 6])];
    let channel =
        [attribute(1, &bytes(&[2412])), attribute(3, &[]), attribute(5, &[9; 8])].concat();
    let told = [attribute(21, &station), attribute(47, &network), attribute(84, &channel)];
    let wifi = [named.concat(), told.concat()];
    let wifi = [vec![7, 1, 0, 0], wifi.concat()].concat();
    let end = message(3, &[0; 4]);
    [message(20, &[1; 72]), message(36, &tc), message(24, &route), message(33, &wifi)]
        .into_iter()
        .enumerate()
        .map(|(at, told)| (at.to_string(), [&[at as u8][..], &told, &end].concat()))
        .collect()
}

/// A part of the sum whose name was taken by another line before it.
fn named_twice() -> (String, Vec<u8>) {
    let text = "Buffers  : 1 kB\nMemTotal: 90 kB\nMemFree: 5 kB\nBuffers: 2 kB\nCached: 3 kB\n\n";
    ("twice".to_owned(), text.as_bytes().to_vec())
}

/// The last one compressed.
fn answers() -> Vec<(String, Vec<u8>)> {
    let mut seeds: Vec<_> = ANSWERS.iter().map(|text| text.as_bytes().to_vec()).collect();
    let gzip = [
        &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 4, 0, 0xfb, 0xff][..],
        b"a 1\n",
        &[0x36, 0xe7, 0x1b, 0xbc, 4, 0, 0, 0],
    ];
    if let Some(last) = seeds.last_mut() {
        last.extend(gzip.concat());
    }
    let name = |at: usize| at.to_string();
    seeds.into_iter().enumerate().map(|(at, bytes)| (name(at), bytes)).collect()
}

fn machines(files: &[&str]) -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for machine in directory("fixtures") {
        for file in files {
            if let Ok(mut bytes) = fs::read(Path::new("fixtures").join(&machine).join(file)) {
                bytes.truncate(MAX_SEED);
                seeds.push((format!("{machine}.{}", file.replace('/', "-")), bytes));
            }
        }
    }
    let of = |name: &str| seeds.iter().find(|(n, _)| n.starts_with(name)).map(|(_, b)| b.clone());
    if let (Some(before), Some(after)) = (of("hotplug-before"), of("hotplug-after")) {
        seeds.push(("hotplug".to_owned(), [before, b"\n%%\n".to_vec(), after].concat()));
    }
    seeds
}

/// A file of each name that a collector reads, of the machine where all is well and the one where
/// nothing is.
fn kernel_files() -> Vec<(String, Vec<u8>)> {
    let (mut seeds, mut names) = (Vec::new(), std::collections::HashSet::new());
    for (at, file) in crate::bodies::of_collectors().iter().enumerate() {
        let is_new = names.insert(Path::new(file).file_name().unwrap().to_owned());
        for (dialect, machine) in ["box", "hostile"].iter().enumerate().filter(|_| is_new) {
            let text = fs::read(Path::new("fixtures").join(machine).join(file));
            let Ok(mut text) = text else { continue };
            text.truncate(MAX_SEED);
            let [high, low] = (at as u16).to_be_bytes();
            let bytes = [&[high, low, dialect as u8], &text[..]].concat();
            seeds.push((format!("{machine}.{}", file.replace('/', "-")), bytes));
        }
    }
    seeds
}

fn examples() -> Vec<(String, Vec<u8>)> {
    let names = directory("examples").into_iter().filter(|name| name.ends_with(".toml"));
    names.map(|name| (name.clone(), fs::read(Path::new("examples").join(name)).unwrap())).collect()
}

fn requests_in_pieces() -> Vec<(String, Vec<u8>)> {
    let all = REQUESTS.iter().enumerate();
    all.map(|(i, text)| (i.to_string(), [&[7 * i as u8], text.as_bytes()].concat())).collect()
}

/// The golden outputs of the stored machines, which are such texts, and what others write.
fn expositions() -> Vec<(String, Vec<u8>)> {
    let golden = Path::new("tests/golden/expected");
    let read = |name: &String| {
        let text = fs::read_to_string(golden.join(name)).unwrap();
        let lines: Vec<_> = text.lines().collect();
        // From anywhere, so that more than the first families come.
        let part = lines.iter().skip(name.len() * 7 % lines.len()).take(40);
        let part: String = part.flat_map(|line| [line, "\n"]).collect();
        if name.contains("openmetrics") { format!("#{part}# EOF\n") } else { format!(" {part}") }
    };
    let golden = directory("tests/golden/expected").into_iter().map(|name| {
        let text = read(&name);
        (name, text.into_bytes())
    });
    let ours =
        EXPOSED.iter().enumerate().map(|(i, text)| (i.to_string(), text.as_bytes().to_vec()));
    golden.chain(ours).collect()
}

/// Six families of a few samples whose labels hold what must be escaped.
fn shapes() -> Vec<(String, Vec<u8>)> {
    let family = |keys: u8, flags: u8| {
        let mut bytes = vec![flags, keys, 4, b'H', b'"', b'\\', b'\n', 2];
        for sample in 0..2 {
            for _ in 0..keys {
                bytes.extend([5, b'a' + sample, b'"', b'\\', b'\n', 0xff]);
            }
            bytes.extend([sample, 3, 1, 2, 3]);
        }
        bytes
    };
    let seed = |flags| (0..6).flat_map(|i| family(i % 4, flags)).collect();
    [0, 1, 2, 4].into_iter().map(|flags| (flags.to_string(), seed(flags))).collect()
}

/// Names in a directory, sorted.
fn directory(path: &str) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}
