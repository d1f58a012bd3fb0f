//! UBI, which spreads writes over raw flash: `/sys/class/ubi/ubiN` and its volumes `ubiN_M`, decimal numbers
//! (Documentation/ABI/stable/sysfs-class-ubi, since 2.6.22).
//!
//! - The erase count is that of the most worn block, not the mean, and rises in steps.
//! - Good blocks become fewer when blocks go bad. Blocks reserved for bad ones shrink as well, and are
//!   refilled from those that are available: there is little left when both are near 0. How many per cent
//!   of a reserve are bad, as some tools show, means nothing once the reserve is gone.
//! - A volume with an update marker was being updated when the box stopped; it and a corrupted one
//!   cannot be used until they are written again.
//!
//! A box without UBI has no such directory.

use super::attributes::{Attribute, LabelFrom, Layout, unsigned};
use super::kept::Kept;
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::scan;
use crate::model::metric::{Family, Sink, Unit::One, Value, families, gauge};
use crate::settings::Subject;

const DIRECTORY: &str = "/sys/class/ubi";
const DEVICE: &[&str] = &["device"];
const VOLUME: &[&str] = &["device", "volume", "name"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 12] = families![
    gauge("ubi_max_erase_count",                One, "How often the most worn block was erased.",                       DEVICE).own_prefix(),
    gauge("ubi_good_eraseblocks",               One, "Blocks that are not bad.",                                        DEVICE).own_prefix(),
    gauge("ubi_available_eraseblocks",          One, "Blocks that no volume has.",                                      DEVICE).own_prefix(),
    gauge("ubi_bad_eraseblocks",                One, "Blocks that are bad.",                                            DEVICE).own_prefix(),
    gauge("ubi_reserved_for_bad_eraseblocks",   One, "Blocks kept to replace those that go bad; 0 if all are used.",    DEVICE).own_prefix(),
    gauge("ubi_eraseblock_size_bytes",          One, "What a block holds of a volume.",                                 DEVICE).own_prefix(),
    gauge("ubi_readonly",                       One, "Whether an error made the device read-only.",                     DEVICE).own_prefix(),
    gauge("ubi_info",                           One, "Always 1; the label is the number of the MTD device below.",      &["device", "mtd"]).own_prefix(),
    gauge("ubi_volume_corrupted",               One, "Whether the volume is corrupted.",                                VOLUME).own_prefix(),
    gauge("ubi_volume_update_interrupted",      One, "Whether an update of the volume has not ended.",                  VOLUME).own_prefix(),
    gauge("ubi_volume_reserved_eraseblocks",    One, "Blocks of the volume.",                                           VOLUME).own_prefix(),
    gauge("ubi_volume_data_bytes",              One, "Bytes of data of the volume.",                                    VOLUME).own_prefix(),
];

/// The numbers `0` of `ubi0`, `0` and `1` of `ubi0_1`.
fn numbers(name: &str) -> Option<(&str, Option<&str>)> {
    let rest = name.strip_prefix("ubi")?;
    let is_number = |text: &str| scan::uint(text.as_bytes()).is_some();
    match rest.split_once('_') {
        None => is_number(rest).then_some((rest, None)),
        Some((device, volume)) => {
            (is_number(device) && is_number(volume)).then_some((device, Some(volume)))
        }
    }
}

fn device_of(volume: &str) -> &str {
    volume.split('_').next().unwrap_or_default()
}

static DEVICES: Layout = Layout {
    directory: DIRECTORY,
    is_object: |name| matches!(numbers(name), Some((_, None))),
    labels: &[LabelFrom::Name(""), LabelFrom::File("mtd_num")],
    attributes: &[
        Attribute { file: "max_ec", family: &FAMILIES[0], form: unsigned },
        Attribute { file: "total_eraseblocks", family: &FAMILIES[1], form: unsigned },
        Attribute { file: "avail_eraseblocks", family: &FAMILIES[2], form: unsigned },
        Attribute { file: "bad_peb_count", family: &FAMILIES[3], form: unsigned },
        Attribute { file: "reserved_for_bad", family: &FAMILIES[4], form: unsigned },
        Attribute { file: "eraseblock_size", family: &FAMILIES[5], form: unsigned },
        Attribute { file: "ro_mode", family: &FAMILIES[6], form: unsigned },
        Attribute { file: "mtd_num", family: &FAMILIES[7], form: |_, _| Some(Value::Int(1)) },
    ],
};

