//! Checks whether a text would be stored as a whole, before anything is changed.

use super::{Buffers, Intake, Row, is_of_shape};
use crate::base::clock::WallClock;
use crate::base::float::float;
use crate::base::sys;
use crate::inputs::push::exposition::{BadLine, Read, Sample, Syntax, each_line};
use crate::model::metric::{Kind, Point};
use crate::model::store::{Amount, Index, PARTS, Reason, Store};
use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

/// Why a text is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// A line cannot be read.
    Line(BadLine),
    /// The sample of this name has a time stamp.
    Timed(String),
    /// The sample of this name would be refused.
    Sample(String, Reason),
}

/// The state of checking a text.
struct DryRun<'t> {
    intake: &'t Intake<'t>,
    store: &'t Store,
    /// The text replaces all that the group has.
    is_all: bool,
    now: Instant,
    wall: WallClock,
    hasher: &'t RandomState,
    row: &'t mut Row,
    seen: &'t mut Vec<(u64, usize)>,
    names: &'t mut Vec<String>,
    /// Lines that may be parts of histograms and summaries: their hashes, whether they are, and the position of the name.
    lines: Vec<(u64, bool, usize)>,
    /// The positions of the names that the text gives a type, and that are not only parts of histograms or summaries.
    typed: Vec<usize>,
    /// The positions of names in whose way metrics of the group may be that stay: those of numbers, and those of parts.
    numbers: Vec<usize>,
    parts: Vec<usize>,
    /// The hashes of the families that do not exist yet, and their places.
    fresh: Vec<u64>,
    places: Index,
    more: Amount,
    clashes: bool,
}

impl Intake<'_> {
    /// Checks whether every sample of `text` would be stored, none of them with a time stamp, and there is
    /// room for all. The group replaces its metrics of the same names, or with `is_all`
    /// everything. Changes nothing. Returns whether what is replaced must be removed first.
    pub fn judge(
        &self,
        text: &[u8],
        syntax: Syntax,
        is_all: bool,
        buffers: &mut Buffers,
        store: &Store,
        now: Instant,
    ) -> Result<bool, Rejection> {
        let Buffers { reader, row, hasher, seen, names } = buffers;
        seen.clear();
        names.clear();
        let mut trial = DryRun {
            intake: self,
            store,
            is_all,
            now,
            wall: WallClock::now(),
            hasher,
            row,
            seen,
            names,
            lines: Vec::new(),
            typed: Vec::new(),
            numbers: Vec::new(),
            parts: Vec::new(),
            fresh: Vec::new(),
            places: Index::default(),
            more: Amount::default(),
            clashes: false,
        };
        let mut first = None;
        let done = reader.read(text, syntax, &mut |read| {
            if first.is_none() {
                first = trial.judge_read(read).err();
            }
        });
        done.map_err(Rejection::Line)?;
        match first {
            Some(rejection) => Err(rejection),
            None => trial.end(),
        }
    }
}

