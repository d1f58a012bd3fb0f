//! Applies settings: first what may fail, then the rest.

use super::Pipelines;
use super::pushed;
use crate::base::sys;
use crate::inputs::push::{PushAuth, StatsdBound};
use crate::kernel::between;
use crate::model::metric::Family;
use crate::outputs::export;
use crate::settings::Settings;
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
        pushed::configure(&mut self.inputs, settings, served, now);
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
}
