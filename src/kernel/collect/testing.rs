//! A synthetic machine for the collectors' tests.

use super::collector::{Collector, PartialErrors, Scrape, Setup, Spec, Textfiles};
use crate::base::dialect::Dialect;
use crate::base::error::Error;
use crate::kernel::read::{Files, Root};
use crate::model::metric::{Buffer, Sink};
use crate::outputs::expose::{Format, Lines, Text};
use std::time::{Duration, Instant};

pub use crate::kernel::read::testing::Tree;

impl Tree {
    /// A collector for this machine, with the dialect's defaults except for `set`.
    pub fn open(&self, spec: &Spec, dialect: Dialect, set: &[(&str, &str)]) -> Opened {
        open(&self.root(), spec, dialect, set)
    }
}

/// A collector, and the files it reads.
pub struct Opened {
    pub collector: Box<dyn Collector>,
    pub files: Files,
    pub errors: PartialErrors,
    pub textfiles: Textfiles,
}

pub fn open(root: &Root, spec: &Spec, dialect: Dialect, set: &[(&str, &str)]) -> Opened {
    let flag = |key: &str| format!("--collector.{}.{key}", spec.subject.name);
    let args: Vec<_> = set.iter().map(|(key, value)| format!("{}={value}", flag(key))).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    open_beside(root, &[spec], dialect, &args)
}

/// Opens the first of `specs`; the flags may set the others, too.
pub fn open_beside(root: &Root, specs: &[&Spec], dialect: Dialect, flags: &[&str]) -> Opened {
    let subjects: Vec<_> = specs.iter().map(|spec| &spec.subject).collect();
    let args = ["--dialect", dialect.name()].into_iter().chain(flags.iter().copied());
    let args = args.map(Into::into);
    let settings = crate::settings::load(&subjects, |_| false, args, [].into_iter());
    let all = &settings.unwrap_or_else(|refusal| panic!("{refusal}")).collectors;
    let mut files = Files::new(root);
    let settings = &all[0];
    let mut setup = Setup { root, files: &mut files, settings, all, dialect };
    let collector = (specs[0].open)(&mut setup);
    Opened { collector, files, errors: Default::default(), textfiles: Default::default() }
}

impl Opened {
    /// The error of a scrape without samples.
    pub fn error(&mut self) -> Option<Error> {
        let (mut out, mut line) = (Buffer::default(), Lines::default());
        let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut line);
        self.collect(&mut text).err()
    }

    /// Runs one scrape.
    pub fn collect(&mut self, out: &mut dyn Sink) -> Result<(), Error> {
        self.collect_into(Instant::now(), out)
    }

    fn collect_into(&mut self, now: Instant, out: &mut dyn Sink) -> Result<(), Error> {
        let Opened { collector, files, errors, textfiles } = self;
        files.begin();
        errors.begin();
        collector.begin(now);
        collector.collect(&mut Scrape { files, errors, textfiles, now }, out)
    }

    /// The result of a scrape at this time.
    #[cfg(feature = "hub")]
    pub fn collect_at(&mut self, now: Instant) -> Result<(), Error> {
        let (mut out, mut line) = (Buffer::default(), Lines::default());
        let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut line);
        self.collect_into(now, &mut text)
    }

    /// The result of `scrape` at this time.
    pub fn scrape_at(
        &mut self,
        now: Instant,
        dialect: Dialect,
        words: &[&str],
    ) -> (Vec<String>, u64) {
        let (mut out, mut line) = (Buffer::default(), Lines::default());
        let mut text = Text::new(dialect, Format::Prometheus, &mut out, &mut line);
        self.collect_into(now, &mut text).unwrap();
        text.finish();
        let text = String::from_utf8(out.bytes().to_vec()).unwrap();
        let kept = |l: &&str| !l.starts_with('#') && words.iter().any(|w| l.contains(w));
        let bare = |l: &str| l.split_once('_').unwrap().1.to_owned();
        (text.lines().filter(kept).map(bare).collect(), self.errors.count())
    }

    /// The error of one scrape, if it fails.
    pub fn failure(&mut self) -> Option<Error> {
        outcome(self).err()
    }
}

/// The result of one scrape.
pub fn outcome(opened: &mut Opened) -> Result<(), Error> {
    let (mut out, mut line) = (Buffer::default(), Lines::default());
    opened.collect(&mut Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut line))
}

impl Opened {
    /// Whether a scrape reports that the kernel lacks what the collector needs, and that this is not an error.
    pub fn is_unsupported(&mut self) -> bool {
        let (mut out, mut line) = (Buffer::default(), Lines::default());
        let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut line);
        matches!(self.collect(&mut text), Err(Error::Unsupported(_)))
    }
}

/// The samples of one scrape that contain one of `words`, without prefix, and how many errors.
pub fn scrape(opened: &mut Opened, dialect: Dialect, words: &[&str]) -> (Vec<String>, u64) {
    scrape_later(opened, dialect, words, Duration::ZERO)
}

/// The same at a later time.
pub fn scrape_later(
    opened: &mut Opened,
    dialect: Dialect,
    words: &[&str],
    by: Duration,
) -> (Vec<String>, u64) {
    opened.scrape_at(Instant::now() + by, dialect, words)
}
