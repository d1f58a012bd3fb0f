mod wholes;

use super::line::OPEN;
use super::*;
use crate::model::metric::{Point, Value};

fn read(text: &str, syntax: Syntax) -> Result<Vec<String>, BadLine> {
    let (mut reader, mut out) = (Reader::default(), Vec::new());
    reader.read(text.as_bytes(), syntax, &mut |read| out.push(shown(read)))?;
    Ok(out)
}

fn shown(read: Read<'_>) -> String {
    let sample = match read {
        Ok(sample) => sample,
        Err((name, reason)) => return format!("{name}: {}", reason.text().0),
    };
    let mut labels = Vec::new();
    for (name, value) in sample.labels.pairs() {
        labels.extend_from_slice(name.as_bytes());
        labels.push(b'=');
        value.write(&mut labels);
        labels.push(b';');
    }
    let point = match sample.point {
        Point::Number(Value::Float(value)) => format!("{value}"),
        other => format!("{other:?}"),
    };
    let labels = String::from_utf8(labels).unwrap();
    let time = sample.time.map_or(String::new(), |time| format!(" @{time}"));
    format!("{:?} {}[{labels}] {point}{time}", sample.kind, sample.name)
}

#[track_caller]
fn is(text: &str, syntax: Syntax, expected: &[&str]) {
    assert_eq!(read(text, syntax).unwrap(), expected);
    // As Windows ends lines, and without an end.
    assert_eq!(read(&text.replace('\n', "\r\n"), syntax).unwrap(), expected);
    assert_eq!(read(text.trim_end(), syntax).unwrap(), expected);
}

#[test]
fn numbers_of_every_kind() {
    is(
        "# a comment\n#HELP\n\n# HELP c Counts \\\\ \\n.\n# TYPE c counter\n\
         c{a=\"b\",q=\"\\\"\\\\\\n\\x\",} 1.5 1700000000123\n  c { a = \"1\" , } 2\n\
         # TYPE g gauge\ng NaN\ng{} +Inf -5\ng{a=\"}\"} -Inf\nu:x 1e-3\nlate 1\n\
         # TYPE late gauge\nlate{a=\"b\"} 2\nc{again=\"1\"} 3\n# EOF\nx_info 1\n",
        Syntax::Prometheus,
        &[
            "Counter c[a=b;q=\"\\\n\\x;] 1.5 @1700000000123",
            "Counter c[a=1;] 2",
            "Gauge g[] NaN",
            "Gauge g[] inf @-5",
            "Gauge g[a=};] -inf",
            "Untyped u:x[] 0.001",
            "Untyped late[] 1",
            "Gauge late[a=b;] 2",
            "Counter c[again=1;] 3",
            "Untyped x_info[] 1",
        ],
    );
}

#[test]
fn kinds_that_only_open_metrics_has() {
    is(
        "# TYPE c counter\n# UNIT c seconds\nc_total{a=\"b\"} 1 1.25 # {t=\"x\"} 3 4\nc_created 5\n\
         c_total 2 # {} 1\n# TYPE i info\ni_info{v=\"1\"} 1\n# TYPE e stateset\ne{e=\"on\"} 1\n\
         # TYPE g gaugehistogram\ng_bucket{le=\"1.0\"} 1\ng_gsum 4\ng_gcount 2\n\
         # TYPE u unknown\nu 1 -1.5\n# EOF\n",
        Syntax::OpenMetrics,
        &[
            "Counter c_total[a=b;] 1 @1250",
            "Counter c_total[] 2",
            "Gauge i_info[v=1;] 1",
            "Gauge e[e=on;] 1",
            "Gauge g_bucket[le=1.0;] 1",
            "Gauge g_gsum[] 4",
            "Gauge g_gcount[] 2",
            "Untyped u[] 1 @-1500",
        ],
    );
}

#[test]
fn names_may_be_any_text() {
    is(
        "# HELP \"a.b\" h\n# TYPE \"a.b\" gauge\n{\"a.b\",c=\"1\"} 1\n{c=\"2\" , \"a.b\" } 2\n\
         {\"plain\"} 3\nx{\"k.l\"=\"v\",\"m\"=\"\"} 4\n{ \"q\\\"\\\\\\n\" }5\n{\"é\"} 6\n\
         # TYPE \"h.i\" histogram\n{\"h.i_bucket\",le=\"+Inf\"} 1\n{\"h.i_sum\"} 1\n{\"h.i_count\"} 1\n\
         # TYPE \"s\\\"\" summary\n{\"s\\\"_sum\"} 1\n",
        Syntax::Prometheus,
        &[
            "Gauge a.b[c=1;] 1",
            "Gauge a.b[c=2;] 2",
            "Untyped plain[] 3",
            "Untyped x[k.l=v;m=;] 4",
            "Untyped q\"\\\n[] 5",
            "Untyped é[] 6",
            "Histogram h.i[] Histogram(Histogram { bounds: [], counts: [1], sum: 1.0 })",
            "s\": unassembled",
            "Untyped s\"_sum[] 1",
        ],
    );
}

