//! Types and help texts, and the names of parts.

use super::*;
use crate::model::store::VISITED;

#[test]
fn a_metric_of_one_group_may_change_its_type_and_help() {
    let mut handler = Handler::new();
    let families = |handler: &mut Handler, body: &str, verb| {
        handler.push(verb, J, body).unwrap_or_else(|e| panic!("{body}: {e:?}"));
        let is_pushed = |line: &String| line.contains("x_") && !line.contains(" push_");
        let text = handler.text();
        text.lines().map(str::to_owned).filter(is_pushed).collect::<Vec<_>>()
    };
    for verb in [Verb::Replace, Verb::Add] {
        for (body, expected) in [
            ("# TYPE x_size counter\nx_size 3\n", ["", "counter", "3"]),
            ("# TYPE x_size counter\nx_size -3\n", ["", "counter", "-3"]),
            ("# TYPE x_size counter\nx_size NaN\n", ["", "counter", "NaN"]),
            ("# TYPE x_size gauge\nx_size -1\n", ["", "gauge", "-1"]),
            ("# HELP x_size One.\nx_size 1\n", ["One.", "untyped", "1"]),
            ("# HELP x_size Two.\nx_size 1\n", ["Two.", "untyped", "1"]),
            ("x_size 2\n", ["", "untyped", "2"]),
        ] {
            let [help, kind, value] = expected;
            let lines = families(&mut handler, body, verb);
            let type_line = format!("# TYPE x_size {kind}");
            let sample = format!("x_size{{job=\"j\"}} {value}");
            assert!(lines.contains(&type_line) && lines.contains(&sample), "{body}: {lines:?}");
            let of_help = lines.iter().find(|line| line.starts_with("# HELP"));
            let text = of_help.and_then(|line| line.strip_prefix("# HELP x_size "));
            assert_eq!(text.unwrap_or_default().trim(), help, "{body}: {lines:?}");
        }
    }
    // What another has, too, stays what it was; numbers are taken all the same.
    handler.push(Verb::Replace, "/metrics/job/k", "# TYPE x_size counter\nx_size 1\n").unwrap();
    let lines = families(
        &mut handler,
        "# HELP x_size Mine.\n# TYPE x_size gauge\nx_size -7\n",
        Verb::Replace,
    );
    assert!(lines.contains(&"x_size{job=\"j\"} -7".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("Mine.")), "{lines:?}");
}

/// A type that only groups had which are gone is free again.
#[test]
fn a_group_that_is_alone_again_changes_types() {
    let mut handler = Handler::new();
    let both = "# TYPE x counter\nx{l=\"1\"} 1\nx{l=\"2\"} 1\n";
    for group in ["/metrics/job/k", J, "/metrics/job/m"] {
        handler.push(Verb::Replace, group, both).unwrap();
    }
    let gauge = both.replace("counter", "gauge");
    handler.push(Verb::Replace, J, &gauge).unwrap();
    assert!(handler.text().contains("# TYPE x counter\n"));
    handler.push(Verb::Delete, "/metrics/job/k", "").unwrap();
    handler.push(Verb::Replace, "/metrics/job/m", "y 1\n").unwrap();
    handler.push(Verb::Replace, J, &gauge).unwrap();
    assert!(handler.text().contains("# TYPE x gauge\n"), "{}", handler.text());
}

/// A type that cannot be is refused before anything of the group goes.
#[test]
fn an_impossible_type_changes_nothing() {
    static OURS: &[Family; 1] = families![counter("x_total", Unit::One, "Ours.", &[]).unprefixed()];
    let mut handler = Handler::new();
    handler.store.serve(Ours::new(Dialect::Own, &OURS.each_ref(), &[], &[]));
    handler.push(Verb::Replace, J, "x_total 1\ny 1\n").unwrap();
    let before = handler.samples();
    for verb in [Verb::Replace, Verb::Add] {
        let body = "y 2\n# TYPE x_total gauge\nx_total 2\n";
        let Err(Refusal::Bad(message)) = handler.push(verb, J, body) else { panic!("taken") };
        assert!(message.contains("Nothing was stored"), "{message}");
        assert_eq!(handler.samples(), before);
    }
    // Lines of others that have the names of its parts are in no histogram's way.
    handler.push(Verb::Replace, "/metrics/job/k", "x_count 1\n").unwrap();
    let histogram = "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 2\nx_sum 1\nx_count 2\n";
    handler.push(Verb::Replace, J, histogram).unwrap();
    assert_eq!(handler.samples().len(), 4);
}

