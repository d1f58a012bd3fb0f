//! Events of the files in directories: inotify(7). Directories are watched and not files: a
//! file that is renamed, replaced or not there yet needs no watch of its own.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes of an event before its name: watch, mask, cookie, length of the name.
const HEAD: usize = 16;

/// A file was created, removed, or became readable.
const NAMES: u32 = libc::IN_CREATE
    | libc::IN_DELETE
    | libc::IN_MOVED_FROM
    | libc::IN_MOVED_TO
    | libc::IN_ATTRIB
    | libc::IN_DELETE_SELF
    | libc::IN_MOVE_SELF;

/// A queue of events.
pub struct Inotify(OwnedFd);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileEvent {
    /// A file was written to.
    Written,
    /// A name was created, or refers to another file now.
    Set,
    /// A name was removed, or its file changed otherwise.
    Named,
    /// The directory is not watched any more.
    Over,
    /// Events were lost.
    Overflow,
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The number of the directory's watch.
    pub watch: i32,
    /// The kind of the event.
    pub what: FileEvent,
    /// The file's name; may be empty.
    pub name: &'a [u8],
}

impl Inotify {
    /// Opens a queue without watches.
    ///
    /// # Errors
    ///
    /// The user has too many queues, or there is no descriptor left.
    pub fn new() -> io::Result<Inotify> {
        // SAFETY: inotify_init1 has no memory preconditions.
        let fd = unsafe { libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: inotify_init1 returned a descriptor that is ours alone.
        Ok(Inotify(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Watches a directory; one that is watched already keeps its number.
    ///
    /// # Errors
    ///
    /// `directory` is not a directory or cannot be read, or the user has too many watches.
    pub fn watch(&self, directory: &Path) -> io::Result<i32> {
        let path = CString::new(directory.as_os_str().as_bytes())?;
        let mask = libc::IN_MODIFY | NAMES | libc::IN_ONLYDIR;
        // SAFETY: `path` ends with a NUL and lives over the call.
        let watch = unsafe { libc::inotify_add_watch(self.0.as_raw_fd(), path.as_ptr(), mask) };
        if watch < 0 { Err(io::Error::last_os_error()) } else { Ok(watch) }
    }

    /// Stops watching a directory.
    pub fn unwatch(&self, watch: i32) {
        // SAFETY: no memory preconditions. It fails if the directory is gone, as it may be.
        unsafe { libc::inotify_rm_watch(self.0.as_raw_fd(), watch) };
    }

    /// The next events, as many as fit into `into`; empty if nothing happened.
    pub fn read<'b>(&self, into: &'b mut [u8]) -> Events<'b> {
        // SAFETY: pointer and length describe the slice.
        let n = unsafe { libc::read(self.0.as_raw_fd(), into.as_mut_ptr().cast(), into.len()) };
        let n = usize::try_from(n).unwrap_or(0);
        Events(into.get(..n).unwrap_or_default())
    }
}

impl AsFd for Inotify {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Events, one after the other, in the kernel's layout.
pub struct Events<'a>(&'a [u8]);

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        let (head, rest) = self.0.split_at_checked(HEAD)?;
        let word = |at: usize| {
            let bytes = head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map_or(0, u32::from_ne_bytes)
        };
        let mask = word(4);
        let (name, rest) = rest.split_at_checked(word(12) as usize)?;
        self.0 = rest;
        let what = match mask {
            mask if mask & libc::IN_Q_OVERFLOW != 0 => FileEvent::Overflow,
            mask if mask & (libc::IN_IGNORED | libc::IN_UNMOUNT) != 0 => FileEvent::Over,
            mask if mask & (libc::IN_CREATE | libc::IN_MOVED_TO) != 0 => FileEvent::Set,
            mask if mask & NAMES != 0 => FileEvent::Named,
            _ => FileEvent::Written,
        };
        // The name is padded with NULs.
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        Some(Event { watch: word(0).cast_signed(), what, name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn tells_what_happens_in_a_directory() {
        let dir = std::env::temp_dir().join(format!("sysmetrics-inotify-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let inotify = Inotify::new().unwrap();
        let mut room = [0; 4096];
        assert!(inotify.read(&mut room).next().is_none(), "nothing happened yet");
        let watch = inotify.watch(&dir).unwrap();
        assert_eq!(inotify.watch(&dir).unwrap(), watch);
        fs::write(dir.join("a"), "x").unwrap();
        fs::rename(dir.join("a"), dir.join("b")).unwrap();
        let events: Vec<_> =
            inotify.read(&mut room).map(|e| (e.watch, e.what, e.name.to_vec())).collect();
        let event = |what, name: &[u8]| (watch, what, name.to_vec());
        let (set, named, written) = (FileEvent::Set, FileEvent::Named, FileEvent::Written);
        let expected =
            [event(set, b"a"), event(written, b"a"), event(named, b"a"), event(set, b"b")];
        assert_eq!(events, expected);
        assert!(inotify.watch(&dir.join("b")).is_err(), "no directory");
        fs::remove_dir_all(&dir).unwrap();
        let last = inotify.read(&mut room).last().unwrap();
        assert_eq!((last.watch, last.what), (watch, FileEvent::Over));
        inotify.unwatch(watch);
    }

    #[test]
    fn what_is_cut_off_is_no_event() {
        for n in 0..HEAD {
            assert!(Events(&[0xff; HEAD][..n]).next().is_none());
        }
        assert!(Events(&[0xff; HEAD]).next().is_none(), "a name longer than there is");
    }
}
