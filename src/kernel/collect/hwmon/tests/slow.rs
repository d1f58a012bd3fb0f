//! Slow sensors, with a clock that the tests set.

use super::super::*;
use super::chip;
use crate::base::dialect::Dialect;
use crate::kernel::collect::PartialErrors;
use crate::kernel::collect::testing::Tree;
use crate::kernel::read::{Files, Patterns, Root};
use crate::model::metric::Buffer;
use crate::outputs::expose::{Format, Lines, Text};
use std::cell::{Cell, RefCell};

thread_local! {
    static START: Instant = Instant::now();
    static TIME: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static CALLS: Cell<u32> = const { Cell::new(0) };
    /// How long the next reads take, in milliseconds; 0 beyond.
    static TAKES: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Time passes between the calls of a pair, before and after a read.
fn made_up_clock() -> Instant {
    CALLS.set(CALLS.get() + 1);
    if CALLS.get().is_multiple_of(2) {
        let took =
            TAKES.with_borrow_mut(|takes| if takes.is_empty() { 0 } else { takes.remove(0) });
        TIME.set(TIME.get() + Duration::from_millis(took));
    }
    START.with(|start| *start) + TIME.get()
}

/// What a scrape at this second says when its reads take so long, and how many reads there were.
fn scrape_at(hwmon: &mut Hwmon, root: &Root, second: u64, takes: &[u64]) -> (String, u32) {
    TAKES.set(takes.to_vec());
    CALLS.set(0);
    let (mut out, mut lines) = (Buffer::default(), Lines::default());
    let (mut files, mut errors) = (Files::new(root), PartialErrors::default());
    let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut lines);
    let now = START.with(|start| *start) + Duration::from_secs(second);
    let (files, errors, textfiles) = (&mut files, &mut errors, &Default::default());
    hwmon.collect(&mut Scrape { files, errors, textfiles, now }, &mut text).unwrap();
    text.finish();
    let text = String::from_utf8(out.bytes().to_vec()).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let short = |line: &str| {
        let (family, sensor) = (line.contains("_age_"), line.split('"').nth(3).unwrap());
        let value = line.rsplit(' ').next().unwrap();
        format!("{}{sensor}={value}", if family { "age of " } else { "" })
    };
    (lines.map(short).collect::<Vec<_>>().join(", "), CALLS.get() / 2)
}

fn three(tree: &Tree, value: u32) {
    for sensor in 1..=3 {
        let file = format!("sys/devices/virtual/hwmon/hwmon0/temp{sensor}_input");
        tree.put(&file, &format!("{}\n", 1000 * value));
    }
}

fn slow_hwmon(tree: &Tree) -> Hwmon {
    three(tree, 1);
    chip(tree, "hwmon0", None, &[]);
    let wanted = Wanted {
        is_node: false,
        chips: Patterns::default(),
        sensors: Patterns::default(),
        claimed: None,
    };
    let hwmon = Hwmon::new(Listing::new(tree.root().dir(PATH)), wanted);
    Hwmon { clock: made_up_clock, ..hwmon }
}

#[test]
fn a_slow_sensor_is_read_once_a_minute_and_one_in_a_scrape() {
    let tree = Tree::new("hwmon-slow");
    let (mut hwmon, root) = (slow_hwmon(&tree), tree.root());
    let steps: [(u64, &[u64], &str, u32); 8] = [
        (0, &[25, 21, 20], "temp1=1, temp2=1, temp3=1", 3),
        (15, &[1], "temp1=1, temp2=1, temp3=2, age of temp1=15, age of temp2=15", 1),
        (59, &[1], "temp1=1, temp2=1, temp3=3, age of temp1=59, age of temp2=59", 1),
        (60, &[25, 1], "temp1=4, temp2=1, temp3=4, age of temp2=60", 2),
        // What is no longer slow is read every time.
        (61, &[1, 1], "temp1=4, temp2=5, temp3=5, age of temp1=1", 2),
        (62, &[1, 1], "temp1=4, temp2=6, temp3=6, age of temp1=2", 2),
        (119, &[1, 1], "temp1=4, temp2=7, temp3=7, age of temp1=59", 2),
        (120, &[1, 1, 1], "temp1=8, temp2=8, temp3=8", 3),
    ];
    for (step, (second, takes, expected, reads)) in (1..).zip(steps) {
        three(&tree, step);
        let scraped = scrape_at(&mut hwmon, &root, second, takes);
        assert_eq!(scraped, (expected.to_owned(), reads), "at {second} s");
    }
}

#[test]
fn finding_slow_sensors_does_not_hold_up_a_scrape_for_long() {
    let tree = Tree::new("hwmon-finding");
    let (mut hwmon, root) = (slow_hwmon(&tree), tree.root());
    assert_eq!(scrape_at(&mut hwmon, &root, 0, &[750]), ("temp1=1".to_owned(), 1));
    let both = ("temp1=1, temp2=1, age of temp1=1".to_owned(), 1);
    assert_eq!(scrape_at(&mut hwmon, &root, 1, &[750]), both);
    let (all, reads) = scrape_at(&mut hwmon, &root, 2, &[750]);
    assert_eq!(reads, 1);
    assert!(all.starts_with("temp1=1, temp2=1, temp3=1, age of temp1=2"), "{all}");
}

#[test]
fn no_sensor_of_a_stored_tree_is_slow() {
    let tree = Tree::new("hwmon-stored");
    let (hwmon, root) = (slow_hwmon(&tree), tree.root());
    let mut hwmon = Hwmon { is_stored: true, ..hwmon };
    for second in 0..2 {
        let scraped = scrape_at(&mut hwmon, &root, second, &[750, 1, 1]);
        assert_eq!(scraped, ("temp1=1, temp2=1, temp3=1".to_owned(), 3));
    }
}
