//! A sample in the form of both versions, as a message: a value and a time, and in 2.0 a start time.
//! From request to request only these change, so only they are rewritten in place where they keep their
//! length.

use super::parts::Part;
use super::wire::{VARINT, bytes_tag, double_tag, varint, varint_len, varint_tag};
use crate::base::sys::Pen;

/// `TimeSeries.samples`.
const SAMPLES: u8 = bytes_tag(2);

/// Bytes of its tag and length: the length takes one byte.
const HEAD: usize = 2;

/// The position of its value.
const VALUE: usize = HEAD + 1;

/// Room for the longest, and for a whole word at its end.
const ROOM: usize = HEAD + 1 + 8 + 2 * (1 + VARINT) + 8;

/// A message `Sample`.
#[derive(Clone, Copy)]
pub struct Sample {
    bits: u64,
    time: u64,
    /// 0 if there is none.
    start: u64,
}

impl Sample {
    /// The sample of one number; `counts` adds the start time.
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
}

/// Writes samples over old ones. Most have the same times as the previous one, whose bytes are reused.
pub struct Renewal {
    last: Option<Sample>,
    text: [u8; ROOM],
    len: usize,
}

impl Renewal {
    /// A state in which nothing was written.
    pub fn new() -> Renewal {
        Renewal { last: None, text: [0; ROOM], len: 0 }
    }

    /// Writes the sample over the one at the start of `old`, if that is as long. Returns whether it is.
    pub fn write(&mut self, sample: Sample, old: &mut [u8]) -> bool {
        let is_like = |last: Sample| (last.time, last.start) == (sample.time, sample.start);
        if !self.last.is_some_and(is_like) {
            sample.write(&mut Pen::new(&mut self.text));
            (self.last, self.len) = (Some(sample), sample.len());
        }
        let is_as_long = old.get(1).is_some_and(|old| usize::from(*old) == self.len - HEAD);
        let (Some(new), Some(old)) = (self.text.get(..self.len), old.get_mut(..self.len)) else {
            return false;
        };
        if !is_as_long {
            return false;
        }
        Pen::new(old).put(new);
        let value = old.get_mut(VALUE..).and_then(|rest| rest.first_chunk_mut());
        value.into_iter().for_each(|value| *value = sample.bits.to_le_bytes());
        true
    }
}
