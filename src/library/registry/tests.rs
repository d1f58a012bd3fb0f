//! A registry as text.

mod concurrent;
mod idle;

use super::*;
use crate::base::dialect::Dialect;
use crate::model::metric::{self, Buffer};
use crate::model::store::Bounds;
use crate::outputs::expose::{Format, Lines, Text};
use std::time::Duration;

/// What is written at `now`.
fn page_at(registry: &Registry, format: Format, now: Instant) -> String {
    let (mut out, mut lines) = (Buffer::default(), Lines::default());
    let mut text = Text::new(Dialect::Own, format, &mut out, &mut lines);
    registry.write(now, &mut text);
    text.finish();
    String::from_utf8(out.bytes().to_vec()).unwrap()
}

fn page(registry: &Registry) -> String {
    page_at(registry, Format::Prometheus, Instant::now())
}

#[test]
fn families_and_series_stand_in_order() {
    let registry = Registry::new();
    registry.describe("b", "The \"second\".\nReally.");
    registry.counter("b", &[("z", "1"), ("a", "q\"\\\n")]).increment(7);
    registry.gauge("a", &[]).set(-2.5);
    registry.counter("b", &[]).inc();
    registry.histogram_with_buckets("c", &[("k", "v")], &[1.0, 2.0]).record_many(1.5, 2);
    assert_eq!(
        page(&registry),
        "# TYPE a gauge\na -2.5\n\
         # HELP b The \"second\".\\nReally.\n# TYPE b counter\nb 1\n\
         b{a=\"q\\\"\\\\\\n\",z=\"1\"} 7\n\
         # TYPE c histogram\nc_bucket{k=\"v\",le=\"1\"} 0\nc_bucket{k=\"v\",le=\"2\"} 2\n\
         c_bucket{k=\"v\",le=\"+Inf\"} 2\nc_sum{k=\"v\"} 3\nc_count{k=\"v\"} 2\n"
    );
    assert_eq!(registry.len(), 3 + 5);
}

#[test]
fn keys_that_are_one_series_to_prometheus_share_it() {
    let registry = Registry::new();
    registry.counter("a.b", &[("x", "1"), ("y", "2")]).inc();
    registry.counter("a_b", &[("y", "2"), ("x", "1")]).inc();
    registry.counter("a/b", &[("y", "0"), ("x", "1"), ("y", "2")]).inc();
    registry.counter("a_b", &[("x", "1"), ("y", "2"), ("empty", "")]).inc();
    assert_eq!(page(&registry), "# TYPE a_b counter\na_b{x=\"1\",y=\"2\"} 4\n");
}

/// The reasons in the lines of the counter of refusals, with their counts.
fn reasons(refused: &str) -> Vec<&str> {
    let lines = refused.lines().filter(|line| line.contains('{'));
    let prefix = "sysmetrics_registry_refused_total{";
    let mut reasons: Vec<&str> = lines.map(|line| line.strip_prefix(prefix).unwrap()).collect();
    reasons.sort_unstable();
    reasons
}

