//! Engine for samples that come object by object and are written family by family. The samples of one
//! scrape are put in, sorted by family and labels, and written; a sample that came before with the same
//! labels counts. A steady scrape allocates nothing.

use super::PartialErrors;
use super::learned::Learned;
use crate::base::sys;
use crate::kernel::read::Names;
use crate::model::metric::{Family, Label, Sink, Value};
use std::cmp::Ordering;

/// More samples than any box has; what comes after is left out and counted.
const MAX_SAMPLES: usize = 65_536;

/// Labels of a sample.
const MAX_LABELS: usize = 8;

/// The samples of one scrape.
pub struct Gathered {
    /// The place in messages.
    place: &'static str,
    /// The label values of all samples, one after the other.
    labels: Names,
    samples: Vec<Sample>,
    /// How many label values there are.
    label_count: usize,
    /// Some sample exceeded the limit.
    has_overflowed: bool,
}

/// The family of a sample.
#[derive(Clone, Copy)]
enum Which {
    /// A row of a collector's table.
    Row(&'static Family<'static>),
    /// A learned family, by its index.
    Learned(usize),
}

impl Which {
    /// Compares families: rows of one table in their order, then learned ones by key, independent of the order in
    /// which the kernel first wrote the keys.
    fn compare(self, other: Which, learned: &Learned) -> Ordering {
        let place = |family: &'static Family<'static>| std::ptr::from_ref(family).addr();
        match (self, other) {
            (Which::Row(a), Which::Row(b)) => place(a).cmp(&place(b)),
            (Which::Row(_), Which::Learned(_)) => Ordering::Less,
            (Which::Learned(_), Which::Row(_)) => Ordering::Greater,
            (Which::Learned(a), Which::Learned(b)) if a == b => Ordering::Equal,
            (Which::Learned(a), Which::Learned(b)) => learned.key(a).cmp(learned.key(b)),
        }
    }
}

#[derive(Clone, Copy)]
struct Sample {
    which: Which,
    /// The index of its first label.
    first: usize,
    count: usize,
    /// Its index among all samples.
    at: usize,
    value: Value,
}

impl Gathered {
    /// An empty list, of samples that are read below `place`.
    pub fn new(place: &'static str) -> Gathered {
        let (labels, samples) = (Names::default(), Vec::new());
        Gathered { place, labels, samples, label_count: 0, has_overflowed: false }
    }

    /// Begins a scrape.
    pub fn begin(&mut self) {
        self.labels.truncate(0);
        self.samples.clear();
        self.label_count = 0;
        self.has_overflowed = false;
    }

    /// How many samples came in this scrape.
    pub fn count(&self) -> usize {
        self.samples.len()
    }

    /// Adds a sample of a row of the collector's table.
    pub fn push(&mut self, family: &'static Family<'static>, labels: &[&[u8]], value: Value) {
        self.add(Which::Row(family), labels, value);
    }

    /// Adds a sample of the learned family with the number `at`.
    pub fn push_learned(&mut self, at: usize, labels: &[&[u8]], value: Value) {
        self.add(Which::Learned(at), labels, value);
    }

    fn add(&mut self, which: Which, labels: &[&[u8]], value: Value) {
        let at = self.samples.len();
        if at >= MAX_SAMPLES || labels.len() > MAX_LABELS {
            self.has_overflowed = true;
            return;
        }
        let first = self.label_count;
        for label in labels {
            // Labels are compared as they are written: two that are not UTF-8 may be written alike.
            self.labels.push(String::from_utf8_lossy(label).as_bytes());
        }
        self.label_count += labels.len();
        self.samples.push(Sample { which, first, count: labels.len(), at, value });
    }

