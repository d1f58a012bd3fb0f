//! Recording of a sample: its series is found, or made, and its slots are written.

use super::entry::{Entry, Form, Previous, hash, hash_of};
use super::key::Key;
use super::recorder::FrameBuilder;
use super::{Scale, SeriesDef, Shape};
use crate::model::metric::{Histogram, Kind, Summary, Value};
use crate::model::store::NONE;
use std::sync::Arc;

/// The most series at a time.
const MAX_SERIES: usize = 1_000_000;

/// Bytes of their keys.
const MAX_KEYS: usize = 1 << 30;

impl FrameBuilder {
    /// The entry of a sample of the current family; `None`, and counted, if it cannot be recorded.
    #[inline]
    fn place(&mut self, key: Key<'_>) -> Option<usize> {
        if let Some(at) = self.last.get(self.next)
            && let Some(entry) = self.entries.get(*at as usize)
            && entry.family == self.family
            && !entry.is_live
            && key.is(entry.key_in(&self.keys))
        {
            self.next += 1;
            return Some(*at as usize);
        }
        self.look_up(key)
    }

    #[cold]
    fn look_up(&mut self, key: Key<'_>) -> Option<usize> {
        let start = self.keys.len();
        key.write(&mut self.keys);
        let (known, text) = self.keys.split_at_checked(start)?;
        let (family, length) = (self.family, text.len());
        let hash = hash(&self.hasher, family, text);
        let found = self.index.find(hash, |at| {
            let entry = self.entries.get(at as usize);
            entry.is_some_and(|e| e.hash == hash && e.family == family && e.key_in(known) == text)
        });
        if let Some(at) = found {
            self.keys.truncate(start);
            let entry = self.entries.get(at as usize)?;
            if entry.is_live {
                self.duplicates += 1;
                return None;
            }
            if self.last.get(entry.at as usize) == Some(&at) {
                self.next = entry.at as usize + 1;
            }
            return Some(at as usize);
        }
        let at = self.entries.len();
        if at >= MAX_SERIES || self.keys.len() >= MAX_KEYS {
            self.keys.truncate(start);
            self.refused += 1;
            return None;
        }
        self.entries.push(Entry::new([start as u32, length as u32], hash, family));
        let entries = &self.entries;
        self.index.insert(hash, at as u32, |at| hash_of(entries, at));
        Some(at)
    }

    /// Makes the entry's slots fit the sample, with another number if needed. Returns whether they do.
    #[inline]
    fn fit(&mut self, at: usize, want: Want<'_>) -> bool {
        match self.entries.get(at) {
            Some(entry) if entry.is_known && self.is_fit(entry, want) => true,
            Some(entry) => {
                let entry = *entry;
                self.refit(at, entry, want)
            }
            None => false,
        }
    }

    #[inline]
    fn is_fit(&self, entry: &Entry, want: Want<'_>) -> bool {
        if entry.form != Form::of(want.shape) || entry.is_timed != want.is_timed {
            return false;
        }
        matches!(want.shape, Shape::Number(_)) || self.has_shape(entry, want.shape)
    }

    fn has_shape(&self, entry: &Entry, shape: Shape<'_>) -> bool {
        match (self.table.one(entry.id).map(|def| def.shape), shape) {
            (Some(Shape::Number(_)), Shape::Number(_)) => true,
            (Some(Shape::Histogram(a)), Shape::Histogram(b)) => is_same(a, b),
            (Some(Shape::Summary(a)), Shape::Summary(b)) => is_same(a, b),
            _ => false,
        }
    }

    #[cold]
    fn refit(&mut self, at: usize, entry: Entry, want: Want<'_>) -> bool {
        let of_table = self.table.one(entry.id).map_or(0, |def| def.start);
        let (start, mute) = match entry.is_known {
            false => self.first_start(),
            // Numbers may change their scale, and anything its use of time stamps.
            true if self.has_shape(&entry, want.shape) => (of_table, false),
            true => (self.before, false),
        };
        if entry.id != NONE && self.is_fit(&entry, want) && of_table == start {
            let entry = self.entries.get_mut(at);
            entry.into_iter().for_each(|entry| entry.is_mute = mute);
            return true;
        }
        let goes_on = entry.is_known && self.has_shape(&entry, want.shape);
        let is_done = self.define(at, want, start, goes_on);
        if let Some(entry) = self.entries.get_mut(at) {
            entry.is_mute = mute;
        }
        is_done
    }

