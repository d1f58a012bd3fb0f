//! Bytes written to each disk over all starts of the box, which the counters of `/proc/diskstats` forget
//! (Documentation/admin-guide/iostats.rst): they are added up in the file that `state_file` names, which is
//! written at most once in ten minutes and usually once an hour. What is written between the last note
//! and the end of the box is not in it, nor what was written in starts before the file was made. Without
//! its directory there is no file, and there are no such samples. On OpenWrt `/var` is in memory: name another
//! file there.
//!
//! A disk is known by `device/cid`, `wwid`, `device/wwid`, `device/serial` or `serial` below
//! `/sys/block/DISK`, the first that there is, else by the kernel's name. Partitions, loops, RAM disks and
//! what is made of other disks are left out.
//!
//! What the agent itself wrote is `write_bytes` of `/proc/self/io`: pages that it made dirty, whatever file they
//! are of. Kernels without accounting of tasks do not tell it; then it is the bytes of its own state files
//! and of the spool.

mod disks;
mod state;
#[cfg(test)]
mod tests;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::state::{failed, place};
use crate::base::{log, sys, written};
use crate::kernel::read::{FileId, Root, scan};
use crate::model::metric::{Family, Label, Sink, Unit::One, Unit::Sectors, counter};
use crate::settings::{CollectorOption, Subject, path};
use disks::Disks;
use state::{BootId, MAX_BYTES, TITLE, Written};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const DISKSTATS: &str = "/proc/diskstats";
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
const IO: &str = "/proc/self/io";
const DEFAULT: &str = "/var/lib/sysmetrics/disk.state";

/// How often disks are looked for, and what the agent wrote.
const LOOK: Duration = Duration::from_secs(60);

/// How often the file is written: some 20 KB of flash each time. At first sooner, since some boxes are
/// seldom on for long; at an orderly end too, if it was not just written.
const PERIOD: Duration = Duration::from_secs(3600);
const FIRST: Duration = Duration::from_secs(600);

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; 2] = [
    counter("disk_all_boots_written_bytes_total", Sectors, "Bytes written in all starts of the box that the state file knows.", &["device"]).own_prefix(),
    counter("agent_written_bytes_total",          One,     "Bytes that the agent wrote to disks since it was started.",                &[]).own_prefix(),
];

static STATE_FILE: CollectorOption<PathBuf> =
    path("state_file", "file that keeps what was written to disks; \"\" is none").default(DEFAULT);

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "disk_written",
        node_name: "",
        on: true,
        help: "bytes written to disks over all starts of the box, and by the agent",
        options: &[&STATE_FILE.row],
    },
    families: &FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let mut path = setup.settings.get(&STATE_FILE);
    let is_default = path == Path::new(DEFAULT);
    let is_machine = setup.root.is_procfs();
    // What is told of another machine's files does not belong there.
    if is_default && !(is_machine && path.parent().is_some_and(Path::is_dir)) {
        path = PathBuf::new();
    }
    let file = setup.files.records(DISKSTATS);
    Box::new(DiskWritten { is_default, is_machine, ..DiskWritten::new(setup.root, file, path) })
}

struct DiskWritten {
    file: FileId,
    root: Root,
    disks: Disks,
    /// Empty: nothing is kept.
    path: PathBuf,
    is_default: bool,
    /// The files are the running kernel's.
    is_machine: bool,
    /// Which start of the box this is; `None` until the file was read.
    boot: Option<BootId>,
    known: Vec<Written>,
    /// The file holds what was written last.
    is_whole: bool,
    /// Somebody reads what this collector says for longer than one scrape.
    is_serving: bool,
    /// When the file was written last, or first could have been.
    written_at: Option<(Instant, Duration)>,
    look_at: Option<Instant>,
    /// What the agent wrote.
    own: Option<u64>,
}

impl Collector for DiskWritten {
    fn serving(&mut self, begins: bool) {
        if !begins {
            self.end(Instant::now());
        }
        self.is_serving = begins;
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let is_due = self.look_at.is_none_or(|at| scrape.now >= at);
        if is_due {
            self.look_at = Some(scrape.now + LOOK);
            self.own = own(&self.root, self.is_machine);
        }
        let [all, own] = &FAMILIES;
        if !self.path.as_os_str().is_empty() {
            if is_due {
                self.disks.look(scrape.errors);
            }
            if let Err(error) = self.count(is_due, scrape) {
                scrape.errors.unless_absent::<()>(Err(error));
            } else {
                out.family(all);
                for (name, at) in self.disks.shown() {
                    if let Some(disk) = self.known.get(at) {
                        out.sample(&[Label::of(name)], all.value(disk.total));
                    }
                }
            }
        }
        if let Some(bytes) = self.own {
            out.family(own);
            out.sample(&[], own.value(bytes));
        }
        Ok(())
    }
}

