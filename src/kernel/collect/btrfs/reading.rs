//! Reads the files of one file system in sysfs.

use super::layouts::LAYOUTS;
use super::rows::FAMILIES;
use crate::kernel::collect::PartialErrors;
use crate::kernel::collect::gathered::Gathered;
use crate::kernel::collect::subtree::Opened;
use crate::kernel::read::scan;
use crate::model::metric::{Family, Value};

/// The longest text that is read, `commit_stats`.
pub const MAX_TEXT: usize = 512;

/// A line of `commit_stats` and its family.
static COMMITS: [(&[u8], &Family<'static>); 4] = [
    (b"commits", &FAMILIES[2]),
    (b"last_commit_ms", &FAMILIES[3]),
    (b"max_commit_ms", &FAMILIES[4]),
    (b"total_commit_ms", &FAMILIES[5]),
];

/// Receives a key and its number, for the samples of the file system with that UUID.
pub type Each<'a> = dyn FnMut(&[u8], u64, &mut Gathered, &[u8]) + 'a;

/// The state while one file system is read.
pub struct Reading<'a> {
    pub opened: &'a Opened,
    pub entry: &'a [u8],
    pub uuid: &'a [u8],
    pub errors: &'a mut PartialErrors,
    pub gathered: &'a mut Gathered,
}

impl Reading<'_> {
    /// Writes label, reserve and commits.
    pub fn about(&mut self) {
        let [info, reserve, ..] = &FAMILIES;
        let mut text = [0; MAX_TEXT];
        let label = self.opened.read(&[self.entry, b"label"], &mut text);
        let label = self.errors.unless_absent(label).unwrap_or_default();
        self.gathered.push(info, &[self.uuid, label], Value::Int(1));
        let path: [&[u8]; 2] = [self.entry, b"allocation/global_rsv_size"];
        self.number(&path, reserve, &[self.uuid]);
        let commit_stats = [self.entry, b"commit_stats"];
        self.lines(&commit_stats, &mut |key, raw, gathered, uuid| {
            let known = COMMITS.iter().find(|(known, _)| *known == key);
            if let Some((_, family)) = known {
                gathered.push(family, &[uuid], family.value(raw));
            }
        });
    }

    /// Reads a file of lines with a key and a number.
    pub fn lines(&mut self, path: &[&[u8]], each: &mut Each<'_>) {
        let mut text = [0; MAX_TEXT];
        let Some(text) = self.errors.unless_absent(self.opened.read(path, &mut text)) else {
            return;
        };
        for line in scan::lines(text) {
            let mut words = scan::fields(line);
            let key = words.next().unwrap_or_default();
            match words.next().and_then(scan::uint) {
                Some(raw) => each(key, raw, self.gathered, self.uuid),
                // `invalid` marks counters of a device that the kernel has not read yet.
                None if matches!(key, b"" | b"invalid") => {}
                None => {
                    let place = self.opened.place(path);
                    self.errors.refuse(place, "a key and an integer", line);
                }
            }
        }
    }

    /// Writes the space for data, metadata or system.
    pub fn allocation(&mut self, kind: &str, devices: u64) {
        let [.., reserved, used, size, ratio, _, _, _, _, _] = &FAMILIES;
        let (entry, kind) = (self.entry, kind.as_bytes());
        let path: [&[u8]; 4] = [entry, b"allocation", kind, b"bytes_reserved"];
        self.number(&path, reserved, &[self.uuid, kind]);
        for (layout, redundancy) in &LAYOUTS {
            let layout = layout.as_bytes();
            let path = |file: &'static [u8]| [entry, b"allocation", kind, layout, file];
            let labels = [self.uuid, kind, layout];
            let has_used = self.number(&path(b"used_bytes"), used, &labels);
            let has_size = self.number(&path(b"total_bytes"), size, &labels);
            let value = redundancy.ratio(devices).filter(|_| has_used || has_size);
            if let Some(value) = value {
                self.gathered.push(ratio, &labels, value);
            }
        }
    }

    /// Writes the number in the file `path` as a sample; returns whether there is one.
    pub fn number(
        &mut self,
        path: &[&[u8]],
        family: &'static Family<'static>,
        labels: &[&[u8]],
    ) -> bool {
        let read = self.read(path);
        if let Some(raw) = read.flatten() {
            self.gathered.push(family, labels, family.value(raw));
        }
        read.is_some()
    }

    /// Reads the file `path`, if it exists, and its number, if it has one.
    pub fn read(&mut self, path: &[&[u8]]) -> Option<Option<u64>> {
        let mut text = [0; MAX_TEXT];
        let text = self.errors.unless_absent(self.opened.read(path, &mut text))?;
        let number = scan::uint(text);
        if number.is_none() {
            self.errors.refuse(self.opened.place(path), "an integer", text);
        }
        Some(number)
    }
}
