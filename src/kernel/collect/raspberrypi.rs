//! Power of a Raspberry Pi: `in0_lcrit_alarm` of the hwmon device `rpi_volt`, 1 if the voltage of the supply was
//! too low within the last two seconds (drivers/hwmon/raspberrypi-hwmon.c, since 4.20). The kernel asks the firmware
//! every two seconds and forgets the previous answer, so that most scrapes would miss a short drop. A thread
//! reads the file every two seconds, and its readings are counted: those that saw the voltage low are
//! `raspberrypi_undervoltage_low_samples_total`. The thread exists only where the device does. A Zero and
//! early compute modules do not have it.
//!
//! Throttling by the firmware is not readable for an unprivileged program: the mailbox (`/dev/vcio`) is root's, and
//! `get_throttled` in sysfs is what the kernel saw last and has cleared. It shows in other collectors:
//! `cpu_scaling_frequency_max_hertz` below `cpu_frequency_max_hertz` (cpufreq), and
//! `cooling_device_cur_state` above 0 (thermal_zone).

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::{Error, KeptError, Place};
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Listing, Periodic, Root, scan};
use crate::model::metric::{Family, Sink, Unit::One, Value, counter, gauge};
use crate::settings::Subject;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const DIRECTORY: &str = "/sys/class/hwmon";
const DEVICE: &[u8] = b"rpi_volt";
const ALARM: &str = "in0_lcrit_alarm";

/// How often the kernel asks the firmware, and the thread the kernel.
const PERIOD: Duration = Duration::from_secs(2);

/// How long after a failure the device is not looked up again.
const PAUSE: Duration = Duration::from_secs(60);

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; 3] = [
    gauge(  "raspberrypi_undervoltage",                   One, "Whether the voltage was too low within the last two seconds.", &[]).own_prefix(),
    counter("raspberrypi_undervoltage_samples_total",     One, "Looks at the voltage, one every two seconds.",                 &[]).own_prefix(),
    counter("raspberrypi_undervoltage_low_samples_total", One, "Looks that saw that the voltage was too low.",                 &[]).own_prefix(),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "raspberrypi",
        node_name: "",
        on: true,
        help: "under-voltage of a Raspberry Pi, from its hwmon device",
        options: &[],
    },
    families: &FAMILIES,
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
    /// This collector serves more than one scrape.
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
        let said = match &mut self.sampler {
            None => return Err(Error::Unsupported(DIRECTORY.into())),
            Some(Sampler::Scrape(voltage)) => {
                voltage.sample();
                voltage.counts
            }
            Some(Sampler::Thread(thread)) => thread.look(|voltage| voltage.counts),
        };
        let [low, samples, low_samples] = &FAMILIES;
        match said.last.map(|last| last.map_err(KeptError::error)) {
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
        if said.samples > 0 {
            for (family, count) in [(samples, said.samples), (low_samples, said.low)] {
                out.single(family, Value::Int(count));
            }
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
            let found = self.listing.names().find(is_it).map(str::to_owned);
            self.sampler = found.and_then(|name| self.sampler(&name, errors));
        }
        self.listing.dir.close();
    }

    /// Reads the file of the device `name`, and starts sampling it if it exists.
    fn sampler(&self, name: &str, errors: &mut PartialErrors) -> Option<Sampler> {
        let below = [name, "/", ALARM].concat();
        let path = self.root.real(DIRECTORY).join(&below);
        let place = Place::below(DIRECTORY, below.as_bytes());
        if !path.exists() {
            return None;
        }
        let mut voltage = Voltage { path, place, file: None, counts: Counts::default() };
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
    path: PathBuf,
    place: Place,
    file: Option<File>,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    samples: u64,
    low: u64,
    /// The result of the last reading, if there was one.
    last: Option<Result<bool, KeptError>>,
}

impl Voltage {
    /// Reads the file once.
    fn sample(&mut self) {
        let last = self.read();
        if last.is_err() {
            self.file = None;
        }
        let Counts { samples, low, .. } = &mut self.counts;
        *samples += u64::from(last.is_ok());
        *low += u64::from(matches!(last, Ok(true)));
        self.counts.last = Some(last.map_err(KeptError::from));
    }

