use super::*;
use crate::model::frame::FamilyDef;
use crate::model::frame::testing::Made;
use crate::model::metric::Kind;
use crate::outputs::export::Verdict;
use crate::settings::Export;
use crate::workers::Answer;
use std::time::Duration;

const BOOT: i64 = 1_800_000_000_250;

fn lines(made: &Made, by_collector: bool) -> (String, u64) {
    lines_with(made, by_collector, &[])
}

fn lines_with(made: &Made, by_collector: bool, more: &[(String, String)]) -> (String, u64) {
    let mut out = b"before\n".to_vec();
    let left_out = encode(&made.frame().view(BOOT), by_collector, more, &mut out);
    let text = String::from_utf8(out).unwrap();
    (text.strip_prefix("before\n").unwrap().to_owned(), left_out)
}

#[test]
fn every_kind_has_its_fields() {
    let mut made = Made::new();
    made.family("a_total", Kind::Counter, "A.")
        .number(&[("k", "v"), ("l", "w")], Value::Centi(150))
        .number(&[("k", "gone")], Value::Int(1))
        .gone();
    made.family("h", Kind::Histogram, "").histogram(&[], &[0.5, 2.0], &[2, 0, 3], 7.5);
    made.family("s", Kind::Summary, "").summary(&[("k", "v")], &[(0.5, 2.5), (0.99, 4.0)], 9.0, 4);
    made.family("t", Kind::Gauge, "").timed(&[], Value::Float(-1e-7), -5);
    let expected = "a_total,k=v,l=w value=1.50 1800000005250\n\
         h 0.5=2,2=2,+Inf=5,count=5,sum=7.5 1800000005250\n\
         s,k=v 0.5=2.5,0.99=4,count=4,sum=9 1800000005250\n\
         t value=-1e-7 -5\n";
    assert_eq!(lines(&made, false), (expected.to_owned(), 0));
}

#[test]
fn a_host_is_added_where_it_lacks() {
    let more = [("host".to_owned(), "a b=,\\".to_owned())];
    let mut made = Made::new();
    made.family("g", Kind::Gauge, "")
        .number(&[("k", "v")], Value::Int(1))
        .number(&[("host", "other"), ("k", "v")], Value::Int(2))
        .number(&[], Value::Int(3));
    let expected = "g,k=v,host=a\\ b\\=\\, value=1 1800000005250\n\
         g,host=other,k=v value=2 1800000005250\n\
         g,host=a\\ b\\=\\, value=3 1800000005250\n";
    assert_eq!(lines_with(&made, false, &more), (expected.to_owned(), 0));
    let expected = expected.replace("g,", "custom,").replace(" value", " g");
    assert_eq!(lines_with(&made, true, &more), (expected, 0));
}

#[test]
fn values_that_the_protocol_lacks_are_left_out_and_counted() {
    let mut made = Made::new();
    made.family("g", Kind::Gauge, "")
        .number(&[("k", "a")], Value::Float(f64::NAN))
        .number(&[("k", "b")], Value::Float(f64::NEG_INFINITY))
        .number(&[("k", "c")], Value::Int(u64::MAX))
        .timed(&[("k", "d")], Value::Int(1), i64::MIN)
        .timed(&[("k", "e")], Value::Int(2), 9_223_372_036_855)
        .timed(&[("k", "f")], Value::Int(3), 9_223_372_036_854);
    made.family("h", Kind::Histogram, "").histogram(&[], &[], &[4], f64::INFINITY);
    made.family("s", Kind::Summary, "").summary(&[], &[(0.5, f64::NAN)], 0.0, 0);
    let expected = "g,k=c value=18446744073709551615 1800000005250\ng,k=f value=3 9223372036854\n\
         h +Inf=4,count=4 1800000005250\ns count=0,sum=0 1800000005250\n";
    assert_eq!(lines(&made, false), (expected.to_owned(), 6));
}

