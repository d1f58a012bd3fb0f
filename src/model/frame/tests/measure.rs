//! Measurements of the frame builder: `cargo test --release --lib measurements -- --ignored --nocapture`.

use super::*;

/// Milliseconds for the first frame and the best of the later ones.
fn measure(series: usize, families: usize, is_scattered: bool) -> (f64, f64) {
    use std::time::Instant;
    let names: Vec<String> = (0..families).map(|i| ["f_", &i.to_string()].concat()).collect();
    let values: Vec<String> = (0..series).map(|i| ["device", &i.to_string()].concat()).collect();
    let labels: Vec<Label<'_>> = values.iter().map(|v| Label::of(v.as_bytes())).collect();
    let mut recorder = FrameBuilder::new(Wanted::default());
    let (mut first, mut best) = (0.0, f64::MAX);
    for frame in 0..20 {
        let start = Instant::now();
        recorder.begin(Timestamp { since_boot: frame * 1000, boot_time: None });
        for (i, label) in labels.iter().enumerate() {
            let each = series / families;
            if is_scattered || i % each == 0 {
                let at = if is_scattered { i % families } else { i / each };
                recorder.family(&counter(&names[at.min(families - 1)], Unit::One, "", &["k"]));
            }
            recorder.sample(&[*label], Value::Int(i as u64 + frame));
        }
        let made = recorder.finish();
        let took = start.elapsed().as_secs_f64() * 1e3;
        assert_eq!(made.len(), series);
        if frame == 0 { first = took } else { best = best.min(took) }
    }
    (first, best)
}

#[test]
#[ignore = "a measurement"]
fn measurements() {
    for (series, families, scattered) in [
        (500, 100, false),
        (50_000, 500, false),
        (100_000, 1000, true),
        (50_000, 50_000, true),
        (100_000, 100_000, true),
    ] {
        let (first, best) = measure(series, families, scattered);
        let each = best * 1e6 / series as f64;
        println!(
            "{series} in {families}, {scattered}: first {first:.2} ms, then {each:.1} ns each"
        );
    }
}
