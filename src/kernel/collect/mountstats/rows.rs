//! Rows of numbers under several labels, kept between scrapes so that reading allocates nothing.

use crate::kernel::read::Names;
use crate::model::metric::{Family, Label, Sink};

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
        out.family(family);
        for (row, numbers) in self.numbers.iter().enumerate() {
            let Some(number) = numbers.get(column).copied().flatten() else { continue };
            let text = |at| Label::of(self.texts.get(L * row + at).unwrap_or_default());
            let labels: [Label<'_>; L] = std::array::from_fn(text);
            out.sample(&labels, family.value(number));
        }
    }
}
