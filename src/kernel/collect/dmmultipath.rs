//! Disks with several paths, of the device mapper: `/sys/block/dm-N` whose `dm/uuid` begins with `mpath-`:
//! `dm/name`, `dm/suspended`, `size` in sectors, and a link in `slaves` for each path, whose state is in
//! `/sys/block/PATH/device/state` (Documentation/ABI/testing/sysfs-block-dm, since 2.6.29). A path is
//! active in the state `running` (SCSI) or `live` (NVMe).

use super::gathered::Gathered;
use super::subtree::{Opened, Subtree};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{Names, scan};
use crate::model::metric::{Family, Sink, Unit::One, Unit::Sectors, Value, families, gauge};
use crate::settings::Subject;

const BASE: &str = "/sys/block";

/// The longest text that is read; names and UUIDs of the device mapper have at most 128 bytes.
const MAX_TEXT: usize = 256;

const DEVICE: &[&str] = &["device", "sysfs_name"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 7] = families![
    gauge("dmmultipath_device_info",         One,     "The device, and its UUID.",                  &["device", "sysfs_name", "uuid"]),
    gauge("dmmultipath_device_active",       One,     "Whether the device is not suspended.",       DEVICE),
    gauge("dmmultipath_device_size_bytes",   Sectors, "Size of the device.",                        DEVICE),
    gauge("dmmultipath_device_paths",        One,     "Paths of the device.",                       DEVICE),
    gauge("dmmultipath_device_paths_active", One,     "Paths of the device that are active.",       DEVICE),
    gauge("dmmultipath_device_paths_failed", One,     "Paths of the device that are not active.",   DEVICE),
    gauge("dmmultipath_path_state",          One,     "A path, and the state of its device.",       &["device", "path", "state"]),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "dmmultipath",
        node_name: "dmmultipath",
        on: false,
        help: "disks with several paths of the device mapper, from /sys/block",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Multipath {
        place: Subtree::new(setup.root, BASE),
        devices: Names::default(),
        paths: Names::default(),
        gathered: Gathered::new(BASE),
    })
}

struct Multipath {
    place: Subtree,
    devices: Names,
    paths: Names,
    gathered: Gathered,
}

impl Collector for Multipath {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Multipath { place, devices, paths, gathered } = self;
        let errors = &mut *scrape.errors;
        let opened = place.open().map_err(Error::of_optional)?;
        opened.list(&[], devices, errors);
        gathered.begin();
        let devices = (0..).map_while(|at| devices.get(at));
        for device in devices.filter(|device| device.starts_with(b"dm-")) {
            let mut uuid = [0; MAX_TEXT];
            let read = opened.read(&[device, b"dm/uuid"], &mut uuid);
            let uuid = errors.unless_absent(read).filter(|uuid| uuid.starts_with(b"mpath-"));
            let mut name = [0; MAX_TEXT];
            let read = opened.read(&[device, b"dm/name"], &mut name);
            if let Some((uuid, name)) = uuid.zip(errors.unless_absent(read)) {
                let mut reading = Reading { opened: &opened, device, name, errors, gathered };
                reading.about(uuid);
                reading.paths(paths);
            }
        }
        gathered.write_rows(errors, out);
        Ok(())
    }
}

/// The state while one device is read.
struct Reading<'a> {
    opened: &'a Opened,
    device: &'a [u8],
    name: &'a [u8],
    errors: &'a mut PartialErrors,
    gathered: &'a mut Gathered,
}

