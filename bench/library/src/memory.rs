//! What an hour of records leaves in memory when nobody scrapes: a thousand a second.

use crate::figure::Figure;
use metrics::{Key, Level, Metadata, Recorder};
use std::fs;

const RECORDS: u32 = 3_600_000;

const METADATA: Metadata<'_> = Metadata::new("bench", Level::INFO, None);

/// Bytes that this process has of its own.
fn anonymous() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes =
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) * 1024.0
}

fn grown(recorder: &dyn Recorder) -> f64 {
    let histogram = recorder.register_histogram(&Key::from_static_name("took_seconds"), &METADATA);
    (0..1000).for_each(|n| histogram.record(f64::from(n)));
    let before = anonymous();
    (0..RECORDS).for_each(|n| histogram.record(f64::from(n % 1000) / 100.0));
    (anonymous() - before) / 1e3
}

/// Ours may grow by a page or two that the allocator touches for others.
pub fn measure() -> Vec<Figure> {
    let ours = [
        grown(&sysmetrics::PrometheusBuilder::new().build_recorder()),
        grown(&sysmetrics::PrometheusBuilder::new().with_summaries().build_recorder()),
    ];
    let theirs = grown(&metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder());
    let figure = |what, ours| Figure { what, ours, theirs, unit: "KB", share: 0.001 };
    vec![
        figure("growth in an hour of records: histogram", ours[0]),
        figure("growth in an hour of records: summary", ours[1]),
    ]
}
