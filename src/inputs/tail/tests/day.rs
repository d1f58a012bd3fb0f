//! What the state of a day makes on flash: a log and disks that are written all day, and a start of the box.

use super::{Place, SECOND};
use crate::base::dialect::Dialect;
use crate::base::state::{COST, PERIOD, is_in_memory};
use crate::kernel::collect::COLLECTORS;
use crate::kernel::collect::testing::{Opened, Tree, scrape_later};
use std::path::Path;

const DAY: u32 = 86_400;

/// Bytes of flash that all writes of a file of slots made: of each its slot, and what the file system notes.
fn flash(path: &Path) -> u64 {
    let bytes = std::fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let count = text.lines().filter_map(|line| line.strip_prefix("write ")?.parse::<u64>().ok());
    let slot = bytes.len() as u64 / 2;
    count.max().unwrap() * (COST + slot - 4096)
}

fn open(tree: &Tree, name: &str) -> Opened {
    let spec = COLLECTORS.iter().find(|spec| spec.subject.name == name).unwrap();
    let path = tree.0.join(name);
    let mut opened = tree.open(spec, Dialect::Own, &[("state-file", path.to_str().unwrap())]);
    opened.collector.serving(true);
    opened
}

#[test]
fn a_day_of_all_state_is_at_most_a_mebibyte_of_flash() {
    if is_in_memory(&std::env::temp_dir().join("x")) {
        return;
    }
    let mut place = Place::new("*.log");
    place.settings.state_interval = PERIOD;
    place.settings.poll_interval = 10 * SECOND;
    let mut place = place.started();
    let tree = Tree::new("flash-day");
    tree.put("proc/sys/kernel/random/boot_id", "11111111-aaaa-4bbb-8ccc-000000000001\n");
    for disk in 0..8 {
        tree.put(&format!("sys/block/sd{disk}/device/serial"), &format!("serial number {disk}\n"));
    }
    let (mut disks, mut boot) = (open(&tree, "disk_written"), open(&tree, "boot"));
    for second in (0..DAY).step_by(30) {
        place.now += 30 * SECOND;
        for log in 0..8 {
            place.append(&format!("{log}.log"), "line\n");
        }
        place.tails.turn(true, &mut place.store, place.now);
        let line = |disk| format!("8 {disk} sd{disk} 1 2 3 4 5 6 {second} 8 9\n");
        tree.put("proc/diskstats", &(0..8).map(line).collect::<String>());
        scrape_later(&mut disks, Dialect::Own, &["disk"], second * SECOND);
    }
    place.tails.finish(&mut place.store);
    boot.collector.serving(false);
    let files = [place.path("offsets"), tree.0.join("disk_written"), tree.0.join("boot")];
    let flash = files.map(|path| flash(&path));
    assert!(
        flash.iter().all(|bytes| *bytes > 0) && flash.iter().sum::<u64>() <= 1 << 20,
        "{flash:?}"
    );
    println!("{flash:?}");
}