/// With no room for more, what is replaced makes room.
#[test]
fn a_full_store_lets_types_and_help_change() {
    let mut handler = Handler::new();
    handler.store.limit(Bounds { series: 6, families: 3, ..Bounds::default() });
    let body = |kind: &str| {
        let samples: String = (0..4).map(|at| format!("x{{at=\"{at}\"}} 1\n")).collect();
        format!("# HELP x A {kind}.\n# TYPE x {kind}\n{samples}")
    };
    for kind in ["counter", "gauge", "untyped"] {
        handler.push(Verb::Replace, J, &body(kind)).unwrap_or_else(|e| panic!("{kind}: {e:?}"));
        assert_eq!(handler.all().len(), 6);
    }
}

#[test]
fn types_change_where_no_other_group_has_the_metric() {
    let mut handler = Handler::new();
    let histogram = "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 2\nx_sum 1\nx_count 2\n";
    handler.push(Verb::Replace, J, "x 1\nx_sum 1\nx_count 2\n").unwrap();
    handler.push(Verb::Add, J, "# TYPE x_sum summary\nx_sum_count 1\n").unwrap();
    handler.push(Verb::Replace, J, "x 1\nx_sum 1\nx_count 2\n").unwrap();
    handler.push(Verb::Replace, J, histogram).unwrap();
    assert_eq!(handler.samples().len(), 3);
    handler.push(Verb::Replace, "/metrics/job/k", histogram).unwrap();
    // A number may stand beside a histogram of others.
    handler.push(Verb::Replace, J, "x 1\n").unwrap();
    assert_eq!(handler.samples().len(), 4);
    // Expired series are in no way.
    handler.now += Duration::from_secs(301);
    handler.push(Verb::Add, J, "x 1\n").unwrap();
    assert_eq!(handler.samples(), ["x{job=\"j\"} 1"]);
    handler.push(Verb::Add, J, "x_count 1\n").unwrap();
    // Parts of a histogram make way for it, and it for them.
    for verb in [Verb::Add, Verb::Replace] {
        handler.push(verb, J, histogram).unwrap();
        assert_eq!(handler.samples().len(), 3);
        handler.push(verb, J, &histogram.replace("x_sum", "y_sum")).unwrap();
        let lines =
            ["x_bucket{job=\"j\",le=\"+Inf\"} 2", "x_count{job=\"j\"} 2", "y_sum{job=\"j\"} 1"];
        assert_eq!(handler.samples(), lines);
        handler.push(verb, J, "y_sum 1\n").unwrap();
    }
}

const SUMMARY: &str = "# TYPE m summary\nm_sum 1\nm_count 2\n";
const HISTOGRAM: &str = "# TYPE m histogram\nm_bucket{le=\"+Inf\"} 2\nm_sum 1\nm_count 2\n";

/// Each as a Pushgateway does it: a metric is replaced by its name, and the names of parts are not it.
#[test]
fn a_metric_removes_no_other_with_the_name_of_a_part() {
    for kind in ["", "# TYPE m_bucket gauge\n"] {
        for body in ["m 1\n", "# TYPE m gauge\nm 1\n", SUMMARY] {
            let mut handler = Handler::new();
            handler.push(Verb::Replace, J, &[kind, "m_bucket 4\n"].concat()).unwrap();
            handler.push(Verb::Add, J, body).unwrap();
            assert!(handler.samples().contains(&"m_bucket{job=\"j\"} 4".to_owned()), "{body}");
        }
    }
    for (name, body) in [("bucket", HISTOGRAM), ("sum", SUMMARY), ("count", HISTOGRAM)] {
        let mut handler = Handler::new();
        let gauge = format!("# TYPE m_{name} gauge\nm_{name} 4\n");
        handler.push(Verb::Replace, J, &gauge).unwrap();
        let before = handler.samples();
        for body in [body, &body.replace("m_sum 1\n", "")] {
            let Err(Refusal::Bad(message)) = handler.push(Verb::Add, J, body) else {
                panic!("{body}")
            };
            assert!(message.contains(&format!("m_{name} is refused")), "{message}");
            assert_eq!(handler.samples(), before);
        }
        handler.push(Verb::Replace, J, body).unwrap();
        assert_ne!(handler.samples(), before);
    }
}

