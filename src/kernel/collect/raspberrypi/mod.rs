//! Power of a Raspberry Pi: `in0_lcrit_alarm` of the hwmon device `rpi_volt`, 1 if the voltage of the supply was
//! too low within the last two seconds (drivers/hwmon/raspberrypi-hwmon.c, since 4.20). The kernel asks the firmware
//! every two seconds and forgets the previous answer, so that most scrapes would miss a short drop. A thread
//! reads the file every two seconds, and its readings are counted: those that saw the voltage low are
//! `raspberrypi_undervoltage_low_samples_total`. The thread exists only where the device does. A Zero and
//! early compute modules do not have it.
//!
//! The firmware reports throttling through its mailbox, `/dev/vcio`, which belongs to root on most systems, and
//! which the systemd unit hides. Where it may be opened, the same thread requests the flags, and clears none:
//! `when="lately"` are those since a program cleared them, which the kernel itself does every two seconds where
//! there is `rpi_volt`. `get_throttled` in sysfs is what the kernel saw last, and not read. Without the mailbox other
//! collectors show it: `cpu_scaling_frequency_max_hertz` below `cpu_frequency_max_hertz` (cpufreq), and
//! `cooling_device_cur_state` above 0 (thermal_zone).

mod firmware;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::{Error, KeptError, Place};
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Listing, Periodic, Root, scan};
use crate::model::metric::{Family, Sink, Unit::One, Value, counter, families, gauge};
use crate::settings::Subject;
use firmware::Firmware;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use firmware::PATH as MAILBOX;

const DIRECTORY: &str = "/sys/class/hwmon";
const DEVICE: &[u8] = b"rpi_volt";
const ALARM: &str = "in0_lcrit_alarm";

/// How often the kernel asks the firmware, and the thread the kernel.
const PERIOD: Duration = Duration::from_secs(2);

/// How long after a failure the device is not looked up again.
const PAUSE: Duration = Duration::from_secs(60);

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 4] = families![
    gauge(  "raspberrypi_undervoltage",                   One, "Whether the voltage was too low within the last two seconds.", &[]).own_prefix(),
    counter("raspberrypi_undervoltage_samples_total",     One, "Looks at the voltage, one every two seconds.",                 &[]).own_prefix(),
    counter("raspberrypi_undervoltage_low_samples_total", One, "Looks that saw that the voltage was too low.",                 &[]).own_prefix(),
    gauge(  "raspberrypi_firmware_flag",                  One, "Whether the firmware reports this flag, by its mailbox.",      &["flag", "when"]).own_prefix(),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "raspberrypi",
        node_name: "",
        on: true,
        help: "under-voltage of a Raspberry Pi, from its hwmon device",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(RaspberryPi {
        root: setup.root.clone(),
        listing: Listing::new(setup.root.dir(DIRECTORY)),
        sampler: None,
        is_serving: false,
        looked_at: None,
        period: PERIOD,
    })
}

struct RaspberryPi {
    root: Root,
    listing: Listing,
    sampler: Option<Sampler>,
    /// Whether the collector serves more than one scrape.
    is_serving: bool,
    /// When the device was looked up.
    looked_at: Option<Instant>,
    period: Duration,
}

/// Where the file is read.
enum Sampler {
    /// In each scrape.
    Scrape(Box<Voltage>),
    Thread(Periodic<Voltage>),
}

impl Collector for RaspberryPi {
    fn serving(&mut self, begins: bool) {
        (self.is_serving, self.sampler) = (begins, None);
        if begins {
            // A file that cannot be read is reported by a scrape.
            self.find(Instant::now(), &mut PartialErrors::default());
        }
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.find(scrape.now, scrape.errors);
        let counts = match &mut self.sampler {
            None => return Err(Error::Unsupported(DIRECTORY.into())),
            Some(Sampler::Scrape(voltage)) => {
                voltage.sample();
                voltage.counts
            }
            Some(Sampler::Thread(thread)) => thread.with(|voltage| voltage.counts),
        };
        let [low, samples, low_samples, flag] = &FAMILIES;
        match counts.last.map(|last| last.map_err(KeptError::error)) {
            // The device is gone.
            Some(Err(Error::Absent(detail))) => {
                (self.sampler, self.looked_at) = (None, None);
                return Err(Error::Unsupported(detail));
            }
            Some(Err(error)) => scrape.errors.record(error),
            Some(Ok(is_low)) => {
                out.single(low, Value::Int(is_low.into()));
            }
            None => {}
        }
        if counts.samples > 0 {
            for (family, count) in [(samples, counts.samples), (low_samples, counts.low)] {
                out.single(family, Value::Int(count));
            }
        }
        if let Some(flags) = counts.flags {
            firmware::write(flag, flags, out);
        }
        Ok(())
    }
}

