//! Names of PCI devices from a file of pci.ids(5): a line `1022  Name` for each vendor, below it with a tab
//! its devices, below them with two tabs `17aa 5095  Name` for boards; at the end `C 06  Name` for each class
//! of devices, with subclasses and programming interfaces below.

use super::super::PartialErrors;
use super::devices::{
    CLASS, DEVICE, Device, FIRST_NAME, SUBSYSTEM_DEVICE, SUBSYSTEM_VENDOR, VENDOR,
};
use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::read::scan;
use std::io;
use std::path::{Path, PathBuf};

/// The place in messages.
const PATH: &str = "pci.ids";

/// More bytes than the file has: 2026's has 1.6 MB.
const MAX_FILE: u64 = 16 << 20;

/// The longest name.
const MAX_NAME: usize = 256;

/// Indices of the names.
const VENDOR_NAME: usize = FIRST_NAME;
const DEVICE_NAME: usize = FIRST_NAME + 1;
const SUBSYSTEM_VENDOR_NAME: usize = FIRST_NAME + 2;
const SUBSYSTEM_DEVICE_NAME: usize = FIRST_NAME + 3;
const CLASS_NAME: usize = FIRST_NAME + 4;

/// Names the devices from the first file that exists; a device without a name there is named by its number.
pub fn name(devices: &mut [Device], files: &[PathBuf], errors: &mut PartialErrors) {
    let mut text = Vec::new();
    let mut tried = files.iter().map(|path| read(path, &mut text));
    let is_absent = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match tried.find(|read| !read.as_ref().is_err_and(is_absent)) {
        Some(Ok(())) => {}
        Some(Err(error)) => errors.record(Error::of(PATH, &error)),
        None => errors.record(Error::Absent(PATH.into())),
    }
    devices.iter_mut().for_each(by_number);
    Reading::default().take(&text, devices);
}

/// Reads the whole of a regular file: a pipe may never end.
fn read(path: &Path, text: &mut Vec<u8>) -> io::Result<()> {
    let file = sys::open_unwaiting(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    sys::read_rest(&file, MAX_FILE, text)
}

fn by_number(device: &mut Device) {
    for (name, number) in [
        (VENDOR_NAME, VENDOR),
        (DEVICE_NAME, DEVICE),
        (SUBSYSTEM_VENDOR_NAME, SUBSYSTEM_VENDOR),
        (SUBSYSTEM_DEVICE_NAME, SUBSYSTEM_DEVICE),
    ] {
        let number = device.digits(number).to_owned();
        set(device, name, number);
    }
    let class = ["Unknown class (", device.digits(CLASS), ")"].concat();
    set(device, CLASS_NAME, class);
}

fn set(device: &mut Device, at: usize, name: String) {
    if let Some(to) = device.texts.get_mut(at) {
        *to = name;
    }
}

/// The context of the previous lines.
#[derive(Default)]
struct Reading {
    is_class: bool,
    /// The vendor or class, and the device or class with subclass.
    first: String,
    second: String,
    /// Whether some device is of this vendor.
    is_wanted: bool,
    /// How many digits of its class the name of each device covers.
    named_by: Vec<usize>,
}

impl Reading {
    fn take(mut self, text: &[u8], devices: &mut [Device]) {
        self.named_by.resize(devices.len(), 0);
        for line in scan::lines(text).filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
            let depth = line.iter().take_while(|byte| **byte == b'\t').count();
            if depth > 0 && !self.is_class && !self.is_wanted {
                continue;
            }
            let line = line.get(depth..).unwrap_or_default();
            let is_class = depth == 0 && line.starts_with(b"C ");
            let Some((id, name)) = parts(if is_class { line.get(2..) } else { Some(line) }) else {
                continue;
            };
            match depth {
                0 => self.top(is_class, &id, &name, devices),
                1 | 2 if self.is_class => self.class(depth, &id, &name, devices),
                1 => self.device(&id, &name, devices),
                2 => self.board(&id, &name, devices),
                _ => {}
            }
        }
    }

    fn top(&mut self, is_class: bool, id: &str, name: &str, devices: &mut [Device]) {
        self.is_class = is_class;
        self.second.clear();
        if is_class {
            return self.class(0, id, name, devices);
        }
        id.clone_into(&mut self.first);
        self.is_wanted = false;
        for device in devices {
            if device.digits(VENDOR) == id {
                self.is_wanted = true;
                set(device, VENDOR_NAME, name.to_owned());
            }
            if device.digits(SUBSYSTEM_VENDOR) == id {
                set(device, SUBSYSTEM_VENDOR_NAME, name.to_owned());
            }
        }
    }

    fn device(&mut self, id: &str, name: &str, devices: &mut [Device]) {
        id.clone_into(&mut self.second);
        for device in devices {
            if [device.digits(VENDOR), device.digits(DEVICE)] == [&self.first, id] {
                set(device, DEVICE_NAME, name.to_owned());
            }
        }
    }

    fn board(&self, id: &str, name: &str, devices: &mut [Device]) {
        let Some((vendor, board)) = id.split_once(' ') else { return };
        for device in devices {
            let is_of =
                [device.digits(VENDOR), device.digits(DEVICE)] == [&self.first, &self.second];
            let ids = [device.digits(SUBSYSTEM_VENDOR), device.digits(SUBSYSTEM_DEVICE)];
            if is_of && ids == [vendor, board.trim()] {
                set(device, SUBSYSTEM_DEVICE_NAME, name.to_owned());
            }
        }
    }

    /// Handles a class, a subclass or an interface: the longest that matches names the device.
    fn class(&mut self, depth: usize, id: &str, name: &str, devices: &mut [Device]) {
        let whole = match depth {
            0 => id.to_owned(),
            1 => [self.first.as_str(), id].concat(),
            _ => [self.second.as_str(), id].concat(),
        };
        for (device, named_by) in devices.iter_mut().zip(&mut self.named_by) {
            if device.digits(CLASS).starts_with(&whole) && *named_by < whole.len() {
                *named_by = whole.len();
                set(device, CLASS_NAME, name.to_owned());
            }
        }
        match depth {
            0 => self.first = whole,
            1 => self.second = whole,
            _ => {}
        }
    }
}

/// The number and the name of a line, separated by two blanks.
fn parts(line: Option<&[u8]>) -> Option<(String, String)> {
    let line = line?;
    let at = line.windows(2).position(|pair| pair == b"  ")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let name = text(line.get(at..)?);
    let end = name.char_indices().map(|(at, _)| at).take_while(|at| *at <= MAX_NAME).last();
    let is_short = name.len() <= MAX_NAME;
    let name = if is_short { name } else { name.get(..end?)?.to_owned() };
    Some((text(line.get(..at)?), name))
}
