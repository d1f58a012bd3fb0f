//! Histograms and summaries, and their parts.

use super::*;

/// As the Python client writes it; a gauge of that name without such a family is one.
#[test]
fn created_is_no_gauge_of_its_own() {
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
fn an_invalid_histogram_becomes_lines() {
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
        expected.extend(lines.lines().map(untyped_line));
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
        expected.extend(lines.lines().map(untyped_line));
        assert_eq!(read(&text, Syntax::Prometheus).unwrap(), expected, "{lines}");
    }
}

/// A line `name{a="b"} 1` as it comes when it is untyped.
fn untyped_line(line: &str) -> String {
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
fn a_sample_that_is_no_part_is_a_number() {
    let whole = "Histogram h[] Histogram(Histogram { bounds: [1.0], counts: [1, 1], sum: 3.0 })";
    let parts = "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n";
    for (line, as_number) in [
        ("h{a=\"b\"} 5", "h[a=b;] 5"),
        ("h{quantile=\"0.5\"} 5", "h[quantile=0.5;] 5"),
        ("h_bucket 5", "h_bucket[] 5"),
        ("h_bucket{le=\"x\"} 5", "h_bucket[le=x;] 5"),
        ("h_bucket{le=\"NaN\"} 5", "h_bucket[le=NaN;] 5"),
    ] {
        let name = as_number.split('[').next().unwrap();
        is(
            &format!("# TYPE h histogram\n{line}\n{parts}"),
            Syntax::Prometheus,
            &[&format!("{name}: unassembled"), &format!("Untyped {as_number}"), whole],
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
fn of_a_part_that_appears_twice_the_first_counts() {
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
fn parts_may_be_anywhere_in_the_text() {
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
fn as_pushgateway_the_last_bucket_is_added() {
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
