//! Memory zones: `/proc/zoneinfo`, a block of lines for each zone of each node
//! (Documentation/filesystems/proc.rst, since 2.6.13). A block begins with `Node 0, zone Normal`; lines are a key and a
//! number of pages, and `protection: (0, 2039, 31932)`, the pages held back from allocations that could
//! come from a higher zone. Values of a whole node are in the block of its first zone only.
//! Which keys exist depends on the kernel; a key that is missing has no sample.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, Filter, Names, scan};
use crate::model::metric::{Family, Label, Sink, Unit, counter, families, gauge};
use crate::settings::Subject;

const PATH: &str = "/proc/zoneinfo";
const EXPECTED: &str = "a key and an integer";
const HEAD: &str = "Node, a number, zone and a name, at most 8192 times";

/// More zones of all nodes than any box has; what comes after is left out and counted.
const MAX_ZONES: usize = 8192;

/// Numbers of a protection; no kernel has more zones in a node.
const MAX_PROTECTION: usize = 8;

/// Keys that are shown.
const MAX_KEYS: usize = 34;

const ZONE: &[&str] = &["node", "zone"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; MAX_KEYS + MAX_PROTECTION] = families![
    gauge(  "zoneinfo_nr_free_pages",                 Unit::One, "Pages of the zone that are free.", ZONE),
    gauge(  "zoneinfo_min_pages",                     Unit::One, "Free pages below which only emergencies allocate.", ZONE),
    gauge(  "zoneinfo_low_pages",                     Unit::One, "Free pages below which pages are reclaimed.", ZONE),
    gauge(  "zoneinfo_high_pages",                    Unit::One, "Free pages at which reclaim ends.", ZONE),
    gauge(  "zoneinfo_scanned_pages",                 Unit::One, "Pages looked at since some were reclaimed last.", ZONE),
    gauge(  "zoneinfo_spanned_pages",                 Unit::One, "Pages from the first to the last of the zone, holes too.", ZONE),
    gauge(  "zoneinfo_present_pages",                 Unit::One, "Pages that exist.", ZONE),
    gauge(  "zoneinfo_managed_pages",                 Unit::One, "Pages that the allocator manages.", ZONE),
    gauge(  "zoneinfo_nr_active_anon_pages",          Unit::One, "Anonymous pages used of late.", ZONE),
    gauge(  "zoneinfo_nr_inactive_anon_pages",        Unit::One, "Anonymous pages not used of late.", ZONE),
    gauge(  "zoneinfo_nr_isolated_anon_pages",        Unit::One, "Anonymous pages taken off their list for a moment.", ZONE),
    gauge(  "zoneinfo_nr_anon_pages",                 Unit::One, "Anonymous pages.", ZONE),
    gauge(  "zoneinfo_nr_anon_transparent_hugepages", Unit::One, "Anonymous transparent huge pages.", ZONE),
    gauge(  "zoneinfo_nr_active_file_pages",          Unit::One, "Pages of files used of late.", ZONE),
    gauge(  "zoneinfo_nr_inactive_file_pages",        Unit::One, "Pages of files not used of late.", ZONE),
    gauge(  "zoneinfo_nr_isolated_file_pages",        Unit::One, "Pages of files taken off their list for a moment.", ZONE),
    gauge(  "zoneinfo_nr_file_pages",                 Unit::One, "Pages of files.", ZONE),
    gauge(  "zoneinfo_nr_slab_reclaimable_pages",     Unit::One, "Pages of slabs that can be reclaimed.", ZONE),
    gauge(  "zoneinfo_nr_slab_unreclaimable_pages",   Unit::One, "Pages of slabs that cannot be reclaimed.", ZONE),
    gauge(  "zoneinfo_nr_mlock_stack_pages",          Unit::One, "Locked pages found and taken off their list.", ZONE),
    gauge(  "zoneinfo_nr_kernel_stacks",              Unit::One, "Kernel stacks, in the kernel's unit.", ZONE),
    gauge(  "zoneinfo_nr_mapped_pages",               Unit::One, "Pages that are mapped.", ZONE),
    gauge(  "zoneinfo_nr_dirty_pages",                Unit::One, "Pages that wait to be written.", ZONE),
    gauge(  "zoneinfo_nr_writeback_pages",            Unit::One, "Pages that are being written.", ZONE),
    gauge(  "zoneinfo_nr_unevictable_pages",          Unit::One, "Pages that cannot be evicted.", ZONE),
    gauge(  "zoneinfo_nr_shmem_pages",                Unit::One, "Pages of shared memory and tmpfs.", ZONE),
    counter("zoneinfo_nr_dirtied_total",              Unit::One, "Pages that became dirty.", ZONE),
    counter("zoneinfo_nr_written_total",              Unit::One, "Pages that were written.", ZONE),
    counter("zoneinfo_numa_hit_total",                Unit::One, "Pages allocated on the node that was wanted.", ZONE),
    counter("zoneinfo_numa_miss_total",               Unit::One, "Pages allocated here though another node was wanted.", ZONE),
    counter("zoneinfo_numa_foreign_total",            Unit::One, "Pages wanted here and allocated elsewhere.", ZONE),
    counter("zoneinfo_numa_interleave_total",         Unit::One, "Pages allocated here as interleaving wanted.", ZONE),
    counter("zoneinfo_numa_local_total",              Unit::One, "Pages allocated from the node of the CPU.", ZONE),
    counter("zoneinfo_numa_other_total",              Unit::One, "Pages allocated from another node than the CPU's.", ZONE),
    gauge(  "zoneinfo_protection_0",                  Unit::One, "Pages held back from allocations for zone 0 of the node.", ZONE),
    gauge(  "zoneinfo_protection_1",                  Unit::One, "Pages held back from allocations for zone 1 of the node.", ZONE),
    gauge(  "zoneinfo_protection_2",                  Unit::One, "Pages held back from allocations for zone 2 of the node.", ZONE),
    gauge(  "zoneinfo_protection_3",                  Unit::One, "Pages held back from allocations for zone 3 of the node.", ZONE),
    gauge(  "zoneinfo_protection_4",                  Unit::One, "Pages held back from allocations for zone 4 of the node.", ZONE),
    gauge(  "zoneinfo_protection_5",                  Unit::One, "Pages held back from allocations for zone 5 of the node.", ZONE),
    gauge(  "zoneinfo_protection_6",                  Unit::One, "Pages held back from allocations for zone 6 of the node.", ZONE),
    gauge(  "zoneinfo_protection_7",                  Unit::One, "Pages held back from allocations for zone 7 of the node.", ZONE),
];

