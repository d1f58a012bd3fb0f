//! Properties of a PCI device that do not change while it is present.

use crate::base::error::Error;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, scan};
use crate::model::metric::{Label, Sink, Value};

/// The longest text of a file.
pub const MAX_TEXT: usize = 64;

/// The number of labels for a device's location.
pub const LOCATION: usize = 4;

/// Indices of the texts after the locations of the device and its parent, in the order of the labels.
pub const CLASS: usize = 2 * LOCATION;
pub const VENDOR: usize = CLASS + 1;
pub const DEVICE: usize = CLASS + 2;
pub const SUBSYSTEM_VENDOR: usize = CLASS + 3;
pub const SUBSYSTEM_DEVICE: usize = CLASS + 4;
const REVISION: usize = CLASS + 5;
pub const FIRST_NAME: usize = CLASS + 6;
const TEXTS: usize = FIRST_NAME + 5;

/// The file of each number, its index, and its number of digits.
const IDS: [(&str, usize, usize); 6] = [
    ("class", CLASS, 6),
    ("vendor", VENDOR, 4),
    ("device", DEVICE, 4),
    ("subsystem_vendor", SUBSYSTEM_VENDOR, 4),
    ("subsystem_device", SUBSYSTEM_DEVICE, 4),
    ("revision", REVISION, 2),
];

const SRIOV: [&str; 4] =
    ["sriov_drivers_autoprobe", "sriov_numvfs", "sriov_totalvfs", "sriov_vf_total_msix"];

/// One device.
pub struct Device {
    name: String,
    /// It has one of the files of SR-IOV; the kernel makes all or none.
    pub has_sriov: bool,
    /// The values of all labels.
    pub texts: [String; TEXTS],
}

impl Device {
    /// Reads the facts of the device `name`; a number that cannot be read is an empty text.
    pub fn read(dir: &Dir, name: &str) -> Result<Device, Error> {
        let place = dir.place(Joined::of(name.as_bytes(), "").path());
        let location = location(name)
            .ok_or_else(|| Error::parse(place, "segment:bus:device.function", name.as_bytes()))?;
        // For a device below a bridge the directory above is the bridge's; otherwise that of a whole bus.
        let real = dir.target(name);
        let above = real.as_deref().and_then(|path| path.parent()?.file_name()?.to_str());
        let unknown = || std::array::from_fn(|_| "*".to_owned());
        let parent = above.and_then(self::location).unwrap_or_else(unknown);
        let mut texts: [String; TEXTS] = Default::default();
        let places = location.into_iter().chain(parent);
        texts.iter_mut().zip(places).for_each(|(to, from)| *to = from);
        for (file, at, digits) in IDS {
            let mut room = [0; MAX_TEXT];
            let path = Joined::of(name.as_bytes(), file);
            let text = match dir.read(path.path(), &mut room) {
                Err(Error::Absent(_)) => continue,
                read => read?,
            };
            let number = scan::hex(text).ok_or_else(|| {
                Error::parse(dir.place(path.path()), "a hexadecimal number", text)
            })?;
            if let Some(to) = texts.get_mut(at) {
                *to = format!("0x{number:0digits$x}");
            }
        }
        let has_sriov = SRIOV.iter().any(|file| dir.is_readable(&[name, "/", file].concat()));
        Ok(Device { name: name.to_owned(), has_sriov, texts })
    }

    /// Its entry in the directory of devices.
    pub fn name(&self) -> &[u8] {
        self.name.as_bytes()
    }

    /// The digits of a number, without `0x`.
    pub fn digits(&self, at: usize) -> &str {
        let text = self.texts.get(at).map_or("", String::as_str);
        text.strip_prefix("0x").unwrap_or(text)
    }

    /// The labels of its location.
    pub fn location(&self) -> [Label<'_>; LOCATION] {
        std::array::from_fn(|at| Label::from(self.texts.get(at).map_or("", String::as_str)))
    }

    /// Writes the sample of the first `width` texts.
    pub fn write_info(&self, width: usize, out: &mut dyn Sink) {
        let mut labels = [Label::of(b""); TEXTS];
        labels.iter_mut().zip(&self.texts).for_each(|(to, text)| *to = Label::from(text.as_str()));
        out.sample(labels.get(..width).unwrap_or_default(), Value::Int(1));
    }
}

/// The four parts of `0000:00:02.1`, in hexadecimal digits of usual length.
fn location(name: &str) -> Option<[String; LOCATION]> {
    let (place, function) = name.split_once('.')?;
    let mut parts = place.split(':');
    let mut part = || scan::hex(parts.next()?.as_bytes());
    let (segment, bus, device) = (part()?, part()?, part()?);
    let function = scan::hex(function.as_bytes())?;
    if parts.next().is_some() {
        return None;
    }
    let [bus, device] = [bus, device].map(|number| format!("{number:02x}"));
    Some([format!("{segment:04x}"), bus, device, format!("{function:x}")])
}
