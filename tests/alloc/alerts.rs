//! Conditions.

use crate::counting::allocations;
use std::time::{Duration, Instant};
use sysmetrics::app;
use sysmetrics::kernel::gather::Gather;
use sysmetrics::kernel::read::Root;
use sysmetrics::model::metric::Sink;
use sysmetrics::outputs::alert::Alerts;
use sysmetrics::settings::{self, Alert, Alerting};

/// Looks at conditions about the kernel's samples, with rates, one of which fires.
pub fn allocate_nothing() {
    let args = ["--path.procfs=fixtures/box/proc", "--path.sysfs=fixtures/box/sys"];
    let settings = settings::load(
        &app::subjects(),
        |_| false,
        args.iter().map(Into::into),
        std::iter::empty(),
    )
    .unwrap();
    let root = Root::at(settings.paths.clone());
    let mut gather = Gather::new(settings.dialect, &root, &settings.collectors, true);
    let rules = [
        "rate(disk_read_bytes_total{device=~\"sd.*\"}[1m]) > 1e6",
        "memory_available_bytes / memory_total_bytes < 0.99",
        "cpu_seconds_total{mode!=\"idle\"} < 0",
    ];
    let rules = rules.map(|expr| Alert { expr: expr.to_owned(), ..Alert::default() });
    let (interval, hour) = (Duration::from_secs(15), Duration::from_secs(3600));
    let alerting = Alerting { interval, repeat: hour, ..Alerting::default() };
    let (mut alerts, start) = (Alerts::default(), Instant::now());
    alerts.apply(&alerting, &rules, start);
    let dialect = gather.dialect();
    let mut look = |at: u32| {
        let mut scrape = |out: &mut dyn Sink| gather.scrape(gather.all(), out);
        alerts.turn(dialect, &mut scrape, start + at * interval);
        assert_eq!(alerts.active().count(), 1);
    };
    // A ring is full after a window.
    (0..30).for_each(&mut look);
    let before = allocations();
    (30..33).for_each(&mut look);
    assert_eq!(allocations() - before, 0, "in 3 looks");
}
