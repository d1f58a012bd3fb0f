//! Stored queueing disciplines, for tests: a `results.json` in the form of node_exporter's tests, a list of flat
//! objects of texts without escapes and of integers. A missing number is 0.

use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::read::netlink::qdisc::Counts;
use crate::kernel::read::scan;
use std::fs::File;
use std::path::{Path, PathBuf};

const PATH: &str = "results.json";
const MAX_FILE: u64 = 1 << 20;
const EXPECTED: &str = "a list of objects of texts and integers";

/// Receives a discipline: the interface, the kind and the counts.
pub type Each<'a> = &'a mut dyn FnMut(&[u8], &[u8], Counts);

/// The file, and a buffer for its text.
pub struct Store {
    file: PathBuf,
    text: Vec<u8>,
}

impl Store {
    /// The file in `directory`; nothing is read yet.
    pub fn new(directory: &Path) -> Store {
        Store { file: directory.join(PATH), text: Vec::new() }
    }

    /// Passes each discipline at a root to `each`.
    pub fn read(&mut self, each: Each<'_>) -> Result<(), Error> {
        let Store { file, text } = self;
        text.clear();
        let done = File::open(file).and_then(|file| sys::read_rest(&file, MAX_FILE, text));
        done.map_err(|error| Error::of(PATH, &error))?;
        let wrong = || Error::parse(PATH, EXPECTED, text);
        let mut rest = text.as_slice();
        while let Some(start) = memchr::memchr(b'{', rest) {
            let object = rest.get(start + 1..).unwrap_or_default();
            let end = memchr::memchr(b'}', object).ok_or_else(wrong)?;
            let (members, after) = object.split_at(end);
            let stored = Stored::of(members).ok_or_else(wrong)?;
            if stored.parent == 0 {
                each(stored.name, stored.kind, stored.counts);
            }
            rest = after;
        }
        Ok(())
    }
}

/// One object.
#[derive(Default)]
struct Stored<'a> {
    name: &'a [u8],
    kind: &'a [u8],
    parent: u64,
    counts: Counts,
}

impl<'a> Stored<'a> {
    fn of(members: &'a [u8]) -> Option<Stored<'a>> {
        let mut stored = Stored::default();
        stored.counts.requeues = Some(0);
        for member in members.split(|byte| *byte == b',') {
            let (key, value) = member.split_at(memchr::memchr(b':', member)?);
            let value = value.get(1..)?.trim_ascii();
            let number = || scan::uint(value);
            match scan::text(quoted(key)?) {
                "IfaceName" => stored.name = quoted(value)?,
                "Kind" => stored.kind = quoted(value)?,
                "Parent" => stored.parent = number()?,
                "Bytes" => stored.counts.bytes = number()?,
                "Packets" => stored.counts.packets = number()?,
                "Drops" => stored.counts.drops = number()?,
                "Requeues" => stored.counts.requeues = Some(number()?),
                "Overlimits" => stored.counts.overlimits = number()?,
                "Qlen" => stored.counts.queue_length = number()?,
                "Backlog" => stored.counts.backlog = number()?,
                _ => {}
            }
        }
        Some(stored)
    }
}

fn quoted(text: &[u8]) -> Option<&[u8]> {
    text.trim_ascii().strip_prefix(b"\"")?.strip_suffix(b"\"")
}