#[test]
fn a_collector_is_a_measurement() {
    let mut made = Made::new();
    let def = |name, collector| {
        let (help, kind, is_delta) = ("", Kind::Gauge, false);
        FamilyDef { name, help, kind, is_delta, collector }
    };
    made.define(def("load1", "loadavg")).number(&[("host", "a")], Value::Centi(1));
    made.define(def("load5", "loadavg"))
        .number(&[("host", "a")], Value::Float(f64::NAN))
        .number(&[("host", "a"), ("x", "y")], Value::Centi(2))
        .number(&[("host", "a"), ("x", "y")], Value::Centi(3));
    made.define(def("up", "other")).number(&[("host", "a"), ("x", "y")], Value::Int(1));
    made.define(def("p q", "")).number(&[], Value::Int(5)).timed(&[], Value::Int(6), 7);
    made.define(FamilyDef { kind: Kind::Histogram, ..def("h", "") }).histogram(
        &[],
        &[0.5],
        &[1, 2],
        3.0,
    );
    made.define(FamilyDef { kind: Kind::Summary, ..def("s", "") }).summary(
        &[],
        &[(1.0, 8.0)],
        9.0,
        1,
    );
    let expected = "loadavg,host=a load1=0.01 1800000005250\n\
         loadavg,host=a,x=y load5=0.02,load5=0.03 1800000005250\n\
         other,host=a,x=y up=1 1800000005250\n\
         custom p\\ q=5 1800000005250\ncustom p\\ q=6 7\n\
         custom h_0.5=1,h_+Inf=3,h_count=3,h_sum=3,s_1=8,s_count=1,s_sum=9 1800000005250\n";
    assert_eq!(lines(&made, true), (expected.to_owned(), 1));
}

#[test]
fn names_are_escaped_by_the_book() {
    let mut made = Made::new();
    made.family("#a,b=c d\n\\", Kind::Gauge, "").number(
        &[
            ("_field", "q\"q"),
            ("a=b,c", "x=y, z"),
            ("back", "C:\\"),
            ("end\\", "\\,\\\\"),
            ("new\nline", "one\r\ntwo"),
            ("nothing", "\\\\"),
            ("time", "é"),
        ],
        Value::Int(7),
    );
    let expected = "_a\\,b=c\\ d\\  ".to_owned();
    let expected = [
        expected.trim_end_matches(' '),
        " ,_field_=q\"q,a\\=b\\,c=x\\=y\\,\\ z,back=C:,end=\\\\,,new\\ line=one\\ \\ two,time_=é value=7 \
         1800000005250\n",
    ]
    .concat();
    assert_eq!(lines(&made, false), (expected, 0));
}

/// A reader of lines that looks at one character after the other: measurement, tags, fields, time.
type Line = (String, Vec<(String, String)>, Vec<(String, String)>, String);

fn read(line: &str) -> Line {
    /// Up to a character of `ends` that is not escaped.
    fn take(rest: &mut &str, ends: &str, special: &str) -> String {
        let mut out = String::new();
        loop {
            let mut chars = rest.chars();
            match chars.next() {
                None => return out,
                Some('\\') if chars.next().is_some_and(|c| special.contains(c)) => {
                    out.extend(rest[1..].chars().next());
                    *rest = &rest[1 + rest[1..].chars().next().unwrap().len_utf8()..];
                }
                Some(c) if ends.contains(c) => return out,
                Some(c) => {
                    out.push(c);
                    *rest = &rest[c.len_utf8()..];
                }
            }
        }
    }
    let mut rest = line;
    let measurement = take(&mut rest, ", ", ", ");
    let pairs = |rest: &mut &str| {
        let mut all = Vec::new();
        loop {
            *rest = &rest[1..];
            let key = take(rest, "=", ",= ");
            *rest = &rest[1..];
            all.push((key, take(rest, ", ", ",= ")));
            if !rest.starts_with(',') {
                return all;
            }
        }
    };
    let tags = if rest.starts_with(',') { pairs(&mut rest) } else { Vec::new() };
    let fields = pairs(&mut rest);
    (measurement, tags, fields, rest[1..].to_owned())
}

