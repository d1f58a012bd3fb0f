//! A kept directory, and the small attribute files below it: opening them relative to it halves the
//! cost of a path from the root, and pins no kernel memory as a kept descriptor of each would.

use super::scan;
use crate::error::Error;
use crate::sys;
use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::time::SystemTime;

/// The longest integer attribute, sign and newline included.
const MAX_INTEGER: usize = 24;

/// One directory of attribute files.
pub struct Dir {
    path: &'static str,
    real: PathBuf,
    kept: Option<File>,
}

/// `parts` joined to a name below a directory; with a NUL in it, it names nothing.
pub fn name(parts: &[&str]) -> CString {
    CString::new(parts.concat()).unwrap_or_default()
}

impl Dir {
    pub(super) fn new(path: &'static str, real: PathBuf) -> Dir {
        Dir { path, real, kept: None }
    }

    /// Opens the directory, anew if it was open.
    pub fn open(&mut self) -> Result<(), Error> {
        self.kept = None;
        let opened = sys::open_directory(&self.real).map_err(|e| self.failure(&e))?;
        self.kept = Some(opened);
        Ok(())
    }

    /// The names in the directory `below` this one ("" is this one itself), sorted.
    pub fn names(&self, below: &str) -> Result<Vec<String>, Error> {
        let entries = fs::read_dir(self.real.join(below)).map_err(|e| self.failure(&e))?;
        let mut names: Vec<_> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Whether it was there when it was last opened.
    pub fn is_open(&self) -> bool {
        self.kept.is_some()
    }

    /// When something was last put into the directory, taken out or renamed there; `None` if it is
    /// gone.
    pub fn changed(&self) -> Option<SystemTime> {
        let about = self.kept.as_ref()?.metadata().ok().filter(|m| m.nlink() > 0)?;
        about.modified().ok()
    }

    /// The file `name` below, as much as fits into `into`, without its closing newline.
    pub fn read<'b>(&self, name: &CStr, into: &'b mut [u8]) -> Result<&'b [u8], Error> {
        let directory = self.kept.as_ref().ok_or(Error::Absent(self.path))?;
        let result = sys::open_below(directory, name).and_then(|file| {
            loop {
                // Of a pipe that nobody writes to `read` would say that it is empty.
                match file.read_at(into, 0) {
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    result => return result,
                }
            }
        });
        let length = result.map_err(|e| self.failure(&e))?;
        Ok(into.get(..length).unwrap_or_default().trim_ascii_end())
    }

    /// The integer in the file `name` below.
    pub fn uint(&self, name: &CStr) -> Result<u64, Error> {
        let mut text = [0; MAX_INTEGER];
        let text = self.read(name, &mut text)?;
        scan::uint(text.trim_ascii_start())
            .ok_or_else(|| Error::parse(self.path, "an integer", text))
    }

    fn failure(&self, e: &std::io::Error) -> Error {
        match e.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Error::Absent(self.path),
            _ => Error::Read(self.path, e.raw_os_error().unwrap_or(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_attributes_below_a_kept_directory() {
        let real = std::env::temp_dir().join(format!("sysmetrics-dir-{}", std::process::id()));
        fs::create_dir_all(real.join("cpu0")).unwrap();
        for (name, text) in
            [("cpu0/id", "7\n"), ("list", "1,3-5\n"), ("odd", "-1\n"), ("wide", " 8 ")]
        {
            fs::write(real.join(name), text).unwrap();
        }
        let mut dir = Dir::new("/sys/x", real.clone());
        assert_eq!(dir.uint(c"cpu0/id"), Err(Error::Absent("/sys/x")), "not open yet");
        dir.open().unwrap();
        assert_eq!(dir.uint(c"cpu0/id"), Ok(7));
        assert_eq!(dir.read(c"list", &mut [0; 64]), Ok(&b"1,3-5"[..]));
        assert_eq!(dir.read(c"list", &mut [0; 3]), Ok(&b"1,3"[..]));
        assert_eq!(dir.uint(c"wide"), Ok(8));
        assert!(matches!(dir.uint(c"odd"), Err(Error::Parse(..))));
        assert_eq!(dir.uint(c"gone"), Err(Error::Absent("/sys/x")));
        assert_eq!(dir.read(c"cpu0", &mut [0; 8]), Err(Error::Read("/sys/x", libc::EISDIR)));
        assert_eq!(dir.names("").unwrap(), ["cpu0", "list", "odd", "wide"]);
        assert_eq!(dir.names("cpu0").unwrap(), ["id"]);
        assert_eq!(dir.names("cpu1"), Err(Error::Absent("/sys/x")));
        assert!(dir.changed().is_some());
        fs::remove_dir_all(real).unwrap();
        assert!(dir.open().is_err());
        assert_eq!(dir.changed(), None);
    }
}
