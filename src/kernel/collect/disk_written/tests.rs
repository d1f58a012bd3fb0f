use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree, scrape, scrape_later};
use crate::kernel::collect::{PartialErrors, Textfiles};
use crate::kernel::read::Files;

const FIRST_BOOT: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
const SECOND_BOOT: &str = "22222222-aaaa-4bbb-8ccc-000000000002";

/// A box with disks that have written so many sectors.
fn written(tree: &Tree, boot: &str, disks: &[(&str, u64)]) {
    tree.put("proc/sys/kernel/random/boot_id", &format!("{boot}\n"));
    let line = |(disk, sectors): &(&str, u64)| format!("   8 0 {disk} 1 2 3 4 5 6 {sectors} 8 9\n");
    tree.put("proc/diskstats", &disks.iter().map(line).collect::<String>());
}

/// What the file holds.
fn kept(tree: &Tree) -> String {
    match Slots::new(tree.0.join("disk.state")).read(TITLE, MAX_BYTES).unwrap() {
        Found::Body(body) => String::from_utf8(body).unwrap(),
        found => panic!("{found:?}"),
    }
}

fn open(tree: &Tree) -> Opened {
    let path = tree.0.join("disk.state");
    let mut opened = tree.open(&SPEC, Dialect::Own, &[("state-file", path.to_str().unwrap())]);
    opened.collector.serving(true);
    opened
}

fn totals(opened: &mut Opened, later: Duration) -> Vec<String> {
    let (samples, errors) = scrape_later(opened, Dialect::Own, &["all_boots"], later);
    assert_eq!(errors, 0, "{:?}", opened.errors.last());
    let short = |line: &String| {
        let (_, rest) = line.split_once("device=\"").unwrap();
        rest.replace("\"}", "")
    };
    samples.iter().map(short).collect()
}

#[test]
fn written_bytes_go_on_over_starts() {
    let tree = Tree::new("disk-written");
    for (file, text) in [
        ("mmcblk0/device/cid", "150100474e443352\n"),
        ("mmcblk0boot0/device/cid", "150100474e443352\n"),
        ("sda/device/wwid", "naa.5000c500a1b2c3d4 \n"),
        ("vda/device/uevent", ""),
        ("loop0/device/cid", "1\n"),
        ("dm-0/size", "1\n"),
    ] {
        tree.put(&format!("sys/block/{file}"), text);
    }
    let disks = |emmc, sda, vda| {
        [
            ("mmcblk0", emmc),
            ("mmcblk0p1", 9),
            ("mmcblk0boot0", 8),
            ("sda", sda),
            ("vda", vda),
            ("loop0", 7),
            ("dm-0", 6),
        ]
    };
    written(&tree, FIRST_BOOT, &disks(10, 20, 30));
    let mut first = open(&tree);
    assert_eq!(totals(&mut first, Duration::ZERO), ["mmcblk0 5120", "sda 10240", "vda 15360"]);
    written(&tree, FIRST_BOOT, &disks(11, 20, 33));
    assert_eq!(totals(&mut first, Duration::ZERO), ["mmcblk0 5632", "sda 10240", "vda 16896"]);
    let file = tree.0.join("disk.state");
    assert!(!file.exists(), "it is not written at once");
    totals(&mut first, Duration::from_secs(600));
    let text = kept(&tree);
    let lines = format!(
        "sysmetrics disk writes 1\n11 11 {FIRST_BOOT} 150100474e443352\n\
         20 20 {FIRST_BOOT} naa.5000c500a1b2c3d4\n33 33 {FIRST_BOOT} name:vda\n"
    );
    assert_eq!(text, lines);
    written(&tree, FIRST_BOOT, &disks(12, 20, 33));
    totals(&mut first, Duration::from_secs(7799));
    assert_eq!(kept(&tree), text, "once in two hours");
    // Killed: the next start of the agent goes on, under other names of the disks.
    drop(first);
    tree.put("sys/block/mmcblk1/device/cid", "150100474e443352\n");
    std::fs::remove_dir_all(tree.0.join("sys/block/mmcblk0")).unwrap();
    written(&tree, FIRST_BOOT, &[("mmcblk1", 15), ("sda", 20)]);
    assert_eq!(totals(&mut open(&tree), Duration::ZERO), ["mmcblk1 7680", "sda 10240"]);
    // Another start of the box: the kernel counts from 0.
    written(&tree, SECOND_BOOT, &[("mmcblk1", 100), ("sda", 1), ("vda", 2)]);
    let mut second = open(&tree);
    assert_eq!(totals(&mut second, Duration::ZERO), ["mmcblk1 56832", "sda 10752", "vda 17920"]);
    // sda was pulled out and put in again.
    written(&tree, SECOND_BOOT, &[("mmcblk1", 100), ("sda", 0), ("vda", 2)]);
    assert_eq!(totals(&mut second, Duration::from_secs(600))[1], "sda 10752");
    let known = state::parse(kept(&tree).as_bytes()).unwrap();
    let numbers: Vec<_> = known.iter().map(|disk| (disk.total, disk.last)).collect();
    assert_eq!(numbers, [(111, 100), (21, 0), (35, 2)]);
}

