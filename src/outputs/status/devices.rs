//! What is shown for disks and interfaces besides their columns.

use super::json::{Cell, Json};
use super::table::Table;
use crate::kernel::read::netlink::Address;
use crate::kernel::read::scan;
use crate::model::metric::Value;

/// The most addresses that are shown, of all interfaces together and of one.
const MAX_ADDRESSES: usize = 1024;
const MAX_OF_ONE: usize = 16;

/// Whether the disk of this row is a partition of another one in the table: sda1 of sda,
/// nvme0n1p1 of nvme0n1. A disk may be named xvda1 where there is no xvda.
pub fn is_partition(disks: &Table, row: usize) -> bool {
    let [name, ..] = disks.key(row);
    let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let stem = name.get(..name.len() - digits).unwrap_or_default();
    // After a digit comes a `p`.
    let whole = match stem {
        [.., b'0'..=b'9', b'p'] => stem.get(..stem.len() - 1).unwrap_or_default(),
        _ => stem,
    };
    digits > 0 && !whole.is_empty() && disks.find([whole, b"", b"", b""]).is_some()
}

/// The sizes of block devices in KiB, as `/proc/partitions` has them: two head lines, then a line with
/// major and minor number, blocks, name for each device that has any.
pub fn sizes(text: &[u8], add: &mut dyn FnMut(&[u8], u64)) {
    for line in scan::lines(text) {
        let mut fields = scan::fields(line);
        let numbers = [fields.uint(), fields.uint(), fields.uint()];
        if let ([Some(Some(_)), Some(Some(_)), Some(Some(blocks))], Some(name)) =
            (numbers, fields.next())
        {
            add(name, blocks);
        }
    }
}

/// Whether packets pass: not every driver reports the state of the link.
pub fn write_up(network: &Table, row: usize, json: &mut Json<'_>) {
    let is_up = match network.cell_of(row, "operstate") {
        Cell::Text(b"up") => Some(true),
        Cell::Text(b"unknown") => Some(network.number_of(row, "carrier") == Some(Value::Int(1))),
        Cell::Text(_) => Some(false),
        _ => None,
    };
    json.truth_of("up", is_up);
}

/// The addresses of the interfaces.
#[derive(Default)]
pub struct Addresses {
    /// The row of the interface, and the address.
    list: Vec<(usize, Address)>,
    /// Whether they were read, even if there are none.
    pub are_known: bool,
    left_out: u64,
}

impl Addresses {
    /// Forgets all; the memory stays.
    pub fn clear(&mut self) {
        self.list.clear();
        (self.are_known, self.left_out) = (false, 0);
    }

    /// Adds an address.
    pub fn add(&mut self, row: usize, address: Address) {
        let of_one = self.list.iter().filter(|(of, _)| *of == row).count();
        if self.list.len() < MAX_ADDRESSES && of_one < MAX_OF_ONE {
            self.list.push((row, address));
        } else {
            self.left_out += 1;
        }
    }

    /// Addresses beyond the limit.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Writes the list of addresses of a row.
    pub fn write(&self, row: usize, json: &mut Json<'_>) {
        if !self.are_known {
            return json.number_of("addresses", None);
        }
        json.inside("addresses", b"[");
        for (_, address) in self.list.iter().filter(|(of, _)| *of == row) {
            json.display(format_args!("{}/{}", address.ip, address.prefix));
        }
        json.close(b"]");
    }
}
