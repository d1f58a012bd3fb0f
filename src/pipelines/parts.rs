//! The parts of the pipelines, and the only list of them: what the loop waits for, what is due, what
//! the page shows of each and which families exist all follow from its rows.

use crate::base::sys::Ready;
use crate::inputs::push::{self, Gateway, Push, PushAuth, Statsd};
use crate::inputs::scrape::{self, Targets};
use crate::inputs::tail::{self, Tails};
use crate::inputs::textfile::Textfile;
use crate::kernel::between::{self, Peaks, Stalls};
use crate::kernel::gather::Gather;
use crate::model::metric::{Family, Sink, Source};
use crate::model::store::{self, Bounds, Store};
use crate::outputs::alert::{self, Alerts};
use crate::outputs::export::{self, Exports};
use std::os::fd::BorrowedFd;
use std::time::Instant;

/// The inputs, and the series that they become.
pub struct Inputs {
    /// The live series.
    pub store: Store,
    /// Reads pushed JSON.
    pub push: Push,
    /// Who may push.
    pub push_auth: PushAuth,
    /// Receives pushes in the form of a Pushgateway.
    pub gateway: Gateway,
    /// Receives datagrams of StatsD.
    pub statsd: Statsd,
    /// Endpoints that are scraped.
    pub targets: Targets,
    /// Log files that are followed.
    pub tails: Tails,
    /// Text files that are read before each scrape.
    pub textfile: Textfile,
    /// Stalls that the kernel reports between scrapes.
    pub stalls: Stalls,
    /// Highest values, sampled every second.
    pub peaks: Peaks,
}

/// The outputs that are not requests.
#[derive(Default)]
pub struct Outputs {
    /// Rules, and where their messages go.
    pub alerts: Alerts,
    /// Where samples are sent.
    pub exports: Exports,
}

/// What is known besides the inputs: the kernel's files, and how requests were answered.
pub struct Host<'a> {
    /// Reads the kernel's files.
    pub gather: &'a mut Gather,
    /// Writes the metrics about answered requests.
    pub served: &'a dyn Fn(&mut dyn Sink),
}

/// The turn of one part.
pub struct Turn<'a, 'h> {
    /// For parts that need every sample.
    pub host: &'a mut Host<'h>,
    /// The results of its descriptors, in the order in which it named them.
    pub ready: &'a [Ready],
    /// When the turn began.
    pub now: Instant,
}

/// The parts as they are seen while each writes its own metrics. An output that is processing the
/// samples is not included: it writes its own metrics when it is done.
#[derive(Clone, Copy)]
pub struct View<'a> {
    inputs: &'a Inputs,
    alerts: Option<&'a Alerts>,
    exports: Option<&'a Exports>,
}

