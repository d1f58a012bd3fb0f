//! How groups of blocks are laid out on the devices.

use crate::model::metric::Value;

/// The layouts of groups of blocks: what is written for each byte, the number of copies or of devices
/// besides the data.
pub static LAYOUTS: [(&str, Redundancy); 9] = [
    ("single", Redundancy::Copies(1)),
    ("dup", Redundancy::Copies(2)),
    ("raid0", Redundancy::Copies(1)),
    ("raid1", Redundancy::Copies(2)),
    ("raid1c3", Redundancy::Copies(3)),
    ("raid1c4", Redundancy::Copies(4)),
    ("raid10", Redundancy::Copies(2)),
    ("raid5", Redundancy::Parity(1)),
    ("raid6", Redundancy::Parity(2)),
];

#[derive(Clone, Copy)]
pub enum Redundancy {
    Copies(u64),
    Parity(u64),
}

impl Redundancy {
    /// Bytes on `devices` devices for each byte of data; `None` where the layout needs more devices.
    pub fn ratio(self, devices: u64) -> Option<Value> {
        match self {
            Redundancy::Copies(copies) => Some(Value::Int(copies)),
            Redundancy::Parity(parity) => {
                let data = devices.checked_sub(parity).filter(|data| *data > 0)?;
                Some(Value::Float(devices as f64 / data as f64))
            }
        }
    }
}
