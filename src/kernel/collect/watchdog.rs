//! Watchdog devices: `/sys/class/watchdog/watchdogN` with attributes
//! (Documentation/ABI/testing/sysfs-class-watchdog, since 4.5): numbers such as `timeout`, `pretimeout` and `timeleft` in
//! seconds, and texts such as `identity` and `state`. Which files a device has depends on its driver; a
//! file that it lacks is left out, a text that it lacks is an empty label. `timeleft` of a chip on a bus may be slow: a
//! scrape does not wait for it, and shows its last value and `watchdog_age_seconds`.

use super::info::Rows;
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Listing, scan};
use crate::model::metric::{Family, Label, Sink, Unit, families, gauge};
use crate::settings::Subject;
use std::time::Duration;

const DIRECTORY: &str = "/sys/class/watchdog";

/// More devices than any box has; what comes after is left out and counted.
const MAX_DEVICES: usize = 64;

/// The longest text of an attribute.
const MAX_TEXT: usize = 256;

#[rustfmt::skip]
const KEYS: &[&str] = &["name", "options", "identity", "state", "status", "pretimeout_governor"];

/// The files of the info's labels after the name.
const TEXTS: [&str; 5] = ["options", "identity", "state", "status", "pretimeout_governor"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 9] = families![
    gauge("watchdog_bootstatus",         Unit::One, "Why the box started last, as WDIOF bits.",               &["name"]),
    gauge("watchdog_fw_version",         Unit::One, "Version of the device's firmware.",                      &["name"]),
    gauge("watchdog_nowayout",           Unit::One, "Whether the watchdog cannot be stopped once it runs.",   &["name"]),
    gauge("watchdog_timeleft_seconds",   Unit::One, "Time until the watchdog resets the box.",                &["name"]),
    gauge("watchdog_timeout_seconds",    Unit::One, "Time that the watchdog waits to be fed.",                &["name"]),
    gauge("watchdog_pretimeout_seconds", Unit::One, "How long before the reset it warns.",                    &["name"]),
    gauge("watchdog_access_cs0",         Unit::One, "Whether the box started from the alternate flash chip.", &["name"]),
    gauge("watchdog_age_seconds",     Unit::Millis, "Time since a slow file of the device was read, if not in this scrape.", &["name"]).only_own(),
    gauge("watchdog_info",               Unit::One, "Always 1; the labels are the texts of the device.",      KEYS),
];

/// The file of each number.
static NUMBERS: [(&str, &Family); 7] = [
    ("bootstatus", &FAMILIES[0]),
    ("fw_version", &FAMILIES[1]),
    ("nowayout", &FAMILIES[2]),
    ("timeleft", &FAMILIES[3]),
    ("timeout", &FAMILIES[4]),
    ("pretimeout", &FAMILIES[5]),
    ("access_cs0", &FAMILIES[6]),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "watchdog",
        node_name: "watchdog",
        on: true,
        help: "watchdog devices, from /sys/class/watchdog",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let listing = Listing::new(setup.root.driver_dir(DIRECTORY));
    Box::new(Watchdog { listing, devices: Vec::new(), info: Rows::new(KEYS.len()) })
}

struct Watchdog {
    listing: Listing,
    /// The devices, and the greatest age of their values in this scrape.
    devices: Vec<(String, Option<Duration>)>,
    info: Rows,
}

impl Collector for Watchdog {
    fn asks_drivers(&self) -> bool {
        true
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if self.listing.has_changed().map_err(Error::of_optional)? {
            self.learn(scrape.errors);
        }
        let (dir, [.., age, info]) = (&self.listing.dir, &FAMILIES);
        self.devices.iter_mut().for_each(|(_, age)| *age = None);
        for (file, family) in &NUMBERS {
            out.family(family);
            for (device, age) in &mut self.devices {
                if let Some(raw) = scrape.errors.unless_absent(number(dir, device, file)) {
                    *age = dir.age().max(*age);
                    out.sample(&[Label::from(device.as_str())], family.signed(raw));
                }
            }
        }
        self.info.clear();
        for (device, age) in &mut self.devices {
            describe(dir, device, &mut self.info, scrape.errors);
            *age = dir.age().max(*age);
        }
        out.family(age);
        for (device, old) in &self.devices {
            if let Some(old) = old {
                let millis = u64::try_from(old.as_millis()).unwrap_or(u64::MAX);
                out.sample(&[Label::from(device.as_str())], age.value(millis));
            }
        }
        self.info.write(info, out);
        if self.devices.is_empty() {
            self.listing.rest();
        }
        Ok(())
    }
}

