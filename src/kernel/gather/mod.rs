//! A scrape: every selected collector writes to one sink, then the metrics about the
//! scrape itself. A collector that fails leaves no samples; the others still run.

mod process;

use crate::base::clock::Start;
use crate::base::error::{Error, KeptError};
use crate::base::log::{self, Limiter};
use crate::base::sys;
use crate::kernel::collect::{
    COLLECTORS, Collector, PartialErrors, Scrape, Setup, Spec, Textfiles, textfile,
};
use crate::kernel::read::netlink::Address;
use crate::kernel::read::{Files, Root};
use crate::model::metric::Source;
use crate::model::metric::{Family, Label, Sink, Unit, Value, counter, families, gauge};
use crate::model::store::Ours;
use crate::settings::{CollectorSettings, Dialect, Level, Settings};
use process::Process;
use std::time::{Duration, Instant};

const COLLECTOR: &[&str] = &["collector"];
#[rustfmt::skip]
const BUILD_NODE: &[&str] = &["version", "goos", "goarch", "goversion", "branch", "revision", "tags"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 7] = families![
    gauge(  "scrape_collector_success|collector_success",Unit::One,   "Whether the collector succeeded.",                       COLLECTOR),
    counter("collector_errors_total",            Unit::One,   "Collectors and single samples that failed.",             COLLECTOR).only_own(),
    gauge(  "scrape_collector_duration_seconds|scrape_duration_seconds",Unit::Nanos, "Time the collector took in this scrape.",                COLLECTOR),
    counter("collector_read_errors_total",       Unit::One,   "Files and samples that could not be read, by errno.",    &["collector", "errno"]).only_own(),
    counter("scrape_duration_seconds_total",     Unit::Nanos, "Time spent on scrapes since the start.",                 &[]).only_own().openmetrics_unknown(),
    gauge(  "build_info",                        Unit::One,   "Always 1; the labels tell which program this is.",       &["version", "rustc", "target", "features"]).only_own(),
    gauge(  "exporter_build_info",               Unit::One,   "Always 1; the labels tell which program this is.",       BUILD_NODE).only_node(),
];

/// The families about the scrape itself and the process, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    FAMILIES.iter().chain(process::FAMILIES)
}

/// The collectors that are switched on, and their state.
pub struct Gather {
    dialect: Dialect,
    /// The root of the trees, for messages.
    root: Root,
    files: Files,
    members: Vec<Member>,
    /// The results of reading text files before a scrape, and which member reports them.
    pub textfiles: Textfiles,
    textfile: Option<usize>,
    process: Option<Process>,
    start: Start,
    total: Duration,
}

struct Member {
    /// Its own name, here because a scrape looks at nothing else of a `Spec`.
    name: &'static str,
    /// Its name in this dialect.
    shown: &'static str,
    label: Label<'static>,
    collector: Box<dyn Collector>,
    /// Failures so far, its own and those of single samples.
    failures: u64,
    errors: PartialErrors,
    limiter: Limiter,
    /// What went wrong last, and when.
    error: Option<Box<KeptError>>,
    failed: Option<Instant>,
    /// When it last ran.
    ran: Option<Instant>,
    /// The current scrape: whether it was selected, succeeded, and how long it took.
    asked: bool,
    success: bool,
    took: Duration,
}

/// The state of a collector.
pub struct Report {
    /// The name in this dialect.
    pub name: &'static str,
    /// When it last ran, if it did.
    pub ran: Option<Instant>,
    /// Whether it succeeded then.
    pub success: bool,
    /// How long it took then.
    pub took: Duration,
    /// Failures so far, its own and those of single samples.
    pub errors: u64,
    /// The last of them, and when it happened.
    pub error: Option<(KeptError, Instant)>,
    /// Why its state cannot be kept over a restart.
    pub unkept: Option<KeptError>,
}

impl Report {
    /// Whether it has no data because the kernel lacks an optional feature.
    pub fn is_unsupported(&self) -> bool {
        !self.success && self.error.is_some_and(|(error, _)| error.is_unsupported())
    }
}

/// The error for a selected collector that does not exist, or is switched off.
#[derive(Debug, PartialEq, Eq)]
pub struct Unknown(pub String);

/// The collectors that a scrape selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection(u128);

impl Gather {
    /// Opens the collectors that `settings` (in the order of the table) switch on.
    pub fn new(
        dialect: Dialect,
        root: &Root,
        settings: &[CollectorSettings],
        process: bool,
    ) -> Gather {
        const { assert!(MAX_COLLECTORS <= u128::BITS as usize) };
        let mut files = Files::new(root);
        let all = settings;
        let member = |(spec, settings): (&'static Spec, &CollectorSettings)| Member {
            name: spec.subject.name,
            shown: spec.subject.name_in(dialect),
            label: spec.subject.name_in(dialect).into(),
            collector: (spec.open)(&mut Setup { root, files: &mut files, settings, all, dialect }),
            failures: 0,
            errors: PartialErrors::default(),
            limiter: Limiter::default(),
            error: None,
            failed: None,
            ran: None,
            asked: false,
            success: false,
            took: Duration::ZERO,
        };
        let on = COLLECTORS.iter().zip(settings).filter(|(_, settings)| settings.enabled);
        let mut members = Vec::with_capacity(on.clone().count());
        members.extend(on.map(member));
        let is_textfile = |member: &Member| member.name == textfile::NAME;
        let process = process.then(|| Process::new(&mut files));
        Gather {
            dialect,
            root: root.clone(),
            files,
            textfiles: Textfiles::default(),
            textfile: members.iter().position(is_textfile),
            members,
            process,
            start: Start::now(),
            total: Duration::ZERO,
        }
    }

