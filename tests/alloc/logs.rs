//! Log files.

use crate::counting::allocations;
use std::io::Write;
use std::time::{Duration, Instant};
use sysmetrics::inputs::tail::Tails;
use sysmetrics::model::store::{Bounds, Store};
use sysmetrics::settings::{self, LogFiles, LogRule, Tail};

/// Lines of a log that match nothing, as they come.
pub fn allocate_nothing() {
    let path = std::env::temp_dir().join(format!("sysmetrics-alloc-{}.log", std::process::id()));
    let mut file = std::fs::File::create(&path).unwrap();
    let mut now = Instant::now();
    let (mut tails, mut store) = (Tails::default(), Store::new(Bounds::default(), now));
    let settings = Tail {
        poll_interval: Duration::from_secs(1000),
        max_line_bytes: 65_536,
        max_value_bytes: 128,
        max_series: 1000,
        ..Tail::default()
    };
    let rule = |pattern: &str| LogRule {
        metric: format!("lines{}_total", pattern.len()),
        pattern: pattern.to_owned(),
        labels: vec![("level".to_owned(), "$level".to_owned())],
        ..LogRule::default()
    };
    let rules = vec![rule("level=(?P<level>error|fatal)"), rule("panic"), rule("level=info bad")];
    let text = path.display().to_string();
    let logs = [LogFiles { path: text, from_start: true, rules }];
    tails.apply(&settings, &logs, &[], &mut store, now);
    let lines = "2026-11-20T10:00:00Z level=info and so on\n".repeat(100);
    let mut round = || {
        file.write_all(lines.as_bytes()).unwrap();
        now += Duration::from_secs(1);
        tails.turn(true, &mut store, now);
    };
    (0..3).for_each(|_| round());
    let before = allocations();
    (0..20).for_each(|_| round());
    let count = allocations() - before;
    assert_eq!(count, 0, "in 2000 lines");
    let mut out = sysmetrics::model::metric::Buffer::default();
    let mut written = sysmetrics::outputs::expose::Lines::default();
    let format = sysmetrics::outputs::expose::Format::Prometheus;
    let dialect = settings::Dialect::Own;
    tails.write_self_metrics(&mut sysmetrics::outputs::expose::Text::new(
        dialect,
        format,
        &mut out,
        &mut written,
    ));
    let text = String::from_utf8(out.bytes().to_vec()).unwrap();
    assert!(
        text.lines().any(|l| l.contains("tail_lines_total{") && l.ends_with(" 2300")),
        "{text}"
    );
    std::fs::remove_file(path).unwrap();
}
