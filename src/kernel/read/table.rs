//! Named rows of integers, kept between scrapes so that parsing allocates nothing.

use super::scan::{Cells, Fields};
use crate::model::metric::{Column, Rows};

/// Rows of up to N integers.
pub struct Table<const N: usize> {
    rows: Rows,
    /// The last line that was read.
    cells: [u64; N],
}

impl<const N: usize> Default for Table<N> {
    fn default() -> Table<N> {
        Table { rows: Rows::default(), cells: [0; N] }
    }
}

impl<const N: usize> Table<N> {
    /// Drops the rows; the memory stays.
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// Adds a row. The fields are the columns in order; if there are as many as in `few`, they are the
    /// columns in that. `None` if a field is not an integer that fits: the row lacks that column.
    /// Columns past N are newer than this code: ignored.
    pub fn push(&mut self, name: &[u8], few: &[usize], mut fields: Fields<'_>) -> Option<()> {
        let mut read = fields.cells(&mut self.cells);
        let whole = (read.known.count_ones() as usize == read.count).then_some(());
        if read.count == few.len() && fields.next().is_none() {
            (self.cells, read) = spread(self.cells, read, few);
        }
        self.rows.push(name, &self.cells, read.known, read.digits);
        whole
    }

    /// Adds a row whose columns in `present` (bit i for column i) are known.
    pub fn push_cells(&mut self, name: &[u8], cells: &[u64; N], present: u32) {
        self.push_read(name, cells, Cells { count: N, known: present, digits: 0 });
    }

    /// Adds a row from the cells of a line.
    pub fn push_read(&mut self, name: &[u8], cells: &[u64; N], read: Cells) {
        const { assert!(N <= 32) };
        self.rows.push(name, cells, read.known, read.digits);
    }

    /// All rows.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The rows that have column `i`, in file order.
    pub fn column(&self, i: usize) -> Column<'_> {
        self.rows.column(i)
    }
}

/// Moves the first cells to their columns.
#[cold]
fn spread<const N: usize>(from: [u64; N], read: Cells, columns: &[usize]) -> ([u64; N], Cells) {
    let (mut cells, mut spread) = ([0; N], Cells { known: 0, digits: 0, ..read });
    for (i, (column, value)) in columns.iter().zip(from).enumerate() {
        if let Some(cell) = cells.get_mut(*column) {
            *cell = value;
            spread.known |= (read.known >> i & 1) << column;
            spread.digits |= (read.digits >> i & 1) << column;
        }
    }
    (cells, spread)
}

#[cfg(test)]
mod tests {
    use super::super::scan;
    use super::*;

    #[test]
    fn a_bad_field_drops_only_its_cell() {
        let mut table = Table::<3>::default();
        assert_eq!(table.push(b"good", &[], scan::fields(b"1 2 3 4")), Some(()));
        assert_eq!(table.push(b"torn", &[], scan::fields(b"5 6\r")), None);
        assert_eq!(table.push(b"odd", &[], scan::fields(b"-1 7 0")), None);
        assert_eq!(table.push(b"part", &[2, 0], scan::fields(b"8 9")), Some(()));
        let column = |i| table.column(i).map(|(_, cell)| cell).collect::<Vec<_>>();
        assert_eq!([column(0), column(1), column(2)], [vec![1, 5, 9], vec![2, 7], vec![3, 0, 8]]);
    }
}
