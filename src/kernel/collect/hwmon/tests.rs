use super::*;
use crate::kernel::collect::PartialErrors;
use crate::kernel::collect::testing::{Tree, scrape};
use crate::kernel::read::{Files, Patterns};
use crate::model::metric::Buffer;
use crate::outputs::expose::{Format, Lines, Text};
use std::cell::{Cell, RefCell};
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Mutex;

/// A chip of the device `device` below `/sys/devices`, or of none.
fn chip(tree: &Tree, entry: &str, device: Option<&str>, files: &[(&str, &str)]) {
    let place = match device {
        Some(device) => format!("sys/devices/{device}/hwmon/{entry}"),
        None => format!("sys/devices/virtual/hwmon/{entry}"),
    };
    for (file, text) in files {
        tree.put(&format!("{place}/{file}"), &format!("{text}\n"));
    }
    if device.is_some() {
        symlink("../..", tree.0.join(&place).join("device")).unwrap();
    }
    fs::create_dir_all(tree.0.join("sys/class/hwmon")).unwrap();
    symlink(tree.0.join(&place), tree.0.join("sys/class/hwmon").join(entry)).unwrap();
}

#[test]
fn sensors_of_all_kinds_in_both_dialects() {
    let tree = Tree::new("hwmon");
    let files = [
        ("name", "coretemp"),
        ("temp1_input", "-5500"),
        ("temp1_label", "Core 0"),
        ("temp1_crit_alarm", "1"),
        ("temp1_reset_history/x", "a directory is no sensor"),
        ("in0_input", "792"),
        ("fan2_input", "1098"),
        ("pwm1", "128"),
        ("curr1_input", "2500"),
        ("power1_average", "7000000"),
        ("power1_serial_number", "A7"),
        ("power1_accuracy", "95.0%"),
        ("energy1_input", "1500000"),
        ("humidity1_input", "45000"),
        ("freq1_input", "300000000"),
        ("freq1_label", "sclk "),
        ("freq2_input", "4"),
        ("bogus1_input", "5"),
    ];
    chip(&tree, "hwmon0", Some("platform/coretemp.0"), &files);
    chip(&tree, "hwmon1", None, &[("temp1_input", "1000"), ("name", "a b")]);
    chip(&tree, "hwmon2", None, &[("temp1_input", "2000")]);
    tree.put("sys/devices/platform/coretemp.0/in1_input", "1024\n");
    let core = |family: &str, sensor: &str, value: &str| {
        format!(r#"hwmon_{family}{{chip="platform_coretemp_0",sensor="{sensor}"}} {value}"#)
    };
    let temp = |chip: &str, value: &str| {
        format!(r#"hwmon_temp_celsius{{chip="{chip}",sensor="temp1"}} {value}"#)
    };
    let name = |chip: &str, name: &str| {
        format!(r#"hwmon_chip_names{{chip="{chip}",chip_name="{name}"}} 1"#)
    };
    let label = |sensor: &str, label: &str| {
        format!(
            r#"hwmon_sensor_label{{chip="platform_coretemp_0",sensor="{sensor}",label="{label}"}} 1"#
        )
    };
    let names = [name("platform_coretemp_0", "coretemp"), name("a_b", "a_b")];
    let labels = [label("freq1", "sclk "), label("temp1", "Core 0")];
    let volts = [core("in_volts", "in0", "0.792"), core("in_volts", "in1", "1.024")];
    let temps = [temp("platform_coretemp_0", "-5.500"), temp("a_b", "1"), temp("hwmon2", "2")];
    let node = [
        core("curr_amps", "curr1", "2.500"),
        core("energy_joule_total", "energy1", "1.500000"),
        core("fan_rpm", "fan2", "1098"),
        core("freq_freq_mhz", "sclk", "300"),
        core("humidity", "humidity1", "0.045000"),
        volts[0].clone(),
        volts[1].clone(),
        core("power_average_watt", "power1", "7"),
        core("pwm", "pwm1", "128"),
    ];
    let expected = [&names[..], &labels[..], &node[..], &temps[..]].concat();
    let alarm = core("temp_crit_alarm_celsius", "temp1", "0.001");
    let expected = [&expected[..], &[alarm]].concat();
    let mut opened = tree.open(&SPEC, Dialect::Node, &[]);
    for _ in 0..2 {
        assert_eq!(scrape(&mut opened, Dialect::Node, &["_"]), (expected.clone(), 0));
    }
    let own = [
        core("curr_amperes", "curr1", "2.500"),
        core("energy_joules_total", "energy1", "1.500000"),
        core("fan_rpm", "fan2", "1098"),
        core("freq_hertz", "freq1", "300000000"),
        core("freq_hertz", "freq2", "4"),
        core("humidity_ratio", "humidity1", "0.450000"),
        volts[0].clone(),
        volts[1].clone(),
        core("power_average_watts", "power1", "7"),
        core("pwm", "pwm1", "128"),
    ];
    let alarm = core("temp_crit_alarm", "temp1", "1");
    let expected = [&names[..], &labels[..], &own[..], &temps[..], &[alarm]].concat();
    let mut opened = tree.open(&SPEC, Dialect::Own, &[]);
    assert_eq!(scrape(&mut opened, Dialect::Own, &["_"]), (expected, 0));
    let set = [("chip-exclude", "^hwmon2$"), ("sensor-include", "temp_0;temp1$|a_b")];
    let mut opened = tree.open(&SPEC, Dialect::Node, &set);
    let (lines, _) = scrape(&mut opened, Dialect::Node, &["temp_celsius", "volts"]);
    assert_eq!(lines, temps[..2]);
}

/// As the driver sfp has it (drivers/net/phy/sfp.c).
#[test]
fn optics_of_a_module_are_a_chip_as_any_other() {
    let tree = Tree::new("hwmon-sfp");
    let files = [
        ("name", "sfp_eth1"),
        ("temp1_label", "temperature"),
        ("temp1_input", "41250"),
        ("in0_label", "VCC"),
        ("in0_input", "3297"),
        ("curr1_label", "bias"),
        ("curr1_input", "22"),
        ("power1_label", "TX_power"),
        ("power1_input", "562"),
        ("power2_label", "RX_power"),
        ("power2_input", "0"),
        ("power2_min", "13"),
        ("power2_lcrit_alarm", "1"),
    ];
    chip(&tree, "hwmon6", Some("platform/sfp-eth1"), &files);
    let is_of = |line: &String| line.contains("power") || line.contains("curr");
    for (dialect, watts, amperes, alarm) in [
        (Dialect::Own, "watts", "curr_amperes", "lcrit_alarm"),
        (Dialect::Node, "watt", "curr_amps", "lcrit_alarm_watt"),
    ] {
        let sample = |family: &str, sensor: &str, value: &str| {
            format!(r#"hwmon_{family}{{chip="platform_sfp_eth1",sensor="{sensor}"}} {value}"#)
        };
        let label = |sensor: &str, label: &str| {
            let labels = format!(r#"chip="platform_sfp_eth1",sensor="{sensor}",label="{label}""#);
            format!("hwmon_sensor_label{{{labels}}} 1")
        };
        let alarm_value = if dialect == Dialect::Own { "1" } else { "0.000001" };
        let expected = [
            label("curr1", "bias"),
            label("power1", "TX_power"),
            label("power2", "RX_power"),
            sample(amperes, "curr1", "0.022"),
            sample(&format!("power_{alarm}"), "power2", alarm_value),
            sample(&format!("power_min_{watts}"), "power2", "0.000013"),
            sample(&format!("power_{watts}"), "power1", "0.000562"),
            sample(&format!("power_{watts}"), "power2", "0"),
        ];
        let mut hwmon = tree.open(&SPEC, dialect, &[]);
        let (mut lines, errors) = scrape(&mut hwmon, dialect, &["sfp"]);
        lines.retain(is_of);
        assert_eq!((lines, errors), (expected.to_vec(), 0));
    }
}

#[test]
fn chips_of_one_name_are_told_apart() {
    let tree = Tree::new("hwmon-same");
    let temp = |name| [("name", name), ("temp1_input", "1000")];
    chip(&tree, "hwmon1", Some("platform/asus"), &temp("asus"));
    chip(&tree, "hwmon2", Some("platform/asus"), &temp("asus wmi"));
    chip(&tree, "hwmon3", Some("pci/wifi"), &temp("phy"));
    chip(&tree, "hwmon4", Some("pci/wifi"), &temp("phy"));
    chip(&tree, "hwmon5", None, &temp("pci_wifi_hwmon3"));
    chip(&tree, "hwmon6", Some("platform/alone"), &temp("asus"));
    let mut hwmon = tree.open(&SPEC, Dialect::Own, &[]);
    let (lines, errors) = scrape(&mut hwmon, Dialect::Own, &["celsius"]);
    let chips: Vec<_> = lines.iter().map(|line| line.split('"').nth(1).unwrap()).collect();
    let expected = [
        "platform_asus_asus",
        "platform_asus_asus_wmi",
        "pci_wifi_hwmon3",
        "pci_wifi_hwmon4",
        "pci_wifi_hwmon3_hwmon5",
        "platform_alone",
    ];
    assert_eq!((chips, errors), (expected.to_vec(), 0));
}

#[test]
fn chips_that_another_collector_reads_are_left_to_it() {
    let tree = Tree::new("hwmon-claimed");
    for (entry, name) in [("hwmon0", "w1_slave_temp"), ("hwmon1", "other")] {
        chip(&tree, entry, None, &[("name", name), ("temp1_input", "1000")]);
    }
    let mut hwmon = tree.open(&SPEC, Dialect::Own, &[]);
    assert_eq!(scrape(&mut hwmon, Dialect::Own, &["celsius"]).0.len(), 2);
    let mut hwmon = tree.open(&SPEC, Dialect::Own, &[]);
    hwmon.files.claim_chips("w1_slave_temp");
    let other = r#"hwmon_temp_celsius{chip="other",sensor="temp1"} 1"#.to_owned();
    assert_eq!(scrape(&mut hwmon, Dialect::Own, &["celsius"]), (vec![other], 0));
}

#[test]
fn chips_come_and_go_and_a_broken_sensor_costs_itself() {
    let tree = Tree::new("hwmon-broken");
    let mut hwmon = tree.open(&SPEC, Dialect::Own, &[]);
    let absent = hwmon.collect(&mut Text::new(
        Dialect::Own,
        Format::Prometheus,
        &mut Buffer::default(),
        &mut Lines::default(),
    ));
    assert_eq!(absent, Err(Error::Unsupported(PATH.into())));
    let files =
        [("temp1_input", "hot"), ("temp2_input", "2000"), ("temp2_max", "99"), ("temp3_max", "")];
    chip(&tree, "hwmon0", None, &files);
    let line = |family, sensor, value| {
        format!(r#"hwmon_temp{family}_celsius{{chip="hwmon0",sensor="{sensor}"}} {value}"#)
    };
    let two = vec![line("", "temp2", "2"), line("_max", "temp2", "0.099")];
    assert_eq!(scrape(&mut hwmon, Dialect::Own, &["_"]), (two, 2));
    // What vanished is no fault, and what came in its place is found at the next scrape.
    tree.remove("sys/devices/virtual/hwmon/hwmon0/temp2_input");
    tree.remove("sys/devices/virtual/hwmon/hwmon0/temp1_input");
    tree.put("sys/devices/virtual/hwmon/hwmon0/temp4_input", "4000\n");
    let one = line("_max", "temp2", "0.099");
    assert_eq!(scrape(&mut hwmon, Dialect::Own, &["_"]), (vec![one.clone()], 1));
    let four = vec![line("", "temp4", "4"), one];
    assert_eq!(scrape(&mut hwmon, Dialect::Own, &["_"]), (four, 1));
    fs::remove_file(tree.0.join("sys/class/hwmon/hwmon0")).unwrap();
    assert_eq!(scrape(&mut hwmon, Dialect::Own, &["_"]), (vec![], 0));
}

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
fn scrape_at(
    hwmon: &mut Hwmon,
    root: &crate::kernel::read::Root,
    second: u64,
    takes: &[u64],
) -> (String, u32) {
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

/// Whoever has this keeps the thread from reading. It holds how long a read takes, in milliseconds.
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
