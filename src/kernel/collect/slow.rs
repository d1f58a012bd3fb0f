//! Engine for values that are slow to read, such as sensors: a thread reads all of them once in a while, and a scrape
//! shows the last values and their age. Where there is no sensor there is no thread, and only
//! the directory is checked from time to time.

use super::gathered::Gathered;
use super::{Scrape, Setup};
use crate::base::error::{Error, KeptError};
use crate::kernel::read::{Background, Dir, Listing, Root};
use crate::model::metric::{Family, Sink, Value};
use std::time::{Duration, Instant};

/// After this many periods without another reading the last one is no longer shown.
const MAX_PERIODS: u32 = 5;

/// Samples of one reading; what comes after is left out and counted.
const MAX_READINGS: usize = 1024;

/// Errors of one reading.
const MAX_ERRORS: usize = 64;

/// Reads all sensors of a collector.
pub type ReadFn = Box<dyn FnMut(&mut Found) + Send>;

/// Whether an entry of a directory is a sensor.
type IsSensor = fn(&[u8]) -> bool;

/// Sensors of one collector, read by a thread.
pub struct Slow {
    /// The directory, and which of its entries are sensors; `None` for values that are always read.
    sensors: Option<(Dir, IsSensor)>,
    thread: Background<Work>,
    period: Duration,
    /// Where the time that a scrape waits is known.
    root: Root,
    is_stored: bool,
    requested_at: Option<Instant>,
    shown: Found,
    sorted: Gathered,
}

/// The state and the results of the thread.
struct Work {
    read_all: ReadFn,
    found: Found,
    /// Whether the results were not shown yet.
    is_unread: bool,
}

/// The results of one reading.
#[derive(Default)]
pub struct Found {
    pub readings: Vec<Reading>,
    errors: Vec<KeptError>,
    /// The error if nothing could be read.
    failure: Option<KeptError>,
    /// The previous value of each sensor, for plausibility checks.
    pub before: Vec<(Vec<u8>, i64)>,
    at: Option<Instant>,
}

/// One sample.
pub struct Reading {
    pub family: &'static Family<'static>,
    /// As many labels as the family has keys.
    pub labels: [Vec<u8>; 3],
    pub value: Value,
}

impl Found {
    /// Adds a sample.
    pub fn push(&mut self, family: &'static Family<'static>, labels: [&[u8]; 3], value: Value) {
        if self.readings.len() < MAX_READINGS {
            self.readings.push(Reading { family, labels: labels.map(<[u8]>::to_vec), value });
        } else {
            self.record(Error::parse("slow sensors", "at most 1024 values", labels[0]));
        }
    }

    /// Records that a sample was left out because of `error`.
    pub fn record(&mut self, error: Error) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error.keep());
        }
    }

    /// Makes the whole reading fail because of `error`.
    pub fn fail(&mut self, error: Error) {
        self.readings.clear();
        self.failure = Some(error.keep());
    }
}

impl Work {
    fn read(&mut self, _: Instant) {
        let Work { read_all, found, is_unread } = self;
        found.readings.clear();
        found.errors.clear();
        found.failure = None;
        read_all(found);
        (found.at, *is_unread) = (Some(Instant::now()), true);
    }
}

impl Slow {
    /// An engine for the sensors in `directory`, each entry that `is_sensor`; `read_all` reads them all.
    pub fn new(
        setup: &Setup<'_>,
        name: &'static str,
        directory: &'static str,
        is_sensor: IsSensor,
        read_all: fn(&mut Listing, &mut Found),
        period: Duration,
    ) -> Slow {
        let mut listing = Listing::new(setup.root.dir(directory));
        let read_all = Box::new(move |found: &mut Found| read_all(&mut listing, found));
        let sensors = Some((setup.root.dir(directory), is_sensor));
        Slow { sensors, ..Slow::always(setup, name, directory, read_all, period) }
    }

    /// An engine that always calls `read_all`, with `place` for errors.
    pub fn always(
        setup: &Setup<'_>,
        name: &'static str,
        place: &'static str,
        read_all: ReadFn,
        period: Duration,
    ) -> Slow {
        let work = Work { read_all, found: Found::default(), is_unread: false };
        Slow {
            sensors: None,
            thread: Background::new(name, work, Work::read),
            period,
            root: setup.root.clone(),
            is_stored: !setup.root.is_procfs(),
            requested_at: None,
            shown: Found::default(),
            sorted: Gathered::new(place),
        }
    }

    /// Writes the values of the last reading; `age` is the family of their age.
    ///
    /// # Errors
    ///
    /// The last reading failed as a whole.
    pub fn collect(
        &mut self,
        scrape: &mut Scrape<'_>,
        age: &'static Family<'static>,
        out: &mut dyn Sink,
    ) -> Result<(), Error> {
        let now = scrape.now;
        let since = |then: Option<Instant>| then.map(|then| now.saturating_duration_since(then));
        if since(self.requested_at).is_none_or(|time| time >= self.period) {
            self.requested_at = Some(now);
            match self.has_sensors() {
                Ok(true) => self.ask(),
                Ok(false) => self.shown = Found::default(),
                Err(error) => scrape.errors.record(error),
            }
        }
        if self.shown.at.is_none() {
            self.root.wait_for(&mut self.thread);
        }
        self.take(scrape);
        let Some(old) = since(self.shown.at).filter(|age| *age <= MAX_PERIODS * self.period) else {
            return Ok(());
        };
        if let Some(error) = self.shown.failure {
            return Err(error.error());
        }
        self.sorted.begin();
        for Reading { family, labels, value } in &self.shown.readings {
            let labels = labels.each_ref().map(|label| &**label);
            let keys = family.names().1.len();
            self.sorted.push(family, labels.get(..keys).unwrap_or_default(), *value);
        }
        self.sorted.write_rows(scrape.errors, out);
        out.single(age, age.value(u64::try_from(old.as_millis()).unwrap_or(u64::MAX)));
        Ok(())
    }

