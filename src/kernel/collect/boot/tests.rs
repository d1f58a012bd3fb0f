use super::*;
use crate::base::dialect::Dialect;
use crate::base::error::Place;
use crate::base::state::{Found, Slots};
use crate::kernel::collect::testing::{Opened, Tree, open as open_at, scrape};
use std::fs;

const IDS: [&str; 3] = [
    "0b9c1d7e-1111-4222-8333-a4b5c6d7e8f9",
    "1b9c1d7e-1111-4222-8333-a4b5c6d7e8f9",
    "2b9c1d7e-1111-4222-8333-a4b5c6d7e8f9",
];

/// What the file holds.
fn kept(tree: &Tree) -> String {
    let path = tree.0.join("state/boot.state");
    match Slots::new(path).read(b"sysmetrics boots 1\n", 4096).unwrap() {
        Found::Body(body) => String::from_utf8(body).unwrap(),
        found => panic!("{found:?}"),
    }
}

/// The agent in the start `id` of the machine.
fn start(tree: &Tree, id: &str) -> Opened {
    tree.put("proc/sys/kernel/random/boot_id", &[id, "\n"].concat());
    let path = tree.0.join("state/boot.state");
    let mut opened = tree.open(&SPEC, Dialect::Own, &[("state-file", path.to_str().unwrap())]);
    opened.collector.serving(true);
    opened
}

fn samples(opened: &mut Opened) -> (Vec<String>, u64) {
    scrape(opened, Dialect::Own, &["boot"])
}

fn boots(count: u64, unclean: u64, previous: Option<u64>) -> (Vec<String>, u64) {
    let mut lines = vec![format!("boots_total {count}"), format!("boots_unclean_total {unclean}")];
    lines.extend(previous.map(|previous| format!("boot_previous_unclean {previous}")));
    (lines, 0)
}

#[test]
fn starts_are_counted_by_their_ids_and_their_ends() {
    let tree = Tree::new("boot");
    let mut first = start(&tree, IDS[0]);
    assert_eq!(samples(&mut first), boots(1, 0, None));
    // The agent crashed: no start of the machine.
    drop(first);
    let mut again = start(&tree, IDS[0]);
    assert_eq!(samples(&mut again), boots(1, 0, None));
    again.collector.serving(false);
    // The machine was shut down, then lost its power.
    let mut second = start(&tree, IDS[1]);
    assert_eq!(samples(&mut second), boots(2, 0, Some(0)));
    drop(second);
    let mut third = start(&tree, IDS[2]);
    assert_eq!(samples(&mut third), boots(3, 1, Some(1)));
    // Restarted, it knows how the start was, and that it runs.
    third.collector.serving(false);
    assert!(kept(&tree).ends_with(" 3 1 unclean ended\n"));
    let mut third = start(&tree, IDS[2]);
    assert_eq!(samples(&mut third), boots(3, 1, Some(1)));
    assert!(kept(&tree).ends_with(" 3 1 unclean running\n"));
}

#[test]
fn a_single_scrape_leaves_the_file_as_it_is() {
    let tree = Tree::new("boot-once");
    start(&tree, IDS[0]);
    let before = tree.text("state/boot.state");
    let path = tree.0.join("state/boot.state");
    tree.put("proc/sys/kernel/random/boot_id", IDS[1]);
    let mut once = tree.open(&SPEC, Dialect::Own, &[("state-file", path.to_str().unwrap())]);
    assert_eq!(samples(&mut once), boots(2, 1, Some(1)));
    once.collector.serving(false);
    assert_eq!(tree.text("state/boot.state"), before);
    // Without a state file in the settings nothing is kept.
    let mut none = tree.open(&SPEC, Dialect::Own, &[]);
    none.collector.serving(true);
    assert_eq!(samples(&mut none), (vec![], 0));
}

#[test]
fn a_file_that_is_damaged_begins_anew_and_a_foreign_one_stays() {
    let tree = Tree::new("boot-damaged");
    drop(start(&tree, IDS[0]));
    let good = tree.text("state/boot.state");
    for damaged in ["", "\0\0\0", &good[..60], &good.replace(" 1 0 ", " 9 0 ")] {
        tree.put("state/boot.state", damaged);
        assert_eq!(samples(&mut start(&tree, IDS[1])), boots(1, 0, None), "{:.60}", damaged);
    }
    tree.put("state/boot.state", "root:x:0:0\n");
    let mut foreign = start(&tree, IDS[1]);
    assert_eq!(samples(&mut foreign), (vec![], 1));
    assert!(foreign.collector.unkept().unwrap().to_string().contains("a file of boots"));
    foreign.collector.serving(false);
    assert_eq!(tree.text("state/boot.state"), "root:x:0:0\n");
    tree.put("proc/sys/kernel/random/boot_id", "no id\n");
    assert_eq!(samples(&mut foreign).1, 1);
}

