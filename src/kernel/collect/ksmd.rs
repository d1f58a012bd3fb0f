//! Merging of equal pages: `/sys/kernel/mm/ksm`, a file with an integer for each quantity
//! (Documentation/admin-guide/mm/ksm.rst, since 2.6.32). `sleep_millisecs` is the pause between two scans;
//! `pages_sharing` against `pages_shared` shows how much is saved; `general_profit` (since 6.4) is the same in
//! bytes, less the bookkeeping, and may be below zero.

use super::attributes::{Attribute, Attributes, Layout, signed, unsigned};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::model::metric::{Family, Sink, Unit, counter, families, gauge};
use crate::settings::Subject;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 10] = families![
    counter("ksmd_full_scans_total",   Unit::One,    "Times all mergeable memory was scanned.",            &[]),
    gauge(  "ksmd_merge_across_nodes", Unit::One,    "Whether pages of different NUMA nodes are merged.",  &[]),
    gauge(  "ksmd_pages_shared",       Unit::One,    "Shared pages in use.",                               &[]),
    gauge(  "ksmd_pages_sharing",      Unit::One,    "Further places that share them, hence pages saved.", &[]),
    gauge(  "ksmd_pages_to_scan",      Unit::One,    "Pages that are scanned between two pauses.",         &[]),
    gauge(  "ksmd_pages_unshared",     Unit::One,    "Pages scanned repeatedly that have no equal.",        &[]),
    gauge(  "ksmd_pages_volatile",     Unit::One,    "Pages that change too fast to be merged.",           &[]),
    gauge(  "ksmd_run",                Unit::One,    "0 if merging stands, 1 if it runs, 2 if it is undone.", &[]),
    gauge(  "ksmd_sleep_seconds",      Unit::Millis, "Pause between two scans.",                           &[]),
    gauge(  "ksmd_general_profit_bytes", Unit::One,  "Memory saved, less the bookkeeping.",                &[]),
];

/// One object, the directory `ksm`.
static KSM: Layout = Layout {
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
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Ksmd { files: Attributes::new(setup.root, &KSM, [None, None]) })
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
    fn each_file_is_a_sample() {
        let tree = Tree::new("ksmd");
        let mut ksmd = tree.open(&SPEC, Dialect::Node, &[]);
        assert_eq!(scrape(&mut ksmd, Dialect::Node, &["ksmd"]), (vec![], 0));
        for (at, attribute) in KSM.attributes.iter().enumerate() {
            tree.put(&format!("sys/kernel/mm/ksm/{}", attribute.file), &format!("{}\n", at + 1));
        }
        tree.put("sys/kernel/mm/ksm/run", "-1\n");
        tree.put("sys/kernel/mm/ksm/general_profit", "-4096\n");
        let expected = [
            "ksmd_full_scans_total 1",
            "ksmd_merge_across_nodes 2",
            "ksmd_pages_shared 3",
            "ksmd_pages_sharing 4",
            "ksmd_pages_to_scan 5",
            "ksmd_pages_unshared 6",
            "ksmd_pages_volatile 7",
            "ksmd_sleep_seconds 0.009",
            "ksmd_general_profit_bytes -4096",
        ];
        let expected = (expected.map(String::from).to_vec(), 1);
        assert_eq!(scrape(&mut ksmd, Dialect::Node, &["ksmd"]), expected);
    }
}
