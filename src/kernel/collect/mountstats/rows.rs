//! Rows of numbers under several labels, kept between scrapes so that reading allocates nothing.

use crate::kernel::read::Names;
use crate::model::metric::{Family, Label, Sink};

/// Labels of a row.
const MAX_LABELS: usize = 4;

/// Rows of `N` numbers under `L` labels.
pub struct Rows<const L: usize, const N: usize> {
    texts: Names,
    numbers: Vec<[Option<u64>; N]>,
}

impl<const L: usize, const N: usize> Default for Rows<L, N> {
    fn default() -> Rows<L, N> {
        Rows { texts: Names::default(), numbers: Vec::new() }
    }
}

impl<const L: usize, const N: usize> Rows<L, N> {
    /// Forgets the rows; the memory stays.
    pub fn clear(&mut self) {
        self.texts.truncate(0);
        self.numbers.clear();
    }

    /// Adds a row; a number of `None` has no sample.
    pub fn push(&mut self, labels: [&[u8]; L], numbers: [Option<u64>; N]) {
        labels.into_iter().for_each(|label| self.texts.push(label));
        self.numbers.push(numbers);
    }

    /// Writes the numbers of a column.
    pub fn write(&self, column: usize, family: &Family<'_>, out: &mut dyn Sink) {
        const { assert!(L <= MAX_LABELS) };
        let number = |row: usize| *self.numbers.get(row)?.get(column)?;
        write(&self.texts, (L, self.numbers.len()), &number, family, out);
    }
}

/// The same for all numbers of columns and labels.
fn write(
    texts: &Names,
    (keys, rows): (usize, usize),
    number: &dyn Fn(usize) -> Option<u64>,
    family: &Family<'_>,
    out: &mut dyn Sink,
) {
    out.family(family);
    for row in 0..rows {
        let Some(number) = number(row) else { continue };
        let text = |at| Label::of(texts.get(keys * row + at).unwrap_or_default());
        let labels: [Label<'_>; MAX_LABELS] = std::array::from_fn(text);
        out.sample(labels.get(..keys).unwrap_or_default(), family.value(number));
    }
}
