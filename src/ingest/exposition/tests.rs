use super::*;

fn read(text: &str, syntax: Syntax) -> Result<Vec<String>, BadLine> {
    let (mut reader, mut out) = (Reader::default(), Vec::new());
    reader.read(text.as_bytes(), syntax, &mut |read| out.push(told(read)))?;
    Ok(out)
}

fn told(read: Read<'_>) -> String {
    let sample = match read {
        Ok(sample) => sample,
        Err((name, reason)) => return format!("{name}: {}", reason.said().0),
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

#[test]
fn what_makes_no_sense_is_told_and_the_rest_is_read() {
    for (lines, reason) in [
        ("h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1", "buckets"),
        ("h_sum 1\nh_count 1", "buckets"),
        ("h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1", "buckets"),
        ("h_bucket{le=\"1\"} 0.5\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1", "buckets"),
        ("h_bucket{le=\"x\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1", "buckets"),
        ("h_bucket 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1", "buckets"),
        ("h_bucket{le=\"+Inf\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1", "buckets"),
        ("h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_sum 1\nh_count 1", "series_twice"),
        ("h 1", "buckets"),
    ] {
        let text = format!("# TYPE h histogram\n{lines}\ng 1\n");
        let expected = [format!("h: {reason}"), "Untyped g[] 1".to_owned()];
        assert_eq!(read(&text, Syntax::Prometheus).unwrap(), expected, "{lines}");
    }
    for lines in ["s 1", "s_sum 1", "s_count -1", "s_count 1\ns{quantile=\"2\"} 1"] {
        let text = format!("# TYPE s summary\n{lines}\n");
        assert_eq!(read(&text, Syntax::Prometheus).unwrap(), ["s: buckets"], "{lines}");
    }
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
        ("a{b=\"c\" d=\"e\"} 1", "a comma or } after a label"),
        ("a{b=\"c\"", "a comma or } after a label"),
        ("a{,} 1", "a label's name or }"),
        ("a{\"b\"} 1", "a label's name or }"),
        ("# TYPE a number", "a type, such as counter, gauge, histogram, summary or untyped"),
        ("# TYPE 1 gauge", "a metric's name"),
        ("# HELP", "a metric's name"),
        (&format!("a{{b=\"{}\"}} 1", "x".repeat(MAX_LINE)), "a shorter line"),
        (&format!("a{{{}}} 1", "b=\"c\",".repeat(257)), "fewer labels"),
    ] {
        let text = format!("{good}{bad}\na 2\n");
        let fault = BadLine { line: 3, expected };
        assert_eq!(read(&text, Syntax::Prometheus), Err(fault), "{bad}");
    }
    for (bad, line, expected) in [
        ("a 1\n", 2, "# EOF"),
        ("", 1, "# EOF"),
        ("# EOF\na 1\n", 2, "nothing after # EOF"),
        ("a 1\n# EOF x\n", 2, "# EOF and nothing else"),
        ("a 1 x\n# EOF\n", 1, "a time in seconds, or the end"),
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
            out.push(told(read));
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
