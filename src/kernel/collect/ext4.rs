//! Ext4, and ext2 and ext3 where its driver serves them: `/sys/fs/ext4/DEVICE`, decimal numbers
//! (Documentation/ABI/testing/sysfs-fs-ext4, fs/ext4/sysfs.c; `errors_count` since 2.6.36, `warning_count` since
//! 5.9). DEVICE is the kernel's name, such as `mmcblk0p2`.
//!
//! - Errors are kept in the super block until e2fsck clears them, over every start: alert when there are any.
//!   Times of errors are seconds since 1970, and are left out while there is none.
//! - The total of written bytes is kept in the super block, updated only now and then: a power failure sets it back a
//!   little. So it is a gauge, of which `rate()` would show a leap. The bytes of a session are those since the
//!   file system was mounted.
//! - Read-only is the state of the file system itself in `/proc/1/mountinfo`, else `/proc/self/mountinfo`. An
//!   error makes it so under a mount that may still write (so does an administrator by hand, if it is mounted at
//!   another place as well); newer kernels do not change it and have
//!   `emergency_ro`. Both are `ext4_emergency_readonly`. The agent's own mounts, as a sandbox has them,
//!   show only the second.
//! - Linux 6.12 to 6.14, and stable releases of older ones that took over the change, show neither, and statfs(2)
//!   says that it can be written. There it is read-only after an error if `/proc/fs/ext4/DEVICE/options` has
//!   `errors=remount-ro`: an error since the thread of its journal (`journal_task`) was started, as the mount does, or
//!   since the start of the box.

mod halted;
#[cfg(test)]
mod tests;

use super::attributes::{Attribute, LabelFrom, Layout, unsigned};
use super::kept::{self, Kept};
use super::subtree::Subtree;
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, FileId, scan};
use crate::model::metric::{
    Family, Sink, Unit::Kibibytes, Unit::One, Value, counter, families, gauge,
};
use crate::settings::Subject;
use halted::{Sources, is_halted};

const BLOCK: &str = "/sys/class/block";
const MOUNTS: [&str; 2] = ["/proc/1", "/proc/self"];
const MOUNTINFO: &[u8] = b"mountinfo";
const DEVICE: &[&str] = &["device"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 8] = families![
    gauge(  "ext4_errors",                        One,       "Errors of the file system since e2fsck cleared them.",             DEVICE).own_prefix(),
    gauge(  "ext4_warnings",                      One,       "Warnings of the file system.",                                     DEVICE).own_prefix(),
    gauge(  "ext4_first_error_timestamp_seconds", One,       "When the first error was, since 1970.",                            DEVICE).own_prefix(),
    gauge(  "ext4_last_error_timestamp_seconds",  One,       "When the last error was, since 1970.",                             DEVICE).own_prefix(),
    gauge(  "ext4_lifetime_written_bytes",        Kibibytes, "Bytes written to the file system since it was made.",              DEVICE).own_prefix(),
    counter("ext4_session_written_bytes_total",   Kibibytes, "Bytes written to the file system since it was mounted.",           DEVICE).own_prefix(),
    gauge(  "ext4_readonly",                      One,       "Whether the file system cannot be written.",                       DEVICE).own_prefix(),
    gauge(  "ext4_emergency_readonly",            One,       "Whether an error keeps the file system from being written.",       DEVICE).own_prefix(),
];

static DEVICES: Layout = Layout {
    directory: "/sys/fs/ext4",
    is_object: |name| name != "features",
    labels: &[LabelFrom::Name("")],
    attributes: &[
        Attribute { file: "errors_count", family: &FAMILIES[0], form: unsigned },
        Attribute { file: "warning_count", family: &FAMILIES[1], form: unsigned },
        Attribute { file: "lifetime_write_kbytes", family: &FAMILIES[4], form: unsigned },
        Attribute { file: "session_write_kbytes", family: &FAMILIES[5], form: unsigned },
    ],
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "ext4",
        node_name: "",
        on: true,
        help: "errors and writes of ext4, from /sys/fs/ext4",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Ext4 {
        devices: Kept::new(setup.root, &DEVICES),
        block: setup.root.dir(BLOCK),
        mounts: MOUNTS.map(|path| Subtree::new(setup.root, path)),
        proc: Subtree::new(setup.root, "/proc"),
        stat: setup.files.whole(halted::STAT),
        text: Vec::new(),
    })
}

