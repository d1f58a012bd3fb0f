//! Software RAID: `/proc/mdstat` shows of each array what state it is in, which disks it has, and how
//! far a repair got, in units of 1024 bytes (drivers/md/md.c, since 2.4). `/sys/block/mdN/md/raid_disks`
//! and `degraded` show how many disks the array is made for and how many of them are missing
//! (Documentation/admin-guide/md.rst, since 2.6.16); an array without copies has no `degraded`. An array
//! that is not active does not show what it is made for, and has 0 in the first of the two.

mod mdstat;

use super::attributes::{Attribute, Attributes, LabelFrom, Layout, leading, unsigned};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, Filter};
use crate::model::metric::{
    Family, Label, Sink, Unit::Kibibytes, Unit::One, Value, families, gauge,
};
use crate::settings::Subject;
use mdstat::{Array, State, arrays};

const PATH: &str = "/proc/mdstat";
const EXPECTED: &str = "arrays that come once, with state, disks and blocks";

/// The states that have samples, and their names.
const STATES: [(State, &str); 5] = [
    (State::Active, "active"),
    (State::Inactive, "inactive"),
    (State::Recovering, "recovering"),
    (State::Resync, "resync"),
    (State::Check, "check"),
];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 9] = families![
    gauge("md_state",          One,       "1 for the state that the array is in, 0 for others.", &["device", "state"]),
    gauge("md_disks",          One,       "Disks of the array that are in this state.",          &["device", "state"]),
    gauge("md_disks_required", One,       "Disks that the array is made for.",                   &["device"]),
    gauge("md_blocks",         One,       "Size of the array, in units of 1024 bytes.",          &["device"]).only_node(),
    gauge("md_blocks_synced",  One,       "How much is in sync, in units of 1024 bytes.",        &["device"]).only_node(),
    gauge("md_size_bytes",     Kibibytes, "Size of the array.",                                  &["device"]).only_own(),
    gauge("md_synced_bytes",   Kibibytes, "How much of the array is in sync.",                   &["device"]).only_own(),
    gauge("md_raid_disks",     One,       "Disks that the array is made for, from sysfs.",       &["device"]),
    gauge("md_degraded",       One,       "Disks that are missing from the array.",              &["device"]),
];

static ARRAYS: Layout = Layout {
    directory: "/sys/block",
    is_object: |name| name.starts_with("md"),
    labels: &[LabelFrom::Name("")],
    attributes: &[
        // While disks are added the old number follows: `4 (3)`.
        Attribute { file: "md/raid_disks", family: &FAMILIES[7], form: leading },
        Attribute { file: "md/degraded", family: &FAMILIES[8], form: unsigned },
    ],
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "mdadm",
        node_name: "mdadm",
        on: true,
        help: "software RAID, from /proc/mdstat and /sys/block",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    // An array with many disks is a long record, as mounts are.
    let file = setup.files.mounts(PATH);
    let devices = Attributes::new(setup.root, &ARRAYS, [None, None]);
    Box::new(Mdadm { file, names: Filter::new(None, None), is_shown: Vec::new(), devices })
}

struct Mdadm {
    file: FileId,
    names: Filter,
    /// Whether each array of the text is shown: of those of one name the first.
    is_shown: Vec<bool>,
    devices: Attributes,
}

impl Collector for Mdadm {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let text = scrape.files.read(self.file).map_err(Error::of_optional)?;
        self.names.begin();
        self.is_shown.clear();
        for array in arrays(text) {
            let is_shown = array.is_ok_and(|array| self.names.keep(array.name));
            self.is_shown.push(is_shown);
            if !is_shown {
                let found = array.map_or_else(|head| head, |array| array.name);
                scrape.errors.refuse(PATH, EXPECTED, found);
            }
        }
        let arrays = || {
            let shown = arrays(text).zip(&self.is_shown).filter(|(_, is_shown)| **is_shown);
            shown.filter_map(|(array, _)| array.ok())
        };
        write(&arrays, out);
        let written = usize::from(self.is_shown.contains(&true));
        scrape.errors.unless_all(written).and_then(|()| self.devices.collect(scrape, out))
    }
}

