//! Requests: byte by byte, and read back by naive readers and compared with the view.

mod expected;
mod random;
mod read;
mod speed;

use super::*;
use crate::model::frame::testing::Made;
use crate::model::frame::{FamilyDef, Frame, State, View};
use crate::model::metric::{Kind, Value};
use expected::expected;
use read::{from_json, from_protobuf};

const BOOT: i64 = 1_800_000_000_250;

fn written(writer: &mut Writer, view: &View<'_>, out: &mut Vec<u8>) -> u64 {
    let left_out = writer.encode(view);
    out.extend_from_slice(writer.body());
    left_out
}

fn encode(view: &View<'_>, resource: &[(String, String)], out: &mut Vec<u8>) -> u64 {
    written(&mut Writer::new(resource.to_vec()), view, out)
}

/// Checks that both forms contain what the view does; returns the protobuf.
fn check(frame: &Frame, resource: &[(&str, &str)]) -> Vec<u8> {
    let own = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
    let owned: Vec<_> = resource.iter().map(own).collect();
    let view = frame.view(BOOT);
    let (lines, left_out) = expected(&view);
    let (mut binary, mut json) = (b"before".to_vec(), b"before".to_vec());
    assert_eq!(encode(&view, &owned, &mut binary), left_out);
    assert_eq!(encode_json(&view, &owned, &mut json), left_out);
    let binary = binary.strip_prefix(b"before").unwrap();
    let json = json.strip_prefix(b"before").unwrap();
    if lines.is_empty() {
        assert_eq!((binary, json), (&b""[..], &b""[..]));
        return Vec::new();
    }
    let head = format!("{resource:?} {SCOPE} {VERSION}");
    let lines: Vec<_> = [head].into_iter().chain(lines).collect();
    assert_eq!(from_protobuf(binary), lines);
    assert_eq!(from_json(json), lines, "{}", String::from_utf8_lossy(json));
    binary.to_vec()
}

#[test]
fn one_counter_byte_by_byte() {
    let mut made = Made::new();
    made.family("a_total", Kind::Counter, "A.").number(&[("k", "v")], Value::Int(300));
    let version = VERSION.len() as u8;
    let golden = [
        &[0x0a, 0x78 + version][..],                   // resource_metrics
        b"\x0a\x0a\x0a\x08\x0a\x01h\x12\x03\x0a\x01x", // resource: h="x"
        &[0x12, 0x6a + version, 0x0a, 0x0e + version], // scope_metrics, scope
        b"\x0a\x0asysmetrics\x12",                     // its name
        &[version],
        VERSION.as_bytes(),
        b"\x12\x58\x0a\x07a_total\x12\x02A.\x3a\x2b", // metric: name, description, sum
        b"\x0a\x25\x3a\x08\x0a\x01k\x12\x03\x0a\x01v", // point: k="v"
        b"\x11\x00\x00\xb4\x93\x76\xe2\xfa\x18",      // start: 1_800_000_000 s
        b"\x19\x80\xa4\xa0\xcc\x77\xe2\xfa\x18",      // time: 5.25 s later
        b"\x31\x2c\x01\x00\x00\x00\x00\x00\x00",      // as_int
        b"\x10\x02\x18\x01",                          // cumulative, monotonic
        b"\x62\x1c\x0a\x0fprometheus.type\x12\x09\x0a\x07counter",
    ]
    .concat();
    let mut out = Vec::new();
    encode(&made.frame().view(BOOT), &[("h".to_owned(), "x".to_owned())], &mut out);
    assert_eq!(out.escape_ascii().to_string(), golden.escape_ascii().to_string());
    assert_eq!(check(&made.frame(), &[("h", "x")]), golden);
}

#[test]
fn one_gauge_in_json() {
    let mut made = Made::new();
    made.family("t_celsius", Kind::Gauge, "\"T\"\n").number(&[("k", "\\")], Value::Centi(2150));
    made.number(&[("k", "w")], Value::Int(1)).gone();
    let mut out = Vec::new();
    assert_eq!(encode_json(&made.frame().view(BOOT), &[], &mut out), 0);
    let golden = [
        r#"{"resourceMetrics":[{"resource":{"attributes":[]},"scopeMetrics":[{"scope":{"name":"sysmetrics","version":""#,
        VERSION,
        r#""},"metrics":[{"name":"t_celsius","description":"\"T\"\u000a","unit":"Cel","metadata":[{"key":"prometheus.type","value":{"stringValue":"gauge"}}],"#,
        r#""gauge":{"dataPoints":[{"attributes":[{"key":"k","value":{"stringValue":"\\"}}],"timeUnixNano":"1800000005250000000","asDouble":21.5},"#,
        r#"{"attributes":[{"key":"k","value":{"stringValue":"w"}}],"timeUnixNano":"1800000005250000000","flags":1}]}}]}]}]}"#,
    ];
    assert_eq!(String::from_utf8(out).unwrap(), golden.concat());
}

