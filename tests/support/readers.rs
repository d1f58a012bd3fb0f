//! Which collector reads which file of a machine, as inotify(7) reports it: no list that could be wrong.
#![allow(dead_code)] // each test takes its part
#![allow(unsafe_code)] // inotify

use super::machine::Reader;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;
use std::fs::{self, File};
use std::io::Read;
use std::os::fd::FromRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use sysmetrics::kernel::collect::COLLECTORS;
use sysmetrics::settings::Settings;

/// Those who opened each file or directory, by the path below the machine.
pub type Readers = BTreeMap<PathBuf, BTreeSet<&'static str>>;

/// Has every collector read the machine in `tree`, with each of the settings.
pub fn readers(tree: &Path, settings: &[Settings]) -> Readers {
    let watch = Watch::on(tree);
    let mut readers = Readers::new();
    for settings in settings {
        for name in COLLECTORS.iter().map(|spec| spec.subject.name) {
            watch.opened(); // by nobody
            let mut reader = Reader::of(name, settings);
            drop((reader.read(), reader.read()));
            for path in watch.opened() {
                let path = path.strip_prefix(tree).unwrap().to_owned();
                readers.entry(path).or_default().insert(name);
            }
        }
    }
    readers
}

/// Every directory of a tree, and what is opened in it.
struct Watch {
    events: File,
    directories: BTreeMap<i32, PathBuf>,
}

impl Watch {
    fn on(tree: &Path) -> Watch {
        // SAFETY: inotify_init1 has no memory preconditions.
        let fd = unsafe { libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC) };
        assert!(fd >= 0, "{}", std::io::Error::last_os_error());
        // SAFETY: the descriptor is new and nobody else's.
        let events = unsafe { File::from_raw_fd(fd) };
        let mut watch = Watch { events, directories: BTreeMap::new() };
        let mut left = vec![tree.to_owned()];
        while let Some(directory) = left.pop() {
            for entry in fs::read_dir(&directory).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    left.push(entry.path());
                }
            }
            let path = CString::new(directory.as_os_str().as_bytes()).unwrap();
            // SAFETY: the path ends in NUL.
            let id = unsafe { libc::inotify_add_watch(fd, path.as_ptr(), libc::IN_OPEN) };
            assert!(id >= 0, "{}", std::io::Error::last_os_error());
            watch.directories.insert(id, directory);
        }
        watch
    }

    /// What was opened since.
    fn opened(&self) -> Vec<PathBuf> {
        let (mut opened, mut room) = (Vec::new(), [0; 1 << 16]);
        while let Ok(length @ 1..) = (&self.events).read(&mut room) {
            let mut rest = &room[..length];
            // struct inotify_event: watch, mask, cookie, length of the name, the name.
            while let Some((head, after)) = rest.split_first_chunk::<16>() {
                let word = |at: usize| i32::from_ne_bytes(head[at..at + 4].try_into().unwrap());
                let (name, after) = after.split_at(word(12) as usize);
                let name = name.split(|byte| *byte == 0).next().unwrap();
                let directory = &self.directories[&word(0)];
                opened.push(match name {
                    b"" => directory.clone(),
                    name => directory.join(std::ffi::OsStr::from_bytes(name)),
                });
                rest = after;
            }
        }
        opened
    }
}
