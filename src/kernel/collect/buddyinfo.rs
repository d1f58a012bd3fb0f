//! Free memory by the size of its blocks: `/proc/buddyinfo`, a line `Node 0, zone Normal 759 572 ...` for each
//! zone of each node: how many blocks of one page, two, four and so on are free
//! (Documentation/filesystems/proc.rst, since 2.6.8). Many small blocks and no large one is fragmentation.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, Filter, scan};
use crate::model::metric::{Decimal, Family, Label, Sink, Unit, gauge};
use crate::settings::Subject;

const PATH: &str = "/proc/buddyinfo";
const EXPECTED: &str = "Node, a number, zone, a name and integers";

/// More sizes than any kernel has; what comes after is left out.
const MAX_ORDERS: usize = 64;

/// More zones of all nodes than any box has; what comes after is left out and counted.
const MAX_ZONES: usize = 8192;

static FAMILIES: [Family; 1] = [gauge(
    "buddyinfo_blocks",
    Unit::One,
    "Free blocks; a block has two to the power of its size pages.",
    &["node", "zone", "size"],
)];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "buddyinfo",
        node_name: "buddyinfo",
        on: false,
        help: "free memory by size of block, from /proc/buddyinfo",
        options: &[],
    },
    families: &FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let once = Filter::new(None, None);
    Box::new(Buddyinfo { file: setup.files.records(PATH), once, name: Vec::new() })
}

struct Buddyinfo {
    file: FileId,
    /// Zones that came already.
    once: Filter,
    /// Node and zone of the last line.
    name: Vec<u8>,
}

impl Collector for Buddyinfo {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let text = files.read(self.file)?;
        let [blocks] = &FAMILIES;
        out.family(blocks);
        self.once.begin();
        for (at, line) in scan::lines(text).enumerate() {
            let Some((node, zone, counts)) = zone(line).filter(|_| at < MAX_ZONES) else {
                errors.refuse(PATH, EXPECTED, line);
                continue;
            };
            self.name.clear();
            for part in [node, b" ", zone] {
                self.name.extend_from_slice(part);
            }
            if !self.once.keep(&self.name) {
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
            }
        }
        Ok(())
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
        ];
        let expected = (expected.map(String::from).to_vec(), 0);
        assert_eq!(scrape(&mut buddyinfo, Dialect::Own, &["buddy"]), expected);
    }

    #[test]
    fn a_bad_count_costs_its_sample_and_a_bad_line_its_zone() {
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
    }
}
