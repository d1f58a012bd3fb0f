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
use std::sync::Mutex;

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
    let slow = SlowReader::new(tree.root().dir(PATH), read_behind_gate);
    let hwmon = Hwmon::new(Listing::new(tree.root().dir(PATH)), wanted, slow);
    Hwmon { clock: made_up_clock, ..hwmon }
}

/// A test that holds this lock keeps the thread from reading. The value is how long a read takes, in milliseconds.
static GATE: Mutex<u64> = Mutex::new(0);

fn read_behind_gate(dir: &Dir, path: &CStr, factor: i64) -> Result<Option<i64>, Error> {
    std::thread::sleep(Duration::from_millis(*GATE.lock().unwrap()));
    read(dir, path, factor)
}

#[test]
fn a_slow_sensor_is_read_once_a_minute_and_no_scrape_waits_for_it() {
    let tree = Tree::new("hwmon-slow");
    let (mut hwmon, root) = (slow_hwmon(&tree), tree.root());
    let expect = |hwmon: &mut Hwmon, second: u64, value: u32, takes: &[u64], shown: &str| {
        three(&tree, value);
        let reads = u32::try_from(takes.len()).unwrap();
        assert_eq!(scrape_at(hwmon, &root, second, takes), (shown.to_owned(), reads), "{second}");
    };
    let one = |hwmon: &mut Hwmon, second, value, slow: [u32; 2], ages: [u32; 2]| {
        let [(a, b), (age, other)] = [slow, ages].map(|two| (two[0], two[1]));
        let ages = format!("age of temp1={age}, age of temp2={other}");
        let shown = format!("temp1={a}, temp2={b}, temp3={value}, {ages}");
        expect(hwmon, second, value, &[1], &shown);
    };
    expect(&mut hwmon, 0, 1, &[25, 21, 20], "temp1=1, temp2=1, temp3=1");
    one(&mut hwmon, 15, 2, [1, 1], [15, 15]);
    let mut gate = GATE.lock().unwrap();
    one(&mut hwmon, 60, 3, [1, 1], [60, 60]);
    one(&mut hwmon, 75, 4, [1, 1], [75, 75]);
    *gate = 25;
    drop(gate);
    hwmon.slow.rest();
    one(&mut hwmon, 76, 5, [4, 1], [16, 76]);
    hwmon.slow.rest();
    one(&mut hwmon, 77, 6, [4, 5], [17, 1]);
    // They are looked up again, and are known to be slow.
    one(&mut hwmon, 700, 7, [4, 5], [640, 624]);
    *GATE.lock().unwrap() = 0;
    // What is no longer slow is read every time; a busy machine may make it slow.
    let mut second = 700;
    loop {
        hwmon.slow.rest();
        second += 60;
        let (shown, reads) = scrape_at(&mut hwmon, &root, second, &[1; 3]);
        if reads == 3 {
            return assert_eq!(shown, "temp1=7, temp2=7, temp3=7");
        }
        assert!(second < 60_000, "{shown}");
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
        let said = scrape_at(&mut hwmon, &root, second, &[750, 1, 1]);
        assert_eq!(said, ("temp1=1, temp2=1, temp3=1".to_owned(), 3));
    }
}
