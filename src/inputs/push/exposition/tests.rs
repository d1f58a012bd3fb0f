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

/// As the Python client tells it; a gauge of that name without such a family is one.
#[test]
fn when_a_series_was_born_is_no_gauge_of_its_own() {
    is(
        "# TYPE c_total counter\nc_total 1\n# HELP c_created C.\n# TYPE c_created gauge\n\
         c_created{a=\"b\"} 2\nc_created 2\n# TYPE s summary\ns_count 1\ns_sum 1\n\
         # TYPE s_created gauge\ns_created 3\n# TYPE x_created gauge\nx_created 4\n",
        Syntax::Prometheus,
        &[
            "Counter c_total[] 1",
            "Summary s[] Summary(Summary { quantiles: [], sum: 1.0, count: 1 })",
            "Gauge x_created[] 4",
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
fn histograms_and_summaries_come_whole() {
    is(
        "# TYPE h histogram\nh_bucket{le=\"2\",a=\"x\"} 3\nh_bucket{a=\"x\",le=\"1\"} 1\n\
         h_bucket{a=\"y\",le=\"+Inf\"} 7\nh_bucket{a=\"x\",le=\"+Inf\"} 3\nh_sum{a=\"x\"} 2.5\n\
         h_sum{a=\"y\"} -1\nh_count{a=\"x\"} 3\nh_count{a=\"y\"} 7 99\n\
         # TYPE s summary\ns{quantile=\"0.5\"} NaN\ns{quantile=\"1\"} 2\ns_count 4\ns_sum 0.5\n\
         s_count{a=\"b\"} 0\ns_sum{a=\"b\"} 0\n",
        Syntax::Prometheus,
        &[
            "Histogram h[a=x;] Histogram(Histogram { bounds: [1.0, 2.0], counts: [1, 2, 0], sum: 2.5 })",
            "Histogram h[a=y;] Histogram(Histogram { bounds: [], counts: [7], sum: -1.0 }) @99",
            "Summary s[] Summary(Summary { quantiles: [(0.5, NaN), (1.0, 2.0)], sum: 0.5, count: 4 })",
            "Summary s[a=b;] Summary(Summary { quantiles: [], sum: 0.0, count: 0 })",
        ],
    );
}

/// What Prometheus 3.5 stores of such lines.
#[test]
fn what_is_no_histogram_comes_line_by_line() {
    let inf = "h_bucket{le=\"+Inf\"} 3\n";
    for lines in [
        // Buckets that do not count up, or not in whole numbers.
        format!("h_bucket{{le=\"1\"}} 4\n{inf}h_sum 1\nh_count 3"),
        format!("h_bucket{{le=\"1\"}} 0.5\n{inf}h_sum 1\nh_count 3"),
        format!("h_bucket{{le=\"1\"}} NaN\n{inf}h_sum 1\nh_count 3"),
        format!("h_bucket{{le=\"1\"}} -1\n{inf}h_sum 1\nh_count 3"),
        format!("h_bucket{{le=\"1e-05\"}} 1\n{inf}h_sum 1\nh_count 3.5"),
        format!("h_bucket{{le=\"-0\"}} 1\nh_bucket{{le=\"0\"}} 1\n{inf}h_sum 1\nh_count 3"),
        // A part is missing.
        "h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1".to_owned(),
        "h_bucket{le=\"1\"} 1\nh_sum 1".to_owned(),
        "h_sum 1\nh_count 1".to_owned(),
        "h_sum NaN".to_owned(),
        inf.trim_end().to_owned(),
        format!("{inf}h_sum 1"),
        format!("{inf}h_count 3"),
    ] {
        let text = format!("g 1\n# TYPE h histogram\n{lines}\n");
        let mut expected = vec!["Untyped g[] 1".to_owned(), "h: unassembled".to_owned()];
        expected.extend(lines.lines().map(told_line));
        assert_eq!(read(&text, Syntax::Prometheus).unwrap(), expected, "{lines}");
        assert_eq!(read(&[&text, "# EOF"].concat(), Syntax::OpenMetrics).unwrap(), expected);
    }
    for lines in [
        "s{quantile=\"50\"} 1\ns{quantile=\"99.9\"} 2\ns_sum 1\ns_count 1",
        "s{quantile=\"-1\"} 1\ns_sum 1\ns_count 1",
        "s{quantile=\"0.5\"} 1\ns_count 1",
        "s{quantile=\"0.5\"} 1\ns_sum 1",
        "s_sum 1\ns_count 0.5",
    ] {
        let text = format!("# TYPE s summary\n{lines}\n");
        let mut expected = vec!["s: unassembled".to_owned()];
        expected.extend(lines.lines().map(told_line));
        assert_eq!(read(&text, Syntax::Prometheus).unwrap(), expected, "{lines}");
    }
}

/// A line `name{a="b"} 1` as it comes when it is untyped.
fn told_line(line: &str) -> String {
    let (series, value) = line.split_once(' ').unwrap();
    let value: f64 = value.parse().unwrap();
    let series = match series.split_once('{') {
        Some((name, labels)) => {
            format!("{name}[{}", labels.replace('"', "").replace('}', ";]"))
        }
        None => format!("{series}[]"),
    };
    format!("Untyped {series} {value}")
}

#[test]
fn what_is_no_part_is_a_number() {
    let whole = "Histogram h[] Histogram(Histogram { bounds: [1.0], counts: [1, 1], sum: 3.0 })";
    let parts = "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n";
    for (line, told) in [
        ("h{a=\"b\"} 5", "h[a=b;] 5"),
        ("h{quantile=\"0.5\"} 5", "h[quantile=0.5;] 5"),
        ("h_bucket 5", "h_bucket[] 5"),
        ("h_bucket{le=\"x\"} 5", "h_bucket[le=x;] 5"),
        ("h_bucket{le=\"NaN\"} 5", "h_bucket[le=NaN;] 5"),
    ] {
        let name = told.split('[').next().unwrap();
        is(
            &format!("# TYPE h histogram\n{line}\n{parts}"),
            Syntax::Prometheus,
            &[&format!("{name}: unassembled"), &format!("Untyped {told}"), whole],
        );
    }
    is(
        "# TYPE s summary\ns{quantile=\"avg\"} 4\ns 5\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count 3\n",
        Syntax::Prometheus,
        &[
            "s: unassembled",
            "Untyped s[quantile=avg;] 4",
            "s: unassembled",
            "Untyped s[] 5",
            "Summary s[] Summary(Summary { quantiles: [(0.5, 1.0)], sum: 2.0, count: 3 })",
        ],
    );
    // Types of the parts are theirs.
    is(
        "# TYPE h_bucket counter\n# TYPE h_sum gauge\nh_bucket{le=\"1\"} 1\nh_sum 2\nh_count 1\n",
        Syntax::Prometheus,
        &["Counter h_bucket[le=1;] 1", "Gauge h_sum[] 2", "Untyped h_count[] 1"],
    );
}

#[test]
fn of_what_is_there_twice_the_first_counts() {
    is(
        "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_sum 4\n\
         h_count 2\nh_count 5\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"1\"} 2\n",
        Syntax::Prometheus,
        &[
            "h_sum: series_twice",
            "h_count: series_twice",
            "h: series_twice",
            "h: series_twice",
            "Histogram h[] Histogram(Histogram { bounds: [1.0], counts: [1, 1], sum: 1.0 })",
        ],
    );
}

/// `sort` and `LC_ALL=C sort` take families apart.
#[test]
fn parts_may_stand_anywhere() {
    let whole =
        "Histogram h[a=x;] Histogram(Histogram { bounds: [1.0], counts: [3, 1], sum: 2.5 })";
    let other = "Histogram h_b[] Histogram(Histogram { bounds: [], counts: [1], sum: 1.0 })";
    is(
        "# TYPE h histogram\n# TYPE h_b histogram\n# TYPE h_bytes counter\n\
         h_b_bucket{le=\"+Inf\"} 1\nh_b_count 1\nh_b_sum 1\n\
         h_bucket{a=\"x\",le=\"+Inf\"} 4\nh_bucket{a=\"x\",le=\"1\"} 3\nh_bytes 9\nh_count{a=\"x\"} 4\n\
         h_d 1\nh_sum{a=\"x\"} 2.5\nlast 1\n",
        Syntax::Prometheus,
        &[other, "Counter h_bytes[] 9", "Untyped h_d[] 1", "Untyped last[] 1", whole],
    );
    // One name may be of two types.
    is(
        "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_count 1\nh_sum 1\n# TYPE h summary\n\
         h{quantile=\"0.5\"} 2\nh_count 3\nh_sum 4\n",
        Syntax::Prometheus,
        &[
            "Histogram h[] Histogram(Histogram { bounds: [], counts: [1], sum: 1.0 })",
            "Summary h[] Summary(Summary { quantiles: [(0.5, 2.0)], sum: 4.0, count: 3 })",
        ],
    );
}

#[test]
fn a_pushgateway_makes_the_last_bucket() {
    let read = |text: &str| {
        let (mut reader, mut out) =
            (Reader { as_pushgateway: true, ..Reader::default() }, Vec::new());
        reader
            .read(text.as_bytes(), Syntax::Prometheus, &mut |read| out.push(shown(read)))
            .unwrap();
        out
    };
    let text = "# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\nh_sum 3\nh_count 4\n";
    let whole = "Histogram h[] Histogram(Histogram { bounds: [1.0], counts: [1, 3], sum: 3.0 })";
    assert_eq!(read(text), [whole]);
    let less = read(&text.replace(" 4", " 0"));
    assert_eq!(less.len(), 4, "{less:?}");
    assert_eq!(read(&text.replace("h_count", "i_count")).len(), 4);
}

#[test]
fn bounds_and_quantiles_keep_their_texts() {
    let mut texts = Vec::new();
    let text = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 3\nh_bucket{le=\"1e-05\"} 1\n\
                h_bucket{le=\"1\"} 2\nh_sum 1\nh_count 3\n# TYPE s summary\ns{quantile=\"0.50\"} 1\n\
                s_sum 1\ns_count 1\n";
    Reader::default()
        .read(text.as_bytes(), Syntax::Prometheus, &mut |read| {
            texts.push(read.unwrap().texts.to_owned());
            let mut lines = Vec::new();
            each_line(&read.unwrap(), &mut |line| lines.push(shown(Ok(*line))));
            assert!([3, 5].contains(&lines.len()) && lines[0].contains("e"), "{lines:?}");
        })
        .unwrap();
    assert_eq!(texts, ["1e-05,1,+Inf,", "0.50,"]);
    // The count may be another.
    let text = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_count 4\n";
    Reader::default()
        .read(text.as_bytes(), Syntax::Prometheus, &mut |read| {
            assert_eq!(read.unwrap().texts, "+Inf,=4");
            let mut lines = Vec::new();
            each_line(&read.unwrap(), &mut |line| lines.push(shown(Ok(*line))));
            assert_eq!(lines[2], "Untyped h_count[] 4");
        })
        .unwrap();
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
fn what_prometheus_takes_is_taken() {
    is(
        "# HELP\n# HELP b\n# HELP \na{x=\"1\"y=\"2\"} 1\na{x=\"3\" y=\"4\"} 2\na{v=\"x\"}3\n\
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
        ("a-b 1", "a metric's name, labels in braces, or a blank and a value"),
        ("a 1x", "a number"),
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
fn what_is_no_utf8_is_replaced() {
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
fn syntaxes_are_told_by_their_content_type() {
    for (said, syntax) in [
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", Syntax::OpenMetrics),
        ("Application/OpenMetrics-Text", Syntax::OpenMetrics),
        ("text/plain; version=0.0.4", Syntax::Prometheus),
        ("", Syntax::Prometheus),
    ] {
        assert_eq!(Syntax::of(said), syntax, "{said}");
    }
}
