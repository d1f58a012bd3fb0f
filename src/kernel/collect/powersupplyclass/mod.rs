//! Batteries, mains adapters and other power supplies: `/sys/class/power_supply/NAME`, a file for each
//! property that the driver knows (Documentation/ABI/testing/sysfs-class-power, since 2.6.24): voltages,
//! currents, charges, energies and powers in millionths of volt, ampere, ampere hour, watt hour and
//! watt, temperatures in tenths of a degree Celsius. A property that the driver cannot read at the moment,
//! such as the charge of a battery that is absent, has no sample.

mod rows;

use super::attributes::{Attributes, LabelFrom, Layout, MAX_TEXT};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::model::metric::{Label, Sink, Value, fresh_stamp};
use crate::settings::{CollectorOption, Dialect, Subject, pattern};
use rows::{ATTRIBUTES, FAMILIES, TEXTS};

/// The errors of a driver that cannot read a property now, or does not have it.
const NOTHING: [i32; 4] = [libc::ENODEV, libc::ENODATA, libc::EOPNOTSUPP, libc::EINVAL];

/// Labels of a supply.
const MAX_KEYS: usize = TEXTS.len();

static IGNORED_SUPPLIES: CollectorOption<Option<Pattern>> =
    pattern("ignored_supplies", "supplies to leave out")
        .flags(&["collector.powersupply.ignored-supplies"])
        .default("^$");

static SUPPLIES: Layout = Layout {
    directory: "/sys/class/power_supply",
    is_object: |_| true,
    labels: &[LabelFrom::Name("")],
    attributes: &ATTRIBUTES,
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "powersupplyclass",
        node_name: "powersupplyclass",
        on: true,
        help: "batteries and other power supplies, from /sys/class/power_supply",
        options: &[&IGNORED_SUPPLIES.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let patterns = [None, setup.settings.get(&IGNORED_SUPPLIES)];
    let supplies =
        Attributes::new(setup.root, &SUPPLIES, patterns).lacking(&NOTHING).shown_in(setup.dialect);
    let is_node = setup.dialect == Dialect::Node;
    Box::new(PowerSupplies { supplies, is_node, shown: Vec::new() })
}

struct PowerSupplies {
    supplies: Attributes,
    /// Labels without a value are left out, as node_exporter does.
    is_node: bool,
    /// The label keys of each supply in the last scrape, and a stamp that distinguishes them from others.
    shown: Vec<(Vec<&'static str>, u32)>,
}

impl Collector for PowerSupplies {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.supplies.follow(scrape).map_err(Error::of_optional)?;
        self.supplies.write(scrape.errors, out);
        for at in 0..self.supplies.objects().of(0).count() {
            self.write_info(at, scrape.errors, out);
        }
        self.supplies.rest();
        Ok(())
    }
}

impl PowerSupplies {
    /// Writes the info sample of a supply.
    fn write_info(&mut self, at: usize, errors: &mut PartialErrors, out: &mut dyn Sink) {
        let PowerSupplies { supplies, is_node, shown } = self;
        let Some(supply) = supplies.objects().of(0).nth(at) else { return };
        let mut rooms = [[0; MAX_TEXT]; MAX_KEYS];
        let (mut keys, mut labels, mut count) = ([""; MAX_KEYS], [Label::of(b""); MAX_KEYS], 0);
        let mut slots = keys.iter_mut().zip(&mut labels);
        for (text, room) in TEXTS.iter().zip(&mut rooms) {
            let value = match *text {
                "power_supply" => supply.name.as_bytes(),
                file => supplies.text(supply, file, room, errors).unwrap_or_default(),
            };
            if *is_node && value.is_empty() {
                continue;
            }
            if let Some((key, label)) = slots.next() {
                (*key, *label) = (text, Label::of(value));
                count += 1;
            }
        }
        let (keys, labels) = (keys.get(..count), labels.get(..count));
        let (Some(keys), Some(labels), Some(info)) = (keys, labels, FAMILIES.last()) else {
            return;
        };
        if shown.get(at).is_none_or(|(known, _)| known != keys) {
            shown.truncate(at);
            shown.push((keys.to_vec(), fresh_stamp()));
        }
        let Some((keys, stamp)) = shown.get(at) else { return };
        let family = info.keyed(keys).stamped(*stamp);
        if at == 0 {
            out.family(&family);
        } else {
            out.join(&family);
        }
        out.sample(labels, Value::Int(1));
    }
}

#[cfg(test)]
mod tests {
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
        let own_infos = [
            of_own("AC", "", "", "Mains"),
            of_own("BAT0", r#"LNV \"45\""#, "Discharging", "Battery"),
        ];
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
        let names =
            ["capacity", "cyclecount", time, "current_ampere", "energy_watthour", temperature];
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
}