#[test]
fn metrics_without_points_are_not_written() {
    let mut made = Made::new();
    check(&made.frame(), &[("h", "x")]);
    // Shapes that do not fit their kinds: three samples, no request.
    made.family("g", Kind::Gauge, "").histogram(&[], &[1.0], &[1, 2], 3.0);
    made.family("h", Kind::Histogram, "").number(&[], Value::Int(1));
    made.family("s", Kind::Summary, "").histogram(&[], &[], &[2], 3.0);
    assert_eq!(expected(&made.frame().view(BOOT)).1, 3);
    assert!(check(&made.frame(), &[("h", "x")]).is_empty());
    made.family("c", Kind::Counter, "").number(&[], Value::Int(1));
    assert!(!check(&made.frame(), &[]).is_empty());
}

#[test]
fn starts_that_are_not_before_their_points_are_unknown() {
    let mut made = Made::new();
    made.family("c_total", Kind::Counter, "")
        .timed(&[("k", "negative")], Value::Int(1), -7)
        .timed(&[("k", "before")], Value::Int(2), 1_799_999_999_999)
        .timed(&[("k", "at")], Value::Int(3), 1_800_000_000_000)
        .timed(&[("k", "after")], Value::Int(4), 1_800_000_000_001);
    check(&made.frame(), &[]);
    let (lines, _) = expected(&made.frame().view(BOOT));
    let starts: Vec<_> = lines[1..].iter().map(|l| l.split(' ').nth(2).unwrap()).collect();
    assert_eq!(starts, ["0", "0", "0", "1800000000000000000"]);
}

/// Every length on the way from the text to the request passes 127 and 16383 on its own.
#[test]
fn lengths_are_right_where_they_get_longer() {
    for n in (1..140).chain(16_250..16_390) {
        let text = "x".repeat(n);
        let mut made = Made::new();
        made.family("c_total", Kind::Counter, "").number(&[("k", &text)], Value::Int(1));
        made.number(&[(&text, "v"), ("z", "v")], Value::Int(1)).gone();
        made.family("h_seconds", Kind::Histogram, &text);
        made.histogram(&[("k", &text)], &[1.0], &[1, 2], 3.0);
        made.family("s", Kind::Summary, "").summary(&[("k", &text)], &[(0.5, 2.0)], 3.0, 4);
        check(&made.frame(), &[("h", &text)]);
        // On its own, so that request and metric have lengths near that of the text.
        let mut made = Made::new();
        made.family("g", Kind::Gauge, &text).number(&[], Value::Int(1));
        check(&made.frame(), &[]);
        let mut made = Made::new();
        made.family("g", Kind::Gauge, "").number(&[("k", &text)], Value::Nano(1));
        check(&made.frame(), &[]);
    }
    for points in (1..20).chain(400..420) {
        let mut made = Made::new();
        made.family("c", Kind::Gauge, "");
        for n in 0..points {
            made.number(&[("k", &n.to_string())], Value::Int(n));
        }
        check(&made.frame(), &[]);
    }
}

/// Series of every form.
fn every_form() -> Made {
    let mut made = Made::new();
    made.family("c_total", Kind::Counter, "C.");
    made.number(&[("k", "a")], Value::Centi(1)).number(&[("k", "b")], Value::Int(2));
    made.timed(&[("k", "c")], Value::Int(3), BOOT + 1);
    made.define(FamilyDef {
        name: "d",
        help: "",
        kind: Kind::Counter,
        is_delta: true,
        collector: "",
    });
    made.number(&[], Value::Int(4));
    made.family("h", Kind::Histogram, "");
    made.histogram(&[], &[0.1, f64::INFINITY], &[1, 2, 3], 4.0)
        .number(&[("k", "odd")], Value::Int(5));
    made.family("s", Kind::Summary, "").summary(&[("k", "a")], &[(0.5, 2.0), (0.9, 3.0)], 9.0, 4);
    made.family("g", Kind::Gauge, "x").number(&[("k", &"long".repeat(50))], Value::Float(-0.5));
    made.number(&[("k", "b")], Value::Int(6)).gone();
    made
}

/// Numbers, times and states move; the rewritten request is the same as a new one.
#[test]
fn rewritten_requests_are_as_if_they_were_new() {
    let made = every_form();
    let (mut frame, resource) = (made.frame(), vec![("h".to_owned(), "x".to_owned())]);
    let (mut writer, mut seed) = (Writer::new(resource.clone()), 7u64);
    let mut renewed = 0;
    for round in 0..3000 {
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % n
        };
        match next(12) {
            0 => frame.before = next(9000),
            1 => frame.table = std::sync::Arc::new((*frame.table).clone()),
            2 => {
                let states = [State::Absent, State::Live, State::Stale];
                let at = next(frame.states.len() as u64) as usize;
                frame.states[at] = states[next(3) as usize];
            }
            // Beyond what an integer of OTLP has room for, and back.
            3 => frame.slots[1] = i64::MAX as u64 + next(3),
            _ => {
                let at = next(frame.slots.len() as u64) as usize;
                frame.slots[at] = next(1 << 31);
            }
        }
        frame.moment.since_boot = next(9000);
        let boot = BOOT + next(2) as i64 * 5000;
        let (mut again, mut new) = (Vec::new(), Vec::new());
        renewed += u32::from(writer.is_renewable(&frame.view(boot)));
        let left_out = written(&mut writer, &frame.view(boot), &mut again);
        assert_eq!(left_out, encode(&frame.view(boot), &resource, &mut new));
        assert!(again == new, "round {round}");
    }
    assert!(renewed > 1000, "{renewed}");
}
