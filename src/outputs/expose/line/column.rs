//! The lines of a table's column: their common parts are looked up once, not for each line.

use super::{Lines, Tail};
use crate::base::sys::digits;
use crate::base::sys::{BLOCK, FOUR, LONG, LinePen, Pen, Places};
use crate::model::metric::{Buffer, Cell, Cells, Column, Family, Label, Value};

/// Blocks that the common part of the lines of a column under a label may take; longer ones take the slow path.
const MAX_START: usize = 10;

impl Lines {
    /// Appends a sample of `family`, which is the current one, for each row. Returns whether there was one.
    pub fn write_column(&self, family: &Family<'_>, column: &Column<'_>, out: &mut Buffer) -> bool {
        let (Some(label), Some(tail)) = (&column.under, self.tails().first()) else {
            return self.write_lines(self.head_blocks(), family, column, out);
        };
        let mut start = [[0; BLOCK]; MAX_START];
        match before(self.head_blocks(), label, tail, &mut start) {
            Some(length) => {
                let blocks = length.div_ceil(BLOCK).max(FOUR);
                let start = start.get(..blocks).unwrap_or(&start);
                self.write_lines((start, length), family, column, out)
            }
            None => self.write_each(family, column, out),
        }
    }

    /// The same for lines with this beginning.
    #[inline(never)]
    pub fn write_lines(
        &self,
        beginning: (&[[u8; BLOCK]], usize),
        family: &Family<'_>,
        column: &Column<'_>,
        out: &mut Buffer,
    ) -> bool {
        let scale = family.scale().and_then(|(by, places)| Some((by, Places::of(places)?)));
        let Some((factor, places)) = scale else { return self.write_each(family, column, out) };
        let (mut cells, start) = (column.cells(), out.len());
        loop {
            let room = out.room(LinePen::room_for(beginning.0));
            let Some(pen) = LinePen::new(room, beginning, places) else {
                return self.write_each(family, column, out);
            };
            let (written, left) = write_rows(pen, factor, &cells);
            out.advance(written);
            if left == 0 {
                return out.len() > start;
            }
            cells.keep_last(left);
            let Some((row, cell)) = cells.next() else { return out.len() > start };
            let value = family.value(cell.number());
            self.write_row((column.under, row.label(column.names)), value, out);
        }
    }

    /// The same on the slow path.
    #[cold]
    #[inline(never)]
    fn write_each(&self, family: &Family<'_>, column: &Column<'_>, out: &mut Buffer) -> bool {
        let mut has_any = false;
        for (label, raw) in column.clone() {
            self.write_row((column.under, label), family.value(raw), out);
            has_any = true;
        }
        has_any
    }

    /// The same for one row.
    #[cold]
    #[inline(never)]
    fn write_row(
        &self,
        (under, label): (Option<Label<'_>>, Label<'_>),
        value: Value,
        out: &mut Buffer,
    ) {
        match under {
            Some(under) => self.write_with(&[under, label], value, out),
            None => self.write_with(&[label], value, out),
        }
    }
}

/// Writes a line for each row. Returns how many bytes it wrote, and how many rows are left: it stops at one that has no
/// word or no plain number, or where there is no room.
#[inline(always)] // in one place
fn write_rows(mut pen: LinePen<'_>, factor: u64, rows: &Cells<'_>) -> (usize, usize) {
    let mut cells = rows.clone();
    // Where the number is the counted one, digits are written as they are stored.
    let direct = if factor == 1 { cells.bit() } else { 0 };
    while let Some((row, kept)) = cells.next_kept() {
        let mut number = kept;
        if !row.has_digits(direct) {
            let is_digits = row.has_digits(cells.bit());
            let cell = if is_digits { Cell::Digits(kept) } else { Cell::Number(kept) };
            number = match cell.times(factor) {
                Some(Cell::Digits(digits)) => digits,
                Some(Cell::Number(n)) if n < MAX => n | LONG,
                _ => return (pen.written(), cells.rows_left() + 1),
            };
        }
        if !pen.put(row.word.block(), number) {
            return (pen.written(), cells.rows_left() + 1);
        }
    }
    (pen.written(), 0)
}

/// Numbers from here on have more than sixteen digits.
const MAX: u64 = digits::BLOCK * digits::BLOCK;

/// Writes the common beginning of the lines of a column under a label to `start`; returns its length, if it is a word
/// and there is room.
#[inline(always)]
fn before(
    (blocks, length): (&[[u8; BLOCK]], usize),
    label: &Label<'_>,
    tail: &Tail,
    start: &mut [[u8; BLOCK]; MAX_START],
) -> Option<usize> {
    let (word, word_length) = label.word()?;
    let mut pen = Pen::new(start.as_flattened_mut());
    if pen.left() < blocks.len() * BLOCK + size_of_val(word) + size_of_val(&tail.text) {
        return None;
    }
    pen.put_blocks(blocks, length);
    pen.put_fixed(word, word_length);
    pen.put_fixed(&tail.text, tail.length);
    Some(MAX_START * BLOCK - pen.left())
}
