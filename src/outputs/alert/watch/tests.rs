use super::super::samples::{MAX_SERIES, WatchedSeries};
use super::*;
use crate::base::text::expr::Expr;
use crate::model::metric::{Row, Unit, counter, gauge};

fn caught(wanted: &[&str], write: impl FnOnce(&mut Watch<'_>)) -> Vec<String> {
    let parse = |text: &&str| Expr::parse(&[text, ">0"].concat()).unwrap().series.remove(0);
    let wanted: Vec<_> = wanted.iter().map(parse).collect();
    let (mut family, mut scraped) = Default::default();
    let mut watch = Watch::new(Dialect::Own, &wanted, &mut family, &mut scraped);
    write(&mut watch);
    scraped.sort();
    let all = (0..wanted.len() as u32).flat_map(|selector| scraped.of(selector));
    let text = |series: &WatchedSeries| {
        let labels = scraped.labels(series.labels).escape_ascii();
        format!("{}{{{labels}}} {}", series.selector, series.value)
    };
    all.map(text).collect()
}

const READS: Row = counter("reads_total", Unit::Sectors, "Reads.", &["b", "a"]);

fn reads(out: &mut Watch<'_>) {
    out.family(&READS);
    out.sample(&["y".into(), "x".into()], READS.value(1));
    out.sample(&["".into(), Label::of(b"\"\n\xff")], READS.value(2));
    out.family(&gauge("load1|load_average", Unit::One, "Load.", &[]));
    out.sample(&[], Value::Centi(150));
}

#[test]
fn names_may_leave_out_the_prefix() {
    assert_eq!(caught(&["load_average", "sysmetrics_load_average"], reads).len(), 2);
    for none in ["load1", "node_load_average", "load_averag", "reads", "sysmetrics_"] {
        assert!(caught(&[none], reads).is_empty(), "{none}");
    }
    let unprefixed = |out: &mut Watch<'_>| {
        out.family(&gauge("queue", Unit::One, "Queue.", &[]).unprefixed());
        out.sample(&[], Value::Int(1));
    };
    assert_eq!(caught(&["queue"], unprefixed), ["0{} 1"]);
    assert!(caught(&["sysmetrics_queue"], unprefixed).is_empty());
}

#[test]
fn labels_are_sorted_and_matched() {
    assert_eq!(
        caught(&["reads_total", "load_average", "reads_total{b=\"\"}"], reads),
        [
            r#"0{a=\"\\\"\\n\xef\xbf\xbd\"} 1024"#,
            r#"0{a=\"x\",b=\"y\"} 512"#,
            "1{} 1.5",
            r#"2{a=\"\\\"\\n\xef\xbf\xbd\"} 1024"#,
        ]
    );
    for (labels, count) in [
        ("{a=\"x\"}", 1),
        ("{a!=\"x\"}", 1),
        ("{b=~\"|y\"}", 2),
        ("{b!~\"|y\"}", 0),
        ("{c=\"\"}", 2),
        ("{c!=\"\"}", 0),
        ("{a=\"x\",b=\"z\"}", 0),
    ] {
        let wanted = ["reads_total", labels].concat();
        assert_eq!(caught(&[&wanted], reads).len(), count, "{wanted}");
    }
}

#[test]
fn histograms_go_by_their_parts() {
    let write = |out: &mut Watch<'_>| {
        let family = gauge("h", Unit::One, "H.", &[]).of_kind(Kind::Histogram);
        out.family(&family.unprefixed());
        let of = Histogram { bounds: &[0.5, 2.0], counts: &[1, 2, 4], sum: 9.5 };
        out.labelled(Labels::rendered(b"a=\"1\",z=\"2\""), Point::Histogram(of), None);
    };
    assert_eq!(
        caught(&["h_bucket", "h_count{a=\"1\"}", "h_sum", "h", "h_bucket{le=\"+Inf\"}"], write),
        [
            r#"0{a=\"1\",le=\"+Inf\",z=\"2\"} 7"#,
            r#"0{a=\"1\",le=\"0.5\",z=\"2\"} 1"#,
            r#"0{a=\"1\",le=\"2\",z=\"2\"} 3"#,
            r#"1{a=\"1\",z=\"2\"} 7"#,
            r#"2{a=\"1\",z=\"2\"} 9.5"#,
            r#"4{a=\"1\",le=\"+Inf\",z=\"2\"} 7"#,
        ]
    );
    let number = |out: &mut Watch<'_>| {
        out.family(&gauge("h", Unit::One, "H.", &[]).unprefixed());
        out.labelled(Labels::rendered(b""), Point::Number(Value::Float(0.5)), None);
    };
    assert_eq!(caught(&["h", "h_count"], number), ["0{} 0.5"]);
}

#[test]
fn summaries_go_by_their_parts() {
    let write = |out: &mut Watch<'_>| {
        let family = gauge("s", Unit::One, "S.", &[]).of_kind(Kind::Summary);
        out.family(&family.unprefixed());
        let of = Summary { quantiles: &[(0.5, 1.0), (1.0, f64::NAN)], sum: 9.5, count: 3 };
        out.labelled(Labels::rendered(b""), Point::Summary(of), None);
    };
    assert_eq!(
        caught(&["s{quantile=\"0.5\"}", "s_count", "s_sum", "s", "s_bucket"], write),
        [
            r#"0{quantile=\"0.5\"} 1"#,
            "1{} 3",
            "2{} 9.5",
            r#"3{quantile=\"0.5\"} 1"#,
            r#"3{quantile=\"1\"} NaN"#,
        ]
    );
}

#[test]
fn rewinding_twice_or_too_far_leaves_nothing() {
    let write = |out: &mut Watch<'_>| {
        reads(out);
        let mark = out.mark();
        out.family(&READS);
        out.sample(&["q".into(), "q".into()], READS.value(1));
        out.rewind(mark);
        out.sample(&["q".into(), "q".into()], READS.value(1)); // belongs to nothing now
        out.family(&READS);
        out.sample(&["y".into(), "x".into()], READS.value(7)); // the first is kept
    };
    assert_eq!(caught(&["reads_total"], write), caught(&["reads_total"], reads));
    let many = |out: &mut Watch<'_>| {
        out.family(&READS);
        for at in 0..MAX_SERIES + 5 {
            out.sample(&["y".into(), at.to_string().as_str().into()], READS.value(1));
        }
        assert_eq!(out.scraped.left_out, 5);
    };
    assert_eq!(caught(&["reads_total"], many).len(), MAX_SERIES);
}
