//! Merging of equal pages: `/sys/kernel/mm/ksm`, a file with an integer each
//! (Documentation/admin-guide/mm/ksm.rst, since 2.6.32). The counts of pages are those of now; what merging
//! gained, in bytes, came with 6.1 and may be below zero. `merge_across_nodes` is only there on kernels
//! with NUMA. A kernel without CONFIG_KSM has no such directory. A file that is not there costs only its
//! own sample.

use super::attributes::{Attribute, Attributes, Layout, signed, unsigned};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::model::metric::{Family, Sink, Unit, counter, gauge};
use crate::settings::Subject;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; 10] = [
    counter("ksmd_full_scans_total",     Unit::One,    "Times that all memory which may be merged was scanned.",     &[]),
    gauge(  "ksmd_merge_across_nodes",   Unit::One,    "Whether pages of different NUMA nodes are merged.",          &[]),
    gauge(  "ksmd_pages_shared",         Unit::One,    "Pages that stand for several equal ones.",                   &[]),
    gauge(  "ksmd_pages_sharing",        Unit::One,    "Pages that were saved because another stands for them.",     &[]),
    gauge(  "ksmd_pages_to_scan",        Unit::One,    "Pages that are scanned before ksmd sleeps.",                 &[]),
    gauge(  "ksmd_pages_unshared",       Unit::One,    "Pages that were scanned and had no equal.",                  &[]),
    gauge(  "ksmd_pages_volatile",       Unit::One,    "Pages that change too often to be merged.",                  &[]),
    gauge(  "ksmd_run",                  Unit::One,    "0 if ksmd is stopped, 1 if it runs, 2 if it took all apart.", &[]),
    gauge(  "ksmd_sleep_seconds",        Unit::Millis, "Time that ksmd sleeps between scans.",                       &[]),
    gauge(  "ksmd_general_profit_bytes", Unit::One,    "Memory that merging saved, less what it needs itself.",      &[]),
];

static FILES: Layout = Layout {
    directory: "/sys/kernel/mm",
    is_object: |name| name == "ksm",
    labels: &[],
    attributes: &[
        Attribute { file: "full_scans", family: &FAMILIES[0], form: unsigned },
        Attribute { file: "merge_across_nodes", family: &FAMILIES[1], form: unsigned },
        Attribute { file: "pages_shared", family: &FAMILIES[2], form: unsigned },
        Attribute { file: "pages_sharing", family: &FAMILIES[3], form: unsigned },
        Attribute { file: "pages_to_scan", family: &FAMILIES[4], form: unsigned },
        Attribute { file: "pages_unshared", family: &FAMILIES[5], form: unsigned },
        Attribute { file: "pages_volatile", family: &FAMILIES[6], form: unsigned },
        Attribute { file: "run", family: &FAMILIES[7], form: unsigned },
        Attribute { file: "sleep_millisecs", family: &FAMILIES[8], form: unsigned },
        Attribute { file: "general_profit", family: &FAMILIES[9], form: signed },
    ],
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "ksmd",
        node_name: "ksmd",
        on: false,
        help: "merging of equal pages, from /sys/kernel/mm/ksm",
        options: &[],
    },
    families: &FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Ksmd { files: Attributes::new(setup.root, &FILES, [None, None]) })
}

struct Ksmd {
    files: Attributes,
}

impl Collector for Ksmd {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.files.collect(scrape, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn each_file_has_its_family() {
        let tree = Tree::new("ksmd");
        for (attribute, number) in FILES.attributes.iter().zip(1..) {
            let sign = if attribute.file == "general_profit" { "-" } else { "" };
            tree.put(
                &format!("sys/kernel/mm/ksm/{}", attribute.file),
                &format!("{sign}{number}\n"),
            );
        }
        let expected = [
            "ksmd_full_scans_total 1",
            "ksmd_merge_across_nodes 2",
            "ksmd_pages_shared 3",
            "ksmd_pages_sharing 4",
            "ksmd_pages_to_scan 5",
            "ksmd_pages_unshared 6",
            "ksmd_pages_volatile 7",
            "ksmd_run 8",
            "ksmd_sleep_seconds 0.009",
            "ksmd_general_profit_bytes -10",
        ];
        let expected = expected.map(String::from).to_vec();
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut ksmd = tree.open(&SPEC, dialect, &[]);
            assert_eq!(scrape(&mut ksmd, dialect, &["_"]), (expected.clone(), 0));
        }
    }

    #[test]
    fn a_file_that_is_missing_or_bad_costs_its_sample() {
        let tree = Tree::new("ksmd-bad");
        let mut ksmd = tree.open(&SPEC, Dialect::Node, &[]);
        assert_eq!(scrape(&mut ksmd, Dialect::Node, &["_"]), (vec![], 0));
        tree.put("sys/kernel/mm/ksm/run", "0\n");
        tree.put("sys/kernel/mm/ksm/pages_shared", "-1\n");
        let expected = vec!["ksmd_run 0".to_owned()];
        assert_eq!(scrape(&mut ksmd, Dialect::Node, &["_"]), (expected, 1));
    }
}
