//! PCI devices: `/sys/bus/pci/devices/<segment>:<bus>:<device>.<function>/…`
//! (Documentation/ABI/testing/sysfs-bus-pci), a link each into the tree of devices. The properties of a device do
//! not change and are read when the list of devices changes; its link, its power state and its virtual
//! functions are read at every scrape. A link whose speed or width is not known has a word instead.
//!
//! For an unknown link node_exporter shows -1, and for a device without SR-IOV, which has none of its
//! files, 0; so does this in its dialect. Under our own names there is no sample. A file that cannot be read
//! has none in either. An option adds names from a file such as `/usr/share/misc/pci.ids` (pci.ids(5)).

mod devices;
mod ids;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::dialect::Dialect;
use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Listing, scan};
use crate::model::metric::{Family, Label, Sink, Unit, Value, families, gauge};
use crate::settings::{CollectorOption, Subject, path, switch};
use devices::{Device, LOCATION, MAX_TEXT};
use std::path::PathBuf;

const PATH: &str = "/sys/bus/pci/devices";

/// More devices than any box has; what comes after is left out and counted.
const MAX_DEVICES: usize = 8192;

/// Where pci.ids usually is.
const IDS: [&str; 2] = ["/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"];

/// The states that a device may be in (pci_power_names of drivers/pci/pci.c).
const POWER_STATES: [&str; 7] = ["D0", "D1", "D2", "D3hot", "D3cold", "unknown", "error"];

const PLACE: &[&str] = &["segment", "bus", "device", "function"];
const POWER: &[&str] = &["segment", "bus", "device", "function", "state"];
#[rustfmt::skip]
const NAMED: &[&str] = &[
    "segment", "bus", "device", "function", "parent_segment", "parent_bus", "parent_device", "parent_function",
    "class_id", "vendor_id", "device_id", "subsystem_vendor_id", "subsystem_device_id", "revision",
    "vendor_name", "device_name", "subsystem_vendor_name", "subsystem_device_name", "class_name",
];
/// The number of names among these.
const NAMES: usize = 5;

/// Values that are read of each device at every scrape, then those from other sources.
#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 12] = families![
    gauge("pcidevice_max_link_transfers_per_second",     Unit::One, "Transfers a second that the link can do.", PLACE),
    gauge("pcidevice_max_link_width",                    Unit::One, "Lanes that the link can have.",             PLACE),
    gauge("pcidevice_current_link_transfers_per_second", Unit::One, "Transfers a second that the link does.",   PLACE),
    gauge("pcidevice_current_link_width",                Unit::One, "Lanes that the link has.",                  PLACE),
    gauge("pcidevice_d3cold_allowed",                    Unit::One, "Whether the device may go to D3cold.",      PLACE),
    gauge("pcidevice_sriov_drivers_autoprobe",           Unit::One, "Whether drivers are bound to new virtual functions.", PLACE),
    gauge("pcidevice_sriov_numvfs",                      Unit::One, "Virtual functions that are on.",            PLACE),
    gauge("pcidevice_sriov_totalvfs",                    Unit::One, "Virtual functions that there can be.",      PLACE),
    gauge("pcidevice_sriov_vf_total_msix",               Unit::One, "Interrupt vectors for virtual functions.",  PLACE),
    gauge("pcidevice_numa_node",                         Unit::One, "NUMA node of the device.",                  PLACE),
    gauge("pcidevice_power_state",                       Unit::One, "1 for the power state of the device, 0 for each other.", POWER),
    gauge("pcidevice_info",                              Unit::One, "Always 1; the labels describe the device.", NAMED),
];

/// The file of each family that has one, and its form.
static FILES: [(&str, Form); 10] = [
    ("max_link_speed", Form::Speed),
    ("max_link_width", Form::Width),
    ("current_link_speed", Form::Speed),
    ("current_link_width", Form::Width),
    ("d3cold_allowed", Form::Flag),
    ("sriov_drivers_autoprobe", Form::SriovFlag),
    ("sriov_numvfs", Form::SriovCount),
    ("sriov_totalvfs", Form::SriovCount),
    ("sriov_vf_total_msix", Form::SriovCount),
    ("numa_node", Form::Node),
];

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `8.0 GT/s PCIe`
    Speed,
    /// Lanes.
    Width,
    /// A flag: anything but 0 is 1.
    Flag,
    /// The same for files that only devices with SR-IOV have.
    SriovFlag,
    SriovCount,
    /// A number, or -1 for none.
    Node,
}

static WITH_NAMES: CollectorOption<bool> =
    switch("names", "names of vendors, devices and classes, too, from the file of names");
static IDS_FILE: CollectorOption<PathBuf> =
    path("idsfile", "the file of names, in place of /usr/share/misc/pci.ids or hwdata/pci.ids");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "pcidevice",
        node_name: "pcidevice",
        on: false,
        help: "PCI devices, from /sys/bus/pci/devices",
        options: &[&WITH_NAMES.row, &IDS_FILE.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let own = setup.settings.get(&IDS_FILE);
    let usual = || IDS.map(PathBuf::from).to_vec();
    let ids = if own.as_os_str().is_empty() { usual() } else { vec![own] };
    Box::new(Pcidevice {
        listing: Listing::new(setup.root.dir(PATH)),
        ids: setup.settings.get(&WITH_NAMES).then_some(ids),
        devices: Vec::new(),
        is_whole: true,
        dialect: setup.dialect,
    })
}

