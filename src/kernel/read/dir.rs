//! An open directory, and the small attribute files below it: opening them relative to it halves the
//! cost of a path from the root, and pins no kernel memory as an open descriptor of each would. One
//! descriptor serves to list the directory and to open the files below it.

mod joined;

pub use joined::Joined;

use super::slow_files::read_below;
use super::{Absence, Shared, SlowFiles, scan};
use crate::base::error::{Error, Place};
use crate::base::sys;
use std::cell::RefCell;
use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::io;
use std::io::Seek;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

/// The longest integer attribute, sign and newline included.
const MAX_INTEGER: usize = 24;

/// One directory of attribute files.
pub struct Dir {
    path: &'static str,
    real: PathBuf,
    kept: Option<Kept>,
    absence: Absence,
    shared: Arc<Shared>,
    /// For files that drivers answer.
    slow: Option<Box<RefCell<SlowFiles>>>,
}

/// An open directory, which is counted while it is open.
struct Kept {
    file: File,
    can_list: bool,
    shared: Arc<Shared>,
}

impl Kept {
    fn new(file: File, can_list: bool, shared: &Arc<Shared>) -> Kept {
        shared.open.fetch_add(1, Relaxed);
        Kept { file, can_list, shared: shared.clone() }
    }

    /// Whether the directory was removed.
    fn is_gone(&self) -> bool {
        self.file.metadata().is_ok_and(|about| about.nlink() == 0)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Relaxed);
    }
}

/// `parts` joined to a name below a directory; with a NUL in it, it names no file.
pub fn name(parts: &[&str]) -> CString {
    CString::new(parts.concat()).unwrap_or_default()
}

impl Dir {
    pub(super) fn new(path: &'static str, real: PathBuf, shared: &Arc<Shared>) -> Dir {
        let (absence, shared) = (Absence::new(shared), shared.clone());
        Dir { path, real, kept: None, absence, shared, slow: None }
    }

    /// The same directory, with files that drivers answer.
    pub(super) fn of_drivers(mut self) -> Dir {
        let files = SlowFiles::new(self.path, self.real.clone(), &self.shared);
        self.slow = Some(Box::new(RefCell::new(files)));
        self
    }

    /// Forgets what is known of files that drivers answer, after the directory has changed.
    pub fn forget(&self) {
        self.slow.iter().for_each(|slow| slow.borrow_mut().forget());
    }

    /// How many files that drivers answer were not answered in time in this scrape.
    pub fn waiting(&self) -> u32 {
        self.slow.as_ref().map_or(0, |slow| slow.borrow().waiting)
    }

    /// The age of the text that was read last; `None` if it was read in this scrape.
    pub fn age(&self) -> Option<Duration> {
        self.slow.as_ref()?.borrow().age
    }

    /// Opens the directory, again if it was open. One that was absent a moment ago is not checked.
    pub fn open(&mut self) -> Result<(), Error> {
        self.open_by(sys::open_directory, false)
    }

    fn open_by(
        &mut self,
        open: fn(&Path) -> io::Result<File>,
        can_list: bool,
    ) -> Result<(), Error> {
        self.kept = None;
        if self.absence.is_known() {
            return Err(Error::Absent(self.path.into()));
        }
        let opened = open(&self.real).map_err(|e| {
            let error = Error::of(self.path, &e);
            if matches!(error, Error::Absent(_)) {
                self.absence.note();
            }
            error
        })?;
        self.kept = Some(Kept::new(opened, can_list, &self.shared));
        Ok(())
    }

    /// Closes the directory if more directories are open than may stay so from scrape to scrape.
    pub fn rest(&mut self) {
        if self.shared.open.load(Relaxed) > self.shared.kept {
            self.close();
        }
    }

    /// The absence record for a file below it.
    pub(super) fn absence(&self) -> Absence {
        Absence::new(&self.shared)
    }

    /// Closes the directory.
    pub fn close(&mut self) {
        self.kept = None;
    }

