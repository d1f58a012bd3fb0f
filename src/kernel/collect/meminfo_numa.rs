//! Memory of each NUMA node: `/sys/devices/system/node/nodeN/meminfo`, a line `Node 0 MemFree:  12 kB` or
//! `Node 0 HugePages_Free: 0` for each quantity, and `nodeN/numastat`, a line `numa_hit 12` for each counter of
//! pages (Documentation/admin-guide/numastat.rst, since 2.6.13). Which lines there are depends on the kernel, so names
//! are made from them, as those of `/proc/meminfo`. Kernels without NUMA lack the directory.

use super::memory::{node_name, own_name};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Listing, scan};
use crate::model::metric::{Family, Kind, Label, Sink, Unit, fresh_stamp};
use crate::settings::Subject;

const DIRECTORY: &str = "/sys/devices/system/node";
const EXPECTED: &str = "a name and an integer";

/// More nodes than any kernel is built for; what comes after is left out and counted.
const MAX_NODES: usize = 1024;

/// More names than any kernel has; what comes after is left out and counted.
const MAX_KEYS: usize = 256;

/// Larger than any of the files; one that fills it is left out and counted.
const MAX_TEXT: usize = 8192;

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "meminfo_numa",
        node_name: "meminfo_numa",
        on: false,
        help: "memory of each NUMA node, from /sys/devices/system/node",
        options: &[],
    },
    families: &[],
    dynamic: &["memory_numa_"],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let listing = Listing::new(setup.root.dir(DIRECTORY));
    let text = vec![0; MAX_TEXT];
    Box::new(MeminfoNuma { listing, nodes: Vec::new(), quantities: Quantities::default(), text })
}

struct MeminfoNuma {
    listing: Listing,
    /// The nodes, by number.
    nodes: Vec<Node>,
    quantities: Quantities,
    /// The file that was read last.
    text: Vec<u8>,
}

struct Node {
    number: u64,
    /// Its directory.
    name: String,
    /// Its number as the label.
    label: String,
}

/// The quantities in the files, in the order in which they first appeared.
#[derive(Default)]
struct Quantities(Vec<Quantity>);

struct Quantity {
    key: Vec<u8>,
    kind: Kind,
    unit: Unit,
    /// `None` if the key makes no name, or the name of another.
    family: Option<DynamicFamily>,
    /// The numbers of the nodes.
    cells: Vec<Option<u64>>,
}

struct DynamicFamily {
    /// node_exporter's name, `|`, and our own.
    name: String,
    help: String,
    stamp: u32,
}

impl Collector for MeminfoNuma {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        match self.listing.has_changed() {
            Err(Error::Absent(_)) => return Ok(()),
            changed => {
                if changed? {
                    self.learn(scrape.errors);
                }
            }
        }
        self.quantities.begin(self.nodes.len());
        for (at, node) in self.nodes.iter().enumerate() {
            let mut next = 0;
            for (file, parse) in [("meminfo", memory as Parse), ("numastat", counter)] {
                let path = Joined::of(node.name.as_bytes(), file);
                let read = self.listing.dir.read(path.path(), &mut self.text);
                let Some(text) = scrape.errors.unless_absent(read) else { continue };
                let place = self.listing.dir.place(path.path());
                if text.len() >= MAX_TEXT - 1 {
                    scrape.errors.record(Error::too_large(place, MAX_TEXT));
                    continue;
                }
                for line in scan::lines(text) {
                    let parsed = parse(line);
                    let cell = parsed.and_then(|line| self.quantities.cell(line, at, &mut next));
                    match (cell, parsed) {
                        (Some(cell @ None), Some((.., raw))) => *cell = Some(raw),
                        _ => scrape.errors.refuse(place, EXPECTED, line),
                    }
                }
            }
        }
        self.write(out);
        Ok(())
    }
}

impl MeminfoNuma {
    /// Looks up the nodes after the list changed.
    #[cold]
    fn learn(&mut self, errors: &mut PartialErrors) {
        self.nodes.clear();
        for name in self.listing.names() {
            let number = name.strip_prefix("node").and_then(|digits| scan::uint(digits.as_bytes()));
            // The kernel writes numbers without leading zeros.
            let number = number.filter(|number| ["node", &number.to_string()].concat() == name);
            let Some(number) = number else { continue };
            if self.nodes.len() >= MAX_NODES {
                errors.refuse(DIRECTORY, "at most 1024 nodes", name.as_bytes());
                break;
            }
            self.nodes.push(Node { number, name: name.to_owned(), label: number.to_string() });
        }
        sys::sort(&mut self.nodes, |a, b| a.number.cmp(&b.number));
    }