struct Pcidevice {
    listing: Listing,
    /// The files with names, if they are shown.
    ids: Option<Vec<PathBuf>>,
    devices: Vec<Device>,
    /// Whether every device of the list could be read.
    is_whole: bool,
    dialect: Dialect,
}

impl Collector for Pcidevice {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let errors = &mut *scrape.errors;
        if self.listing.has_changed().map_err(Error::of_optional)? || !self.is_whole {
            self.learn(errors);
        }
        let [.., power, info] = &FAMILIES;
        for (family, (file, form)) in FAMILIES.iter().zip(&FILES) {
            out.family(family);
            for device in &self.devices {
                let read = self.read(device, file, *form, family, errors);
                let absent = || form.absent(device).filter(|_| self.dialect == Dialect::Node);
                if let Some(value) = read.unwrap_or_else(|Unknown| absent()) {
                    out.sample(&device.location(), value);
                }
            }
        }
        out.family(power);
        for device in &self.devices {
            self.write_power(device, errors, out);
        }
        let width = NAMED.len() - if self.ids.is_some() { 0 } else { NAMES };
        out.family(&info.keyed(NAMED.get(..width).unwrap_or_default()));
        for device in &self.devices {
            device.write_info(width, out);
        }
        Ok(())
    }
}

impl Pcidevice {
    /// Reads the devices after the list changed, or some device could not be read.
    #[cold]
    fn learn(&mut self, errors: &mut PartialErrors) {
        self.devices.clear();
        let mut names: Vec<String> = self.listing.names().map(str::to_owned).collect();
        sys::sort(&mut names, Ord::cmp);
        errors.limit(&mut names, MAX_DEVICES, PATH, "at most 8192 devices");
        self.is_whole = true;
        for name in names {
            match Device::read(&self.listing.dir, &name) {
                Ok(device) => self.devices.push(device),
                Err(error) => {
                    errors.record(error);
                    self.is_whole = false;
                }
            }
        }
        if let Some(ids) = &self.ids {
            ids::name(&mut self.devices, ids, errors);
        }
    }

    /// Reads a file. `Ok(None)` if there is a value that is not shown, `Err` if there is no value.
    fn read(
        &self,
        device: &Device,
        file: &str,
        form: Form,
        family: &Family<'_>,
        errors: &mut PartialErrors,
    ) -> Result<Option<Value>, Unknown> {
        let (dir, path) = (&self.listing.dir, Joined::of(device.name(), file));
        let mut text = [0; MAX_TEXT];
        match dir.read(path.path(), &mut text) {
            Err(Error::Absent(_)) => Err(Unknown),
            Err(error) => {
                errors.record(error);
                Ok(None)
            }
            Ok(text) if text.is_empty() || text.starts_with(b"Unknown") => Err(Unknown),
            Ok(text) => match form.value(text, family) {
                Some(value) => Ok(value),
                None => {
                    errors.refuse(dir.place(path.path()), "a number", text);
                    Ok(None)
                }
            },
        }
    }

    fn write_power(&self, device: &Device, errors: &mut PartialErrors, out: &mut dyn Sink) {
        let mut text = [0; MAX_TEXT];
        let path = Joined::of(device.name(), "power_state");
        let read = self.listing.dir.read(path.path(), &mut text);
        let Some(now) = errors.unless_absent(read).filter(|text| !text.is_empty()) else { return };
        if !POWER_STATES.iter().any(|state| state.as_bytes() == now) {
            let place = self.listing.dir.place(path.path());
            return errors.refuse(place, "a power state", now);
        }
        let mut labels = [Label::of(b""); LOCATION + 1];
        labels.iter_mut().zip(device.location()).for_each(|(to, from)| *to = from);
        for state in POWER_STATES {
            if let Some(last) = labels.last_mut() {
                *last = state.into();
            }
            out.sample(&labels, Value::Int((now == state.as_bytes()).into()));
        }
    }
}

/// The kernel does not know the value, or has no such file for the device.
struct Unknown;

impl Form {
    /// What node_exporter shows where the device has no such file.
    fn absent(self, device: &Device) -> Option<Value> {
        match self {
            Form::Speed | Form::Width => Some(Value::Minus(1, 0)),
            Form::SriovFlag | Form::SriovCount if !device.has_sriov => Some(Value::Int(0)),
            _ => None,
        }
    }

    /// Parses a text; `Some(None)` if it means that there is no value.
    fn value(self, text: &[u8], family: &Family<'_>) -> Option<Option<Value>> {
        match self {
            Form::Speed => {
                let number = text.strip_suffix(b" GT/s PCIe").or(text.strip_suffix(b" GT/s"))?;
                // Gigatransfers with up to nine places are converted to transfers.
                let transfers = scan::decimal(number, 9)?;
                Some(Some(Value::Int(u64::try_from(transfers).ok()?)))
            }
            Form::Flag | Form::SriovFlag => Some(Some(Value::Int((scan::int(text)? != 0).into()))),
            Form::Width | Form::SriovCount => Some(Some(family.signed(scan::int(text)?))),
            Form::Node => {
                Some(Some(scan::int(text)?).filter(|n| *n >= 0).map(|n| family.signed(n)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
