//! What every collector guarantees, whatever it reads: a walk through `COLLECTORS`, so that a new one is tested by
//! its row and its fixtures. On `box` it has samples; on `missing` it has none; of a damaged file it shows the
//! valid rest, and other collectors are not affected.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod damage;
#[path = "../support/machine.rs"]
mod machine;
#[path = "../support/place.rs"]
mod place;
#[path = "../support/readers.rs"]
mod readers;
#[path = "../support/steady.rs"]
mod steady;
#[path = "../support/stored.rs"]
mod stored;
#[path = "../support/strict.rs"]
mod strict;

use damage::DAMAGES;
use machine::{ALL, DIALECTS, Reader, Reading, settings};
use place::Place;
use readers::readers;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use steady::steady;
use stored::NOT_STORED;
use sysmetrics::base::log;
use sysmetrics::kernel::collect::COLLECTORS;
use sysmetrics::outputs::expose::Format;
use sysmetrics::settings::{Dialect, Level, Settings};

/// A list of which the kernel writes nothing where there is nothing in it.
const EMPTY_LIST: &str = "bonding/slaves";

/// A copy of a stored machine, and how it is read in both dialects.
struct Machine {
    place: Place,
    settings: [Settings; 2],
}

impl Machine {
    fn new(name: &str) -> Machine {
        log::configure(Default::default(), Level::Error);
        let place = Place::copy_of(&Path::new("fixtures").join(name));
        let settings = DIALECTS.map(|dialect| settings(&place.0, dialect, &ALL));
        Machine { place, settings }
    }

    fn reader(&self, collector: &'static str, dialect: Dialect) -> Reader {
        Reader::of(collector, &self.settings[dialect as usize])
    }
}

/// Series and values that another reading of the same files would give.
type Samples = BTreeMap<String, String>;

fn samples(reading: &Reading, what: &str) -> Samples {
    let sound = strict::parse(&reading.text, Format::Prometheus);
    sound.unwrap_or_else(|why| panic!("{what}: {why}"));
    let text = steady(&reading.text);
    // Such a mount is asked in a child process, whose answer may come late.
    let is_steady = |line: &&str| !line.starts_with('#') && !line.contains("fstype=\"nfs4\"");
    let lines = text.lines().filter(is_steady);
    let pairs = lines.map(|line| line.rsplit_once(' ').unwrap());
    pairs.map(|(series, value)| (series.to_owned(), value.to_owned())).collect()
}

fn names() -> impl Iterator<Item = &'static str> {
    COLLECTORS.iter().map(|spec| spec.subject.name)
}

#[test]
fn every_collector_has_samples_on_box() {
    let machine = Machine::new("box");
    let names = names().filter(|name| !NOT_STORED.contains(name));
    for (name, dialect) in names.flat_map(|name| DIALECTS.map(|dialect| (name, dialect))) {
        let reading = machine.reader(name, dialect).read();
        let count = reading.errors.count();
        assert!(reading.result.is_ok() && count == 0, "{name}: {:?}", reading.errors.last());
        assert!(!reading.text.is_empty(), "{name} says nothing: fixtures/box lacks its files");
    }
}

#[test]
fn what_is_missing_is_not_shown() {
    let machine = Machine::new("missing");
    for (name, dialect) in names().flat_map(|name| DIALECTS.map(|dialect| (name, dialect))) {
        // Samples of other files than the kernel's; and whether there is SELinux, which the lack of its files tells.
        if let "textfile" | "selinux" = name {
            continue;
        }
        let reading = machine.reader(name, dialect).read();
        assert_eq!(reading.errors.count(), 0, "{name}: {:?}", reading.errors.last());
        // What system calls tell is there, and varies.
        let shown = samples(&reading, name);
        assert!(shown.is_empty(), "{name}: {shown:?}");
    }
}

