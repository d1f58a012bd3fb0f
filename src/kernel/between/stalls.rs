//! Stalls that the kernel reports: triggers on `/proc/pressure/cpu`, `io` and `memory`
//! (Documentation/accounting/psi.rst, since 5.2), and `irq`, which is only `full` (since 6.1 with
//! CONFIG_IRQ_TIME_ACCOUNTING). `some 200000 2000000`, written to such a file, requests an
//! event (`POLLPRI`) whenever tasks waited 200 ms within 2 s; the trigger lives as long as the descriptor, and
//! has at most one event per window. Windows that are multiples of 2 s need no privilege since 6.4; others, and
//! all on older kernels, need CAP_SYS_RESOURCE.
//!
//! The first events may be false, and hours after the trigger was set. The kernel counts stalls twice, for the averages
//! and for its own polling. A trigger's first window begins at the second count also where its events come from the
//! first, as those of all triggers without privilege do: the difference between them is taken for a stall
//! as soon as there is any. The window then begins again, but its growth is part of the estimate of the next
//! one. So the first event, and those until two windows later, count only if `total=` of the file grew by
//! the whole stall since the event before.
//!
//! For triggers without privilege, the kernel checks every 2 s, but not if the file was read in the instant
//! before: that read updates the averages in its place. Then the event comes 2 s later, if there still is a stall.
//!
//! `poll(2)` consumes an event when it reports it, so a descriptor of another poll (epoll) around it would lose
//! events: each file is in the loop's own list.

use crate::base::log;
use crate::base::sys::{Ready, is_procfs};
use crate::base::text::number::time_of;
use crate::kernel::read::scan;
use crate::model::metric::{Family, Sink, Unit, counter, families};
use crate::settings::{Pressure, StallTrigger};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Where triggers are set.
const DIRECTORY: &str = "/proc/pressure";

/// Bytes of one of these files: two lines of at most 80.
const MAX_TEXT: usize = 256;

/// How often the kernel checks triggers that need no privilege, at the least (PSI_FREQ and a tick).
const LATEST: Duration = Duration::from_millis(2100);

const LABELS: &[&str] = &["resource", "kind", "stall", "window"];

pub static FAMILIES: &[Family; 1] = families![
    counter(
        "pressure_stalls_total",
        Unit::One,
        "Windows in which tasks waited for a resource for as long as the trigger says.",
        LABELS,
    )
    .own_prefix()
];

/// The triggers that are set.
#[derive(Default)]
pub struct Stalls {
    triggers: Vec<Trigger>,
}

/// The result for each wanted trigger; `None` where it is set already.
pub struct Prepared(Vec<(StallTrigger, Option<io::Result<File>>)>);

/// One trigger.
struct Trigger {
    wanted: StallTrigger,
    /// The labels `stall` and `window`.
    texts: [String; 2],
    count: u64,
    state: Result<Source, String>,
}

/// The source of its events.
struct Source {
    file: File,
    /// While events may be false.
    unconfirmed: Option<Unconfirmed>,
}

struct Unconfirmed {
    /// When it ends; `None` before the first event.
    until: Option<Instant>,
    /// The total in the file when the trigger was set, or at the last event.
    total: u64,
}

impl Stalls {
    /// Sets the triggers that are new. This should be done before the process confines itself.
    pub fn prepare(&self, pressure: &Pressure, procfs: &Path) -> Prepared {
        let new = |wanted: &StallTrigger| {
            let is_set = |known: &Trigger| known.wanted == *wanted && known.state.is_ok();
            let is_new = !self.triggers.iter().any(is_set);
            (*wanted, is_new.then(|| set(wanted, procfs)))
        };
        Prepared(pressure.wanted().iter().map(new).collect())
    }

    /// Applies these triggers; existing ones keep their counts.
    pub fn apply(&mut self, prepared: Prepared) {
        let mut before = std::mem::take(&mut self.triggers);
        for (wanted, set) in prepared.0 {
            let known = before.iter().position(|known| known.wanted == wanted);
            let known = known.map(|at| before.swap_remove(at));
            let state = match (set, &known) {
                (Some(Ok(file)), _) => Ok(Source::new(file, &wanted)),
                (Some(Err(error)), _) => Err(lacking(&wanted, &error)),
                (None, _) => Err(String::new()),
            };
            let texts = [time_of(wanted.stall), time_of(wanted.window)];
            self.triggers.push(match known {
                Some(known) if state.is_err() && known.state.is_ok() => known,
                Some(known) => Trigger { state, ..known },
                None => Trigger { wanted, texts, count: 0, state },
            });
        }
    }

    /// Names the descriptors of events; `turn` gets them back in the same order.
    pub fn wait_on(&self, add: &mut dyn FnMut(Ready)) {
        let sources = self.triggers.iter().filter_map(|trigger| trigger.state.as_ref().ok());
        sources.for_each(|source| add(Ready::wait_for_event(source.file.as_fd())));
    }

    /// Counts the events; returns whether there were any.
    pub fn turn(&mut self, ready: &[Ready], now: Instant) -> bool {
        let set = self.triggers.iter_mut().filter(|trigger| trigger.state.is_ok());
        let mut has_stalled = false;
        for (trigger, ready) in set.zip(ready).filter(|(_, ready)| ready.any()) {
            has_stalled |= trigger.count_event(*ready, now);
        }
        has_stalled
    }

