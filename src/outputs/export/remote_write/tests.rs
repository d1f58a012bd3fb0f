//! Requests, as a receiver reads them.

mod answers;
mod read;
mod renew;

use super::*;
use crate::model::frame::testing::Made;
use crate::model::metric::{Kind, Value};
use read::{BOOT, ONE, TWO, one, one_with, two, two_with};
use std::time::Instant;

fn made() -> Made {
    let mut made = Made::new();
    made.family("a_total", Kind::Counter, "A.")
        .number(&[("A", "first"), ("k", "é\"\\\n")], Value::Centi(150))
        .number(&[("__name__", "taken"), ("k", "gone")], Value::Int(1))
        .gone();
    made.start = 1000;
    made.family("h", Kind::Histogram, "").histogram(
        &[("job", "x"), ("le", "own"), ("m", "y")],
        &[0.5, 1.0],
        &[2, 0, 3],
        7.5,
    );
    made.family("s", Kind::Summary, "S.")
        .summary(&[("a", "k")], &[(0.5, f64::NAN)], 9.0, 4)
        .summary(&[("z", "gone")], &[(0.99, 1.0)], 9.0, 4)
        .gone();
    made.family("t", Kind::Untyped, "A.").timed(&[], Value::Float(-1.5), -5);
    made.family("v", Kind::Gauge, "").timed(&[("k", "gone")], Value::Int(1), 5).gone();
    made
}

#[test]
fn version_one_has_a_series_for_each_number() {
    let long = "[1800000005250]";
    let expected = [
        &["A=\"first\",__name__=\"a_total\",k=\"é\\\"\\\\\\n\" 1.5 ", long].concat(),
        &["__name__=\"a_total\",k=\"gone\" stale ", long].concat(),
        &["__name__=\"h_bucket\",job=\"x\",le=\"0.5\",m=\"y\" 2 ", long].concat(),
        &["__name__=\"h_bucket\",job=\"x\",le=\"1\",m=\"y\" 2 ", long].concat(),
        &["__name__=\"h_bucket\",job=\"x\",le=\"+Inf\",m=\"y\" 5 ", long].concat(),
        &["__name__=\"h_sum\",job=\"x\",le=\"own\",m=\"y\" 7.5 ", long].concat(),
        &["__name__=\"h_count\",job=\"x\",le=\"own\",m=\"y\" 5 ", long].concat(),
        &["__name__=\"s\",a=\"k\",quantile=\"0.5\" NaN ", long].concat(),
        &["__name__=\"s_sum\",a=\"k\" 9 ", long].concat(),
        &["__name__=\"s_count\",a=\"k\" 4 ", long].concat(),
        &["__name__=\"s\",quantile=\"0.99\",z=\"gone\" stale ", long].concat(),
        &["__name__=\"s_sum\",z=\"gone\" stale ", long].concat(),
        &["__name__=\"s_count\",z=\"gone\" stale ", long].concat(),
        "__name__=\"t\" -1.5 [-5]",
    ];
    let mut writer = Writer::default();
    assert_eq!(one(&made(), &mut writer), expected);
    assert_eq!(one(&made(), &mut writer), expected, "buffers are kept");
}

#[test]
fn version_two_is_version_one_with_metadata() {
    let mut writer = Writer::default();
    let with = |line: String| {
        let of = |name: &str| line.contains(&format!("__name__=\"{name}"));
        let (more, kind, help, start) = match () {
            () if of("a_total") => (true, 1, "A.", 1_800_000_000_000i64),
            () if of("h") => (true, 3, "", BOOT + 1000),
            () if of("s") => (true, 5, "S.", BOOT + 1000),
            () => (false, 0, "A.", 0),
        };
        let line = match more && !line.contains("stale") {
            true => line.replace(']', &format!(", {start}]")),
            false => line,
        };
        format!("{line} {kind} {help:?}")
    };
    let expected: Vec<_> = one(&made(), &mut writer).into_iter().map(with).collect();
    assert_eq!(two(&made(), &mut writer), expected);
    assert_eq!(two(&made(), &mut writer), expected, "buffers are kept");
}

