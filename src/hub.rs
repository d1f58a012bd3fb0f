//! Everything that comes in besides the kernel's files: what others push, what targets answer, what
//! logs say, and the alerts about all of it. The serving thread drives it: `wait_on` names the
//! descriptors, `deadline` the time, `turn` does what is due.

use crate::alert::{self, Alerts};
use crate::collect::COLLECTORS;
use crate::export::{self, Exports, Trouble};
use crate::gather::{self, Gather};
use crate::ingest::{self, Declared, Gate, Gateway, Push, Rules, Statsd, StatsdBound};
use crate::metric::{Family, Kind, Sink, Source};
use crate::settings::{Custom, Settings};
use crate::status::Health;
use crate::store::{self, Bounds, DEFAULT_BUCKETS, Ours, Store};
use crate::sys::Ready;
use crate::tail::{self, Tails};
use crate::target::{self, Targets};
use std::fs;
use std::io;
use std::time::{Duration, Instant};

/// How long a refusal for want of room is told as trouble.
const RECENT: Duration = Duration::from_secs(60);

/// All that comes in, and where it ends.
pub struct Hub {
    /// The live series.
    pub store: Store,
    /// Reads what is pushed.
    pub push: Push,
    /// Who may push.
    pub gate: Gate,
    /// Takes what is pushed as to a Pushgateway.
    pub gateway: Gateway,
    statsd: Statsd,
    targets: Targets,
    tails: Tails,
    alerts: Alerts,
    exports: Exports,
}

/// What could have failed and did not.
pub struct Prepared {
    gate: Gate,
    statsd: StatsdBound,
    exports: export::Prepared,
}

impl Hub {
    /// Nothing comes in yet.
    pub fn new(now: Instant) -> Hub {
        Hub {
            store: Store::new(Bounds::default(), now),
            push: Push::default(),
            gate: Gate::default(),
            gateway: Gateway::default(),
            statsd: Statsd::default(),
            targets: Targets::default(),
            tails: Tails::default(),
            alerts: Alerts::default(),
            exports: Exports::default(),
        }
    }

    /// Does everything that `settings` want and that may fail; changes nothing.
    ///
    /// # Errors
    ///
    /// What failed is named.
    pub fn prepare(&self, settings: &Settings) -> io::Result<Prepared> {
        let push = &settings.push;
        let tokens = push.token_file.as_deref().map(Gate::read).transpose()?;
        // Clients call this machine by its own name, whichever one's files are read.
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let names = Gate::names(host.trim(), &settings.server.listen);
        let gate = Gate { max_body: push.max_body_bytes, tokens, names };
        let statsd = self.statsd.prepare(&settings.statsd)?;
        Ok(Prepared { gate, statsd, exports: self.exports.prepare(settings)? })
    }