    fn write(&self, out: &mut dyn Sink) {
        for quantity in &self.quantities.0 {
            let Some(DynamicFamily { name, help, stamp }) = &quantity.family else { continue };
            let family = Family::dynamic(quantity.kind, quantity.unit, name, help, *stamp);
            let family = family.keyed(&["node"]);
            out.family(&family);
            for (node, cell) in self.nodes.iter().zip(&quantity.cells) {
                if let Some(raw) = cell {
                    out.sample(&[Label::from(node.label.as_str())], family.value(*raw));
                }
            }
        }
    }
}

impl Quantities {
    /// Begins a reading of this many nodes.
    fn begin(&mut self, nodes: usize) {
        for quantity in &mut self.0 {
            quantity.cells.clear();
            quantity.cells.resize(nodes, None);
        }
    }

    /// The cell of a line and a node; most lines keep their position. `None` where the key makes no name.
    fn cell(&mut self, line: Line<'_>, node: usize, next: &mut usize) -> Option<&mut Option<u64>> {
        let (key, kind, unit, _) = line;
        let is_it = |quantity: &Quantity| quantity.key == key && quantity.kind == kind;
        let is_next = self.0.get(*next).is_some_and(is_it);
        let known = if is_next { Some(*next) } else { self.0.iter().position(is_it) };
        let at = match known {
            Some(at) => at,
            None => self.learn(key, kind, unit)?,
        };
        *next = at + 1;
        let quantity = self.0.get_mut(at).filter(|quantity| quantity.family.is_some())?;
        quantity.unit = unit;
        if quantity.cells.len() <= node {
            quantity.cells.resize(node + 1, None);
        }
        quantity.cells.get_mut(node)
    }

    #[cold]
    fn learn(&mut self, key: &[u8], kind: Kind, unit: Unit) -> Option<usize> {
        if self.0.len() >= MAX_KEYS {
            return None;
        }
        let family = DynamicFamily::of(key, kind, unit).filter(|family| {
            let mut known = self.0.iter().filter_map(|quantity| quantity.family.as_ref());
            !known.any(|known| known.shares_name(family))
        });
        self.0.push(Quantity { key: key.to_vec(), kind, unit, family, cells: Vec::new() });
        Some(self.0.len() - 1)
    }
}

impl DynamicFamily {
    fn of(key: &[u8], kind: Kind, unit: Unit) -> Option<DynamicFamily> {
        let node = node_name(key)?;
        let name = if kind == Kind::Counter {
            let own = node.strip_prefix("numa_").unwrap_or(&node);
            format!("memory_numa_{node}_total|memory_numa_{own}_total")
        } else {
            let suffix = if unit == Unit::Kibibytes { "_bytes" } else { "" };
            format!("memory_numa_{node}|memory_numa_{}{suffix}", own_name(&node))
        };
        let file = if kind == Kind::Counter { "numastat" } else { "meminfo" };
        Some(DynamicFamily {
            name,
            help: format!("{node} of the node's {file}."),
            stamp: fresh_stamp(),
        })
    }

    fn shares_name(&self, other: &DynamicFamily) -> bool {
        self.name.split('|').zip(other.name.split('|')).any(|(one, two)| one == two)
    }
}

/// Key, kind, unit and number.
type Line<'a> = (&'a [u8], Kind, Unit, u64);
type Parse = for<'a> fn(&'a [u8]) -> Option<Line<'a>>;

/// A line of `meminfo`.
fn memory(line: &[u8]) -> Option<Line<'_>> {
    let mut fields = scan::fields(line);
    fields.next().filter(|word| *word == b"Node")?;
    fields.next()?;
    let key = fields.next()?.strip_suffix(b":")?;
    let raw = fields.uint()??;
    match (fields.next(), fields.next()) {
        (Some(b"kB"), None) => Some((key, Kind::Gauge, Unit::Kibibytes, raw)),
        (None, _) => Some((key, Kind::Gauge, Unit::One, raw)),
        _ => None,
    }
}

/// A line of `numastat`.
fn counter(line: &[u8]) -> Option<Line<'_>> {
    let mut fields = scan::fields(line);
    let (key, raw) = (fields.next()?, fields.uint()??);
    fields.next().is_none().then_some((key, Kind::Counter, Unit::One, raw))
}

#[cfg(test)]
mod tests;