#[test]
fn instance_and_job_are_added_where_they_lack() {
    let more = [("instance", "edge-17"), ("job", "sysmetrics")];
    let more = more.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut made = made();
    made.family("w", Kind::Gauge, "")
        .number(&[("instance", "other")], Value::Int(1))
        .number(&[("a", "b"), ("instance", "other"), ("job", "own"), ("z", "y")], Value::Int(2))
        .number(&[("instance_", "c"), ("jo", "d"), ("jobs", "e")], Value::Int(3));
    let mut writer = Writer::default();
    let one = one_with(&made, &more, &mut writer);
    let both = "instance=\"edge-17\",job=\"sysmetrics\"";
    for (at, start) in [
        (0, format!("A=\"first\",__name__=\"a_total\",{both},k=\"é\\\"\\\\\\n\" ")),
        (2, "__name__=\"h_bucket\",instance=\"edge-17\",job=\"x\",le=\"0.5\",m=\"y\" ".to_owned()),
        (7, format!("__name__=\"s\",a=\"k\",{both},quantile=\"0.5\" ")),
        (10, format!("__name__=\"s\",{both},quantile=\"0.99\",z=\"gone\" stale ")),
        (13, format!("__name__=\"t\",{both} ")),
        (14, "__name__=\"w\",instance=\"other\",job=\"sysmetrics\" 1 ".to_owned()),
        (15, "__name__=\"w\",a=\"b\",instance=\"other\",job=\"own\",z=\"y\" 2 ".to_owned()),
        (16, "__name__=\"w\",instance=\"edge-17\",instance_=\"c\",jo=\"d\",job=\"sysmetrics\",jobs=\"e\" 3 ".to_owned()),
    ] {
        assert!(one[at].starts_with(&start), "{at}: {}", one[at]);
    }
    let two = two_with(&made, &more, &mut writer);
    for (one, two) in one.iter().zip(&two) {
        assert!(two.starts_with(one.trim_end_matches(']')), "{one} {two}");
    }
    let only = one_with(&made, &more[1..], &mut writer);
    assert!(only[13].starts_with("__name__=\"t\",job=\"sysmetrics\" "), "{}", only[13]);
}

fn many() -> Made {
    let mut made = Made::new();
    for family in 0..50 {
        made.family(&format!("sysmetrics_family_{family}_total"), Kind::Counter, "What it counts.");
        for series in 0..10 {
            let device = format!("disk{series}");
            let labels = [("device", &*device), ("instance", "box-1"), ("mode", "read")];
            made.number(&labels, Value::Centi(family * 1_000_003 + series));
        }
    }
    made
}

#[test]
fn many_symbols_are_found_again() {
    let mut made = many();
    made.family("wide", Kind::Gauge, "");
    let long = "x".repeat(20_000);
    for i in 0..2000 {
        made.number(&[(&format!("key{i}"), &format!("{i}")), ("z", &long)], Value::Int(i));
    }
    let mut writer = Writer::default();
    let (one, two) = (one(&made, &mut writer), two(&made, &mut writer));
    assert_eq!(one.len(), 2500);
    for (at, (one, two)) in one.iter().zip(&two).enumerate() {
        let one = one.trim_end_matches(']');
        assert!(two.starts_with(one), "{at}");
    }
    let mut out = Vec::new();
    writer.encode(ONE, &many().frame().view(BOOT), &[], &mut out);
    assert!(out.len() < 20_000, "it is compressed: {}", out.len());
}

/// `cargo test --release --lib how_long -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn how_long_a_sample_takes() {
    let frame = many().frame();
    let (mut writer, mut out) = (Writer::default(), Vec::new());
    let mut time = |what: &str, encode: &mut dyn FnMut(&mut Vec<u8>) -> u64| {
        let start = Instant::now();
        for _ in 0..2000 {
            out.clear();
            encode(&mut out);
        }
        let nanos = start.elapsed().as_nanos() / (2000 * 500);
        println!("{what}: {nanos} ns a sample, {} bytes", out.len());
    };
    let view = frame.view(BOOT);
    time("one", &mut |out| writer.encode(ONE, &view, &[], out));
    time("two", &mut |out| writer.encode(TWO, &view, &[], out));
    time("influx", &mut |out| crate::outputs::export::influx::encode(&view, false, &[], out));
}