struct Ext4 {
    devices: Kept,
    /// The directory of block devices, for their numbers.
    block: Dir,
    mounts: [Subtree; 2],
    proc: Subtree,
    /// `/proc/stat`, for the start of the box.
    stat: FileId,
    /// The last text of mountinfo.
    text: Vec<u8>,
}

impl Collector for Ext4 {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if self.devices.look_up(scrape)? {
            self.devices.read(scrape.errors);
            self.read_times(scrape.errors);
            if self.devices.objects.of(0).next().is_some() {
                self.read_modes(scrape);
            }
        }
        self.devices.write(scrape.errors, out);
        Ok(())
    }
}

impl Ext4 {
    fn read_times(&mut self, errors: &mut PartialErrors) {
        let [_, _, first, last, ..] = &FAMILIES;
        let Kept { objects, samples, .. } = &mut self.devices;
        let time = |text: &[u8]| scan::uint(text).map(|at| (at > 0).then_some(Value::Int(at)));
        for device in objects.of(0) {
            for file in [("first_error_time", first), ("last_error_time", last)] {
                kept::add(objects, device, file, &time, samples, errors);
            }
        }
    }

    /// Reads which file systems cannot be written.
    fn read_modes(&mut self, Scrape { files, errors, .. }: &mut Scrape<'_>) {
        let [.., readonly, emergency] = &FAMILIES;
        let mut read = |tree: &Subtree| {
            let opened = tree.open()?;
            opened.read_whole(&[MOUNTINFO], &mut self.text).map(<[u8]>::len)
        };
        let [first, own] = &self.mounts;
        let length = errors.unless_absent(read(first).or_else(|_| read(own)));
        let text = self.text.get(..length.unwrap_or(0)).unwrap_or_default();
        errors.unless_absent(self.block.open());
        let Kept { objects, samples, .. } = &mut self.devices;
        let mut from = Sources { files, stat: self.stat, proc: &self.proc };
        for device in objects.of(0) {
            let (path, mut room) = (Joined::of(device.label(0), "dev"), [0; 32]);
            let number = errors.unless_absent(self.block.read(path.path(), &mut room));
            let Some(mode) = number.and_then(|number| mode(text, number)) else { continue };
            let halted = is_halted(objects, device, &mut from);
            let halted = if let Err(Error::Absent(_)) = halted { Ok(false) } else { halted };
            let Some(is_halted) = errors.unless_absent(halted) else { continue };
            for (family, is_so) in [(readonly, mode.is_readonly), (emergency, mode.is_emergency)] {
                kept::push(device, family, Value::Int((is_so || is_halted).into()), samples);
            }
        }
        self.block.close();
    }
}

struct Mode {
    is_readonly: bool,
    is_emergency: bool,
}

/// The state in mountinfo of the file system on the device `number`, such as `179:2`; `None` if it is not there. The
/// line is `id parent number root point options [fields…] - type source options`.
fn mode(text: &[u8], number: &[u8]) -> Option<Mode> {
    let mut mode = None;
    for line in scan::lines(text) {
        let mut fields = scan::fields(line).skip(2);
        if fields.next() != Some(number) {
            continue;
        }
        let Some(mount) = fields.nth(2) else { continue };
        if !fields.any(|field| field == b"-") {
            continue;
        }
        let Some(options) = fields.nth(2) else { continue };
        let has =
            |options: &[u8], wanted: &[u8]| options.split(|b| *b == b',').any(|o| o == wanted);
        let mode = mode.get_or_insert(Mode { is_readonly: false, is_emergency: false });
        let (is_readonly, is_halted) = (has(options, b"ro"), has(options, b"emergency_ro"));
        mode.is_readonly |= is_readonly || is_halted;
        mode.is_emergency |= is_halted || is_readonly && has(mount, b"rw");
    }
    mode
}
