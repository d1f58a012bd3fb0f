//! When the file of offsets is written, and its copy in memory.
//!
//! Flash wears by what is written to it. So the file is written once in `tail.state_interval`, which is an hour by
//! default, and a copy on a file system in memory every ten seconds. The copy is the newer one after the agent
//! was killed, and is gone after a power failure. Both are written at a reload and at an orderly end.
//!
//! A number shows which of them is newer, as clocks are set back. The copy of another file is of no use; since
//! it does not outlive a start of the machine, the directory of the file is known by device and inode.

use super::state::{self, KnownBeside, Place, State, Written};
use crate::base::log::{self, Field};
use crate::base::state::{COST, PERIOD, RETRY, Slots, is_in_memory};
use crate::base::text::number::time_of;
use crate::settings::{MEMORY_FILE, Tail};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const DAY: Duration = Duration::from_secs(86_400);

/// How often the copy is written.
pub const COPY_PERIOD: Duration = Duration::from_secs(10);

/// When a file was written last, in seconds and nanoseconds since 1970.
type Mtime = (i64, i64);

/// The file of offsets, and its copy.
#[derive(Default)]
pub struct Keeper {
    file: Target,
    copy: Target,
    /// The file belongs to another program.
    is_foreign: bool,
    /// The number of the last write of either.
    number: u64,
}

#[derive(Default)]
struct Target {
    /// Without a path nothing is written.
    slots: Slots,
    period: Duration,
    /// Something changed since the last write.
    is_stale: bool,
    /// When it may be written.
    next: Option<Instant>,
    /// A write failed, which was logged.
    is_failing: bool,
}

/// The offsets that were kept.
#[derive(Default)]
pub struct Kept {
    pub state: State,
    /// When that was written.
    at: Option<Mtime>,
    /// Why the file cannot be used.
    pub error: Option<io::Error>,
}

/// A write that failed.
pub struct Failure<'a> {
    pub path: &'a Path,
    pub error: io::Error,
    /// The write before it succeeded.
    pub is_first: bool,
}

impl Keeper {
    /// Nothing is read yet.
    pub fn new(settings: &Tail) -> Keeper {
        let path = |path: Option<&PathBuf>| path.cloned().unwrap_or_default();
        let file = settings.state_file.as_ref();
        let period = period(settings);
        let copy = wanted_copy(settings).filter(|copy| is_in_memory(copy));
        Keeper {
            file: Target::new(path(file), period),
            copy: Target::new(path(copy), COPY_PERIOD),
            ..Keeper::default()
        }
    }

    /// Sets how often the file is written.
    pub fn set_period(&mut self, settings: &Tail) {
        self.file.period = period(settings);
    }

    /// Notes that there is something to write.
    pub fn change(&mut self) {
        (self.file.is_stale, self.copy.is_stale) = (!self.is_foreign, true);
    }

    /// Requests that changes are written at the next opportunity.
    pub fn write_soon(&mut self) {
        (self.file.next, self.copy.next) = (None, None);
    }

    /// Whether something is to be written now.
    pub fn is_due(&self, now: Instant) -> bool {
        self.file.is_due(now) || self.copy.is_due(now)
    }

    /// When something is to be written, unless it is now.
    pub fn deadline(&self) -> Option<Instant> {
        let targets = [&self.file, &self.copy].into_iter();
        targets.filter(|target| target.is_active()).filter_map(|target| target.next).min()
    }

    /// The file that cannot be kept.
    pub fn unkept(&self) -> Option<&Path> {
        let is_unkept = self.file.is_failing || self.is_foreign;
        let copy = Some(&self.copy).filter(|copy| copy.is_failing);
        let unkept = Some(&self.file).filter(|_| is_unkept).or(copy);
        unkept.map(|target| target.slots.path())
    }

    /// The offsets from the file, or from the copy if that is newer.
    pub fn read(&mut self) -> Kept {
        let mut kept = self.file.read();
        self.is_foreign =
            kept.error.as_ref().is_some_and(|e| e.kind() != io::ErrorKind::InvalidData);
        let copy = self.copy.read();
        // That it cannot be read is reported when it cannot be written.
        if copy.error.is_none() && copy.at.is_some() && self.is_newer(&copy, &kept) {
            (kept.state, kept.at) = (copy.state, copy.at);
        }
        self.number = kept.state.written.unwrap_or_default().number;
        kept
    }

