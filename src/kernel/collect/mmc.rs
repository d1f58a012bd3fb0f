//! Wear of eMMC: `/sys/class/block/mmcblkN/device`, of the card itself and not of its boot partitions
//! (Documentation/ABI/testing/sysfs-bus-mmc; drivers/mmc/core/mmc.c, since about 4.14).
//!
//! - `life_time` is two bytes in hexadecimal, of type A and type B: by JEDEC the areas of SLC and of MLC,
//!   but makers differ, and often one of them is 0. 1 to 10 are tenths of the life that are used at most,
//!   11 is beyond it; there the ratio is 1.1. 0 is not defined, and has no sample.
//! - `pre_eol_info` shows how much of the spare blocks is used: 1 is normal, 2 means 80 %, 3 means 90 % or
//!   more. Older kernels write `01`, newer ones `0x01`. It warns earlier than the life time.
//! - `rev` is 7 for eMMC 5.0 and 8 for 5.1, since 4.15. Cards before 5.0 report no wear.
//!
//! The kernel reads all this when it finds the card, at the start of the box: it does not move until the next
//! start. `mmc_health_timestamp_seconds` is `btime` of `/proc/stat`, which is too early for a card
//! that was put in later.
//!
//! SD cards have no such files: their wear is unknown, and there is no sample. How much was written to them is
//! shown by the collectors disk and disk_written.

use super::attributes::{Attribute, LabelFrom, Layout, hexadecimal};
use super::gathered::Gathered;
use super::kept::{self, Kept};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Sink, Unit::Deci, Unit::One, Value, families, gauge};
use crate::settings::{CollectorOption, Subject, switch};

const DIRECTORY: &str = "/sys/class/block";
const STAT: &str = "/proc/stat";

/// The code of a life that is over.
const OVER: u64 = 11;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 6] = families![
    gauge("mmc_life_time_used_ratio",     Deci, "Part of its life that the card has used, at most; 1.1 is beyond it.",            TYPED).own_prefix(),
    gauge("mmc_life_time_code",           One,  "The same as the card reports it: tenths, and 11 beyond.",                       TYPED).own_prefix(),
    gauge("mmc_pre_eol_code",             One,  "Spare blocks of the card: 1 is normal, 2 means 80 % used, 3 means 90 % used.",  &["device"]).own_prefix(),
    gauge("mmc_extended_csd_revision",    One,  "Revision of the card's register: 7 is eMMC 5.0, 8 is 5.1.",                     &["device"]).own_prefix(),
    gauge("mmc_health_timestamp_seconds", One,  "When the wear was read from the card, since 1970: at the start of the box.",    &["device"]).own_prefix(),
    gauge("mmc_info",                     One,  "Always 1; the labels identify the card.",                                       INFO).own_prefix(),
];

const TYPED: &[&str] = &["device", "type"];
const INFO: &[&str] = &["device", "name", "type", "manfid", "fwrev", "date", "serial"];

static ATTRIBUTES: [Attribute; 2] = [
    Attribute { file: "device/rev", family: &FAMILIES[3], form: hexadecimal },
    // A file that every card has.
    Attribute { file: "device/type", family: &FAMILIES[5], form: |_, _| Some(Value::Int(1)) },
];

const fn layout(labels: &'static [LabelFrom]) -> Layout {
    let is_object = |name: &str| {
        let number = name.strip_prefix("mmcblk").unwrap_or_default();
        scan::uint(number.as_bytes()).is_some()
    };
    Layout { directory: DIRECTORY, is_object, labels, attributes: &ATTRIBUTES }
}

const fn labels(serial: LabelFrom) -> [LabelFrom; 7] {
    let file = LabelFrom::File;
    let name = LabelFrom::Name("");
    [
        name,
        file("device/name"),
        file("device/type"),
        file("device/manfid"),
        file("device/fwrev"),
        file("device/date"),
        serial,
    ]
}

static LABELS: [LabelFrom; 7] = labels(LabelFrom::Text(""));
static WITH_SERIAL: [LabelFrom; 7] = labels(LabelFrom::File("device/serial"));
static CARDS: [Layout; 2] = [layout(&LABELS), layout(&WITH_SERIAL)];

static SERIAL: CollectorOption<bool> = switch("serial", "serial numbers of cards as a label");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "mmc",
        node_name: "",
        on: true,
        help: "wear of eMMC, from /sys/class/block/mmcblkN/device",
        options: &[&SERIAL.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let [without, with] = &CARDS;
    let layout = if setup.settings.get(&SERIAL) { with } else { without };
    Box::new(Mmc { stat: setup.files.whole(STAT), cards: Kept::new(setup.root, layout) })
}

