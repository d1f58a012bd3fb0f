//! Counters of network caches by CPU: `/proc/net/stat/*`, a line of names, then a line of
//! hexadecimal numbers for each possible CPU (lnstat(8); net/core/neighbour.c, net/ipv4/route.c,
//! net/netfilter). The lines do not name their CPUs: they are counted from 0. `entries` is a level and
//! the same in each line; node_exporter calls it a counter, like all the others.

use super::keyed::{Keyed, NewFamily};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Decimal, Kind, Label, Sink, Unit};
use crate::settings::{Dialect, Subject};

/// Every file that any kernel had there, and node_exporter's name of the table.
const FILES: [(&str, &str); 8] = [
    ("/proc/net/stat/arp_cache", "arp_cache"),
    ("/proc/net/stat/clip_arp_cache", "clip_arp_cache"),
    ("/proc/net/stat/dn_neigh_cache", "dn_neigh_cache"),
    ("/proc/net/stat/ip_conntrack", "ip_conntrack"),
    ("/proc/net/stat/ndisc_cache", "ndisc_cache"),
    ("/proc/net/stat/nf_conntrack", "nf_conntrack"),
    ("/proc/net/stat/rt_cache", "rt_cache"),
    ("/proc/net/stat/synproxy", "synproxy"),
];
const EXPECTED: &str = "a hexadecimal number for each name";
const EXPECTED_HEAD: &str = "at most 64 names";
const EXPECTED_LINES: &str = "at most 8192 lines";

/// More names than any of the files has.
const MAX_NAMES: usize = 64;

/// More CPUs than any kernel has.
const MAX_CPUS: usize = 8192;

const KEYS: &[&str] = &["subsystem", "cpu"];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "lnstat",
        node_name: "lnstat",
        on: false,
        help: "counters of network caches by CPU, from /proc/net/stat",
        options: &[],
    },
    families: &[],
    dynamic: &["lnstat_"],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Lnstat {
        tables: FILES.map(|(path, name)| Table::new(path, name, setup.files.records(path))),
        columns: Vec::new(),
        keys: Keyed::default(),
        dialect: setup.dialect,
    })
}

struct Lnstat {
    tables: [Table; FILES.len()],
    /// Each name, in the order in which they come.
    columns: Vec<Column>,
    keys: Keyed,
    dialect: Dialect,
}

/// A name, and its positions: the table, and the index in its lines.
struct Column {
    name: Vec<u8>,
    places: Vec<(usize, usize)>,
}

impl Collector for Lnstat {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let mut has_changed = false;
        for table in &mut self.tables {
            let text = errors.unless_absent(files.read(table.file)).unwrap_or_default();
            has_changed |= table.fill(text, errors);
        }
        if has_changed {
            self.columns = columns(&self.tables);
        }
        self.write(out);
        Ok(())
    }
}

impl Lnstat {
    /// Writes the samples, family by family.
    fn write(&mut self, out: &mut dyn Sink) {
        let Lnstat { tables, columns, keys, dialect } = self;
        keys.begin();
        for column in columns.iter() {
            let make = |name: &str, _: &str| Some(new_family(name, *dialect));
            let Some(family) = keys.family([&column.name, b""], &make) else { continue };
            let family = family.keyed(KEYS);
            out.family(&family);
            for (table, place) in &column.places {
                let Some(table) = tables.get(*table) else { continue };
                for (cpu, line) in table.lines().enumerate() {
                    let Some(Some(raw)) = line.get(*place) else { continue };
                    let cpu = Decimal::of(cpu as u64);
                    out.sample(&[Label::from(table.name), cpu.label()], family.value(*raw));
                }
            }
        }
    }
}

fn new_family(name: &str, dialect: Dialect) -> NewFamily {
    let is_level = dialect == Dialect::Own && name == "entries";
    let stem = name.strip_suffix("_total").filter(|_| dialect == Dialect::Own).unwrap_or(name);
    NewFamily {
        kind: if is_level { Kind::Gauge } else { Kind::Counter },
        unit: Unit::One,
        name: ["lnstat_", stem, if is_level { "" } else { "_total" }].concat(),
        help: [name, " in /proc/net/stat."].concat(),
    }
}

/// Looks up the names of all tables and their positions. Of one that appears twice in a table the first
/// position counts.
#[cold]
fn columns(tables: &[Table]) -> Vec<Column> {
    let mut columns = Vec::<Column>::new();
    for (table, Table { head, width, .. }) in tables.iter().enumerate() {
        for (place, name) in scan::fields(head).enumerate().take(*width) {
            match columns.iter_mut().find(|column| column.name == name) {
                Some(column) if column.places.iter().any(|(other, _)| *other == table) => {}
                Some(column) => column.places.push((table, place)),
                None => columns.push(Column { name: name.to_vec(), places: vec![(table, place)] }),
            }
        }
    }
    columns
}

/// The contents of one file.
struct Table {
    path: &'static str,
    name: &'static str,
    file: FileId,
    /// The line of names, and their number.
    head: Vec<u8>,
    width: usize,
    /// `width` for each line, `None` for cells that are not numbers.
    cells: Vec<Option<u64>>,
}

