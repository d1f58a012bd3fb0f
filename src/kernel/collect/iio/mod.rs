//! Sensors of the IIO framework, such as barometers, hygrometers, light sensors and analogue inputs:
//! `/sys/bus/iio/devices/iio:deviceN`, a file `in_CHANNEL_input` with the value, or else `in_CHANNEL_raw`,
//! whose value is (raw + offset) * scale (Documentation/ABI/testing/sysfs-bus-iio, since 2.6.35). Offset and scale
//! are files of the channel (`in_temp0_scale`), of all channels of its kind (`in_temp_scale`), of all inputs
//! (`in_scale`) or of the device (`scale`); without them they are 0 and 1. Values are in base units, with nine
//! places at most.
//!
//! A file that is read starts a conversion, which takes up to a second: a thread reads all once in
//! `interval`, and `iio_age_seconds` is the age of the values. It begins with the agent; no scrape waits for it longer than 20 ms.
//! A channel that is busy, because a program streams from the device, or has no value yet (EBUSY,
//! EAGAIN, ENODATA) has no sample, and that is no error. Device numbers change from boot to boot: devices are
//! identified by where they are connected and their names. Analogue inputs may also be shown by
//! `hwmon` (`iio-hwmon`).

mod channel;
mod kinds;
mod number;

use super::slow::{Found, Slow};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::read::dir::{Joined, name};
use crate::kernel::read::{Dir, Listing};
use crate::model::metric::{Sink, Value};
use crate::settings::{CollectorOption, Subject, duration};
use channel::Channel;
use kinds::FAMILIES;
use std::time::Duration;

const DIRECTORY: &str = "/sys/bus/iio/devices";
const BEGINNING: &str = "iio:device";

/// More than one box has; what comes after is left out and counted.
const MAX_DEVICES: usize = 64;
const MAX_CHANNELS: usize = 128;

/// Room for the text of a file.
const MAX_TEXT: usize = 128;

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
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let period = setup.settings.get(&INTERVAL);
    Box::new(Sensors(Slow::new(setup, "iio", DIRECTORY, is_device, read_all, period)))
}

struct Sensors(Slow);

impl Collector for Sensors {
    fn asks_drivers(&self) -> bool {
        true
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let [.., age] = &FAMILIES;
        self.0.collect(scrape, age, out)
    }
}

fn is_device(name: &[u8]) -> bool {
    name.starts_with(BEGINNING.as_bytes())
}

/// Reads every channel of every device.
fn read_all(listing: &mut Listing, found: &mut Found) {
    if let Err(error) = listing.has_changed() {
        return found.record(error);
    }
    let mut names = listing.names().filter(|name| is_device(name.as_bytes()));
    let mut devices: Vec<&str> = names.by_ref().take(MAX_DEVICES).collect();
    if names.next().is_some() {
        found.record(Error::parse(DIRECTORY, "at most 64 devices", b""));
    }
    sys::sort(&mut devices, |a, b| (a.len(), *a).cmp(&(b.len(), *b)));
    for device in devices {
        let Ok(files) = listing.dir.names(device) else { continue };
        let place = place(&listing.dir, device);
        let mut room = [0; MAX_TEXT];
        let chip = listing.dir.read(Joined::of(device.as_bytes(), "name").path(), &mut room);
        let chip = chip.unwrap_or_default();
        let channels = channel::channels(&files);
        if channels.len() > MAX_CHANNELS {
            found.record(Error::parse(DIRECTORY, "at most 128 channels", device.as_bytes()));
        }
        for channel in channels.into_iter().take(MAX_CHANNELS) {
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

/// The place where a device is connected, such as `platform/soc/fe804000.i2c/i2c-1/1-0076`.
fn place(dir: &Dir, device: &str) -> String {
    let target = dir.target(device).unwrap_or_default();
    let text = target.to_string_lossy();
    let below = text.split("/devices/").skip(1).last().unwrap_or_default();
    let parent = below.rsplit_once('/').map_or(below, |(parent, _)| parent);
    (if parent.is_empty() { device } else { parent }).to_owned()
}

/// The value of a channel in base units; `None` if it has none now.
fn read(
    dir: &Dir,
    device: &str,
    files: &[String],
    channel: &Channel<'_>,
) -> Result<Option<Value>, Error> {
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
            // Without all parts of the formula there is no value.
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