    /// Lets the thread read everything. Only of a stored machine its results are awaited.
    fn ask(&mut self) {
        self.thread.begin(Instant::now() + self.period);
        if self.is_stored {
            self.thread.rest_until(Instant::now() + self.root.patience(self.period));
        }
    }

    /// Whether there is any sensor. The directory is not kept open.
    fn has_sensors(&mut self) -> Result<bool, Error> {
        let Some((dir, is_sensor)) = &mut self.sensors else { return Ok(true) };
        let mut has_some = false;
        let listed = dir.list(&mut |name| has_some |= is_sensor(name));
        dir.close();
        match listed {
            Err(Error::Absent(_)) => Ok(false),
            listed => listed.map(|()| has_some),
        }
    }

    /// Fetches the results that the thread has read since.
    fn take(&mut self, scrape: &mut Scrape<'_>) {
        let Some(work) = self.thread.at_rest().filter(|work| work.is_unread) else { return };
        work.is_unread = false;
        std::mem::swap(&mut self.shown, &mut work.found);
        // The previous values stay with the thread.
        std::mem::swap(&mut self.shown.before, &mut work.found.before);
        self.shown.errors.drain(..).for_each(|error| scrape.errors.record(error.error()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::Tree;
    use crate::kernel::collect::{PartialErrors, Textfiles};
    use crate::kernel::read::Files;
    use crate::model::metric::{Buffer, Unit, families, gauge};
    use crate::outputs::expose::{Format, Lines, Text};
    use crate::settings::Subject;
    use std::sync::Mutex;

    static FAMILIES: &[Family; 2] = families![
        gauge("t", Unit::One, "T.", &[]),
        gauge("age_seconds", Unit::Millis, "Age.", &[])
    ];

    /// Holding this lock keeps the thread at work.
    static GATE: Mutex<u64> = Mutex::new(0);

    fn read_all(_: &mut Listing, found: &mut Found) {
        let mut gate = GATE.lock().unwrap();
        *gate += 1;
        found.push(&FAMILIES[0], [b""; 3], Value::Int(*gate));
        found.record(Error::Absent("/sys/x".into()));
    }

    fn slow(tree: &Tree) -> Slow {
        let root = tree.root();
        let subject = Subject { name: "x", node_name: "", on: true, help: "", options: &[] };
        let settings = &subject.defaults(Dialect::Own);
        let (files, all) = (&mut Files::new(&root), &[] as _);
        let setup = Setup { root: &root, files, settings, all, dialect: Dialect::Own };
        let is_sensor = |name: &[u8]| name == b"sensor";
        Slow::new(&setup, "slow", "/sys/x", is_sensor, read_all, Duration::from_secs(60))
    }

    /// The value, whether there is an age, and the errors of a scrape at this time.
    fn at(slow: &mut Slow, tree: &Tree, now: Instant) -> (Option<String>, bool, u64) {
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut lines);
        let (mut files, mut errors) = (Files::new(&tree.root()), PartialErrors::default());
        let (files, errors_of, textfiles) = (&mut files, &mut errors, &Textfiles::default());
        let mut scrape = Scrape { files, errors: errors_of, textfiles, now };
        slow.collect(&mut scrape, &FAMILIES[1], &mut text).unwrap();
        text.finish();
        let text = String::from_utf8(out.bytes().to_vec()).unwrap();
        let find = |name| text.lines().find_map(|line| line.strip_prefix(name));
        let age = find("sysmetrics_age_seconds ");
        (find("sysmetrics_t ").map(str::to_owned), age.is_some(), errors.count())
    }

    #[test]
    fn a_scrape_shows_the_last_values_without_waiting() {
        let tree = Tree::new("slow");
        let start = Instant::now();
        let later = |seconds| start + Duration::from_secs(seconds);
        let mut slow = slow(&tree);
        assert_eq!(at(&mut slow, &tree, start), (None, false, 0), "no directory");
        tree.put("sys/x/other", "");
        assert_eq!(at(&mut slow, &tree, later(60)), (None, false, 0), "no sensor");
        tree.put("sys/x/sensor", "");
        let first = |errors| (Some("1".to_owned()), true, errors);
        assert_eq!(at(&mut slow, &tree, later(119)), (None, false, 0), "not looked for yet");
        assert_eq!(at(&mut slow, &tree, later(120)), first(1));
        slow.is_stored = false;
        let mut gate = GATE.lock().unwrap();
        for seconds in [179, 180, 299] {
            assert_eq!(at(&mut slow, &tree, later(seconds)), first(0), "{seconds}");
        }
        assert_eq!(at(&mut slow, &tree, later(1000)), (None, false, 0), "too old to be shown");
        *gate = 6;
        drop(gate);
        while slow.thread.at_rest().is_none() {}
        slow.requested_at = Some(Instant::now());
        assert_eq!(at(&mut slow, &tree, Instant::now()), (Some("7".to_owned()), true, 1));
        std::fs::remove_dir_all(tree.0.join("sys/x")).unwrap();
        assert_eq!(at(&mut slow, &tree, later(2000)), (None, false, 0));
    }
}
