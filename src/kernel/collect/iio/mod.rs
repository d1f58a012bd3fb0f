//! Sensors of the IIO framework, such as barometers, hygrometers, light sensors and analogue inputs:
//! `/sys/bus/iio/devices/iio:deviceN`, a file `in_CHANNEL_input` with the value, or else `in_CHANNEL_raw`,
//! whose value is (raw + offset) * scale (Documentation/ABI/testing/sysfs-bus-iio, since 2.6.35). Offset and scale
//! are files of the channel (`in_temp0_scale`), of all channels of its kind (`in_temp_scale`) or of the device
//! (`in_scale`); without them they are 0 and 1. Values are in base units, with nine places at
//! most.
//!
//! A file that is read starts a conversion, which takes up to a second: a thread reads all once in
//! `interval`, no scrape waits for it, and `iio_age_seconds` tells how old the values are. A channel that is
//! busy, because a program streams from the device, or has nothing to say yet (EBUSY, EAGAIN, ENODATA) has no
//! sample, and that is no error. Device numbers change from boot to boot: devices are told apart by where they
//! are connected and what they are called. Analogue inputs may also be shown by `hwmon` (`iio-hwmon`).

mod channel;
mod number;

use super::slow::{Found, Slow};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::dir::{Joined, name};
use crate::kernel::read::{Dir, Listing};
use crate::model::metric::{Family, Sink, Unit::*, gauge};
use crate::settings::{CollectorOption, Subject, duration};
use channel::Channel;
use std::time::Duration;

const DIRECTORY: &str = "/sys/bus/iio/devices";
const BEGINNING: &str = "iio:device";

/// More than one box has; what comes after is left out.
const MAX_DEVICES: usize = 64;
const MAX_CHANNELS: usize = 128;

/// Room for the text of a file.
const MAX_TEXT: usize = 128;

const CHANNEL: &[&str] = &["device", "chip", "channel"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; 23] = [
    gauge("iio_temperature_celsius",       One,    "Temperature.",                               CHANNEL).own_prefix(),
    gauge("iio_humidity_ratio",            One,    "Relative humidity.",                         CHANNEL).own_prefix(),
    gauge("iio_pressure_pascals",          One,    "Pressure.",                                  CHANNEL).own_prefix(),
    gauge("iio_voltage_volts",             One,    "Voltage.",                                   CHANNEL).own_prefix(),
    gauge("iio_current_amperes",           One,    "Current.",                                   CHANNEL).own_prefix(),
    gauge("iio_power_watts",               One,    "Power.",                                     CHANNEL).own_prefix(),
    gauge("iio_energy_joules",             One,    "Energy.",                                    CHANNEL).own_prefix(),
    gauge("iio_resistance_ohms",           One,    "Resistance.",                                CHANNEL).own_prefix(),
    gauge("iio_illuminance_lux",           One,    "Illuminance.",                               CHANNEL).own_prefix(),
    gauge("iio_intensity",                 One,    "Intensity of light, without a unit.",        CHANNEL).own_prefix(),
    gauge("iio_uv_index",                  One,    "Ultraviolet index.",                         CHANNEL).own_prefix(),
    gauge("iio_concentration_ratio",       One,    "Concentration of a substance.",              CHANNEL).own_prefix(),
    gauge("iio_mass_concentration_grams_per_cubic_meter", One, "Mass of particles in the air.",  CHANNEL).own_prefix(),
    gauge("iio_ph",                        One,    "Acidity.",                                   CHANNEL).own_prefix(),
    gauge("iio_conductivity_siemens_per_meter", One, "Electrical conductivity.",                 CHANNEL).own_prefix(),
    gauge("iio_distance_meters",           One,    "Distance.",                                  CHANNEL).own_prefix(),
    gauge("iio_proximity",                 One,    "Nearness, in meters or without a unit.",     CHANNEL).own_prefix(),
    gauge("iio_acceleration_meters_per_second_squared", One, "Acceleration.",                    CHANNEL).own_prefix(),
    gauge("iio_angular_velocity_radians_per_second",    One, "Angular velocity.",                CHANNEL).own_prefix(),
    gauge("iio_angle_radians",             One,    "Angle.",                                     CHANNEL).own_prefix(),
    gauge("iio_inclination_degrees",       One,    "Inclination.",                               CHANNEL).own_prefix(),
    gauge("iio_magnetic_flux_density_teslas", One, "Magnetic flux density.",                     CHANNEL).own_prefix(),
    gauge("iio_age_seconds",               Millis, "Time since the sensors were all read.",      &[]).own_prefix(),
];

/// What a channel measures: how its name begins, the family, and how many places the point of the kernel's
/// unit is to go to the left for the base unit.
struct Kind {
    beginning: &'static str,
    family: &'static Family<'static>,
    places: i8,
}

const fn kind(beginning: &'static str, family: &'static Family<'static>, places: i8) -> Kind {
    Kind { beginning, family, places }
}

