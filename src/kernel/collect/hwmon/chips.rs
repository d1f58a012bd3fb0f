//! The list of chips and sensors. A chip is named after its device (`platform_coretemp_0`), else
//! after its `name` file, else `hwmonN`. Where several have one name, the `name` file distinguishes them,
//! else `hwmonN`, as node_exporter does since 1.12.

use super::super::PartialErrors;
use super::super::keyed::NewFamily;
use super::names::{clean, new_family, split};
use crate::base::sys;
use crate::kernel::read::dir::name;
use crate::kernel::read::{Dir, Listing, Patterns};
use crate::model::metric::fresh_stamp;
use std::ffi::CString;
use std::time::Duration;

/// More chips than any box has; what comes after is left out and counted.
const MAX_CHIPS: usize = 1024;

/// More files of sensors than any box has, likewise.
const MAX_READINGS: usize = 16_384;

/// The longest text of a file.
pub const MAX_TEXT: usize = 128;

/// The chips and sensors that are shown.
pub struct Wanted {
    pub is_node: bool,
    /// Include and exclude patterns for chips, and for `chip;sensor`.
    pub chips: Patterns,
    pub sensors: Patterns,
    /// The name of chips that another collector reads.
    pub claimed: Option<&'static str>,
}

/// All chips with their sensors.
#[derive(Default)]
pub struct Chips {
    pub chips: Vec<Chip>,
    pub sensors: Vec<Sensor>,
    /// Sorted by name.
    pub families: Vec<(NewFamily, u32)>,
    /// Sorted by family, chip and sensor.
    pub readings: Vec<Reading>,
}

pub struct Chip {
    /// Its name in `/sys/class/hwmon`.
    entry: String,
    /// The label.
    pub name: String,
    /// The text of its `name` file.
    pub chip_name: Option<String>,
}

pub struct Sensor {
    pub chip: usize,
    pub name: String,
    pub label: Option<Vec<u8>>,
}

/// One file.
pub struct Reading {
    pub family: usize,
    pub sensor: usize,
    /// The factor of its number.
    pub factor: i64,
    pub path: CString,
    /// The age of the value in this scrape, if it is from an earlier one.
    pub age: Option<Duration>,
}

/// A file of a sensor that has no name yet.
struct Entry {
    kind: &'static str,
    number: u32,
    element: String,
    path: String,
}

/// The text of the file at `path`.
fn text(dir: &Dir, path: &str) -> Option<Vec<u8>> {
    let mut room = [0; MAX_TEXT];
    let text = dir.read_now(&name(&[path]), &mut room);
    text.ok().map(<[u8]>::to_vec)
}

/// The label in the file at `path`: as node_exporter has it, with blanks at its ends.
fn label_of(dir: &Dir, path: &str) -> Option<Vec<u8>> {
    let mut room = [0; MAX_TEXT];
    dir.read_now(&name(&[path]), &mut room).ok()?;
    let text = room.split(|byte| *byte == 0).next()?;
    Some(text.strip_suffix(b"\n").unwrap_or(text).to_vec())
}

impl Chips {
    /// Looks up every directory that is listed.
    pub fn learn(listing: &Listing, wanted: &Wanted, errors: &mut PartialErrors) -> Chips {
        let dir = &listing.dir;
        let mut entries: Vec<&str> =
            listing.names().filter(|name| dir.is_directory(name)).collect();
        sys::sort(&mut entries, Ord::cmp);
        refuse_beyond(MAX_CHIPS, &mut entries, |entry| entry.as_bytes(), dir, errors);
        let is_free =
            |chip: &Chip| wanted.claimed.is_none() || chip.chip_name.as_deref() != wanted.claimed;
        let found = entries.into_iter().map(|entry| Chip::of(dir, entry)).filter(is_free).collect();
        let mut chips = Chips { chips: found, ..Chips::default() };
        chips.make_names_unique();
        chips.chips.retain(|chip| wanted.chips.keep(&chip.name));
        let mut named = Vec::new();
        for at in 0..chips.chips.len() {
            chips.learn_sensors(dir, at, wanted, &mut named);
        }
        sys::sort(&mut named, |(made, one), (other, two)| {
            (&made.name, one.sensor, &one.path).cmp(&(&other.name, two.sensor, &two.path))
        });
        // Two files may make one series, such as temp1_max and temp1_MAX.
        named.dedup_by(|(made, one), (other, two)| {
            made.name == other.name && one.sensor == two.sensor
        });
        refuse_beyond(MAX_READINGS, &mut named, |(_, r)| r.path.to_bytes(), dir, errors);
        for (made, mut reading) in named {
            if chips.families.last().is_none_or(|(last, _)| last.name != made.name) {
                chips.families.push((made, fresh_stamp()));
            }
            reading.family = chips.families.len().saturating_sub(1);
            chips.readings.push(reading);
        }
        chips
    }

    /// Appends to the names of chips of one name what distinguishes them.
    fn make_names_unique(&mut self) {
        let names: Vec<(String, Option<String>)> =
            self.chips.iter().map(|chip| (chip.name.clone(), chip.chip_name.clone())).collect();
        for chip in &mut self.chips {
            let same = names.iter().filter(|(name, _)| *name == chip.name);
            if same.clone().count() < 2 {
                continue;
            }
            let alike = same.filter(|(_, chip_name)| *chip_name == chip.chip_name).count();
            let chip_name = chip.chip_name.as_ref().filter(|_| alike == 1);
            let suffix = chip_name.cloned().unwrap_or_else(|| clean(&chip.entry));
            chip.name = [&*chip.name, "_", &suffix].concat();
        }
        // A name that is made this way may belong to another chip.
        let mut taken: Vec<String> = Vec::new();
        for chip in &mut self.chips {
            if taken.contains(&chip.name) {
                chip.name = [&*chip.name, "_", &clean(&chip.entry)].concat();
            }
            taken.push(chip.name.clone());
        }
    }

