//! Free memory by the size of its blocks: `/proc/buddyinfo`, a line `Node 0, zone Normal 759 572 ...` for each
//! zone of each node: how many blocks of one page, two, four and so on are free
//! (Documentation/filesystems/proc.rst, since 2.6.8). Many small blocks and no large one is fragmentation: the share
//! of the free memory that no block of a size can be taken from is what the kernel calls the index of
//! unusable free space.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, Filter, scan};
use crate::model::metric::{Decimal, Family, Label, Sink, Unit, families, gauge};
use crate::settings::{Dialect, Subject};

const PATH: &str = "/proc/buddyinfo";
const EXPECTED: &str = "Node, a number, zone, a name and integers";

/// More sizes than any kernel has; what comes after is left out.
const MAX_ORDERS: usize = 64;

/// More zones of all nodes than any box has; what comes after is left out and counted.
const MAX_ZONES: usize = 8192;

const ZONE: &[&str] = &["node", "zone", "size"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 2] = families![
    gauge("buddyinfo_blocks",         Unit::One,    "Free blocks; a block has two to the power of its size pages.",  ZONE),
    gauge("buddyinfo_unusable_ratio", Unit::Micros, "Share of the free memory in blocks smaller than this size.",    ZONE).only_own(),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "buddyinfo",
        node_name: "buddyinfo",
        on: false,
        help: "free memory by size of block, from /proc/buddyinfo",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let once = Filter::new(None, None);
    let with_shares = setup.dialect == Dialect::Own;
    Box::new(Buddyinfo { file: setup.files.records(PATH), once, name: Vec::new(), with_shares })
}

struct Buddyinfo {
    file: FileId,
    /// Zones that were written already.
    once: Filter,
    /// Node and zone of the last line.
    name: Vec<u8>,
    with_shares: bool,
}

impl Collector for Buddyinfo {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let text = files.read(self.file)?;
        let [blocks, unusable] = &FAMILIES;
        out.family(blocks);
        self.once.begin();
        let mut written = 0;
        for (at, line) in scan::lines(text).enumerate() {
            let Some((node, zone, counts)) = zone(line).filter(|_| at < MAX_ZONES) else {
                errors.refuse(PATH, EXPECTED, line);
                continue;
            };
            if !self.is_first(node, zone) {
                errors.refuse(PATH, "a zone that comes once", line);
                continue;
            }
            for (order, count) in counts.take(MAX_ORDERS).enumerate() {
                let Some(count) = scan::uint(count) else {
                    errors.refuse(PATH, EXPECTED, line);
                    continue;
                };
                let size = Decimal::of(order as u64);
                out.sample(&[Label::of(node), Label::of(zone), size.label()], blocks.value(count));
                written += 1;
            }
        }
        if self.with_shares {
            out.family(unusable);
            self.once.begin();
            // Errors of lines were recorded above.
            for (node, zone, counts) in scan::lines(text).take(MAX_ZONES).filter_map(zone) {
                if self.is_first(node, zone) {
                    write_shares(unusable, [node, zone], counts, out);
                }
            }
        }
        errors.unless_all(written)
    }
}

impl Buddyinfo {
    /// Whether the zone appears for the first time.
    fn is_first(&mut self, node: &[u8], zone: &[u8]) -> bool {
        self.name.clear();
        for part in [node, b" ", zone] {
            self.name.extend_from_slice(part);
        }
        self.once.keep(&self.name)
    }
}

/// Writes for each size how much of the free memory is in smaller blocks; nothing for a zone without all of its
/// numbers, or without free memory.
fn write_shares(
    family: &Family<'_>,
    [node, zone]: [&[u8]; 2],
    counts: scan::Fields<'_>,
    out: &mut dyn Sink,
) {
    let pages =
        |(order, count)| -> Option<u128> { u128::from(scan::uint(count)?).checked_shl(order) };
    let pages = || (0u32..).zip(counts).take(MAX_ORDERS).map(pages);
    let total = pages().try_fold(0u128, |sum, pages| sum.checked_add(pages?)).unwrap_or(0);
    let mut smaller = 0;
    for (order, pages) in pages().enumerate().filter(|_| total > 0) {
        let share = u128::checked_mul(smaller, 1_000_000).and_then(|n| n.checked_div(total));
        let share = share.and_then(|share| u64::try_from(share).ok());
        // No block is smaller than a page.
        if let Some(share) = share.filter(|_| order > 0) {
            let size = Decimal::of(order as u64);
            let labels = [Label::of(node), Label::of(zone), size.label()];
            out.sample(&labels, family.value(share));
        }
        smaller += pages.unwrap_or(0);
    }
}

