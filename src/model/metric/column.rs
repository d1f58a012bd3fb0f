//! One column of a table: a number for each named row that has it. A sink takes a column in one call, and
//! looks once, not for each row, at what its lines have in common.

use super::{Label, Word};

/// The name of a row, and which columns it has.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Where the name is among the names.
    name: [u32; 2],
    /// Bit i for column i.
    present: u32,
    /// The name, if it is one.
    pub word: Word,
}

impl Row {
    /// What the row is called, of the names of all rows.
    pub fn label<'a>(&self, names: &'a [u8]) -> Label<'a> {
        let [start, end] = self.name.map(|at| at as usize);
        Label::known(names.get(start..end).unwrap_or_default(), self.word)
    }
}

/// The rows of a table, and their cells.
#[derive(Debug, Default)]
pub struct Rows {
    names: Vec<u8>,
    rows: Vec<Row>,
    /// As many for each row.
    cells: Vec<u64>,
}

impl Rows {
    /// Forgets the rows; the memory stays.
    pub fn clear(&mut self) {
        self.names.clear();
        self.rows.clear();
        self.cells.clear();
    }

    /// Adds a row; each has as many cells.
    pub fn push(&mut self, name: &[u8], cells: &[u64], present: u32) {
        let start = self.names.len();
        self.names.extend_from_slice(name);
        self.cells.extend_from_slice(cells);
        let name_of = [start as u32, self.names.len() as u32];
        self.rows.push(Row { name: name_of, present, word: Word::of(name) });
    }

    /// The rows that have column `at`, in order.
    pub fn column(&self, at: usize) -> Column<'_> {
        let width = self.cells.len().checked_div(self.rows.len()).unwrap_or(0);
        Column { names: &self.names, rows: &self.rows, cells: &self.cells, width, next: at, at }
    }
}

/// Each row that has the column, and its number there.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    /// The names of all rows.
    pub names: &'a [u8],
    /// Those that are still to come.
    rows: &'a [Row],
    cells: &'a [u64],
    width: usize,
    /// The place of the next row's number among the cells.
    next: usize,
    at: usize,
}

impl<'a> Column<'a> {
    /// The next row that has the column, and its number there.
    #[inline(always)] // for every sample of a table
    pub fn next_row(&mut self) -> Option<(&'a Row, u64)> {
        loop {
            let (row, rows) = self.rows.split_first()?;
            let number = self.cells.get(self.next).copied().unwrap_or_default();
            self.rows = rows;
            self.next += self.width;
            if row.present >> self.at & 1 == 1 {
                return Some((row, number));
            }
        }
    }
}

impl<'a> Iterator for Column<'a> {
    type Item = (Label<'a>, u64);

    fn next(&mut self) -> Option<(Label<'a>, u64)> {
        let (row, number) = self.next_row()?;
        Some((row.label(self.names), number))
    }
}
