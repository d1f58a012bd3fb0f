//! Slab caches: `/proc/slabinfo`, after two lines of headings a line for each cache: name, objects in use,
//! objects, size of an object in bytes, objects and pages of a slab (slabinfo(5), mm/slab_common.c). The
//! file is readable by root alone.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::{FileId, Filter, Table, scan};
use crate::model::metric::{Family, Sink, Unit, families, gauge};
use crate::settings::{CollectorOption, Subject, pattern};

const PATH: &str = "/proc/slabinfo";
const EXPECTED: &str = "a name and five integers";

/// More caches than any kernel has; what comes after is left out and counted.
const MAX_CACHES: usize = 4096;

/// Columns after the name, as many as families.
const COLUMNS: usize = FAMILIES.len();

#[rustfmt::skip] // in the order of the columns
static FAMILIES: &[Family; 5] = families![
    gauge("slabinfo_active_objects",    Unit::One, "Objects of the cache that are in use.",    &["slab"]),
    gauge("slabinfo_objects",           Unit::One, "Objects of the cache, in use or not.",     &["slab"]),
    gauge("slabinfo_object_size_bytes", Unit::One, "Size of an object.",                       &["slab"]),
    gauge("slabinfo_objects_per_slab",  Unit::One, "Objects of one slab.",                     &["slab"]),
    gauge("slabinfo_pages_per_slab",    Unit::One, "Pages of one slab.",                       &["slab"]),
];

static INCLUDE: CollectorOption<Option<Pattern>> = pattern("slabs_include", "only these caches");
static EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("slabs_exclude", "caches to leave out").joining_include();

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "slabinfo",
        node_name: "slabinfo",
        on: false,
        help: "slab caches, from /proc/slabinfo",
        options: &[&INCLUDE.row, &EXCLUDE.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let (include, exclude) = (setup.settings.get(&INCLUDE), setup.settings.get(&EXCLUDE));
    Box::new(Slabinfo {
        file: setup.files.records(PATH),
        filter: Filter::new(include, exclude),
        caches: Table::default(),
    })
}

struct Slabinfo {
    file: FileId,
    filter: Filter,
    caches: Table<COLUMNS>,
}

impl Collector for Slabinfo {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let text = files.read(self.file)?;
        self.caches.clear();
        self.filter.begin();
        let is_cache = |line: &&[u8]| !line.starts_with(b"#") && !line.starts_with(b"slabinfo - ");
        for (at, line) in scan::lines(text).filter(is_cache).enumerate() {
            let mut fields = scan::fields(line);
            let name = fields.next().unwrap_or_default();
            if at >= MAX_CACHES {
                errors.refuse(PATH, "at most 4096 caches", name);
                break;
            }
            if fields.count() < COLUMNS {
                errors.refuse(PATH, EXPECTED, line);
            } else if self.filter.keep(name) {
                if self.caches.push(name, &[], fields).is_none() {
                    errors.refuse(PATH, EXPECTED, line);
                }
            } else if self.filter.is_repeated() {
                errors.refuse(PATH, "a name that comes once", name);
            }
        }
        for (column, family) in FAMILIES.iter().enumerate() {
            out.table_column(family, self.caches.rows(), column);
        }
        errors.unless_all(self.caches.rows().known())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    const TEXT: &str = "slabinfo - version: 2.1\n# name <active_objs> <num_objs> <objsize>\n\
        kmem_cache 1 2 3 4 5 : tunables 0 0 0 : slabdata 9 9 0\n\
        dentry 10 20 30 40 50 : tunables 0 0 0 : slabdata 9 9 0\n";

    #[test]
    fn caches_and_their_filter() {
        let tree = Tree::new("slabinfo");
        let mut slabinfo = tree.open(&SPEC, Dialect::Own, &[("slabs-include", "^dent")]);
        assert!(matches!(slabinfo.error(), Some(Error::Absent(_))));
        tree.put("proc/slabinfo", TEXT);
        let expected = [
            r#"slabinfo_active_objects{slab="dentry"} 10"#,
            r#"slabinfo_objects{slab="dentry"} 20"#,
            r#"slabinfo_object_size_bytes{slab="dentry"} 30"#,
            r#"slabinfo_objects_per_slab{slab="dentry"} 40"#,
            r#"slabinfo_pages_per_slab{slab="dentry"} 50"#,
        ];
        let expected = (expected.map(String::from).to_vec(), 0);
        assert_eq!(scrape(&mut slabinfo, Dialect::Own, &["slabinfo"]), expected);
        let mut rest = tree.open(&SPEC, Dialect::Node, &[("slabs-exclude", "^dent")]);
        assert_eq!(scrape(&mut rest, Dialect::Node, &["kmem_cache"]).0.len(), 5);
        assert_eq!(scrape(&mut rest, Dialect::Node, &["dentry"]).0.len(), 0);
    }

    #[test]
    fn odd_lines_drop_only_their_odd_parts() {
        let tree = Tree::new("slabinfo-odd");
        tree.put("proc/slabinfo", "a 1 x 3 4 5 :\nb 1 2\n\na 1 2 3 4 5 :\n");
        let mut slabinfo = tree.open(&SPEC, Dialect::Node, &[]);
        let (samples, errors) = scrape(&mut slabinfo, Dialect::Node, &["slabinfo"]);
        assert_eq!((samples.len(), errors), (4, 4));
        let many: String = (0..MAX_CACHES + 9).map(|i| format!("s{i} 1 2 3 4 5 :\n")).collect();
        tree.put("proc/slabinfo", &many);
        let (samples, errors) = scrape(&mut slabinfo, Dialect::Node, &["active_objects"]);
        assert_eq!((samples.len(), errors), (MAX_CACHES, 1));
    }
}
