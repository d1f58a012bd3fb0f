//! Families come one after the other, each with a sample for every device; the page shows each device with
//! all its values. So the samples are put into tables, a row for each device and a column for
//! each family, for the duration of one request. The memory is kept for the next.

mod write;

use super::columns::{Column, Form, KEYS, Part, Place, columns};
use super::json::Cell;
use crate::model::metric::{Label, Value};
use crate::model::store::Index;

/// The most rows of one table; devices beyond that are counted.
const MAX_ROWS: usize = 1024;

/// Bytes of all names and texts of one table.
const MAX_BYTES: usize = 256 << 10;

/// Bytes of a text other than a name.
const MAX_TEXT: usize = 256;

/// The range of a text.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    length: u32,
}

/// A cell as it is stored.
#[derive(Clone, Copy)]
enum StoredCell {
    Unknown,
    Number(Value),
    Truth(bool),
    Text(Span),
}

/// The samples of one part.
pub struct Table {
    part: Part,
    columns: &'static [Column],
    rows: Vec<[Span; KEYS]>,
    /// Rows by key: a sample without a row is looked up each time.
    index: Index,
    hashes: Vec<u32>,
    /// For each row as many as there are columns.
    cells: Vec<StoredCell>,
    bytes: Vec<u8>,
    /// Where the row of the next sample is looked up first: it follows the last one.
    hand: usize,
    left_out: u64,
    /// The first sample that creates rows, and the first of those that create none, as the sink counts them.
    first: usize,
    first_more: usize,
}

impl Table {
    /// An empty table for a part.
    pub fn of(part: Part) -> Table {
        Table {
            part,
            columns: columns(part),
            rows: Vec::new(),
            index: Index::default(),
            hashes: Vec::new(),
            cells: Vec::new(),
            bytes: Vec::new(),
            hand: 0,
            left_out: 0,
            first: usize::MAX,
            first_more: usize::MAX,
        }
    }

