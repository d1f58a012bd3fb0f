//! The parts that this kernel has.

use sysmetrics::base::sys;

/// Whether this kernel has Landlock from this ABI on.
pub fn has_landlock(from: u32) -> bool {
    let abi = sys::abi().unwrap_or(0);
    if abi < from {
        eprintln!("!!! NOT TESTED: this kernel's Landlock has ABI {abi}, this needs {from}");
    }
    abi >= from
}