    /// Goes on with other settings; what is there stays. `served` is what is told about answering.
    pub fn apply(
        &mut self,
        prepared: Prepared,
        settings: &Settings,
        served: &'static [Family<'static>],
        now: Instant,
    ) {
        self.gate = prepared.gate;
        self.store.serve(ours(settings, served));
        self.configure_push(settings, now);
        self.statsd.apply(prepared.statsd);
        let labels = &settings.custom.labels;
        self.targets.apply(&settings.scrape, labels, &mut self.store, now);
        self.tails.apply(&settings.tail, &settings.logs, labels, &mut self.store, now);
        self.alerts.apply(&settings.alerting, &settings.alerts, now);
        self.exports.apply(prepared.exports, settings, now);
    }

    fn configure_push(&mut self, settings: &Settings, now: Instant) {
        let (push, custom) = (&settings.push, &settings.custom);
        self.store.limit(Bounds {
            series: push.max_series,
            families: push.max_families,
            labels: push.max_labels,
            name_bytes: push.max_name_bytes,
            value_bytes: push.max_value_bytes,
        });
        self.store.limit_bytes(push.max_bytes);
        let parts = [&custom.namespace, &custom.prefix].into_iter().filter(|part| !part.is_empty());
        if self.push.rules().labels != custom.labels {
            // What was declared stays for ever, and would under the labels of before, too.
            self.store.forget_declarations();
            self.store.drop_undeclared();
        }
        self.push = Push::new(Rules {
            ttl: push.ttl,
            ttl_by_source: push.ttl_by_source.clone(),
            max_age: push.max_age,
            prefix: parts.map(|part| [part, "_"].concat()).collect(),
            labels: custom.labels.clone(),
        });
        self.push.declare(&declared(custom), &mut self.store, now);
    }

    /// Adds what there is to wait for; `turn` gets it back in the same order.
    pub fn wait_on(&self, ready: &mut Vec<Ready>) {
        let fds = [self.statsd.fd(), self.targets.fd(), self.tails.fd(), self.alerts.fd()];
        ready.extend(fds.into_iter().flatten().map(|fd| Ready::wait(fd, true, false)));
    }

    /// When there is something to do at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        let parts = [self.tails.deadline(), self.alerts.deadline(), self.exports.deadline()];
        parts.into_iter().flatten().min()
    }

    /// Does what is due; each part a bounded amount.
    /// `served` writes what is known about answering.
    pub fn turn(
        &mut self,
        ready: &[Ready],
        gather: &mut Gather,
        served: &dyn Fn(&mut dyn Sink),
        now: Instant,
    ) {
        let mut ready = ready.iter();
        let mut is_ready = |has: bool| has && ready.next().is_some_and(|r| r.any());
        let statsd = is_ready(self.statsd.fd().is_some());
        let targets = is_ready(self.targets.fd().is_some());
        let tails = is_ready(self.tails.fd().is_some());
        let alerts = is_ready(self.alerts.fd().is_some());
        let is_due = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= now);
        if statsd {
            self.statsd.turn(self.push.rules(), &mut self.store, now);
        }
        if targets {
            self.targets.turn(&mut self.store, now);
        }
        if tails || is_due(self.tails.deadline()) {
            self.tails.turn(tails, &mut self.store, now);
        }
        if alerts || is_due(self.alerts.deadline()) {
            // They ask for what the others have to say, not for their own.
            let mut alerts = std::mem::take(&mut self.alerts);
            let dialect = gather.dialect();
            alerts.turn(dialect, &mut |out| self.write_all(gather, served, now, out), now);
            self.alerts = alerts;
        }
        if is_due(self.exports.deadline()) {
            let mut exports = std::mem::take(&mut self.exports);
            exports.turn(&mut |out| self.write_all(gather, served, now, out), now);
            self.exports = exports;
        }
    }

    /// Everything that the page shows; what is taken out of here writes itself.
    fn write_all(
        &mut self,
        gather: &mut Gather,
        served: &dyn Fn(&mut dyn Sink),
        now: Instant,
        out: &mut dyn Sink,
    ) {
        let mut ours = |out: &mut dyn Sink| {
            gather.scrape(gather.all(), out);
            served(out);
        };
        self.write_page(&mut ours, now, out);
    }

    /// What `ours` writes, what is known about all that comes in, and what came in.
    pub fn write_page(
        &mut self,
        ours: &mut dyn FnMut(&mut dyn Sink),
        now: Instant,
        out: &mut dyn Sink,
    ) {
        self.store.merge(now, out, &mut |out| {
            ours(out);
            self.write_self(out);
        });
        out.source(Source::Others);
        self.store.write(now, out);
    }

    /// The process is to end, at the latest then: a last frame goes out, and what waits.
    pub fn begin_end(&mut self, gather: &mut Gather, served: &dyn Fn(&mut dyn Sink), end: Instant) {
        let now = Instant::now();
        let mut exports = std::mem::take(&mut self.exports);
        exports.begin_end(&mut |out| self.write_all(gather, served, now, out), end);
        self.exports = exports;
    }

    /// Those who are asked, and where samples are sent.
    pub fn peers(&self) -> (&Targets, &Exports) {
        (&self.targets, &self.exports)
    }

    /// What keeps each part from its work, and what it has to note about others: the one place that
    /// knows.
    pub fn troubles(&self, now: Instant, to: &mut Health) {
        if self.store.was_full(now, RECENT) {
            let reason = "there was no room for what was pushed: push.max_series, push.max_families, push.max_bytes";
            to.fails("store", "series", reason.to_owned());
        }
        if let Some(path) = self.tails.unkept_state() {
            let reason = "how far log files were read cannot be kept there; the log says why";
            to.fails("log", &path.to_string_lossy(), reason.to_owned());
        }
        for (name, waiting, since) in self.alerts.unreached() {
            let age = now.saturating_duration_since(since).as_secs().to_string();
            let waiting = waiting.to_string();
            let text = ["no message arrived for ", &age, " s, alerts that wait: ", &waiting];
            to.fails("alert", name, [&text.concat(), "; the log says why"].concat());
        }
        for (name, metric) in self.alerts.unmatched() {
            let text = ["no series since the start with that name and those labels: ", metric];
            to.notes("alert", name, text.concat());
        }
        self.exports.troubles(now, &mut |name, trouble, text| match trouble {
            Trouble::Failing(since) | Trouble::Hanging(since) => {
                let age = now.saturating_duration_since(since).as_secs().to_string();
                to.fails("export", name, format!("nothing arrived for {age} s: {text}"));
            }
            Trouble::Spool => to.fails("spool", name, text.to_owned()),
            Trouble::Late => {
                to.notes("export", name, ["samples are out of order: ", text].concat());
            }
        });
        for (name, _, text, _) in self.targets.failures().filter(|(_, is_down, ..)| *is_down) {
            to.notes("target", name, text.to_owned());
        }
        for (name, count) in self.targets.excesses() {
            let bounds = "scrape.max_series, push.max_families, push.max_bytes";
            let text = format!("samples without room: {count}; see {bounds}");
            to.notes("target", name, text);
        }
    }

    /// Before the program ends, at the latest then.
    pub fn finish(&mut self, end: Instant) {
        // What waits takes its time meanwhile.
        self.tails.finish(&mut self.store);
        self.exports.finish(end);
    }

    /// Writes what is known about all that comes in.
    pub fn write_self(&self, out: &mut dyn Sink) {
        self.store.write_self(out);
        self.gateway.write_self(&self.store, out);
        self.statsd.write_self(out);
        self.targets.write_self(out);
        self.tails.write_self(out);
        self.alerts.write_self(out);
        self.exports.write_self(out);
    }
}

