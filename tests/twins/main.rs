//! Every reader of a kernel file against its naive twin, on generated and on damaged files: the same samples, and
//! never a panic.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod files;
#[path = "../support/machine.rs"]
mod machine;
#[path = "../support/naive/mod.rs"]
mod naive;
#[path = "../support/place.rs"]
mod place;
#[path = "../support/random.rs"]
mod random;
#[cfg(feature = "hub")]
mod statsd;
#[path = "../support/strict.rs"]
mod strict;
mod words;

use machine::{DIALECTS, Reader, settings};
use place::Place;
use random::Random;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use sysmetrics::settings::Dialect;

/// Files of each kind that are tried in each dialect.
const ROUNDS: usize = 600;

/// A twin says which samples the file gives.
type Twin<'a> = &'a mut dyn FnMut(&[u8], Dialect) -> Vec<String>;

/// One reader that reads file after file, as it does for months, agrees with its twin on each.
fn agree(collector: &'static str, file: &str, make: fn(&mut Random) -> Vec<u8>, twin: Twin<'_>) {
    let place = Place::new();
    let stored: Vec<_> = fs::read_dir("fixtures").unwrap().map(|e| e.unwrap().path()).collect();
    let stored: Vec<_> = stored.iter().filter_map(|m| fs::read(m.join(file)).ok()).collect();
    for dialect in DIALECTS {
        let mut reader = Reader::of(collector, &settings(&place.0, dialect, &[]));
        let mut random = Random::new(collector.len() as u64);
        for round in 0..stored.len() + ROUNDS {
            let text = match stored.get(round) {
                Some(text) => text.clone(),
                None if round % 2 == 0 => make(&mut random),
                None => {
                    let undamaged = &stored[random.below(stored.len())];
                    // `many` is large and its lines are all alike.
                    random.damage(&undamaged[..undamaged.len().min(6000)])
                }
            };
            place.put(file, &text);
            let reading = reader.read();
            let agree = || naive::agree(&reading.text, dialect, twin(&text, dialect));
            if catch_unwind(AssertUnwindSafe(agree)).is_err() {
                panic!("{} of {}", dialect.name(), text.escape_ascii());
            }
        }
    }
}

#[test]
fn cpu() {
    // A twin for each dialect: what was before belongs to the reader.
    let mut before = [naive::stat::Before::new(), naive::stat::Before::new()];
    agree("cpu", "proc/stat", files::stat, &mut |text, dialect| {
        naive::stat::samples(text, dialect, &mut before[dialect as usize])
    });
}

#[test]
fn memory() {
    agree("memory", "proc/meminfo", files::meminfo, &mut naive::memory::samples);
}

#[test]
fn disk() {
    agree("disk", "proc/diskstats", files::diskstats, &mut naive::disk::samples);
}

#[test]
fn network() {
    agree("network", "proc/net/dev", files::net_dev, &mut naive::network::samples);
}
