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
//!   show only the second. Updates of Linux 6.12 (6.12.118) have neither: no file shows the state, but writes fail
//!   and the count of errors rises.

use super::attributes::{Attribute, LabelFrom, Layout, unsigned};
use super::kept::{self, Kept};
use super::subtree::Subtree;
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, scan};
use crate::model::metric::{
    Family, Sink, Unit::Kibibytes, Unit::One, Value, counter, families, gauge,
};
use crate::settings::Subject;

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
        text: Vec::new(),
    })
}

struct Ext4 {
    devices: Kept,
    /// The directory of block devices, for their numbers.
    block: Dir,
    mounts: [Subtree; 2],
    /// The last text of mountinfo.
    text: Vec<u8>,
}

impl Collector for Ext4 {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if self.devices.look_up(scrape)? {
            self.devices.read(scrape.errors);
            self.read_times(scrape.errors);
            if self.devices.objects.of(0).next().is_some() {
                self.read_modes(scrape.errors);
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
    fn read_modes(&mut self, errors: &mut PartialErrors) {
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
        for device in objects.of(0) {
            let (path, mut room) = (Joined::of(device.label(0), "dev"), [0; 32]);
            let number = errors.unless_absent(self.block.read(path.path(), &mut room));
            if let Some(mode) = number.and_then(|number| mode(text, number)) {
                kept::push(device, readonly, Value::Int(mode.is_readonly.into()), samples);
                kept::push(device, emergency, Value::Int(mode.is_emergency.into()), samples);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn errors_writes_and_modes() {
        let tree = Tree::new("ext4");
        let put = |file: &str, text: &str| tree.put(&format!("sys/fs/ext4/{file}"), text);
        for (file, text) in [
            ("errors_count", "11\n"),
            ("warning_count", "12\n"),
            ("first_error_time", "1700000013\n"),
            ("last_error_time", "1700000014\n"),
            ("lifetime_write_kbytes", "15\n"),
            ("session_write_kbytes", "16\n"),
        ] {
            put(&format!("mmcblk0p2/{file}"), text);
        }
        put("dm-0/errors_count", "0\n");
        put("dm-0/first_error_time", "0\n");
        put("sda1/errors_count", "");
        put("features/lazy_itable_init", "supported\n");
        for (device, number) in [("mmcblk0p2", "179:2"), ("dm-0", "253:0"), ("sda1", "8:1")] {
            tree.put(&format!("sys/class/block/{device}/dev"), &format!("{number}\n"));
        }
        let mounts = "1 0 179:2 / / rw,relatime shared:1 master:2 - ext4 /dev/root rw,emergency_ro\n\
                      2 1 253:0 / /data rw - ext4 /dev/mapper/x\\040y ro,errors=remount-ro\n\
                      3 1 8:1 / /boot ro - ext2 /dev/sda1 ro\n4 1 8:2 / /x rw - ext4 /dev/sda2 ro\n";
        tree.put("proc/self/mountinfo", mounts);
        let mut ext4 = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = [
            "ext4_errors{device=\"dm-0\"} 0",
            "ext4_errors{device=\"mmcblk0p2\"} 11",
            "ext4_warnings{device=\"mmcblk0p2\"} 12",
            "ext4_first_error_timestamp_seconds{device=\"mmcblk0p2\"} 1700000013",
            "ext4_last_error_timestamp_seconds{device=\"mmcblk0p2\"} 1700000014",
            "ext4_lifetime_written_bytes{device=\"mmcblk0p2\"} 15360",
            "ext4_session_written_bytes_total{device=\"mmcblk0p2\"} 16384",
            "ext4_readonly{device=\"dm-0\"} 1",
            "ext4_readonly{device=\"mmcblk0p2\"} 1",
            "ext4_readonly{device=\"sda1\"} 1",
            "ext4_emergency_readonly{device=\"dm-0\"} 1",
            "ext4_emergency_readonly{device=\"mmcblk0p2\"} 1",
            "ext4_emergency_readonly{device=\"sda1\"} 0",
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut ext4, Dialect::Own, &["ext4"]), (expected, 1));
        // The mounts of the first process come first: there it is mounted twice, once for reading.
        let first =
            "1 0 253:0 / / rw - ext4 /dev/mapper/x rw\n2 1 253:0 / /b ro - ext4 x rw\n5 x\n";
        tree.put("proc/1/mountinfo", first);
        let mut ext4 = tree.open(&SPEC, Dialect::Own, &[]);
        let expected =
            ["ext4_readonly{device=\"dm-0\"} 0", "ext4_emergency_readonly{device=\"dm-0\"} 0"];
        assert_eq!(scrape(&mut ext4, Dialect::Own, &["readonly"]).0, expected);
    }

    #[test]
    fn a_line_of_mountinfo_is_taken_apart() {
        let mode =
            |line: &str| mode(line.as_bytes(), b"8:1").map(|m| (m.is_readonly, m.is_emergency));
        assert_eq!(mode(""), None);
        assert_eq!(mode("1 0 8:1 / / rw - ext4 /dev/a"), None, "no options");
        assert_eq!(mode("1 0 8:1 / / rw ext4 /dev/a ro"), None, "no dash");
        assert_eq!(mode("1 0 8:11 / / rw - ext4 /dev/a ro"), None);
        assert_eq!(mode("1 0 8:1 / / rw - ext4 a errors=remount-ro,rw"), Some((false, false)));
        assert_eq!(mode("1 0 8:1 / / ro a:1 b:2 - ext4 a ro,x"), Some((true, false)));
        assert_eq!(mode("1 0 8:1 / / ro - ext4 a rw,emergency_ro"), Some((true, true)));
    }
}
