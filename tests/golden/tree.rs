//! A machine that changes under its readers.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A copy of a stored machine, removed in the end.
pub struct Tree(pub PathBuf);

impl Tree {
    pub fn copy(from: &Path) -> Tree {
        let tree = Tree::empty();
        tree.become_like(from);
        tree
    }

    pub fn empty() -> Tree {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sysmetrics-golden-{}-{n}", std::process::id());
        let tree = Tree(std::env::temp_dir().join(name));
        fs::create_dir_all(&tree.0).unwrap();
        tree
    }

    /// Becomes `machine` as a real one would: what `/proc` says changes in place, under the open
    /// descriptor; what lies below `/sys` and in udev's database comes and goes as files.
    pub fn become_like(&self, machine: &Path) {
        let (old, new) = (entries(&self.0), entries(machine));
        for gone in old.iter().rev().filter(|name| !new.contains(*name)) {
            let path = self.0.join(gone);
            let is_dir = fs::symlink_metadata(&path).unwrap().is_dir();
            if is_dir { fs::remove_dir(path) } else { fs::remove_file(path) }.unwrap();
        }
        for name in &new {
            let (from, to) = (machine.join(name), self.0.join(name));
            let kind = fs::symlink_metadata(&from).unwrap().file_type();
            if kind.is_dir() {
                fs::create_dir_all(to).unwrap();
            } else if name.starts_with("proc") {
                fs::write(to, fs::read(from).unwrap()).unwrap();
            } else {
                let fresh = self.0.join("fresh");
                if kind.is_symlink() {
                    symlink(fs::read_link(from).unwrap(), &fresh).unwrap();
                } else {
                    fs::write(&fresh, fs::read(from).unwrap()).unwrap();
                }
                fs::rename(fresh, to).unwrap();
            }
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Everything below `tree`, parents before children.
fn entries(tree: &Path) -> BTreeSet<PathBuf> {
    let (mut all, mut todo) = (BTreeSet::from([PathBuf::new()]), vec![PathBuf::new()]);
    while let Some(directory) = todo.pop() {
        let Ok(inside) = fs::read_dir(tree.join(&directory)) else { continue };
        for entry in inside.map(Result::unwrap) {
            let name = directory.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                todo.push(name.clone());
            }
            all.insert(name);
        }
    }
    all
}