    /// The collectors that are on by default, for this machine, under our own names.
    pub fn of_this_machine() -> Gather {
        let dialect = Dialect::Own;
        let settings: Vec<_> = COLLECTORS.iter().map(|c| c.subject.defaults(dialect)).collect();
        Gather::new(dialect, &Root::of_this_machine(), &settings, true)
    }

    /// Replaces `before` in the same process: its counts are continued.
    pub fn resume(&mut self, before: Gather) {
        (self.start, self.total) = (before.start, before.total);
        let is_same_machine = self.root.is_at(&before.root);
        for old in before.members {
            let same = |m: &&mut Member| m.name == old.name;
            if let Some(member) = self.members.iter_mut().find(same) {
                (member.failures, member.limiter) = (old.failures, old.limiter);
                member.errors = old.errors;
                (member.error, member.failed) = (old.error, old.failed);
                if is_same_machine && old.collector.outlives_reload() {
                    member.collector = old.collector;
                }
            }
        }
    }

    /// Notifies the collectors that the agent begins to serve, or ends in an orderly way.
    pub fn serving(&mut self, begins: bool) {
        self.members.iter_mut().for_each(|member| member.collector.serving(begins));
    }

    /// The dialect in which it writes.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The names of the collectors that are switched on, in this dialect.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.members.iter().map(|m| m.shown)
    }

    /// The state of each collector that is switched on.
    pub fn reports(&self) -> impl Iterator<Item = Report> {
        self.members.iter().map(|member| Report {
            name: member.shown,
            ran: member.ran,
            success: member.success,
            took: member.took,
            errors: member.failures,
            error: member.error.as_deref().copied().zip(member.failed),
            unkept: member.collector.unkept(),
        })
    }

    /// The kernel's trees.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Hands the current addresses of the running kernel's interfaces to `tell`, with the name of each interface;
    /// returns `false` if they are not available, as where another machine's files are read.
    pub fn addresses(&mut self, tell: &mut dyn FnMut(&[u8], Address)) -> bool {
        self.root.has_own_interfaces() && self.files.addresses(tell).is_ok()
    }

    /// The time since the start of the process.
    pub fn uptime(&self, now: Instant) -> Duration {
        self.start.age(now)
    }

    /// Whether the collector of text files is one of `selection`.
    pub fn has_textfiles(&self, selection: Selection) -> bool {
        self.textfile.is_some_and(|at| selection.0 >> at & 1 == 1)
    }

    /// All collectors that are switched on.
    pub fn all(&self) -> Selection {
        Selection(u128::MAX)
    }

    /// `selection` with or without the collector `name`.
    pub fn choose(
        &self,
        selection: Selection,
        name: &str,
        with: bool,
    ) -> Result<Selection, Unknown> {
        let at = self.names().position(|known| known == name);
        let bit = 1 << at.ok_or_else(|| Unknown(name.to_owned()))?;
        Ok(Selection(if with { selection.0 | bit } else { selection.0 & !bit }))
    }

    /// Writes every sample of the collectors in `selection`, then those about the scrape.
    pub fn scrape(&mut self, selection: Selection, out: &mut dyn Sink) {
        let start = Instant::now();
        let mut now = start;
        self.files.begin();
        self.root.begin(self.start.age(start));
        for (i, member) in self.members.iter_mut().enumerate() {
            member.asked = selection.0 >> i & 1 == 1;
            if member.asked {
                member.collector.begin(start);
            }
        }
        for (i, member) in self.members.iter_mut().enumerate() {
            if member.asked {
                out.source(Source::Collector(member.name));
                let scrape = (&mut self.files, &self.textfiles);
                now = member.collect(scrape, &self.root, now, out);
            }
            if self.textfile == Some(i) {
                member.took += std::mem::take(&mut self.textfiles.took);
            }
        }
        self.total += now - start;
        out.source(Source::Own);
        self.write_self_metrics(out);
        if let Some(process) = &self.process {
            process.write(&mut self.files, self.start.since_epoch(), out);
        }
    }

    fn write_self_metrics(&self, out: &mut dyn Sink) {
        let [success, errors, took, read_errors, total, build, build_node] = &FAMILIES;
        type Of = fn(&Member) -> u64;
        let per_collector: [(&Family<'_>, Of); 3] =
            [(success, |m| m.success.into()), (errors, |m| m.failures), (took, |m| nanos(m.took))];
        for (family, raw) in per_collector {
            out.family(family);
            for member in self.members.iter().filter(|m| m.asked) {
                out.sample(&[member.label], family.value(raw(member)));
            }
        }
        out.family(read_errors);
        for member in self.members.iter().filter(|m| m.asked) {
            for (errno, count) in member.errors.by_errno() {
                let errno = sys::errno_name(*errno).into();
                out.sample(&[member.label, errno], Value::Int(*count));
            }
        }
        out.single(total, total.value(nanos(self.total)));
        out.family(build);
        out.sample(&BUILD, Value::Int(1));
        out.family(build_node);
        out.sample(&BUILD_OF_NODE, Value::Int(1));
    }
}

/// How many collectors a `Selection` has room for.
const MAX_COLLECTORS: usize = 128;

/// Version, compiler, target and features of this program.
static BUILD: [Label<'static>; 4] = [
    VERSION,
    text(env!("BUILD_RUSTC")),
    text(env!("BUILD_TARGET")),
    text(if cfg!(feature = "hub") { "hub" } else { "" }),
];

const VERSION: Label<'static> = text(env!("CARGO_PKG_VERSION"));

/// The same in node_exporter's dialect.
static BUILD_OF_NODE: [Label<'static>; 7] = {
    let none = text("");
    [VERSION, text("linux"), text(std::env::consts::ARCH), none, none, none, none]
};

const fn text(text: &str) -> Label<'_> {
    Label::of(text.as_bytes())
}

