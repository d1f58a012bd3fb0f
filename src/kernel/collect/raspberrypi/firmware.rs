//! The firmware's flags, where its mailbox may be read.

use crate::base::sys;
use crate::kernel::read::Root;
use crate::model::metric::{Family, Label, Sink, Value};
use std::fs::{self, File};
use std::os::unix::fs::FileTypeExt;

/// The device of the mailbox.
pub const PATH: &str = "/dev/vcio";

/// The flags from the lowest bit on. Those that have occurred are 16 bits higher.
const FLAGS: [&str; 4] =
    ["undervoltage", "frequency_capped", "throttled", "soft_temperature_limit"];
const LATELY: usize = 16;

/// The firmware's mailbox, open.
pub struct Firmware {
    mailbox: File,
}

impl Firmware {
    /// Opens the mailbox of this machine; `None` if it does not exist or may not be opened.
    pub fn of(root: &Root) -> Option<Firmware> {
        let path = root.is_procfs().then(|| root.real(PATH))?;
        fs::metadata(&path).ok().filter(|about| about.file_type().is_char_device())?;
        Some(Firmware { mailbox: File::open(path).ok()? })
    }

    /// Reads the flags; `None` if the firmware does not answer. The caller must not ask again: each try may take a
    /// second.
    pub fn flags(&self) -> Option<u32> {
        sys::throttled(&self.mailbox).ok()
    }
}

/// Writes a sample for each flag.
pub fn write(family: &Family<'_>, flags: u32, out: &mut dyn Sink) {
    out.family(family);
    for (at, flag) in FLAGS.into_iter().enumerate() {
        for (when, bit) in [("now", at), ("lately", at + LATELY)] {
            let is_set = u64::from(flags >> bit & 1);
            out.sample(&[Label::from(flag), Label::from(when)], Value::Int(is_set));
        }
    }
}
