//! Replicated disks of DRBD 8: `/proc/drbd`, for each device its number and words `key:value`
//! (drivers/block/drbd/drbd_proc.c; drbd-8.4's manual, /proc/drbd). Amounts are in units of 1024 bytes.
//! In node_exporter's names received data (`nr`) is not multiplied by 1024, as in node_exporter.
//! The file exists while the module is loaded; DRBD 9 has no devices in it.

use super::gathered::Gathered;
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{
    Family, Sink, Unit::Kibibytes, Unit::One, Value, counter, families, gauge,
};
use crate::settings::Subject;

const PATH: &str = "/proc/drbd";

/// The longest number of a device.
const MAX_NUMBER: usize = 20;

const DEVICE: &[&str] = &["device"];
const NODE: &[&str] = &["device", "node"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 16] = families![
    counter("drbd_network_sent_bytes_total",     Kibibytes, "Data sent.",                                      DEVICE),
    counter("drbd_network_received_bytes_total", One,       "Data received, in units of 1024 bytes.",          DEVICE).only_node(),
    counter("drbd_network_received_bytes_total", Kibibytes, "Data received.",                                  DEVICE).only_own(),
    counter("drbd_disk_written_bytes_total",     Kibibytes, "Data written to the disk here.",                  DEVICE),
    counter("drbd_disk_read_bytes_total",        Kibibytes, "Data read from the disk here.",                   DEVICE),
    counter("drbd_activitylog_writes_total",     One,       "Updates of the activity log.",                    DEVICE),
    counter("drbd_bitmap_writes_total",          One,       "Updates of the bitmap.",                          DEVICE),
    gauge("drbd_local_pending",                  One,       "Requests to the disk here that are open.",        DEVICE),
    gauge("drbd_remote_pending",                 One,       "Requests to the peer that are open.",             DEVICE),
    gauge("drbd_remote_unacknowledged",          One,       "Requests of the peer that are open.",             DEVICE),
    gauge("drbd_application_pending",            One,       "Requests to DRBD that are open.",                 DEVICE),
    gauge("drbd_epochs",                         One,       "Epochs that are open.",                           DEVICE),
    gauge("drbd_out_of_sync_bytes",              Kibibytes, "Data that is not yet the same on both nodes.",    DEVICE),
    gauge("drbd_node_role_is_primary",           One,       "Whether the node is primary.",                    NODE),
    gauge("drbd_disk_state_is_up_to_date",       One,       "Whether the disk of the node is up to date.",     NODE),
    gauge("drbd_connected",                      One,       "Whether the peer is connected.",                  DEVICE),
];

/// The meaning of the word after a key.
enum Word {
    /// A number.
    Number(&'static [&'static Family<'static>]),
    /// The local state and that of the peer, and which value is good.
    Pair(&'static Family<'static>, &'static str),
    /// A state, and which value is good.
    State(&'static Family<'static>, &'static str),
}

#[rustfmt::skip] // a table: one row is one key
static WORDS: [(&[u8], Word); 15] = [
    (b"ns",  Word::Number(&[&FAMILIES[0]])),
    (b"nr",  Word::Number(&[&FAMILIES[1], &FAMILIES[2]])),
    (b"dw",  Word::Number(&[&FAMILIES[3]])),
    (b"dr",  Word::Number(&[&FAMILIES[4]])),
    (b"al",  Word::Number(&[&FAMILIES[5]])),
    (b"bm",  Word::Number(&[&FAMILIES[6]])),
    (b"lo",  Word::Number(&[&FAMILIES[7]])),
    (b"pe",  Word::Number(&[&FAMILIES[8]])),
    (b"ua",  Word::Number(&[&FAMILIES[9]])),
    (b"ap",  Word::Number(&[&FAMILIES[10]])),
    (b"ep",  Word::Number(&[&FAMILIES[11]])),
    (b"oos", Word::Number(&[&FAMILIES[12]])),
    (b"ro",  Word::Pair(&FAMILIES[13], "Primary")),
    (b"ds",  Word::Pair(&FAMILIES[14], "UpToDate")),
    (b"cs",  Word::State(&FAMILIES[15], "Connected")),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "drbd",
        node_name: "drbd",
        on: false,
        help: "replicated disks of DRBD 8, from /proc/drbd",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Drbd { file: setup.files.records(PATH), gathered: Gathered::new(PATH) })
}

struct Drbd {
    file: FileId,
    gathered: Gathered,
}

impl Collector for Drbd {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let text = files.read(self.file).map_err(Error::of_optional)?;
        self.gathered.begin();
        // Text before the first device belongs to no device.
        let mut device = None;
        for word in scan::lines(text).flat_map(scan::fields) {
            let Some((key, value)) = scan::keyed(word) else { continue };
            if value.contains(&b':') {
                continue;
            }
            if value.is_empty() && key.len() <= MAX_NUMBER && scan::uint(key).is_some() {
                device = Some(Device::of(key));
            } else if let Some(device) = &device
                && !device.word(key, value, &mut self.gathered)
            {
                errors.refuse(PATH, "an integer or two states", word);
            }
        }
        self.gathered.write_rows(errors, out);
        Ok(())
    }
}

/// The name of a device, `drbd1`.
struct Device {
    name: [u8; 4 + MAX_NUMBER],
    length: usize,
}

impl Device {
    fn of(number: &[u8]) -> Device {
        let mut name = [0; 4 + MAX_NUMBER];
        let length =
            name.iter_mut().zip(b"drbd".iter().chain(number)).map(|(to, b)| *to = *b).count();
        Device { name, length }
    }