    /// The triggers that could not be set: their names, and why not.
    pub fn lacking(&self) -> impl Iterator<Item = (String, &str)> {
        let lacking = |trigger: &'_ Trigger| trigger.state.is_err();
        self.triggers.iter().filter(move |trigger| lacking(trigger)).map(|trigger| {
            (name(&trigger.wanted), trigger.state.as_ref().err().map_or("", String::as_str))
        })
    }

    /// Writes what was counted. A trigger that could not be set has no sample.
    pub fn write_self_metrics(&self, out: &mut dyn Sink) {
        if self.triggers.is_empty() {
            return;
        }
        let [family] = &FAMILIES;
        out.family(family);
        for trigger in self.triggers.iter().filter(|trigger| trigger.state.is_ok()) {
            let [stall, window] = &trigger.texts;
            let (resource, kind) = (trigger.wanted.resource, kind(&trigger.wanted));
            let labels = [resource.into(), kind.into(), (&**stall).into(), (&**window).into()];
            out.sample(&labels, family.value(trigger.count));
        }
    }
}

impl Trigger {
    /// Counts an event, unless it is false.
    fn count_event(&mut self, ready: Ready, now: Instant) -> bool {
        let Ok(source) = &mut self.state else { return false };
        if ready.ended() {
            // The kernel ended the trigger; it would report that for ever.
            self.state = Err(lacking(&self.wanted, &io::Error::other("the kernel ended it")));
            return false;
        }
        let is_true = source.is_true(&self.wanted, now);
        self.count += u64::from(is_true);
        is_true
    }
}

impl Source {
    fn new(file: File, wanted: &StallTrigger) -> Source {
        let unconfirmed = total(&file, wanted).map(|total| Unconfirmed { until: None, total });
        Source { file, unconfirmed }
    }

    fn is_true(&mut self, wanted: &StallTrigger, now: Instant) -> bool {
        let is_over =
            |unconfirmed: &Unconfirmed| unconfirmed.until.is_some_and(|until| until <= now);
        let Some(unconfirmed) = self.unconfirmed.take_if(|unconfirmed| !is_over(unconfirmed))
        else {
            self.unconfirmed = None;
            return true;
        };
        let until = unconfirmed.until.unwrap_or(now + 2 * (wanted.window + LATEST));
        let total = total(&self.file, wanted).unwrap_or(unconfirmed.total);
        self.unconfirmed = Some(Unconfirmed { until: Some(until), total });
        u128::from(total.saturating_sub(unconfirmed.total)) >= wanted.stall.as_micros()
    }
}

/// Sets a trigger, which lives as long as its file is open. Every procfs describes the whole machine, and that of a
/// host is often mounted read-only in a container: so our own is used, unless the trees are stored ones.
fn set(wanted: &StallTrigger, procfs: &Path) -> io::Result<File> {
    if !is_procfs(&File::open(procfs)?) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let path = Path::new(DIRECTORY).join(wanted.resource);
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let [stall, window] = [wanted.stall, wanted.window].map(|time| time.as_micros() as u64);
    // In one write; the kernel replaces the last byte by its terminator.
    file.write_all(format!("{} {stall} {window}\0", kind(wanted)).as_bytes())?;
    Ok(file)
}

/// The total microseconds that tasks waited.
fn total(file: &File, wanted: &StallTrigger) -> Option<u64> {
    let mut text = [0; MAX_TEXT];
    let length = file.read_at(&mut text, 0).ok()?;
    let kind = kind(wanted).as_bytes();
    let mut lines = scan::lines(text.get(..length)?).map(scan::fields);
    let mut fields = lines.find_map(|mut fields| (fields.next()? == kind).then_some(fields))?;
    scan::uint(fields.find_map(|field| field.strip_prefix(b"total="))?)
}

fn kind(wanted: &StallTrigger) -> &'static str {
    if wanted.is_full { "full" } else { "some" }
}

/// The name, such as `memory some 200ms in 2s`.
fn name(wanted: &StallTrigger) -> String {
    let (stall, window) = (time_of(wanted.stall), time_of(wanted.window));
    [wanted.resource, " ", kind(wanted), " ", &stall, " in ", &window].concat()
}

/// The message for the log, and later for health, why a trigger is missing and what to do.
fn lacking(wanted: &StallTrigger, error: &io::Error) -> String {
    let advice = match error.raw_os_error() {
        Some(libc::EOPNOTSUPP | libc::ENOENT) if wanted.resource == "irq" => {
            "the kernel lacks it: CONFIG_IRQ_TIME_ACCOUNTING, Linux 6.1"
        }
        Some(libc::EOPNOTSUPP) => "the kernel has it switched off: boot with psi=1",
        Some(libc::ENOENT) => "the kernel lacks it: CONFIG_PSI, Linux 5.2",
        Some(libc::EINVAL) => {
            "a window that is no multiple of 2 s takes CAP_SYS_RESOURCE; write 2s, 4s or so"
        }
        Some(libc::EPERM | libc::EACCES) => {
            "before Linux 6.4 it takes CAP_SYS_RESOURCE; after a reload, a restart of sysmetrics"
        }
        Some(libc::EROFS) => {
            "/proc is mounted read-only here: mount it writable, or leave out [pressure]"
        }
        _ => "stalls are counted where procfs is a kernel's own",
    };
    let (name, why) = (name(wanted), [&error.to_string(), "; ", advice].concat());
    let fields: [log::Field<'_>; 2] = [("trigger", &name), ("error", &why)];
    log::warn("stalls are not counted", &fields);
    why
}

#[cfg(test)]
mod tests;
