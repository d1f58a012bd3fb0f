//! Exemplars: of each bucket one observation that can be looked up by the labels of its trace.
//! Memory for them is allocated when the first one comes, so that they cost nothing otherwise.

use crate::model::metric::{self, Labels};
use crate::model::store::{Bounds, LabelSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Characters of all names and values together, the limit of OpenMetrics.
pub const MAX_RUNES: usize = 128;

/// The last exemplar of one bucket.
#[derive(Clone, Debug, Default)]
pub struct Exemplar {
    /// In the form of text formats; the memory is reused.
    labels: Vec<u8>,
    value: f64,
    /// Milliseconds since 1970.
    time: i64,
}

impl Exemplar {
    /// In the form for sinks.
    pub fn row(&self) -> metric::Exemplar<'_> {
        let labels = Labels::rendered(&self.labels);
        metric::Exemplar { labels, value: self.value, time: self.time }
    }
}

/// One for each bucket.
#[derive(Debug)]
pub struct Exemplars(Box<[Mutex<Option<Exemplar>>]>);

impl Exemplars {
    pub fn new(buckets: usize) -> Exemplars {
        Exemplars((0..buckets).map(|_| Mutex::default()).collect())
    }

    /// Replaces the exemplar of a bucket; false if the labels are invalid.
    pub fn set(&self, bucket: usize, labels: &[(&str, &str)], value: f64, time: i64) -> bool {
        let runes = labels.iter().map(|(name, value)| name.chars().count() + value.chars().count());
        let (mut set, bounds) = (LabelSet::default(), Bounds::default());
        labels.iter().for_each(|(name, value)| set.add(name, value));
        let Some(place) = self.0.get(bucket).filter(|_| runes.sum::<usize>() <= MAX_RUNES) else {
            return false;
        };
        let Ok(labels) = set.render(&bounds, "") else { return false };
        let mut there = lock(place);
        let there = there.get_or_insert_default();
        there.labels.clear();
        there.labels.extend_from_slice(labels.text());
        (there.value, there.time) = (value, time);
        true
    }

    /// A copy of the current exemplars.
    pub fn copy(&self) -> Vec<Option<Exemplar>> {
        self.0.iter().map(|place| lock(place).clone()).collect()
    }
}

fn lock(place: &Mutex<Option<Exemplar>>) -> MutexGuard<'_, Option<Exemplar>> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_has_its_last() {
        let exemplars = Exemplars::new(2);
        assert!(exemplars.set(0, &[("trace_id", "a\"b")], 0.5, 7));
        assert!(exemplars.set(0, &[("trace_id", "c")], 0.25, 8));
        assert!(!exemplars.set(2, &[("trace_id", "c")], 0.25, 8), "no such bucket");
        let long = "é".repeat(MAX_RUNES - 1);
        assert!(exemplars.set(1, &[("a", &long)], 2.0, 9));
        assert!(!exemplars.set(1, &[("ab", &long)], 3.0, 9), "too long");
        assert!(!exemplars.set(1, &[("a-b", "x")], 3.0, 9), "no label");
        let copy = exemplars.copy();
        let [Some(first), Some(second)] = &copy[..] else { panic!("{copy:?}") };
        assert_eq!((first.row().labels.text(), first.row().value), (&b"trace_id=\"c\""[..], 0.25));
        assert_eq!((second.row().value, second.row().time), (2.0, 9));
    }
}
