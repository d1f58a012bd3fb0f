//! Pages with families that have series of ours and of others.

use super::*;

const EXPECTED: &str = "# HELP sysmetrics_b_total Ours b.\n# TYPE sysmetrics_b_total counter\n\
        sysmetrics_b_total{device=\"sda\"} 1\nsysmetrics_b_total{device=\"sdb\"} 2\n\
        sysmetrics_b_total{device=\"sda\",target=\"t\"} 7\nsysmetrics_b_total{target=\"u\"} 7\n\
        # HELP sysmetrics_c_total Ours c.\n# TYPE sysmetrics_c_total untyped\n\
        sysmetrics_c_total 1\nsysmetrics_c_total{target=\"t\"} 7\n\
        # HELP a Ours a.\n# TYPE a gauge\na 1\na{job=\"j\"} 7\n\
        # HELP sysmetrics_e Ours e.\n# TYPE sysmetrics_e gauge\nsysmetrics_e{target=\"t\"} 7\n\
        # HELP z Help.\n# TYPE z gauge\nz 7\n";

/// Series of others, some in families of ours.
fn fill(store: &mut Store, group: Group, now: Instant) {
    for (name, kind, labels) in [
        ("z", Kind::Gauge, ""),
        ("a", Kind::Untyped, "job=\"j\""),
        ("sysmetrics_b_total", Kind::Counter, "device=\"sda\",target=\"t\""),
        ("sysmetrics_b_total", Kind::Counter, "target=\"u\""),
        ("sysmetrics_c_total", Kind::Gauge, "target=\"t\""),
        ("sysmetrics_e", Kind::Gauge, "target=\"t\""),
    ] {
        store.take(&of(group, name, kind, labels), now).unwrap();
    }
}

#[test]
fn each_family_comes_once_and_in_one_piece() {
    let mut store = Store::new(Bounds::default(), Instant::now());
    let now = Instant::now();
    store.serve(ours(Dialect::Own, &[]));
    let group = store.open_group();
    let [a, b, c, ..] = &ROWS;
    let mut whole = |out: &mut dyn Sink| {
        out.source(Source::Collector("one"));
        sample(out, b, &["sda"]);
        out.sample(&["sdb".into()], Value::Int(2));
        sample(out, c, &[]);
        out.source(Source::Own);
        sample(out, a, &[]);
    };
    let prometheus = Format::Prometheus;
    let alone = page(&mut store, Dialect::Own, prometheus, &mut whole);
    fill(&mut store, group, now);
    for _ in 0..3 {
        assert_eq!(page(&mut store, Dialect::Own, prometheus, &mut whole), EXPECTED);
    }
    let open = page(&mut store, Dialect::Own, Format::OpenMetrics, &mut whole);
    let piece = "# TYPE sysmetrics_b counter\nsysmetrics_b_total{device=\"sda\"} 1\n\
        sysmetrics_b_total{device=\"sdb\"} 2\nsysmetrics_b_total{device=\"sda\",target=\"t\"} 7\n";
    assert!(open.contains(piece), "{open}");
    // Without them all is as before, and so is the store alone.
    assert!(written(&mut store, now, prometheus).contains("a{job=\"j\"} 7"));
    store.close_group(group);
    assert_eq!(page(&mut store, Dialect::Own, prometheus, &mut whole), alone);
}

/// A collector that fails, or is not run, or has no data.
#[test]
fn series_of_others_do_not_need_those_of_ours() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    store.serve(ours(Dialect::Own, &[]));
    let group = store.open_group();
    fill(&mut store, group, now);
    let ([a, b, c, ..], prometheus) = (&ROWS, Format::Prometheus);
    let failed = |out: &mut dyn Sink| {
        out.source(Source::Collector("one"));
        sample(out, c, &[]);
        out.source(Source::Collector("two"));
        let mark = out.mark();
        sample(out, b, &["sda"]);
        sample(out, a, &[]);
        out.rewind(mark);
        out.source(Source::Own);
        out.family(a);
    };
    let text = page(&mut store, Dialect::Own, prometheus, &mut { failed });
    let mut lines: Vec<_> = EXPECTED.lines().collect();
    lines.retain(|line| !line.ends_with(" 1") && !line.ends_with(" 2"));
    lines.push("sysmetrics_c_total 1");
    let mut found: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, lines);
    assert_eq!(text.matches("# TYPE sysmetrics_c_total").count(), 1);
}
