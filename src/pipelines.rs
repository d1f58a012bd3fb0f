//! All inputs besides the kernel's files, and all outputs that are not requests:
//! what others push, what targets answer, what logs contain, alerts and exports. The serving thread
//! drives it: `wait_on` names the descriptors, `deadline` the time, `turn` does what is due.

mod apply;
mod health;
mod parts;
mod pushed;

pub use apply::Prepared;
pub use parts::{Inputs, Outputs, families};

use crate::base::sys::Ready;
use crate::inputs::push::PushAuth;
pub use crate::inputs::textfile::write_once;
use crate::inputs::{scrape, tail};
use crate::kernel::gather::{Gather, Selection};
use crate::model::metric::{Buffer, Sink};
use crate::model::store::{Group, GroupFilter, Reason};
use crate::outputs::export;
use crate::outputs::expose::Text;
use crate::outputs::status::{Health, Search, Status};
use crate::settings::Settings;
use parts::Host;
use std::io;
use std::time::Instant;

/// This build has inputs and outputs.
pub const ARE_ON: bool = true;

/// All inputs and outputs.
pub struct Pipelines {
    /// The inputs.
    pub inputs: Inputs,
    outputs: Outputs,
    /// Builds the status page.
    status: Status,
}

impl Pipelines {
    /// No input or output is configured yet.
    pub fn new(now: Instant) -> Pipelines {
        let inputs = Inputs::new(now);
        Pipelines { inputs, outputs: Outputs::default(), status: Status::default() }
    }

    /// Adds the descriptors to wait for; `turn` gets them back in the same order.
    pub fn wait_on(&self, ready: &mut Vec<Ready>) {
        parts::wait_on(&self.inputs, &self.outputs, ready);
    }

    /// When there is something to do at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        parts::deadline(&self.inputs, &self.outputs)
    }

    /// Does what is due; each part a bounded amount. `served` writes the metrics about answered requests.
    pub fn turn(
        &mut self,
        ready: &[Ready],
        gather: &mut Gather,
        served: &dyn Fn(&mut dyn Sink),
        now: Instant,
    ) {
        let mut host = Host { gather, served };
        parts::turn(&mut self.inputs, &mut self.outputs, ready, &mut host, now);
    }

    /// Reads text files that changed, if their collector is in `selection`. Returns what the page shows of
    /// the inputs; `is_picked` if the request names collectors.
    pub fn read_textfiles(
        &mut self,
        gather: &mut Gather,
        selection: Selection,
        is_picked: bool,
    ) -> Option<GroupFilter> {
        let has_textfiles = gather.has_textfiles(selection);
        let Inputs { textfile, store, .. } = &mut self.inputs;
        if has_textfiles {
            textfile.look(&mut gather.textfiles, store, Instant::now());
        }
        textfile.shown(has_textfiles, is_picked)
    }

    /// Writes what `ours` writes, the metrics about all parts, and what is `shown` of the inputs.
    pub fn write(
        &mut self,
        shown: Option<GroupFilter>,
        ours: &mut dyn FnMut(&mut dyn Sink),
        out: &mut Text<'_>,
    ) {
        let Some(shown) = shown else {
            ours(out);
            return self.self_metrics(out);
        };
        let Pipelines { inputs, outputs: Outputs { alerts, exports }, .. } = self;
        inputs.store.show(shown);
        inputs.write_page((Some(alerts), Some(exports)), ours, Instant::now(), out);
        inputs.store.show(GroupFilter::All);
        for _ in 0..out.left_out() {
            inputs.store.refuse(Group::SHARED, Reason::Escaped);
        }
    }

    /// Writes the metrics about all parts.
    pub fn self_metrics(&self, out: &mut dyn Sink) {
        let Outputs { alerts, exports } = &self.outputs;
        parts::self_metrics(&self.inputs, (Some(alerts), Some(exports)), out);
    }

    /// Writes the series of others that `search` finds, once text files were checked.
    pub fn write_series(&mut self, search: &Search, gather: &mut Gather, out: &mut Buffer) {
        self.read_textfiles(gather, gather.all(), false);
        let Inputs { store, textfile, targets, .. } = &self.inputs;
        let source = |owner| match owner {
            owner if store.is_pushed(owner) => "push",
            owner if textfile.has(owner) => "textfile",
            owner if targets.has(owner) => "target",
            _ => "log",
        };
        search.write(store, &source, Instant::now(), out);
    }

    /// Takes a scrape for the status page.
    pub fn scrape_for_status(&mut self, gather: &mut Gather) {
        let Pipelines { inputs, outputs: Outputs { alerts, exports }, status } = self;
        let known = (Some(&*alerts), Some(&*exports));
        status.take(gather, |status| parts::self_metrics(inputs, known, status));
    }

    /// Writes what the status page shows, `now` being when it took its scrape.
    pub fn write_status(&self, gather: &Gather, health: &Health, now: Instant, out: &mut Buffer) {
        let peers = (&self.inputs.targets, &self.outputs.exports);
        self.status.write(gather, peers, health, now, out);
    }

    /// Prepares the end of the process, at the latest then: a last frame is sent, and frames that wait.
    pub fn begin_shutdown(
        &mut self,
        gather: &mut Gather,
        served: &dyn Fn(&mut dyn Sink),
        end: Instant,
    ) {
        let (now, mut host) = (Instant::now(), Host { gather, served });
        let Pipelines { inputs, outputs: Outputs { alerts, exports }, .. } = self;
        let known = (Some(&*alerts), None);
        exports.begin_shutdown(&mut |out| inputs.write_all(known, &mut host, now, out), end);
    }

    /// Ends everything before the program ends, at the latest then.
    pub fn shutdown(&mut self, end: Instant) {
        // This overlaps with sending what waits.
        self.inputs.tails.finish(&mut self.inputs.store);
        self.outputs.exports.finish(end);
    }
}

/// Reads the files that settings name and warns of settings that are slow or do not work; returns the number of
/// warnings.
///
/// # Errors
///
/// The program would not start with these settings.
pub fn check(settings: &Settings) -> io::Result<usize> {
    settings.push.token_file.as_deref().map(PushAuth::read).transpose()?;
    let state = match settings.logs.is_empty() {
        true => 0,
        false => tail::warn_of_flash(&settings.tail) + tail::warn_of_copy(&settings.tail),
    };
    let secrets = scrape::warn_of_secrets(&settings.scrape.targets);
    let now = Instant::now();
    let undeclared = pushed::configure(&mut Inputs::new(now), settings, &[], now);
    let slow = tail::warn_of_slow(&settings.logs);
    Ok(export::check(settings)? + slow + state + secrets + undeclared)
}

/// Sends one frame, text files included, to every export.
///
/// # Errors
///
/// An export did not accept the frame.
pub fn once(settings: &Settings, gather: &mut Gather) -> io::Result<()> {
    match export::once(settings, &mut |out| write_once(settings, gather, out))? {
        true => Ok(()),
        false => Err(io::Error::other("not every export took all samples; the log says why")),
    }
}