impl Reading<'_> {
    fn about(&mut self, uuid: &[u8]) {
        let [info, active, size, ..] = &FAMILIES;
        self.gathered.push(info, &[self.name, self.device, uuid], Value::Int(1));
        if let Some(suspended) = self.number(b"dm/suspended") {
            let is_active = Value::Int((suspended != 1).into());
            self.gathered.push(active, &[self.name, self.device], is_active);
        }
        if let Some(sectors) = self.number(b"size") {
            self.gathered.push(size, &[self.name, self.device], size.value(sectors));
        }
    }

    fn number(&mut self, file: &[u8]) -> Option<u64> {
        let (mut text, path) = ([0; MAX_TEXT], [self.device, file]);
        let text = self.errors.unless_absent(self.opened.read(&path, &mut text))?;
        let number = scan::uint(text);
        if number.is_none() {
            self.errors.refuse(self.opened.place(&path), "an integer", text);
        }
        number
    }

    /// Reads its paths, whose names are added to `names`. Where a state cannot be read, the number of active ones is
    /// unknown.
    fn paths(&mut self, names: &mut Names) {
        let [.., all, active, failed, state] = &FAMILIES;
        if !self.opened.list(&[self.device, b"slaves"], names, self.errors) {
            return;
        }
        let (mut count, mut count_active, mut count_known) = (0, 0, 0);
        for path in (0..).map_while(|at| names.get(at)) {
            count += 1;
            let (mut text, parts) = ([0; MAX_TEXT], [path, b"device/state"]);
            match self.opened.read(&parts, &mut text) {
                Ok([]) => {
                    let place = self.opened.place(&parts);
                    self.errors.refuse(place, "a state", b"");
                }
                Ok(text) => {
                    count_known += 1;
                    count_active += u64::from(matches!(text, b"running" | b"live"));
                    self.gathered.push(state, &[self.name, path, text], Value::Int(1));
                }
                Err(error) => self.errors.record(error),
            }
        }
        let labels = [self.name, self.device];
        self.gathered.push(all, &labels, Value::Int(count));
        if count_known == count {
            self.gathered.push(active, &labels, Value::Int(count_active));
            self.gathered.push(failed, &labels, Value::Int(count - count_active));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    const STATES: [(&str, &str); 5] = [
        ("sdi", "running\n"),
        ("sdj", "offline\n"),
        ("sdk", "live\n"),
        ("sdl", "blocked\n"),
        ("sdm", "quiesce\n"),
    ];

    fn machine(name: &str) -> Tree {
        let tree = Tree::new(name);
        let put = |file: &str, text: &str| tree.put(&format!("sys/block/{file}"), text);
        put("dm-5/dm/uuid", "mpath-36\n");
        put("dm-5/dm/name", "mpathA\n");
        put("dm-5/dm/suspended", "0\n");
        put("dm-5/size", "3\n");
        for (path, state) in STATES {
            put(&format!("dm-5/slaves/{path}/x"), "");
            put(&format!("{path}/device/state"), state);
        }
        put("dm-7/dm/uuid", "LVM-1\n");
        put("dm-7/dm/name", "root\n");
        tree
    }

    #[test]
    fn devices_and_their_paths() {
        let tree = machine("dmmultipath");
        let expected = [
            r#"dmmultipath_device_info{device="mpathA",sysfs_name="dm-5",uuid="mpath-36"} 1"#,
            r#"dmmultipath_device_active{device="mpathA",sysfs_name="dm-5"} 1"#,
            r#"dmmultipath_device_size_bytes{device="mpathA",sysfs_name="dm-5"} 1536"#,
            r#"dmmultipath_device_paths{device="mpathA",sysfs_name="dm-5"} 5"#,
            r#"dmmultipath_device_paths_active{device="mpathA",sysfs_name="dm-5"} 2"#,
            r#"dmmultipath_device_paths_failed{device="mpathA",sysfs_name="dm-5"} 3"#,
            r#"dmmultipath_path_state{device="mpathA",path="sdi",state="running"} 1"#,
            r#"dmmultipath_path_state{device="mpathA",path="sdj",state="offline"} 1"#,
            r#"dmmultipath_path_state{device="mpathA",path="sdk",state="live"} 1"#,
            r#"dmmultipath_path_state{device="mpathA",path="sdl",state="blocked"} 1"#,
            r#"dmmultipath_path_state{device="mpathA",path="sdm",state="quiesce"} 1"#,
        ];
        let expected = expected.map(String::from).to_vec();
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut multipath = tree.open(&SPEC, dialect, &[]);
            assert_eq!(scrape(&mut multipath, dialect, &["dmm"]), (expected.clone(), 0));
        }
    }

    #[test]
    fn bad_values_drop_their_samples_and_absence_is_no_error() {
        let tree = machine("dmmultipath-bad");
        tree.put("sys/block/dm-5/dm/suspended", "maybe\n");
        tree.put("sys/block/dm-5/size", "-1\n");
        tree.remove("sys/block/sdk/device/state");
        let mut multipath = tree.open(&SPEC, Dialect::Node, &[]);
        let (lines, errors) = scrape(&mut multipath, Dialect::Node, &["dmm"]);
        assert_eq!((lines.len(), errors), (11 - 5, 3));
        assert!(Tree::new("dmmultipath-none").open(&SPEC, Dialect::Node, &[]).is_unsupported());
    }
}