    /// Passes every name in this directory to `each`, in the kernel's order, every time
    /// without an allocation. The directory is opened at the first call, and again if it was removed.
    pub fn list(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let mut is_new = self.kept.as_ref().is_none_or(|kept| !kept.can_list);
        loop {
            if is_new {
                self.open_by(sys::open_listing, true)?;
            }
            let Some(kept) = &self.kept else { return Ok(()) };
            let (mut place, mut is_empty) = (&kept.file, true);
            let rewound = if is_new { Ok(()) } else { place.rewind() };
            let listed = rewound.and_then(|()| {
                sys::list(place, &mut |name| {
                    is_empty = false;
                    each(name);
                })
            });
            // A directory that went away has no names, or cannot be listed.
            if is_empty && !is_new && kept.is_gone() {
                is_new = true;
                continue;
            }
            return listed.map_err(|e| {
                self.kept = None;
                Error::of(self.path, &e)
            });
        }
    }

    /// Lists the directory `below` this one, which is not kept open.
    pub fn list_below(&self, below: &CStr, each: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let opened = sys::open_below(self.opened()?, below);
        let listed = opened.and_then(|directory| sys::list(&directory, each));
        listed.map_err(|e| Error::of(self.place(below), &e))
    }

    fn opened(&self) -> Result<&File, Error> {
        let kept = self.kept.as_ref().ok_or(Error::Absent(self.path.into()))?;
        Ok(&kept.file)
    }

    /// The names in the directory `below` this one ("" is this one itself), sorted.
    pub fn names(&self, below: &str) -> Result<Vec<String>, Error> {
        let entries = fs::read_dir(self.real.join(below));
        let entries =
            entries.map_err(|e| Error::of(Place::below(self.path, below.as_bytes()), &e))?;
        let mut names: Vec<_> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        sys::sort(&mut names, Ord::cmp);
        Ok(names)
    }

    /// Whether the entry `name` is a directory, or a link to one.
    pub fn is_directory(&self, name: &str) -> bool {
        fs::metadata(self.real.join(name)).is_ok_and(|about| about.is_dir())
    }

    /// Whether `below` is a file with a read permission.
    pub fn is_readable(&self, below: &str) -> bool {
        let about = fs::metadata(self.real.join(below));
        about.is_ok_and(|about| about.is_file() && about.mode() & 0o444 != 0)
    }

    /// Identifies the file or directory that `below` leads to.
    pub fn identity(&self, below: &str) -> Option<[u64; 2]> {
        let about = fs::metadata(self.real.join(below)).ok()?;
        Some([about.dev(), about.ino()])
    }

    /// The path of `below` after all links are followed.
    pub fn target(&self, below: &str) -> Option<PathBuf> {
        fs::canonicalize(self.real.join(below)).ok()
    }

    /// Whether it existed when it was last opened.
    pub fn is_open(&self) -> bool {
        self.kept.is_some()
    }

    /// When an entry was last added to the directory, removed or renamed; `None` if the directory is
    /// gone.
    pub fn changed(&self) -> Option<SystemTime> {
        let about = self.opened().ok()?.metadata().ok().filter(|m| m.nlink() > 0)?;
        about.modified().ok()
    }

    /// Reads the file `name` below, as much as fits into `into`, without its closing newline. One that a driver
    /// has not answered in time counts as absent.
    pub fn read<'b>(&self, name: &CStr, into: &'b mut [u8]) -> Result<&'b [u8], Error> {
        let Some(slow) = &self.slow else { return self.read_now(name, into) };
        let length = slow.borrow_mut().read(self.opened()?, name, into)?;
        Ok(into.get(..length).unwrap_or_default().trim_ascii_end())
    }

    /// The same for a file whose text the kernel has in memory.
    pub fn read_now<'b>(&self, name: &CStr, into: &'b mut [u8]) -> Result<&'b [u8], Error> {
        let read = read_below(self.opened()?, name, into);
        let length = read.map_err(|e| Error::of(self.place(name), &e))?;
        Ok(into.get(..length).unwrap_or_default().trim_ascii_end())
    }

    /// Whether there is a file `name` below.
    pub fn has(&self, name: &CStr) -> bool {
        self.opened().is_ok_and(|directory| sys::is_below(directory, name))
    }

    /// The integer in the file `name` below.
    pub fn uint(&self, name: &CStr) -> Result<u64, Error> {
        let mut text = [0; MAX_INTEGER];
        let text = self.read(name, &mut text)?;
        scan::uint(text.trim_ascii_start())
            .ok_or_else(|| Error::parse(self.place(name), "an integer", text))
    }

    /// The place of the file `name` below, for messages.
    pub fn place(&self, name: &CStr) -> Place {
        Place::below(self.path, name.to_bytes())
    }
}

#[cfg(test)]
mod tests;