    /// The start of a series that was not there before, and whether it is unknown.
    fn first_start(&mut self) -> (u64, bool) {
        let (frames, family) = (self.frames, self.family);
        let Some(known) = self.families.get_mut(family) else { return (0, true) };
        let is_first = known.first == 0 || known.first == frames;
        if known.first == 0 {
            (known.first, known.first_at) = (frames, self.now.len());
        }
        match known.is_collected() {
            // The kernel's counters start with the machine, even if their collector
            // failed until now.
            true if is_first => (0, true),
            false if frames == 1 => (self.wanted.start, true),
            _ => (self.before, false),
        }
    }

    /// Gives the entry a new number, with these slots.
    fn define(&mut self, at: usize, want: Want<'_>, start: u64, goes_on: bool) -> bool {
        let Some(entry) = self.entries.get(at).copied() else { return false };
        let Some(family) = self.families.get(entry.family) else { return false };
        let labels: Vec<(String, String)> = match entry.id {
            NONE => want.key.labels(entry.key_in(&self.keys), family.labels(), &self.wanted.labels),
            id => self.table.labels(id).map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        };
        let slots = want.shape.slots() + usize::from(want.is_timed);
        let text = labels.iter().map(|(k, v)| k.len() + v.len() + 1).sum();
        if !self.table.has_room(text, slots) {
            self.refused += 1;
            return false;
        }
        let (family, shape, is_timed) = (family.number, want.shape, want.is_timed);
        let kind = self.table.family(family).map_or(Kind::Gauge, |family| family.kind);
        let is_delta = self.table.family(family).is_some_and(|family| family.is_delta);
        let table = Arc::make_mut(&mut self.table);
        let slot = table.slots() as u32;
        let def = SeriesDef { family, shape, start, is_timed, slot };
        let id = table.push_series(def, labels.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        self.slots.resize(table.slots(), 0);
        self.values.resize(table.slots(), 0);
        if goes_on {
            self.carry(&entry, shape, slot as usize);
        }
        if entry.is_known {
            self.undo.push(Previous { at: self.now.len(), place: at as u32, entry });
        }
        let Some(entry) = self.entries.get_mut(at) else { return false };
        (entry.id, entry.slot, entry.width) = (id, slot, shape.slots() as u32);
        (entry.form, entry.is_timed) = (Form::of(shape), is_timed);
        let is_number = matches!(shape, Shape::Number(_));
        entry.counts = kind == Kind::Counter || !is_number;
        entry.is_delta = is_delta && entry.form != Form::Summary;
        true
    }

    /// Copies the last values of the series to its new slots.
    fn carry(&mut self, entry: &Entry, shape: Shape<'_>, to: usize) {
        let from = entry.slot as usize;
        for i in 0..entry.width as usize {
            let Some(mut value) = self.values.get(from + i).copied() else { return };
            if let (Form::Number(old), Shape::Number(Scale::Float)) = (entry.form, shape) {
                value = old.value(value).as_f64().to_bits();
            }
            let slot = self.values.get_mut(to + i);
            slot.into_iter().for_each(|slot| *slot = value);
        }
    }

    /// The series starts again, with another number.
    #[cold]
    fn reset(&mut self, at: usize, want: Want<'_>) -> bool {
        self.define(at, want, self.before, false)
    }

    /// Records that the sample was accepted.
    #[inline]
    fn take(&mut self, at: usize, time: Option<i64>) {
        let place = self.now.len() as u32;
        let Some(entry) = self.entries.get_mut(at) else { return };
        (entry.is_live, entry.at) = (true, place);
        if let (true, Some(time)) = (entry.is_timed, time) {
            let slot = self.slots.get_mut(entry.slot as usize + entry.width as usize);
            slot.into_iter().for_each(|slot| *slot = time as u64);
        }
        self.now.push(at as u32);
    }

    #[inline]
    pub(super) fn number(&mut self, key: Key<'_>, value: Value, time: Option<i64>) {
        let Some(at) = self.place(key) else { return };
        let (mut scale, mut raw) = Scale::of(value);
        // A number that changes its scale is stored as a float from then on.
        if let Some(Form::Number(old)) = self.entries.get(at).filter(|e| e.is_known).map(|e| e.form)
            && old != scale
        {
            (scale, raw) = (Scale::Float, value.as_f64().to_bits());
        }
        let want = Want { key, shape: Shape::Number(scale), is_timed: time.is_some() };
        if !self.fit(at, want) {
            return;
        }
        let Some(entry) = self.entries.get(at) else { return };
        let before = self.values.get(entry.slot as usize).copied().unwrap_or(0);
        let is_back = entry.counts
            && entry.is_known
            && match scale {
                Scale::Float => f64::from_bits(raw) < f64::from_bits(before),
                _ => raw < before,
            };
        if is_back && !self.reset(at, want) {
            return;
        }
        let slot = self.entries.get(at).map_or(0, |entry| entry.slot as usize);
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = raw;
        }
        self.take(at, time);
    }

