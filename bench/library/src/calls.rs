//! What calls and pages cost: blocks of each side in turns, the median of their times.

use crate::figure::Figure;
use metrics::{Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::PrometheusBuilder as Theirs;
use std::hint::black_box;
use std::time::Instant;
use sysmetrics::PrometheusBuilder as Ours;

/// Blocks of each side.
const BLOCKS: usize = 31;

/// Calls in a block.
const CALLS: u64 = 200_000;

/// Series of the page.
const SERIES: usize = 10_000;

pub const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

pub const METADATA: Metadata<'_> = Metadata::new("bench", Level::INFO, None);

/// All of them.
pub fn measure() -> Vec<Figure> {
    let (ours, theirs) = (Ours::new().build_recorder(), Theirs::new().build_recorder());
    let bucketed = Theirs::new().set_buckets(&BUCKETS).expect("there are some").build_recorder();
    let key = Key::from_static_name("calls_total");
    let labelled =
        Key::from_parts("labelled_total", vec![Label::new("a", "b"), Label::new("c", "d")]);
    let counters =
        [ours.register_counter(&key, &METADATA), theirs.register_counter(&key, &METADATA)];
    let key = Key::from_static_name("took_seconds");
    let histograms =
        [ours.register_histogram(&key, &METADATA), bucketed.register_histogram(&key, &METADATA)];
    let mut value = 0.001;
    let mut next = || {
        value = (value * 1.37) % 12.0;
        value
    };
    let increment = in_turns(CALLS, |side| {
        (0..CALLS).for_each(|_| black_box(&counters[side]).increment(1));
    });
    let find = in_turns(CALLS, |side| {
        for _ in 0..CALLS {
            let key = black_box(&labelled);
            match side {
                0 => ours.register_counter(key, &METADATA).increment(1),
                _ => theirs.register_counter(key, &METADATA).increment(1),
            }
        }
    });
    let mut upkeep = bucketed.handle();
    let record = in_turns(CALLS, |side| {
        (0..CALLS).for_each(|_| black_box(&histograms[side]).record(next()));
        if side == 1 {
            // Without it their memory grows; it is a part of what a record costs.
            upkeep = bucketed.handle();
            upkeep.run_upkeep();
        }
    });
    let figure =
        |what, [ours, theirs]: [f64; 2], unit, share| Figure { what, ours, theirs, unit, share };
    vec![
        figure("counter increment, kept handle", increment, "ns", 1.1),
        figure("counter increment by a key of two labels", find, "ns", 1.1),
        figure("histogram record, kept handle", record, "ns", 1.0),
        figure("render of 10 000 series", pages(), "us", 0.2),
    ]
}

/// Nanoseconds a call, of both.
pub fn in_turns(calls: u64, mut block: impl FnMut(usize)) -> [f64; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for at in 0..=BLOCKS {
        for (side, times) in times.iter_mut().enumerate() {
            let start = Instant::now();
            block(side);
            // The first block only warms up.
            if at > 0 {
                times.push(start.elapsed().as_nanos() as f64 / calls as f64);
            }
        }
    }
    times.map(|times| median(times))
}

pub fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Microseconds a page of counters, gauges and histograms.
fn pages() -> [f64; 2] {
    let ours = Ours::new().build_recorder();
    let theirs = Theirs::new().set_buckets(&BUCKETS).expect("there are some").build_recorder();
    for recorder in [&ours as &dyn Recorder, &theirs] {
        fill(recorder);
    }
    let (ours, theirs) = (ours.handle(), theirs.handle());
    let lines =
        |page: &str| page.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count();
    let (one, other) = (ours.render(), theirs.render());
    assert!(
        lines(&one) >= SERIES && lines(&one) == lines(&other),
        "{} {}",
        lines(&one),
        lines(&other)
    );
    let nanos = in_turns(1, |side| {
        black_box(match side {
            0 => ours.render(),
            _ => theirs.render(),
        });
    });
    nanos.map(|nanos| nanos / 1e3)
}

/// 10 000 series: 4500 counters, 4500 gauges, and histograms that are 1000 lines or so, of 100 families.
fn fill(recorder: &dyn Recorder) {
    for at in 0..4500 {
        let labels =
            vec![Label::new("path", format!("/api/v1/things/{at}")), Label::new("method", "GET")];
        let key = Key::from_parts(format!("requests_{}_total", at % 50), labels.clone());
        recorder.register_counter(&key, &METADATA).increment(at as u64 * 7919);
        let key = Key::from_parts(format!("depth_{}", at % 49), labels);
        recorder.register_gauge(&key, &METADATA).set(at as f64 / 7.0);
    }
    for at in 0..72 {
        let key = Key::from_parts("took_seconds", vec![Label::new("worker", at.to_string())]);
        let histogram = recorder.register_histogram(&key, &METADATA);
        (0..100).for_each(|n| histogram.record(f64::from(n) / 9.0));
    }
}
