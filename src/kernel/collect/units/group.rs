//! One control group: which of its files are read, and their values.

use super::cells::{Cells, Column};
use super::devices::{self, Devices};
use crate::base::error::Error;
use crate::kernel::collect::PartialErrors;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, scan};
use crate::model::metric::{Label, Word};

/// Bytes of a file that are read. Only `io.stat` may be longer, with some forty devices.
const MAX_TEXT: usize = 4096;

/// The error of a file whose group was removed since it was listed.
const GONE: i32 = libc::ENODEV;

/// When a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cadence {
    Always,
    Slow,
    /// Where it is enabled.
    Pressure,
}

/// One file of a group.
struct Source {
    name: &'static str,
    cadence: Cadence,
    of_units: bool,
    of_slices: bool,
    form: Form,
    columns: &'static [Column],
}

/// The format of a file.
#[derive(Clone, Copy)]
enum Form {
    /// A number for the one column.
    Number,
    /// A number, or the word `max` for none.
    Limit,
    /// A line `key number` for each column with its key.
    Keys(&'static [&'static str]),
    /// A line `key number` for each; its `inactive_file` is not in the working set.
    Inactive,
    /// A line for each device.
    Devices,
    /// Lines `some` and `full` with a total.
    Pressure,
}

const fn source(
    name: &'static str,
    cadence: Cadence,
    [of_units, of_slices]: [bool; 2],
    form: Form,
    columns: &'static [Column],
) -> Source {
    Source { name, cadence, of_units, of_slices, form, columns }
}

const BOTH: [bool; 2] = [true, true];
const UNITS: [bool; 2] = [true, false];
const SLICES: [bool; 2] = [false, true];

/// `memory.stat` comes after `memory.current`, whose number it needs.
#[rustfmt::skip] // a table
static FILES: [Source; 10] = [
    source("cpu.stat",        Cadence::Always,   BOTH,   Form::Keys(&["user_usec", "system_usec"]), &[Column::User, Column::System]),
    source("memory.current",  Cadence::Always,   BOTH,   Form::Number,              &[Column::Memory]),
    source("memory.stat",     Cadence::Slow,     UNITS,  Form::Inactive,            &[Column::WorkingSet]),
    source("memory.max",      Cadence::Slow,     UNITS,  Form::Limit,               &[Column::Limit]),
    source("pids.current",    Cadence::Always,   UNITS,  Form::Number,              &[Column::Tasks]),
    source("io.stat",         Cadence::Always,   UNITS,  Form::Devices,             &[Column::ReadBytes, Column::WrittenBytes, Column::Reads, Column::Writes]),
    source("cpu.pressure",    Cadence::Pressure, UNITS,  Form::Pressure,            &[Column::CpuWaiting, Column::CpuStalled]),
    source("io.pressure",     Cadence::Pressure, UNITS,  Form::Pressure,            &[Column::IoWaiting, Column::IoStalled]),
    source("memory.pressure", Cadence::Pressure, UNITS,  Form::Pressure,            &[Column::MemoryWaiting, Column::MemoryStalled]),
    source("memory.events",   Cadence::Always,   SLICES, Form::Keys(&["oom_kill"]), &[Column::OomKills]),
];

/// The keys of a device's line, in the order of the columns.
const DEVICE_KEYS: [&[u8]; 4] = [b"rbytes", b"wbytes", b"rios", b"wios"];

/// One group.
pub struct Group {
    pub path: Vec<u8>,
    /// Its name, and its slice.
    pub name: String,
    pub slice: String,
    /// Both, as far as they fit a word.
    pub words: [Word; 2],
    pub is_slice: bool,
    /// Whether it has series of its own.
    pub is_shown: bool,
    /// Whether its slow files have to be read at its next reading.
    pub slow_is_due: bool,
    /// For how many readings in a row it used no CPU time.
    pub idle: u8,
    /// Files that it does not have: bit i for the i-th.
    pub absent: u32,
    pub cells: Cells,
}

impl Group {
    /// Its name and its slice.
    pub fn labels(&self) -> [Label<'_>; 2] {
        let [name, slice] = self.words;
        [Label::known(self.name.as_bytes(), name), Label::known(self.slice.as_bytes(), slice)]
    }

    /// Reads its files.
    pub fn read(
        &mut self,
        dir: &Dir,
        with_pressure: bool,
        devices: &mut Devices,
        errors: &mut PartialErrors,
    ) {
        let absent = self.absent;
        for (at, file) in FILES.iter().enumerate() {
            let is_wanted = match file.cadence {
                Cadence::Slow => self.slow_is_due,
                Cadence::Pressure => with_pressure,
                Cadence::Always => true,
            };
            if is_wanted && (if self.is_slice { file.of_slices } else { file.of_units }) {
                self.read_file(dir, at, file, devices, errors);
            }
        }
        self.slow_is_due = false;
        // A unit that ends now has other files when it starts again.
        if self.absent != absent && !dir.is_directory(scan::text(&self.path)) {
            self.absent = absent;
        }
    }