#[test]
fn a_file_that_cannot_be_written_is_tried_again() {
    let tree = Tree::new("boot-unwritten");
    tree.put("state", "a file where the directory should be");
    let mut agent = start(&tree, IDS[0]);
    assert_eq!(samples(&mut agent), (vec![], 1));
    assert!(agent.collector.unkept().unwrap().to_string().starts_with("state_file /"));
    tree.remove("state");
    assert_eq!((samples(&mut agent), agent.collector.unkept()), (boots(1, 0, None), None));
    assert!(kept(&tree).starts_with("sysmetrics boots 1\n0b9c1d7e-"));
}

#[test]
fn a_written_state_is_read_back_and_a_cut_one_refused() {
    let tree = Tree::new("boot-bytes");
    drop(start(&tree, IDS[0]));
    let good = kept(&tree).into_bytes();
    assert_eq!(Boots::parse(&good).unwrap().render(), good);
    for at in 0..good.len() {
        assert_eq!(Boots::parse(&good[..at]), None, "cut at {at}");
    }
}

#[test]
fn chips_report_the_start_and_the_clock() {
    let tree = Tree::new("boot-chips");
    let mut boot = tree.open(&SPEC, Dialect::Own, &[]);
    let words = ["boot", "clock", "uptime", "suspended"];
    assert_eq!(scrape(&mut boot, Dialect::Own, &words), (vec![], 0), "a stored tree has no clock");
    tree.put("sys/class/watchdog/watchdog0/bootstatus", "0\n");
    tree.put("sys/class/watchdog/watchdog1/bootstatus", "33\n");
    tree.put("sys/class/watchdog/watchdog2/identity", "no status\n");
    tree.put("sys/class/rtc/rtc0/since_epoch", "1795839047\n");
    tree.put("sys/class/rtc/rtc0/battery_voltage", "3012345\n");
    for name in ["dmesg-ramoops-0", "dmesg-ramoops-1", "console-ramoops-0"] {
        tree.put(&format!("sys/fs/pstore/{name}"), "");
    }
    let expected = [
        r#"boot_reset_cause{watchdog="watchdog1",cause="overheat"} 1"#,
        r#"boot_reset_cause{watchdog="watchdog1",cause="watchdog"} 1"#,
        "boot_crash_records 2",
        "clock_rtc_valid 1",
        "clock_rtc_battery_volts 3.012345",
    ];
    let expected = expected.map(String::from).to_vec();
    // They are read every ten minutes.
    assert_eq!(scrape(&mut boot, Dialect::Own, &words), (vec![], 0));
    let mut boot = tree.open(&SPEC, Dialect::Own, &[]);
    assert_eq!(scrape(&mut boot, Dialect::Own, &words), (expected, 0));
    tree.put("sys/class/watchdog/watchdog0/bootstatus", "-1\n");
    tree.put("sys/class/watchdog/watchdog1/bootstatus", "0x21\n");
    tree.put("sys/class/rtc/rtc0/since_epoch", "");
    tree.put("sys/class/rtc/rtc0/battery_voltage", "-1\n");
    let mut boot = tree.open(&SPEC, Dialect::Own, &[]);
    let left = vec!["boot_crash_records 2".to_owned()];
    assert_eq!(scrape(&mut boot, Dialect::Own, &words), (left, 4));
}

#[test]
fn of_several_clocks_the_one_that_set_the_time_is_shown() {
    let tree = Tree::new("boot-clocks");
    let battery = |tree: &Tree| {
        let mut boot = tree.open(&SPEC, Dialect::Own, &[]);
        scrape(&mut boot, Dialect::Own, &["battery"])
    };
    let volts = |volts: &str| (vec![format!("clock_rtc_battery_volts {volts}")], 0);
    for (clock, microvolts) in [("rtc2", "2000000"), ("rtc10", "10000000")] {
        tree.put(&format!("sys/class/rtc/{clock}/since_epoch"), "1795839047\n");
        tree.put(&format!("sys/class/rtc/{clock}/hctosys"), "0\n");
        tree.put(&format!("sys/class/rtc/{clock}/battery_voltage"), microvolts);
    }
    assert_eq!(battery(&tree), volts("2"), "the first");
    tree.put("sys/class/rtc/rtc10/hctosys", "1\n");
    assert_eq!(battery(&tree), volts("10"));
}

