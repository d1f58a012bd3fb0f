use super::*;
use crate::model::frame::State;
use crate::model::frame::testing::Made;
use crate::model::metric::{Kind, Value};
use crate::outputs::export::Verdict;
use crate::workers::Answer;
use std::time::{Duration, Instant};

const BOOT: i64 = 1_800_000_000_250;
const ONE: RemoteWriteVersion = RemoteWriteVersion::One;
const TWO: RemoteWriteVersion = RemoteWriteVersion::Two;

/// What a field has.
#[derive(Clone, Debug, PartialEq)]
enum Field<'a> {
    Varint(u64),
    Double(u64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut n, mut shift) = (0, 0);
    loop {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        n |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return n;
        }
    }
}

/// A decoder of messages that does nothing else.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let field = match tag & 7 {
            0 => Field::Varint(varint(&mut bytes)),
            1 => {
                let (eight, rest) = bytes.split_at(8);
                bytes = rest;
                Field::Double(u64::from_le_bytes(eight.try_into().unwrap()))
            }
            2 => {
                let len = varint(&mut bytes) as usize;
                let (text, rest) = bytes.split_at(len);
                bytes = rest;
                Field::Bytes(text)
            }
            other => panic!("wire type {other}"),
        };
        all.push((tag >> 3, field));
    }
    all
}

fn bytes<'a>(field: &Field<'a>) -> &'a [u8] {
    let Field::Bytes(bytes) = field else { panic!("{field:?}") };
    bytes
}

fn text(field: &Field<'_>) -> String {
    String::from_utf8(bytes(field).to_vec()).unwrap()
}

/// `{a="b",…} value time`.
fn shown(labels: &[(String, String)], bits: u64, rest: &[i64]) -> String {
    for pair in labels.windows(2) {
        assert!(pair[0].0 < pair[1].0, "sorted, none twice: {labels:?}");
    }
    assert!(labels.iter().all(|(k, v)| !k.is_empty() && !v.is_empty()));
    let labels: Vec<_> = labels.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
    let value = match bits {
        parts::STALE => "stale".to_owned(),
        bits => f64::from_bits(bits).to_string(),
    };
    format!("{} {value} {rest:?}", labels.join(","))
}

fn sample(field: &Field<'_>) -> (u64, Vec<i64>) {
    let parts = fields(bytes(field));
    let (1, Field::Double(bits)) = parts[0] else { panic!("{parts:?}") };
    let times = parts[1..].iter().enumerate().map(|(at, (number, field))| {
        assert_eq!(*number, at as u64 + 2);
        let Field::Varint(n) = field else { panic!("{field:?}") };
        *n as i64
    });
    (bits, times.collect())
}

/// Labels of what leaves.
type More = [(String, String)];

fn plain(
    version: RemoteWriteVersion,
    made: &Made,
    more: &More,
    writer: &mut Writer,
) -> (Vec<u8>, u64) {
    let mut out = b"before".to_vec();
    let count = writer.encode(version, &made.frame().view(BOOT), more, &mut out);
    let block = out.strip_prefix(b"before").unwrap();
    (snap::raw::Decoder::new().decompress_vec(block).unwrap(), count)
}

fn one(made: &Made, writer: &mut Writer) -> Vec<String> {
    one_with(made, &[], writer)
}

fn one_with(made: &Made, more: &More, writer: &mut Writer) -> Vec<String> {
    let (plain, count) = plain(ONE, made, more, writer);
    let shown: Vec<_> = fields(&plain)
        .iter()
        .map(|(number, series)| {
            assert_eq!(*number, 1);
            let parts = fields(bytes(series));
            let (last, labels) = parts.split_last().unwrap();
            let labels: Vec<_> = labels
                .iter()
                .map(|(number, label)| {
                    let pair = fields(bytes(label));
                    assert_eq!((*number, pair.len(), pair[0].0, pair[1].0), (1, 2, 1, 2));
                    (text(&pair[0].1), text(&pair[1].1))
                })
                .collect();
            assert_eq!(last.0, 2);
            let (bits, times) = sample(&last.1);
            shown(&labels, bits, &times)
        })
        .collect();
    assert_eq!(shown.len() as u64, count);
    shown
}

fn two(made: &Made, writer: &mut Writer) -> Vec<String> {
    two_with(made, &[], writer)
}

