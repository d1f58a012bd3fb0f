//! What every line of a family has in common, made once and kept from scrape to scrape: the same
//! families come each time, in the same order. All of it lies in the order in which it is used, so
//! that after an idle second, when none of it is in a cache, the processor can fetch it ahead.
//!
//! A label value that is a word is written in one move; any other takes the slow way, which looks at
//! every byte.

mod column;
mod labelled;

use super::escape::escape;
use super::format::Format;
use super::known::{Ends, Id, Known, Shape, TAIL, Tail};
use super::{escaping::Escaping, external_labels::ExternalLabels};
use crate::base::dialect::Dialect;
use crate::base::sys::{BLOCK, FOUR, List, Pen};
use crate::model::metric::{Buffer, Family, Label, Value, WORD};

/// Families of a usual page, and blocks of their heads.
const FAMILIES: usize = 512;
const HEADS: usize = 8192;

/// Blocks behind the last head, as four are read at once.
const SPARE: usize = FOUR;

/// What is known of the families.
#[derive(Default)]
pub struct Lines {
    families: Vec<Known>,
    /// HELP and TYPE of each, then what stands before the first label value, `name{key0="`, in whole blocks.
    heads: Vec<[u8; BLOCK]>,
    /// What stands after each label value: `",key1="`, …, `"} `.
    tails: Vec<Tail>,
    style: Option<(Dialect, Format)>,
    /// What is on every series.
    constant: ExternalLabels,
    /// Names in UTF-8 where they are not read.
    pub(super) escaping: Escaping,
    /// Names in UTF-8 are written as they are, in quotation marks.
    pub(super) quotes: bool,
    /// Which family comes next, and where its parts begin.
    at: usize,
    next: Ends,
    /// Where the parts of the family at hand begin, and how it is written.
    start: Ends,
    now: Shape,
}

impl Lines {
    /// A scrape begins.
    pub fn begin(&mut self, dialect: Dialect, format: Format) {
        (self.at, self.next) = (0, Ends::default());
        self.quotes = false;
        self.escaping.begin();
        if self.style != Some((dialect, format)) {
            self.style = Some((dialect, format));
            self.families.clear();
        }
    }

    /// From now on these labels are on every series that has none of that name.
    pub fn label(&mut self, labels: &[(String, String)]) {
        self.constant = ExternalLabels::new(labels);
        self.families.clear();
    }

    /// The same; nothing is made anew where these labels were on every series before.
    pub fn keep_labelled(&mut self, labels: &[(String, String)]) {
        if !self.constant.is(labels) {
            self.label(labels);
        }
    }

    /// The next family is this one. False if another stood here before: it is to be learned.
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

