//! What this box can tell: one file a subject, one row here for each.

use crate::error::Error;
use crate::metric::{Family, Sink};
use crate::read::Root;
use crate::settings::{CollectorSettings, Dialect, Subject};

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
    /// How the names of those begin whose names come from the kernel.
    pub dynamic: &'static [&'static str],
    /// Makes one. Nothing is read yet.
    pub open: fn(&Setup<'_>) -> Box<dyn Collector>,
}

/// What a collector is made from.
pub struct Setup<'a> {
    /// Where the kernel's trees are.
    pub root: &'a Root,
    /// Its options.
    pub settings: &'a CollectorSettings,
    /// Whose names its samples will bear: what only the other dialect shows need not be read.
    pub dialect: Dialect,
}

/// One subject's reader.
pub trait Collector: Send {
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
    /// One sample, line or device was left out because of `error`. It is called from everywhere.
    #[inline(never)]
    pub fn note(&mut self, error: Error) {
        self.count += 1;
        self.last = Some(error);
    }

    /// What was read of a file that need not be there: only another failure is noted.
    pub fn unless_absent<T>(&mut self, read: Result<T, Error>) -> Option<T> {
        match read {
            Err(Error::Absent(_)) => None,
            Err(error) => {
                self.note(error);
                None
            }
            Ok(value) => Some(value),
        }
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

/// A made-up machine for the collectors' tests.
#[cfg(test)]
mod tree {
    use super::*;
    use crate::expose::{Format, Lines, Text};
    use crate::metric::Buffer;
    use crate::settings::Paths;
    use std::{fs, path::PathBuf};

    /// A directory with the kernel's trees: `proc`, `sys` and `udev`.
    pub struct Tree(pub PathBuf);

    impl Tree {
        pub fn new(name: &str) -> Tree {
            let name = format!("sysmetrics-{name}-{}", std::process::id());
            Tree(std::env::temp_dir().join(name))
        }

        pub fn put(&self, name: &str, text: &str) {
            let file = self.0.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }

        pub fn text(&self, name: &str) -> String {
            fs::read_to_string(self.0.join(name)).unwrap()
        }

        pub fn remove(&self, name: &str) {
            fs::remove_file(self.0.join(name)).unwrap();
        }

        /// A collector for this machine, with the dialect's defaults but for `set`.
        pub fn open(
            &self,
            spec: &Spec,
            dialect: Dialect,
            set: &[(&str, &str)],
        ) -> Box<dyn Collector> {
            open(&self.root(), spec, dialect, set)
        }

        pub fn root(&self) -> Root {
            let at = |name| self.0.join(name);
            Root::at(Paths {
                procfs: at("proc"),
                sysfs: at("sys"),
                rootfs: at(""),
                udev_data: at("udev"),
            })
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    pub fn open(
        root: &Root,
        spec: &Spec,
        dialect: Dialect,
        set: &[(&str, &str)],
    ) -> Box<dyn Collector> {
        let mut args = vec!["--dialect".to_owned(), dialect.name().to_owned()];
        let flag = |key: &str| format!("--collector.{}.{key}", spec.subject.name);
        args.extend(set.iter().map(|(key, value)| format!("{}={value}", flag(key))));
        let args = args.into_iter().map(Into::into);
        let settings = crate::settings::load(&[&spec.subject], args, [].into_iter());
        let settings = settings.unwrap_or_else(|refusal| panic!("{refusal}"));
        let settings = &settings.collectors[0];
        (spec.open)(&Setup { root, settings, dialect })
    }

    /// The samples of one scrape that hold one of `words`, without prefix, and how many faults.
    pub fn scrape(
        collector: &mut dyn Collector,
        dialect: Dialect,
        words: &[&str],
    ) -> (Vec<String>, u64) {
        let (mut out, mut line) = (Buffer::default(), Lines::default());
        let mut faults = Faults::default();
        let mut text = Text::new(dialect, Format::Prometheus, &mut out, &mut line);
        collector.collect(&mut text, &mut faults).unwrap();
        text.finish();
        let text = String::from_utf8(out.bytes().to_vec()).unwrap();
        let kept = |l: &&str| !l.starts_with('#') && words.iter().any(|w| l.contains(w));
        let bare = |l: &str| l.split_once('_').unwrap().1.to_owned();
        (text.lines().filter(kept).map(bare).collect(), faults.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Kind;
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