#[test]
fn a_state_file_that_cannot_be_written_is_reported_and_retried() {
    let tree = Tree::new("disk-written-unkept");
    tree.put("sys/block/sda/device/serial", "S1\n");
    let (period, file) = (Duration::from_secs(7900), tree.0.join("disk.state"));
    written(&tree, FIRST_BOOT, &[("sda", 5)]);
    let mut opened = open(&tree);
    totals(&mut opened, Duration::ZERO);
    totals(&mut opened, Duration::from_secs(600));
    assert_eq!(opened.collector.unkept(), None);
    // A directory is in its place, which costs no sample.
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let (samples, errors) = scrape_later(&mut opened, Dialect::Own, &["all_boots"], period);
    assert_eq!((samples.len(), errors), (1, 1));
    let error = opened.collector.unkept().unwrap().to_string();
    assert!(error.starts_with("state_file /") && error.contains("directory"), "{error}");
    std::fs::remove_dir(&file).unwrap();
    written(&tree, FIRST_BOOT, &[("sda", 6)]);
    totals(&mut opened, period + RETRY);
    assert_eq!(opened.collector.unkept(), None);
    assert!(kept(&tree).contains(&format!("\n6 6 {FIRST_BOOT} S1\n")));
    // The last write is lost with the power: the one before is there.
    written(&tree, FIRST_BOOT, &[("sda", 7)]);
    totals(&mut opened, 2 * period + RETRY);
    let mut slots = std::fs::read(&file).unwrap();
    slots[..4096].fill(0);
    std::fs::write(&file, slots).unwrap();
    written(&tree, SECOND_BOOT, &[("sda", 100)]);
    assert_eq!(totals(&mut open(&tree), Duration::ZERO), ["sda 54272"], "106 sectors");
    std::fs::write(&file, "root:x:0:0").unwrap();
    let mut opened = open(&tree);
    scrape(&mut opened, Dialect::Own, &["all_boots"]);
    let error = opened.collector.unkept().unwrap().to_string();
    assert!(error.contains("a file of disk writes"), "{error}");
}

#[test]
fn an_orderly_end_writes_the_file_if_enough_was_written() {
    let tree = Tree::new("disk-written-end");
    tree.put("sys/block/sda/device/serial", "S1\n");
    written(&tree, FIRST_BOOT, &[("sda", 5)]);
    let file = tree.0.join("disk.state");
    let mut opened = open(&tree);
    totals(&mut opened, Duration::ZERO);
    opened.collector.serving(false);
    assert!(!file.exists(), "an agent that was started and ended at once leaves flash alone");
    let mut files = Files::new(&tree.root());
    let id = files.records(DISKSTATS);
    let mut disks = DiskWritten::new(&tree.root(), id, file.clone());
    disks.serving(true);
    files.begin();
    let (now, textfiles) = (Instant::now(), Textfiles::default());
    let mut errors = PartialErrors::default();
    let mut scrape = Scrape { files: &mut files, errors: &mut errors, textfiles: &textfiles, now };
    disks.count(false, &mut scrape).unwrap();
    disks.end(now + FIRST - Duration::from_secs(1));
    assert!(!file.exists());
    disks.end(now + FIRST);
    assert_eq!(kept(&tree), "sysmetrics disk writes 1\n");
    disks.disks.look_up(&mut errors);
    let mut scrape = Scrape { files: &mut files, errors: &mut errors, textfiles: &textfiles, now };
    disks.count(true, &mut scrape).unwrap();
    disks.end(now + FIRST);
    assert!(kept(&tree).ends_with(&format!("\n5 5 {FIRST_BOOT} S1\n")));
    tree.remove("disk.state");
    let path = [("state-file", file.to_str().unwrap())];
    let mut once = tree.open(&SPEC, Dialect::Own, &path);
    totals(&mut once, Duration::ZERO);
    totals(&mut once, Duration::from_secs(7200));
    assert!(!file.exists(), "a single scrape leaves it alone");
}

