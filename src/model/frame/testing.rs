//! Frames made by hand, for tests of code that reads frames.

use super::{FamilyDef, Frame, Scale, SeriesDef, Shape, State, Table};
use crate::base::clock::Timestamp;
use crate::model::metric::{Kind, Value};
use std::sync::Arc;

/// A frame under construction. It was taken 5000 ms after the machine started, the one before it 2000 ms;
/// series of families count since 0.
pub struct Made {
    table: Table,
    states: Vec<State>,
    slots: Vec<u64>,
    family: u32,
    /// The start of the series that come next.
    pub start: u64,
}

impl Made {
    /// An empty frame.
    pub fn new() -> Made {
        let table = Table::new(1);
        Made { table, states: Vec::new(), slots: Vec::new(), family: 0, start: 0 }
    }

    /// Begins a family.
    pub fn family(&mut self, name: &str, kind: Kind, help: &str) -> &mut Made {
        let def = FamilyDef { name, help, kind, is_delta: false, collector: "" };
        self.define(def)
    }

    /// Begins a family with this definition.
    pub fn define(&mut self, def: FamilyDef<'_>) -> &mut Made {
        self.family = self.table.add_family(def);
        self
    }

    fn add(
        &mut self,
        labels: &[(&str, &str)],
        shape: Shape<'_>,
        slots: &[u64],
        time: Option<i64>,
    ) -> &mut Made {
        let (family, start, is_timed) = (self.family, self.start, time.is_some());
        let def = SeriesDef { family, shape, start, is_timed, slot: 0 };
        self.table.add_series(def, labels.iter().copied());
        self.states.push(State::Live);
        self.slots.extend(slots);
        self.slots.extend(time.map(|time| time as u64));
        self
    }

    /// Adds a series of one number; labels are sorted.
    pub fn number(&mut self, labels: &[(&str, &str)], value: Value) -> &mut Made {
        let (scale, slot) = Scale::of(value);
        self.add(labels, Shape::Number(scale), &[slot], None)
    }

    /// Adds a series of one number with a time stamp.
    pub fn timed(&mut self, labels: &[(&str, &str)], value: Value, time: i64) -> &mut Made {
        let (scale, slot) = Scale::of(value);
        self.add(labels, Shape::Number(scale), &[slot], Some(time))
    }

    /// Adds a histogram; `counts` are within each bucket, one more than there are bounds.
    pub fn histogram(
        &mut self,
        labels: &[(&str, &str)],
        bounds: &[f64],
        counts: &[u64],
        sum: f64,
    ) -> &mut Made {
        let slots: Vec<u64> = counts.iter().copied().chain([sum.to_bits()]).collect();
        self.add(labels, Shape::Histogram(bounds), &slots, None)
    }

    /// Adds a summary, with quantiles and their values.
    pub fn summary(
        &mut self,
        labels: &[(&str, &str)],
        quantiles: &[(f64, f64)],
        sum: f64,
        count: u64,
    ) -> &mut Made {
        let (q, values): (Vec<f64>, Vec<u64>) =
            quantiles.iter().map(|(q, value)| (*q, value.to_bits())).unzip();
        let slots: Vec<u64> = values.into_iter().chain([sum.to_bits(), count]).collect();
        self.add(labels, Shape::Summary(&q), &slots, None)
    }

    /// Marks the last series as gone.
    pub fn gone(&mut self) -> &mut Made {
        let id = self.table.series() as u32 - 1;
        let at = self.table.one(id).unwrap().slot as usize;
        self.slots[at..].fill(0);
        *self.states.last_mut().unwrap() = State::Stale;
        self
    }

    /// The frame.
    pub fn frame(&self) -> Frame {
        Frame {
            table: Arc::new(self.table.clone()),
            moment: Timestamp { since_boot: 5000, boot_time: Some(1_800_000_000_250) },
            before: 2000,
            states: self.states.clone(),
            slots: self.slots.clone(),
        }
    }
}

#[test]
fn samples_are_written_by_family() {
    use super::Reading;
    let mut made = Made::new();
    made.family("a_total", Kind::Counter, "A.").number(&[("k", "v")], Value::Centi(150));
    made.family("h", Kind::Histogram, "").histogram(&[], &[0.5], &[2, 3], 7.5);
    made.family("s", Kind::Summary, "").summary(&[("k", "v")], &[(0.5, 2.0)], 9.0, 4);
    made.family("t", Kind::Gauge, "")
        .timed(&[], Value::Int(7), -5)
        .number(&[("x", "y")], Value::Int(8))
        .gone();
    let frame = made.frame();
    let mut lines = Vec::new();
    for family in frame.view(1_800_000_000_250).families() {
        for series in family.series() {
            let labels: Vec<_> = series.labels().collect();
            let reading = match series.reading().unwrap() {
                Reading::Summary(s) => {
                    format!("{:?} {} {}", s.iter().collect::<Vec<_>>(), s.sum, s.count)
                }
                other => format!("{other:?}"),
            };
            let (time, start) = (series.time(), series.start());
            lines.push(format!(
                "{} {labels:?} {reading} {time} {start} {}",
                family.def.name, series.is_stale
            ));
        }
    }
    assert_eq!(
        lines,
        [
            "a_total [(\"k\", \"v\")] Number(Centi(150)) 1800000005250 1800000000000 false",
            "h [] Histogram(Histogram { bounds: [0.5], counts: [2, 3], sum: 7.5 }) 1800000005250 1800000000000 false",
            "s [(\"k\", \"v\")] [(0.5, 2.0)] 9 4 1800000005250 1800000000000 false",
            "t [] Number(Int(7)) -5 1800000000000 false",
            "t [(\"x\", \"y\")] Number(Int(0)) 1800000005250 1800000000000 true",
        ]
    );
    assert_eq!(frame.len(), 5);
}