/// One part.
pub struct Part {
    /// The families about it, for the reference.
    families: fn(&mut Vec<&'static Family<'static>>),
    /// Writes its metrics.
    self_metrics: fn(View<'_>, &mut dyn Sink),
    /// Names the descriptors it waits for.
    wait_on: fn(&Inputs, &Outputs, &mut dyn FnMut(Ready)),
    /// When there is something to do without an event.
    deadline: fn(&Inputs, &Outputs) -> Option<Instant>,
    /// Does what is due, a bounded amount.
    turn: fn(&mut Inputs, &mut Outputs, Turn<'_, '_>),
}

/// A part that waits for nothing and is never due; rows override what is different.
const PART: Part = Part {
    families: |_| (),
    self_metrics: |_, _| (),
    wait_on: |_, _, _| (),
    deadline: |_, _| None,
    turn: |_, _, _| (),
};

/// All parts, in the order of the page and of a turn.
static PARTS: [Part; 8] = [
    Part {
        families: |to| to.extend(store::families()),
        self_metrics: |all, out| all.inputs.store.write_self_metrics(out),
        ..PART
    },
    Part {
        families: |to| to.extend(push::gateway::families()),
        self_metrics: |all, out| all.inputs.gateway.write_self_metrics(&all.inputs.store, out),
        ..PART
    },
    Part {
        families: |to| to.extend(push::statsd::families()),
        self_metrics: |all, out| all.inputs.statsd.write_self_metrics(out),
        wait_on: |inputs, _, add| wait(inputs.statsd.fd(), add),
        turn: |inputs, _, turn| {
            let Inputs { statsd, push, store, .. } = inputs;
            statsd.turn(push.rules(), store, turn.now);
        },
        ..PART
    },
    Part {
        families: |to| to.extend(scrape::families()),
        self_metrics: |all, out| all.inputs.targets.write_self_metrics(out),
        wait_on: |inputs, _, add| wait(inputs.targets.fd(), add),
        turn: |inputs, _, turn| inputs.targets.turn(&mut inputs.store, turn.now),
        ..PART
    },
    Part {
        families: |to| to.extend(tail::families()),
        self_metrics: |all, out| all.inputs.tails.write_self_metrics(out),
        wait_on: |inputs, _, add| wait(inputs.tails.fd(), add),
        deadline: |inputs, _| inputs.tails.deadline(),
        turn: |inputs, _, turn| {
            inputs.tails.turn(is_ready(turn.ready), &mut inputs.store, turn.now);
        },
    },
    Part {
        families: |to| to.extend(between::families()),
        self_metrics: |all, out| {
            all.inputs.stalls.write_self_metrics(out);
            all.inputs.peaks.write_self_metrics(out);
        },
        wait_on: |inputs, _, add| inputs.stalls.wait_on(add),
        deadline: |inputs, _| inputs.peaks.deadline(),
        turn: |inputs, outputs, turn| {
            if inputs.stalls.turn(turn.ready, turn.now) {
                outputs.alerts.evaluate_soon(turn.now);
            }
            inputs.peaks.turn(turn.now);
        },
    },
    Part {
        families: |to| to.extend(alert::families()),
        self_metrics: |all, out| {
            all.alerts.into_iter().for_each(|alerts| alerts.write_self_metrics(out))
        },
        wait_on: |_, outputs, add| wait(outputs.alerts.fd(), add),
        deadline: |_, outputs| outputs.alerts.deadline(),
        turn: |inputs, outputs, turn| {
            let Outputs { alerts, exports } = outputs;
            let (dialect, now) = (turn.host.gather.dialect(), turn.now);
            let exports = Some(&*exports);
            let mut scrape =
                |out: &mut dyn Sink| inputs.write_all((None, exports), turn.host, now, out);
            alerts.turn(dialect, &mut scrape, now);
        },
    },
    Part {
        families: |to| to.extend(export::families()),
        self_metrics: |all, out| {
            all.exports.into_iter().for_each(|exports| exports.write_self_metrics(out))
        },
        deadline: |_, outputs| outputs.exports.deadline(),
        turn: |inputs, outputs, turn| {
            let Outputs { alerts, exports } = outputs;
            let (alerts, now) = (Some(&*alerts), turn.now);
            exports.turn(&mut |out| inputs.write_all((alerts, None), turn.host, now, out), now);
        },
        ..PART
    },
];

/// The families about all parts, for the reference.
pub fn families() -> std::vec::IntoIter<&'static Family<'static>> {
    let mut all = Vec::new();
    PARTS.iter().for_each(|part| (part.families)(&mut all));
    all.into_iter()
}

/// Adds the descriptors to wait for; `turn` gets them back in the same order.
pub fn wait_on(inputs: &Inputs, outputs: &Outputs, ready: &mut Vec<Ready>) {
    PARTS.iter().for_each(|part| (part.wait_on)(inputs, outputs, &mut |one| ready.push(one)));
}

/// Waits for something to read.
fn wait(fd: Option<BorrowedFd<'_>>, add: &mut dyn FnMut(Ready)) {
    fd.into_iter().for_each(|fd| add(Ready::wait(fd, true, false)));
}

fn is_ready(ready: &[Ready]) -> bool {
    ready.iter().any(|ready| ready.any())
}

/// When there is something to do at the latest.
pub fn deadline(inputs: &Inputs, outputs: &Outputs) -> Option<Instant> {
    PARTS.iter().filter_map(|part| (part.deadline)(inputs, outputs)).min()
}

/// Gives each part its turn whose descriptor is ready or whose time has come.
pub fn turn(
    inputs: &mut Inputs,
    outputs: &mut Outputs,
    ready: &[Ready],
    host: &mut Host<'_>,
    now: Instant,
) {
    let mut rest = ready;
    // Before any part has its turn, in which it may open and close descriptors.
    let of_each = PARTS.each_ref().map(|part| {
        let mut count = 0;
        (part.wait_on)(inputs, outputs, &mut |_| count += 1);
        let (its, others) = rest.split_at_checked(count).unwrap_or_default();
        rest = others;
        its
    });
    for (part, ready) in PARTS.iter().zip(of_each) {
        let is_due = (part.deadline)(inputs, outputs).is_some_and(|at| at <= now);
        if is_ready(ready) || is_due {
            (part.turn)(inputs, outputs, Turn { host, ready, now });
        }
    }
}

/// Writes the metrics of each part about itself.
pub fn self_metrics(inputs: &Inputs, of: Known<'_>, out: &mut dyn Sink) {
    let view = View { inputs, alerts: of.0, exports: of.1 };
    PARTS.iter().for_each(|part| (part.self_metrics)(view, out));
}

/// The outputs that write their own metrics.
pub type Known<'a> = (Option<&'a Alerts>, Option<&'a Exports>);

impl Inputs {
    /// Nothing is configured yet.
    pub fn new(now: Instant) -> Inputs {
        Inputs {
            store: Store::new(Bounds::default(), now),
            push: Push::default(),
            push_auth: PushAuth::default(),
            gateway: Gateway::default(),
            statsd: Statsd::default(),
            targets: Targets::default(),
            tails: Tails::default(),
            textfile: Textfile::default(),
            stalls: Stalls::default(),
            peaks: Peaks::default(),
        }
    }

    /// Writes everything that the page shows.
    pub fn write_all(
        &mut self,
        of: Known<'_>,
        host: &mut Host<'_>,
        now: Instant,
        out: &mut dyn Sink,
    ) {
        self.textfile.look(&mut host.gather.textfiles, &mut self.store, now);
        let mut ours = |out: &mut dyn Sink| {
            host.gather.scrape(host.gather.all(), out);
            (host.served)(out);
        };
        self.write_page(of, &mut ours, now, out);
    }

    /// Writes what `ours` writes, the metrics about all parts, and the series of the inputs.
    pub fn write_page(
        &mut self,
        of: Known<'_>,
        ours: &mut dyn FnMut(&mut dyn Sink),
        now: Instant,
        out: &mut dyn Sink,
    ) {
        self.store.drop_expired(now);
        self.store.merge(now, out, &mut |out| {
            ours(out);
            self_metrics(self, of, out);
        });
        out.source(Source::Others);
        self.store.write(now, out);
    }
}

#[cfg(test)]
mod tests;