#[test]
fn invalid_keys_are_refused_and_counted() {
    let (series, families, labels) = (8, 3, 1);
    let bounds =
        Bounds { series, families, labels, name_bytes: 10, value_bytes: 4, ..Bounds::default() };
    let registry = Registry::with(Options {
        bounds,
        reserved: vec!["process_"],
        shapes: Shape::buckets(&[1.0]).into(),
        ..Options::default()
    });
    registry.counter("a", &[]).inc();
    let alone = registry.gauge("a", &[]);
    alone.set(7.0);
    assert_eq!(alone.get(), 7.0, "it works, and is shown nowhere");
    registry.histogram("h", &[]).record(f64::NAN);
    for name in ["h", "h_sum", "h_bucket", "process_x", "sysmetrics_x", "", "longer_than_ten"] {
        registry.counter(name, &[]).inc();
    }
    registry.counter("a", &[("k", "12345")]).inc();
    registry.counter("a", &[("k", "1"), ("l", "1")]).inc();
    registry.counter("a", &[("", "1")]).inc();
    registry.counter("a", &[("k", "1")]).inc();
    registry.histogram("h", &[("k", "1")]).record(1.0);
    registry.counter("b", &[]).inc();
    registry.counter("c", &[]).inc();
    let text = page(&registry);
    let (series, refused) = text.split_once("# HELP sysmetrics_registry_refused_total").unwrap();
    assert_eq!(
        series,
        "# TYPE a counter\na 1\na{k=\"1\"} 1\n# TYPE b counter\nb 1\n\
         # TYPE h histogram\nh_bucket{le=\"1\"} 0\nh_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\n"
    );
    let expected = [
        "reason=\"families\"} 1",
        "reason=\"label_name\"} 1",
        "reason=\"labels\"} 1",
        "reason=\"name\"} 1",
        "reason=\"number\"} 1",
        "reason=\"other_type\"} 2",
        "reason=\"reserved_name\"} 1",
        "reason=\"series\"} 1",
        "reason=\"taken_name\"} 2",
        "reason=\"too_long\"} 3",
    ];
    assert_eq!(reasons(refused), expected);
}

#[test]
fn a_refused_key_is_remembered_until_it_can_be_taken() {
    let start = Instant::now();
    let bounds = Bounds { series: 1, ..Bounds::default() };
    let idle = Some(Idle { kinds: MetricKindMask::ALL, after: Duration::from_secs(10) });
    let registry = Registry::with(Options { bounds, idle, ..Options::default() });
    let at = |secs| page_at(&registry, Format::Prometheus, start + Duration::from_secs(secs));
    registry.counter("a", &[]).inc();
    for _ in 0..5 {
        registry.counter("b", &[]).inc();
        registry.gauge("a", &[]).increment(0.5);
    }
    assert_eq!((registry.counter("b", &[]).get(), registry.gauge("a", &[]).get()), (5, 2.5));
    assert_eq!((registry.refused(Reason::Series), registry.refused(Reason::Kind)), (6, 6));
    assert!(registry.counter_of(&BorrowedKey { name: "b", labels: &[] }).is_none());
    assert!(at(0).starts_with("# TYPE a counter\na 1\n# HELP sysmetrics_registry"));
    assert!(at(11).starts_with("# HELP sysmetrics_registry"), "idle");
    registry.counter("b", &[]).inc();
    assert!(at(12).starts_with("# TYPE b counter\nb 1\n"), "there is room");
    assert_eq!(registry.gauge("a", &[]).get(), 0.0, "refused anew, for there is none now");
    assert_eq!(registry.refused(Reason::Series), 8);
}

#[test]
fn a_name_that_a_description_frees_can_be_used() {
    let naming = Naming { units: true, totals: false };
    let registry = Registry::with(Options { naming, ..Options::default() });
    registry.gauge("size", &[]).set(1.0);
    registry.describe_with_unit("volume", "liters", "Volume.");
    registry.describe_with_unit("room", "", "Room.");
    registry.counter("size_count", &[]).inc();
    registry.histogram("size", &[]).record(1.0);
    registry.histogram_with_buckets("volume", &[], &[]).record(1.0);
    registry.gauge("volume_liters_sum", &[]).set(1.0);
    registry.gauge("volume_sum", &[]).set(1.0);
    assert_eq!((registry.refused(Reason::Kind), registry.refused(Reason::Taken)), (1, 1));
    registry.histogram_with_buckets("wait", &[], &[]).record(1.0);
    registry.gauge("wait_sum", &[]).set(7.0);
    registry.describe_with_unit("wait", "seconds", "Wait.");
    registry.gauge("wait_sum", &[]).set(7.0);
    let text = page(&registry);
    assert!(text.contains("\nwait_sum 7\n") && text.contains("\nwait_seconds_sum 1\n"), "{text}");
}

