use super::*;
use crate::model::metric::{Row, Unit, counter, gauge};

fn render(format: Format, write: impl FnOnce(&mut Text<'_>)) -> String {
    let (mut out, mut lines) = (Buffer::default(), Lines::default());
    let mut text = Text::new(Dialect::Own, format, &mut out, &mut lines);
    write(&mut text);
    text.finish();
    String::from_utf8(out.bytes().to_vec()).unwrap()
}

const READS: Row = counter("reads_total", Unit::One, "Say \"reads\".", &["a", "b"]);

#[test]
fn formats_differ_where_the_specifications_do() {
    let write = |out: &mut Text<'_>| {
        out.family(&READS);
        out.sample(&["x".into(), "y".into()], Value::Int(7));
        out.family(&gauge("level_total", Unit::One, "Level.", &[]));
        out.sample(&[], Value::Centi(150));
    };
    assert_eq!(
        render(Format::Prometheus, write),
        "# HELP sysmetrics_reads_total Say \"reads\".\n# TYPE sysmetrics_reads_total counter\n\
         sysmetrics_reads_total{a=\"x\",b=\"y\"} 7\n\
         # HELP sysmetrics_level_total Level.\n# TYPE sysmetrics_level_total untyped\n\
         sysmetrics_level_total 1.50\n"
    );
    assert_eq!(
        render(Format::OpenMetrics, write),
        "# HELP sysmetrics_reads Say \\\"reads\\\".\n# TYPE sysmetrics_reads counter\n\
         sysmetrics_reads_total{a=\"x\",b=\"y\"} 7\n\
         # HELP sysmetrics_level_total Level.\n# TYPE sysmetrics_level_total unknown\n\
         sysmetrics_level_total 1.50\n# EOF\n"
    );
}

#[test]
fn external_labels_are_added_where_there_is_none_of_that_name() {
    use crate::model::metric::Histogram;
    let labels = [("a", "own"), ("env", "p\"q")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let (mut out, mut lines) = (Buffer::default(), Lines::default());
    let mut scrape = |lines: &mut Lines| {
        out.truncate(0);
        let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, lines);
        text.family(&READS);
        text.sample(&["x".into(), "y".into()], Value::Int(7));
        text.sample(&["longer than a word is".into(), "\n".into()], Value::Int(8));
        text.family(&gauge("level", Unit::One, "Level.", &[]));
        text.sample(&[], Value::Int(1));
        text.family(&gauge("pushed", Unit::One, "Pushed.", &[]).unprefixed());
        text.labelled(Labels::rendered(b"env=\"x\""), Point::Number(Value::Int(2)), None);
        let histogram = Histogram { bounds: &[], counts: &[3], sum: 0.5 };
        text.labelled(Labels::rendered(b""), Point::Histogram(histogram), None);
        text.finish();
        let text = String::from_utf8(out.bytes().to_vec()).unwrap();
        text.lines().filter(|l| !l.starts_with('#')).collect::<Vec<_>>().join("\n")
    };
    let plain = scrape(&mut lines);
    lines.label(&labels);
    let constant = "env=\"p\\\"q\"";
    let both = format!("a=\"own\",{constant}");
    let expected = format!(
        "sysmetrics_reads_total{{{constant},a=\"x\",b=\"y\"}} 7\n\
         sysmetrics_reads_total{{{constant},a=\"longer than a word is\",b=\"\\n\"}} 8\n\
         sysmetrics_level{{{both}}} 1\npushed{{env=\"x\",a=\"own\"}} 2\n\
         pushed_bucket{{{both},le=\"+Inf\"}} 3\npushed_sum{{{both}}} 0.5\n\
         pushed_count{{{both}}} 3"
    );
    assert_eq!(scrape(&mut lines), expected);
    assert_eq!(scrape(&mut lines), expected, "from what is kept");
    lines.label(&[]);
    assert_eq!(scrape(&mut lines), plain);
}

#[test]
fn families_without_samples_and_rewound_ones_leave_no_trace() {
    let text = render(Format::Prometheus, |out| {
        out.family(&READS);
        let mark = out.mark();
        assert_eq!(mark, 0);
        out.family(&READS);
        out.sample(&["x".into(), "y".into()], Value::Int(7));
        out.rewind(mark);
        out.sample(&["x".into(), "y".into()], Value::Int(8)); // no current family now
        out.family(&READS);
    });
    assert_eq!(text, "");
}

#[test]
fn any_bytes_make_a_valid_label() {
    let text = render(Format::Prometheus, |out| {
        out.family(&READS);
        let odd: [&[u8]; 2] = [b"q\"b\\n\n", b"\xffok\xc3\xa9\xe2\x82"];
        out.sample(&odd.map(Label::of), Value::Int(1));
    });
    assert!(text.ends_with("{a=\"q\\\"b\\\\n\\n\",b=\"\u{FFFD}oké\u{FFFD}\"} 1\n"), "{text}");
}