static VOLUMES: Layout = Layout {
    directory: DIRECTORY,
    is_object: |name| matches!(numbers(name), Some((_, Some(_)))),
    labels: &[LabelFrom::NameBy(device_of), LabelFrom::Name(""), LabelFrom::File("name")],
    attributes: &[
        Attribute { file: "corrupted", family: &FAMILIES[8], form: unsigned },
        Attribute { file: "upd_marker", family: &FAMILIES[9], form: unsigned },
        Attribute { file: "reserved_ebs", family: &FAMILIES[10], form: unsigned },
        Attribute { file: "data_bytes", family: &FAMILIES[11], form: unsigned },
    ],
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "ubi",
        node_name: "",
        on: true,
        help: "wear and bad blocks of raw flash, from /sys/class/ubi",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let [devices, volumes] = [&DEVICES, &VOLUMES].map(|layout| Kept::new(setup.root, layout));
    Box::new(Ubi { devices, volumes })
}

struct Ubi {
    devices: Kept,
    volumes: Kept,
}

impl Collector for Ubi {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.devices.collect(scrape, out)?;
        self.volumes.collect(scrape, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn devices_and_volumes() {
        let tree = Tree::new("ubi");
        assert!(tree.open(&SPEC, Dialect::Own, &[]).is_unsupported());
        let put = |file: &str, text: &str| tree.put(&format!("sys/class/ubi/{file}"), text);
        put("version", "1\n");
        for (at, attribute) in DEVICES.attributes.iter().enumerate() {
            put(&format!("ubi0/{}", attribute.file), &format!("{}\n", at + 20));
        }
        for (at, attribute) in VOLUMES.attributes.iter().enumerate() {
            put(&format!("ubi0_1/{}", attribute.file), &format!("{}\n", at + 40));
        }
        put("ubi0_1/name", "rootfs_data\n");
        put("ubi1/max_ec", "-3\n");
        put("ubi1/ro_mode", "0\n");
        put("ubi0_x/corrupted", "1\n");
        let mut ubi = tree.open(&SPEC, Dialect::Own, &[]);
        let volume = "{device=\"ubi0\",volume=\"ubi0_1\",name=\"rootfs_data\"}";
        let expected = [
            "ubi_max_erase_count{device=\"ubi0\"} 20",
            "ubi_good_eraseblocks{device=\"ubi0\"} 21",
            "ubi_available_eraseblocks{device=\"ubi0\"} 22",
            "ubi_bad_eraseblocks{device=\"ubi0\"} 23",
            "ubi_reserved_for_bad_eraseblocks{device=\"ubi0\"} 24",
            "ubi_eraseblock_size_bytes{device=\"ubi0\"} 25",
            "ubi_readonly{device=\"ubi0\"} 26",
            "ubi_readonly{device=\"ubi1\"} 0",
            "ubi_info{device=\"ubi0\",mtd=\"27\"} 1",
            &format!("ubi_volume_corrupted{volume} 40"),
            &format!("ubi_volume_update_interrupted{volume} 41"),
            &format!("ubi_volume_reserved_eraseblocks{volume} 42"),
            &format!("ubi_volume_data_bytes{volume} 43"),
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut ubi, Dialect::Own, &["ubi"]), (expected.clone(), 1));
        // No directory is open in between, and nothing is read.
        tree.remove("sys/class/ubi/ubi0/max_ec");
        assert_eq!(scrape(&mut ubi, Dialect::Own, &["ubi"]), (expected, 0));
    }
}
