//! Many threads at once, with scrapes in between: nothing is lost, and no scrape shows an impossible state.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use metrics::with_local_recorder;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use sysmetrics::Format;
use sysmetrics::Matcher;
use sysmetrics::MetricKindMask;
use sysmetrics::PrometheusBuilder;
use sysmetrics::PrometheusHandle;

const THREADS: u64 = 8;

/// What each thread does of everything; less where each step is interpreted.
const ROUNDS: u64 = if cfg!(miri) { 40 } else { 20_000 };

/// The number behind `series`.
fn value(page: &str, series: &str) -> Option<f64> {
    let line =
        page.lines().find(|line| line.strip_prefix(series).is_some_and(|l| l.starts_with(' ')))?;
    line.rsplit_once(' ')?.1.parse().ok()
}

fn hammer(thread: u64) {
    let kept = metrics::counter!("kept_total");
    let histogram = metrics::histogram!("wait_seconds");
    let name = format!("own_{thread}_total");
    for round in 0..ROUNDS {
        kept.increment(1);
        metrics::counter!("found_total", "kind" => "static").increment(2);
        metrics::counter!(name.clone()).increment(1);
        metrics::counter!("many_total", "n" => (round % 50).to_string()).increment(1);
        metrics::gauge!("level").increment(1);
        histogram.record((round % 4) as u32);
        metrics::histogram!("quantiles").record((round % 4) as u32);
        metrics::gauge!("level").decrement(1);
    }
}

/// Buckets ascend, and the last of them is the count.
fn check(page: &str, last: &mut f64) {
    let counts = page.lines().filter(|line| line.starts_with("wait_seconds_bucket"));
    let counts: Vec<f64> = counts.map(|l| l.rsplit_once(' ').unwrap().1.parse().unwrap()).collect();
    assert!(counts.is_sorted(), "{page}");
    let count = value(page, "wait_seconds_count");
    assert_eq!(counts.last().copied(), count);
    let kept = value(page, "kept_total").unwrap_or(0.0);
    assert!(kept >= *last);
    *last = kept;
}

fn run(builder: PrometheusBuilder) -> PrometheusHandle {
    let seconds = Matcher::Suffix("_seconds".into());
    let builder = builder.set_buckets_for_metric(seconds, &[0.0, 1.0, 2.5]).unwrap();
    let recorder = builder.set_quantiles(&[0.0, 1.0]).unwrap().build_recorder();
    let handle = recorder.handle();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let scraper = scope.spawn(|| {
            let mut last = 0.0;
            while !done.load(Relaxed) {
                check(&handle.render(), &mut last);
                assert!(handle.render_as(Format::OpenMetrics).ends_with("# EOF\n"));
            }
        });
        let recorder = &recorder;
        let work = |thread| move || with_local_recorder(recorder, || hammer(thread));
        let workers: Vec<_> = (0..THREADS).map(|thread| scope.spawn(work(thread))).collect();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        done.store(true, Relaxed);
        scraper.join().unwrap();
    });
    handle
}

fn totals(page: &str) {
    let all = (THREADS * ROUNDS) as f64;
    let value = |series: &str| value(page, series).unwrap_or_else(|| panic!("{series}: {page}"));
    assert_eq!(value("kept_total"), all);
    assert_eq!(value("found_total{kind=\"static\"}"), 2.0 * all);
    for thread in 0..THREADS {
        assert_eq!(value(&format!("own_{thread}_total")), ROUNDS as f64);
    }
    let many: f64 = (0..50.min(ROUNDS)).map(|n| value(&format!("many_total{{n=\"{n}\"}}"))).sum();
    assert_eq!((many, value("level")), (all, 0.0));
    for (series, part) in
        [("wait_seconds_bucket{le=\"0\"}", 0.25), ("wait_seconds_bucket{le=\"1\"}", 0.5)]
    {
        assert_eq!(value(series), all * part);
    }
    for (name, sum) in [("wait_seconds", 1.5), ("quantiles", 1.5)] {
        assert_eq!(value(&format!("{name}_count")), all);
        assert_eq!(value(&format!("{name}_sum")), all * sum);
    }
    assert_eq!(value("quantiles{quantile=\"1\"}"), 3.0);
}

#[test]
fn nothing_is_lost() {
    totals(&run(PrometheusBuilder::new()).render());
}

#[test]
fn nothing_is_lost_while_series_fall_asleep() {
    let never = Some(Duration::from_secs(3600));
    totals(&run(PrometheusBuilder::new().idle_timeout(MetricKindMask::ALL, never)).render());
}