    /// Whether the copy is that of the file, and not older.
    fn is_newer(&self, copy: &Kept, file: &Kept) -> bool {
        let Some(of_copy) = copy.state.written else { return copy.at >= file.at };
        let is_later = match file.state.written {
            Some(of_file) => of_copy.number >= of_file.number,
            // There is no file, or it is damaged, or of format 1.
            None => file.error.is_some() || copy.at >= file.at,
        };
        is_later && of_copy.directory == self.directory()
    }

    /// Device and inode of the directory of the file.
    fn directory(&self) -> (u64, u64) {
        let about = self.file.slots.path().parent().and_then(|dir| fs::metadata(dir).ok());
        about.map_or((0, 0), |about| (about.dev(), about.ino()))
    }

    /// Writes what is due, the copy last.
    pub fn write(
        &mut self,
        places: &[&Place],
        beside: &[KnownBeside],
        now: Instant,
        failed: &mut dyn FnMut(Failure<'_>),
    ) {
        self.number = self.number.saturating_add(1);
        let written = Written { number: self.number, directory: self.directory() };
        let body = state::render(written, places, beside);
        for target in [&mut self.file, &mut self.copy] {
            if target.is_due(now) {
                target.write(&body, now, failed);
            }
        }
    }
}

impl Target {
    fn new(path: PathBuf, period: Duration) -> Target {
        Target { slots: Slots::new(path), period, ..Target::default() }
    }

    fn is_active(&self) -> bool {
        self.is_stale && !self.slots.path().as_os_str().is_empty()
    }

    fn is_due(&self, now: Instant) -> bool {
        self.is_active() && self.next.is_none_or(|at| at <= now)
    }

    fn read(&mut self) -> Kept {
        if self.slots.path().as_os_str().is_empty() {
            return Kept::default();
        }
        let about = fs::metadata(self.slots.path()).ok();
        let at = about.map(|about| (about.mtime(), about.mtime_nsec()));
        match state::read(&mut self.slots) {
            Ok(state) => Kept { state, at, error: None },
            Err(error) => Kept { state: State::default(), at, error: Some(error) },
        }
    }

    fn write(&mut self, body: &[u8], now: Instant, failed: &mut dyn FnMut(Failure<'_>)) {
        let done = self.slots.write(body);
        let is_first = !self.is_failing;
        (self.is_stale, self.is_failing) = (done.is_err(), done.is_err());
        let pause = if self.is_failing { self.period.min(RETRY) } else { self.period };
        self.next = Some(now + pause);
        if let Err(error) = done {
            failed(Failure { path: self.slots.path(), error, is_first });
        }
    }
}

/// How often the file is written: where it is in memory itself, no wear has to be avoided.
fn period(settings: &Tail) -> Duration {
    let is_free = settings.state_file.as_ref().is_some_and(|file| is_in_memory(file));
    settings.state_interval.min(if is_free { COPY_PERIOD } else { Duration::MAX })
}

/// The copy, if the file itself is not written as often.
fn wanted_copy(settings: &Tail) -> Option<&PathBuf> {
    let is_wanted = settings.state_file.is_some() && period(settings) > COPY_PERIOD;
    settings.memory_file.as_ref().filter(|_| is_wanted)
}

/// Warns of a copy that somebody wants where it would not be in memory; returns the number of warnings.
pub fn warn_of_copy(settings: &Tail) -> usize {
    let is_lost = |copy: &&PathBuf| **copy != Path::new(MEMORY_FILE) && !is_in_memory(copy);
    let Some(copy) = wanted_copy(settings).filter(is_lost) else { return 0 };
    let text = "tail.memory_file is not written, as its directory is not in memory";
    log::warn(text, &[("path", &copy.display())]);
    1
}

/// Warns of an interval that wears flash more than the state of an agent should; returns the number of warnings.
pub fn warn_of_flash(settings: &Tail) -> usize {
    let interval = settings.state_interval;
    let file = settings.state_file.as_ref().filter(|file| !is_in_memory(file));
    if file.is_none() || interval >= PERIOD {
        return 0;
    }
    let writes = DAY.as_millis() / interval.as_millis().max(1);
    let mib = (writes as u64).saturating_mul(COST).div_ceil(1 << 20);
    let fields: [Field<'_>; 3] = [
        ("state_interval", &time_of(interval)),
        ("mib_a_day", &mib),
        ("within_1_mib", &time_of(PERIOD)),
    ];
    log::warn("tail.state_interval wears flash, if a log grows all day", &fields);
    1
}