impl Watchdog {
    /// Looks up the devices after the list changed.
    #[cold]
    fn learn(&mut self, errors: &mut PartialErrors) {
        let mut names: Vec<String> = self.listing.names().map(str::to_owned).collect();
        sys::sort(&mut names, Ord::cmp);
        errors.limit(&mut names, MAX_DEVICES, DIRECTORY, "at most 64 devices");
        self.devices = names.into_iter().map(|name| (name, None)).collect();
    }
}

/// The number in an attribute of a device.
fn number(dir: &Dir, device: &str, file: &str) -> Result<i64, Error> {
    let (path, mut text) = (Joined::of(device.as_bytes(), file), [0; MAX_TEXT]);
    let text = dir.read(path.path(), &mut text)?;
    scan::int(text).ok_or_else(|| Error::parse(dir.place(path.path()), "an integer", text))
}

/// Adds the row of a device, unless a text is not there yet.
fn describe(dir: &Dir, device: &str, info: &mut Rows, errors: &mut PartialErrors) {
    let mut room = [[0; MAX_TEXT]; TEXTS.len()];
    let waiting = dir.waiting();
    let mut values = [device.as_bytes(), b"", b"", b"", b"", b""];
    for ((file, text), value) in TEXTS.iter().zip(&mut room).zip(values.iter_mut().skip(1)) {
        let path = Joined::of(device.as_bytes(), file);
        *value = errors.unless_absent(dir.read(path.path(), text)).unwrap_or_default();
    }
    if dir.waiting() == waiting {
        info.push(&values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn devices_have_what_their_drivers_have() {
        let tree = Tree::new("watchdog");
        let mut watchdog = tree.open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(watchdog.error(), Some(Error::Unsupported(_))));
        let put = |file: &str, text: &str| tree.put(&format!("sys/class/watchdog/{file}"), text);
        put("watchdog1/uevent", "");
        for (at, (file, _)) in NUMBERS.iter().enumerate() {
            put(&format!("watchdog0/{file}"), &format!("{}\n", at + 1));
        }
        for file in TEXTS {
            put(&format!("watchdog0/{file}"), &format!("the {file}\n"));
        }
        let expected = [
            "watchdog_bootstatus{name=\"watchdog0\"} 1",
            "watchdog_fw_version{name=\"watchdog0\"} 2",
            "watchdog_nowayout{name=\"watchdog0\"} 3",
            "watchdog_timeleft_seconds{name=\"watchdog0\"} 4",
            "watchdog_timeout_seconds{name=\"watchdog0\"} 5",
            "watchdog_pretimeout_seconds{name=\"watchdog0\"} 6",
            "watchdog_access_cs0{name=\"watchdog0\"} 7",
            "watchdog_info{name=\"watchdog0\",options=\"the options\",identity=\"the identity\",\
             state=\"the state\",status=\"the status\",pretimeout_governor=\"the pretimeout_governor\"} 1",
            "watchdog_info{name=\"watchdog1\",options=\"\",identity=\"\",state=\"\",status=\"\",\
             pretimeout_governor=\"\"} 1",
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut watchdog, Dialect::Own, &["watchdog"]), (expected, 0));
        put("watchdog0/timeout", "soon\n");
        put("watchdog0/state", "inactive\n");
        let (samples, errors) =
            scrape(&mut watchdog, Dialect::Own, &["watchdog_timeout_", "inactive"]);
        assert_eq!((samples.len(), errors), (1, 1), "{samples:?}");
    }

    #[test]
    fn an_absent_device_is_looked_up_some_seconds_later() {
        let tree = Tree::new("watchdog-none");
        tree.put("sys/class/watchdog/x", "");
        tree.remove("sys/class/watchdog/x");
        let root = tree.root();
        let mut watchdog = crate::kernel::collect::testing::open(&root, &SPEC, Dialect::Own, &[]);
        let mut count = |second| {
            root.begin(std::time::Duration::from_secs(second));
            scrape(&mut watchdog, Dialect::Own, &["timeout_seconds{"]).0.len()
        };
        assert_eq!(count(1), 0);
        tree.put("sys/class/watchdog/watchdog0/timeout", "7\n");
        assert_eq!([8, 9].map(&mut count), [0, 1]);
        tree.put("sys/class/watchdog/watchdog1/timeout", "8\n");
        assert_eq!(count(9), 2);
    }
}
