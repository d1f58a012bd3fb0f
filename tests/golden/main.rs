//! The golden matrix: every machine of `fixtures/` in both dialects, held against the texts in
//! `expected/`. `GOLDEN=rewrite cargo test --test golden` (`make golden`) accepts what comes out now;
//! `fixtures/README.md` says what is right.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::disallowed_methods)]

mod expected;
#[path = "../support/machine.rs"]
mod machine;
#[path = "../support/steady.rs"]
mod steady;
#[path = "../support/strict.rs"]
mod strict;
mod tree;

use expected::Expected;
use machine::{DIALECTS, Reader, Whole, arguments, settings};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use steady::steady;
use sysmetrics::outputs::expose::Format;
use sysmetrics::settings::{Dialect, Level};
use tree::Tree;

/// The machine that is read after another, and that other.
const AFTER: &str = "hotplug-after";
const BEFORE: &str = "hotplug-before";

fn machines() -> Vec<String> {
    let entries = fs::read_dir("fixtures").unwrap().map(|e| e.unwrap());
    let directories = entries.filter(|e| e.file_type().unwrap().is_dir());
    let mut names: Vec<_> = directories.map(|e| e.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn fixture(machine: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(machine)
}

/// What the library makes of a machine: a remark on each collector that failed or left something
/// out, then the exposition. For the machine AFTER, what the second reading gives.
fn read(machine: &str, dialect: Dialect) -> String {
    let (mut first, mut tree) = (machine, None);
    if machine == AFTER {
        first = BEFORE;
        tree = Some(Tree::copy(&fixture(BEFORE)));
    }
    let place = tree.as_ref().map_or(fixture(first), |tree| tree.0.clone());
    let settings = settings(&place, dialect, &[]);
    let (mut readers, mut whole) = (Reader::all(&settings), Whole::open(&settings));
    if let Some(tree) = &tree {
        readers.iter_mut().for_each(|reader| drop(reader.read()));
        whole.read(Format::Prometheus);
        tree.become_like(&fixture(AFTER));
    }

    let (mut remarks, mut alone) = (String::new(), String::new());
    for reader in &mut readers {
        let reading = reader.read();
        let remark = match (&reading.result, reading.errors.last()) {
            (Err(error), _) => format!("# collector {}: {error}\n", reader.name),
            (_, Some(last)) => {
                let count = reading.errors.count();
                // Some name the file where it was looked for.
                let last = last.to_string().replace(concat!(env!("CARGO_MANIFEST_DIR"), "/"), "");
                format!("# collector {}: {count} left out, the last: {last}\n", reader.name)
            }
            _ => String::new(),
        };
        remarks += &remark;
        let shown = steady(&reading.text);
        let again = steady(&reader.read().text);
        assert!(again == shown, "{machine}: {} gives another text", reader.name);
        alone += &shown;
    }
    let together = steady(&whole.read(Format::Prometheus));
    let differs = alone.lines().zip(together.lines()).find(|(one, other)| one != other);
    assert!(together.starts_with(&alone), "{machine}: alone, then together: {differs:?}");
    // What is told about the scrape counts its failures and so differs; the samples may not.
    let again = steady(&whole.read(Format::Prometheus));
    assert!(again.starts_with(&alone), "{machine}: the second reading differs");
    remarks + &together
}

/// What the program prints.
fn print(machine: &str, dialect: Dialect) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
    program.args(arguments(&fixture(machine), dialect)).arg("--print-metrics").env_clear();
    let output = program.output().unwrap();
    assert!(output.status.success(), "{machine}: {}", String::from_utf8_lossy(&output.stderr));
    steady(&output.stdout)
}

#[test]
fn every_machine_in_both_dialects() {
    sysmetrics::base::log::configure(Default::default(), Level::Error);
    let mut expected = Expected::new();
    for machine in machines() {
        for dialect in DIALECTS {
            let made = read(&machine, dialect);
            strict::parse(made.as_bytes(), Format::Prometheus)
                .unwrap_or_else(|why| panic!("{machine}, {}: {why}", dialect.name()));
            let samples = made.split_inclusive('\n').filter(|l| !l.starts_with("# collector "));
            if machine != AFTER {
                let printed = print(&machine, dialect);
                assert!(
                    samples.eq(printed.split_inclusive('\n')),
                    "{machine}: the program differs"
                );
            }
            expected.check(&format!("{machine}.{}.txt", dialect.name()), &made);
        }
    }
    let settings = settings(&fixture("box"), Dialect::Own, &[]);
    let made = steady(&Whole::open(&settings).read(Format::OpenMetrics));
    strict::parse(made.as_bytes(), Format::OpenMetrics).unwrap_or_else(|why| panic!("{why}"));
    expected.check("box.openmetrics.txt", &made);
    expected.finish();
}

/// Prometheus's own tool finds nothing to say about our names (node_exporter's are full of
/// what it dislikes).
#[test]
fn promtool_takes_our_own_dialect() {
    let texts = Tree::empty();
    for machine in machines() {
        let text = texts.0.join(&machine);
        fs::write(&text, read(&machine, Dialect::Own)).unwrap();
        let mut promtool = Command::new("promtool");
        promtool.args(["check", "metrics"]).stdin(fs::File::open(text).unwrap());
        let output = promtool.output();
        let output = output.expect("promtool is missing: it is in Debian's package prometheus");
        let shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success() && shown.is_empty(), "{machine}: {shown}");
    }
}