impl DiskWritten {
    fn new(root: &Root, file: FileId, path: PathBuf) -> DiskWritten {
        DiskWritten {
            file,
            root: root.clone(),
            disks: Disks::new(root),
            path,
            is_default: false,
            is_machine: false,
            boot: None,
            known: Vec::new(),
            is_whole: false,
            is_serving: false,
            written_at: None,
            look_at: None,
            own: None,
        }
    }

    /// The agent ends in an orderly way: what was counted is kept, if the file was not just written.
    fn end(&mut self, now: Instant) {
        let is_due = self.is_serving && self.is_due(now, FIRST);
        if is_due
            && !self.path.as_os_str().is_empty()
            && let Err(error) = state::write(&self.path, &self.known, self.is_whole)
        {
            log::warn("what was written to disks is not kept", &[("error", &error)]);
        }
    }

    /// Counts what was written until now, and keeps it if it is time.
    fn count(&mut self, has_looked: bool, scrape: &mut Scrape<'_>) -> Result<(), Error> {
        let boot = match self.boot {
            Some(boot) => boot,
            None => self.begin()?,
        };
        if has_looked {
            self.disks.make_room(&mut self.known);
        }
        self.disks.begin();
        for line in scan::lines(scrape.files.read(self.file)?) {
            let mut fields = scan::fields(line);
            let Some(name) = fields.nth(2) else { continue };
            let Some(disk) = self.disks.find(name) else { continue };
            // Reads, merged, sectors and time; writes and merged; then the sectors written.
            let Some(sectors) = fields.nth(6).and_then(scan::uint) else {
                scrape.errors.refuse(DISKSTATS, "an integer in column 10", line);
                continue;
            };
            disk.count(sectors, boot, &mut self.known);
        }
        let written = *self.written_at.get_or_insert((scrape.now, FIRST));
        if self.is_serving && self.is_due(scrape.now, written.1) {
            self.written_at = Some((scrape.now, PERIOD));
            let done = state::write(&self.path, &self.known, self.is_whole);
            self.is_whole = done.is_ok();
            if let Err(error) = done {
                scrape.errors.record(failed(&self.path, &error));
            }
        }
        Ok(())
    }

    /// Whether the file was written so long ago.
    fn is_due(&self, now: Instant, period: Duration) -> bool {
        self.written_at.is_some_and(|(at, _)| now.saturating_duration_since(at) >= period)
    }

    /// Reads the file and which start of the box this is.
    #[cold]
    fn begin(&mut self) -> Result<BootId, Error> {
        let text = self.root.read(BOOT_ID)?;
        let boot: BootId = text
            .trim_ascii()
            .try_into()
            .map_err(|_| Error::parse(BOOT_ID, "the id of a start", &text))?;
        match read(&self.path) {
            Ok(Some(known)) => (self.known, self.is_whole) = (known, true),
            // There is none, or it was lost with the power.
            Ok(None) => self.known = read(&state::old(&self.path))?.unwrap_or_default(),
            // Somebody runs the agent by hand.
            Err(Error::Read(detail, libc::EACCES)) if self.is_default => {
                self.path = PathBuf::new();
                return Err(Error::Absent(detail));
            }
            Err(error) => return Err(error),
        }
        self.boot = Some(boot);
        Ok(boot)
    }
}

/// What was kept; nothing if there is no file, or if it is damaged as by a power failure.
fn read(path: &Path) -> Result<Option<Vec<Written>>, Error> {
    let mut text = Vec::new();
    match sys::open_private(path, OpenOptions::new().read(true)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.and_then(|file| sys::read_rest(&file, MAX_BYTES, &mut text)),
    }
    .map_err(|error| failed(path, &error))?;
    let is_lost = text.iter().all(|byte| *byte == 0);
    if !is_lost && !text.starts_with(TITLE) {
        return Err(Error::parse(place(path), "a file of disk writes", &text));
    }
    Ok(state::parse(&text))
}

/// Bytes that this process wrote.
fn own(root: &Root, is_machine: bool) -> Option<u64> {
    let Ok(text) = root.read(IO) else { return is_machine.then(written::total) };
    let line = scan::lines(&text).find_map(|line| line.strip_prefix(b"write_bytes:"));
    scan::uint(line?.trim_ascii())
}
