use super::*;
use crate::kernel::collect::testing::{Tree, scrape};
use crate::model::metric::Buffer;
use crate::outputs::expose::{Format, Lines, Text};
use std::fs;
use std::os::unix::fs::symlink;

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
        ("power1_average_min", "unknown"),
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
fn the_optics_of_a_module_are_shown_as_a_chip() {
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
fn chips_of_one_name_get_different_labels() {
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