impl RaspberryPi {
    /// Looks up the device, unless it is known or was looked up a short time ago.
    fn find(&mut self, now: Instant, errors: &mut PartialErrors) {
        let is_recent = |then| now.saturating_duration_since(then) < PAUSE;
        if self.sampler.is_some() || self.looked_at.is_some_and(is_recent) {
            return;
        }
        self.looked_at = Some(now);
        if errors.unless_absent(self.listing.has_changed()).is_some() {
            let Listing { dir, .. } = &self.listing;
            let is_it = |name: &&str| {
                let (path, mut room) = (Joined::of(name.as_bytes(), "name"), [0; 32]);
                dir.read(path.path(), &mut room).is_ok_and(|text| text == DEVICE)
            };
            let found = self.listing.names().find(is_it).unwrap_or_default().to_owned();
            self.sampler = self.sampler(&found, errors);
        } else {
            self.sampler = self.sampler("", errors);
        }
        self.listing.dir.close();
    }

    /// Reads the file of the device `name`, and has it read from now on if it is there, or the mailbox.
    fn sampler(&self, name: &str, errors: &mut PartialErrors) -> Option<Sampler> {
        let below = [name, "/", ALARM].concat();
        let path = self.root.real(DIRECTORY).join(&below);
        let place = Place::below(DIRECTORY, below.as_bytes());
        let path = Some(path).filter(|path| !name.is_empty() && path.exists());
        let firmware = Firmware::of(&self.root);
        if path.is_none() && firmware.is_none() {
            return None;
        }
        let mut voltage = Voltage { path, place, file: None, firmware, counts: Counts::default() };
        if !self.is_serving {
            return Some(Sampler::Scrape(Box::new(voltage)));
        }
        voltage.sample();
        let thread = Periodic::start("raspberrypi", self.period, voltage, Voltage::sample);
        errors.unless_absent(thread.map(Sampler::Thread).map_err(|e| Error::of(place, &e)))
    }
}

/// The file, and the results so far.
struct Voltage {
    /// `None` where there is only the mailbox.
    path: Option<PathBuf>,
    place: Place,
    file: Option<File>,
    firmware: Option<Firmware>,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    samples: u64,
    low: u64,
    /// The result of the last reading, if there was one.
    last: Option<Result<bool, KeptError>>,
    /// The flags that the firmware reported last, if it does.
    flags: Option<u32>,
}

impl Voltage {
    /// Takes one sample.
    fn sample(&mut self) {
        let Voltage { path, place, file, firmware, counts } = self;
        counts.flags = firmware.as_ref().and_then(Firmware::flags);
        if counts.flags.is_none() {
            *firmware = None;
        }
        let Some(path) = path else { return };
        let last = read(path, *place, file);
        if last.is_err() {
            *file = None;
        }
        counts.samples += u64::from(last.is_ok());
        counts.low += u64::from(matches!(last, Ok(true)));
        counts.last = Some(last.map_err(KeptError::from));
    }
}

/// Whether the voltage was low; the file stays open.
fn read(path: &Path, place: Place, kept: &mut Option<File>) -> Result<bool, Error> {
    let failed = |error| Error::of(place, &error);
    let file = match kept.take() {
        Some(file) => file,
        None => File::open(path).map_err(failed)?,
    };
    let mut room = [0; 16];
    let length = file.read_at(&mut room, 0).map_err(failed)?;
    *kept = Some(file);
    let text = room.get(..length).unwrap_or_default().trim_ascii_end();
    match scan::uint(text) {
        Some(alarm @ (0 | 1)) => Ok(alarm == 1),
        _ => Err(Error::parse(place, "0 or 1", text)),
    }
}

#[cfg(test)]
mod tests;