/// The page would have the sample of that name twice.
#[test]
fn a_part_of_a_histogram_is_not_stored_beside_it() {
    for (body, name) in [(HISTOGRAM, "m_bucket"), (HISTOGRAM, "m_sum"), (SUMMARY, "m_count")] {
        let mut handler = Handler::new();
        handler.push(Verb::Replace, J, body).unwrap();
        let before = handler.samples();
        for kind in ["untyped", "gauge"] {
            let part = format!("# TYPE {name} {kind}\n{name} 4\n");
            let Err(Refusal::Bad(message)) = handler.push(Verb::Add, J, &part) else {
                panic!("{part}")
            };
            assert!(message.contains(&format!("{name} is refused")), "{message}");
            assert_eq!(handler.samples(), before);
        }
        handler.push(Verb::Replace, J, &format!("{name} 4\n")).unwrap();
        assert_eq!(handler.samples(), [format!("{name}{{job=\"j\"}} 4")]);
    }
}

/// A line of a histogram or summary that is there twice is found before anything is stored.
#[test]
fn a_body_with_a_part_twice_changes_nothing() {
    let mut handler = Handler::new();
    handler.push(Verb::Replace, J, "a 1\n").unwrap();
    let summary = "# TYPE b summary\nb{quantile=\"0.5\"} 1\nb_sum 1\nb_count 2\n";
    let odd = &summary.replace("b", "h_bucket");
    let histogram =
        "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n";
    for (whole, line) in [
        (summary, "# TYPE b_count gauge\nb_count 3\n"),
        (summary, "b_sum{c=\"\"} 3\n"),
        (summary, "b{c=\"\",quantile=\"0.50\"} 3\n"),
        (histogram, "h_bucket{c=\"\",le=\"1.0\"} 3\n"),
        (histogram, "# TYPE h_count counter\nh_count 3\n"),
        (odd, "h_bucket{c=\"\",quantile=\"0.50\"} 3\n"),
        (odd, "h_bucket_count 3\n"),
    ] {
        for (verb, body) in [
            (Verb::Replace, [whole, line].concat()),
            (Verb::Add, [whole, line].concat()),
            (Verb::Replace, [line, whole].concat()),
        ] {
            let refused = handler.push(verb, J, &body).expect_err(&body);
            let expected = "there twice. Nothing was stored.";
            assert!(
                matches!(&refused, Refusal::Bad(text) if text.ends_with(expected)),
                "{refused:?}"
            );
            assert_eq!(handler.samples(), ["a{job=\"j\"} 1"], "{body}");
        }
    }
    // Others of the same names are no such lines.
    let more = "b_sum{c=\"d\"} 3\nb{quantile=\"0.7\"} 3\n";
    handler.push(Verb::Replace, J, &[summary, more].concat()).unwrap();
}

/// What a body puts beside its histogram in any order, it may also replace.
#[test]
fn a_body_that_is_taken_with_put_is_taken_again_with_post() {
    let parts =
        "# TYPE m_count gauge\nm_count{c=\"d\"} 3\n# TYPE m_bucket counter\nm_bucket{c=\"d\"} 4\n";
    for body in [[HISTOGRAM, parts].concat(), [parts, HISTOGRAM].concat()] {
        let mut handler = Handler::new();
        handler.push(Verb::Replace, J, &body).unwrap();
        let before = handler.samples();
        assert_eq!(before.len(), 5);
        handler.push(Verb::Add, J, &body).unwrap();
        assert_eq!(handler.samples(), before);
    }
}