/// Each file that is read is damaged in each way.
#[test]
fn a_broken_file_loses_its_own_values() {
    let machine = Machine::new("box");
    let readers = readers(&machine.place.0, &machine.settings);
    let mut wrong = Vec::new();
    let mut round = 0;
    for (path, collectors) in &readers {
        let whole = machine.place.0.join(path);
        let Ok(bytes) = fs::read(&whole) else { continue };
        for damage in DAMAGES {
            round += 1;
            for collector in collectors {
                let what = format!("{collector}, {} {}", path.display(), damage.name);
                // One of the dialects, another for the next file: checking is what takes the time.
                let mut reader = machine.reader(collector, DIALECTS[round % 2]);
                let before = samples(&reader.read(), &what);
                (damage.make)(&whole, &bytes);
                let held = samples(&reader.read(), &what);
                let mut fresh = machine.reader(collector, DIALECTS[round % 2]);
                let now = samples(&fresh.read(), &what);
                samples(&fresh.read(), &what);
                damage::undo(&whole, &bytes);
                let is_list = path.ends_with(EMPTY_LIST) && damage.name == "emptied";
                let says_nothing = damage.says_nothing && !is_list;
                for after in [&held, &now].into_iter().filter(|_| says_nothing) {
                    let made_up = made_up(&before, after).into_iter();
                    wrong.extend(made_up.map(|zeros| format!("{what}: {zeros}")));
                }
                if damage.in_place && samples(&reader.read(), &what) != before {
                    wrong.push(format!("{what}: does not recover"));
                }
            }
        }
    }
    assert!(round > 1000, "next to nothing is read");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Devices go while their collector is at work.
#[test]
fn a_directory_that_vanishes_takes_its_samples() {
    let machine = Machine::new("box");
    let readers = readers(&machine.place.0, &machine.settings);
    let is_directory = |path: &&PathBuf| machine.place.0.join(path).is_dir();
    for (round, path) in readers.keys().filter(is_directory).enumerate() {
        let whole = machine.place.0.join(path);
        for collector in &readers[path] {
            let what = format!("{collector} without {}", path.display());
            let mut reader = machine.reader(collector, DIALECTS[round % 2]);
            let before = samples(&reader.read(), &what);
            fs::remove_dir_all(&whole).unwrap();
            for _ in 0..2 {
                let after = samples(&reader.read(), &what);
                assert_eq!(made_up(&before, &after), [""; 0], "{what}");
                assert!(after.len() <= before.len(), "{what}");
            }
            fs::create_dir(&whole).unwrap();
            place::copy(&Path::new("fixtures/box").join(path), &whole);
        }
    }
}

/// Families that have more zeros than before.
fn made_up(before: &Samples, after: &Samples) -> Vec<String> {
    let zeros = |samples: &Samples| {
        let mut zeros = BTreeMap::<String, usize>::new();
        for (series, _) in samples.iter().filter(|(_, value)| *value == "0") {
            *zeros.entry(series.split('{').next().unwrap().to_owned()).or_default() += 1;
        }
        zeros
    };
    let (before, mut after) = (zeros(before), zeros(after));
    after.retain(|family, count| *count > before.get(family).copied().unwrap_or(0));
    after.into_iter().map(|(family, count)| format!("{count} zeros of {family}")).collect()
}

/// Those who do not read a file say the same without it.
#[test]
fn a_file_matters_to_its_readers_alone() {
    let machine = Machine::new("box");
    let readers = readers(&machine.place.0, &machine.settings);
    let of = |path: &Path| readers.get(path).cloned().unwrap_or_default();
    let read = |dialect| -> BTreeMap<&str, Samples> {
        names().map(|name| (name, samples(&machine.reader(name, dialect).read(), name))).collect()
    };
    let before = DIALECTS.map(read);
    for (round, path) in readers.keys().enumerate() {
        let whole = machine.place.0.join(path);
        let Ok(bytes) = fs::read(&whole) else { continue };
        // Who lists its directory may see that it has gone.
        let allowed: BTreeSet<_> = of(path).union(&of(path.parent().unwrap())).copied().collect();
        let dialect = DIALECTS[round % 2];
        fs::remove_file(&whole).unwrap();
        for (name, after) in read(dialect) {
            let is_same = after == before[dialect as usize][name];
            assert!(is_same || allowed.contains(name), "{name} without {}", path.display());
        }
        damage::undo(&whole, &bytes);
    }
}
