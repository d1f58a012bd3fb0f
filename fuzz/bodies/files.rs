//! Files that somebody else writes: the kernel, udev, the operator.

use super::machine::{ALL, DIALECTS, Reader, settings};
use super::naive::{self, stat::Before};
use super::place::Place;
use super::readers::readers;
use super::steady::steady;
use super::strict;
use std::ffi::OsString;
use std::path::Path;
use sysmetrics::app;
use sysmetrics::outputs::expose::Format;
use sysmetrics::settings::{self, Dialect, Settings};

/// Parts the bytes of a first reading from those of a second.
const THEN: &[u8] = b"\n%%\n";

struct Trees {
    place: Place,
    settings: [Settings; 2],
}

thread_local! {
    static TREES: Trees = {
        let place = Place::new();
        let settings = DIALECTS.map(|dialect| settings(&place.0, dialect, &[]));
        Trees { place, settings }
    };
}

/// The collector reads the file as it was, then as it is, then again: what it says is sound, the
/// same as its naive twin says, and the same when nothing has changed.
fn read(
    collector: &'static str,
    file: &str,
    bytes: &[u8],
    twin: &mut dyn FnMut(&[u8], Dialect) -> Vec<String>,
) {
    let at = bytes.windows(THEN.len()).position(|window| window == THEN);
    let texts = match at {
        Some(at) => vec![&bytes[..at], &bytes[at + THEN.len()..]],
        None => vec![bytes],
    };
    TREES.with(|trees| {
        // One of the dialects: checking is what takes the time.
        let settings = &trees.settings[bytes.len() % 2];
        let mut reader = Reader::of(collector, settings);
        let mut said = Vec::new();
        for text in texts {
            trees.place.put(file, text);
            said = reader.read().text;
            naive::agree(&said, settings.dialect, twin(text, settings.dialect));
        }
        assert!(reader.read().text == said, "the same file gives another text");
    });
}

pub fn proc_stat(bytes: &[u8]) {
    let mut before = Before::new();
    read("cpu", "proc/stat", bytes, &mut |text, dialect| {
        naive::stat::samples(text, dialect, &mut before)
    });
}

pub fn meminfo(bytes: &[u8]) {
    read("memory", "proc/meminfo", bytes, &mut naive::memory::samples);
}

pub fn diskstats(bytes: &[u8]) {
    read("disk", "proc/diskstats", bytes, &mut naive::disk::samples);
}

pub fn net_dev(bytes: &[u8]) {
    read("network", "proc/net/dev", bytes, &mut naive::network::samples);
}

/// What udev knows of a disk, in the dialect that asks for it.
pub fn udev(bytes: &[u8]) {
    let row = b"   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n";
    TREES.with(|trees| {
        trees.place.put("proc/diskstats", row);
        trees.place.put("udev/data/b8:0", bytes);
        let mut reader = Reader::of("disk", &trees.settings[Dialect::Node as usize]);
        let said = reader.read().text;
        strict::parse(&said, Format::Prometheus).unwrap_or_else(|why| panic!("{why}"));
        assert!(!said.is_empty(), "the file of the collector itself is good");
        assert!(reader.read().text == said, "the second reading differs");
    });
}

/// A machine, of which one file at a time has other bytes.
struct Stored {
    place: Place,
    settings: [Settings; 2],
    /// Each file that is read, what it says, and who reads it.
    files: Vec<(String, Vec<u8>, Vec<&'static str>)>,
}

thread_local! {
    static STORED: Stored = {
        let place = Place::copy_of(Path::new("fixtures/box"));
        let settings = DIALECTS.map(|dialect| settings(&place.0, dialect, &ALL));
        let mut files = Vec::new();
        for (path, collectors) in readers(&place.0, &settings) {
            if let Ok(bytes) = std::fs::read(place.0.join(&path)) {
                let path = path.into_os_string().into_string().unwrap();
                files.push((path, bytes, collectors.into_iter().collect()));
            }
        }
        Stored { place, settings, files }
    };
}

/// Any file that any collector reads: the first bytes choose it and the dialect, the rest is what it
/// says. What its readers say is sound, and the same again.
pub fn collectors(bytes: &[u8]) {
    let [high, low, dialect, text @ ..] = bytes else { return };
    STORED.with(|stored| {
        let at = usize::from(u16::from_be_bytes([*high, *low]));
        let (file, before, collectors) = &stored.files[at % stored.files.len()];
        stored.place.put(file, text);
        for collector in collectors {
            let mut reader = Reader::of(collector, &stored.settings[usize::from(dialect % 2)]);
            let said = reader.read().text;
            let sound = strict::parse(&said, Format::Prometheus);
            sound.unwrap_or_else(|why| panic!("{collector} of {file}: {why}"));
            let again = reader.read().text;
            // A mount may be asked in a child process, whose answer may come late.
            let is_same = *collector == "filesystem" || steady(&again) == steady(&said);
            assert!(is_same, "{collector} of {file}: the second reading differs");
        }
        stored.place.put(file, before);
    });
}

/// The files that `collectors` chooses from, in its order.
#[allow(dead_code)] // seeds are made elsewhere
pub fn of_collectors() -> Vec<String> {
    STORED.with(|stored| stored.files.iter().map(|(path, ..)| path.clone()).collect())
}

/// Settings are refused with a reason, or taken; what is shown of them means the same, unless a secret
/// is not shown.
pub fn settings_toml(bytes: &[u8]) {
    TREES.with(|trees| {
        let Ok(first) = load(&trees.place, bytes) else { return };
        let shown = first.effective.clone();
        if shown.contains("<secret>") {
            return;
        }
        let again = load(&trees.place, shown.as_bytes());
        let again = again.unwrap_or_else(|why| panic!("{why}\n{shown}"));
        assert_eq!(of_text(first), of_text(again));
    });
}

/// What follows from the text alone. Default files for state are used where their directory is there, those that
/// are named in any case.
fn of_text(mut settings: Settings) -> Settings {
    settings.effective.clear();
    settings.sandbox.state_files.clear();
    settings
}

fn load(place: &Place, bytes: &[u8]) -> Result<Settings, String> {
    place.put("settings.toml", bytes);
    let file = place.0.join("settings.toml");
    let args = ["--check-config".into(), "--config".into(), OsString::from(file)];
    settings::load(
        &app::subjects(),
        sysmetrics::serve::routes::is_reserved,
        args.into_iter(),
        [].into_iter(),
    )
    .map_err(|refusal| {
        let reason = refusal.to_string();
        assert!(!reason.is_empty() && reason.len() < 10_000, "{reason}");
        reason
    })
}