#[test]
fn what_prometheus_accepts_is_accepted() {
    is(
        "# HELP\n# HELP b\n# HELP \n# TYPE\n# TYPE \na{x=\"1\"y=\"2\"} 1\na{x=\"3\" y=\"4\"} 2\na{v=\"x\"}3\n\
         b\t1\n\n  \n# TYPE x_created counter\n# TYPE x counter\nx_created 1\nx NaN\n",
        Syntax::Prometheus,
        &[
            "Untyped a[x=1;y=2;] 1",
            "Untyped a[x=3;y=4;] 2",
            "Untyped a[v=x;] 3",
            "Untyped b[] 1",
            "Counter x_created[] 1",
            "Counter x[] NaN",
        ],
    );
    // No blank before a sign or a point, as in Go's readers.
    let text = "a+5\nb-1 7\nc.5\nd1e+05\ne+Inf";
    let all = [
        "Untyped a[] 5",
        "Untyped b[] -1 @7",
        "Untyped c[] 0.5",
        "Untyped d1e[] 5",
        "Untyped e[] inf",
    ];
    is(text, Syntax::Prometheus, &all);
    // Ends of lines in a value, at most as far as there are quotation marks that close.
    let text = "a{v=\"x\ny 3\n\"}3\nb{v=\"\nc 4\nd{w=\"\n\"} 5";
    let (mut reader, mut out) = (Reader::default(), Vec::new());
    let each = &mut |read: Read<'_>| out.push(shown(read));
    let bad = reader.read(text.as_bytes(), Syntax::Prometheus, each).unwrap_err();
    assert_eq!((bad.line, bad.expected), (4, OPEN));
    out.remove(1);
    assert_eq!(out, ["Untyped a[v=x\ny 3\n;] 3", "Untyped c[] 4", "Untyped d[w=\n;] 5"]);
    let long = format!("# HELP a {0}\na{{b=\"{0}\"}} 1\n", "x".repeat(100 << 10));
    assert_eq!(read(&long, Syntax::Prometheus).unwrap().len(), 1);
}

#[test]
fn faults_have_a_line_and_what_was_expected() {
    let good = "# TYPE a gauge\na 1\n";
    for (bad, expected) in [
        ("1a 1", "a metric's name"),
        ("a", "a metric's name, labels in braces, or a blank and a value"),
        ("a1e5", "a metric's name, labels in braces, or a blank and a value"),
        ("a-b 1", "a metric's name, labels in braces, or a blank and a value"),
        ("a 1x", "a number"),
        ("a 1e400", "a number"),
        ("a -1e999", "a number"),
        ("a{} ", "a number"),
        ("a 1 2.5", "a time in milliseconds, or the end"),
        ("a 1 2 3", "the end of the line"),
        ("a 1 # {} 1", "a time in milliseconds, or the end"),
        ("a{b} 1", "= after a label's name"),
        ("a{b=c} 1", "a label's value in quotation marks"),
        ("a{b=\"c} 1", "the quotation mark that ends a label's value"),
        ("a{b=\"c\\", "the quotation mark that ends a label's value"),
        ("a{b=\"c\"", "a comma or } after a label"),
        ("a{b=\"c\",,d=\"e\"} 1", "a label's name or }"),
        ("a{,} 1", "a label's name or }"),
        ("a{\"b\"} 1", "= after a label's name"),
        ("{\"b\",\"c\"} 1", "= after a label's name"),
        ("{b=\"c\"} 1", "a metric's name"),
        ("\u{feff}a 1", sample::NO_MARK),
        ("# TYPE a number", "a type, such as counter, gauge, histogram, summary or untyped"),
        ("# TYPE a", "a type, such as counter, gauge, histogram, summary or untyped"),
        ("# TYPE 1 gauge", "a metric's name"),
        (&format!("a{{{}}} 1", "b=\"c\",".repeat(257)), "fewer labels"),
    ] {
        let text = format!("{good}{bad}\na 2\n");
        let fault = BadLine { line: 3, expected };
        assert_eq!(read(&text, Syntax::Prometheus), Err(fault), "{bad}");
        // The others are read.
        let (mut reader, mut out) = (Reader::default(), Vec::new());
        let each = &mut |read: Read<'_>| out.push(shown(read));
        assert_eq!(reader.read(text.as_bytes(), Syntax::Prometheus, each), Err(fault));
        let line = format!("line 3, expected {expected}: unreadable");
        assert_eq!(out, ["Gauge a[] 1", &line, "Gauge a[] 2"], "{bad}");
    }
    for (bad, line, expected) in [
        ("a 1\n", 2, "# EOF"),
        ("", 1, "# EOF"),
        ("# EOF\na 1\n", 2, "nothing after # EOF"),
        ("a 1\n# EOF x\n", 2, "# EOF and nothing else"),
        ("a 1 x\n# EOF\n", 1, "a time in seconds, or the end"),
        ("<html>\n# TYPE a gauge\n</html>\n", 1, "a metric's name"),
        ("a 1\n<html>\nb 1\n</html>\n", 2, "a metric's name"),
    ] {
        let fault = BadLine { line, expected };
        assert_eq!(read(bad, Syntax::OpenMetrics), Err(fault), "{bad:?}");
    }
}

#[test]
fn invalid_utf8_is_replaced() {
    let (mut reader, mut out) = (Reader::default(), Vec::new());
    let text = b"# HELP a \xff\na{b=\"x\xffy\\\\\"} 1\n";
    reader
        .read(text, Syntax::Prometheus, &mut |read| {
            assert_eq!(read.unwrap().help, "\u{fffd}");
            out.push(shown(read));
        })
        .unwrap();
    assert_eq!(out, ["Untyped a[b=x\u{fffd}y\\;] 1"]);
}

#[test]
fn the_content_type_decides_the_syntax() {
    for (content_type, syntax) in [
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", Syntax::OpenMetrics),
        ("Application/OpenMetrics-Text", Syntax::OpenMetrics),
        ("text/plain; version=0.0.4", Syntax::Prometheus),
        ("", Syntax::Prometheus),
    ] {
        assert_eq!(Syntax::of(content_type), syntax, "{content_type}");
    }
}
