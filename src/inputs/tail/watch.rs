//! The directories of log files, watched where that works. Where it does not (another machine writes to
//! a network file system, there are too many directories) files are only checked from time to time, as
//! they are anyway.

use crate::base::sys::{self, Event, FileEvent, Inotify};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

/// The most directories.
const MAX_WATCHES: usize = 512;

/// Bytes of events that are read at once.
const ROOM: usize = 4096;

/// Reads per turn; events beyond are not handled one by one.
const MAX_READS: usize = 64;

/// Events that are handled one by one.
const MAX_EVENTS: usize = 256;

/// The number of a directory that is not watched.
pub const NONE: i32 = -1;

/// The watched directories.
#[derive(Default)]
pub struct Watch {
    inotify: Option<Inotify>,
    /// Each with its number, sorted.
    directories: Vec<(PathBuf, i32)>,
    room: Vec<u8>,
}

/// Which events came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Some event.
    pub any: bool,
    /// More events than were handled: everything may have changed.
    pub all: bool,
}

impl Watch {
    /// Ready when there are events.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.inotify.as_ref().map(AsFd::as_fd)
    }

    /// Watches these directories and no others; `fail` is called once for each that cannot be watched.
    pub fn follow(&mut self, mut wanted: Vec<PathBuf>, mut fail: impl FnMut(&Path, io::Error)) {
        sys::sort(&mut wanted, Ord::cmp);
        wanted.dedup();
        if wanted.is_empty() {
            *self = Watch::default();
            return;
        }
        if self.inotify.is_none() {
            match Inotify::new() {
                Ok(inotify) => self.inotify = Some(inotify),
                Err(error) if self.directories.is_empty() => {
                    fail(Path::new("inotify"), error);
                    // So that it is reported once.
                    self.directories.push((PathBuf::new(), NONE));
                    return;
                }
                Err(_) => return,
            }
            self.room = vec![0; ROOM];
        }
        let Some(inotify) = &self.inotify else { return };
        let mut directories = Vec::with_capacity(wanted.len());
        for directory in wanted.into_iter().take(MAX_WATCHES) {
            // Added again each time: there may be another directory of that name.
            let watch = inotify.watch(&directory).unwrap_or_else(|error| {
                let known = self.directories.binary_search_by(|(d, _)| d.cmp(&directory)).is_ok();
                if !known && error.kind() != io::ErrorKind::NotFound {
                    fail(&directory, error);
                }
                NONE
            });
            directories.push((directory, watch));
        }
        for (_, watch) in &self.directories {
            if *watch != NONE && !directories.iter().any(|(_, kept)| kept == watch) {
                inotify.unwatch(*watch);
            }
        }
        self.directories = directories;
    }

    /// The number of the watch on a directory.
    pub fn number(&self, directory: &Path) -> i32 {
        let at = self.directories.binary_search_by(|(d, _)| d.as_path().cmp(directory));
        at.ok().and_then(|at| self.directories.get(at)).map_or(NONE, |(_, watch)| *watch)
    }

    /// Hands each event to `each`.
    pub fn poll_events(&mut self, mut each: impl FnMut(Event<'_>)) -> Changes {
        let mut changes = Changes::default();
        let Some(inotify) = &self.inotify else { return changes };
        let mut count = 0;
        for _ in 0..MAX_READS {
            let mut is_empty = true;
            for event in inotify.read(&mut self.room) {
                is_empty = false;
                count += 1;
                changes.all |= event.what == FileEvent::Overflow || count > MAX_EVENTS;
                if !changes.all {
                    each(event);
                }
            }
            if is_empty {
                break;
            }
            changes.any = true;
        }
        changes
    }
}
