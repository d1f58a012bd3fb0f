//! Readings of peaks every second, on this machine.

use crate::counting::allocations;
use std::time::{Duration, Instant};
use sysmetrics::kernel::between::Peaks;
use sysmetrics::settings::{Paths, Peaks as Wanted};

/// Looks once the files are open and the interfaces known, some of them left out.
pub fn allocate_nothing() {
    let (mut peaks, start) = (Peaks::default(), Instant::now());
    let (procfs, sysfs) = ("/proc".into(), "/sys".into());
    let paths = Paths { procfs, sysfs, rootfs: "/".into(), ..Paths::default() };
    let (window, exclude_devices) = (Duration::from_secs(15), "^lo|^veth".to_owned());
    peaks.apply(&Wanted { are_on: true, window, exclude_devices }, &paths, start);
    let mut look = |second| peaks.turn(start + Duration::from_secs(second));
    (0..3).for_each(&mut look);
    let before = allocations();
    (3..60).for_each(&mut look);
    assert_eq!(allocations() - before, 0, "in 57 looks");
}