impl DryRun<'_> {
    fn judge_read(&mut self, read: Read<'_>) -> Result<(), Rejection> {
        match read {
            Ok(sample) => self.judge_whole(&sample),
            Err((name, Reason::Unassembled)) => {
                self.name_parts(name, Kind::Histogram);
                Ok(())
            }
            Err((name, reason)) => Err(Rejection::Sample(name.to_owned(), reason)),
        }
    }

    /// Checks a sample; where it is refused only as a histogram or summary, each of its lines.
    fn judge_whole(&mut self, sample: &Sample<'_>) -> Result<(), Rejection> {
        if !matches!(sample.point, Point::Number(_)) {
            self.name_parts(sample.name, sample.kind);
        }
        let done = self.judge_one(sample);
        if done.is_ok() {
            each_line(sample, &mut |line| self.note_line(line, Some(sample.kind)));
        }
        if !matches!(&done, Err(Rejection::Sample(_, reason)) if is_of_shape(sample, *reason)) {
            return done;
        }
        let mut done = Ok(());
        each_line(sample, &mut |line| {
            if done.is_ok() {
                done = self.judge_one(line);
            }
        });
        done
    }

    fn judge_one(&mut self, sample: &Sample<'_>) -> Result<(), Rejection> {
        if sample.time.is_some() {
            return Err(Rejection::Timed(sample.name.to_owned()));
        }
        self.offer(sample).map_err(|reason| Rejection::Sample(sample.name.to_owned(), reason))
    }

    fn offer(&mut self, sample: &Sample<'_>) -> Result<(), Reason> {
        let offer = self.intake.offer(sample, self.row, 0, self.store.bounds(), self.wall)?;
        if self.names.last().is_none_or(|last| *last != *offer.name) {
            self.names.push(offer.name.to_owned());
        }
        let is_number = matches!(sample.point, Point::Number(_));
        let at = self.names.len() - 1;
        if offer.kind != Kind::Untyped && self.typed.last() != Some(&at) {
            self.typed.push(at);
        }
        if is_number && !self.is_all && self.numbers.last() != Some(&at) {
            self.numbers.push(at);
        }
        let judgement = self.store.judge(&offer, self.is_all, self.now)?;
        let key = (is_number, offer.name, offer.labels.text());
        self.seen.push((self.hasher.hash_one(key), at));
        self.more.add(judgement.more);
        let family = self.hasher.hash_one(offer.name);
        let is_it = |at: u32| self.fresh.get(at as usize) == Some(&family);
        if judgement.is_new && self.places.find(family as u32, is_it).is_none() {
            let at = self.fresh.len() as u32;
            let fresh = &mut self.fresh;
            fresh.push(family);
            let hash_of = |at: u32| fresh.get(at as usize).map_or(0, |hash| *hash as u32);
            self.places.insert(family as u32, at, hash_of);
            self.more.add(offer.of_family());
        }
        self.clashes |= judgement.clashes;
        self.store.room(self.intake.group, self.more)?;
        if is_number {
            self.note_line(sample, None);
        }
        Ok(())
    }

    /// Records a line that is a part of a histogram or summary, or a number that could be the same line.
    fn note_line(&mut self, line: &Sample<'_>, whole: Option<Kind>) {
        let Ok(offer) = self.intake.offer(line, self.row, 0, self.store.bounds(), self.wall) else {
            return;
        };
        // A summary may have a name that ends like that of a bucket, so that a number may be the line of either.
        let keys: &[&str] = match whole {
            _ if !offer.name.ends_with(PARTS[0]) => &["quantile"],
            Some(Kind::Histogram) => &["le"],
            Some(_) => &["quantile"],
            None => &["le", "quantile"],
        };
        for key in keys {
            let (mut is_bound, mut hash) = (false, self.hasher.hash_one(offer.name));
            for (label, value) in offer.labels.pairs() {
                // Bounds may be written in several ways.
                let bound = str::from_utf8(&value).ok().filter(|_| *label == *key.as_bytes());
                let bound = bound.and_then(float).map(f64::to_bits);
                is_bound |= bound.is_some();
                let value = bound.map_or(value, |_| Cow::default());
                hash = hash.wrapping_add(self.hasher.hash_one((bound, label, value)));
            }
            if is_bound || PARTS.iter().any(|part| offer.name.ends_with(part)) {
                let at = self.names.len().saturating_sub(1);
                self.lines.push((hash, whole.is_some(), at));
            }
        }
    }

    /// Lists every name that a histogram or summary of this name replaces. As in a Pushgateway, a metric of the
    /// group that stays and has the name of a part is in its way; one without a type may be a line of it.
    fn name_parts(&mut self, name: &str, kind: Kind) {
        let prefix = self.intake.prefix;
        // The first is that of buckets.
        let parts = PARTS.get(usize::from(kind == Kind::Summary)..).unwrap_or_default();
        for part in parts.iter().chain(&[""]) {
            let name = [prefix, name, part].concat();
            if !part.is_empty() && !self.is_all {
                self.parts.push(self.names.len());
            }
            self.names.push(name);
        }
    }

    /// A name in whose way a metric of the group is that stays: one with a type and the name of a part, or a histogram or
    /// summary that has a part of the name. Each name is looked up once, as a look-up goes through the family's series.
    fn blocked(&self) -> Option<String> {
        let (store, group) = (self.store, self.intake.group);
        let sorted = |places: &mut dyn Iterator<Item = usize>| {
            let mut names: Vec<_> = places.filter_map(|at| self.names.get(at)).collect();
            sys::sort(&mut names, Ord::cmp);
            names.dedup();
            names
        };
        let [numbers, parts, typed] = [&self.numbers, &self.parts, &self.typed]
            .map(|places| sorted(&mut places.iter().copied()));
        let is_typed =
            |part: &&&String| typed.binary_search(part).is_err() && store.has_typed(group, part);
        if let Some(part) = parts.iter().find(is_typed) {
            return Some(part.to_string());
        }
        let wholes =
            numbers.iter().filter_map(|number| Some((number, store.whole_of(group, number)?)));
        let wholes: Vec<_> = wholes.collect();
        if wholes.is_empty() {
            return None;
        }
        let all = sorted(&mut (0..self.names.len()));
        let stays = |whole: &str| all.binary_search_by(|name| name.as_str().cmp(whole)).is_err();
        wholes.iter().find(|(_, whole)| stays(whole)).map(|(number, _)| number.to_string())
    }

    /// Checks that no series and no line appears twice. Returns whether what is replaced must be removed first.
    fn end(self) -> Result<bool, Rejection> {
        if let Some(name) = self.blocked() {
            return Err(Rejection::Sample(name, Reason::Taken));
        }
        sys::sort(self.seen, Ord::cmp);
        let is_same = |pair: &[(u64, usize)]| match pair {
            [a, b] if a.0 == b.0 => self.names.get(b.1).cloned(),
            _ => None,
        };
        if let Some(name) = self.seen.windows(2).find_map(is_same) {
            return Err(Rejection::Sample(name, Reason::Twice));
        }
        let mut lines = self.lines;
        sys::sort(&mut lines, Ord::cmp);
        let is_same = |pair: &[(u64, bool, usize)]| match pair {
            [a, b] if a.0 == b.0 && a.1 != b.1 => self.names.get(a.2).cloned(),
            _ => None,
        };
        if let Some(name) = lines.windows(2).find_map(is_same) {
            return Err(Rejection::Sample(name, Reason::Twice));
        }
        sys::sort(self.names, Ord::cmp);
        self.names.dedup();
        Ok(self.clashes)
    }
}