/// Whether a metric has a type is the group's own affair: other groups may have given one to the family, or none.
#[test]
fn the_type_that_is_in_the_way_is_the_groups_own() {
    let (other, gauge) = ("/metrics/job/k", "# TYPE m_count gauge\nm_count 4\n");
    let mut handler = Handler::new();
    handler.push(Verb::Replace, other, &[gauge, "# TYPE m gauge\nm 1\n"].concat()).unwrap();
    handler.push(Verb::Replace, J, HISTOGRAM).unwrap();
    let before = handler.samples();
    assert_eq!(before.len(), 5);
    handler.push(Verb::Add, J, HISTOGRAM).unwrap();
    assert_eq!(handler.samples(), before);

    let mut handler = Handler::new();
    handler.push(Verb::Replace, other, "m_count 4\n").unwrap();
    handler.push(Verb::Replace, J, gauge).unwrap();
    let before = handler.samples();
    handler.push(Verb::Add, J, HISTOGRAM).unwrap_err();
    assert_eq!(handler.samples(), before);
}

/// Whether something is in the way is looked up once a name, however many samples have it: each look-up may go through
/// all series of another group.
#[test]
fn what_is_in_the_way_is_looked_up_once_a_name() {
    let mut handler = Handler::new();
    let lines =
        |line: &str| (0..200).map(|n| line.replace('N', &n.to_string())).collect::<String>();
    let summaries = lines("m_sum{l=\"N\"} 1\nm_count{l=\"N\"} 1\n");
    let parts =
        lines("# TYPE m_sum gauge\nm_sum{k=\"N\"} 1\n# TYPE m_count gauge\nm_count{k=\"N\"} 1\n");
    handler
        .push(Verb::Replace, "/metrics/job/k", &["# TYPE m summary\n", &summaries].concat())
        .unwrap();
    handler.push(Verb::Add, J, &parts).unwrap();
    let visited = VISITED.get();
    assert!((1..1000).contains(&visited), "{visited}");
    handler.push(Verb::Replace, J, "y 1\n").unwrap();
    handler.push(Verb::Replace, "/metrics/job/k", &parts).unwrap();
    handler.push(Verb::Add, J, &["# TYPE m summary\n", &summaries].concat()).unwrap();
    assert!(VISITED.get() - visited < 1000, "{}", VISITED.get());
}

#[test]
fn a_post_replaces_a_histogram_that_is_kept_as_lines() {
    let mut handler = Handler::new();
    let (group, gauge) = ("/metrics/job/j", "# TYPE x gauge\nx 5\n");
    let falling = "x_bucket{le=\"1\"} 5\nx_bucket{le=\"+Inf\"} 3\nx_sum 2\nx_count 3\n";
    for lines in [falling, "x_bucket{le=\"1\"} 1\n", "x_bucket{le=\"1\"} 1.5\nx_count 2\n"] {
        for verb in [Verb::Replace, Verb::Add] {
            handler.push(verb, group, &format!("# TYPE x histogram\n{lines}y 1\n")).unwrap();
            assert!(handler.samples().iter().all(|line| !line.starts_with("x{")), "{lines}");
            handler.push(Verb::Add, group, "z 1\n").unwrap();
            handler.push(Verb::Add, group, gauge).unwrap();
            let mut samples = handler.samples();
            samples.sort();
            let expected = [r#"x{job="j"} 5"#, r#"y{job="j"} 1"#, r#"z{job="j"} 1"#];
            assert_eq!(samples, expected, "{lines}");
        }
    }
    // Lines that came under their own names are metrics of their own.
    handler.push(Verb::Add, group, &format!("# TYPE x histogram\n{falling}")).unwrap();
    handler.push(Verb::Replace, group, "x_sum 2\n").unwrap();
    handler.push(Verb::Add, group, gauge).unwrap();
    assert_eq!(handler.samples().len(), 2);
}
