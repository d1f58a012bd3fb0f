//! Deferred interrupt work by CPU: `/proc/softirqs`, a header line that names the CPUs, then a row for each
//! kind: its name, a colon and a number for each CPU (fs/proc/softirqs.c, since 2.6.31). CPUs that are
//! offline have columns, too. Before 4.5 IRQ_POLL is called BLOCK_IOPOLL. The collector stat can show the
//! sums over all CPUs.

use super::cpu_columns::CpuColumns;
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, Filter, scan};
use crate::model::metric::{Family, Label, Sink, Unit, counter, families};
use crate::settings::Subject;

const PATH: &str = "/proc/softirqs";
const EXPECTED: &str = "a name that comes once, and an integer for each CPU";

static SOFTIRQS: &Family<'_> = &FAMILIES[0];
/// The collector stat has our own `softirqs_total`, which is their sum.
static FAMILIES: &[Family; 1] = families![counter(
    "softirqs_functions_total|cpu_softirqs_total",
    Unit::One,
    "Deferred interrupt work by CPU and kind.",
    &["cpu", "type"],
)];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "softirqs",
        node_name: "softirqs",
        on: false,
        help: "deferred interrupt work by CPU and kind, from /proc/softirqs",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Softirqs {
        file: setup.files.long_records(PATH),
        kinds: Filter::new(None, None),
        columns: CpuColumns::default(),
    })
}

struct Softirqs {
    file: FileId,
    /// The kinds that were written already.
    kinds: Filter,
    columns: CpuColumns,
}

impl Collector for Softirqs {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let Softirqs { kinds, columns, .. } = self;
        let mut lines = scan::lines(files.read(self.file)?);
        columns.begin(PATH, lines.next().unwrap_or_default())?;
        kinds.begin();
        out.family(SOFTIRQS);
        for line in lines {
            let row = scan::keyed(line).filter(|(kind, _)| !kind.is_empty() && kinds.keep(kind));
            let is_good = row.is_some_and(|(kind, numbers)| {
                let kind = Label::of(kind);
                columns.each(scan::fields(numbers), &mut |cpu, raw| {
                    out.sample(&[cpu, kind], SOFTIRQS.value(raw));
                })
            });
            if !is_good {
                errors.refuse(PATH, EXPECTED, line);
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
    fn each_kind_by_cpu() {
        let tree = Tree::new("softirqs");
        tree.put(
            "proc/softirqs",
            "                    CPU0       CPU3       \n          HI:          7          1\n      \
            NET_TX:       2301       2430\n",
        );
        let expected = |name: &str| {
            [
                format!(r#"{name}{{cpu="0",type="HI"}} 7"#),
                format!(r#"{name}{{cpu="3",type="HI"}} 1"#),
                format!(r#"{name}{{cpu="0",type="NET_TX"}} 2301"#),
                format!(r#"{name}{{cpu="3",type="NET_TX"}} 2430"#),
            ]
            .to_vec()
        };
        let names =
            [(Dialect::Own, "cpu_softirqs_total"), (Dialect::Node, "softirqs_functions_total")];
        for (dialect, name) in names {
            let mut softirqs = tree.open(&SPEC, dialect, &[]);
            assert_eq!(scrape(&mut softirqs, dialect, &["_"]), (expected(name), 0));
        }
    }

    #[test]
    fn a_bad_row_is_left_out() {
        let tree = Tree::new("softirqs-bad");
        tree.put("proc/softirqs", "CPU0 CPU1\nHI: 1\nTIMER: x 2\nHI: 3 4\n\n: 5 6\nRCU: 7 8 9");
        let mut softirqs = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            r#"softirqs_functions_total{cpu="0",type="HI"} 1"#,
            r#"softirqs_functions_total{cpu="1",type="TIMER"} 2"#,
            r#"softirqs_functions_total{cpu="0",type="RCU"} 7"#,
            r#"softirqs_functions_total{cpu="1",type="RCU"} 8"#,
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut softirqs, Dialect::Node, &["_"]), (expected, 5));
    }
}
