//! A machine made for one test, in memory if possible.
#![allow(dead_code)] // each test takes its part

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory that is removed in the end.
pub struct Place(pub PathBuf);

impl Place {
    pub fn new() -> Place {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let shared = Path::new("/dev/shm");
        let parent = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
        let place = Place(parent.join(format!("sysmetrics-test-{}-{n}", std::process::id())));
        fs::create_dir_all(&place.0).unwrap();
        place
    }

    /// A copy of a stored machine.
    pub fn copy_of(machine: &Path) -> Place {
        let place = Place::new();
        copy(machine, &place.0);
        place
    }

    /// Writes `bytes` in place: who has the file open reads them, as with the kernel's.
    pub fn put(&self, file: &str, bytes: &[u8]) {
        let file = self.0.join(file);
        if fs::write(&file, bytes).is_err() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, bytes).unwrap();
        }
    }
}

/// Copies what is in a directory into another.
pub fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (kind, to) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path()).unwrap(), to).unwrap();
        } else {
            fs::write(to, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
