//! Files that somebody else writes: the kernel, udev, the operator.

use super::machine::{DIALECTS, Reader, settings};
use super::naive::{self, stat::Before};
use super::place::Place;
use super::strict;
use std::ffi::OsString;
use sysmetrics::app;
use sysmetrics::expose::Format;
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
    around("disk", &[("proc/diskstats", row), ("udev/data/b8:0", bytes)]);
}

/// Attributes of the CPUs, in the dialect that asks for them.
pub fn sysfs(bytes: &[u8]) {
    const CPU: &str = "sys/devices/system/cpu";
    let (list, count) = bytes.split_at(bytes.len() / 2);
    let below = |name: &str| format!("{CPU}/{name}");
    around(
        "cpu",
        &[
            ("proc/stat", b"cpu 1 2 3 4\ncpu0 1 2 3 4\ncpu1 1 2 3 4\n"),
            (&below("online"), bytes),
            (&below("isolated"), list),
            (&below("cpu0/topology/core_id"), b"0\n"),
            (&below("cpu0/topology/physical_package_id"), b"0\n"),
            (&below("cpu0/thermal_throttle/core_throttle_count"), count),
            (&below("cpu0/thermal_throttle/package_throttle_count"), list),
        ],
    );
}

/// Files beside the one of a collector give sound samples, and the same ones twice.
fn around(collector: &'static str, files: &[(&str, &[u8])]) {
    TREES.with(|trees| {
        for (file, bytes) in files {
            trees.place.put(file, bytes);
        }
        let mut reader = Reader::of(collector, &trees.settings[Dialect::Node as usize]);
        let said = reader.read().text;
        strict::parse(&said, Format::Prometheus).unwrap_or_else(|why| panic!("{why}"));
        assert!(!said.is_empty(), "the file of the collector itself is good");
        assert!(reader.read().text == said, "the second reading differs");
    });
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
        assert_eq!(
            Settings { effective: String::new(), ..first },
            Settings { effective: String::new(), ..again }
        );
    });
}

fn load(place: &Place, bytes: &[u8]) -> Result<Settings, String> {
    place.put("settings.toml", bytes);
    let file = place.0.join("settings.toml");
    let args = ["--check-config".into(), "--config".into(), OsString::from(file)];
    settings::load(&app::subjects(), args.into_iter(), [].into_iter()).map_err(|refusal| {
        let reason = refusal.to_string();
        assert!(!reason.is_empty() && reason.len() < 10_000, "{reason}");
        reason
    })
}
