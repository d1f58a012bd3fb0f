//! Batteries, mains adapters and other power supplies: `/sys/class/power_supply/NAME`, a file for each
//! property that the driver knows (Documentation/ABI/testing/sysfs-class-power, since 2.6.24): voltages,
//! currents, charges, energies and powers in millionths of volt, ampere, ampere hour, watt hour and
//! watt, temperatures in tenths of a degree Celsius. A property that the driver cannot read at the moment,
//! such as the charge of a battery that is absent, has no sample. A driver asks its chip over a bus, which takes up to
//! half a second: a scrape does not wait for it, and shows the last value and `power_supply_age_seconds`.

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
    let [.., age, _] = FAMILIES;
    let supplies = Attributes::of_drivers(setup.root, &SUPPLIES, patterns, age);
    let supplies = supplies.lacking(&NOTHING).shown_in(setup.dialect);
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
    fn asks_drivers(&self) -> bool {
        true
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.supplies.follow(scrape).map_err(Error::of_optional)?;
        self.supplies.write(scrape.errors, out);
        let mut is_first = true;
        for at in 0..self.supplies.objects().of(0).count() {
            is_first &= !self.write_info(at, is_first, scrape.errors, out);
        }
        self.supplies.rest();
        Ok(())
    }
}

impl PowerSupplies {
    /// Writes the info sample of a supply, and returns whether there is one: with a text that the driver has not
    /// answered yet it would be another series.
    fn write_info(
        &mut self,
        at: usize,
        is_first: bool,
        errors: &mut PartialErrors,
        out: &mut dyn Sink,
    ) -> bool {
        let PowerSupplies { supplies, is_node, shown } = self;
        let Some(supply) = supplies.objects().of(0).nth(at) else { return false };
        let mut rooms = [[0; MAX_TEXT]; MAX_KEYS];
        let (mut keys, mut labels, mut count) = ([""; MAX_KEYS], [Label::of(b""); MAX_KEYS], 0);
        let waiting = supplies.objects().waiting();
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
        if supplies.objects().waiting() > waiting {
            count = 0;
        }
        let (keys, labels) = (keys.get(..count), labels.get(..count));
        let (Some(keys), Some(labels), Some(info)) = (keys, labels, FAMILIES.last()) else {
            return false;
        };
        if shown.get(at).is_none_or(|(known, _)| known != keys) {
            shown.truncate(at);
            shown.push((keys.to_vec(), fresh_stamp()));
        }
        let Some((keys, stamp)) = shown.get(at) else { return false };
        if keys.is_empty() {
            return false;
        }
        let family = info.keyed(keys).stamped(*stamp);
        if is_first {
            out.family(&family);
        } else {
            out.join(&family);
        }
        out.sample(labels, Value::Int(1));
        true
    }
}

#[cfg(test)]
mod tests;
