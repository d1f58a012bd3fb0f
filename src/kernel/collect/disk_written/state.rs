//! How much was written to each disk, kept over starts of the box in a file of slots (`base/state`):
//!
//! ```text
//! sysmetrics disk writes 1
//! TOTAL LAST BOOT_ID KEY
//! …
//! ```
//!
//! A line describes one disk. `TOTAL` and `LAST` are sectors of 512 bytes: those of all starts, and what the kernel
//! counted in the boot `BOOT_ID` when the line was written.

use crate::kernel::read::scan;

/// The first line; the number is that of the format.
pub const TITLE: &[u8] = b"sysmetrics disk writes 1\n";

/// The most disks that are kept, including those that are absent now.
pub const MAX_DISKS: usize = 256;

/// Bytes of a key.
pub const MAX_KEY: usize = 96;

/// Bytes of a slot.
pub const MAX_BYTES: u64 = 64 << 10;

/// The identity of this boot, as `/proc/sys/kernel/random/boot_id` writes it.
pub type BootId = [u8; 36];

/// What was written to one disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The identity of the disk.
    pub key: Vec<u8>,
    pub total: u64,
    pub last: u64,
    pub boot: BootId,
}

impl Written {
    /// Updates the total with the kernel's count of sectors in the boot `boot`.
    pub fn count(&mut self, sectors: u64, boot: BootId) {
        let goes_on = self.boot == boot && sectors >= self.last;
        let new = if goes_on { sectors - self.last } else { sectors };
        self.total = self.total.saturating_add(new);
        (self.last, self.boot) = (sectors, boot);
    }
}

/// The text of the file.
pub fn render(disks: &[Written]) -> Vec<u8> {
    let mut text = TITLE.to_vec();
    for disk in disks {
        for number in [disk.total, disk.last] {
            text.extend_from_slice(number.to_string().as_bytes());
            text.push(b' ');
        }
        for part in [&disk.boot[..], b" ", &disk.key, b"\n"] {
            text.extend_from_slice(part);
        }
    }
    text
}

/// Reads the text of the file; `None` if it is damaged.
pub fn parse(text: &[u8]) -> Option<Vec<Written>> {
    let lines = text.strip_prefix(TITLE)?;
    let line = |line: &[u8]| {
        let mut fields = scan::fields(line);
        let (total, last) = (fields.uint()??, fields.uint()??);
        let (boot, key) = (fields.next()?.try_into().ok()?, fields.next()?.to_vec());
        let is_whole = fields.next().is_none() && key.len() <= MAX_KEY;
        is_whole.then_some(Written { key, total, last, boot })
    };
    let disks: Option<Vec<Written>> = scan::lines(lines).map(line).collect();
    disks.filter(|disks| disks.len() <= MAX_DISKS)
}
