//! Numbers and labels that are taken from lines.

use super::*;

#[test]
fn values_become_numbers_and_buckets() {
    let mut place = Place::new("web.log");
    let takes = |metric: &str, kind: RuleKind| LogRule {
        value: Some("$s".to_owned()),
        kind,
        buckets: if kind == RuleKind::Histogram { vec![1.0, 10.0] } else { Vec::new() },
        ..rule(metric, r"took (?<s>\S+)s (?<path>\S+)", &[("path", "p-$path")])
    };
    place.logs[0].rules = vec![
        takes("seconds_total", RuleKind::Counter),
        takes("last_seconds", RuleKind::Gauge),
        takes("seconds", RuleKind::Histogram),
    ];
    let mut place = place.started();
    for text in ["0.5s /a", "7s /a", "-2s /a", "xs /a", "infs /a", "70s /a"] {
        place.append("web.log", format!("took {text}\n"));
    }
    for path in ["/a-very-long-one", "/c", "/d", "/e"] {
        place.append("web.log", format!("took 1s {path}\n"));
    }
    place.step();
    let text = place.text();
    for line in [
        "seconds_total{path=\"p-/a\"} 77.5",
        "last_seconds{path=\"p-/a\"} 70",
        "seconds_bucket{path=\"p-/a\",le=\"1\"} 2",
        "seconds_bucket{path=\"p-/a\",le=\"10\"} 3",
        "seconds_count{path=\"p-/a\"} 4",
        "seconds_sum{path=\"p-/a\"} 75.5",
        "last_seconds{path=\"p-/a-very-\"} 1",
        "sysmetrics_tail_refused_total{reason=\"number\"} 6",
        "sysmetrics_tail_refused_total{reason=\"negative\"} 1",
        "sysmetrics_tail_refused_total{reason=\"series\"} 6",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line} in {text}");
    }
    assert!(!text.contains("/d"));
}