/// One of an array's numbers.
type Number = fn(&Array<'_>) -> Option<u64>;

/// Writes the samples of the arrays, which are parsed again for each family.
fn write<'a, I: Iterator<Item = Array<'a>>>(arrays: &dyn Fn() -> I, out: &mut dyn Sink) {
    let [state, disks, required, blocks, blocks_synced, size, synced, ..] = &FAMILIES;
    out.family(state);
    for array in arrays() {
        for (state, word) in STATES {
            let is_it = array.state == state;
            out.sample(&[Label::of(array.name), word.into()], Value::Int(is_it.into()));
        }
    }
    out.family(disks);
    for Array { name, active, failed, spare, .. } in arrays() {
        for (count, word) in [(active, "active"), (failed, "failed"), (spare, "spare")] {
            out.sample(&[Label::of(name), word.into()], Value::Int(count));
        }
    }
    let numbers: [(&Family<'_>, Number); 5] = [
        (required, |array| Some(array.required)),
        (blocks, |array| Some(array.blocks)),
        (blocks_synced, |array| array.synced),
        (size, |array| Some(array.blocks)),
        (synced, |array| array.synced),
    ];
    for (family, number) in numbers {
        out.family(family);
        for array in arrays() {
            if let Some(number) = number(&array) {
                out.sample(&[Label::of(array.name)], family.value(number));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    const TEXT: &str = "Personalities : [raid1]\n\
        md6 : active raid1 sdb2[2](F) sdc[1](S) sda2[0]\n      195310144 blocks [2/1] [U_]\n      \
        [=>....]  recovery =  8.5% (16775552/195310144) finish=17.0min speed=259783K/sec\n\n\
        unused devices: <none>\n";

    #[test]
    fn an_array_in_both_dialects() {
        let tree = Tree::new("mdadm");
        tree.put("proc/mdstat", TEXT);
        tree.put("sys/block/md6/md/raid_disks", "4 (3)\n");
        tree.put("sys/block/md6/md/degraded", "1\n");
        tree.put("sys/block/md7/md/raid_disks", "\n");
        tree.put("sys/block/sda/size", "1\n");
        let mut mdadm = tree.open(&SPEC, Dialect::Node, &[]);
        let state = |state, is| format!(r#"md_state{{device="md6",state="{state}"}} {is}"#);
        let mut expected: Vec<String> =
            STATES.map(|(s, word)| state(word, u8::from(s == State::Recovering))).to_vec();
        let disks = ["active", "failed", "spare"]
            .map(|word| format!(r#"md_disks{{device="md6",state="{word}"}} 1"#));
        expected.extend(disks);
        expected.push(r#"md_disks_required{device="md6"} 2"#.to_owned());
        let mut own = expected.clone();
        let of = |name, value| format!(r#"md_{name}{{device="md6"}} {value}"#);
        let ends = [of("raid_disks", "4"), of("degraded", "1")];
        expected.extend([of("blocks", "195310144"), of("blocks_synced", "16775552")]);
        expected.extend(ends.clone());
        for _ in 0..2 {
            assert_eq!(scrape(&mut mdadm, Dialect::Node, &["md"]), (expected.clone(), 1));
        }
        own.extend([of("size_bytes", "199997587456"), of("synced_bytes", "17178165248")]);
        own.extend(ends);
        let mut mdadm = tree.open(&SPEC, Dialect::Own, &[]);
        assert_eq!(scrape(&mut mdadm, Dialect::Own, &["md"]), (own, 1));
    }

    #[test]
    fn no_text_is_no_data_and_a_bad_array_costs_itself() {
        let tree = Tree::new("mdadm-bad");
        let mut mdadm = tree.open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(mdadm.failure(), Some(Error::Unsupported(_))));
        tree.put("proc/mdstat", &["md1 : active raid1 sda[0]\n", TEXT, TEXT].concat());
        let (lines, errors) = scrape(&mut mdadm, Dialect::Own, &["md_size"]);
        let expected = r#"md_size_bytes{device="md6"} 199997587456"#;
        assert_eq!((lines, errors), (vec![expected.to_owned()], 2));
    }
}
