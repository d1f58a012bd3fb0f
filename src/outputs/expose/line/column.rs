//! The lines of a table's column: what they have in common is looked up once, not for each line.

use super::{Lines, Tail};
use crate::base::sys::{BLOCK, Beginning, Pen, TAIL};
use crate::model::metric::{Buffer, Cell, Column, Family, Label, Value, WORD};

/// Blocks that what the lines of a column under a label have in common may take; longer ones go the slow way.
const MAX_START: usize = 10;

impl Lines {
    /// Appends a sample of `family`, which is the one at hand, for each row. Whether there was one.
    #[inline(always)] // in one place
    pub fn write_column(
        &self,
        family: &Family<'_>,
        column: Column<'_>,
        out: &mut Buffer,
        escape: fn(&mut Buffer, &[u8]),
    ) -> bool {
        let Some((tail, others)) = self.tails().split_last() else { return false };
        match (column.under, others.first()) {
            (Some(label), Some(other)) => {
                let mut start = [[0; BLOCK]; MAX_START];
                let Some(length) = before(self.head_blocks(), &label, other, &mut start) else {
                    return self.write_each(family, column, out, escape);
                };
                let beginning = Beginning::new((&start, length), (&tail.text, tail.length));
                self.write_lines(&beginning, family, column, out, escape)
            }
            _ => {
                let beginning = Beginning::new(self.head_blocks(), (&tail.text, tail.length));
                self.write_lines(&beginning, family, column, out, escape)
            }
        }
    }

    /// The same of lines that begin so.
    #[inline(never)]
    fn write_lines(
        &self,
        beginning: &Beginning<'_>,
        family: &Family<'_>,
        column: Column<'_>,
        out: &mut Buffer,
        escape: fn(&mut Buffer, &[u8]),
    ) -> bool {
        let most = beginning.room() + Value::ROOM;
        let (factor, places) = family.scale().unwrap_or_default();
        let mut pen = Pen::new(out.room(most));
        let (mut room, mut has_any) = (pen.left(), false);
        for (row, cell) in column.cells() {
            has_any = true;
            let number = match cell {
                Cell::Digits(_) if factor == 1 => Some(cell),
                cell => cell.times(factor).filter(|_| factor > 0),
            };
            if let Some(number) = number
                && pen.put_line(beginning, row.word.block(), Value::ROOM)
            {
                pen = match number {
                    Cell::Digits(digits) => Value::write_digits(pen, digits, places),
                    Cell::Number(n) => Value::write_scaled(pen, n, places),
                };
                pen.put_word(b'\n'.into(), 1);
                continue;
            }
            // Neither a word nor a plain number, or there is no room left.
            let written = room - pen.left();
            out.advance(written);
            let value = family.value(cell.number());
            self.write_row((column.under, row.label(column.names)), value, out, escape);
            pen = Pen::new(out.room(most));
            room = pen.left();
        }
        let written = room - pen.left();
        out.advance(written);
        has_any
    }

    /// The same in the slow way.
    #[cold]
    #[inline(never)]
    fn write_each(
        &self,
        family: &Family<'_>,
        column: Column<'_>,
        out: &mut Buffer,
        escape: fn(&mut Buffer, &[u8]),
    ) -> bool {
        let (under, mut has_any) = (column.under, false);
        for (label, raw) in column {
            self.write_row((under, label), family.value(raw), out, escape);
            has_any = true;
        }
        has_any
    }

    /// The same of one row.
    #[cold]
    #[inline(never)]
    fn write_row(
        &self,
        (under, label): (Option<Label<'_>>, Label<'_>),
        value: Value,
        out: &mut Buffer,
        escape: fn(&mut Buffer, &[u8]),
    ) {
        match under {
            Some(under) => self.write_with(&[under, label], value, out, escape),
            None => self.write_with(&[label], value, out, escape),
        }
    }
}

/// Writes what the lines of a column under a label begin with to `start`; tells how long that is, if it is a word
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
    if pen.left() < blocks.len() * BLOCK + WORD + TAIL {
        return None;
    }
    pen.put_blocks(blocks, length);
    pen.put_fixed(word, word_length);
    pen.put_fixed(&tail.text, tail.length);
    Some(MAX_START * BLOCK - pen.left())
}