impl Table {
    fn new(path: &'static str, name: &'static str, file: FileId) -> Table {
        Table { path, name, file, head: Vec::new(), width: 0, cells: Vec::new() }
    }

    /// Parses the text of the file; returns whether its names changed.
    fn fill(&mut self, text: &[u8], errors: &mut PartialErrors) -> bool {
        let mut lines = scan::lines(text);
        let head = lines.next().unwrap_or_default();
        let has_changed = self.head != head;
        if has_changed {
            self.head.clear();
            self.head.extend_from_slice(head);
        }
        self.cells.clear();
        self.width = scan::fields(head).count();
        if self.width > MAX_NAMES {
            errors.refuse(self.path, EXPECTED_HEAD, head);
            self.width = 0;
        }
        for line in lines.by_ref().take(MAX_CPUS).filter(|_| self.width > 0) {
            let mut words = scan::fields(line);
            let start = self.cells.len();
            self.cells.extend((0..self.width).map(|_| words.next().and_then(scan::hex)));
            if self.cells.get(start..).is_some_and(|cells| cells.contains(&None)) {
                errors.refuse(self.path, EXPECTED, line);
            }
        }
        if let Some(line) = lines.next().filter(|_| self.width > 0) {
            errors.refuse(self.path, EXPECTED_LINES, line);
        }
        has_changed
    }

    fn lines(&self) -> impl Iterator<Item = &[Option<u64>]> {
        self.cells.chunks(self.width.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::collect::testing::{Opened, Tree, scrape};

    fn lines(opened: &mut Opened, dialect: Dialect) -> (Vec<String>, u64) {
        scrape(opened, dialect, &["_"])
    }

    #[test]
    fn each_name_of_each_file_by_cpu() {
        let tree = Tree::new("lnstat");
        tree.put(
            "proc/net/stat/arp_cache",
            "entries  allocs\n00000014  0000000a\n00000014 000000b0\n",
        );
        tree.put(
            "proc/net/stat/rt_cache",
            "entries  in_hit gc_total a|b\n00000007  00000008 9 a\n",
        );
        let mut node = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            r#"lnstat_entries_total{subsystem="arp_cache",cpu="0"} 20"#,
            r#"lnstat_entries_total{subsystem="arp_cache",cpu="1"} 20"#,
            r#"lnstat_entries_total{subsystem="rt_cache",cpu="0"} 7"#,
            r#"lnstat_allocs_total{subsystem="arp_cache",cpu="0"} 10"#,
            r#"lnstat_allocs_total{subsystem="arp_cache",cpu="1"} 176"#,
            r#"lnstat_in_hit_total{subsystem="rt_cache",cpu="0"} 8"#,
            r#"lnstat_gc_total_total{subsystem="rt_cache",cpu="0"} 9"#,
        ];
        let expected = expected.map(String::from).to_vec();
        for _ in 0..2 {
            assert_eq!(lines(&mut node, Dialect::Node), (expected.clone(), 0));
        }
        let (own, _) = lines(&mut tree.open(&SPEC, Dialect::Own, &[]), Dialect::Own);
        assert_eq!(own[0], r#"lnstat_entries{subsystem="arp_cache",cpu="0"} 20"#);
        assert_eq!(own[6], r#"lnstat_gc_total{subsystem="rt_cache",cpu="0"} 9"#);
        tree.remove("proc/net/stat/arp_cache");
        let expected = [&expected[2], &expected[5], &expected[6]].map(String::clone).to_vec();
        let mut node = tree.open(&SPEC, Dialect::Node, &[]);
        assert_eq!(lines(&mut node, Dialect::Node), (expected, 0));
    }

    #[test]
    fn a_bad_number_drops_its_sample() {
        let tree = Tree::new("lnstat-bad");
        let mut lnstat = tree.open(&SPEC, Dialect::Node, &[]);
        assert_eq!(lines(&mut lnstat, Dialect::Node), (vec![], 0));
        let name = |n: usize| format!("n{n} ");
        let many = (0..MAX_NAMES + 1).map(name).collect::<String>();
        tree.put("proc/net/stat/rt_cache", &[&many, "\n1 2\n"].concat());
        tree.put("proc/net/stat/arp_cache", "a b a c-d e\n1 x 3 4 5\n\n6 7 8 9 a b c\n1");
        tree.put("proc/net/stat/synproxy", "");
        let expected = [
            r#"lnstat_a_total{subsystem="arp_cache",cpu="0"} 1"#,
            r#"lnstat_a_total{subsystem="arp_cache",cpu="2"} 6"#,
            r#"lnstat_a_total{subsystem="arp_cache",cpu="3"} 1"#,
            r#"lnstat_b_total{subsystem="arp_cache",cpu="2"} 7"#,
            r#"lnstat_e_total{subsystem="arp_cache",cpu="0"} 5"#,
            r#"lnstat_e_total{subsystem="arp_cache",cpu="2"} 10"#,
        ];
        let expected = expected.map(String::from).to_vec();
        for _ in 0..2 {
            assert_eq!(lines(&mut lnstat, Dialect::Node), (expected.clone(), 4));
        }
    }
}
