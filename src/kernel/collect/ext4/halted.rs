//! Whether an error keeps a file system from being written where its mounts do not show it.

use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::collect::attributes::{Object, Objects};
use crate::kernel::collect::subtree::Subtree;
use crate::kernel::read::{FileId, Files, Process, scan};

pub const STAT: &str = "/proc/stat";
const POLICY: &[u8] = b"errors=remount-ro";
const START: &[u8] = b"btime ";

/// Room for the options of a file system, some twenty lines, or for the `stat` of a process.
const MAX_TEXT: usize = 2048;

/// Room for the number of a process.
const MAX_PID: usize = 24;

/// What is read besides the attributes of the file system.
pub struct Sources<'a> {
    pub files: &'a mut Files,
    pub stat: FileId,
    pub proc: &'a Subtree,
}

/// Whether the file system had an error since it was mounted, and may not be written after one. In seconds since 1970
/// by the clock of now: a step of the clock between the two hides the error, or shows one of an earlier mount.
pub fn is_halted(objects: &Objects, device: &Object, from: &mut Sources) -> Result<bool, Error> {
    let last = match objects.uint(device, "last_error_time") {
        Ok(0) | Err(Error::Absent(_)) => return Ok(false),
        last => last?,
    };
    let (proc, mut room) = (from.proc.open()?, [0; MAX_TEXT]);
    let options = proc.read(&[b"fs/ext4", device.label(0), b"options"], &mut room)?;
    if !scan::lines(options).any(|line| line == POLICY) {
        return Ok(false);
    }
    let text = from.files.read(from.stat)?;
    let start = scan::lines(text).find_map(|line| scan::uint(line.strip_prefix(START)?));
    let start = start.ok_or_else(|| Error::parse(STAT, "a line btime", b""))?;
    // The journal's thread begins with the mount. Without a journal, and in a container, it is not known.
    let mut task = [0; MAX_PID];
    let task = objects.read(device, "journal_task", &mut task).unwrap_or(b"<none>");
    let stat = proc.read(&[task, b"stat"], &mut room).ok();
    let ticks = stat.and_then(|text| Some(Process::parse(0, text)?.usage?.start)).unwrap_or(0);
    Ok(last >= start.saturating_add(ticks / sys::user_hz()))
}
