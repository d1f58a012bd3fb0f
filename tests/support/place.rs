//! A machine made up for one test, in memory where that can be.
#![allow(dead_code)] // each test takes its part

use std::fs;
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

    /// Writes `bytes` in place: who has the file open reads them, as with the kernel's.
    pub fn put(&self, file: &str, bytes: &[u8]) {
        let file = self.0.join(file);
        if fs::write(&file, bytes).is_err() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, bytes).unwrap();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