/// The keys of the file; after their families come those of the protection.
static KEYS: [(&[u8], &Family); MAX_KEYS] = [
    (b"nr_free_pages", &FAMILIES[0]),
    (b"min", &FAMILIES[1]),
    (b"low", &FAMILIES[2]),
    (b"high", &FAMILIES[3]),
    (b"scanned", &FAMILIES[4]),
    (b"spanned", &FAMILIES[5]),
    (b"present", &FAMILIES[6]),
    (b"managed", &FAMILIES[7]),
    (b"nr_active_anon", &FAMILIES[8]),
    (b"nr_inactive_anon", &FAMILIES[9]),
    (b"nr_isolated_anon", &FAMILIES[10]),
    (b"nr_anon_pages", &FAMILIES[11]),
    (b"nr_anon_transparent_hugepages", &FAMILIES[12]),
    (b"nr_active_file", &FAMILIES[13]),
    (b"nr_inactive_file", &FAMILIES[14]),
    (b"nr_isolated_file", &FAMILIES[15]),
    (b"nr_file_pages", &FAMILIES[16]),
    (b"nr_slab_reclaimable", &FAMILIES[17]),
    (b"nr_slab_unreclaimable", &FAMILIES[18]),
    (b"nr_mlock_stack", &FAMILIES[19]),
    (b"nr_kernel_stack", &FAMILIES[20]),
    (b"nr_mapped", &FAMILIES[21]),
    (b"nr_dirty", &FAMILIES[22]),
    (b"nr_writeback", &FAMILIES[23]),
    (b"nr_unevictable", &FAMILIES[24]),
    (b"nr_shmem", &FAMILIES[25]),
    (b"nr_dirtied", &FAMILIES[26]),
    (b"nr_written", &FAMILIES[27]),
    (b"numa_hit", &FAMILIES[28]),
    (b"numa_miss", &FAMILIES[29]),
    (b"numa_foreign", &FAMILIES[30]),
    (b"numa_interleave", &FAMILIES[31]),
    (b"numa_local", &FAMILIES[32]),
    (b"numa_other", &FAMILIES[33]),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "zoneinfo",
        node_name: "zoneinfo",
        on: false,
        help: "memory zones, from /proc/zoneinfo",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let file = setup.files.records(PATH);
    let once = Filter::new(None, None);
    let (names, zones) = (Names::default(), Vec::new());
    Box::new(Zoneinfo { file, once, name: Vec::new(), names, zones })
}

