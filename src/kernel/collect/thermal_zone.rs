//! Temperatures and cooling devices of the thermal framework: `/sys/class/thermal/thermal_zoneN/temp` in
//! thousandths of a degree Celsius, which may be below zero, and `cooling_deviceN/cur_state`, `max_state`
//! (Documentation/driver-api/thermal/sysfs-api.rst, since 2.6.25). A zone whose sensor cannot be read
//! has no sample. The state of intel_powerclamp is -1 while it does not throttle. A file is answered by a driver or the
//! firmware, which may take seconds: a scrape does not wait for it, and shows its last value and the age.

use super::attributes::{Attribute, Attributes, LabelFrom, Layout, signed, unsigned};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::model::metric::{Family, Sink, Unit, families, gauge};
use crate::settings::Subject;

const DIRECTORY: &str = "/sys/class/thermal";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 5] = families![
    gauge("thermal_zone_temp|thermal_zone_celsius", Unit::Millis, "Temperature of the zone.", &["zone", "type"]),
    gauge("cooling_device_cur_state", Unit::One, "State of the cooling device.",           &["name", "type"]),
    gauge("cooling_device_max_state", Unit::One, "Highest state of the cooling device.",   &["name", "type"]),
    gauge("thermal_zone_age_seconds", Unit::Millis, "Time since a slow zone was read, if not in this scrape.", &["zone", "type"]).only_own(),
    gauge("cooling_device_age_seconds", Unit::Millis, "Time since a slow device was read, if not in this scrape.", &["name", "type"]).only_own(),
];

static ZONES: Layout = Layout {
    directory: DIRECTORY,
    is_object: |name| name.starts_with("thermal_zone"),
    labels: &[LabelFrom::Name("thermal_zone"), LabelFrom::File("type")],
    attributes: &[Attribute { file: "temp", family: &FAMILIES[0], form: signed }],
};

static DEVICES: Layout = Layout {
    directory: DIRECTORY,
    is_object: |name| name.starts_with("cooling_device"),
    labels: &[LabelFrom::Name("cooling_device"), LabelFrom::File("type")],
    attributes: &[
        Attribute { file: "cur_state", family: &FAMILIES[1], form: signed },
        Attribute { file: "max_state", family: &FAMILIES[2], form: unsigned },
    ],
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "thermal_zone",
        node_name: "thermal_zone",
        on: true,
        help: "temperatures and cooling devices, from /sys/class/thermal",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(ThermalZone {
        zones: Attributes::of_drivers(setup.root, &ZONES, [None, None], &FAMILIES[3]),
        devices: Attributes::of_drivers(setup.root, &DEVICES, [None, None], &FAMILIES[4]),
    })
}

struct ThermalZone {
    zones: Attributes,
    devices: Attributes,
}

impl Collector for ThermalZone {
    fn asks_drivers(&self) -> bool {
        true
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.zones.collect(scrape, out)?;
        self.devices.collect(scrape, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn zones_and_devices() {
        let tree = Tree::new("thermal");
        for (file, text) in [
            ("thermal_zone0/temp", "-5500"),
            ("thermal_zone0/type", "cpu-thermal"),
            ("cooling_device3/cur_state", "2"),
            ("cooling_device3/max_state", "7"),
            ("cooling_device3/type", "Fan"),
            ("cooling_device4/cur_state", "-1"),
            ("cooling_device4/type", "intel_powerclamp"),
        ] {
            tree.put(&format!("sys/class/thermal/{file}"), &format!("{text}\n"));
        }
        let mut thermal = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            r#"thermal_zone_temp{zone="0",type="cpu-thermal"} -5.500"#,
            r#"cooling_device_cur_state{name="3",type="Fan"} 2"#,
            r#"cooling_device_cur_state{name="4",type="intel_powerclamp"} -1"#,
            r#"cooling_device_max_state{name="3",type="Fan"} 7"#,
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut thermal, Dialect::Node, &["_"]), (expected, 0));
    }
    #[test]
    fn a_sensor_that_cannot_be_read_has_no_sample() {
        let tree = Tree::new("thermal-bad");
        let put = |file: &str, text: &str| tree.put(&format!("sys/class/thermal/{file}"), text);
        put("thermal_zone0/temp", "41000\n");
        put("thermal_zone1/type", "reading it is EISDIR\n");
        put("thermal_zone1/temp/x", "");
        put("thermal_zone2/temp", "hot\n");
        put("cooling_device0/cur_state", "off\n");
        put("cooling_device0/max_state", "7\n");
        put("cooling_device1/type", "Fan\n");
        let mut thermal = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = [
            r#"thermal_zone_celsius{zone="0",type=""} 41"#,
            r#"cooling_device_max_state{name="0",type=""} 7"#,
        ];
        let expected = expected.map(String::from).to_vec();
        for _ in 0..2 {
            assert_eq!(scrape(&mut thermal, Dialect::Own, &["_"]), (expected.clone(), 3));
        }
        let counted = [(libc::EISDIR, 2), (0, 4)];
        assert_eq!(thermal.errors.by_errno(), counted);
        tree.remove("sys/class/thermal/thermal_zone0/temp");
        assert_eq!(scrape(&mut thermal, Dialect::Own, &["_"]), (expected[1..].to_vec(), 3));
    }
}
