//! The series of frames: a table that only grows. All texts are in one
//! string; a text that a series shares with the one before it is stored once.

mod seal;

use super::{Scale, Shape};
use crate::model::metric::Kind;

/// The most bytes of text, slots or numbers of one table: offsets are 32 bits wide, even where
/// addresses are longer.
const MAX_PARTS: u32 = 1 << 30;

/// The capacity for `len` elements of a list that seldom grows: a list that is full doubles.
pub fn room(len: usize) -> usize {
    len + len / 8
}

/// A part of one of the table's arrays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    at: u32,
    len: u32,
}

impl Span {
    fn of<T>(self, all: &[T]) -> &[T] {
        all.get(self.at as usize..).and_then(|all| all.get(..self.len as usize)).unwrap_or_default()
    }

    fn text(self, all: &str) -> &str {
        all.get(self.at as usize..self.at as usize + self.len as usize).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Number(Scale),
    Histogram(Span),
    Summary(Span),
}

#[derive(Clone, Copy, Debug)]
struct FamilyRow {
    name: Span,
    help: Span,
    kind: Kind,
    is_delta: bool,
    collector: Span,
}

#[derive(Clone, Copy, Debug)]
struct SeriesRow {
    family: u32,
    labels: Span,
    form: Form,
    start: u64,
    slot: u32,
    is_timed: bool,
}

/// The definition of a family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FamilyDef<'a> {
    /// The full name, as in the text exposition.
    pub name: &'a str,
    /// One sentence; may be empty.
    pub help: &'a str,
    /// What the samples mean.
    pub kind: Kind,
    /// Counts are increases since the frame before.
    pub is_delta: bool,
    /// The name of its collector, or empty for metrics of other programs.
    pub collector: &'a str,
}

/// The definition of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesDef<'a> {
    /// The number of its family.
    pub family: u32,
    /// The shape of its samples.
    pub shape: Shape<'a>,
    /// When it started to count, in milliseconds since the machine started.
    pub start: u64,
    /// Its samples have time stamps: one more slot, the last, milliseconds since 1970 as an `i64`.
    pub is_timed: bool,
    /// Its first slot.
    pub slot: u32,
}

/// The families and series of frames, by number.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Identifies the table; numbers mean the same in all tables with the same generation.
    pub generation: u64,
    text: String,
    numbers: Vec<f64>,
    families: Vec<FamilyRow>,
    series: Vec<SeriesRow>,
    labels: Vec<[Span; 2]>,
    /// All series, grouped by family.
    order: Vec<u32>,
    slots: u32,
}

impl Table {
    /// An empty table.
    pub fn new(generation: u64) -> Table {
        Table { generation, ..Table::default() }
    }

    /// How many families there are.
    pub fn families(&self) -> usize {
        self.families.len()
    }

    /// How many series there are.
    pub fn series(&self) -> usize {
        self.series.len()
    }

    /// How many slots a frame has.
    pub fn slots(&self) -> usize {
        self.slots as usize
    }

    /// All series, grouped by family, in the order in which they came.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// The family of this number.
    pub fn family(&self, id: u32) -> Option<FamilyDef<'_>> {
        let row = self.families.get(id as usize)?;
        Some(FamilyDef {
            name: row.name.text(&self.text),
            help: row.help.text(&self.text),
            kind: row.kind,
            is_delta: row.is_delta,
            collector: row.collector.text(&self.text),
        })
    }

    /// The series of this number.
    pub fn one(&self, id: u32) -> Option<SeriesDef<'_>> {
        let row = self.series.get(id as usize)?;
        let shape = match row.form {
            Form::Number(scale) => Shape::Number(scale),
            Form::Histogram(bounds) => Shape::Histogram(bounds.of(&self.numbers)),
            Form::Summary(quantiles) => Shape::Summary(quantiles.of(&self.numbers)),
        };
        let (family, start, slot) = (row.family, row.start, row.slot);
        Some(SeriesDef { family, shape, start, is_timed: row.is_timed, slot })
    }

    /// The labels of a series, sorted by key; none is empty.
    pub fn labels(&self, id: u32) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        let row = self.series.get(id as usize).map(|row| row.labels).unwrap_or_default();
        row.of(&self.labels).iter().map(|[k, v]| (k.text(&self.text), v.text(&self.text)))
    }

    /// Adds a family; returns its number.
    pub fn add_family(&mut self, family: FamilyDef<'_>) -> u32 {
        let row = FamilyRow {
            name: self.put(family.name),
            help: self.put(family.help),
            kind: family.kind,
            is_delta: family.is_delta,
            collector: self.put(family.collector),
        };
        self.families.push(row);
        self.families.len() as u32 - 1
    }

    /// Adds a series with its labels, sorted by key, none empty; returns its number. `series.slot` is set
    /// here.
    pub fn add_series<'a>(
        &mut self,
        series: SeriesDef<'_>,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> u32 {
        let id = self.push_series(series, labels);
        self.seal();
        id
    }

    /// Like `add_series`, for many of them: `seal` then completes the table.
    pub fn push_series<'a>(
        &mut self,
        series: SeriesDef<'_>,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> u32 {
        let at = self.labels.len();
        let before = self.series.last().map(|row| row.labels).unwrap_or_default();
        for (i, (key, value)) in labels.into_iter().enumerate() {
            let like = before.of(&self.labels).get(i).copied().unwrap_or_default();
            let pair = [self.put_like(key, like[0]), self.put_like(value, like[1])];
            self.labels.push(pair);
        }
        let form = match series.shape {
            Shape::Number(scale) => Form::Number(scale),
            Shape::Histogram(list) => Form::Histogram(self.put_numbers(list)),
            Shape::Summary(list) => Form::Summary(self.put_numbers(list)),
        };
        let id = self.series.len() as u32;
        self.series.push(SeriesRow {
            family: series.family,
            labels: Span { at: at as u32, len: (self.labels.len() - at) as u32 },
            form,
            start: series.start,
            slot: self.slots,
            is_timed: series.is_timed,
        });
        self.slots += series.shape.slots() as u32 + u32::from(series.is_timed);
        id
    }

    /// Whether all series are in their place.
    pub(super) fn is_sealed(&self) -> bool {
        self.order.len() == self.series.len()
    }

    /// The family of the series of this number.
    pub(super) fn family_of(&self, id: u32) -> u32 {
        self.series.get(id as usize).map_or(0, |row| row.family)
    }

    /// Whether there is room for a series with `text` bytes of labels and `slots` slots.
    pub(super) fn has_room(&self, text: usize, slots: usize) -> bool {
        let long = MAX_PARTS as usize;
        self.text.len() + text < long
            && self.slots as usize + slots < long
            && self.numbers.len() + slots < long
            && self.labels.len() + text < long
    }

    fn put(&mut self, text: &str) -> Span {
        let span = Span { at: self.text.len() as u32, len: text.len() as u32 };
        self.text.push_str(text);
        span
    }

    /// Stores a text, or reuses `like` if it is the same.
    fn put_like(&mut self, text: &str, like: Span) -> Span {
        if like.text(&self.text) == text { like } else { self.put(text) }
    }

    fn put_numbers(&mut self, numbers: &[f64]) -> Span {
        if let Some(Form::Histogram(like) | Form::Summary(like)) =
            self.series.last().map(|r| r.form)
            && like.of(&self.numbers) == numbers
        {
            return like;
        }
        let span = Span { at: self.numbers.len() as u32, len: numbers.len() as u32 };
        self.numbers.extend_from_slice(numbers);
        span
    }
}
