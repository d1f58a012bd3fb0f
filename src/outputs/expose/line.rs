//! What all lines of a family have in common, made once and kept from scrape to scrape: the same
//! families come each time, in the same order. All of it is stored in the order in which it is used, so
//! that after an idle second, when none of it is in a cache, the processor can fetch it ahead.
//!
//! A label value that fits a word is written in one move; any other takes the slow path, which reads
//! every byte.

mod column;
mod labelled;
mod learn;

use super::escape::escape;
use super::format::Format;
use super::known::{Ends, Known, Shape, Tail};
use super::{escaping::Escaping, external_labels::ExternalLabels};
use crate::base::dialect::Dialect;
use crate::base::sys::{BLOCK, FOUR, Pen};
use crate::model::metric::{Buffer, Family, Label, Value};

/// Spare blocks after the last head, as four are read at once.
const SPARE: usize = FOUR;

/// What is known of the families.
#[derive(Default)]
pub struct Lines {
    families: Vec<Known>,
    /// HELP and TYPE of each, then the text before the first label value, `name{key0="`, in whole blocks.
    heads: Vec<[u8; BLOCK]>,
    /// The text after each label value: `",key1="`, …, `"} `.
    tails: Vec<Tail>,
    style: Option<(Dialect, Format)>,
    /// Labels that are added to every series.
    constant: ExternalLabels,
    /// Escapes names in UTF-8 for clients that do not support them.
    pub(super) escaping: Escaping,
    /// Names in UTF-8 are written as they are, in quotation marks.
    pub(super) quotes: bool,
    /// The index of the next family, and the positions of its parts.
    at: usize,
    next: Ends,
    /// The positions of the current family's parts, and how it is written.
    start: Ends,
    now: Shape,
}

impl Lines {
    /// Begins a scrape.
    pub fn begin(&mut self, dialect: Dialect, format: Format) {
        (self.at, self.next) = (0, Ends::default());
        self.quotes = false;
        self.escaping.begin();
        if self.style != Some((dialect, format)) {
            self.style = Some((dialect, format));
            self.families.clear();
        }
    }

    /// Sets labels that are added to every series without a label of that name.
    pub fn label(&mut self, labels: &[(String, String)]) {
        self.constant = ExternalLabels::new(labels);
        self.families.clear();
    }

    /// The same; nothing is rebuilt if the labels are unchanged.
    pub fn set_labels(&mut self, labels: &[(String, String)]) {
        if !self.constant.is(labels) {
            self.label(labels);
        }
    }

    /// Moves to the next family. Returns false if another one was here before: then it has to be learned.
    #[inline(always)] // for every family
    pub fn next(&mut self, family: &Family<'_>) -> bool {
        self.start = self.next;
        match self.families.get(self.at) {
            Some(known) if known.id.is(family, self.quotes) => self.now = known.shape,
            _ => return false,
        }
        self.next = self.now.ends;
        self.at += 1;
        true
    }

    /// HELP and TYPE of the current family in blocks, and their length.
    #[inline(always)] // for every family
    pub fn header(&self) -> (&[[u8; BLOCK]], usize) {
        let start = self.start.head as usize;
        let end = start + self.now.header_blocks as usize;
        (self.blocks(start, end), self.now.header_length as usize)
    }

    /// The text before the first label value in blocks, of a family with keys, at least four, and its length.
    #[inline(always)] // for every sample
    pub fn head_blocks(&self) -> (&[[u8; BLOCK]], usize) {
        let start = self.start.head as usize + self.now.header_blocks as usize;
        let end = (self.now.ends.head as usize).max(start + FOUR);
        (self.blocks(start, end), self.now.head_length as usize)
    }

    /// The header and the text before the number, of a family without keys, in blocks, and their length.
    #[inline(always)]
    fn whole(&self) -> (&[[u8; BLOCK]], usize) {
        let blocks = self.blocks(self.start.head as usize, self.now.ends.head as usize);
        (blocks, (self.now.header_length + self.now.head_length) as usize)
    }

    /// The blocks of heads between two indices.
    #[inline(always)]
    fn blocks(&self, start: usize, end: usize) -> &[[u8; BLOCK]] {
        match self.heads.get(start..end) {
            Some(blocks) => blocks,
            None => none(),
        }
    }

    /// The position of the name in a line of the current family, among all stored bytes.
    fn name_at(&self) -> usize {
        let start = self.start.head as usize * BLOCK;
        match self.keys() {
            0 => start + self.now.header_length as usize,
            _ => start + self.now.header_blocks as usize * BLOCK,
        }
    }

    /// The text before the first label value, or before the number.
    fn head(&self) -> &[u8] {
        let (start, length) = (self.name_at(), self.now.head_length as usize);
        self.heads.as_flattened().get(start..start + length).unwrap_or_default()
    }

    #[inline(always)]
    fn tails(&self) -> &[Tail] {
        let (start, end) = (self.start.tail as usize, self.now.ends.tail as usize);
        match self.tails.get(start..end) {
            Some(tails) => tails,
            None => none(),
        }
    }

    /// The number of label values of a sample.
    #[inline(always)]
    pub fn keys(&self) -> usize {
        (self.now.ends.tail - self.start.tail) as usize
    }

    /// Appends a sample to `out`. Returns false, and appends nothing, if it must take the slow path.
    #[inline(always)] // for every sample
    pub fn write(&self, labels: &[Label<'_>], value: Value, out: &mut Buffer) -> bool {
        let mut pen = Pen::new(out.room(self.now.room as usize));
        let room = pen.left();
        if labels.is_empty() {
            pen.put(self.head());
        } else {
            let (blocks, length) = self.head_blocks();
            pen.put_blocks(blocks, length);
        }
        for (label, tail) in labels.iter().zip(self.tails()) {
            let Some((word, length)) = label.word() else { return false };
            pen.put_fixed(word, length);
            pen.put_fixed(&tail.text, tail.length);
        }
        let written = room - value.write_line(pen).left();
        out.advance(written);
        true
    }

    /// Appends the sample of a family without keys, after its header if `with_header`.
    #[inline(always)]
    pub fn write_single(&self, with_header: bool, value: Value, out: &mut Buffer) {
        let mut pen = Pen::new(out.room(self.now.room as usize));
        let room = pen.left();
        if with_header {
            let (blocks, length) = self.whole();
            pen.put_blocks(blocks, length);
        } else {
            pen.put(self.head());
        }
        let written = room - value.write_line(pen).left();
        out.advance(written);
    }

    /// The slow path: each label value is escaped.
    #[cold]
    #[inline(never)]
    pub fn write_with(&self, labels: &[Label<'_>], value: Value, out: &mut Buffer) {
        out.put(self.head());
        for (label, tail) in labels.iter().zip(self.tails()) {
            match label.word() {
                Some(_) => out.put(label.raw()),
                None => escape(out, label.raw(), true),
            }
            out.put(tail.text.get(..tail.length).unwrap_or_default());
        }
        out.put_value(value);
        out.put(b"\n");
    }
}

/// A case that never occurs: in line it would be selected without a jump, which costs more than the check.
#[cold]
#[inline(never)]
fn none<'a, T>() -> &'a [T] {
    &[]
}

#[cfg(test)]
mod tests;