/// What another begins with stands behind it. The kernel counts in mV, mA, mW, thousandths of a degree and of
/// a per cent, kPa, per cent, µg/m³ and Gauss.
static KINDS: [Kind; 25] = [
    kind("temp", &FAMILIES[0], 3),
    kind("humidityrelative", &FAMILIES[1], 5),
    kind("pressure", &FAMILIES[2], -3),
    kind("voltage", &FAMILIES[3], 3),
    kind("altvoltage", &FAMILIES[3], 3),
    kind("current", &FAMILIES[4], 3),
    kind("altcurrent", &FAMILIES[4], 3),
    kind("power", &FAMILIES[5], 3),
    kind("energy", &FAMILIES[6], 0),
    kind("resistance", &FAMILIES[7], 0),
    kind("illuminance", &FAMILIES[8], 0),
    kind("intensity", &FAMILIES[9], 0),
    kind("uvindex", &FAMILIES[10], 0),
    kind("concentration", &FAMILIES[11], 2),
    kind("massconcentration", &FAMILIES[12], 6),
    kind("ph", &FAMILIES[13], 0),
    kind("electricalconductivity", &FAMILIES[14], 0),
    kind("distance", &FAMILIES[15], 0),
    kind("proximity", &FAMILIES[16], 0),
    kind("accel", &FAMILIES[17], 0),
    kind("gravity", &FAMILIES[17], 0),
    kind("anglvel", &FAMILIES[18], 0),
    kind("angl", &FAMILIES[19], 0),
    kind("incli", &FAMILIES[20], 0),
    kind("magn", &FAMILIES[21], 4),
];

static INTERVAL: CollectorOption<Duration> =
    duration("interval", [1000, 86_400_000], "how often the sensors are read").default("30s");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "iio",
        node_name: "",
        on: true,
        help: "sensors of air, light, motion and voltage, from /sys/bus/iio",
        options: &[&INTERVAL.row],
    },
    families: &FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let period = setup.settings.get(&INTERVAL);
    Box::new(Sensors(Slow::new(setup, "iio", DIRECTORY, is_device, look, period)))
}

struct Sensors(Slow);

impl Collector for Sensors {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let [.., age] = &FAMILIES;
        self.0.collect(scrape, age, out);
        Ok(())
    }
}

fn is_device(name: &[u8]) -> bool {
    name.starts_with(BEGINNING.as_bytes())
}

/// Reads every channel of every device.
fn look(listing: &mut Listing, found: &mut Found) {
    if let Err(error) = listing.has_changed() {
        return found.record(error);
    }
    let mut devices: Vec<&str> =
        listing.names().filter(|name| is_device(name.as_bytes())).take(MAX_DEVICES).collect();
    devices.sort_unstable_by_key(|name| (name.len(), *name));
    for device in devices {
        let Ok(files) = listing.dir.names(device) else { continue };
        let place = place(&listing.dir, device);
        let mut room = [0; MAX_TEXT];
        let chip = listing.dir.read(Joined::of(device.as_bytes(), "name").path(), &mut room);
        let chip = chip.unwrap_or_default();
        for channel in channel::channels(&files).into_iter().take(MAX_CHANNELS) {
            match read(&listing.dir, device, &files, &channel) {
                Ok(Some(value)) => {
                    let labels = [place.as_bytes(), chip, channel.name.as_bytes()];
                    found.push(channel.kind.family, labels, value);
                }
                Ok(None) => {}
                Err(error) => found.record(error),
            }
        }
    }
}

/// Where a device is connected, such as `platform/soc/fe804000.i2c/i2c-1/1-0076`.
fn place(dir: &Dir, device: &str) -> String {
    let target = dir.target(device).unwrap_or_default();
    let text = target.to_string_lossy();
    let below = text.rsplit_once("/devices/").map_or("", |(_, below)| below);
    let parent = below.rsplit_once('/').map_or(below, |(parent, _)| parent);
    (if parent.is_empty() { device } else { parent }).to_owned()
}

/// The value of a channel in base units; `None` if it has none now.
fn read(
    dir: &Dir,
    device: &str,
    files: &[String],
    channel: &Channel<'_>,
) -> Result<Option<crate::model::metric::Value>, Error> {
    let number = |file: &str| -> Result<Option<i128>, Error> {
        let (mut room, path) = ([0; MAX_TEXT], name(&[device, "/", file]));
        let text = match dir.read(&path, &mut room) {
            Err(Error::Absent(_)) => return Ok(None),
            Err(Error::Read(_, libc::EBUSY | libc::EAGAIN | libc::ENODATA)) => return Ok(None),
            read => read?.trim_ascii_start(),
        };
        let number = number::parse(text);
        number.map(Some).ok_or_else(|| Error::parse(dir.place(&path), "one number", text))
    };
    let Some(mut value) = number(&channel.file)? else { return Ok(None) };
    let mut is_scaled = false;
    if channel.is_raw {
        for (what, is_scale) in [("offset", false), ("scale", true)] {
            let Some(file) = channel.attribute(what, files) else { continue };
            // Without what the formula needs there is no value.
            let Some(number) = number(&file)? else { return Ok(None) };
            let computed =
                if is_scale { value.checked_mul(number) } else { value.checked_add(number) };
            is_scaled |= is_scale;
            let place = || dir.place(&name(&[device, "/", &file]));
            value = computed.ok_or_else(|| Error::parse(place(), "smaller numbers", b""))?;
        }
    }
    let value = number::value(value, is_scaled, channel.kind.places);
    let place = || dir.place(&name(&[device, "/", &channel.file]));
    value.map(Some).ok_or_else(|| Error::parse(place(), "smaller numbers", b""))
}

#[cfg(test)]
mod tests;
