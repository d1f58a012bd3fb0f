//! Series that are no longer updated.

use super::*;

fn idle(kinds: MetricKindMask) -> Registry {
    let idle = Some(Idle { kinds, after: Duration::from_secs(10) });
    Registry::with(Options { idle, ..Options::default() })
}

/// The last series of a family goes while another of it is registered, which is not taken in yet.
#[test]
fn a_series_registered_while_the_last_is_dropped_is_shown() {
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
fn idle_series_are_forgotten_with_their_keys() {
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
fn a_handle_in_use_shows_its_series_again() {
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
