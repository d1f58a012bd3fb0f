//! Memory: `/proc/meminfo`, a line `Name:  value kB` for each quantity, or `Name:  value` for a
//! count (Documentation/filesystems/proc.rst, section 1.2). Which lines there are depends on
//! kernel, architecture and configuration, so names are made from the file: `SwapTotal` becomes
//! `memory_swap_total_bytes` here and `memory_SwapTotal_bytes` for node_exporter, whose library
//! knows a fixed set of names.

use super::keyed::snake_case;
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::sys::digits;
use crate::kernel::read::{FileId, Names, scan};
use crate::model::metric::{Family, Kind, Sink, Unit, Value, families, fresh_stamp, gauge};
use crate::settings::{CollectorOption, Subject, system_switch};

const PATH: &str = "/proc/meminfo";
const EXPECTED: &str = "a name, a colon, an integer, and kB or nothing";

/// Longer names than any kernel has; others are left out and counted.
const MAX_KEY: usize = 100;

/// More lines than any kernel has; what comes after is left out and counted.
const MAX_LINES: usize = 256;

static FAMILIES: &[Family; 1] = families![
        gauge(
            "memory_used_bytes",
            Unit::Kibibytes,
            "Total less free, buffers and cached memory.",
            &[],
        )
        .only_own()
    ];

/// The lines that node_exporter's library knows (1.11); its dialect leaves the others out.
const KNOWN_TO_NODE: &str = "\
    Active Active(anon) Active(file) AnonHugePages AnonPages Bounce Buffers Cached CmaFree CmaTotal \
    CommitLimit Committed_AS DirectMap1G DirectMap2M DirectMap4k Dirty HardwareCorrupted \
    HugePages_Free HugePages_Rsvd HugePages_Surp HugePages_Total Hugepagesize Inactive \
    Inactive(anon) Inactive(file) KernelStack Mapped MemAvailable MemFree MemTotal Mlocked \
    NFS_Unstable PageTables Percpu SReclaimable SUnreclaim Shmem ShmemHugePages ShmemPmdMapped Slab \
    SwapCached SwapFree SwapTotal Unevictable VmallocChunk VmallocTotal VmallocUsed Writeback \
    WritebackTmp Zswap Zswapped";

/// The parts of used memory: the first, less the others.
const PARTS: [&[u8]; 4] = [b"MemTotal", b"MemFree", b"Buffers", b"Cached"];

static SYSTEM: CollectorOption<bool> =
    system_switch("collect_ram", "The collector memory; [collectors] takes precedence.");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "memory",
        node_name: "meminfo",
        on: true,
        help: "memory and swap, from /proc/meminfo",
        options: &[&SYSTEM.row],
    },
    families: FAMILIES,
    dynamic: &["memory_"],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Memory { file: setup.files.whole(PATH), keys: Names::default(), lines: Vec::new() })
}

struct Memory {
    file: FileId,
    keys: Names,
    lines: Vec<Line>,
}

/// The width to which the kernel pads a line's name with blanks.
const NAME: usize = 16;

/// One line and its name; names and helps are made when the line first appears.
struct Line {
    /// Its name, the colon, and the blanks after it, where it begins so.
    start: Option<[u8; NAME]>,
    unit: Unit,
    raw: u64,
    family: Option<DynamicFamily>,
    /// The index of the part in `PARTS`.
    part: Option<usize>,
}

struct DynamicFamily {
    /// node_exporter's name, `|`, and our own.
    name: String,
    /// The length of node_exporter's name.
    split: u8,
    help: String,
    in_node: bool,
    stamp: u32,
}

impl Collector for Memory {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        self.parse(files.read(self.file)?, errors)?;
        self.write(errors, out);
        Ok(())
    }
}

impl Memory {
    /// Parses the file into `lines`.
    #[inline(always)] // in one place
    fn parse(&mut self, mut text: &[u8], errors: &mut PartialErrors) -> Result<(), Error> {
        let mut count = 0;
        loop {
            for known in self.lines.get_mut(count..).unwrap_or_default() {
                let Some((raw, rest)) = known.read(text) else { break };
                known.raw = raw;
                (count, text) = (count + 1, rest);
            }
            let Some((line, rest)) = scan::split_line(text) else { break };
            text = rest;
            let Some((key, unit, raw)) = parse(line).filter(|_| count < MAX_LINES) else {
                errors.refuse(PATH, EXPECTED, line);
                continue;
            };
            match self.lines.get_mut(count) {
                Some(known) if known.unit == unit && self.keys.get(count) == Some(key) => {
                    known.raw = raw;
                }
                _ => {
                    self.lines.truncate(count);
                    self.keys.truncate(count);
                    let family =
                        DynamicFamily::of(key, unit).filter(|it| !it.is_taken(&self.lines));
                    let part = PARTS.iter().position(|part| *part == key);
                    let part = part.filter(|_| unit == Unit::Kibibytes && family.is_some());
                    self.keys.push(key);
                    self.lines.push(Line { start: start(line, key), unit, raw, family, part });
                }
            }
            count += 1;
        }
        self.lines.truncate(count);
        if count == 0 {
            return Err(Error::parse(PATH, EXPECTED, b""));
        }
        Ok(())
    }