fn two_with(made: &Made, more: &More, writer: &mut Writer) -> Vec<String> {
    let (plain, count) = plain(TWO, made, more, writer);
    let all = fields(&plain);
    let symbols: Vec<_> = all.iter().filter(|(n, _)| *n == 4).map(|(_, f)| text(f)).collect();
    let mut distinct = symbols.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), symbols.len(), "each text once");
    assert_eq!(symbols[0], "");
    let shown: Vec<_> = all[symbols.len()..]
        .iter()
        .map(|(number, series)| {
            assert_eq!(*number, 5);
            let parts = fields(bytes(series));
            assert_eq!(parts.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [1, 2, 5]);
            let (mut packed, mut refs) = (bytes(&parts[0].1), Vec::new());
            while !packed.is_empty() {
                refs.push(symbols[varint(&mut packed) as usize].clone());
            }
            let labels: Vec<_> =
                refs.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            let (bits, times) = sample(&parts[1].1);
            let [(1, Field::Varint(kind)), (3, Field::Varint(help))] =
                fields(bytes(&parts[2].1))[..]
            else {
                panic!("metadata")
            };
            let help = &symbols[help as usize];
            format!("{} {kind} {help:?}", shown(&labels, bits, &times))
        })
        .collect();
    assert_eq!(shown.len() as u64, count);
    shown
}

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
fn version_one_is_what_was_meant() {
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
fn series_that_do_not_say_which_box_it_is_get_it() {
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

#[test]
fn answers_mean_what_the_specifications_say() {
    let wait = Some(Duration::from_secs(9));
    let said = |version, status: u16, samples_written: Option<u64>, body: &str| {
        let (retry_after, body) = (wait, body.into());
        judge(
            version,
            &Answer { status, retry_after, samples_written, body, ..Answer::default() },
            10,
        )
    };
    let text = |status: u16| format!("it answers {status}: b");
    for version in [ONE, TWO] {
        assert_eq!(said(version, 204, Some(10), ""), Verdict::Done);
        assert_eq!(said(version, 429, None, "b"), Verdict::Again("throttled", text(429), wait));
        assert_eq!(said(version, 503, None, "b"), Verdict::Again("server", text(503), wait));
        assert_eq!(said(version, 413, None, "b"), Verdict::Halves(text(413)));
        for status in [302, 401, 404, 409] {
            assert_eq!(said(version, status, None, "b"), Verdict::Never("refused", text(status)));
        }
        // Prometheus, Mimir, Cortex, Thanos.
        for (status, body) in [
            (400, "Out of order sample"),
            (400, "out of bounds"),
            (400, "too old sample"),
            (400, "duplicate sample for timestamp"),
            (400, "a more recent timestamp was ingested (err-mimir-sample-out-of-order)"),
            (400, "timestamp is too far in the future (err-mimir-too-far-in-future)"),
            (400, "timestamp too new: 1800000000000"),
            (409, "add 1 samples: out of order sample"),
        ] {
            let verdict = said(version, status, None, body);
            assert!(matches!(verdict, Verdict::Late(_)), "{body}");
            let verdict = said(version, status, Some(0), body);
            assert!(matches!(verdict, Verdict::Late(_)), "nothing was stored: {body}");
        }
        assert_eq!(said(version, 400, Some(0), "b"), Verdict::Never("refused", text(400)));
    }
    assert_eq!(said(ONE, 200, None, ""), Verdict::Done);
    assert_eq!(said(ONE, 400, None, "b"), Verdict::Never("refused", text(400)));
    assert_eq!(said(ONE, 415, None, "b"), Verdict::Never("refused", text(415)));
    assert!(
        matches!(said(TWO, 200, None, ""), Verdict::Older(why) if why.contains("stored nothing"))
    );
    assert_eq!(said(TWO, 415, None, "b"), Verdict::Older(text(415)));
    assert_eq!(said(TWO, 400, None, "b"), Verdict::Older(text(400)));
    assert_eq!(said(TWO, 200, Some(7), "b"), Verdict::Partial(3, text(200)));
    assert_eq!(said(TWO, 400, Some(7), "b"), Verdict::Partial(3, text(400)));
    let text = "it answers 400: out of order sample".to_owned();
    let late = said(TWO, 400, Some(10), "out of order sample");
    assert_eq!(late, Verdict::Partial(1, text), "an upper bound");
    assert_eq!(headers(ONE)[2].1, "0.1.0");
    assert_eq!(headers(TWO)[2].1, "2.0.0");
}

/// A writer that keeps its request says the same as one that has none.
#[test]
fn what_is_gone_over_is_what_would_be_written() {
    let mut frame = made().frame();
    let more = [("instance".to_owned(), "edge-17".to_owned())];
    let (mut writer, mut seed, mut renewed) = (Writer::default(), 7u64, 0);
    for round in 0..3000 {
        let mut next = |n: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        match next(12) {
            0 => frame.table = std::sync::Arc::new((*frame.table).clone()),
            1 => {
                let states = [State::Absent, State::Live, State::Stale];
                let at = next(frame.states.len() as u64) as usize;
                frame.states[at] = states[next(3) as usize];
            }
            _ => {
                let at = next(frame.slots.len() as u64) as usize;
                frame.slots[at] = next(1 << 40);
            }
        }
        frame.moment.since_boot = next(9000);
        // Times of one byte, of six and of ten, and starts that are not before them.
        let boot = [BOOT, BOOT + 60_000, 100, -20_000][next(12).saturating_sub(8) as usize];
        let version = if next(8) == 0 { ONE } else { TWO };
        let more = if next(10) == 0 { &more[..] } else { &[] };
        let (view, mut again, mut new) = (frame.view(boot), Vec::new(), Vec::new());
        let is_like = writer.made_with.as_ref().is_some_and(|(v, m)| *v == version && *m == more);
        renewed +=
            u32::from(is_like && writer.made_of.is_of(&frame) && writer.renew(version, &view));
        let count = writer.encode(version, &view, more, &mut again);
        assert_eq!(count, Writer::default().encode(version, &view, more, &mut new));
        assert!(again == new, "round {round}");
    }
    assert!(renewed > 500, "{renewed}");
}

#[test]
fn a_request_that_is_too_long_is_not_kept() {
    let mut made = Made::new();
    made.family("a", Kind::Gauge, "Help.").number(&[], Value::Int(1));
    let mut writer = Writer::default();
    assert_eq!(two(&made, &mut writer).len(), 1);
    let length = writer.plain.len();
    writer.trim(length);
    assert_eq!((writer.plain.len(), writer.places.len()), (length, 1));
    writer.trim(length - 1);
    assert!(writer.plain.is_empty() && writer.places.is_empty() && writer.made_with.is_none());
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
