//! Controllers of control groups: `/proc/cgroups`, after a line of headings a line for each controller: name,
//! hierarchy, number of groups, and whether it is enabled (cgroups(7), since 2.6.24). Under version 2
//! all controllers are in hierarchy 0 and have the same number.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, Filter, Table, scan};
use crate::model::metric::{Family, Sink, Unit, families, gauge};
use crate::settings::Subject;

const PATH: &str = "/proc/cgroups";
const EXPECTED: &str = "a name and three integers";

/// More controllers than any kernel has; what comes after is left out and counted.
const MAX_CONTROLLERS: usize = 64;

/// Columns after the name, and those that are shown.
const COLUMNS: usize = 3;
const GROUPS: usize = 1;
const ENABLED: usize = 2;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 2] = families![
    gauge("cgroups_cgroups", Unit::One, "Control groups of the controller.",  &["subsys_name"]),
    gauge("cgroups_enabled", Unit::One, "Whether the controller is enabled.", &["subsys_name"]),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "cgroups",
        node_name: "cgroups",
        on: false,
        help: "controllers of control groups, from /proc/cgroups",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let once = Filter::new(None, None);
    Box::new(Cgroups { file: setup.files.whole(PATH), once, controllers: Table::default() })
}

struct Cgroups {
    file: FileId,
    /// Names that were written already.
    once: Filter,
    controllers: Table<COLUMNS>,
}

impl Collector for Cgroups {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let text = files.read(self.file).map_err(Error::of_optional)?;
        self.controllers.clear();
        self.once.begin();
        let lines = scan::lines(text).filter(|line| !line.starts_with(b"#"));
        for (at, line) in lines.enumerate() {
            let mut fields = scan::fields(line);
            if at >= MAX_CONTROLLERS {
                errors.record(Error::parse(PATH, "at most 64 controllers", line));
                break;
            }
            let name = fields.next().filter(|name| self.once.keep(name));
            // With fewer the numbers would be those of other columns.
            let name = name.filter(|_| fields.count() >= COLUMNS);
            let taken = name.and_then(|name| self.controllers.push(name, &[], fields));
            if taken.is_none() {
                errors.refuse(PATH, EXPECTED, line);
            }
        }
        let [groups, enabled] = &FAMILIES;
        for (family, column) in [(groups, GROUPS), (enabled, ENABLED)] {
            out.table_column(family, self.controllers.rows(), column);
        }
        errors.unless_all(self.controllers.rows().known())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    const HEAD: &str = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n";

    #[test]
    fn each_controller_has_two_samples() {
        let tree = Tree::new("cgroups");
        let mut cgroups = tree.open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(cgroups.error(), Some(Error::Unsupported(_))));
        tree.put("proc/cgroups", &[HEAD, "cpuset\t5\t47\t1\nrdma\t4\t2\t0\n"].concat());
        let expected = [
            r#"cgroups_cgroups{subsys_name="cpuset"} 47"#,
            r#"cgroups_cgroups{subsys_name="rdma"} 2"#,
            r#"cgroups_enabled{subsys_name="cpuset"} 1"#,
            r#"cgroups_enabled{subsys_name="rdma"} 0"#,
        ];
        let expected = (expected.map(String::from).to_vec(), 0);
        assert_eq!(scrape(&mut cgroups, Dialect::Own, &["cgroups"]), expected);
        tree.put("proc/cgroups", &[HEAD, "cpu\t5\tx\t1\nrdma\t4\t7\n\ncpu\t1\t2\t3\n"].concat());
        let expected = vec![r#"cgroups_enabled{subsys_name="cpu"} 1"#.to_owned()];
        assert_eq!(scrape(&mut cgroups, Dialect::Own, &["cgroups"]), (expected, 4));
        let many: String = (0..MAX_CONTROLLERS + 9).map(|i| format!("s{i} 1 2 3\n")).collect();
        tree.put("proc/cgroups", &many);
        let (samples, errors) = scrape(&mut cgroups, Dialect::Own, &["enabled"]);
        assert_eq!((samples.len(), errors), (MAX_CONTROLLERS, 1));
    }
}
