//! What the drivers of network interfaces report: name and version, statistics under the driver's own names, and
//! which speeds the link supports and offers (SIOCETHTOOL with ETHTOOL_GDRVINFO, ETHTOOL_GSTRINGS,
//! ETHTOOL_GSTATS and ETHTOOL_GSET, include/uapi/linux/ethtool.h). Values that a driver does not support are
//! missing without an error.
//!
//! Some drivers sleep until their device answers: a thread asks, and a scrape waits for it a little longer
//! than the last answer took, up to two seconds. The meaning of the statistics is known only to the driver, so all
//! are untyped. In their names `_` stands for characters that a metric's name cannot have, `received` for `rx` and
//! `transmitted` for `tx`; two names of a driver that become the same are both left out. A name that the driver has
//! several times is of several queues, which are added (vmxnet3). Speeds beyond the first 32
//! modes (2.5 and 5 Gb/s by wire, 25 Gb/s and more but for one) do not fit into the old command. On a stored tree
//! no driver can be queried.

mod driver;
mod modes;
mod statistics;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::{Background, Filter, Listing, Patterns};
use crate::model::metric::{Family, Sink, Unit::One, families, gauge};
use crate::settings::{CollectorOption, Subject, pattern};
use driver::{CALL, Device, DriverReader, Settings};
use modes::{ASYMMETRIC_PAUSE, AUTONEGOTIATE, PAUSE, PORTS, SPEEDS};
use statistics::{DEVICE, Statistics};
use std::time::{Duration, Instant};

const PATH: &str = "/sys/class/net";

/// How long a scrape waits for all drivers.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes per second of a megabit per second.
const MEGABIT: u64 = 125_000;

/// node_exporter's keys and ours.
const PORT: &[&str] = &["device", "type", "interface", "type"];
const MODE: &[&str] = &["device", "duplex", "mode", "interface", "duplex", "mode"];
#[rustfmt::skip]
const INFO: &[&str] = &[
    "bus_info", "device",    "driver", "expansion_rom_version", "firmware_version", "version",
    "bus_info", "interface", "driver", "expansion_rom_version", "firmware_version", "version",
];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 11] = families![
    gauge("network_supported_speed_bytes",      One, "Bytes a second of a mode that the interface supports.",  MODE).own_keys(),
    gauge("network_advertised_speed_bytes",     One, "Bytes a second of a mode that the interface offers.",    MODE).own_keys(),
    gauge("network_supported_port_info",        One, "Always 1; a kind of port that the interface supports.",  PORT).own_keys(),
    gauge("network_autonegotiate",              One, "Whether the link is negotiated.",                        DEVICE).own_keys(),
    gauge("network_autonegotiate_supported",    One, "Whether the link can be negotiated.",                    DEVICE).own_keys(),
    gauge("network_autonegotiate_advertised",   One, "Whether negotiation is offered.",                        DEVICE).own_keys(),
    gauge("network_pause_supported",            One, "Whether pause frames are supported.",                    DEVICE).own_keys(),
    gauge("network_pause_advertised",           One, "Whether pause frames are offered.",                      DEVICE).own_keys(),
    gauge("network_asymmetricpause_supported",  One, "Whether pause frames in one direction are supported.",   DEVICE).own_keys(),
    gauge("network_asymmetricpause_advertised", One, "Whether pause frames in one direction are offered.",     DEVICE).own_keys(),
    gauge("ethtool_info",                       One, "Always 1; the labels have driver and firmware.",         INFO).own_keys(),
];

static INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("device_include", "only these interfaces");
static EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("device_exclude", "interfaces to leave out").joining_include();
static METRICS: CollectorOption<Option<Pattern>> =
    pattern("metrics_include", "statistics that are shown, by the driver's names").default(".*");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "ethtool",
        node_name: "ethtool",
        on: false,
        help: "drivers, statistics and link modes of interfaces, by ioctl",
        options: &[&INCLUDE.row, &EXCLUDE.row, &METRICS.row],
    },
    families: FAMILIES,
    dynamic: &["ethtool_"],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let filter = Filter::new(settings.get(&INCLUDE), settings.get(&EXCLUDE));
    let reader = DriverReader::new(Listing::new(setup.root.dir(PATH)), filter);
    Box::new(Drivers {
        is_live: setup.root.has_own_interfaces(),
        reader: Background::new("ethtool", reader, DriverReader::ask),
        statistics: Statistics::new(Patterns::new([settings.get(&METRICS), None])),
    })
}

struct Drivers {
    /// The interfaces are those of the running kernel.
    is_live: bool,
    reader: Background<DriverReader>,
    statistics: Statistics,
}

impl Collector for Drivers {
    fn serving(&mut self, begins: bool) {
        if begins && self.is_live {
            self.reader.begin(Instant::now() + PATIENCE);
        }
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if !self.is_live {
            return Err(Error::Unsupported(PATH.into()));
        }
        let answer = self.reader.ask(Instant::now() + PATIENCE);
        let reader = answer.map_err(|errno| Error::Read(CALL.into(), errno))?;
        if let Err(error) = &reader.done {
            return Err(Error::of(CALL, error).of_optional());
        }
        if reader.is_cut {
            scrape.errors.record(Error::parse(PATH, "at most 1024 interfaces", b"more"));
        }
        let devices = reader.devices.get(..reader.count).unwrap_or_default();
        for device in devices {
            // Each is shown only with the values that the driver supports.
            let _ = device.part(device.settings, scrape.errors);
            let _ = device.part(device.driver, scrape.errors);
        }
        write_settings(devices, out);
        write_drivers(devices, out);
        self.statistics.write(devices, scrape.errors, out);
        Ok(())
    }
}

/// Returns one of the words of bits.
type Bits = fn(&Settings) -> u32;

fn write_settings(devices: &[Device], out: &mut dyn Sink) {
    let [supported, advertised, port, negotiated, flags @ .., _] = &FAMILIES;
    let settings = || devices.iter().filter_map(|d| Some((&*d.name, d.settings.ok()?)));
    let modes: [(&Family<'_>, Bits); 2] =
        [(supported, |link| link.supported), (advertised, |link| link.advertised)];
    for (family, bits) in modes {
        out.family(family);
        for (name, link) in settings() {
            for speed in SPEEDS.iter().filter(|speed| bits(&link) & speed.bit != 0) {
                let labels = [name.into(), speed.duplex.into(), speed.mode.into()];
                out.sample(&labels, family.value(speed.megabits * MEGABIT));
            }
        }
    }
    out.family(port);
    for (name, link) in settings() {
        for (_, kind) in PORTS.iter().filter(|(bit, _)| link.supported & bit != 0) {
            out.sample(&[name.into(), (*kind).into()], port.value(1));
        }
    }
    out.family(negotiated);
    for (name, link) in settings() {
        out.sample(&[name.into()], negotiated.value(link.autonegotiates.into()));
    }
    let pairs = flags.as_chunks::<2>().0.iter().zip([AUTONEGOTIATE, PAUSE, ASYMMETRIC_PAUSE]);
    for (pair, bit) in pairs {
        for (family, (_, bits)) in pair.iter().zip(modes) {
            out.family(family);
            for (name, link) in settings() {
                out.sample(&[name.into()], family.value((bits(&link) & bit != 0).into()));
            }
        }
    }
}

fn write_drivers(devices: &[Device], out: &mut dyn Sink) {
    let [.., info] = &FAMILIES;
    out.family(info);
    for (name, driver) in devices.iter().filter_map(|d| Some((&*d.name, d.driver.ok()?))) {
        let [driver, version, firmware, bus, rom] = driver.texts();
        let labels = [bus, name.as_bytes(), driver, rom, firmware, version];
        out.sample(&labels.map(Into::into), info.value(1));
    }
}

#[cfg(test)]
mod tests;
