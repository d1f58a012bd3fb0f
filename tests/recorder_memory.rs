//! Observations take no memory, however many there are and whether they are scraped or not; neither do kept handles
//! or known keys.
#![allow(clippy::unwrap_used)]

#[path = "alloc/counting.rs"]
mod counting;

use counting::allocations;
use metrics::{Recorder, counter, gauge, histogram, with_local_recorder};
use sysmetrics::Format;
use sysmetrics::PrometheusBuilder;
use sysmetrics::PrometheusRecorder;

/// What `work` asked for.
fn taken(work: impl FnOnce()) -> u64 {
    let before = allocations();
    work();
    allocations() - before
}

fn round(recorder: &PrometheusRecorder) {
    with_local_recorder(recorder, || {
        counter!("c").increment(1);
        counter!("c", "method" => "GET", "code" => "200").absolute(7);
        gauge!("g", "queue" => "mail").set(1.5);
        histogram!("wait").record(0.3);
        histogram!("size", "of" => "answer").record_many(0.3, 5);
    });
}

/// One test, as others in this process would count too.
#[test]
fn what_is_known_takes_no_memory() {
    for builder in [PrometheusBuilder::new(), PrometheusBuilder::new().with_summaries()] {
        let recorder = builder.build_recorder();
        let key = metrics::Key::from_name("kept");
        static METADATA: metrics::Metadata<'static> =
            metrics::Metadata::new("tests", metrics::Level::INFO, None);
        let kept = recorder.register_histogram(&key, &METADATA);
        let observe = || {
            for n in 0..1_000_000u32 {
                kept.record(f64::from(n % 1000) * 0.001);
            }
        };
        observe();
        round(&recorder);
        assert_eq!(taken(observe), 0, "a million observations");
        assert_eq!(taken(|| (0..1000).for_each(|_| round(&recorder))), 0, "known keys");
        let registry = recorder.handle().registry().clone();
        let labels = [("queue", "mail")];
        registry.counter("own", &labels).inc();
        let own = || registry.counter("own", &labels).inc();
        assert_eq!(taken(|| (0..1000).for_each(|_| own())), 0, "known keys without the facade");
        // Of another kind than there is: each is found like a known one, and nothing is made for it.
        let refused = || {
            with_local_recorder(&recorder, || gauge!("c", "queue" => "mail").set(1.0));
            registry.histogram("own", &labels).record(0.5);
        };
        refused();
        assert_eq!(taken(|| (0..1000).for_each(|_| refused())), 0, "refused keys");
    }
    scrapes();
}

/// A scrape of buckets and numbers asks for memory only for what is returned.
fn scrapes() {
    let recorder = PrometheusBuilder::new().build_recorder();
    round(&recorder);
    let (handle, mut out) = (recorder.handle(), Vec::new());
    for format in [Format::Prometheus, Format::OpenMetrics] {
        let mut scrape = || {
            out.clear();
            handle.render_into(&mut out, format);
        };
        (0..3).for_each(|_| scrape());
        assert!(taken(|| (0..20).for_each(|_| scrape())) <= 20, "the counts of buckets");
    }
}
