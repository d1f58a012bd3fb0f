//! Named rows of integers, kept between scrapes so that parsing allocates nothing.

use super::scan::Fields;
use crate::model::metric::{Label, Word};
use std::ops::Range;

/// Rows of up to N integers.
pub struct Table<const N: usize> {
    names: Vec<u8>,
    rows: Vec<Row<N>>,
}

struct Row<const N: usize> {
    name: Range<usize>,
    word: Word,
    /// Which columns the line had: bit i for column i.
    present: u32,
    cells: [u64; N],
}

impl<const N: usize> Default for Table<N> {
    fn default() -> Table<N> {
        Table { names: Vec::new(), rows: Vec::new() }
    }
}

impl<const N: usize> Table<N> {
    /// Forgets the rows; the memory stays.
    pub fn clear(&mut self) {
        self.names.clear();
        self.rows.clear();
    }

    /// Adds a row whose fields belong to `columns`, or to all of them in order if that is empty.
    /// `None` if a field is not an integer that fits: the row lacks that column. Columns past N are
    /// newer than this code: ignored, and so are those past `columns`.
    pub fn push(&mut self, name: &[u8], columns: &[usize], mut fields: Fields<'_>) -> Option<()> {
        let (mut cells, mut present, mut whole) = ([0; N], 0, Some(()));
        for i in 0..N {
            let Some(value) = fields.uint() else { break };
            let column = match columns.get(i) {
                Some(column) => *column,
                None if columns.is_empty() => i,
                None => break,
            };
            match (cells.get_mut(column), value) {
                (Some(cell), Some(value)) => {
                    *cell = value;
                    present |= 1 << column;
                }
                _ => whole = None,
            }
        }
        self.push_cells(name, cells, present);
        whole
    }

    /// Adds a row of which the columns in `present` (bit i for column i) are known.
    pub fn push_cells(&mut self, name: &[u8], cells: [u64; N], present: u32) {
        const { assert!(N <= 32) };
        let (start, word) = (self.names.len(), Word::of(name));
        self.names.extend_from_slice(name);
        let name = start..self.names.len();
        self.rows.push(Row { name, word, present, cells });
    }

    /// The rows that have column `i`, in file order.
    pub fn column(&self, i: usize) -> impl Iterator<Item = (Label<'_>, u64)> {
        self.rows.iter().filter(move |row| row.present >> i & 1 == 1).map(move |row| {
            let name = self.names.get(row.name.clone()).unwrap_or_default();
            (Label::known(name, row.word), row.cells.get(i).copied().unwrap_or_default())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scan;
    use super::*;

    #[test]
    fn a_bad_field_costs_its_own_cell() {
        let mut table = Table::<3>::default();
        assert_eq!(table.push(b"good", &[], scan::fields(b"1 2 3 4")), Some(()));
        assert_eq!(table.push(b"torn", &[], scan::fields(b"5 6\r")), None);
        assert_eq!(table.push(b"odd", &[], scan::fields(b"-1 7 0")), None);
        assert_eq!(table.push(b"part", &[2, 0], scan::fields(b"8 9")), Some(()));
        let column = |i| table.column(i).map(|(_, cell)| cell).collect::<Vec<_>>();
        assert_eq!([column(0), column(1), column(2)], [vec![1, 5, 9], vec![2, 7], vec![3, 0, 8]]);
    }
}