struct Mmc {
    stat: FileId,
    cards: Kept,
}

impl Collector for Mmc {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if self.cards.look_up(scrape)? {
            self.cards.read(scrape.errors);
            self.read_wear(scrape);
        }
        self.cards.write(scrape.errors, out);
        Ok(())
    }
}

impl Mmc {
    fn read_wear(&mut self, scrape: &mut Scrape<'_>) {
        let Kept { objects, samples, .. } = &mut self.cards;
        let [used, code, pre_eol, _, timestamp, _] = &FAMILIES;
        let mut start = None;
        for card in objects.of(0) {
            let file = ("device/pre_eol_info", pre_eol);
            kept::add(objects, card, file, &code_of(pre_eol), samples, scrape.errors);
            let mut room = [0; 64];
            let read = objects.read(card, "device/life_time", &mut room);
            let Some(text) = scrape.errors.unless_absent(read) else { continue };
            let mut codes = scan::fields(text).map(byte);
            let (Some(Some(a)), Some(Some(b)), None) = (codes.next(), codes.next(), codes.next())
            else {
                let place = objects.place(card, "device/life_time");
                scrape.errors.refuse(place, "two bytes in hexadecimal", text);
                continue;
            };
            push_life([used, code], [card.label(0), b"a"], a, samples);
            push_life([used, code], [card.label(0), b"b"], b, samples);
            let start = *start
                .get_or_insert_with(|| scrape.files.read(self.stat).ok().and_then(started_at));
            if let Some(start) = start {
                kept::push(card, timestamp, Value::Int(start), samples);
            }
        }
    }
}

/// A byte in hexadecimal, as codes of JEDEC's are.
pub fn byte(text: &[u8]) -> Option<u64> {
    scan::hex(text).filter(|code| *code <= u8::MAX.into())
}

/// The samples of a code of JEDEC's: the part of a life that it stands for at most, and itself. 0 stands for
/// nothing.
pub fn push_life(
    [used, code]: [&'static Family<'static>; 2],
    labels: [&[u8]; 2],
    raw: u64,
    samples: &mut Gathered,
) {
    if raw > 0 {
        samples.push(code, &labels, code.value(raw));
    }
    if (1..=OVER).contains(&raw) {
        samples.push(used, &labels, used.value(raw));
    }
}

/// Parses a code in hexadecimal in which 0 means undefined.
pub fn code_of(family: &'static Family<'static>) -> impl Fn(&[u8]) -> Option<Option<Value>> {
    |text| byte(text).map(|code| (code > 0).then(|| family.value(code)))
}