#[test]
fn a_clock_that_lost_the_time_fails_with_einval() {
    let place = || Place::from("/sys/class/rtc");
    let of = |read| facts::validity(read, place());
    assert_eq!(of(Ok(b"1795839047")), Ok(true));
    assert_eq!(of(Err(Error::Read(place().into(), libc::EINVAL))), Ok(false));
    for other in [Error::Read(place().into(), libc::EIO), Error::Absent(place().into())] {
        assert_eq!(of(Err(other)), Err(other), "not known");
    }
    assert!(of(Ok(b"")).is_err());
}

#[test]
fn the_clocks_of_this_machine_are_shown() {
    let mut boot = open_at(&Root::of_this_machine(), &SPEC, Dialect::Own, &[]);
    let (lines, _) = scrape(&mut boot, Dialect::Own, &["uptime", "suspended", "jump", "plausible"]);
    let names: Vec<_> = lines.iter().map(|line| line.split(' ').next().unwrap()).collect();
    let expected = [
        "uptime_seconds",
        "suspended_seconds_total",
        "clock_jumps_total{direction=\"forward\"}",
        "clock_jumps_total{direction=\"backward\"}",
        "clock_plausible",
    ];
    assert_eq!(names, expected);
    let kernel = fs::read_to_string("/proc/uptime").unwrap();
    let number = |text: &str| text.split([' ', '\n']).find_map(|w| w.parse::<f64>().ok()).unwrap();
    assert!((number(&lines[0]) - number(&kernel)).abs() < 60.0, "{lines:?} {kernel}");
}

const SECOND: i64 = 1_000_000_000;

#[test]
fn a_jump_is_more_than_a_clock_is_slewed() {
    let mut jumps = Jumps::default();
    let mut compare = |real, boot| {
        jumps.compare(Clocks { real, boot, awake: boot });
        (jumps.count, jumps.size)
    };
    let begun = 1_700_000_000 * SECOND;
    assert_eq!(compare(begun, 5 * SECOND), ([0, 0], None), "nothing to compare with");
    // 15 s later: 0.1 s and 0.015 s are allowed, 1 ns more is not.
    assert_eq!(compare(begun + 15 * SECOND + 115_000_000, 20 * SECOND), ([0, 0], None));
    let begun = begun + 115_000_000;
    let jump = 115_000_001;
    assert_eq!(compare(begun + 30 * SECOND + jump, 35 * SECOND), ([1, 0], Some(jump)));
    assert_eq!(compare(begun + 45 * SECOND + jump, 50 * SECOND), ([1, 0], Some(jump)), "once");
    assert_eq!(compare(begun, 65 * SECOND), ([1, 1], Some(-60 * SECOND - jump)));
    assert_eq!(compare(i64::MAX, 80 * SECOND).0, [2, 1]);
    compare(0, i64::MAX);
}

#[test]
fn suspended_time_never_falls() {
    let mut jumps = Jumps::default();
    let mut compare = |boot, awake| {
        jumps.compare(Clocks { real: boot, boot, awake });
        jumps.suspended
    };
    assert_eq!(compare(10 * SECOND, 10 * SECOND - 40_000), 0);
    assert_eq!(compare(100 * SECOND + 2_500_000, 40 * SECOND), 60_002);
    assert_eq!(compare(101 * SECOND, 41 * SECOND), 60_002, "wavers");
    assert_eq!(compare(102 * SECOND, 42 * SECOND + 1), 60_002);
    assert_eq!(compare(202 * SECOND, 52 * SECOND), 150_000);
}

#[test]
fn the_default_state_file_is_used_only_where_allowed() {
    let tree = Tree::new("boot-default");
    let id = IDS[0].as_bytes().try_into().unwrap();
    // Nobody may make files there, not even root.
    let path = std::path::PathBuf::from("/sys/kernel/boot.state");
    for (is_default, is_on) in [(true, false), (false, true)] {
        let mut keeper = Keeper::new(path.clone(), is_default);
        keeper.serve();
        assert!(keeper.counts_in(id).is_err());
        assert_eq!((keeper.is_on(), keeper.unkept.is_some()), (is_on, is_on));
    }
    // By default nothing is kept for a stored tree.
    tree.put("proc/sys/kernel/random/boot_id", &[IDS[0], "\n"].concat());
    let mut stored = tree.open(&SPEC, Dialect::Own, &[]);
    stored.collector.serving(true);
    assert_eq!(samples(&mut stored), (vec![], 0));
}