    #[inline(always)] // in one place
    fn write(&self, errors: &mut PartialErrors, out: &mut dyn Sink) {
        for (i, line) in self.lines.iter().enumerate() {
            let key = self.keys.get(i).unwrap_or_default();
            match &line.family {
                Some(family) => line.write(family, out),
                None => errors.refuse(PATH, "a name that comes once", key),
            }
        }
        let [used] = &FAMILIES;
        if let Some(raw) = self.used() {
            out.single(used, used.value(raw));
        }
    }

    /// Used memory in kibibytes; `None` where one of the parts is missing, or they do not add up.
    fn used(&self) -> Option<u64> {
        let mut parts = [None; PARTS.len()];
        let known = self.lines.iter().filter_map(|line| Some((line.part?, line.raw)));
        for (at, raw) in known.take(PARTS.len()) {
            if let Some(part) = parts.get_mut(at) {
                *part = Some(raw);
            }
        }
        let [total, free, buffers, cached] = parts;
        total?.checked_sub(free?)?.checked_sub(buffers?)?.checked_sub(cached?)
    }
}

impl Line {
    /// The number of the line that `text` begins with, and what follows it, if the line is this one, in
    /// kibibytes: nearly every line is where it was at the last reading.
    #[inline(always)] // in one place
    fn read<'t>(&self, text: &'t [u8]) -> Option<(u64, &'t [u8])> {
        let (start, rest) = text.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let (unit, rest) = rest.split_first_chunk()?;
        if unit != b" kB\n" || self.start != Some(*start) || self.unit != Unit::Kibibytes {
            return None;
        }
        Some((digits::number(scan::columns(number)?), rest))
    }

    fn write(&self, names: &DynamicFamily, out: &mut dyn Sink) {
        let DynamicFamily { name, split, help, stamp, .. } = names;
        let family = Family::dynamic_at(Kind::Gauge, self.unit, (name, *split), help, *stamp);
        let family = if names.in_node { family } else { family.only_own() };
        // The unit of nearly all lines, without checking for others.
        let value = match self.unit {
            Unit::Kibibytes => Value::times(self.raw, 1024),
            unit => unit.value(self.raw),
        };
        out.single(&family, value);
    }
}

impl DynamicFamily {
    /// `None` if the key makes no metric name.
    fn of(key: &[u8], unit: Unit) -> Option<DynamicFamily> {
        let suffix = if unit == Unit::Kibibytes { "_bytes" } else { "" };
        let node = node_name(key)?;
        let own = own_name(&node);
        let help = [&node, " of /proc/meminfo."].concat();
        let split = u8::try_from("memory_".len() + node.len() + suffix.len()).ok()?;
        Some(DynamicFamily {
            split,
            name: ["memory_", &node, suffix, "|memory_", &own, suffix].concat(),
            help,
            stamp: fresh_stamp(),
            in_node: KNOWN_TO_NODE.as_bytes().split(|byte| *byte == b' ').any(|known| known == key),
        })
    }

    /// node_exporter's name and our own.
    fn names(&self) -> (&[u8], &[u8]) {
        let split = self.name.as_bytes().split_at_checked(self.split.into());
        split.map_or((b"", b""), |(node, own)| (node, own.get(1..).unwrap_or_default()))
    }

    /// Whether one of the lines has one of its names.
    fn is_taken(&self, by: &[Line]) -> bool {
        let (node, own) = self.names();
        let same = |other: &DynamicFamily| other.names().0 == node || other.names().1 == own;
        own == b"memory_used_bytes" || by.iter().filter_map(|line| line.family.as_ref()).any(same)
    }
}

/// The start of every line of `key`, if that is its name, a colon, and then blanks.
fn start(line: &[u8], key: &[u8]) -> Option<[u8; NAME]> {
    let start = line.first_chunk::<NAME>()?;
    let blanks = start.strip_prefix(key)?.strip_prefix(b":")?;
    blanks.iter().all(|byte| *byte == b' ').then_some(*start)
}

/// Key, unit and number of a line.
fn parse(line: &[u8]) -> Option<(&[u8], Unit, u64)> {
    let colon = memchr::memchr(b':', line)?;
    let (key, value) = line.split_at(colon);
    let mut fields = scan::fields(value.get(1..)?);
    let raw = fields.uint()??;
    match (fields.next(), fields.next()) {
        (Some(b"kB"), None) => Some((key, Unit::Kibibytes, raw)),
        (None, _) => Some((key, Unit::One, raw)),
        _ => None,
    }
}

/// `Active(anon)` as `Active_anon`: node_exporter's form of a key. `None` unless the rest are
/// letters, digits and underscores.
pub(super) fn node_name(key: &[u8]) -> Option<String> {
    let key = std::str::from_utf8(key).ok().filter(|key| key.len() <= MAX_KEY)?.trim();
    let name = key.strip_suffix(')').unwrap_or(key).replace('(', "_");
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(is_word))
        .then_some(name)
}

/// Our own form: in snake case, and without `Mem`, which the family's name begins with anyway.
pub(super) fn own_name(name: &str) -> String {
    let subject = name
        .strip_prefix("Mem")
        .filter(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()));
    match name {
        // "sec" is a second to the linters of metric names.
        "SecPageTables" => "secondary_page_tables".to_owned(),
        _ => snake_case(subject.unwrap_or(name)),
    }
}

#[cfg(test)]
mod tests;