#[test]
fn the_bound_is_a_hundred_thousand_series() {
    assert_eq!(Bounds::default().series, 100_000);
    let registry = Registry::new();
    let labels: Vec<String> = (0..100_001).map(|n| n.to_string()).collect();
    labels.iter().for_each(|n| registry.counter("a", &[("n", n)]).inc());
    assert_eq!((registry.len(), registry.refused(Reason::Series)), (100_000, 1));
}

#[test]
fn labels_of_all_series_give_way_to_their_own() {
    let labels = [("env", "prod"), ("zone.a", "1"), ("env", "test")];
    let labels = labels.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
    let registry = Registry::with(Options { labels, ..Options::default() });
    registry.counter("a", &[("env", "own"), ("le", "x")]).inc();
    registry.counter("b", &[]).inc();
    registry.histogram_with_buckets("c", &[("le", "x")], &[]).record(1.0);
    assert_eq!(
        page(&registry),
        "# TYPE a counter\na{env=\"own\",le=\"x\",zone_a=\"1\"} 1\n\
         # TYPE b counter\nb{env=\"test\",zone_a=\"1\"} 1\n\
         # TYPE c histogram\n\
         c_bucket{env=\"test\",exported_le=\"x\",zone_a=\"1\",le=\"+Inf\"} 1\n\
         c_sum{env=\"test\",exported_le=\"x\",zone_a=\"1\"} 1\n\
         c_count{env=\"test\",exported_le=\"x\",zone_a=\"1\"} 1\n"
    );
}

#[test]
fn units_and_totals_become_part_of_names_where_options_say_so() {
    let naming = Naming { units: true, totals: true };
    let registry = Registry::with(Options { naming, ..Options::default() });
    registry.counter("sent", &[]).inc();
    registry.counter("taken", &[]).inc();
    registry.gauge("taken_bytes_total", &[]).set(1.0);
    registry.describe_with_unit("sent", "bytes", "Sent.");
    registry.describe_with_unit("sent", "seconds", "Said again.");
    // The name is another's: it stays as it was.
    registry.describe_with_unit("taken", "bytes", "Taken.");
    assert_eq!(
        page(&registry),
        "# HELP sent_bytes_total Sent.\n# TYPE sent_bytes_total counter\nsent_bytes_total 1\n\
         # HELP taken_total Taken.\n# TYPE taken_total counter\ntaken_total 1\n\
         # TYPE taken_bytes_total untyped\ntaken_bytes_total 1\n"
    );
}

#[test]
fn counters_have_one_name_in_both_formats() {
    let registry = Registry::new();
    registry.counter("a_total", &[]).inc();
    registry.counter("b", &[]).inc();
    let open = |registry: &Registry| page_at(registry, Format::OpenMetrics, Instant::now());
    let b = "# TYPE b unknown\nb 1\n";
    assert_eq!(open(&registry), format!("# TYPE a counter\na_total 1\n{b}# EOF\n"));
    registry.gauge("a", &[]).set(1.0);
    let a = "# TYPE a gauge\na 1\n# TYPE a_total unknown\na_total 1\n";
    assert_eq!(open(&registry), format!("{a}{b}# EOF\n"));
}

#[test]
fn exemplars_are_shown_in_open_metrics() {
    let registry = Registry::new();
    let histogram = registry.histogram_with_buckets("h", &[], &[1.0]);
    assert!(histogram.record_with_exemplar(0.5, &[("trace_id", "x")]));
    assert!(!histogram.record_with_exemplar(2.0, &[("trace_id", &"x".repeat(128))]));
    let open = page_at(&registry, Format::OpenMetrics, Instant::now());
    let line = open.lines().find(|line| line.contains("le=\"1.0\"")).unwrap();
    assert!(line.starts_with("h_bucket{le=\"1.0\"} 1 # {trace_id=\"x\"} 0.5 "), "{line}");
    assert!(open.contains("h_bucket{le=\"+Inf\"} 2\n") && open.contains("h_sum 2.5\n"), "{open}");
    assert!(!page(&registry).contains('#') || !page(&registry).contains("trace_id"));
}
