//! Raw flash of NAND type: `/sys/class/mtd/mtdN`, decimal numbers (Documentation/ABI/testing/sysfs-class-mtd;
//! the counters since 3.17, `ecc_strength` since 3.4).
//!
//! - Corrected bits and failures are counted since the start of the box, in 32 bits, and only in data that was
//!   read. A partition's are also counted for the device that it is a part of: never add them up.
//! - NOR flash has the same files, all of them 0. A device without `ecc_strength` is left out.
//! - The entries `mtdNro` are the same devices again, and left out.

use super::attributes::{Attribute, LabelFrom, Layout, unsigned};
use super::kept::{self, Kept};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::scan;
use crate::model::metric::{Family, Sink, Unit::One, counter, families, gauge};
use crate::settings::Subject;

const DEVICE: &[&str] = &["device", "name", "type"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 6] = families![
    counter("mtd_corrected_bitflips_total", One, "Bits that were corrected while reading.",                DEVICE).own_prefix(),
    counter("mtd_ecc_failures_total",   One, "Reads whose errors could not be corrected.",             DEVICE).own_prefix(),
    gauge(  "mtd_bad_blocks",           One, "Blocks that are bad.",                                   DEVICE).own_prefix(),
    gauge(  "mtd_bbt_blocks",           One, "Blocks reserved for tables of bad blocks.",              DEVICE).own_prefix(),
    gauge(  "mtd_ecc_strength",         One, "Bits that can be corrected in one step.",                DEVICE).own_prefix(),
    gauge(  "mtd_bitflip_threshold",    One, "Corrected bits in one step from which a read counts as worn.", DEVICE).own_prefix(),
];

static DEVICES: Layout = Layout {
    directory: "/sys/class/mtd",
    is_object: |name| {
        name.strip_prefix("mtd").is_some_and(|number| scan::uint(number.as_bytes()).is_some())
    },
    labels: &[LabelFrom::Name(""), LabelFrom::File("name"), LabelFrom::File("type")],
    attributes: &[
        Attribute { file: "corrected_bits", family: &FAMILIES[0], form: unsigned },
        Attribute { file: "ecc_failures", family: &FAMILIES[1], form: unsigned },
        Attribute { file: "bad_blocks", family: &FAMILIES[2], form: unsigned },
        Attribute { file: "bbt_blocks", family: &FAMILIES[3], form: unsigned },
        Attribute { file: "ecc_strength", family: &FAMILIES[4], form: unsigned },
        Attribute { file: "bitflip_threshold", family: &FAMILIES[5], form: unsigned },
    ],
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "mtd",
        node_name: "",
        on: true,
        help: "corrected bits and bad blocks of raw flash, from /sys/class/mtd",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Mtd(Kept::new(setup.root, &DEVICES)))
}

struct Mtd(Kept);

impl Collector for Mtd {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if self.0.look_up(scrape)? {
            let Kept { objects, samples, .. } = &mut self.0;
            for device in objects.of(0) {
                let strength = scrape.errors.unless_absent(objects.uint(device, "ecc_strength"));
                if strength.is_some_and(|bits| bits > 0) {
                    kept::read(objects, device, samples, scrape.errors);
                }
            }
        }
        self.0.write(scrape.errors, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn only_flash_with_ecc_is_shown_and_once() {
        let tree = Tree::new("mtd");
        let device = |device: &str, strength: &str, first: usize, name: &str| {
            let put = |file: &str, text: &str| {
                tree.put(&format!("sys/class/mtd/{device}/{file}"), &format!("{text}\n"));
            };
            for (at, attribute) in DEVICES.attributes.iter().enumerate() {
                put(attribute.file, &(first + at).to_string());
            }
            put("ecc_strength", strength);
            put("name", name);
            put("type", if strength == "0" { "nor" } else { "nand" });
        };
        device("mtd0", "4", 10, "spi-nand0");
        device("mtd0ro", "4", 10, "spi-nand0");
        device("mtd1", "4", 30, "ubi");
        device("mtd2", "0", 50, "u-boot");
        device("mtd3", "many", 70, "odd");
        let mut mtd = tree.open(&SPEC, Dialect::Own, &[]);
        let labels = [
            "{device=\"mtd0\",name=\"spi-nand0\",type=\"nand\"}",
            "{device=\"mtd1\",name=\"ubi\",type=\"nand\"}",
        ];
        let mut expected = Vec::new();
        for (family, values) in [
            ("mtd_corrected_bitflips_total", [10, 30]),
            ("mtd_ecc_failures_total", [11, 31]),
            ("mtd_bad_blocks", [12, 32]),
            ("mtd_bbt_blocks", [13, 33]),
            ("mtd_ecc_strength", [4, 4]),
            ("mtd_bitflip_threshold", [15, 35]),
        ] {
            for (labels, value) in labels.iter().zip(values) {
                expected.push(format!("{family}{labels} {value}"));
            }
        }
        assert_eq!(scrape(&mut mtd, Dialect::Own, &["mtd"]), (expected, 1));
    }
}
