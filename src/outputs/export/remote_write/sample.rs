//! A sample as both versions have it, as a message: a value and a time, and in 2.0 since when it counts.
//! From request to request only these change, so they alone are written anew where they are as long as
//! they were.

use super::parts::Part;
use super::wire::{VARINT, bytes_tag, double_tag, varint, varint_len, varint_tag};
use crate::base::sys::Pen;

/// `TimeSeries.samples`.
const SAMPLES: u8 = bytes_tag(2);

/// Bytes of its tag and length: one is enough for that.
const HEAD: usize = 2;

/// Room for the longest, and for a whole word at its end.
const ROOM: usize = HEAD + 1 + 8 + 2 * (1 + VARINT) + 8;

/// A message `Sample`.
#[derive(Clone, Copy)]
pub struct Sample {
    bits: u64,
    time: u64,
    /// 0 if it is not said.
    start: u64,
}

impl Sample {
    /// Of one number; `counts` says since when.
    pub fn of(part: &Part<'_, '_>, counts: bool) -> Sample {
        let (time, start) = (part.series.time(), part.series.start());
        let has_start = counts && !part.series.is_stale && start <= time;
        let start = if has_start { start as u64 } else { 0 };
        Sample { bits: part.bits, time: time as u64, start }
    }

    /// Bytes of the field, with tag and length.
    pub fn len(self) -> usize {
        let start = if self.start == 0 { 0 } else { 1 + varint_len(self.start) };
        HEAD + 10 + varint_len(self.time) + start
    }

    /// Writes the field.
    pub fn write(self, pen: &mut Pen<'_>) {
        pen.put_word(SAMPLES.into(), 1);
        pen.put_word((self.len() - HEAD) as u64, 1);
        pen.put_word(double_tag(1).into(), 1);
        pen.put_word(self.bits, 8);
        pen.put_word(varint_tag(2).into(), 1);
        varint(pen, self.time);
        if self.start != 0 {
            pen.put_word(varint_tag(3).into(), 1);
            varint(pen, self.start);
        }
    }

    /// Writes it over the one at the start of `old`, if that is as long. Whether it is.
    pub fn renew(self, old: &mut [u8]) -> bool {
        let len = self.len();
        if old.get(1).is_none_or(|old| usize::from(*old) != len - HEAD) {
            return false;
        }
        let (Some(field), mut new) = (old.get_mut(..len), [0; ROOM]) else { return false };
        // Words are written whole, and what is behind the field is to stay.
        self.write(&mut Pen::new(&mut new));
        Pen::new(field).put(new.get(..len).unwrap_or_default());
        true
    }
}
