//! The naive twin.

use super::sources::{BOOT, FAMILIES, START};
use crate::model::frame::{Frame, Wanted};
use crate::model::metric::*;
use std::collections::BTreeMap;

/// Its numbers, and the bounds or quantiles of them, if it is not a plain number.
#[derive(Clone, Debug, PartialEq)]
pub struct Form(pub Option<Vec<u64>>, pub bool);

pub type Key = (usize, Vec<(String, String)>);

#[derive(Clone, Debug)]
pub struct Sample(pub Key, pub Form, pub Vec<f64>, pub Option<i64>);

#[derive(Clone, Debug)]
pub struct One {
    form: Form,
    last: Vec<f64>,
    start: u64,
    is_live: bool,
    is_contained: bool,
}

/// Name, labels, whether it is stale, numbers, time, start.
pub type Row = (String, Vec<(String, String)>, bool, Vec<f64>, i64, i64);

pub struct Twin {
    pub wanted: Wanted,
    pub all: BTreeMap<Key, One>,
    /// Families that had a sample in a frame that ended.
    pub seen: Vec<usize>,
    pub now: Vec<Sample>,
    pub duplicates: u64,
    pub frames: u32,
    pub before: u64,
    pub generation: u64,
}

pub fn full_name(at: usize) -> Option<String> {
    let family = &FAMILIES[at].1;
    let (name, _) = family.named(Default::default())?;
    Some([family.prefix(Default::default()), name].concat())
}

impl Twin {
    pub fn is_wanted(&self, at: usize) -> bool {
        let Some(name) = full_name(at) else { return false };
        let is_like = |glob: &String| match glob.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *glob,
        };
        (self.wanted.include.is_empty() || self.wanted.include.iter().any(is_like))
            && !self.wanted.exclude.iter().any(is_like)
    }

    pub fn take(&mut self, sample: Sample) {
        match self.now.iter().any(|other| other.0 == sample.0) {
            true => self.duplicates += 1,
            false => self.now.push(sample),
        }
    }

    fn labels(&self, own: &[(String, String)]) -> Vec<(String, String)> {
        let mut labels: BTreeMap<_, _> = self.wanted.labels.iter().cloned().collect();
        labels.extend(own.iter().cloned());
        labels.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    fn forget(&mut self, generation: u64) {
        if std::mem::replace(&mut self.generation, generation) != generation && self.frames > 0 {
            self.all.retain(|_, one| one.is_live);
            let all = &self.all;
            self.seen.retain(|family| all.keys().any(|key| key.0 == *family));
        }
    }

    pub fn finish(&mut self, frame: &Frame) -> Vec<Row> {
        self.forget(frame.table.generation);
        self.frames += 1;
        let (mut rows, mut samples) = (Vec::new(), std::mem::take(&mut self.now));
        let time = BOOT + frame.moment.since_boot as i64;
        let was: Vec<Key> =
            self.all.iter().filter(|(_, o)| o.is_contained).map(|o| o.0.clone()).collect();
        for one in self.all.values_mut() {
            (one.is_live, one.is_contained) = (false, false);
        }
        let seen = self.seen.clone();
        for sample in samples.drain(..) {
            rows.extend(self.one(&sample, &seen, time));
            if !self.seen.contains(&sample.0.0) {
                self.seen.push(sample.0.0);
            }
        }
        for key in was {
            let one = &self.all[&key];
            if !one.is_contained {
                assert!(!one.is_live);
                let zeros = vec![0.0; one.last.len()];
                rows.push(self.row(&key, true, zeros, time, one.start));
            }
        }
        self.before = frame.moment.since_boot;
        rows
    }

    fn is_delta(&self, family: usize) -> bool {
        let kind = FAMILIES[family].1.kind;
        self.wanted.is_delta && matches!(kind, Kind::Counter | Kind::Histogram)
    }

    fn row(&self, key: &Key, stale: bool, numbers: Vec<f64>, time: i64, start: u64) -> Row {
        let start = match (self.is_delta(key.0), start) {
            (true, _) => BOOT + self.before as i64,
            (false, 0) => BOOT / 1000 * 1000,
            (false, start) => BOOT + start as i64,
        };
        (full_name(key.0).unwrap(), self.labels(&key.1), stale, numbers, time, start)
    }

    fn one(&mut self, sample: &Sample, seen: &[usize], time: i64) -> Option<Row> {
        let Sample(key, form, numbers, own_time) = sample;
        let (source, family) = &FAMILIES[key.0];
        let zeros = vec![0.0; numbers.len()];
        let (start, base, is_mute) = match self.all.get(key) {
            Some(one) if one.form == *form => {
                let counts = match family.kind {
                    _ if form.1 => numbers.len() - 1..numbers.len(),
                    _ if form.0.is_some() => 0..numbers.len() - 1,
                    Kind::Counter => 0..1,
                    _ => 0..0,
                };
                match counts.into_iter().any(|i| numbers[i] < one.last[i]) {
                    true => (self.before, zeros, false),
                    false => (one.start, one.last.clone(), false),
                }
            }
            Some(_) => (self.before, zeros, false),
            None if *source < 8 && !seen.contains(&key.0) => (0, zeros, true),
            None if *source >= 8 && self.frames == 1 => (START, zeros, true),
            None => (self.before, zeros, false),
        };
        let is_delta = self.is_delta(key.0);
        let (is_contained, last) = (!(is_delta && is_mute), numbers.clone());
        let one = One { form: form.clone(), last, start, is_live: true, is_contained };
        self.all.insert(key.clone(), one);
        let since = |(new, old): (&f64, &f64)| if is_delta { new - old } else { *new };
        let numbers = numbers.iter().zip(&base).map(since).collect();
        is_contained.then(|| self.row(key, false, numbers, own_time.unwrap_or(time), start))
    }
}