    /// Reads one file, the `at`-th of the table. Its last value is dropped.
    fn read_file(
        &mut self,
        dir: &Dir,
        at: usize,
        file: &Source,
        devices: &mut Devices,
        errors: &mut PartialErrors,
    ) {
        if self.absent >> at & 1 == 1 {
            return;
        }
        self.cells.clear(file.columns);
        let (mut room, path) = ([0; MAX_TEXT], Joined::of(&self.path, file.name));
        let text = match dir.read(path.path(), &mut room) {
            // Some kernels have the files of a pressure that is not measured.
            Err(Error::Absent(_) | Error::Read(_, libc::EOPNOTSUPP)) => {
                self.absent |= 1 << at;
                return;
            }
            Err(Error::Read(_, GONE)) => return,
            Err(error) => return errors.record(error),
            Ok(text) if text.len() < MAX_TEXT => text,
            Ok(text) => {
                errors.record(Error::too_large(dir.place(path.path()), MAX_TEXT));
                text.get(..memchr::memrchr(b'\n', text).unwrap_or(0)).unwrap_or_default()
            }
        };
        if self.take(file, text, devices).is_none() {
            errors.refuse(dir.place(path.path()), "what a control group of version 2 has", text);
        }
    }

    /// Parses a file; `None` if some of it is not as documented.
    fn take(&mut self, file: &Source, text: &[u8], devices: &mut Devices) -> Option<()> {
        let cells = &mut self.cells;
        let [first, ..] = file.columns else { return None };
        match file.form {
            Form::Limit if text == b"max" => {}
            Form::Number | Form::Limit => cells.set(*first, scan::uint(text)?),
            Form::Keys(keys) => {
                let mut whole = Some(());
                for (key, column) in keys.iter().zip(file.columns) {
                    match keyed(text, key) {
                        Some(value) => cells.set(*column, value),
                        None => whole = None,
                    }
                }
                return whole;
            }
            Form::Inactive => {
                // Without memory there is no working set: the error was recorded.
                let Some(memory) = cells.get(Column::Memory) else { return Some(()) };
                cells.set(*first, memory.saturating_sub(keyed(text, "inactive_file")?));
            }
            Form::Devices => return by_device(text, file.columns, cells, devices),
            Form::Pressure => {
                let mut whole = Some(());
                for (line, column) in ["some", "full"].iter().zip(file.columns) {
                    match total(text, line) {
                        Some(value) => cells.set(*column, value),
                        // That of the CPU came with 5.13.
                        None if *column == Column::CpuStalled && !has_line(text, line) => {}
                        None => whole = None,
                    }
                }
                return whole;
            }
        }
        Some(())
    }
}

/// The number after `key` on a line of its own.
fn keyed(text: &[u8], key: &str) -> Option<u64> {
    let mut lines = scan::lines(text).map(scan::fields);
    let mut line = lines.find(|line| line.clone().next() == Some(key.as_bytes()))?.skip(1);
    scan::uint(line.next()?)
}

/// Whether a line begins with `word`.
fn has_line(text: &[u8], word: &str) -> bool {
    scan::lines(text).any(|line| scan::fields(line).next() == Some(word.as_bytes()))
}

/// The total of the line that begins with `word`.
fn total(text: &[u8], word: &str) -> Option<u64> {
    let mut lines = scan::lines(text).map(scan::fields);
    let mut line = lines.find(|line| line.clone().next() == Some(word.as_bytes()))?;
    scan::uint(line.find_map(|field| field.strip_prefix(b"total="))?)
}

/// Adds up the devices; a line without numbers belongs to a device that did nothing.
fn by_device(
    text: &[u8],
    columns: &[Column],
    cells: &mut Cells,
    devices: &mut Devices,
) -> Option<()> {
    let (mut sums, mut whole) = ([None::<u64>; DEVICE_KEYS.len()], Some(()));
    for line in scan::lines(text) {
        let mut fields = scan::fields(line);
        let Some(device) = fields.next().and_then(devices::number) else {
            whole = None;
            continue;
        };
        if !devices.is_whole(device) {
            continue;
        }
        for field in fields {
            let (key, value) = field.split_at(memchr::memchr(b'=', field).unwrap_or(field.len()));
            let Some(at) = DEVICE_KEYS.iter().position(|known| *known == key) else { continue };
            let Some(sum) = sums.get_mut(at) else { continue };
            let value = value.get(1..).and_then(scan::uint);
            match value.and_then(|value| sum.unwrap_or(0).checked_add(value)) {
                Some(added) => *sum = Some(added),
                None => whole = None,
            }
        }
    }
    for (column, sum) in columns.iter().zip(sums) {
        if let Some(sum) = sum {
            cells.set(*column, sum);
        }
    }
    whole
}
