//! What a series costs that was not there before, what one costs that is refused, and how long it takes
//! to register one while a large page is rendered.

use crate::calls::{METADATA, in_turns, median};
use crate::figure::Figure;
use metrics::{Key, Label, Recorder};
use metrics_exporter_prometheus::PrometheusBuilder as Theirs;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Instant;
use sysmetrics::PrometheusBuilder as Ours;

/// New series of a block: a few, and about as many as the bound allows.
const FEW: usize = 2_000;
const MANY: usize = 80_000;

/// Series of the page that is rendered while others are registered, and how many these are.
const ON_PAGE: usize = 90_000;
const MEANWHILE: usize = 9_000;

/// All of them.
pub fn measure() -> Vec<Figure> {
    let figure =
        |what, [ours, theirs]: [f64; 2], unit, share| Figure { what, ours, theirs, unit, share };
    vec![
        figure("new counter of one name, of 2 000", new(&keys(FEW, 1), true), "ns", 1.0),
        figure("new counter of one name, of 80 000", new(&keys(MANY, 1), true), "ns", 1.0),
        figure("new counter of one of 50 names, of 80 000", new(&keys(MANY, 50), true), "ns", 1.0),
        figure(
            "new counter with a name of its own, of 2 000",
            new(&keys(FEW, FEW), true),
            "ns",
            1.0,
        ),
        figure("new histogram and a record, of 2 000", new(&keys(FEW, 50), false), "ns", 1.0),
        figure("refused counter, over a known one", refused(), "ns", 2.0),
        figure("p99 of a new series while a page renders", [waits(), 1000.0], "us", 1.0),
    ]
}

/// `n` keys of so many names.
fn keys(n: usize, names: usize) -> Vec<Key> {
    let key = |at: usize| {
        let path = Label::new("path", format!("/api/v1/things/{at}"));
        Key::from_parts(format!("requests_{}_total", at % names), vec![path, METHOD.clone()])
    };
    (0..n).map(key).collect()
}

static METHOD: Label = Label::from_static_parts("method", "GET");

/// Nanoseconds a new series, of both: each block has a recorder of its own.
fn new(keys: &[Key], are_counters: bool) -> [f64; 2] {
    let register = |recorder: &dyn Recorder| {
        let start = Instant::now();
        for key in keys {
            match are_counters {
                true => recorder.register_counter(black_box(key), &METADATA).increment(1),
                false => recorder.register_histogram(black_box(key), &METADATA).record(0.1),
            }
        }
        start.elapsed().as_nanos() as f64 / keys.len() as f64
    };
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..15 {
        let theirs = Theirs::new().set_buckets(&crate::calls::BUCKETS).expect("there are some");
        times[0].push(register(&Ours::new().build_recorder()));
        times[1].push(register(&theirs.build_recorder()));
    }
    times.map(median)
}

/// Nanoseconds of a refused key, and of a known one.
fn refused() -> [f64; 2] {
    let recorder = Ours::new().build_recorder();
    let [known, taken] = [Key::from_static_name("calls_total"), Key::from_static_name("level")];
    recorder.register_counter(&known, &METADATA).increment(1);
    recorder.register_gauge(&taken, &METADATA).set(1);
    const CALLS: u64 = 50_000;
    in_turns(CALLS, |side| {
        let key = [&taken, &known][side];
        for _ in 0..CALLS {
            recorder.register_counter(black_box(key), &METADATA).increment(1);
        }
    })
}

/// Microseconds that 99 of 100 new series take at most, between pages that follow each other.
fn waits() -> f64 {
    let recorder = Ours::new().build_recorder();
    let all = keys(ON_PAGE + MEANWHILE, 1);
    let (before, meanwhile) = all.split_at(ON_PAGE);
    for key in before {
        recorder.register_counter(key, &METADATA).increment(1);
    }
    let (handle, done) = (recorder.handle(), AtomicBool::new(false));
    let mut waits = Vec::new();
    thread::scope(|scope| {
        let pages = scope.spawn(|| {
            let mut pages = 0;
            while !done.load(Relaxed) {
                black_box(handle.render());
                pages += 1;
            }
            pages
        });
        for key in meanwhile {
            let start = Instant::now();
            recorder.register_counter(key, &METADATA).increment(1);
            waits.push(start.elapsed().as_nanos() as f64 / 1e3);
            // Spread over the time of several pages.
            thread::sleep(std::time::Duration::from_micros(50));
        }
        done.store(true, Relaxed);
        eprintln!("{} pages meanwhile", pages.join().unwrap_or(0));
    });
    waits.sort_by(f64::total_cmp);
    eprintln!("p50 {:.1} us, max {:.1} us", waits[waits.len() / 2], waits[waits.len() - 1]);
    waits[waits.len() * 99 / 100]
}
