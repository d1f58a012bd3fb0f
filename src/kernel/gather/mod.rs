//! A scrape: every selected collector writes to one sink, then the metrics about the
//! scrape itself. A collector that fails leaves no samples; the others still run.

mod member;
mod process;
mod self_metrics;

use crate::base::clock::Start;
use crate::base::error::KeptError;
use crate::base::log::Limiter;
use crate::kernel::collect::{COLLECTORS, PartialErrors, Scrape, Setup, Spec, Textfiles, textfile};
use crate::kernel::read::netlink::Address;
use crate::kernel::read::{Files, Root};
use crate::model::metric::Source;
use crate::model::metric::{Family, NullSink, Sink};
use crate::model::store::Ours;
use crate::settings::{CollectorSettings, Dialect, Settings};
use member::Member;
use process::Process;
use std::time::{Duration, Instant};

/// The families about the scrape itself and the process, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    self_metrics::FAMILIES.iter().chain(process::FAMILIES)
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
            selected: false,
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
        if begins {
            self.ask_drivers();
        }
    }

    /// Lets the threads for files that drivers answer begin to read, so that the first scrape finds most values.
    fn ask_drivers(&mut self) {
        let now = Instant::now();
        self.root.begin_unwaiting(self.start.age(now));
        for member in self.members.iter_mut().filter(|member| member.collector.asks_drivers()) {
            let (files, textfiles) = (&mut self.files, &self.textfiles);
            // A file that cannot be read is reported by a scrape.
            let errors = &mut PartialErrors::default();
            let mut scrape = Scrape { files, errors, textfiles, now };
            let _ = member.collector.collect(&mut scrape, &mut NullSink);
        }
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

    /// Passes the current addresses of the running kernel's interfaces to `each`, with the name of each interface;
    /// returns `false` if they are not available, as where another machine's files are read.
    pub fn addresses(&mut self, each: &mut dyn FnMut(&[u8], Address)) -> bool {
        self.root.has_own_interfaces() && self.files.addresses(each).is_ok()
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
            member.selected = selection.0 >> i & 1 == 1;
            if member.selected {
                member.collector.begin(start);
            }
        }
        for (i, member) in self.members.iter_mut().enumerate() {
            if member.selected {
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
        self_metrics::write(&self.members, self.total, out);
        if let Some(process) = &self.process {
            process.write(&mut self.files, self.start.since_epoch(), out);
        }
    }
}

/// How many collectors a `Selection` has room for.
const MAX_COLLECTORS: usize = 128;

impl Selection {
    /// No collector.
    pub const NONE: Selection = Selection(0);
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
    self_metrics::FAMILIES.iter().chain(process::FAMILIES.iter().filter(move |_| process))
}

#[cfg(test)]
mod tests;