    pub(super) fn histogram(&mut self, key: Key<'_>, histogram: Histogram<'_>, time: Option<i64>) {
        if histogram.counts.len() != histogram.bounds.len() + 1 {
            self.refused += 1;
            return;
        }
        let shape = Shape::Histogram(histogram.bounds);
        let numbers = histogram.counts.iter().copied().chain([histogram.sum.to_bits()]);
        self.many(Want { key, shape, is_timed: time.is_some() }, numbers, 0, time);
    }

    pub(super) fn summary(&mut self, key: Key<'_>, summary: Summary<'_>, time: Option<i64>) {
        let mut quantiles = std::mem::take(&mut self.quantiles);
        quantiles.clear();
        quantiles.extend(summary.quantiles.iter().map(|(quantile, _)| *quantile));
        let values = summary.quantiles.iter().map(|(_, value)| value.to_bits());
        let numbers = values.chain([summary.sum.to_bits(), summary.count]);
        let want = Want { key, shape: Shape::Summary(&quantiles), is_timed: time.is_some() };
        self.many(want, numbers, quantiles.len() + 1, time);
        self.quantiles = quantiles;
    }

    /// Writes a sample of several slots. Its counts begin at slot `first`; those of a histogram end
    /// before its sum.
    fn many(
        &mut self,
        want: Want<'_>,
        numbers: impl Iterator<Item = u64> + Clone,
        first: usize,
        time: Option<i64>,
    ) {
        let Some(at) = self.place(want.key) else { return };
        if !self.fit(at, want) {
            return;
        }
        let Some(entry) = self.entries.get(at) else { return };
        let before = self.values.get(entry.slot as usize..).unwrap_or_default();
        let counts = if first == 0 { entry.width as usize - 1 } else { usize::MAX };
        let mut pairs = numbers.clone().zip(before).take(counts).skip(first);
        let is_back = entry.is_known && pairs.any(|(new, old)| new < *old);
        if is_back && !self.reset(at, want) {
            return;
        }
        let slot = self.entries.get(at).map_or(0, |entry| entry.slot as usize);
        let slots = self.slots.get_mut(slot..).unwrap_or_default();
        slots.iter_mut().zip(numbers).for_each(|(slot, number)| *slot = number);
        self.take(at, time);
    }
}

/// The shape that a sample needs.
#[derive(Clone, Copy)]
struct Want<'a> {
    key: Key<'a>,
    shape: Shape<'a>,
    is_timed: bool,
}

/// Bit by bit, so that NaN equals itself.
fn is_same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}
