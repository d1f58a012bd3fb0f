//! The bodies of the fuzz targets, without a fuzzer: over every stored machine, and over damaged
//! bytes. `.ci/fuzz.sh <target>` looks further.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;
#[path = "support/random.rs"]
mod random;
#[path = "../fuzz/seeds.rs"]
mod seeds;

use random::Random;
use std::panic::catch_unwind;

/// Damaged inputs for all targets together.
const DAMAGED: usize = 20_000;

/// Two halves, so that they run at the same time.
#[test]
fn every_second_body_takes_any_bytes() {
    take_any_bytes(0);
}

#[test]
fn the_other_bodies_take_any_bytes() {
    take_any_bytes(1);
}

fn take_any_bytes(first: usize) {
    for (target, body) in bodies::BODIES.into_iter().skip(first).step_by(2) {
        let seeds = seeds::of(target);
        assert!(!seeds.is_empty(), "{target} has no seeds");
        let mut random = Random::new(target.len() as u64);
        let damaged = (0..DAMAGED / bodies::BODIES.len()).map(|_| {
            let seed = &seeds[random.below(seeds.len())].1;
            random.damage(seed)
        });
        let undamaged = seeds.iter().map(|(_, bytes)| bytes.clone());
        for bytes in undamaged.clone().chain(damaged) {
            if catch_unwind(|| body(&bytes)).is_err() {
                panic!("{target} breaks on {}", bytes.escape_ascii());
            }
        }
    }
}

/// `make fuzz-seeds`: writes the seeds to where libFuzzer looks for them.
#[test]
#[ignore = "writes fuzz/corpus"]
fn write_seeds() {
    for (target, _) in bodies::BODIES {
        let directory = std::path::Path::new("fuzz/corpus").join(target);
        std::fs::create_dir_all(&directory).unwrap();
        for (name, bytes) in seeds::of(target) {
            std::fs::write(directory.join(name), bytes).unwrap();
        }
    }
}