#[test]
fn a_naive_reader_reads_the_request() {
    let mut seed = 11u64;
    let mut chance = |n: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % n
    };
    const ODD: [char; 12] = ['\\', ',', '=', ' ', '"', '\n', '\t', '#', 'a', 'é', 't', '\\'];
    for _ in 0..20_000 {
        let mut text = |least: usize| -> String {
            (0..least + chance(6)).map(|_| ODD[chance(ODD.len())]).collect()
        };
        let name = ["m", &text(0)].concat();
        let mut labels: Vec<_> = (0..3).map(|i| (format!("{i}{}", text(0)), text(1))).collect();
        labels.sort();
        let given: Vec<_> = labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let mut made = Made::new();
        made.family(&name, Kind::Gauge, "").number(&given, Value::Int(7));
        for by_collector in [false, true] {
            let (line, _) = lines(&made, by_collector);
            assert_eq!(line.matches('\n').count(), 1, "{line:?}");
            let as_kept = |text: &str| {
                let text = text.trim_end_matches('\\');
                text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>()
            };
            let tags: Vec<_> = given.iter().map(|(k, v)| (as_kept(k), as_kept(v))).collect();
            let tags: Vec<_> = tags.into_iter().filter(|(_, v)| !v.is_empty()).collect();
            let (measurement, field) =
                if by_collector { (CUSTOM, &*name) } else { (&*name, "value") };
            let expected: Line = (
                as_kept(measurement),
                tags,
                vec![(as_kept(field), "7".to_owned())],
                "1800000005250".to_owned(),
            );
            assert_eq!(read(line.trim_end_matches('\n')), expected, "{line:?}");
        }
    }
}

#[test]
fn urls_are_completed() {
    let two = Export { org: "my org".into(), bucket: "a/b&ü".into(), ..Export::default() };
    let one = Export {
        database: "d b".into(),
        retention_policy: "30d".into(),
        org: "not for version 1".into(),
        ..Export::default()
    };
    for (settings, endpoint, expected) in [
        (
            &two,
            "http://h:8086",
            "http://h:8086/api/v2/write?org=my%20org&bucket=a%2Fb%26%C3%BC&precision=ms",
        ),
        (
            &two,
            "http://h/api/v2/write?org=x&y#z",
            "http://h/api/v2/write?org=x&y&bucket=a%2Fb%26%C3%BC&precision=ms",
        ),
        (&one, "http://h:8086/", "http://h:8086/write?db=d%20b&rp=30d&precision=ms"),
        (
            &one,
            "http://h/influx/write?precision=ns&u=v",
            "http://h/influx/write?u=v&db=d%20b&rp=30d&precision=ms",
        ),
        (&one, "http://h/proxy/", "http://h/proxy/write?db=d%20b&rp=30d&precision=ms"),
        (&Export::default(), "http://write", "http://write/api/v2/write?precision=ms"),
        (&Export::default(), "http://h/write?db=x", "http://h/write?db=x&precision=ms"),
    ] {
        let export = Export { endpoint: endpoint.into(), ..settings.clone() };
        assert_eq!(url(&export), expected);
    }
}

#[test]
fn answers_are_judged_as_influxdb_means_them() {
    let judged = |status: u16, body: &str| {
        let retry_after = Some(Duration::from_secs(9));
        judge(&Answer { status, retry_after, body: body.into(), ..Answer::default() })
    };
    let text = |status: u16, body: &str| match body {
        "" => format!("it answers {status}"),
        body => format!("it answers {status}: {body}"),
    };
    for status in [200, 204] {
        assert_eq!(judged(status, "x"), Verdict::Done);
    }
    for (status, reason) in [
        (401, "unauthorized"),
        (403, "unauthorized"),
        (404, "not_found"),
        (408, "server"),
        (429, "throttled"),
        (500, "server"),
        (503, "server"),
    ] {
        let expected = Verdict::Again(reason, text(status, "b"), Some(Duration::from_secs(9)));
        assert_eq!(judged(status, "b"), expected);
    }
    for status in [301, 400, 405, 422] {
        assert_eq!(judged(status, "bad"), Verdict::Never("refused", text(status, "bad")));
    }
    assert_eq!(judged(413, ""), Verdict::Halves(text(413, "")));
    for (body, count) in [
        ("partial write: field type conflict: … already exists as type float dropped=2", 2),
        ("partial write: points beyond retention policy dropped=17\"}", 17),
        ("partial write: unable to parse 'a': missing fields\nunable to parse 'b' dropped=0", 2),
        ("partial write: something", 1),
        ("dropped=99999999999999999999999 partial write", 1),
    ] {
        // A cluster may say the last but one of a part that is away.
        let statuses = if body.contains("dropped=") { &[400, 422, 500][..] } else { &[400, 422] };
        for status in statuses.iter().copied() {
            assert!(matches!(judged(status, body), Verdict::Partial(n, _) if n == count), "{body}");
        }
    }
    assert!(matches!(judged(500, "partial write"), Verdict::Again("server", ..)));
    for body in ["field type conflict: input field \"value\"", "unable to parse 'x'"] {
        assert!(matches!(judged(500, body), Verdict::Never("refused", _)), "{body}");
    }
}