    /// Writes all samples; `learned` has the families that were learned, whose label keys are `keys`.
    pub fn write(
        &mut self,
        (learned, keys): (&Learned, &[&str]),
        errors: &mut PartialErrors,
        out: &mut dyn Sink,
    ) {
        let Gathered { labels, samples, .. } = self;
        let order = |a: &Sample, b: &Sample| {
            let families = a.which.compare(b.which, learned);
            families.then_with(|| values(labels, a).cmp(values(labels, b)))
        };
        sys::sort(samples, |a, b| order(a, b).then(a.at.cmp(&b.at)));
        let mut last: Option<&Sample> = None;
        for sample in samples.iter() {
            if last.is_some_and(|last| order(last, sample).is_eq()) {
                continue;
            }
            if last.is_none_or(|last| last.which.compare(sample.which, learned).is_ne()) {
                match sample.which {
                    Which::Row(family) => out.family(family),
                    Which::Learned(at) => match learned.family(at) {
                        Some(family) => out.family(&family.keyed(keys)),
                        None => continue,
                    },
                }
            }
            let mut row = [Label::of(b""); MAX_LABELS];
            for (to, from) in row.iter_mut().zip(values(labels, sample)) {
                *to = Label::of(from);
            }
            out.sample(row.get(..sample.count).unwrap_or_default(), sample.value);
            last = Some(sample);
        }
        if self.has_overflowed {
            errors.refuse(self.place, "at most 65536 samples", b"");
        }
    }

    /// Writes all samples of a collector that learns no families.
    pub fn write_rows(&mut self, errors: &mut PartialErrors, out: &mut dyn Sink) {
        self.write((&Learned::default(), &[]), errors, out);
    }
}

fn values<'l>(labels: &'l Names, sample: &Sample) -> impl Iterator<Item = &'l [u8]> {
    (sample.first..sample.first + sample.count).map_while(|at| labels.get(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::keyed::NewFamily;
    use crate::model::metric::{Buffer, Kind, Unit, families, gauge};
    use crate::outputs::expose::{Format, Lines, Text};

    static FAMILIES: &[Family; 2] =
        families![gauge("a", Unit::One, "A.", &["x", "y"]), gauge("b", Unit::One, "B.", &[])];

    #[test]
    fn families_come_once_and_the_first_sample_of_a_label_wins() {
        let mut learned = Learned::default();
        let make = |key: &str| {
            let (name, help) = (format!("c_{key}"), "C.".to_owned());
            Some(NewFamily { kind: Kind::Gauge, unit: Unit::One, name, help })
        };
        let at = learned.place(b"k", 0, &make).unwrap();
        let before = learned.place(b"j", 0, &make).unwrap();
        let mut gathered = Gathered::new("/sys/x");
        for _ in 0..2 {
            gathered.begin();
            gathered.push_learned(at, &[b"z"], Value::Int(6));
            gathered.push_learned(before, &[b"z"], Value::Int(7));
            gathered.push(&FAMILIES[1], &[], Value::Int(5));
            gathered.push(&FAMILIES[0], &[b"2", b"\xff"], Value::Int(2));
            gathered.push(&FAMILIES[0], &[b"1", b"1"], Value::Int(1));
            gathered.push(&FAMILIES[0], &[b"2", b"\xfe"], Value::Int(3));
            gathered.push(&FAMILIES[1], &[], Value::Int(4));
            let (mut out, mut lines) = (Buffer::default(), Lines::default());
            let mut text = Text::new(Dialect::Node, Format::Prometheus, &mut out, &mut lines);
            gathered.write((&learned, &["l"]), &mut PartialErrors::default(), &mut text);
            text.finish();
            let text = String::from_utf8(out.bytes().to_vec()).unwrap();
            let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
            let expected = [
                "node_a{x=\"1\",y=\"1\"} 1",
                "node_a{x=\"2\",y=\"\u{fffd}\"} 2",
                "node_b 5",
                "node_c_j{l=\"z\"} 7",
                "node_c_k{l=\"z\"} 6",
            ];
            assert_eq!(lines, expected);
        }
    }
}
