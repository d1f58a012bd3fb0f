//! What every line of a family has in common, made once and kept from scrape to scrape: the same
//! families come each time, in the same order. All of it lies in the order in which it is used, so
//! that after an idle second, when none of it is in a cache, the processor can fetch it ahead.
//!
//! A label value that is a word is written in one move; any other takes the slow way, which looks at
//! every byte.

use super::format::Format;
use super::known::{Ends, Id, Known, Shape, Tail};
use super::{escaping::Escaping, external_labels::ExternalLabels, series};
use crate::base::dialect::Dialect;
use crate::base::sys::{BLOCK, Beginning, Pen, TAIL};
use crate::model::metric::{Buffer, Column, Family, Label, Value, WORD};
use crate::model::metric::{Exemplar, Histogram};
use crate::model::metric::{Labels, Point};

/// Families of a usual page, and blocks of their heads.
const FAMILIES: usize = 512;
const HEADS: usize = 8192;

/// What a head is put together of, at most.
const MAX_PIECES: usize = 8;

/// What is known of the families.
#[derive(Default)]
pub struct Lines {
    families: Vec<Known>,
    /// HELP and TYPE of each, then what stands before the first label value, `name{key0="`, both in
    /// whole blocks.
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
            Some(known) if known.id.is(&Id::of(family, self.quotes)) => self.now = known.shape,
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
        (keys, is_quoted): (&[&str], bool),
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
        let header = self.blocks(&[page.bytes().get(end..).unwrap_or_default()]);
        page.truncate(end);
        let constant = self.constant.without(keys);
        let head_length = match (keys.split_first(), constant.as_str()) {
            (None, "") => self.head(&[prefix, name, suffix, " "]),
            (None, constant) => self.head(&[prefix, name, suffix, "{", constant, "} "]),
            (Some((first, others)), constant) => {
                for key in others {
                    self.tail(&["\",", key, "=\""]);
                }
                self.tail(&["\"} "]);
                let comma = if constant.is_empty() { "" } else { "," };
                self.head(&[prefix, name, suffix, "{", constant, comma, first, "=\""])
            }
        };
        let (head, tail) = (self.heads.len() as u32, self.tails.len() as u32);
        let header_blocks = header.div_ceil(BLOCK) as u32;
        let heads = head - self.start.head - header_blocks;
        let tails = tail - self.start.tail;
        self.now = Shape {
            ends: Ends { head, tail },
            header_length: header as u32,
            header_blocks,
            name_length: (prefix.len() + name.len() + suffix.len()) as u32,
            head_length: head_length as u32,
            room: heads * BLOCK as u32 + tails * (TAIL + WORD) as u32 + Value::ROOM as u32,
            is_quoted,
        };
        self.families.push(Known { id, shape: self.now });
        self.next = self.now.ends;
        self.at += 1;
    }

    fn head(&mut self, pieces: &[&str]) -> usize {
        debug_assert!(pieces.len() <= MAX_PIECES);
        let mut bytes: [&[u8]; MAX_PIECES] = [b""; MAX_PIECES];
        bytes.iter_mut().zip(pieces).for_each(|(bytes, piece)| *bytes = piece.as_bytes());
        self.blocks(&bytes)
    }

    /// Adds a text in whole blocks; how long it is.
    fn blocks(&mut self, pieces: &[&[u8]]) -> usize {
        let (first, length) = (self.heads.len(), pieces.iter().map(|piece| piece.len()).sum());
        self.heads.resize(first + usize::div_ceil(length, BLOCK), [0; BLOCK]);
        let room = self.heads.get_mut(first..).unwrap_or_default();
        let mut pen = Pen::new(room.as_flattened_mut());
        pieces.iter().for_each(|piece| pen.put(piece));
        length
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
        let blocks = self.heads.get(start..start + self.now.header_blocks as usize);
        (blocks.unwrap_or_default(), self.now.header_length as usize)
    }

    #[inline(always)] // for every sample
    fn heads(&self) -> &[[u8; BLOCK]] {
        self.heads.get(self.head_start()..self.now.ends.head as usize).unwrap_or_default()
    }

    #[inline(always)]
    fn head_start(&self) -> usize {
        (self.start.head + self.now.header_blocks) as usize
    }

    #[inline(always)]
    fn tails(&self) -> &[Tail] {
        let (start, end) = (self.start.tail as usize, self.now.ends.tail as usize);
        self.tails.get(start..end).unwrap_or_default()
    }

    /// Appends a series that brings its labels; its family has no keys. Whether there was none with
    /// these labels, where names are to be escaped.
    pub fn write_series(
        &mut self,
        line: series::Line<'_>,
        (point, texts): (Point<'_>, &str),
        escape: bool,
        out: &mut Buffer,
    ) -> bool {
        let mut labels = line.labels;
        let start = self.head_start();
        if escape {
            let is_whole = !matches!(point, Point::Number(_));
            let Some(escaped) = self.escaping.labels(labels, is_whole) else { return false };
            labels = escaped;
        }
        let end = self.now.ends.head as usize;
        let heads = self.heads.get(start..end).unwrap_or_default();
        let name = heads.as_flattened().get(..self.now.name_length as usize).unwrap_or_default();
        if !self.constant.is_empty() {
            labels = Labels::rendered(self.constant.complete(labels.text()));
        }
        let is_quoted = self.now.is_quoted;
        series::Line { name, is_quoted, labels, ..line }.write(point, texts, out);
        true
    }

    /// The same for a histogram with exemplars, which only OpenMetrics has.
    pub fn write_exemplified(
        &mut self,
        labels: Labels<'_>,
        histogram: Histogram<'_>,
        exemplars: &[Option<Exemplar<'_>>],
        out: &mut Buffer,
    ) {
        let (name, labels) = self.name_and_labels(labels);
        series::write_exemplified(name, labels, &histogram, exemplars, out);
    }

    /// The name of the family at hand, and all labels of a series that brings these.
    fn name_and_labels<'a>(&'a mut self, labels: Labels<'a>) -> (&'a [u8], Labels<'a>) {
        let end = self.now.ends.head as usize;
        let heads = self.heads.get(self.head_start()..end).unwrap_or_default();
        let name = heads.as_flattened().get(..self.now.name_length as usize).unwrap_or_default();
        let labels = match self.constant.is_empty() {
            true => labels,
            false => Labels::rendered(self.constant.complete(labels.text())),
        };
        (name, labels)
    }

    /// How many label values a sample has.
    #[inline(always)]
    pub fn keys(&self) -> usize {
        (self.now.ends.tail - self.start.tail) as usize
    }

    /// Appends a sample to `out`. False, and nothing appended, if it must go the slow way.
    #[inline(always)] // for every sample
    pub fn write(&self, labels: &[Label<'_>], value: Value, out: &mut Buffer) -> bool {
        let (heads, tails) = (self.heads(), self.tails());
        let mut pen = Pen::new(out.room(self.now.room as usize));
        let room = pen.left();
        pen.put_blocks(heads, self.now.head_length as usize);
        for (label, tail) in labels.iter().zip(tails) {
            let Some((word, length)) = label.word() else { return false };
            pen.put_fixed(word, length);
            pen.put_fixed(&tail.text, tail.length);
        }
        let mut pen = value.write(pen);
        pen.put_word(b'\n'.into(), 1);
        let written = room - pen.left();
        out.advance(written);
        true
    }

    /// Appends the sample of a family without keys.
    #[inline(always)]
    pub fn write_single(&self, value: Value, out: &mut Buffer) {
        let mut pen = Pen::new(out.room(self.now.room as usize));
        let room = pen.left();
        pen.put_blocks(self.heads(), self.now.head_length as usize);
        let mut pen = value.write(pen);
        pen.put_word(b'\n'.into(), 1);
        let written = room - pen.left();
        out.advance(written);
    }

    /// Appends a sample of `family`, which is the one at hand and has one key, for each row. Whether
    /// there was one.
    pub fn write_column(
        &self,
        family: &Family<'_>,
        mut column: Column<'_>,
        out: &mut Buffer,
        escape: fn(&mut Buffer, &[u8]),
    ) -> bool {
        let Some(tail) = self.tails().first() else { return false };
        let head = (self.heads(), self.now.head_length as usize);
        let beginning = Beginning::new(head, (&tail.text, tail.length));
        let (most, names) = (self.now.room as usize, column.names);
        let (factor, places) = family.scale().unwrap_or_default();
        let mut pen = Pen::new(out.room(most));
        let (mut room, mut has_any) = (pen.left(), false);
        while let Some((row, raw)) = column.next_row() {
            has_any = true;
            if let Some(n) = factor.checked_mul(raw).filter(|_| factor > 0)
                && pen.put_line(&beginning, row.word.block(), Value::ROOM)
            {
                pen = Value::write_scaled(pen, n, places);
                pen.put_word(b'\n'.into(), 1);
                continue;
            }
            // Neither a word nor a plain number, or there is no room left.
            let written = room - pen.left();
            out.advance(written);
            self.write_with(&[row.label(names)], family.value(raw), out, escape);
            pen = Pen::new(out.room(most));
            room = pen.left();
        }
        let written = room - pen.left();
        out.advance(written);
        has_any
    }

    /// The slow way: `escape` appends each label value.
    #[cold]
    #[inline(never)]
    pub fn write_with(
        &self,
        labels: &[Label<'_>],
        value: Value,
        out: &mut Buffer,
        escape: fn(&mut Buffer, &[u8]),
    ) {
        let head = self.heads().as_flattened();
        out.put(head.get(..self.now.head_length as usize).unwrap_or_default());
        for (label, tail) in labels.iter().zip(self.tails()) {
            escape(out, label.raw());
            out.put(tail.text.get(..tail.length).unwrap_or_default());
        }
        out.put_value(value);
        out.put(b"\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metric::{Unit, gauge};

    const MAX_KEY: usize = TAIL - 4;

    #[cfg(feature = "exporter")]
    #[test]
    fn keys_fit() {
        use crate::kernel::collect::COLLECTORS;
        use crate::kernel::gather;
        let families = COLLECTORS.iter().flat_map(|c| c.families).chain(gather::families());
        for family in families {
            for dialect in [Dialect::Own, Dialect::Node] {
                let keys = family.named(dialect).map(|(_, keys)| keys).unwrap_or_default();
                assert!(keys.iter().all(|key| key.len() <= MAX_KEY), "{}", family.names().0);
            }
        }
    }

    /// Lines whose family at hand is `p_<name>_s`.
    fn lines(name: &str, keys: &[&str]) -> Lines {
        let mut lines = Lines::default();
        lines.begin(Dialect::Own, Format::Prometheus);
        let family = gauge("x", Unit::One, "", &[]);
        assert!(!lines.next(&family));
        lines.learn(&family, (keys, false), &mut Buffer::default(), |_| ["p_", name, "_s"]);
        lines
    }

    #[test]
    fn parts_of_every_length_are_copied() {
        for n in 1..140 {
            let (name, key) = ("n".repeat(n), "k".repeat(n.min(MAX_KEY)));
            let lines = lines(&name, &["mode", &key]);
            let long = "l".repeat(n);
            let labels: &[Label<'_>] = &["0".into(), long.as_str().into()];
            let naive = format!("p_{name}_s{{mode=\"0\",{key}=\"{long}\"}} 1.50\n");
            let mut out = Buffer::default();
            assert_eq!(lines.write(labels, Value::Centi(150), &mut out), n <= WORD);
            assert_eq!(out.bytes(), if n <= WORD { naive.as_bytes() } else { b"" });
            out.truncate(0);
            lines.write_with(labels, Value::Centi(150), &mut out, Buffer::put);
            assert_eq!(out.bytes(), naive.as_bytes());
        }
    }

    #[test]
    fn families_are_made_when_they_first_come_and_when_they_change() {
        let mut lines = Lines::default();
        let mut scrape = |families: &[(&'static str, u32)], style, made: &[&str]| {
            lines.begin(Dialect::Own, style);
            let (mut anew, mut page) = (Vec::new(), Buffer::default());
            page.put(b"before");
            for (name, stamp) in families {
                let family = gauge(name, Unit::One, "Help.", &[]).stamped(*stamp);
                if !lines.next(&family) {
                    anew.push(*name);
                    lines.learn(&family, (&["k"], false), &mut page, |header| {
                        header.put(name.as_bytes());
                        ["p_", name, ""]
                    });
                }
                let (header, length) = lines.header();
                assert_eq!(header.as_flattened()[..length], *name.as_bytes());
                let mut out = Buffer::default();
                assert!(lines.write(&["v".into()], Value::Int(7), &mut out));
                assert_eq!(out.bytes(), format!("p_{name}{{k=\"v\"}} 7\n").as_bytes());
            }
            assert_eq!((anew, page.bytes()), (made.to_vec(), &b"before"[..]));
        };
        let text = Format::Prometheus;
        scrape(&[("one", 0), ("two", 0), ("three", 0)], text, &["one", "two", "three"]);
        scrape(&[("one", 0), ("two", 0), ("three", 0)], text, &[]);
        scrape(&[("one", 0), ("two", 1), ("three", 0)], text, &["two", "three"]);
        scrape(&[("one", 0), ("three", 0)], text, &["three"]);
        scrape(&[("one", 0)], text, &[]);
        scrape(&[("one", 0)], Format::OpenMetrics, &["one"]);
    }
}
