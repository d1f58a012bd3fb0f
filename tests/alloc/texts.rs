//! Exposition text, of targets and groups.

use crate::counting::allocations;
use std::time::{Duration, Instant};
use sysmetrics::inputs::push::{Buffers, Collision, Intake, Syntax};
use sysmetrics::model::store::{Bounds, Store};

/// Exposition text of series that are there.
pub fn allocate_nothing() {
    let now = Instant::now();
    let (mut store, mut buffers) = (Store::new(Bounds::default(), now), Buffers::default());
    let add = [("target".to_owned(), "api".to_owned())];
    let intake = Intake {
        group: store.open_group(),
        prefix: "p_",
        add: &add,
        collision: Collision::Rename,
        constant: &[],
        ttl: Duration::ZERO,
        honor_time: false,
        max_age: Duration::ZERO,
        max_series: 1000,
        max_labels: 32,
    };
    let mut text = "# HELP a A \\n.\n# TYPE a counter\n".to_owned();
    for i in 0..50 {
        text += &format!("a{{target=\"q{i}\",zone=\"\\\"\"}} {i}.5\nb_{i} 1\n");
    }
    for kind in ["histogram", "summary"] {
        text += &format!("# TYPE {kind} {kind}\n");
        for i in 0..20 {
            let parts = match kind {
                "summary" => format!("{kind}{{l=\"{i}\",quantile=\"0.5\"}} NaN\n"),
                _ => format!(
                    "{kind}_bucket{{le=\"1\",l=\"{i}\"}} 1\n{kind}_bucket{{le=\"+Inf\",l=\"{i}\"}} {i}1\n"
                ),
            };
            text += &format!("{parts}{kind}_sum{{l=\"{i}\"}} 1\n{kind}_count{{l=\"{i}\"}} 1\n");
        }
    }
    let mut round = || {
        store.begin(intake.group);
        let done = intake.take(text.as_bytes(), Syntax::Prometheus, &mut buffers, &mut store, now);
        store.end(intake.group);
        assert!(done.is_ok_and(|tally| tally.taken == 140 && tally.refused == 0));
    };
    (0..3).for_each(|_| round());
    let before = allocations();
    (0..20).for_each(|_| round());
    assert_eq!(allocations() - before, 0, "in 20 texts");
}
