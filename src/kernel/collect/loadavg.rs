//! Load averages: `/proc/loadavg`, five fields: the load of the last 1, 5 and 15 minutes with two places
//! each, `running/all` scheduling entities, and the number of the process that was created last
//! (proc_loadavg(5), Documentation/filesystems/proc.rst). Every kernel has it.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Sink, Unit, families, gauge};
use crate::settings::Subject;

const PATH: &str = "/proc/loadavg";
const EXPECTED: &str = "three numbers with two places";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 3] = families![
    gauge("load1",  Unit::Centi, "Load average of the last minute.",     &[]),
    gauge("load5",  Unit::Centi, "Load average of the last 5 minutes.",  &[]),
    gauge("load15", Unit::Centi, "Load average of the last 15 minutes.", &[]),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "loadavg",
        node_name: "loadavg",
        on: true,
        help: "load averages, from /proc/loadavg",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Load { file: setup.files.whole(PATH) })
}

struct Load {
    file: FileId,
}

impl Collector for Load {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let text = files.read(self.file)?;
        let mut fields = scan::fields(text);
        let mut written = 0;
        for family in FAMILIES {
            match fields.next().and_then(|field| scan::decimal(field, 2)) {
                Some(load) => {
                    out.single(family, family.signed(load));
                    written += 1;
                }
                None => errors.refuse(PATH, EXPECTED, text),
            }
        }
        errors.unless_all(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn loads_are_hundredths() {
        let tree = Tree::new("loadavg");
        tree.put("proc/loadavg", "0.07 1.50 12.00 3/412 9876\n");
        let mut load = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = ["load1 0.07", "load5 1.50", "load15 12"].map(String::from);
        assert_eq!(scrape(&mut load, Dialect::Own, &["load"]), (expected.to_vec(), 0));
    }
    #[test]
    fn a_bad_number_drops_its_sample() {
        let tree = Tree::new("loadavg-bad");
        tree.put("proc/loadavg", "0.07 1.5x 12.00 3/412 9876\n");
        let mut load = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = ["load1 0.07", "load15 12"].map(String::from).to_vec();
        assert_eq!(scrape(&mut load, Dialect::Own, &["load"]), (expected, 1));
        tree.put("proc/loadavg", "");
        assert!(load.failure().is_some(), "nothing is left");
    }
}
