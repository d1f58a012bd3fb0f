//! Control groups by controller: `/proc/cgroups`, a line `name hierarchy groups enabled` for each controller
//! that the kernel was built with (cgroups(7), since 2.6.24). Controllers that are not mounted have
//! hierarchy 0; those of version 2 share one, and all count the same groups. From 6.15 the file lists what
//! version 1 can use only. A kernel without CONFIG_CGROUPS has no such file.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, Filter, Table, scan};
use crate::model::metric::{Family, Sink, Unit, gauge};
use crate::settings::Subject;

const PATH: &str = "/proc/cgroups";
const EXPECTED: &str = "a name that comes once, and three integers";

/// More controllers than any kernel has.
const MAX_CONTROLLERS: usize = 64;

const CONTROLLER: &[&str] = &["subsys_name"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; 2] = [
    gauge("cgroups_cgroups|cgroups", Unit::One, "Control groups in the hierarchy of the controller.", CONTROLLER),
    gauge("cgroups_enabled",         Unit::One, "Whether the controller is enabled.",                 CONTROLLER),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "cgroups",
        node_name: "cgroups",
        on: false,
        help: "control groups by controller, from /proc/cgroups",
        options: &[],
    },
    families: &FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Cgroups {
        file: setup.files.whole(PATH),
        names: Filter::new(None, None),
        table: Table::default(),
    })
}

struct Cgroups {
    file: FileId,
    /// Takes each name once.
    names: Filter,
    table: Table<{ FAMILIES.len() }>,
}

impl Collector for Cgroups {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let Cgroups { names, table, .. } = self;
        let text = files.read(self.file).map_err(Error::of_optional)?;
        names.begin();
        table.clear();
        let lines = scan::lines(text).filter(|line| !line.starts_with(b"#"));
        for (place, line) in lines.enumerate() {
            let mut fields = scan::fields(line);
            let name = fields.next().unwrap_or_default();
            let hierarchy = fields.uint().flatten();
            let is_whole = place < MAX_CONTROLLERS
                && hierarchy.is_some()
                && names.keep(name)
                && fields.clone().count() >= FAMILIES.len()
                && table.push(name, &[], fields).is_some();
            if !is_whole {
                errors.record(Error::parse(PATH, EXPECTED, line));
            }
        }
        for (column, family) in FAMILIES.iter().enumerate() {
            out.family(family);
            for (controller, raw) in table.column(column) {
                out.sample(&[controller], family.value(raw));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn each_controller_has_its_groups() {
        let tree = Tree::new("cgroups");
        tree.put(
            "proc/cgroups",
            "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpuset\t5\t47\t1\nrdma\t0\t2\t0\n",
        );
        for (dialect, name) in [(Dialect::Own, "cgroups"), (Dialect::Node, "cgroups_cgroups")] {
            let expected = [
                format!(r#"{name}{{subsys_name="cpuset"}} 47"#),
                format!(r#"{name}{{subsys_name="rdma"}} 2"#),
                r#"cgroups_enabled{subsys_name="cpuset"} 1"#.to_owned(),
                r#"cgroups_enabled{subsys_name="rdma"} 0"#.to_owned(),
            ];
            let mut cgroups = tree.open(&SPEC, dialect, &[]);
            for _ in 0..2 {
                assert_eq!(scrape(&mut cgroups, dialect, &["_"]), (expected.to_vec(), 0));
            }
        }
    }

    #[test]
    fn a_bad_line_costs_itself() {
        let tree = Tree::new("cgroups-bad");
        let mut cgroups = tree.open(&SPEC, Dialect::Node, &[]);
        assert!(matches!(cgroups.failure(), Some(Error::Unsupported(_))));
        tree.put("proc/cgroups", "a 1 2\nb 1 x 1\nc 1 3 1\nc 1 4 1\nd x 5 1\n\ne 1 6 1 7\n");
        let expected = [
            r#"cgroups_cgroups{subsys_name="c"} 3"#,
            r#"cgroups_cgroups{subsys_name="e"} 6"#,
            r#"cgroups_enabled{subsys_name="b"} 1"#,
            r#"cgroups_enabled{subsys_name="c"} 1"#,
            r#"cgroups_enabled{subsys_name="e"} 1"#,
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut cgroups, Dialect::Node, &["_"]), (expected, 5));
    }
}
