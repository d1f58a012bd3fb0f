//! Bytes written to each disk over all starts of the box, which the counters of `/proc/diskstats` forget
//! (Documentation/admin-guide/iostats.rst): they are added up in the file that `state_file` names, which is
//! written once in two hours, first after ten minutes. What is written between the last update
//! and the end of the box is not in it, nor what was written in starts before the file was made. Without
//! its directory there is no file, and there are no such samples; neither if that is in memory, as `/var` is on
//! OpenWrt: set another file there.
//!
//! A disk is identified by `device/cid`, `wwid`, `device/wwid`, `device/serial` or `serial` below
//! `/sys/block/DISK`, the first that exists, else by the kernel's name. Partitions, loops, RAM disks and
//! devices that are made of other disks are left out.
//!
//! What the agent itself wrote is `write_bytes` of `/proc/self/io`: pages that it made dirty, whatever file they
//! are of. Kernels without accounting of tasks do not report it; then it is the bytes of its own state files
//! and of the spool.

mod disks;
mod state;
#[cfg(test)]
mod tests;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::{Error, KeptError};
use crate::base::state::{Found, PERIOD as STATE_PERIOD, RETRY, Slots, failed, foreign};
use crate::base::{log, written};
use crate::kernel::read::{FileId, Root, scan};
use crate::model::metric::{Family, Label, Sink, Unit::One, Unit::Sectors, counter, families};
use crate::settings::{CollectorOption, Subject, path};
use disks::Disks;
use state::{BootId, MAX_BYTES, TITLE, Written};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const DISKSTATS: &str = "/proc/diskstats";
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
const IO: &str = "/proc/self/io";
const DEFAULT: &str = "/var/lib/sysmetrics/disk.state";

/// How often disks are looked up, and the agent's own bytes.
const LOOK: Duration = Duration::from_secs(60);

/// How often the file is written.
const PERIOD: Duration = STATE_PERIOD.saturating_mul(2);

/// When the file is first written, since some boxes are seldom on for long, and the least uptime
/// for writing it at an orderly end.
const FIRST: Duration = Duration::from_secs(600);

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 2] = families![
    counter("disk_all_boots_written_bytes_total", Sectors, "Bytes written in all starts of the box that the state file knows.", &["device"]).own_prefix(),
    counter("agent_written_bytes_total",          One,     "Bytes that the agent wrote to disks since it was started.",                &[]).own_prefix(),
];

static STATE_FILE: CollectorOption<PathBuf> =
    path("state_file", "file that keeps what was written to disks; \"\" for none").default(DEFAULT);

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "disk_written",
        node_name: "",
        on: true,
        help: "bytes written to disks over all starts of the box, and by the agent",
        options: &[&STATE_FILE.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let path = setup.state_file(&STATE_FILE, DEFAULT);
    let is_default = path == Path::new(DEFAULT);
    let is_machine = setup.root.is_procfs();
    let file = setup.files.records(DISKSTATS);
    Box::new(DiskWritten { is_default, is_machine, ..DiskWritten::new(setup.root, file, path) })
}

struct DiskWritten {
    file: FileId,
    root: Root,
    disks: Disks,
    /// Without a path nothing is written.
    state: Slots,
    /// Why it cannot be written.
    unkept: Option<KeptError>,
    is_default: bool,
    /// The files are the running kernel's.
    is_machine: bool,
    /// The identity of this boot; `None` until the file was read.
    boot: Option<BootId>,
    known: Vec<Written>,
    /// This collector serves more than one scrape.
    is_serving: bool,
    /// When the file was last written, or could first have been.
    written_at: Option<(Instant, Duration)>,
    next_look: Option<Instant>,
    /// Bytes that the agent wrote.
    own: Option<u64>,
}

impl Collector for DiskWritten {
    fn unkept(&self) -> Option<KeptError> {
        self.unkept
    }

    fn serving(&mut self, begins: bool) {
        if !begins {
            self.end(Instant::now());
        }
        self.is_serving = begins;
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let is_due = self.next_look.is_none_or(|at| scrape.now >= at);
        if is_due {
            self.next_look = Some(scrape.now + LOOK);
            self.own = own(&self.root, self.is_machine);
        }
        let [all, own] = &FAMILIES;
        if self.is_kept() {
            if is_due {
                self.disks.look_up(scrape.errors);
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
            state: Slots::new(path),
            unkept: None,
            is_default: false,
            is_machine: false,
            boot: None,
            known: Vec::new(),
            is_serving: false,
            written_at: None,
            next_look: None,
            own: None,
        }
    }

    /// Handles an orderly end of the agent: the counts are written, unless they just were.
    fn end(&mut self, now: Instant) {
        let is_due = self.is_serving && self.is_due(now, FIRST);
        if is_due
            && self.is_kept()
            && let Err(error) = self.state.write(&state::render(&self.known))
        {
            log::warn("what was written to disks is not kept", &[("error", &error)]);
        }
    }

    /// Counts what was written until now, and writes the file if it is time.
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
            let done = self.state.write(&state::render(&self.known));
            self.unkept = done.err().map(|error| failed(self.state.path(), &error).keep());
            let period = if self.unkept.is_some() { RETRY } else { PERIOD };
            self.written_at = Some((scrape.now, period));
            self.unkept.into_iter().for_each(|error| scrape.errors.record(error.error()));
        }
        Ok(())
    }

    /// Whether there is a file.
    fn is_kept(&self) -> bool {
        !self.state.path().as_os_str().is_empty()
    }

    /// Whether the file was last written at least this long ago.
    fn is_due(&self, now: Instant, period: Duration) -> bool {
        self.written_at.is_some_and(|(at, _)| now.saturating_duration_since(at) >= period)
    }

    /// Reads the file and the identity of this boot.
    #[cold]
    fn begin(&mut self) -> Result<BootId, Error> {
        let text = self.root.read(BOOT_ID)?;
        let boot: BootId = text
            .trim_ascii()
            .try_into()
            .map_err(|_| Error::parse(BOOT_ID, "the id of a start", &text))?;
        match self.read() {
            Ok(known) => self.known = known,
            // The agent is run by hand, as an unprivileged user.
            Err(Error::Read(detail, libc::EACCES)) if self.is_default => {
                self.state = Slots::default();
                return Err(Error::Absent(detail));
            }
            Err(error) => {
                self.unkept = Some(error.keep());
                return Err(error);
            }
        }
        (self.boot, self.unkept) = (Some(boot), None);
        Ok(boot)
    }

    /// The kept counts; empty if there is no file, or if it was lost in a power failure.
    fn read(&mut self) -> Result<Vec<Written>, Error> {
        let found = self.state.read(TITLE, MAX_BYTES);
        match found.map_err(|error| failed(self.state.path(), &error))? {
            Found::Nothing | Found::Lost => Ok(Vec::new()),
            Found::Foreign(text) => Err(foreign(self.state.path(), "a file of disk writes", &text)),
            Found::Body(body) => Ok(state::parse(&body).unwrap_or_default()),
        }
    }
}

/// Bytes that this process wrote.
fn own(root: &Root, is_machine: bool) -> Option<u64> {
    let Ok(text) = root.read(IO) else { return is_machine.then(written::total) };
    let line = scan::lines(&text).find_map(|line| line.strip_prefix(b"write_bytes:"));
    scan::uint(line?.trim_ascii())
}
