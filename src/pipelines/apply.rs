//! Applies settings: first what may fail, then the rest.

use super::{Pipelines, families};
use crate::base::sys;
use crate::inputs::push::{Declared, Push, PushAuth, Rules, StatsdBound};
use crate::kernel::{between, gather};
use crate::model::metric::{Family, Kind};
use crate::model::store::{Bounds, DEFAULT_BUCKETS};
use crate::outputs::export;
use crate::settings::{Custom, Settings};
use std::io;
use std::path::Path;
use std::time::Instant;

/// Bytes of this machine's name.
const MAX_HOST: u64 = 256;

/// Results of the steps that may fail.
pub struct Prepared {
    push_auth: PushAuth,
    statsd: StatsdBound,
    stalls: between::Prepared,
    exports: export::Prepared,
}

impl Pipelines {
    /// Does everything for `settings` that may fail; changes nothing.
    ///
    /// # Errors
    ///
    /// A step failed; the error names it.
    pub fn prepare(&self, settings: &Settings) -> io::Result<Prepared> {
        let push = &settings.push;
        let tokens = push.token_file.as_deref().map(PushAuth::read).transpose()?;
        // Clients use this machine's own name, whichever tree is read.
        let host = sys::read_file(Path::new("/proc/sys/kernel/hostname"), MAX_HOST);
        let host = String::from_utf8(host.unwrap_or_default()).unwrap_or_default();
        let names = PushAuth::names(host.trim(), &settings.server.listen);
        let push_auth = PushAuth { max_body: push.max_body_bytes, tokens, names };
        let statsd = self.inputs.statsd.prepare(&settings.statsd)?;
        let stalls = self.inputs.stalls.prepare(&settings.pressure, &settings.paths.procfs);
        let exports = self.outputs.exports.prepare(settings)?;
        Ok(Prepared { push_auth, statsd, stalls, exports })
    }

    /// Applies other settings; existing series stay. `served` are the families about answering.
    pub fn apply(
        &mut self,
        prepared: Prepared,
        settings: &Settings,
        served: &'static [Family<'static>],
        now: Instant,
    ) {
        self.inputs.push_auth = prepared.push_auth;
        let ours = gather::ours(settings, families().chain(served));
        self.inputs.store.serve(ours);
        self.configure_push(settings, now);
        let (inputs, outputs) = (&mut self.inputs, &mut self.outputs);
        inputs.statsd.apply(prepared.statsd);
        let labels = &settings.custom.labels;
        inputs.targets.apply(&settings.scrape, labels, &mut inputs.store, now);
        inputs.tails.apply(&settings.tail, &settings.logs, labels, &mut inputs.store, now);
        inputs.textfile.apply(settings, &mut inputs.store);
        inputs.stalls.apply(prepared.stalls);
        inputs.peaks.apply(&settings.peaks, &settings.paths, now);
        outputs.alerts.starts_at_stalls = settings.pressure.starts_evaluation;
        outputs.alerts.apply(&settings.alerting, &settings.alerts, now);
        outputs.exports.apply(prepared.exports, settings, now);
    }

    /// The limits, rules and declared metrics of what is pushed.
    fn configure_push(&mut self, settings: &Settings, now: Instant) {
        let inputs = &mut self.inputs;
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
        inputs.push.declare(&declared(custom), &mut inputs.store, now);
    }
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