    fn read(&mut self) -> Result<bool, Error> {
        let failed = |error| Error::of(self.place, &error);
        let file = match self.file.take() {
            Some(file) => file,
            None => File::open(&self.path).map_err(failed)?,
        };
        let mut room = [0; 16];
        let length = file.read_at(&mut room, 0).map_err(failed)?;
        self.file = Some(file);
        let text = room.get(..length).unwrap_or_default().trim_ascii_end();
        match scan::uint(text) {
            Some(alarm @ (0 | 1)) => Ok(alarm == 1),
            _ => Err(Error::parse(self.place, "0 or 1", text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Opened, Tree, outcome, scrape};
    use crate::kernel::read::Files;
    use std::thread::sleep;

    fn said(opened: &mut Opened) -> (Vec<String>, u64) {
        scrape(opened, Dialect::Own, &["raspberrypi"])
    }

    fn lines(low: Option<u64>, samples: u64, low_samples: u64) -> Vec<String> {
        let mut lines = Vec::from_iter(low.map(|low| format!("raspberrypi_undervoltage {low}")));
        lines.push(format!("raspberrypi_undervoltage_samples_total {samples}"));
        lines.push(format!("raspberrypi_undervoltage_low_samples_total {low_samples}"));
        lines
    }

    fn pi(name: &str, alarm: &str) -> Tree {
        let tree = Tree::new(name);
        tree.put("sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
        tree.put("sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1\n");
        tree.put("sys/class/hwmon/hwmon1/name", "rpi_volt\n");
        tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", alarm);
        tree
    }

    #[test]
    fn looks_are_counted_and_those_that_saw_it_low() {
        let tree = pi("raspberrypi", "0\n");
        let mut once = tree.open(&SPEC, Dialect::Own, &[]);
        assert_eq!(said(&mut once), (lines(Some(0), 1, 0), 0));
        tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
        assert_eq!(said(&mut once), (lines(Some(1), 2, 1), 0));
        for bad in ["", "2\n", "yes\n", "-1\n"] {
            tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", bad);
            assert_eq!(said(&mut once), (lines(None, 2, 1), 1), "{bad:?}");
        }
        tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
        assert_eq!(said(&mut once), (lines(Some(0), 3, 1), 0));
    }

    #[test]
    fn one_that_was_never_read_has_no_count() {
        let tree = pi("raspberrypi-bad", "\n");
        assert_eq!(said(&mut tree.open(&SPEC, Dialect::Own, &[])), (vec![], 1));
        for absent in ["sys/class/hwmon/hwmon1/in0_lcrit_alarm", "sys/class/hwmon/hwmon1/name"] {
            tree.remove(absent);
            assert!(tree.open(&SPEC, Dialect::Own, &[]).is_unsupported());
        }
        assert!(Tree::new("raspberrypi-none").open(&SPEC, Dialect::Own, &[]).is_unsupported());
    }

    #[test]
    fn a_thread_looks_between_scrapes_and_a_device_may_go() {
        let tree = pi("raspberrypi-thread", "1\n");
        let root = tree.root();
        let mut pi = RaspberryPi {
            listing: Listing::new(root.dir(DIRECTORY)),
            root: root.clone(),
            sampler: None,
            is_serving: false,
            looked_at: None,
            period: Duration::from_millis(1),
        };
        pi.serving(true);
        assert!(matches!(pi.sampler, Some(Sampler::Thread(_))));
        let begun = Instant::now();
        let counts = |pi: &RaspberryPi| match &pi.sampler {
            Some(Sampler::Thread(thread)) => thread.look(|voltage| voltage.counts),
            _ => panic!("no thread"),
        };
        while counts(&pi).low < 5 {
            assert!(begun.elapsed() < Duration::from_secs(60));
            sleep(Duration::from_millis(1));
        }
        let Counts { samples, low, last } = counts(&pi);
        assert!(last == Some(Ok(true)) && samples == low);
        tree.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "");
        tree.remove("sys/class/hwmon/hwmon1/in0_lcrit_alarm");
        let (files, errors) = (Files::new(&root), PartialErrors::default());
        let collector: Box<dyn Collector> = Box::new(pi);
        let mut opened = Opened { collector, files, errors, textfiles: Default::default() };
        while outcome(&mut opened).is_ok() {
            assert!(begun.elapsed() < Duration::from_secs(60));
            sleep(Duration::from_millis(1));
        }
        assert!(opened.is_unsupported());
    }
}