    /// Learns the next family: `make` writes its header, for which there is room behind the page, and tells
    /// prefix, name and suffix.
    pub fn learn<'n>(
        &mut self,
        family: &Family<'_>,
        (keys, is_quoted): (List<'_>, bool),
        page: &mut Buffer,
        make: impl FnOnce(&mut Buffer) -> [&'n str; 3],
    ) {
        let id = Id::of(family, self.quotes);
        if self.families.capacity() == 0 {
            // Addresses for a usual page, so that nothing is copied; memory is used for what is written.
            self.families.reserve(FAMILIES);
            self.heads.reserve(HEADS);
        }
        self.families.truncate(self.at);
        self.heads.truncate(self.start.head as usize);
        self.tails.truncate(self.start.tail as usize);
        let end = page.len();
        let [prefix, name, suffix] = make(page);
        let constant = self.constant.without(keys);
        let comma = if constant.is_empty() { "" } else { "," };
        let mut others = keys;
        let first = others.next();
        let [open, before, comma, last, close] = match (first, constant.as_str()) {
            (None, "") => ["", "", "", "", " "],
            (None, constant) => ["{", constant, "", "", "} "],
            (Some(first), constant) => ["{", constant, comma, first, "=\""],
        };
        if first.is_some() {
            others.for_each(|key| self.tail(&["\",", key, "=\""]));
            self.tail(&["\"} "]);
        }
        let head = [prefix, name, suffix, open, before, comma, last, close];
        let header = page.bytes().get(end..).unwrap_or_default();
        let (header_length, head_length) =
            (header.len(), head.iter().map(|piece| piece.len()).sum());
        self.parts(header, &head, head_length, first.is_some());
        page.truncate(end);
        let (blocks, tail) = (self.heads.len() as u32, self.tails.len() as u32);
        self.heads.resize(self.heads.len() + SPARE, [0; BLOCK]);
        let tails = tail - self.start.tail;
        self.now = Shape {
            ends: Ends { head: blocks, tail },
            header_length: header_length as u32,
            header_blocks: header_length.div_ceil(BLOCK) as u32,
            name_length: (prefix.len() + name.len() + suffix.len()) as u32,
            head_length: head_length as u32,
            room: (blocks - self.start.head + SPARE as u32) * BLOCK as u32
                + tails * (TAIL + WORD) as u32
                + Value::ROOM as u32,
            is_quoted,
        };
        self.families.push(Known { id, shape: self.now });
        self.next = self.now.ends;
        self.at += 1;
    }

    /// Keeps a header and the pieces of a head, of `length` bytes, perhaps in blocks of its own.
    fn parts(&mut self, header: &[u8], head: &[&str], length: usize, is_apart: bool) {
        let (at, first) = (header.len(), self.heads.len());
        let at = if is_apart { at.next_multiple_of(BLOCK) } else { at };
        self.heads.resize(first + (at + length).div_ceil(BLOCK), [0; BLOCK]);
        let room = self.heads.get_mut(first..).unwrap_or_default().as_flattened_mut();
        let (of_header, of_head) = room.split_at_mut_checked(at).unwrap_or_default();
        Pen::new(of_header).put(header);
        let mut pen = Pen::new(of_head);
        head.iter().for_each(|piece| pen.put(piece.as_bytes()));
    }

    fn tail(&mut self, pieces: &[&str]) {
        let mut text = [0; TAIL];
        let mut pen = Pen::new(&mut text);
        pieces.iter().for_each(|piece| pen.put(piece.as_bytes()));
        let length = TAIL - pen.left();
        let whole: usize = pieces.iter().map(|piece| piece.len()).sum();
        debug_assert_eq!(length, whole, "a key is too long");
        self.tails.push(Tail { text, length });
    }

    /// HELP and TYPE of the family at hand in blocks, and their length.
    #[inline(always)] // for every family
    pub fn header(&self) -> (&[[u8; BLOCK]], usize) {
        let start = self.start.head as usize;
        let end = start + self.now.header_blocks as usize;
        (self.blocks(start, end), self.now.header_length as usize)
    }

    /// What stands before the first label value in blocks, of a family with keys, at least four, and its length.
    #[inline(always)] // for every sample
    pub fn head_blocks(&self) -> (&[[u8; BLOCK]], usize) {
        let start = self.start.head as usize + self.now.header_blocks as usize;
        let end = (self.now.ends.head as usize).max(start + FOUR);
        (self.blocks(start, end), self.now.head_length as usize)
    }

    /// The header and what stands before the number, of a family without keys, in blocks, and their length.
    #[inline(always)]
    fn whole(&self) -> (&[[u8; BLOCK]], usize) {
        let blocks = self.blocks(self.start.head as usize, self.now.ends.head as usize);
        (blocks, (self.now.header_length + self.now.head_length) as usize)
    }

    /// The blocks of heads between two places.
    #[inline(always)]
    fn blocks(&self, start: usize, end: usize) -> &[[u8; BLOCK]] {
        match self.heads.get(start..end) {
            Some(blocks) => blocks,
            None => none(),
        }
    }

    /// Where the name begins in a line of the family at hand, among all bytes that are kept.
    fn name_at(&self) -> usize {
        let start = self.start.head as usize * BLOCK;
        match self.keys() {
            0 => start + self.now.header_length as usize,
            _ => start + self.now.header_blocks as usize * BLOCK,
        }
    }

    /// What stands before the first label value, or the number.
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

    /// How many label values a sample has.
    #[inline(always)]
    pub fn keys(&self) -> usize {
        (self.now.ends.tail - self.start.tail) as usize
    }

    /// Appends a sample to `out`. False, and nothing appended, if it must go the slow way.
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

    /// Appends the sample of a family without keys, behind its header if it is to come `with_header`.
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

    /// The slow way: each label value is escaped.
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

/// What there never is: in line it would be chosen without a jump, which costs more than the check.
#[cold]
#[inline(never)]
fn none<'a, T>() -> &'a [T] {
    &[]
}

#[cfg(test)]
mod tests;