/// The families about all that comes in, for the reference.
pub fn families() -> std::vec::IntoIter<&'static Family<'static>> {
    let mut all: Vec<_> = store::families().collect();
    all.extend(ingest::gateway::families());
    all.extend(ingest::statsd::families());
    all.extend(target::families());
    all.extend(tail::families());
    all.extend(alert::families());
    all.extend(export::families());
    all.into_iter()
}

/// What is served besides the store.
fn ours(settings: &Settings, served: &'static [Family<'static>]) -> Ours {
    let (mut rows, mut dynamic) = (Vec::new(), Vec::new());
    for (spec, collector) in COLLECTORS.iter().zip(&settings.collectors) {
        if collector.enabled {
            rows.extend(spec.families);
            dynamic.extend(spec.dynamic);
        }
    }
    rows.extend(gather::served(settings.process_metrics));
    rows.extend(families());
    rows.extend(served);
    Ours::new(settings.dialect, &rows, &dynamic, settings.custom.labels_of_own())
}

/// What is there from the start.
fn declared(custom: &Custom) -> Vec<Declared<'_>> {
    let bare = |name, kind| Declared { name, kind, help: "", buckets: &[] };
    let mut declared: Vec<_> = custom.gauges.iter().map(|name| bare(name, Kind::Gauge)).collect();
    declared.extend(custom.counters.iter().map(|name| bare(name, Kind::Counter)));
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
