//! The values of interfaces, from netlink or files, and how they are read from files.

use super::super::PartialErrors;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Names, Table, scan};
use crate::model::metric::{Label, Sink, Value};

/// The longest text of a file: an alias has up to 255 bytes.
pub const MAX_TEXT: usize = 256;

/// Errors that mean that there is no such value, or that it is not readable by everybody.
const NOTHING: [i32; 4] = [libc::EINVAL, libc::EOPNOTSUPP, libc::EACCES, libc::EPERM];

/// Columns of the table, which are rows of `FAMILIES` and `FILES`.
pub const ADDRESS_TYPE: usize = 0;
pub const CARRIER: usize = 1;
pub const CHANGES: usize = 2;
pub const UPS: usize = 3;
pub const DOWNS: usize = 4;
pub const DEVICE_ID: usize = 5;
pub const DORMANT: usize = 6;
pub const FLAGS: usize = 7;
pub const INDEX: usize = 8;
pub const LINK: usize = 9;
pub const LINK_MODE: usize = 10;
pub const MTU: usize = 11;
pub const NAME_TYPE: usize = 12;
pub const GROUP: usize = 13;
pub const SPEED: usize = 14;
pub const QUEUE: usize = 15;
pub const HARDWARE: usize = 16;
pub const UP: usize = 17;
pub const INFO: usize = 18;
pub const WIDTH: usize = 19;

/// The file of each column that has one.
const FILES: [&str; 17] = [
    "addr_assign_type",
    "carrier",
    "carrier_changes",
    "carrier_up_count",
    "carrier_down_count",
    "dev_id",
    "dormant",
    "flags",
    "ifindex",
    "iflink",
    "link_mode",
    "mtu",
    "name_assign_type",
    "netdev_group",
    "speed",
    "tx_queue_len",
    "type",
];

/// The texts of `network_info` for each row of the table, in this order.
const TEXTS: [&str; 5] = ["address", "broadcast", "duplex", "operstate", "ifalias"];

/// The administrative state: not known, no, yes.
const ADMINSTATES: [&str; 3] = ["unknown", "down", "up"];

/// The values of the interfaces.
#[derive(Default)]
pub struct Rows {
    pub numbers: Table<WIDTH>,
    pub texts: Names,
}

/// Numbers by column, and which of them are known.
#[derive(Clone, Copy, Default)]
pub struct Cells {
    pub numbers: [u64; WIDTH],
    pub known: u32,
}

impl Cells {
    pub fn set(&mut self, column: usize, number: Option<u64>) {
        if let (Some(number), Some(cell)) = (number, self.numbers.get_mut(column)) {
            *cell = number;
            self.known |= 1 << column;
        }
    }

    pub fn get(&self, column: usize) -> Option<u64> {
        let cell = self.numbers.get(column).copied();
        cell.filter(|_| self.known >> column & 1 == 1)
    }

    /// Adds derived values: megabits become bytes, the state becomes 1 or 0.
    pub fn finish(&mut self, is_up: Option<bool>, ignore_speed: bool) {
        let megabits = self.get(SPEED).map(u64::cast_signed);
        self.known &= !(1 << SPEED);
        let megabits = megabits.filter(|speed| !ignore_speed || *speed >= 0);
        let speed = megabits.and_then(|megabits| megabits.checked_mul(125_000));
        self.set(SPEED, speed.map(i64::cast_unsigned));
        self.set(UP, is_up.map(u64::from));
        let is_on = self.get(FLAGS).map(|flags| 1 + (flags & libc::IFF_UP as u64));
        self.set(INFO, Some(is_on.unwrap_or_default()));
    }
}

impl Rows {
    pub fn clear(&mut self) {
        self.numbers.clear();
        self.texts.truncate(0);
    }

    pub fn push_files(
        &mut self,
        dir: &Dir,
        name: &str,
        ignore_speed: bool,
        errors: &mut PartialErrors,
    ) {
        let mut cells = Cells::default();
        for column in 0..FILES.len() {
            cells.set(column, number(dir, name.as_bytes(), column, errors));
        }
        let mut is_up = None;
        for file in TEXTS {
            let mut room = [0; MAX_TEXT];
            let text = text(dir, name.as_bytes(), file, &mut room, errors);
            if file == "operstate" {
                is_up = text.filter(|state| !state.is_empty()).map(|state| state == b"up");
            }
            self.texts.push(text.unwrap_or_default());
        }
        cells.finish(is_up, ignore_speed);
        self.numbers.push_cells(name.as_bytes(), &cells.numbers, cells.known);
    }

    pub fn write_info(&self, out: &mut dyn Sink) {
        for (row, (interface, state)) in self.numbers.column(INFO).enumerate() {
            let text = |at| Label::of(self.texts.get(row * TEXTS.len() + at).unwrap_or_default());
            let state = ADMINSTATES.get(state as usize).copied().unwrap_or_default();
            let labels = [interface, text(0), text(1), text(2), text(3), state.into(), text(4)];
            out.sample(&labels, Value::Int(1));
        }
    }
}

/// The number of a column from its file, if there is one.
pub fn number(dir: &Dir, name: &[u8], column: usize, errors: &mut PartialErrors) -> Option<u64> {
    let mut room = [0; MAX_TEXT];
    let file = FILES.get(column)?;
    let text = text(dir, name, file, &mut room, errors)?;
    let number = match column {
        DEVICE_ID | FLAGS => scan::hex(text),
        _ => scan::int(text).map(i64::cast_unsigned),
    };
    if number.is_none() {
        let place = dir.place(Joined::of(name, file).path());
        errors.refuse(place, "an integer", text);
    }
    number
}

/// The text of a file of the interface `name`, if it exists and is not empty.
pub fn text<'a>(
    dir: &Dir,
    name: &[u8],
    file: &str,
    room: &'a mut [u8],
    errors: &mut PartialErrors,
) -> Option<&'a [u8]> {
    match dir.read(Joined::of(name, file).path(), room) {
        Err(error) if NOTHING.contains(&error.errno()) => None,
        read => errors.unless_absent(read).map(<[u8]>::trim_ascii_start),
    }
}
