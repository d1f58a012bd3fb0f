//! What a registry tells, as text.

use super::*;
use crate::base::dialect::Dialect;
use crate::model::metric::{self, Buffer, Sink};
use crate::model::store::Bounds;
use crate::outputs::expose::{Format, Lines, Text};
use std::sync::mpsc;
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
fn keys_that_are_one_series_to_prometheus_are_one() {
    let registry = Registry::new();
    registry.counter("a.b", &[("x", "1"), ("y", "2")]).inc();
    registry.counter("a_b", &[("y", "2"), ("x", "1")]).inc();
    registry.counter("a/b", &[("y", "0"), ("x", "1"), ("y", "2")]).inc();
    registry.counter("a_b", &[("x", "1"), ("y", "2"), ("empty", "")]).inc();
    assert_eq!(page(&registry), "# TYPE a_b counter\na_b{x=\"1\",y=\"2\"} 4\n");
}

#[test]
fn what_cannot_be_is_refused_and_counted() {
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
    let mut counts: Vec<&str> = refused.lines().filter(|line| line.contains('{')).collect();
    counts
        .iter_mut()
        .for_each(|l| *l = l.strip_prefix("sysmetrics_registry_refused_total{").unwrap());
    counts.sort_unstable();
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
    assert_eq!(counts, expected);
}

/// Writes as text does, and registers a series before each line.
struct Registering<'a> {
    registry: &'a Registry,
    lines: usize,
}

impl Sink for Registering<'_> {
    fn family(&mut self, _: &metric::Family<'_>) {}

    fn sample(&mut self, _: &[metric::Label<'_>], _: metric::Value) {}

    fn labelled(&mut self, _: metric::Labels<'_>, _: metric::Point<'_>, _: Option<i64>) {
        self.lines += 1;
        let (registry, line) = (self.registry.clone(), self.lines.to_string());
        let (done, is_done) = mpsc::channel();
        let register = move || {
            registry.counter("known", &[("n", &line)]).inc();
            registry.histogram(&format!("new_{line}"), &[]).record(1.0);
            registry.describe(&format!("new_{line}"), "New.");
            done.send(registry.len())
        };
        std::thread::spawn(register);
        let series = is_done.recv_timeout(Duration::from_secs(60));
        assert!(series.is_ok(), "whoever registers waits for the page");
    }

    fn mark(&self) -> usize {
        0
    }

    fn rewind(&mut self, _: usize) {}
}

#[test]
fn series_are_registered_while_a_page_is_written() {
    let registry = Registry::new();
    registry.counter("known", &[]).inc();
    registry.gauge("other", &[]).set(1.0);
    let mut sink = Registering { registry: &registry, lines: 0 };
    registry.write(Instant::now(), &mut sink);
    assert_eq!(sink.lines, 2, "what is new is on the next page");
    let text = page(&registry);
    assert!(text.contains("known{n=\"2\"} 1\n") && text.contains("# HELP new_1 New.\n"), "{text}");
    // And many of them, in whatever order they came.
    for n in 0..3000 {
        registry.counter("known", &[("n", &(n * 7919 % 3001).to_string())]).inc();
        if n % 1000 == 7 {
            page(&registry);
        }
    }
    let text = page(&registry);
    let labels: Vec<&str> = text.lines().filter(|line| line.starts_with("known{")).collect();
    assert_eq!(labels.len(), 3000);
    assert!(labels.is_sorted_by_key(|line| line.split('}').next()));
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
fn a_name_that_a_description_frees_can_be_taken() {
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
fn units_and_totals_become_part_of_names_where_that_is_wished() {
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

fn idle(kinds: MetricKindMask) -> Registry {
    let idle = Some(Idle { kinds, after: Duration::from_secs(10) });
    Registry::with(Options { idle, ..Options::default() })
}

/// The last series of a family goes while another of it is registered, which is not taken in yet.
#[test]
fn a_series_that_comes_while_the_last_goes_is_shown() {
    let registry = idle(MetricKindMask::ALL);
    registry.counter("a", &[("k", "old")]).inc();
    page(&registry);
    let Inner { setup, catalog, shards, page: shown, .. } = &*registry.0;
    shown.lock().unwrap().update(catalog, setup);
    registry.counter("a", &[("k", "new")]).inc();
    let idle = setup.options.idle.as_ref().unwrap();
    shown.lock().unwrap().sweep(11_000_000, idle, catalog, shards);
    assert_eq!(page(&registry), "# TYPE a counter\na{k=\"new\"} 1\n");
}

#[test]
fn what_is_idle_is_forgotten_with_its_keys() {
    let registry = idle(MetricKindMask::COUNTER | MetricKindMask::HISTOGRAM);
    let start = Instant::now();
    let at = |secs| page_at(&registry, Format::Prometheus, start + Duration::from_secs(secs));
    registry.counter("c", &[]).increment(5);
    registry.gauge("g", &[]).set(1.0);
    registry.histogram_with_buckets("h", &[], &[]).record(1.0);
    let all = at(100);
    assert!(
        all.contains("c 5\n") && all.contains("h_sum 1\n"),
        "the time runs from the first look"
    );
    assert_eq!(at(110), all);
    assert_eq!(at(111), "# TYPE g gauge\ng 1\n");
    assert_eq!(registry.len(), 1);
    registry.counter("c", &[]).increment(2);
    assert!(at(112).contains("c 2\n"), "it starts anew");
    registry.gauge("h", &[]).set(3.0);
    assert!(at(113).contains("h 3\n"), "the name is free");
}

#[test]
fn a_handle_that_is_kept_brings_its_series_back() {
    let registry = idle(MetricKindMask::ALL);
    let start = Instant::now();
    let at = |secs| page_at(&registry, Format::Prometheus, start + Duration::from_secs(secs));
    let (counter, gauge) = (registry.counter("c", &[]), registry.gauge("g", &[]));
    counter.increment(5);
    let both = "# TYPE c counter\nc 5\n# TYPE g gauge\ng 0\n";
    assert_eq!(at(0), both);
    gauge.set(0.0);
    assert_eq!(at(9), both);
    assert_eq!(at(11), "# TYPE g gauge\ng 0\n", "to set what is there is news, too");
    assert_eq!(at(20), "");
    assert_eq!(registry.len(), 2, "both sleep");
    counter.inc();
    assert_eq!(at(21), "# TYPE c counter\nc 6\n");
    // By its key it is found again.
    registry.counter("c", &[]).inc();
    assert_eq!(counter.get(), 7);
    drop((counter, gauge));
    assert_eq!(at(22), "# TYPE c counter\nc 7\n");
    assert_eq!((at(33).as_str(), registry.len()), ("", 0));
}

#[test]
fn a_name_with_more_keys_than_are_kept_still_is_one_series() {
    let registry = Registry::new();
    let names =
        (0..2 * u64::from(catalog::MAX_KEYS)).map(|n| format!("a{}b", char::from(b'!' + n as u8)));
    let wanted = names.clone().filter(|name| name::metric(name) == "a_b").count() as u64;
    names.filter(|n| name::metric(n) == "a_b").for_each(|name| registry.counter(&name, &[]).inc());
    assert!(wanted > u64::from(catalog::MAX_KEYS));
    assert_eq!(registry.counter("a_b", &[]).get(), wanted);
}