/// When the box was started, by its clock of today.
fn started_at(stat: &[u8]) -> Option<u64> {
    let line = scan::lines(stat).find_map(|line| line.strip_prefix(b"btime "));
    scan::uint(line?).filter(|start| *start > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape, scrape_later};
    use std::time::Duration;

    fn put(tree: &Tree, card: &str, files: &[(&str, &str)]) {
        for (file, text) in files {
            tree.put(&format!("sys/class/block/{card}/device/{file}"), text);
        }
    }

    #[test]
    fn the_wear_of_each_card_is_shown_once() {
        let tree = Tree::new("mmc");
        tree.put("proc/stat", "cpu 1\nbtime 1700000123\n");
        let new = [
            ("type", "MMC\n"),
            ("name", "DG4008\n"),
            ("manfid", "0x000045\n"),
            ("fwrev", "0x3130393033373232\n"),
            ("date", "07/2019\n"),
            ("serial", "0x1234abcd\n"),
            ("life_time", "0x02 0x0b\n"),
            ("pre_eol_info", "0x03\n"),
            ("rev", "0x8\n"),
        ];
        for card in ["mmcblk0", "mmcblk0boot0", "mmcblk0rpmb", "mmcblk0p1"] {
            put(&tree, card, &new);
        }
        // The files of an older kernel: without 0x, and without rev.
        let old = [("type", "MMC\n"), ("life_time", "00 0a\n"), ("pre_eol_info", "02\n")];
        put(&tree, "mmcblk1", &old);
        put(&tree, "mmcblk2", &[("type", "SD\n"), ("name", "SL16G\n"), ("serial", "0x7\n")]);
        let mut mmc = tree.open(&SPEC, Dialect::Own, &[]);
        let rest = "manfid=\"\",fwrev=\"\",date=\"\",serial=\"\"";
        let expected = [
            "mmc_life_time_used_ratio{device=\"mmcblk0\",type=\"a\"} 0.2",
            "mmc_life_time_used_ratio{device=\"mmcblk0\",type=\"b\"} 1.1",
            "mmc_life_time_used_ratio{device=\"mmcblk1\",type=\"b\"} 1",
            "mmc_life_time_code{device=\"mmcblk0\",type=\"a\"} 2",
            "mmc_life_time_code{device=\"mmcblk0\",type=\"b\"} 11",
            "mmc_life_time_code{device=\"mmcblk1\",type=\"b\"} 10",
            "mmc_pre_eol_code{device=\"mmcblk0\"} 3",
            "mmc_pre_eol_code{device=\"mmcblk1\"} 2",
            "mmc_extended_csd_revision{device=\"mmcblk0\"} 8",
            "mmc_health_timestamp_seconds{device=\"mmcblk0\"} 1700000123",
            "mmc_health_timestamp_seconds{device=\"mmcblk1\"} 1700000123",
            "mmc_info{device=\"mmcblk0\",name=\"DG4008\",type=\"MMC\",manfid=\"0x000045\",\
             fwrev=\"0x3130393033373232\",date=\"07/2019\",serial=\"\"} 1",
            &format!("mmc_info{{device=\"mmcblk1\",name=\"\",type=\"MMC\",{rest}}} 1"),
            &format!("mmc_info{{device=\"mmcblk2\",name=\"SL16G\",type=\"SD\",{rest}}} 1"),
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut mmc, Dialect::Own, &["mmc"]), (expected.clone(), 0));
        let mut node = tree.open(&SPEC, Dialect::Node, &[]);
        assert_eq!(scrape(&mut node, Dialect::Node, &["sysmetrics_mmc"]).0.len(), expected.len());
        let mut open = tree.open(&SPEC, Dialect::Own, &[("serial", "true")]);
        let serials = scrape(&mut open, Dialect::Own, &["mmc_info"]).0;
        assert!(serials[0].contains("serial=\"0x1234abcd\"") && serials[2].contains("\"0x7\""));
        // It is read once a minute.
        put(&tree, "mmcblk0", &[("life_time", "0x03 0x04\n")]);
        assert_eq!(scrape(&mut mmc, Dialect::Own, &["mmc"]).0, expected);
        let later = Duration::from_secs(60);
        let codes = scrape_later(&mut mmc, Dialect::Own, &["used_ratio{device=\"mmcblk0"], later).0;
        let used = "mmc_life_time_used_ratio{device=\"mmcblk0\",type=";
        assert_eq!(codes, [format!("{used}\"a\"}} 0.3"), format!("{used}\"b\"}} 0.4")]);
    }

    #[test]
    fn undefined_or_broken_values_have_no_sample() {
        let tree = Tree::new("mmc-odd");
        let mut mmc = tree.open(&SPEC, Dialect::Own, &[]);
        assert!(mmc.is_unsupported());
        put(&tree, "mmcblk0", &[("life_time", "0x00 0x00\n"), ("pre_eol_info", "0x00\n")]);
        put(&tree, "mmcblk1", &[("life_time", ""), ("pre_eol_info", "")]);
        put(&tree, "mmcblk2", &[("life_time", "0x01\n"), ("pre_eol_info", "soon\n")]);
        put(&tree, "mmcblk3", &[("life_time", "0x01 0x02 0x03\n"), ("rev", "8x\n")]);
        // What stands beside a bad life time is read all the same.
        put(&tree, "mmcblk5", &[("life_time", "0x101 0x01\n"), ("pre_eol_info", "01\n")]);
        put(&tree, "mmcblk6", &[("pre_eol_info", "0x100\n")]);
        put(&tree, "mmcblk4", &[("life_time", "0x0c 0x1\n"), ("pre_eol_info", "0x7\n")]);
        let mut mmc = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = [
            "mmc_life_time_used_ratio{device=\"mmcblk4\",type=\"b\"} 0.1",
            "mmc_life_time_code{device=\"mmcblk4\",type=\"a\"} 12",
            "mmc_life_time_code{device=\"mmcblk4\",type=\"b\"} 1",
            "mmc_pre_eol_code{device=\"mmcblk4\"} 7",
            "mmc_pre_eol_code{device=\"mmcblk5\"} 1",
        ];
        // Of the life time: nothing, one byte, three, and more than a byte. Of the rest: nothing, a word, more than
        // a byte; the revision.
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut mmc, Dialect::Own, &["mmc"]), (expected, 8));
    }
}