    /// Forgets everything; the memory stays.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.index.clear();
        self.hashes.clear();
        self.cells.clear();
        self.bytes.clear();
        (self.hand, self.left_out) = (0, 0);
        (self.first, self.first_more) = (usize::MAX, usize::MAX);
    }

    /// Adds a sample, the `count`th of all; numbers of one row and column are added up.
    pub fn add(&mut self, place: &Place, labels: &[Label<'_>], value: Value, count: usize) {
        let is_more = place.form.is_more();
        let first = if is_more { &mut self.first_more } else { &mut self.first };
        *first = count.min(*first);
        let key = place.row(labels);
        let row = self.find(key).or_else(|| if is_more { None } else { self.push(key) });
        let Some(row) = row else {
            self.left_out += u64::from(!is_more);
            return;
        };
        self.hand = row + 1;
        let at = row * self.columns.len() + place.column();
        let text = match (place.form, self.cells.get(at)) {
            (Form::Words, _) if is_zero(value) => return,
            (Form::Words, Some(StoredCell::Text(before))) => {
                self.append(*before, place.text(labels))
            }
            (Form::Text | Form::MoreText | Form::Words, _) => {
                self.store(place.text(labels), MAX_TEXT)
            }
            _ => None,
        };
        let cell = self.cells.get_mut(at);
        let Some(cell) = cell else { return };
        *cell = match (place.form, text, *cell) {
            (_, Some(text), _) => StoredCell::Text(text),
            (Form::Text | Form::MoreText | Form::Words, None, _) => StoredCell::Unknown,
            (Form::Truth, ..) => StoredCell::Truth(!is_zero(value)),
            (Form::MoreNumber | Form::Hidden, ..) if matches!(value, Value::Minus(n, _) if n > 0) => {
                StoredCell::Unknown
            }
            (Form::Most, _, StoredCell::Number(before)) if before.as_f64() >= value.as_f64() => {
                return;
            }
            (Form::Most, ..) => StoredCell::Number(value),
            (_, _, StoredCell::Number(before)) => StoredCell::Number(sum(before, value)),
            _ => StoredCell::Number(value),
        };
    }

    /// The row of this key: that of the last sample or the next one, or else any.
    pub fn find(&self, key: [&[u8]; KEYS]) -> Option<usize> {
        let count = self.part.labels().len();
        let is = |row: &usize| {
            let Some(spans) = self.rows.get(*row) else { return false };
            let mut parts = spans.iter().zip(key).take(count);
            parts
                .all(|(span, part)| span.length as usize == part.len() && self.slice(*span) == part)
        };
        let near = [self.hand, self.hand.wrapping_sub(1)].into_iter().find(is);
        let by_hash = |row: u32| is(&(row as usize));
        near.or_else(|| self.index.find(hash(key), by_hash).map(|row| row as usize))
    }

    /// A new row, if there is room.
    fn push(&mut self, key: [&[u8]; KEYS]) -> Option<usize> {
        let mut row = [Span::default(); KEYS];
        if self.rows.len() >= MAX_ROWS {
            return None;
        }
        for (span, part) in row.iter_mut().zip(key) {
            if !part.is_empty() {
                *span = self.store(part, MAX_BYTES)?;
            }
        }
        let at = self.rows.len() as u32;
        let (index, hashes) = (&mut self.index, &mut self.hashes);
        hashes.push(hash(key));
        let hash_of = |row: u32| hashes.get(row as usize).copied().unwrap_or_default();
        index.insert(hash(key), at, hash_of);
        self.rows.push(row);
        self.cells.resize(self.cells.len() + self.columns.len(), StoredCell::Unknown);
        Some(self.rows.len() - 1)
    }

    /// Stores a text that is not empty, its first `most` bytes at most, if there is room.
    fn store(&mut self, text: &[u8], most: usize) -> Option<Span> {
        let text = text.get(..text.len().min(most)).filter(|text| !text.is_empty())?;
        if self.bytes.len() + text.len() > MAX_BYTES {
            return None;
        }
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(text);
        Some(Span { start, length: text.len() as u32 })
    }

    /// Appends a word to the text of `before`, if it is the last one and there is room; otherwise it stays.
    fn append(&mut self, before: Span, word: &[u8]) -> Option<Span> {
        let end = before.start as usize + before.length as usize;
        let length = before.length as usize + 1 + word.len();
        if end != self.bytes.len() || length > MAX_TEXT || self.bytes.len() + MAX_TEXT > MAX_BYTES {
            return Some(before);
        }
        self.bytes.push(b' ');
        self.bytes.extend_from_slice(word);
        Some(Span { start: before.start, length: length as u32 })
    }

    fn slice(&self, span: Span) -> &[u8] {
        let start = span.start as usize;
        self.bytes.get(start..start + span.length as usize).unwrap_or_default()
    }

    /// Forgets samples from `count` on: a part's rows are made by one collector. Those of flash,
    /// starts and the clock are made by several; there the samples of one that failed later stay.
    pub fn rewind(&mut self, count: usize) {
        if self.first != usize::MAX && self.first >= count {
            self.clear();
        } else if self.first_more != usize::MAX && self.first_more >= count {
            self.first_more = usize::MAX;
            let forms = self.columns.iter().map(|column| column.form).cycle();
            for (cell, _) in self.cells.iter_mut().zip(forms).filter(|(_, form)| form.is_more()) {
                *cell = StoredCell::Unknown;
            }
        }
    }

    /// Its part of the page.
    pub fn part(&self) -> Part {
        self.part
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The labels that distinguish the row.
    pub fn key(&self, row: usize) -> [&[u8]; KEYS] {
        self.rows.get(row).copied().unwrap_or_default().map(|span| self.slice(span))
    }

    /// The cell of a row in the column `key`.
    pub fn cell_of(&self, row: usize, key: &str) -> Cell<'_> {
        let column = self.columns.iter().position(|column| column.second() == key);
        column.map_or(Cell::Unknown, |column| self.cell(row, column))
    }

    /// The same, if it is a number.
    pub fn number_of(&self, row: usize, key: &str) -> Option<Value> {
        match self.cell_of(row, key) {
            Cell::Number(value) => Some(value),
            _ => None,
        }
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        match self.cells.get(row * self.columns.len() + column).copied() {
            None | Some(StoredCell::Unknown) => Cell::Unknown,
            Some(StoredCell::Number(value)) => Cell::Number(value),
            Some(StoredCell::Truth(is_so)) => Cell::Truth(is_so),
            Some(StoredCell::Text(span)) => Cell::Text(self.slice(span)),
        }
    }

    /// Samples beyond the limit.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}

/// FNV-1a. Keys with the same hash only take longer.
fn hash(key: [&[u8]; KEYS]) -> u32 {
    let bytes = key.into_iter().flatten();
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Whether it is the number 0.
pub fn is_zero(value: Value) -> bool {
    value == Value::Int(0) || value == Value::Float(0.0)
}

/// The sum of both: exact, where that fits our numbers.
pub fn sum(a: Value, b: Value) -> Value {
    let exact = match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.checked_add(b).map(Value::Int),
        (Value::Centi(a), Value::Centi(b)) => a.checked_add(b).map(Value::Centi),
        (Value::Milli(a), Value::Milli(b)) => a.checked_add(b).map(Value::Milli),
        (Value::Nano(a), Value::Nano(b)) => a.checked_add(b).map(Value::Nano),
        _ => None,
    };
    exact.unwrap_or_else(|| Value::Float(a.as_f64() + b.as_f64()))
}

#[cfg(test)]
mod tests;
