//! The frame builder as a sink: it accepts families and samples, and can be rewound.

use super::families::Known;
use super::key::Key;
use super::recorder::FrameBuilder;
use crate::model::metric::{Family, Label, Labels, Point, Sink, Source, Value};
use crate::model::store::NONE;

impl Sink for FrameBuilder {
    fn source(&mut self, source: Source) {
        self.families.source(source);
    }

    fn family(&mut self, family: &Family<'_>) {
        let found = self.families.find(family, &self.wanted, &mut self.table);
        let known = found.and_then(|at| self.families.get(at)).filter(|k| k.number != NONE);
        self.width = known.map_or(0, |known| known.keys);
        self.family = known.and(found).unwrap_or(NONE);
    }

    /// The current family goes on; a collector's family does not, as its series count since the machine
    /// started.
    fn join(&mut self, family: &Family<'_>) {
        if self.families.get(self.family).is_some_and(Known::is_collected) {
            self.family(family);
        }
    }

    fn sample(&mut self, labels: &[Label<'_>], value: Value) {
        if self.family == NONE {
            return;
        }
        match labels.len() == self.width {
            true => self.number(Key::Values(labels), value, None),
            false => self.refused += 1,
        }
    }

    fn labelled(&mut self, labels: Labels<'_>, point: Point<'_>, time: Option<i64>) {
        if self.family == NONE {
            return;
        }
        let key = Key::Text(labels.text());
        match point {
            Point::Number(value) => self.number(key, value, time),
            Point::Histogram(histogram) => self.histogram(key, histogram, time),
            Point::Summary(summary) => self.summary(key, summary, time),
        }
    }

    fn mark(&self) -> usize {
        self.now.len()
    }

    fn rewind(&mut self, mark: usize) {
        self.family = NONE;
        while self.now.len() > mark {
            let Some(entry) = self.now.pop().and_then(|at| self.entries.get_mut(at as usize))
            else {
                continue;
            };
            entry.is_live = false;
            let (at, slots) = (entry.slot as usize, entry.slots());
            let slots = self.slots.get_mut(at..at + slots);
            slots.into_iter().for_each(|slots| slots.fill(0));
            if !entry.is_known
                && let Some(known) = self.families.get_mut(entry.family)
                && known.first == self.frames
                && known.first_at >= mark
            {
                known.first = 0;
            }
        }
        while let Some(undo) = self.undo.pop_if(|undo| undo.at >= mark) {
            if let Some(entry) = self.entries.get_mut(undo.place as usize) {
                *entry = undo.entry;
            }
        }
    }
}