    /// Finds the sensors of one chip, and adds their readings to `named`.
    fn learn_sensors(
        &mut self,
        dir: &Dir,
        chip: usize,
        wanted: &Wanted,
        named: &mut Vec<(NewFamily, Reading)>,
    ) {
        let Some(Chip { entry, name, .. }) = self.chips.get(chip) else { return };
        let mut entries = Vec::new();
        // Old drivers have the files at the device.
        for below in [entry.clone(), [entry, "/device"].concat()] {
            list(dir, &below, &mut entries);
        }
        let name = name.clone();
        for files in entries.chunk_by(|a, b| (a.kind, a.number) == (b.kind, b.number)) {
            let Some(Entry { kind, number, .. }) = files.first() else { continue };
            let sensor = [kind, &*number.to_string()].concat();
            if wanted.sensors.keep(&[&*name, ";", &sensor].concat()) {
                self.learn_sensor(dir, chip, sensor, files, wanted.is_node, named);
            }
        }
    }

    /// Adds a sensor, and a reading for each of its files, which are at least one.
    #[inline(always)] // in one place
    fn learn_sensor(
        &mut self,
        dir: &Dir,
        chip: usize,
        name: String,
        files: &[Entry],
        is_node: bool,
        named: &mut Vec<(NewFamily, Reading)>,
    ) {
        let Some(Entry { kind, .. }) = files.first() else { return };
        let label = files.iter().find(|entry| entry.element == "label");
        let label = label.and_then(|file| label_of(dir, &file.path));
        let sensor = Sensor { chip, name, label };
        // node_exporter shows frequencies under their label, and none without.
        let is_renamed = is_node && *kind == "freq";
        let other = sensor.label.as_ref().filter(|_| is_renamed);
        let other = other.map(|label| clean(&String::from_utf8_lossy(label)));
        let is_free = |name: &String| {
            !self.sensors.iter().any(|known| (known.chip, &known.name) == (chip, name))
        };
        let other = other.filter(is_free).map(|name| Sensor { chip, name, label: None });
        let at = self.sensors.len();
        let is_input = files.iter().any(|entry| entry.element.is_empty());
        for entry in files.iter().filter(|entry| entry.element != "label") {
            let is_renamed = is_renamed && entry.element == "input";
            if is_renamed && other.is_none() {
                continue;
            }
            let made = new_family(is_node, kind, &entry.element, is_input);
            let path = CString::new(&*entry.path).ok();
            let Some(((made, factor), path)) = made.zip(path) else { continue };
            let sensor = at + usize::from(is_renamed);
            named.push((made, Reading::of(sensor, factor, path)));
        }
        self.sensors.push(sensor);
        self.sensors.extend(other);
    }
}

/// Keeps the first `most`, and records an error if there are more.
fn refuse_beyond<T>(
    most: usize,
    all: &mut Vec<T>,
    name: impl Fn(&T) -> &[u8],
    dir: &Dir,
    errors: &mut PartialErrors,
) {
    if let Some(first) = all.get(most) {
        errors.refuse(dir.place(c""), "fewer chips and sensors", name(first));
        all.truncate(most);
    }
}

/// Adds the files of sensors in the directory `below`, sorted; they replace those of the same
/// name.
fn list(dir: &Dir, below: &str, entries: &mut Vec<Entry>) {
    for file in dir.names(below).unwrap_or_default() {
        let Some((kind, number, element)) = split(&file) else { continue };
        let path = [below, "/", &file].concat();
        if !dir.is_readable(&path) {
            continue;
        }
        let entry = Entry { kind, number, element: element.to_owned(), path };
        let key = |entry: &Entry| (entry.kind, entry.number, entry.element.clone());
        match entries.binary_search_by_key(&key(&entry), key) {
            Err(at) => entries.insert(at, entry),
            Ok(at) => {
                if let Some(known) = entries.get_mut(at) {
                    *known = entry;
                }
            }
        }
    }
}

impl Chip {
    fn of(dir: &Dir, entry: &str) -> Chip {
        let device = dir.target(&[entry, "/device"].concat());
        let part = |path: Option<&std::path::Path>| {
            let name = path.and_then(|path| path.file_name());
            clean(&name.unwrap_or_default().to_string_lossy())
        };
        let (bus, device) = match &device {
            Some(path) => (part(path.parent()), part(Some(path))),
            None => (String::new(), String::new()),
        };
        let chip_name = text(dir, &[entry, "/name"].concat())
            .map(|text| clean(&String::from_utf8_lossy(&text)));
        let chip_name = chip_name.filter(|name| !name.is_empty());
        let name = match (&*bus, &*device, &chip_name) {
            (_, "", Some(chip_name)) => chip_name.clone(),
            (_, "", None) => part(dir.target(entry).as_deref()),
            ("", device, _) => device.to_owned(),
            (bus, device, _) => [bus, "_", device].concat(),
        };
        Chip { entry: entry.to_owned(), name, chip_name }
    }
}

impl Reading {
    fn of(sensor: usize, factor: i64, path: CString) -> Reading {
        Reading { family: 0, sensor, factor, path, age: None }
    }
}
