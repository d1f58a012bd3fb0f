//! InfiniBand and other RDMA devices: `/sys/class/infiniband/DEVICE/ports/N` with `state`, `phys_state`,
//! `rate` and counters below `counters` (Documentation/ABI/stable/sysfs-class-infiniband, since 2.6.12)
//! and `hw_counters` (since 4.8). Before 4.5 counters of 64 bits were in `counters_ext`. Data is counted
//! in words of four bytes, and shown in bytes here. A device without the agent that counts has the text
//! `N/A (no PMA)`, and that counter has no sample. Drivers ask the device's firmware: a
//! scrape does not wait for a file that is slow, and shows its last value and `infiniband_age_seconds`.

mod rows;

use super::attributes::{Attributes, Info, LabelFrom, Layout, Level, text};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::model::metric::Sink;
use crate::settings::{CollectorOption, Subject, pattern};
use rows::{ATTRIBUTES, FAMILIES};

/// The errors of a driver without such a counter.
const NOTHING: [i32; 4] = [libc::EOPNOTSUPP, libc::EINVAL, libc::EACCES, libc::EPERM];

static DEVICE_INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("device_include", "only these devices").flags(&["collector.infiniband.device-include"]);
static DEVICE_EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("device_exclude", "devices to leave out")
        .flags(&["collector.infiniband.device-exclude"])
        .joining_include();

static DEVICES: Layout = Layout {
    directory: "/sys/class/infiniband",
    is_object: |_| true,
    labels: &[LabelFrom::Name("")],
    attributes: &[],
};

static PORTS: [Level; 1] = [Level {
    directory: "ports",
    object: |name| Some(name).filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())),
    join: "/",
    labels: &[LabelFrom::Above(0), LabelFrom::Name("")],
    attributes: &ATTRIBUTES,
}];

static INFO: Info =
    Info { family: &FAMILIES[0], texts: &[text("board_id"), text("fw_ver"), text("hca_type")] };

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "infiniband",
        node_name: "infiniband",
        on: true,
        help: "InfiniBand and other RDMA devices, from /sys/class/infiniband",
        options: &[&DEVICE_INCLUDE.row, &DEVICE_EXCLUDE.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let patterns = [settings.get(&DEVICE_INCLUDE), settings.get(&DEVICE_EXCLUDE)];
    let [.., age] = FAMILIES;
    let devices = Attributes::of_drivers(setup.root, &DEVICES, patterns, age)
        .below(&PORTS)
        .without(|text| text.starts_with(b"N/A"))
        .lacking(&NOTHING);
    Box::new(InfiniBand { devices })
}

struct InfiniBand {
    devices: Attributes,
}

impl Collector for InfiniBand {
    fn asks_drivers(&self) -> bool {
        true
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.devices.follow(scrape).map_err(Error::of_optional)?;
        INFO.write(self.devices.objects(), scrape.errors, out);
        self.devices.write(scrape.errors, out);
        self.devices.rest();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