impl Selection {
    /// No collector.
    pub const NONE: Selection = Selection(0);
}

impl Member {
    /// Runs the collector; returns when it ended.
    fn collect(
        &mut self,
        (files, textfiles): (&mut Files, &Textfiles),
        root: &Root,
        start: Instant,
        out: &mut dyn Sink,
    ) -> Instant {
        let mark = out.mark();
        self.errors.begin();
        let errors = &mut self.errors;
        let mut scrape = Scrape { files, errors, textfiles, now: start };
        let result = self.collector.collect(&mut scrape, out);
        let is_unsupported = matches!(result, Err(Error::Unsupported(_)));
        if let Err(error) = &result {
            out.rewind(mark);
            if !is_unsupported {
                self.errors.tally(error);
            }
        }
        self.success = result.is_ok();
        self.failures += self.errors.count() + u64::from(result.is_err() && !is_unsupported);
        let end = Instant::now();
        self.took = end - start;
        self.ran = Some(end);
        if log::enabled(Level::Debug) {
            self.tell();
        }
        if result.is_err() || self.errors.count() > 0 {
            self.note(result.err(), end);
            if !is_unsupported {
                self.report(root, end);
            }
        }
        end
    }

    /// Keeps why the collector failed, or why one of its samples did.
    #[cold]
    fn note(&mut self, error: Option<Error>, now: Instant) {
        if let Some(error) = error.or(self.errors.last().copied().map(KeptError::error)) {
            error.keep_in(&mut self.error);
            self.failed = Some(now);
        }
    }

    /// Each run at debug level; the request's own line names the client.
    #[cold]
    fn tell(&self) {
        let micros = nanos(self.took) / 1000;
        let fields: [log::Field<'_>; 3] =
            [("collector", &self.shown), ("duration_us", &micros), ("success", &self.success)];
        log::debug("collector ran", &fields);
    }

    /// Logs the error at most once a minute.
    #[cold]
    fn report(&mut self, root: &Root, now: Instant) {
        let Some(error) = self.error.as_deref() else { return };
        if let Some(held_back) = self.limiter.pass(now) {
            let level = if self.success { Level::Warn } else { Level::Error };
            let message = if self.success { "sample left out" } else { "collector failed" };
            // Errors name the file as the kernel does; here it may be at another path. Other
            // programs keep their names.
            let place = error.place();
            let real = root.real(place.base());
            let looked = real.display();
            let (who, what, times): (log::Field<'_>, log::Field<'_>, log::Field<'_>) =
                (("collector", &self.shown), ("error", error), ("repeated", &held_back));
            if !place.base().starts_with('/') || real.as_os_str() == place.base() {
                log::event(level, message, &[who, what, times]);
            } else {
                log::event(level, message, &[who, what, ("looked_for", &looked), times]);
            }
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// All families besides those of the store: the collectors that are on, the scrape itself, and `more`.
pub fn ours(settings: &Settings, more: impl Iterator<Item = &'static Family<'static>>) -> Ours {
    let (mut rows, mut dynamic) = (Vec::new(), Vec::new());
    for (spec, collector) in COLLECTORS.iter().zip(&settings.collectors) {
        if collector.enabled {
            rows.extend(spec.families);
            dynamic.extend(spec.dynamic);
        }
    }
    rows.extend(served(settings.process_metrics));
    rows.extend(more);
    Ours::new(settings.dialect, &rows, &dynamic, settings.custom.labels_of_own())
}

/// The families about the scrape itself, and optionally about the process.
pub fn served(process: bool) -> impl Iterator<Item = &'static Family<'static>> {
    FAMILIES.iter().chain(process::FAMILIES.iter().filter(move |_| process))
}

#[cfg(test)]
mod tests;
