//! The bodies of the fuzz targets, without a fuzzer: with every stored machine, and with damaged bytes.
//! `.ci/fuzz.sh <target>` goes further.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;
#[cfg(feature = "hub")]
#[path = "../fuzz/families.rs"]
mod families;
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
        // One of them is many.
        let times = if target == "collectors" { 8 } else { 1 };
        let damaged = (0..times * DAMAGED / bodies::BODIES.len()).map(|_| {
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

/// Pages whose lines are sound, so that what is told is how they belong together.
#[test]
fn pages_of_any_lines_are_taken() {
    const NAMES: [&str; 10] =
        ["h", "h_bucket", "h_sum", "h_count", "s", "s_sum", "s_count", "g", "a.b", "a_b"];
    const TYPES: [&str; 5] = ["histogram", "summary", "counter", "gauge", "untyped"];
    const LABELS: [&str; 10] = [
        "le=\"1\"",
        "le=\"+Inf\"",
        "le=\"1.0\"",
        "le=\"x\"",
        "quantile=\"0.5\"",
        "quantile=\"50\"",
        "l=\"1\"",
        "\"k.l\"=\"1\"",
        "k_l=\"1\"",
        "l=\"\n\"",
    ];
    const VALUES: [&str; 6] = ["1", "2", "3", "0.5", "NaN", "x"];
    let (_, body) = bodies::BODIES.into_iter().find(|(name, _)| *name == "exposition_in").unwrap();
    let mut random = Random::new(5);
    for _ in 0..6000 {
        let mut page = " ".to_owned();
        for kind in ["histogram", "summary"] {
            page += &format!("# TYPE {} {kind}\n", kind.get(..1).unwrap());
        }
        // Whole ones, of which some lines are missing, twice or elsewhere.
        let mut lines = Vec::new();
        for labels in ["", "l=\"1\""] {
            let near = |more: &str| [labels, more].join(if labels.is_empty() { "" } else { "," });
            for (suffix, more, value) in [
                ("h_bucket", "le=\"1\"", "1"),
                ("h_bucket", "le=\"+Inf\"", "3"),
                ("h_sum", "", "0.5"),
                ("h_count", "", "3"),
                ("s", "quantile=\"0.5\"", "NaN"),
                ("s_sum", "", "2"),
                ("s_count", "", "2"),
            ] {
                let more = if more.is_empty() { labels.to_owned() } else { near(more) };
                lines.push(format!("{suffix}{{{more}}} {value}\n"));
            }
        }
        for _ in 0..random.below(4) {
            let (a, b) = (random.below(lines.len()), random.below(lines.len()));
            match random.below(3) {
                0 => lines.swap(a, b),
                1 => lines[a] = lines[b].clone(),
                _ => drop(lines.remove(a)),
            }
        }
        let all = lines.len();
        for _ in 0..random.below(6) {
            let name = NAMES[random.below(NAMES.len())];
            let mut line = format!("{{\"{name}\"");
            for _ in 0..[0, 1, 1, 2][random.below(4)] {
                line += &format!(",{}", LABELS[random.below(LABELS.len())]);
            }
            line += &format!("}} {}\n", VALUES[random.below(VALUES.len())]);
            if random.below(9) == 0 {
                line = format!("# TYPE \"{name}\" {}\n", TYPES[random.below(TYPES.len())]);
            }
            lines.insert(random.below(all), line);
        }
        page += &lines.concat();
        if random.below(2) == 0 {
            page = page.replacen(' ', "#", 1) + "# EOF\n";
        }
        if catch_unwind(|| body(page.as_bytes())).is_err() {
            panic!("exposition_in breaks on {}", page.escape_default());
        }
    }
}

/// Families that collide, of one group and of several, as text and in protocol buffers.
#[cfg(feature = "hub")]
#[test]
fn pushes_of_colliding_names_are_taken_or_refused() {
    let body = |name| bodies::BODIES.into_iter().find(|(known, _)| *known == name).unwrap().1;
    let mut random = Random::new(7);
    for _ in 0..1000 {
        let text = families::text(&mut random);
        let mut pushes = Vec::new();
        for path in ["job/a", "job/b", "job/a/l/1", "job/a"] {
            pushes.push(format!("{path}\n{}", families::text(&mut random)));
        }
        for (name, bytes) in [
            ("exposition_in", format!(" {text}").into_bytes()),
            ("exposition_in", format!("#{text}# EOF\n").into_bytes()),
            ("textfile", text.into_bytes()),
            ("push_group", pushes.join("\n%%\n").into_bytes()),
            ("push_protobuf", families::protobuf(&mut random)),
        ] {
            if catch_unwind(|| body(name)(&bytes)).is_err() {
                panic!("{name} breaks on {}", bytes.escape_ascii());
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
