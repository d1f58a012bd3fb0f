//! One column of a table: a number for each named row that has it. A sink gets a column in one call, and
//! computes the common part of its lines once, not for each row.

use super::{Label, Word};
use crate::base::sys::digits;

/// The name of a row, and which columns it has.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Offset and length of the name in the names.
    name: [u32; 2],
    /// Bit i for column i.
    present: u32,
    /// The columns whose cell is not the number, but its digits.
    digits: u32,
    /// The name as a word, if it is one.
    pub word: Word,
}

impl Row {
    /// Whether the cells in these columns are digits.
    #[inline(always)]
    pub fn has_digits(&self, bits: u32) -> bool {
        self.digits & bits != 0
    }

    /// The name of the row, which is in the names of all rows.
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
    /// The cells, the same number for each row.
    cells: Vec<u64>,
}

impl Rows {
    /// Drops the rows; the memory stays.
    pub fn clear(&mut self) {
        self.names.clear();
        self.rows.clear();
        self.cells.clear();
    }

    /// Adds a row; all rows have the same number of cells. It has the columns in `present`; in those of `digits` the
    /// cell is made by `digits::of`.
    pub fn push(&mut self, name: &[u8], cells: &[u64], present: u32, digits: u32) {
        let start = self.names.len();
        self.names.extend_from_slice(name);
        self.cells.extend_from_slice(cells);
        let name_of = [start as u32, self.names.len() as u32];
        self.rows.push(Row { name: name_of, present, digits, word: Word::of(name) });
    }

    /// The number of rows that have some column.
    pub fn known(&self) -> usize {
        self.rows.iter().filter(|row| row.present != 0).count()
    }

    /// The rows that have column `at`, in order.
    #[inline(always)]
    pub fn column(&self, at: usize) -> Column<'_> {
        let width = self.cells.len().checked_div(self.rows.len()).unwrap_or(0);
        let bit = 1 << (at % 32);
        let cells = Cells { rows: &self.rows, cells: &self.cells, width, next: at, bit };
        Column { under: None, names: &self.names, cells }
    }

    /// The first column, with its cells replaced by `numbers`, one for each, under `label`.
    pub fn under<'a>(&'a self, label: Label<'a>, numbers: &'a [u64]) -> Column<'a> {
        let rows = self.rows.get(..numbers.len()).unwrap_or(&self.rows);
        let cells = Cells { rows, cells: numbers, width: 1, next: 0, bit: 1 };
        Column { under: Some(label), names: &self.names, cells }
    }
}

/// A number of a table.
#[derive(Clone, Copy, Debug)]
pub enum Cell {
    /// The number itself.
    Number(u64),
    /// Its digits, as `digits::of` has them.
    Digits(u64),
}

impl Cell {
    /// The number.
    #[inline(always)]
    pub fn number(self) -> u64 {
        match self {
            Cell::Number(n) => n,
            Cell::Digits(eight) => digits::number(eight),
        }
    }

    /// The number multiplied by `factor`: as digits if there are at most eight. `None` if it exceeds `u64`.
    #[inline(always)] // in one place
    pub fn times(self, factor: u64) -> Option<Cell> {
        let n = self.number().checked_mul(factor)?;
        Some(if n < digits::BLOCK { Cell::Digits(digits::of(n)) } else { Cell::Number(n) })
    }
}

/// A column of a table: the rows that have it, and their cells.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    /// The value of a key before that of the rows.
    pub under: Option<Label<'a>>,
    /// The names of all rows.
    pub names: &'a [u8],
    cells: Cells<'a>,
}

/// An iterator over the rows that have the column, and their cells.
#[derive(Clone, Debug)]
pub struct Cells<'a> {
    /// The remaining rows.
    rows: &'a [Row],
    cells: &'a [u64],
    width: usize,
    /// The index of the next row's cell.
    next: usize,
    /// The bit of the column.
    bit: u32,
}

impl Cells<'_> {
    /// How many rows remain, whether they have the column or not.
    #[inline(always)]
    pub fn rows_left(&self) -> usize {
        self.rows.len()
    }

    /// Skips all but the last `rows` rows.
    pub fn keep_last(&mut self, rows: usize) {
        let out = self.rows.len().saturating_sub(rows);
        self.rows = self.rows.get(out..).unwrap_or_default();
        self.next += out * self.width;
    }
}

impl<'a> Cells<'a> {
    /// The next row that has the column, and its cell as stored.
    #[inline(always)] // for every sample of a table
    pub fn next_kept(&mut self) -> Option<(&'a Row, u64)> {
        loop {
            let (row, rows) = self.rows.split_first()?;
            let cell = self.cells.get(self.next).copied().unwrap_or_default();
            self.rows = rows;
            self.next += self.width;
            if row.present & self.bit != 0 {
                return Some((row, cell));
            }
        }
    }

    /// The bit of the column.
    #[inline(always)]
    pub fn bit(&self) -> u32 {
        self.bit
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = (&'a Row, Cell);

    #[inline(always)]
    fn next(&mut self) -> Option<(&'a Row, Cell)> {
        let (row, cell) = self.next_kept()?;
        Some((row, if row.has_digits(self.bit) { Cell::Digits(cell) } else { Cell::Number(cell) }))
    }
}

impl<'a> Column<'a> {
    /// Each row that has the column, and its cell.
    #[inline(always)]
    pub fn cells(&self) -> Cells<'a> {
        self.cells.clone()
    }
}

impl<'a> Iterator for Column<'a> {
    type Item = (Label<'a>, u64);

    fn next(&mut self) -> Option<(Label<'a>, u64)> {
        let (row, cell) = self.cells.next()?;
        Some((row.label(self.names), cell.number()))
    }
}
