//! What this box can tell: one file a subject, one row here for each.

use crate::error::Error;
use crate::metric::{Family, Sink};
use crate::read::Root;
use crate::settings::{CollectorSettings, Subject};

mod cpu;
mod disk;
mod memory;
mod network;

/// Every collector, in the order of the scrape. The only list of them.
pub static COLLECTORS: &[Spec] = &[cpu::SPEC, memory::SPEC, disk::SPEC, network::SPEC];

/// All there is to know about one collector.
pub struct Spec {
    /// Its names, options and defaults.
    pub subject: Subject,
    /// Its families; those whose names come from the kernel are not among them.
    pub families: &'static [Family<'static>],
    /// Makes one for these trees and settings. Nothing is read yet.
    pub open: fn(&Root, &CollectorSettings) -> Box<dyn Collector>,
}

/// One subject's reader.
pub trait Collector {
    /// Reads the kernel's files once and writes every sample, family by family. What spoils one
    /// sample goes to `faults`; an error spoils the whole collector.
    fn collect(&mut self, out: &mut dyn Sink, faults: &mut Faults) -> Result<(), Error>;
}

/// What went wrong with single samples of one collector in one scrape.
#[derive(Debug, Default)]
pub struct Faults {
    count: u64,
    last: Option<Error>,
}

impl Faults {
    /// One sample, line or device was left out because of `error`.
    pub fn note(&mut self, error: Error) {
        self.count += 1;
        self.last = Some(error);
    }

    /// How many were left out.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// One of the reasons.
    pub fn last(&self) -> Option<Error> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Kind;
    use crate::settings::Dialect;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_well_formed() {
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut seen = HashSet::new();
            for family in COLLECTORS.iter().flat_map(|c| c.families) {
                let Some((name, _)) = family.named(dialect) else { continue };
                assert!(seen.insert(name), "{name} declared twice in {dialect:?}");
                assert!(family.help.ends_with('.'), "{name}");
                let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                assert!(name.chars().all(is_word), "{name}");
                assert_eq!(family.kind == Kind::Counter, name.ends_with("_total"), "{name}");
            }
        }
    }

    #[test]
    fn every_file_is_in_the_table() {
        for entry in std::fs::read_dir("src/collect").unwrap() {
            let name = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
            let registered = COLLECTORS.iter().any(|c| c.subject.name == name);
            assert!(name == "mod" || registered, "{name} is not registered");
        }
    }
}