    /// Reads a word; returns whether the value is valid.
    fn word(&self, key: &[u8], value: &[u8], gathered: &mut Gathered) -> bool {
        let Some((_, word)) = WORDS.iter().find(|(known, _)| *known == key) else { return true };
        if value.is_empty() {
            return false;
        }
        let name = self.name.get(..self.length).unwrap_or_default();
        let is = |text: &[u8], good: &str| Value::Int((text == good.as_bytes()).into());
        match word {
            Word::Number(families) => {
                let Some(raw) = scan::uint(value) else { return false };
                families.iter().for_each(|f| gathered.push(f, &[name], f.value(raw)));
            }
            Word::State(family, good) => gathered.push(family, &[name], is(value, good)),
            Word::Pair(family, good) => {
                let mut states = value.split(|byte| *byte == b'/');
                let (Some(here), Some(there)) = (states.next(), states.next()) else {
                    return false;
                };
                gathered.push(family, &[name, b"local"], is(here, good));
                gathered.push(family, &[name, b"remote"], is(there, good));
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn every_word_of_a_device() {
        let tree = Tree::new("drbd");
        let text = "version: 8.4.3 (api:1/proto:86-101)\n\n 0: cs:Unconfigured\n \
            1: cs:Connected ro:Primary/Secondary ds:Inconsistent/UpToDate C r-----\n    \
            ns:1 nr:2 dw:3 dr:4 al:5 bm:6 lo:7 pe:8 ua:9 ap:10 ep:11 wo:d oos:12\n";
        tree.put("proc/drbd", text);
        let expected = |received: &str| {
            let lines = [
                r#"drbd_network_sent_bytes_total{device="drbd1"} 1024"#,
                received,
                r#"drbd_disk_written_bytes_total{device="drbd1"} 3072"#,
                r#"drbd_disk_read_bytes_total{device="drbd1"} 4096"#,
                r#"drbd_activitylog_writes_total{device="drbd1"} 5"#,
                r#"drbd_bitmap_writes_total{device="drbd1"} 6"#,
                r#"drbd_local_pending{device="drbd1"} 7"#,
                r#"drbd_remote_pending{device="drbd1"} 8"#,
                r#"drbd_remote_unacknowledged{device="drbd1"} 9"#,
                r#"drbd_application_pending{device="drbd1"} 10"#,
                r#"drbd_epochs{device="drbd1"} 11"#,
                r#"drbd_out_of_sync_bytes{device="drbd1"} 12288"#,
                r#"drbd_node_role_is_primary{device="drbd1",node="local"} 1"#,
                r#"drbd_node_role_is_primary{device="drbd1",node="remote"} 0"#,
                r#"drbd_disk_state_is_up_to_date{device="drbd1",node="local"} 0"#,
                r#"drbd_disk_state_is_up_to_date{device="drbd1",node="remote"} 1"#,
                r#"drbd_connected{device="drbd0"} 0"#,
                r#"drbd_connected{device="drbd1"} 1"#,
            ];
            (lines.map(String::from).to_vec(), 0)
        };
        let mut drbd = tree.open(&SPEC, Dialect::Own, &[]);
        let received = r#"drbd_network_received_bytes_total{device="drbd1"} 2048"#;
        assert_eq!(scrape(&mut drbd, Dialect::Own, &["drbd"]), expected(received));
        let mut drbd = tree.open(&SPEC, Dialect::Node, &[]);
        let received = r#"drbd_network_received_bytes_total{device="drbd1"} 2"#;
        assert_eq!(scrape(&mut drbd, Dialect::Node, &["drbd"]), expected(received));
    }

    #[test]
    fn bad_values_drop_their_samples_and_absence_is_no_error() {
        let tree = Tree::new("drbd-bad");
        tree.put(
            "proc/drbd",
            "ns:1 18446744073709551616: 7: ns:-1 ro:Primary dw:2 dw:3 x::1 cs:\n",
        );
        let mut drbd = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = vec![r#"drbd_disk_written_bytes_total{device="drbd7"} 2048"#.to_owned()];
        assert_eq!(scrape(&mut drbd, Dialect::Node, &["drbd"]), (expected, 3));
        tree.remove("proc/drbd");
        assert!(tree.open(&SPEC, Dialect::Node, &[]).is_unsupported());
    }
}
