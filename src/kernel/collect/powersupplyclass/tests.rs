use super::*;
use crate::kernel::collect::testing::{Tree, scrape};

fn machine(name: &str) -> Tree {
    let tree = Tree::new(name);
    for (file, text) in [
        ("AC/online", "1"),
        ("AC/type", "Mains"),
        ("BAT0/capacity", "81"),
        ("BAT0/cycle_count", "7"),
        ("BAT0/energy_now", "36580000"),
        ("BAT0/current_now", "-1500000"),
        ("BAT0/temp", "-55"),
        ("BAT0/time_to_empty_now", "4000"),
        ("BAT0/status", "Discharging"),
        ("BAT0/model_name", "LNV \"45\""),
        ("BAT0/serial_number", " "),
        ("BAT0/type", "Battery"),
    ] {
        tree.put(&format!("sys/class/power_supply/{file}"), &format!("{text}\n"));
    }
    tree
}

#[test]
fn units_and_names_of_both_dialects() {
    let tree = machine("supply");
    let infos = [
        r#"info{power_supply="AC",type="Mains"} 1"#,
        r#"info{power_supply="BAT0",model_name="LNV \"45\"",status="Discharging",type="Battery"} 1"#,
    ];
    let battery = |name: &str, value: &str| format!(r#"{name}{{power_supply="BAT0"}} {value}"#);
    let online = r#"online{power_supply="AC"} 1"#.to_owned();
    let of_own = |name, model, status, kind| {
        let front = format!(r#"info{{power_supply="{name}",capacity_level="",charge_type="","#);
        let middle = format!(r#"health="",manufacturer="",model_name="{model}",scope="","#);
        let back = format!(r#"serial_number="",status="{status}",technology="","#);
        format!(r#"{front}{middle}{back}type="{kind}",usb_type=""}} 1"#)
    };
    let own_infos =
        [of_own("AC", "", "", "Mains"), of_own("BAT0", r#"LNV \"45\""#, "Discharging", "Battery")];
    let expect = |names: [&str; 6], capacity: &str, infos: [String; 2]| {
        let [left, cycles, time, current, energy, temperature] = names;
        let mut lines = vec![battery(left, capacity), battery(cycles, "7"), online.clone()];
        lines.extend([battery(time, "4000"), battery(current, "-1.500000")]);
        lines.extend([battery(energy, "36.580000"), battery(temperature, "-5.5")]);
        lines.extend(infos);
        (lines.iter().map(|line| format!("power_supply_{line}")).collect::<Vec<_>>(), 0)
    };
    let (time, temperature) = ("time_to_empty_seconds", "temp_celsius");
    let mut supplies = tree.open(&SPEC, Dialect::Node, &[]);
    let names = ["capacity", "cyclecount", time, "current_ampere", "energy_watthour", temperature];
    for _ in 0..2 {
        let got = scrape(&mut supplies, Dialect::Node, &["supply"]);
        assert_eq!(got, expect(names, "81", infos.map(String::from)));
    }
    let mut supplies = tree.open(&SPEC, Dialect::Own, &[]);
    let own = ["capacity_ratio", "charge_cycles", time, "current_amperes", "energy_watthours"];
    let [a, b, c, d, e] = own;
    let got = scrape(&mut supplies, Dialect::Own, &["supply"]);
    assert_eq!(got, expect([a, b, c, d, e, temperature], "0.81", own_infos));
}

#[test]
fn labels_change_with_the_state_of_the_supply() {
    let tree = machine("supply-labels");
    let set = [("ignored-supplies", "^AC$")];
    let mut supplies = tree.open(&SPEC, Dialect::Node, &set);
    let mut info = || scrape(&mut supplies, Dialect::Node, &["_info"]).0.concat();
    assert!(info().contains(r#",status="Discharging","#));
    tree.put("sys/class/power_supply/BAT0/status", "Full\n");
    assert!(info().contains(r#",status="Full","#));
    tree.put("sys/class/power_supply/BAT0/status", "\n");
    let expected =
        r#"power_supply_info{power_supply="BAT0",model_name="LNV \"45\"",type="Battery"} 1"#;
    assert_eq!(info(), expected);
}

#[test]
fn a_bad_number_drops_its_sample() {
    let tree = Tree::new("supply-bad");
    let mut supplies = tree.open(&SPEC, Dialect::Node, &[]);
    assert!(matches!(supplies.failure(), Some(Error::Unsupported(_))));
    tree.put("sys/class/power_supply/BAT0/capacity", "half\n");
    tree.put("sys/class/power_supply/BAT0/voltage_now/x", "reading it is EISDIR");
    tree.put("sys/class/power_supply/BAT0/health/x", "likewise");
    let expected = vec![r#"power_supply_info{power_supply="BAT0"} 1"#.to_owned()];
    let (lines, errors) = scrape(&mut supplies, Dialect::Node, &["supply"]);
    assert_eq!((lines, errors), (expected, 3));
}

#[rustfmt::skip] // a table: a file, its metric, and how many of the file's units are one
const EVERY_FILE: [(&str, &str, u32); 49] = [
    ("authentic",                   "authentic",                           1),
    ("calibrate",                   "calibrate",                           1),
    ("capacity",                    "capacity_ratio",                      100),
    ("capacity_alert_max",          "capacity_alert_max_ratio",            100),
    ("capacity_alert_min",          "capacity_alert_min_ratio",            100),
    ("cycle_count",                 "charge_cycles",                       1),
    ("online",                      "online",                              1),
    ("present",                     "present",                             1),
    ("time_to_empty_now",           "time_to_empty_seconds",               1),
    ("time_to_full_now",            "time_to_full_seconds",                1),
    ("current_boot",                "current_boot_amperes",                1_000_000),
    ("current_max",                 "current_max_amperes",                 1_000_000),
    ("current_now",                 "current_amperes",                     1_000_000),
    ("energy_empty",                "energy_empty_watthours",              1_000_000),
    ("energy_empty_design",         "energy_empty_design_watthours",       1_000_000),
    ("energy_full",                 "energy_full_watthours",               1_000_000),
    ("energy_full_design",          "energy_full_design_watthours",        1_000_000),
    ("energy_now",                  "energy_watthours",                    1_000_000),
    ("voltage_boot",                "voltage_boot_volts",                  1_000_000),
    ("voltage_max",                 "voltage_max_volts",                   1_000_000),
    ("voltage_max_design",          "voltage_max_design_volts",            1_000_000),
    ("voltage_min",                 "voltage_min_volts",                   1_000_000),
    ("voltage_min_design",          "voltage_min_design_volts",            1_000_000),
    ("voltage_now",                 "voltage_volts",                       1_000_000),
    ("voltage_ocv",                 "voltage_ocv_volts",                   1_000_000),
    ("charge_control_limit",        "charge_control_limit",                1_000_000),
    ("charge_control_limit_max",    "charge_control_limit_max",            1_000_000),
    ("charge_counter",              "charge_counter_amperehours",          1_000_000),
    ("charge_empty",                "charge_empty_amperehours",            1_000_000),
    ("charge_empty_design",         "charge_empty_design_amperehours",     1_000_000),
    ("charge_full",                 "charge_full_amperehours",             1_000_000),
    ("charge_full_design",          "charge_full_design_amperehours",      1_000_000),
    ("charge_now",                  "charge_amperehours",                  1_000_000),
    ("charge_term_current",         "charge_term_current_amperes",         1_000_000),
    ("constant_charge_current",     "constant_charge_current_amperes",     1_000_000),
    ("constant_charge_current_max", "constant_charge_current_max_amperes", 1_000_000),
    ("constant_charge_voltage",     "constant_charge_voltage_volts",       1_000_000),
    ("constant_charge_voltage_max", "constant_charge_voltage_max_volts",   1_000_000),
    ("precharge_current",           "precharge_current_amperes",           1_000_000),
    ("input_current_limit",         "input_current_limit_amperes",         1_000_000),
    ("power_now",                   "power_watts",                         1_000_000),
    ("temp",                        "temp_celsius",                        10),
    ("temp_alert_max",              "temp_alert_max_celsius",              10),
    ("temp_alert_min",              "temp_alert_min_celsius",              10),
    ("temp_ambient",                "temp_ambient_celsius",                10),
    ("temp_ambient_max",            "temp_ambient_max_celsius",            10),
    ("temp_ambient_min",            "temp_ambient_min_celsius",            10),
    ("temp_max",                    "temp_max_celsius",                    10),
    ("temp_min",                    "temp_min_celsius",                    10),
];

#[test]
fn every_file_goes_to_its_family() {
    let tree = Tree::new("supply-all");
    for (n, (file, ..)) in (101..).zip(EVERY_FILE) {
        tree.put(&format!("sys/class/power_supply/BAT1/{file}"), &format!("{n}\n"));
    }
    let expected = (101..).zip(EVERY_FILE).map(|(n, (_, name, unit))| {
        let value = match unit {
            1 => n.to_string(),
            10 => format!("{}.{}", n / 10, n % 10),
            100 => format!("{}.{:02}", n / 100, n % 100),
            _ => format!("0.{n:06}"),
        };
        format!(r#"power_supply_{name}{{power_supply="BAT1"}} {value}"#)
    });
    let mut supplies = tree.open(&SPEC, Dialect::Own, &[]);
    let (lines, errors) = scrape(&mut supplies, Dialect::Own, &["power_supply_"]);
    assert_eq!((lines.len(), errors), (EVERY_FILE.len() + 1, 0));
    assert!(lines.iter().zip(expected).all(|(line, expected)| *line == expected), "{lines:#?}");
}