#[test]
fn an_unusable_state_file_drops_only_its_samples() {
    let tree = Tree::new("disk-written-bad");
    tree.put("sys/block/sda/device/serial", "S1\n");
    tree.put("proc/self/io", "rchar: 1\nwchar: 2\nread_bytes: 3\nwrite_bytes: 4096\n");
    written(&tree, FIRST_BOOT, &[("sda", 5)]);
    let agent = "agent_written_bytes_total 4096".to_owned();
    let all = "disk_all_boots_written_bytes_total{device=\"sda\"} 2560".to_owned();
    tree.put("disk.state", "root:x:0:0\n");
    assert_eq!(scrape(&mut open(&tree), Dialect::Own, &["_"]), (vec![agent.clone()], 1));
    // Lost with the power.
    for text in ["", "\0\0\0", "sysmetrics disk writes 1\n5 5"] {
        tree.put("disk.state", text);
        assert_eq!(
            scrape(&mut open(&tree), Dialect::Own, &["_"]),
            (vec![all.clone(), agent.clone()], 0)
        );
    }
    tree.put("proc/diskstats", "8 0 sda 1 2 3 4 5 6 seven\n8 0 sdb 1\n8\n\n");
    assert_eq!(scrape(&mut open(&tree), Dialect::Own, &["_"]), (vec![agent.clone()], 1));
    // By default there are no samples of a stored tree.
    let mut stored = tree.open(&SPEC, Dialect::Own, &[]);
    assert_eq!(scrape(&mut stored, Dialect::Own, &["_"]), (vec![agent], 0));
    tree.put("proc/self/io", "write_bytes: many\n");
    let mut stored = tree.open(&SPEC, Dialect::Own, &[]);
    assert_eq!(scrape(&mut stored, Dialect::Own, &["_"]), (vec![], 0));
}

#[test]
fn the_file_is_bounded() {
    let boot = FIRST_BOOT.as_bytes().try_into().unwrap();
    let disk = |n: usize| Written { key: format!("disk{n}").into_bytes(), total: 7, last: 3, boot };
    let disks = vec![disk(1), disk(2)];
    let text = state::render(&disks);
    assert_eq!(state::parse(&text), Some(disks));
    let many: Vec<Written> = (0..=state::MAX_DISKS).map(disk).collect();
    assert_eq!(state::parse(&state::render(&many)), None);
    // What is not there goes first, the oldest of it.
    let tree = Tree::new("disk-written-many");
    tree.put("sys/block/sda/device/serial", "disk0\n");
    tree.put("sys/block/sdb/device/serial", "new\n");
    let mut disks = Disks::new(&tree.root());
    disks.look_up(&mut Default::default());
    let mut known: Vec<Written> = (0..state::MAX_DISKS).map(disk).collect();
    disks.make_room(&mut known);
    let keys: Vec<&[u8]> = known.iter().map(|disk| &*disk.key).collect();
    assert_eq!((keys.len(), keys[0], keys[1]), (255, &b"disk0"[..], &b"disk2"[..]));
}

#[test]
fn two_disks_with_one_serial_number_are_both_shown() {
    let tree = Tree::new("disk-written-twins");
    tree.put("sys/block/sda/device/serial", "0123\n");
    tree.put("sys/block/sdb/device/serial", "0123\n");
    tree.put("sys/block/sdc/device/serial", " - \n");
    written(&tree, FIRST_BOOT, &[("sda", 1), ("sdb", 2), ("sdc", 3), ("sda", 9)]);
    let mut opened = open(&tree);
    assert_eq!(totals(&mut opened, Duration::ZERO), ["sda 512", "sdb 1024", "sdc 1536"]);
}
