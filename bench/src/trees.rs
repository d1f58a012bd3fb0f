//! Trees of files as the kernel of a very large machine would show them.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What there are many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Many {
    Cpus,
    Disks,
    Interfaces,
}

impl Many {
    pub const ALL: [Many; 3] = [Many::Cpus, Many::Disks, Many::Interfaces];

    pub fn name(self) -> &'static str {
        match self {
            Many::Cpus => "CPUs",
            Many::Disks => "disks",
            Many::Interfaces => "interfaces",
        }
    }

    /// The collector that reads them, and its file.
    pub fn collector(self) -> (&'static str, &'static str) {
        match self {
            Many::Cpus => ("cpu", "proc/stat"),
            Many::Disks => ("disk", "proc/diskstats"),
            Many::Interfaces => ("network", "proc/net/dev"),
        }
    }
}

/// A directory that is removed at the end.
pub struct Tree(PathBuf);

impl Tree {
    /// A tree with nothing in it but `sys`; in memory, where there is a place for that.
    pub fn empty(name: &str) -> io::Result<Tree> {
        let shm = PathBuf::from("/dev/shm");
        let place = if shm.is_dir() { shm } else { std::env::temp_dir() };
        let tree = Tree(place.join(format!("sysmetrics-bench-{}-{name}", std::process::id())));
        fs::create_dir_all(tree.0.join("sys"))?;
        Ok(tree)
    }

    /// A tree with `count` of `many`, and what else a machine has.
    pub fn new(many: Many, count: usize) -> io::Result<Tree> {
        let tree = Tree::empty(&format!("{}-{count}", many.name()))?;
        tree.put("proc/stat", &stat(if many == Many::Cpus { count } else { 2 }))?;
        tree.put("proc/diskstats", &disks(if many == Many::Disks { count } else { 2 }))?;
        tree.put("proc/net/dev", &interfaces(if many == Many::Interfaces { count } else { 2 }))?;
        tree.put(
            "proc/meminfo",
            "MemTotal: 2048 kB\nMemFree: 1024 kB\nBuffers: 64 kB\nCached: 99 kB\n",
        )?;
        if many == Many::Cpus {
            for cpu in 0..count {
                let at = format!("sys/devices/system/cpu/cpu{cpu}/topology");
                tree.put(&format!("{at}/core_id"), &format!("{}\n", cpu / 2))?;
                tree.put(&format!("{at}/physical_package_id"), "0\n")?;
            }
        }
        if many == Many::Disks {
            for disk in 0..count {
                let at = format!("sys/block/{}", disk_name(disk));
                tree.put(&format!("{at}/dev"), &format!("{}:{}\n", 8 + disk / 256, disk % 256))?;
                tree.put(&format!("{at}/size"), "1953525168\n")?;
            }
        }
        Ok(tree)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file of it, in place if it was there.
    pub fn put(&self, path: &str, text: &str) -> io::Result<()> {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&self.0))?;
        fs::write(path, text)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if let Err(e) = fs::remove_dir_all(&self.0) {
            eprintln!("{} stays behind: {e}", self.0.display());
        }
    }
}

/// Numbers as large as on a machine that is up for months.
fn number(seed: usize) -> u64 {
    (seed as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 36
}

fn row(text: &mut String, seed: usize, columns: usize) {
    for column in 0..columns {
        // Writing to a String cannot fail.
        let _ = write!(text, " {}", number(seed * 31 + column));
    }
    text.push('\n');
}

fn stat(count: usize) -> String {
    let mut text = String::from("cpu ");
    row(&mut text, count, 10);
    for cpu in 0..count {
        let _ = write!(text, "cpu{cpu}");
        row(&mut text, cpu, 10);
    }
    text.push_str("intr 12345");
    text.push_str(&" 0 7".repeat(200));
    text.push_str("\nctxt 99\nbtime 1700000000\nprocesses 5\nprocs_running 1\nprocs_blocked 0\n");
    text
}

fn disk_name(mut disk: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.insert(0, b'a' + (disk % 26) as u8);
        match (disk / 26).checked_sub(1) {
            Some(rest) => disk = rest,
            None => return format!("sd{}", String::from_utf8_lossy(&letters)),
        }
    }
}

fn disks(count: usize) -> String {
    let mut text = String::new();
    for disk in 0..count {
        let _ = write!(text, "{:4} {:7} {}", 8 + disk / 256, disk % 256, disk_name(disk));
        row(&mut text, disk, 17);
    }
    text
}

fn interfaces(count: usize) -> String {
    let mut text = String::from(
        "Inter-|   Receive                                                |  Transmit\n face \
         |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls \
         carrier compressed\n",
    );
    for interface in 0..count {
        let _ = write!(text, "veth{interface:04x}:");
        row(&mut text, interface, 16);
    }
    text
}