struct Zoneinfo {
    file: FileId,
    /// Zones that were written already.
    once: Filter,
    /// Node and zone of the last block.
    name: Vec<u8>,
    /// Node and zone of each block.
    names: Names,
    zones: Vec<Zone>,
}

/// The numbers of a block.
#[derive(Clone, Copy)]
struct Zone {
    /// In the order of `KEYS`.
    cells: [Option<u64>; MAX_KEYS],
    protection: [Option<u64>; MAX_PROTECTION],
}

impl Collector for Zoneinfo {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let text = files.read(self.file)?;
        self.names.truncate(0);
        self.zones.clear();
        self.once.begin();
        // Whether the lines are those of a zone that is left out.
        let mut is_skipped = false;
        for line in scan::lines(text) {
            if line.starts_with(b"Node") {
                let expected = self.begin_zone(line).err();
                is_skipped = expected.is_some();
                expected.into_iter().for_each(|expected| errors.refuse(PATH, expected, line));
            } else if is_skipped {
                continue;
            } else if self.zones.last_mut().is_some_and(|zone| zone.take(line).is_none()) {
                errors.refuse(PATH, EXPECTED, line);
            }
        }
        if is_skipped && self.zones.is_empty() {
            return Err(Error::parse(PATH, HEAD, text));
        }
        self.write(out);
        Ok(())
    }
}

impl Zoneinfo {
    /// Begins the zone of this first line of a block, or says what was expected instead.
    fn begin_zone(&mut self, line: &[u8]) -> Result<(), &'static str> {
        let is_free = self.zones.len() < MAX_ZONES;
        let [node, zone] = head(line).filter(|_| is_free).ok_or(HEAD)?;
        self.name.clear();
        for part in [node, b" ", zone] {
            self.name.extend_from_slice(part);
        }
        if !self.once.keep(&self.name) {
            return Err("a zone that comes once");
        }
        self.names.push(node);
        self.names.push(zone);
        let (cells, protection) = ([None; MAX_KEYS], [None; MAX_PROTECTION]);
        self.zones.push(Zone { cells, protection });
        Ok(())
    }

    fn write(&self, out: &mut dyn Sink) {
        for (at, (_, family)) in KEYS.iter().enumerate() {
            self.column(family, |zone| zone.cells.get(at).copied().flatten(), out);
        }
        for (at, family) in FAMILIES.iter().skip(KEYS.len()).enumerate() {
            self.column(family, |zone| zone.protection.get(at).copied().flatten(), out);
        }
    }

    /// Writes one number of each zone that has it.
    fn column(
        &self,
        family: &'static Family<'static>,
        cell: impl Fn(&Zone) -> Option<u64>,
        out: &mut dyn Sink,
    ) {
        out.family(family);
        for (row, zone) in self.zones.iter().enumerate() {
            let name = |at| Label::of(self.names.get(at).unwrap_or_default());
            if let Some(raw) = cell(zone) {
                out.sample(&[name(2 * row), name(2 * row + 1)], family.value(raw));
            }
        }
    }
}

impl Zone {
    /// Parses a line of the block; `None` if it is not as documented.
    fn take(&mut self, line: &[u8]) -> Option<()> {
        let mut fields = scan::fields(line);
        let key = fields.next()?;
        if key == b"protection:" {
            for (cell, number) in self.protection.iter_mut().zip(fields) {
                let digits = number.strip_prefix(b"(").unwrap_or(number);
                let [digits @ .., b',' | b')'] = digits else { return None };
                *cell = Some(scan::uint(digits)?);
            }
            return Some(());
        }
        let place = KEYS.iter().position(|(known, _)| *known == key);
        if let Some(cell) = place.and_then(|at| self.cells.get_mut(at)) {
            let number = fields.uint()??;
            cell.get_or_insert(number);
        }
        Some(())
    }
}

/// Node and zone from the first line of a block.
fn head(line: &[u8]) -> Option<[&[u8]; 2]> {
    let mut fields = scan::fields(line).skip(1);
    let node = fields.next()?.strip_suffix(b",")?;
    fields.next().filter(|word| *word == b"zone")?;
    Some([node, fields.next()?])
}

#[cfg(test)]
mod tests;