/// Node, zone and counts of a line.
fn zone(line: &[u8]) -> Option<(&[u8], &[u8], scan::Fields<'_>)> {
    let mut fields = scan::fields(line);
    fields.next().filter(|word| *word == b"Node")?;
    let node = fields.next()?.strip_suffix(b",")?;
    fields.next().filter(|word| *word == b"zone")?;
    let zone = fields.next()?;
    scan::uint(node)?;
    Some((node, zone, fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn a_sample_for_each_size_of_each_zone() {
        let tree = Tree::new("buddyinfo");
        let mut buddyinfo = tree.open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(buddyinfo.error(), Some(Error::Absent(_))));
        let text = "Node 0, zone      DMA      1      2 \nNode 1, zone   Normal      3      4 \n";
        tree.put("proc/buddyinfo", text);
        let expected = [
            r#"buddyinfo_blocks{node="0",zone="DMA",size="0"} 1"#,
            r#"buddyinfo_blocks{node="0",zone="DMA",size="1"} 2"#,
            r#"buddyinfo_blocks{node="1",zone="Normal",size="0"} 3"#,
            r#"buddyinfo_blocks{node="1",zone="Normal",size="1"} 4"#,
            r#"buddyinfo_unusable_ratio{node="0",zone="DMA",size="1"} 0.200000"#,
            r#"buddyinfo_unusable_ratio{node="1",zone="Normal",size="1"} 0.272727"#,
        ];
        let expected = (expected.map(String::from).to_vec(), 0);
        assert_eq!(scrape(&mut buddyinfo, Dialect::Own, &["buddy"]), expected);
    }

    #[test]
    fn a_bad_count_drops_its_sample_and_a_bad_line_its_zone() {
        let tree = Tree::new("buddyinfo-odd");
        let text = "Node 0, zone DMA 1 x 3\nNode 0 zone Normal 4\nNode y, zone Z 5\nNode\n\nNode 0, zone DMA 9\n";
        tree.put("proc/buddyinfo", text);
        let mut buddyinfo = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            r#"buddyinfo_blocks{node="0",zone="DMA",size="0"} 1"#,
            r#"buddyinfo_blocks{node="0",zone="DMA",size="2"} 3"#,
        ];
        let expected = (expected.map(String::from).to_vec(), 6);
        assert_eq!(scrape(&mut buddyinfo, Dialect::Node, &["buddy"]), expected);
        let huge = u64::MAX;
        let lines = [
            "Node 0, zone DMA 1 x 3\nNode 0, zone Empty 0 0\nNode 0, zone Twice 2 3 1\n",
            &format!("Node 0, zone Twice 9 9\nNode 0, zone Huge {}{huge}\n", "0 ".repeat(70)),
            &format!("Node 0, zone Large {}\n", format!("{huge} ").repeat(3)),
        ];
        tree.put("proc/buddyinfo", &lines.concat());
        let mut buddyinfo = tree.open(&SPEC, Dialect::Own, &[]);
        // 2 and 8 of 12 pages; 1 and 3 of 7 parts.
        let expected = [
            r#"buddyinfo_unusable_ratio{node="0",zone="Twice",size="1"} 0.166666"#,
            r#"buddyinfo_unusable_ratio{node="0",zone="Twice",size="2"} 0.666666"#,
            r#"buddyinfo_unusable_ratio{node="0",zone="Large",size="1"} 0.142857"#,
            r#"buddyinfo_unusable_ratio{node="0",zone="Large",size="2"} 0.428571"#,
        ];
        let expected = (expected.map(String::from).to_vec(), 2);
        assert_eq!(scrape(&mut buddyinfo, Dialect::Own, &["unusable"]), expected);
    }
}
