//! Messages of the kernel's own log by level, from `/dev/kmsg` (Documentation/ABI/testing/dev-kmsg, since 3.5). A read
//! returns one record: `6,339,5140900,-;NET: Registered protocol family 10`, that is priority, number, microseconds and
//! flags, and perhaps more fields; then the text, and lines ` KEY=value`. The priority is 8 times the facility
//! and a level from 0 to 7; records of another facility than 0 come from programs.
//!
//! The device is opened when the agent begins to serve, and older records are skipped: the log has lost the
//! first ones, and a restart would count the rest again. Each scrape reads the records since the last one. Numbers
//! have no gaps, so the number of overwritten records is known exactly, and counted. Counters begin
//! at 0 with the agent, and go on over a reload.
//!
//! This needs CAP_SYSLOG where `kernel.dmesg_restrict` is 1, and the systemd unit hides the device. In a
//! stored tree there is no such device.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::log;
use crate::base::sys::open_unwaiting;
use crate::kernel::read::{Root, scan};
use crate::model::metric::{Family, Sink, Unit, counter, families};
use crate::settings::{Settings, Subject};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// The name of the collector.
pub const NAME: &str = "kernel_log";

/// Where the kernel's log is.
pub const PATH: &str = "/dev/kmsg";

const EXPECTED: &str = "priority,number,microseconds,flags;text";

/// What the systemd unit must contain.
const ADVICE: &str = "under systemd it takes ProtectKernelLogs=no, PrivateDevices=no, DeviceAllow=/dev/kmsg r and CAP_SYSLOG \
                      in a drop-in: see kernel_log in docs/collectors.md";

/// Bytes of one record; a longer one is refused by the kernel and counted as lost.
const MAX_RECORD: usize = 8192;

/// Records that one scrape reads; the rest is there at the next.
const MAX_RECORDS: usize = 4096;

/// Facilities are numbered up to 127 at most; the log keeps no higher number.
const MAX_PRIORITY: u64 = 128 * 8;

/// The names of levels in syslog(3), by number.
const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 2] = families![
    counter("kernel_log_messages_total",      Unit::One, "Messages of the kernel since the agent began, by level.",               &["level"]).own_prefix(),
    counter("kernel_log_messages_lost_total", Unit::One, "Messages that the log overwrote before they were read, programs' among them.", &[]).own_prefix(),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: NAME,
        node_name: "",
        on: false,
        help: "messages of the kernel by level, from /dev/kmsg",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let path = setup.root.is_procfs().then(|| setup.root.real(PATH));
    Box::new(KernelLog { path, file: None, counts: Counts::default() })
}

struct KernelLog {
    /// The path; stored trees have none.
    path: Option<PathBuf>,
    file: Option<File>,
    counts: Counts,
}

/// What was read so far.
#[derive(Default)]
struct Counts {
    levels: [u64; LEVELS.len()],
    lost: u64,
    /// The number of the next record; `None` before the first.
    next: Option<u64>,
    record: Box<[u8]>,
}

/// The header of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The level, from 0 to 7; `None` for what a program wrote.
    pub level: Option<usize>,
    /// Its number, one more than that of the record before.
    pub number: u64,
}

impl Record {
    /// Parses the header of a record; `None` if it is not as documented.
    pub fn of(bytes: &[u8]) -> Option<Record> {
        let head = bytes.get(..memchr::memchr(b';', bytes)?)?;
        let mut fields = head.split(|byte| *byte == b',');
        let (priority, number) = (scan::uint(fields.next()?)?, scan::uint(fields.next()?)?);
        scan::uint(fields.next()?)?;
        fields.next()?;
        let level = usize::try_from(priority).ok().filter(|level| *level < LEVELS.len());
        (priority < MAX_PRIORITY).then_some(Record { level, number })
    }
}

impl Counts {
    /// Counts the records that `read` returns, until there are no more, or the limit is reached.
    fn take(
        &mut self,
        read: &mut dyn FnMut(&mut [u8]) -> io::Result<usize>,
        scrape: &mut Scrape<'_>,
    ) -> Result<(), Error> {
        for _ in 0..MAX_RECORDS {
            let length = match read(&mut self.record) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // The next record was overwritten, or is too long: the one after it is read then, and its
                // number shows how many are missing.
                Err(error) if matches!(error.raw_os_error(), Some(libc::EPIPE | libc::EINVAL)) => {
                    self.lost += u64::from(self.next.is_none());
                    continue;
                }
                Err(error) => return Err(Error::of(PATH, &error)),
            };
            let bytes = self.record.get(..length).unwrap_or_default();
            match Record::of(bytes) {
                Some(record) => self.count(record),
                None => scrape.errors.refuse(PATH, EXPECTED, bytes),
            }
        }
        Ok(())
    }

    fn count(&mut self, record: Record) {
        let missing = self.next.map_or(0, |next| record.number.saturating_sub(next));
        self.lost = self.lost.saturating_add(missing);
        self.next = Some(record.number.saturating_add(1));
        let count = record.level.and_then(|level| self.levels.get_mut(level));
        count.into_iter().for_each(|count| *count += 1);
    }
}

impl Collector for KernelLog {
    fn serving(&mut self, begins: bool) {
        if begins && self.file.is_none() {
            let path = self.path.as_deref();
            self.file = path.and_then(|path| at_end(path).map_err(warn).ok());
        }
    }

    fn outlives_reload(&self) -> bool {
        true
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if self.file.is_none() {
            let path = self.path.as_deref().ok_or(Error::Unsupported(PATH.into()))?;
            self.file = Some(at_end(path).map_err(|error| Error::of(PATH, &error))?);
        }
        let Some(mut file) = self.file.as_ref() else { return Ok(()) };
        if self.counts.record.is_empty() {
            self.counts.record = vec![0; MAX_RECORD].into();
        }
        self.counts.take(&mut |to| file.read(to), scrape)?;
        let [messages, lost] = &FAMILIES;
        out.family(messages);
        for (level, count) in LEVELS.into_iter().zip(self.counts.levels) {
            out.sample(&[level.into()], messages.value(count));
        }
        out.single(lost, lost.value(self.counts.lost));
        Ok(())
    }
}

/// Opens the log at its end.
fn at_end(path: &Path) -> io::Result<File> {
    let mut file = open_unwaiting(path)?;
    if !file.metadata()?.file_type().is_char_device() {
        return Err(io::Error::from_raw_os_error(libc::ENOENT));
    }
    file.seek(SeekFrom::End(0))?;
    Ok(file)
}

/// Warns if the collector is on and the log cannot be read from here; returns the number of warnings.
pub fn warn_of_lacking(settings: &Settings) -> usize {
    if !settings.collectors.iter().any(|one| one.name == NAME && one.enabled) {
        return 0;
    }
    let path = Root::at(settings.paths.clone()).real(PATH);
    usize::from(at_end(&path).map_err(warn).is_err())
}

fn warn(error: io::Error) {
    let fields: [log::Field<'_>; 3] = [("file", &PATH), ("error", &error), ("advice", &ADVICE)];
    log::warn("the kernel's log cannot be read", &fields);
}

#[cfg(test)]
mod tests;
