//! What is pushed: its limits and rules, and the metrics that the settings declare.

use super::parts::{Inputs, families};
use crate::inputs::push::{Declared, Push, Rules};
use crate::kernel::gather;
use crate::model::metric::{Family, Kind};
use crate::model::store::{Bounds, DEFAULT_BUCKETS};
use crate::settings::{Custom, Settings};
use std::time::Instant;

/// The names that are ours, and the limits, rules and declared metrics of what is pushed. Returns how many metrics cannot
/// be declared, of which the log warns.
pub fn configure(
    inputs: &mut Inputs,
    settings: &Settings,
    served: &'static [Family<'static>],
    now: Instant,
) -> usize {
    inputs.store.serve(gather::ours(settings, families().chain(served)));
    let (push, custom) = (&settings.push, &settings.custom);
    inputs.store.limit(Bounds {
        series: push.max_series,
        families: push.max_families,
        labels: push.max_labels,
        name_bytes: push.max_name_bytes,
        value_bytes: push.max_value_bytes,
    });
    inputs.store.limit_bytes(push.max_bytes);
    let parts = [&custom.namespace, &custom.prefix].into_iter().filter(|part| !part.is_empty());
    if inputs.push.rules().labels != custom.labels {
        // Declared series stay for ever, and would remain under the old labels, too.
        inputs.store.forget_declarations();
        inputs.store.drop_undeclared();
    }
    inputs.push = Push::new(Rules {
        ttl: push.ttl,
        ttl_by_source: push.ttl_by_source.clone(),
        max_age: push.max_age,
        prefix: parts.map(|part| [part, "_"].concat()).collect(),
        labels: custom.labels.clone(),
    });
    inputs.push.declare(&declared(custom), &mut inputs.store, now)
}

/// The metrics that are declared in the settings.
fn declared(custom: &Custom) -> Vec<Declared<'_>> {
    let undescribed = |name, kind| Declared { name, kind, help: "", buckets: &[] };
    let mut declared: Vec<_> =
        custom.gauges.iter().map(|name| undescribed(name, Kind::Gauge)).collect();
    declared.extend(custom.counters.iter().map(|name| undescribed(name, Kind::Counter)));
    declared.extend(custom.histograms.iter().map(|histogram| Declared {
        name: &histogram.name,
        kind: Kind::Histogram,
        help: &histogram.help,
        buckets: match histogram.buckets.as_slice() {
            [] => &DEFAULT_BUCKETS,
            buckets => buckets,
        },
    }));
    declared
}
