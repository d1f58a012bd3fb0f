//! Errors of memory that the hardware corrected or could not correct:
//! `/sys/devices/system/edac/mc/mcN`, a directory for each memory controller
//! (Documentation/ABI/testing/sysfs-devices-edac, since 2.6.16). `ce_count` and `ue_count` count for the
//! controller, `csrowN/ce_count` for a row of chips, `csrowN/chN_ce_count` for a channel of it.
//! Errors for which the controller does not know the row are in `ce_noinfo_count` and `ue_noinfo_count`;
//! here they are those of row `unknown`. `chN_dimm_label` is the name that the firmware or the administrator
//! gives the module. All counters start at 0 when the driver is loaded.

use super::attributes::{Attribute, Attributes, LabelFrom, Layout, Level, unsigned};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::model::metric::{Family, Sink, Unit::One, counter, families};
use crate::settings::Subject;

const DIRECTORY: &str = "/sys/devices/system/edac/mc";

const ROW: &[&str] = &["controller", "csrow"];
const CHANNEL: &[&str] = &["controller", "csrow", "channel", "dimm_label"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 6] = families![
    counter("edac_correctable_errors_total",           One, "Errors of memory that were corrected.",                 &["controller"]),
    counter("edac_uncorrectable_errors_total",         One, "Errors of memory that could not be corrected.",         &["controller"]),
    counter("edac_csrow_correctable_errors_total",     One, "Errors of the row that were corrected.",                ROW),
    counter("edac_csrow_uncorrectable_errors_total",   One, "Errors of the row that could not be corrected.",        ROW),
    counter("edac_channel_correctable_errors_total",   One, "Errors of the row's channel that were corrected.",         CHANNEL),
    counter("edac_channel_uncorrectable_errors_total", One, "Errors of the row's channel that could not be corrected.", CHANNEL),
];

static CONTROLLERS: Layout = Layout {
    directory: DIRECTORY,
    is_object: |name| is_numbered(name, "mc"),
    labels: &[LabelFrom::Name("mc"), LabelFrom::Text("unknown")],
    attributes: &[
        Attribute { file: "ce_count", family: &FAMILIES[0], form: unsigned },
        Attribute { file: "ue_count", family: &FAMILIES[1], form: unsigned },
        Attribute { file: "ce_noinfo_count", family: &FAMILIES[2], form: unsigned },
        Attribute { file: "ue_noinfo_count", family: &FAMILIES[3], form: unsigned },
    ],
};

static BELOW: [Level; 2] = [
    Level {
        directory: "",
        object: |name| Some(name).filter(|name| is_numbered(name, "csrow")),
        join: "/",
        labels: &[LabelFrom::Above(0), LabelFrom::Name("csrow")],
        attributes: &[
            Attribute { file: "ce_count", family: &FAMILIES[2], form: unsigned },
            Attribute { file: "ue_count", family: &FAMILIES[3], form: unsigned },
        ],
    },
    Level {
        directory: "",
        object: |name| name.strip_suffix("_ce_count").filter(|name| is_numbered(name, "ch")),
        join: "_",
        labels: &[
            LabelFrom::Above(0),
            LabelFrom::Above(1),
            LabelFrom::Name("ch"),
            LabelFrom::FileBy("dimm_label", dimm_label),
        ],
        attributes: &[
            Attribute { file: "ce_count", family: &FAMILIES[4], form: unsigned },
            Attribute { file: "ue_count", family: &FAMILIES[5], form: unsigned },
        ],
    },
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "edac",
        node_name: "edac",
        on: true,
        help: "errors of memory, from /sys/devices/system/edac",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let memory = Attributes::new(setup.root, &CONTROLLERS, [None, None]).below(&BELOW);
    Box::new(Edac { memory })
}

struct Edac {
    memory: Attributes,
}

impl Collector for Edac {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.memory.collect(scrape, out)
    }
}

/// Whether a name is this word and a number.
fn is_numbered(name: &str, word: &str) -> bool {
    let number = name.strip_prefix(word).unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// node_exporter's form of `mc#0csrow#1channel#0`, the kernel's own word for a module:
/// `mc0_csrow1_channel0`.
fn dimm_label(text: Option<&[u8]>) -> Vec<u8> {
    let Some(text) = text else { return b"unknown".to_vec() };
    let text = String::from_utf8_lossy(text).replace('#', "");
    text.replace("csrow", "_csrow").replace("channel", "_channel").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    fn put(tree: &Tree, file: &str, text: &str) {
        tree.put(&format!("sys/devices/system/edac/mc/{file}"), &format!("{text}\n"));
    }

    #[test]
    fn controllers_rows_and_channels() {
        let tree = Tree::new("edac");
        for (file, text) in [
            ("mc0/ce_count", "1"),
            ("mc0/ue_count", "2"),
            ("mc0/ce_noinfo_count", "3"),
            ("mc0/ue_noinfo_count", "4"),
            ("mc0/csrow1/ce_count", "5"),
            ("mc0/csrow1/ue_count", "6"),
            ("mc0/csrow1/ch0_ce_count", "7"),
            ("mc0/csrow1/ch0_ue_count", "8"),
            ("mc0/csrow1/ch0_dimm_label", "mc#0csrow#1channel#0"),
            ("mc0/csrow1/ch10_ce_count", "9"),
            ("mc0/csrow1/chx_ce_count", "10"),
            ("mcx/ce_count", "11"),
        ] {
            put(&tree, file, text);
        }
        let mut edac = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            r#"correctable_errors_total{controller="0"} 1"#,
            r#"uncorrectable_errors_total{controller="0"} 2"#,
            r#"csrow_correctable_errors_total{controller="0",csrow="unknown"} 3"#,
            r#"csrow_correctable_errors_total{controller="0",csrow="1"} 5"#,
            r#"csrow_uncorrectable_errors_total{controller="0",csrow="unknown"} 4"#,
            r#"csrow_uncorrectable_errors_total{controller="0",csrow="1"} 6"#,
            r#"channel_correctable_errors_total{controller="0",csrow="1",channel="0",dimm_label="mc0_csrow1_channel0"} 7"#,
            r#"channel_correctable_errors_total{controller="0",csrow="1",channel="10",dimm_label="unknown"} 9"#,
            r#"channel_uncorrectable_errors_total{controller="0",csrow="1",channel="0",dimm_label="mc0_csrow1_channel0"} 8"#,
        ];
        let expected = expected.map(|line| format!("edac_{line}"));
        assert_eq!(scrape(&mut edac, Dialect::Node, &["edac"]), (expected.to_vec(), 0));
    }

    #[test]
    fn an_unreadable_count_drops_its_sample() {
        let tree = Tree::new("edac-bad");
        let mut edac = tree.open(&SPEC, Dialect::Own, &[]);
        assert_eq!(scrape(&mut edac, Dialect::Own, &["edac"]), (vec![], 0), "no such directory");
        put(&tree, "mc0/ce_count", "-1");
        put(&tree, "mc0/ue_count/x", "reading it is EISDIR");
        put(&tree, "mc0/csrow0/ue_count", "6");
        let expected = r#"edac_csrow_uncorrectable_errors_total{controller="0",csrow="0"} 6"#;
        let expected = vec![expected.to_owned()];
        assert_eq!(scrape(&mut edac, Dialect::Own, &["edac"]), (expected, 2));
    }
}
