//! A simulated machine for tests.

use super::Root;
use crate::settings::Paths;
use std::fs;
use std::path::PathBuf;

/// A directory with the kernel's trees: `proc`, `sys` and `udev`.
pub struct Tree(pub PathBuf);

impl Tree {
    pub fn new(name: &str) -> Tree {
        let name = format!("sysmetrics-{name}-{}", std::process::id());
        Tree(std::env::temp_dir().join(name))
    }

    pub fn put(&self, name: &str, text: &str) {
        let file = self.0.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.0.join(name)).unwrap();
    }

    pub fn paths(&self) -> Paths {
        let at = |name| self.0.join(name);
        Paths {
            procfs: at("proc"),
            sysfs: at("sys"),
            rootfs: at(""),
            udev_data: at("udev"),
            lacks_root: false,
        }
    }

    pub fn root(&self) -> Root {
        Root::at(self.paths())
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
