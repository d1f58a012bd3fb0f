//! A page of metrics is the same text from scrape to scrape but for its values. What lies between two values is a
//! stretch, whose text is kept along with the bits that it came to; of a page, each stretch is compared with what is
//! kept, its bits are copied, and only the values are deflated.
//!
//! Repetitions lie within stretches, never across a value. Where they begin is kept as well, counted in
//! stretches: where a value became longer, so that a distance is another, the bits of the stretches that
//! reach across it are made anew from that, without a search.

use super::bits::Bits;
use super::matches::{FARTHEST, Matches, Symbols};
use super::symbols::{Codes, Counts, Writer};
use super::template::planner::{Planner, Span};

/// Bytes of a page that are planned at most.
const MAX_PLANNED: usize = 48 << 10;

/// A longer value is none.
const MAX_VALUE: usize = 255;

/// Of a stretch of so few operations only the literals are kept: most stretches are of a label or two.
const FEW: usize = 4;

/// What has no repetition.
const NONE: u16 = u16::MAX;

/// The shortest repetition that deflate can say.
const SHORTEST: usize = 3;

/// A part of a stretch: bytes as they are, then a repetition.
struct Operation {
    literals: u8,
    /// Of the repetition, less `SHORTEST`.
    length: u8,
    /// How many stretches before this one its source is, or `NONE`; and how far from the start of that one.
    back: u16,
    offset: u16,
}

/// What is kept of a stretch: how long it is, and how much of the kept text, operations and bits is its own.
#[derive(Default)]
struct Stretch {
    length: u16,
    kept: u16,
    operations: u16,
    room: u16,
    /// 0 if they did not fit.
    bits: u16,
    /// How many stretches before this one its farthest source is.
    farthest: u16,
}

/// What is kept of a page, as far as it was planned.
#[derive(Default)]
pub struct Page {
    stretches: Vec<Stretch>,
    /// Where the stretches of the last page began.
    starts: Vec<u32>,
    text: Vec<u8>,
    operations: Vec<Operation>,
    /// Each stretch begins in a byte of its own.
    bits: Vec<u8>,
    piece: Vec<u8>,
}

impl Page {
    /// Plans pages like `text`, as far as that takes `room` bytes.
    pub fn plan(text: &[u8], room: usize) -> Page {
        let text = text.get(..MAX_PLANNED).unwrap_or(text);
        let spans = values(text);
        let mut planner = Planner::new(text, &spans);
        planner.plan();
        let mut page = Page { starts: vec![0], ..Page::default() };
        let (mut at, mut literals, mut planned) = (0, 0, 0);
        for token in &planner.tokens {
            let (length, distance) = token.parts();
            match page.place(at, distance) {
                _ if token.is_word => {
                    page.put(std::mem::take(&mut literals), 0, (NONE, 0));
                    if page.size() > room {
                        break;
                    }
                    page.end_stretch(text, at, at + length, planned);
                    planned = page.operations.len();
                }
                Some(source) => page.put(std::mem::take(&mut literals), length, source),
                None => literals += length,
            }
            at += length;
        }
        // Behind the last value nothing is kept.
        page.operations.truncate(planned);
        page.operations.shrink_to_fit();
        page.text.shrink_to_fit();
        page
    }

    /// Bytes that it takes, or nearly so: texts come to a sixth of their length.
    fn size(&self) -> usize {
        self.stretches.len() * (size_of::<Stretch>() + size_of::<u32>())
            + self.operations.len() * size_of::<Operation>()
            + self.text.len() * 6 / 5
    }

    /// Which stretch the place so far before `at` is in, counted back, and where in it.
    fn place(&self, at: usize, distance: usize) -> Option<(u16, u16)> {
        let source = at.checked_sub(distance).filter(|_| distance > 0)?;
        let behind = self.starts.partition_point(|start| *start as usize <= source);
        let start = *self.starts.get(behind.checked_sub(1)?)?;
        let back = (self.starts.len() - behind).try_into().ok().filter(|back| *back < NONE)?;
        Some((back, (source - start as usize).try_into().ok()?))
    }

    fn put(&mut self, mut literals: usize, length: usize, (back, offset): (u16, u16)) {
        const MOST: usize = u8::MAX as usize;
        while literals > MOST {
            let some = Operation { literals: u8::MAX, length: 0, back: NONE, offset: 0 };
            self.operations.push(some);
            literals -= MOST;
        }
        let length = length.saturating_sub(SHORTEST) as u8;
        self.operations.push(Operation { literals: literals as u8, length, back, offset });
    }

    /// The stretch at hand has the operations from `planned` on and ends here, `next` begins behind its value.
    fn end_stretch(&mut self, text: &[u8], end: usize, next: usize, planned: usize) {
        let start = self.starts.last().map_or(0, |start| *start as usize);
        let own = text.get(start..end).unwrap_or_default();
        let operations = self.operations.get(planned..).unwrap_or_default();
        let far = operations.iter().map(|o| o.back).filter(|back| *back != NONE).max();
        let before = self.text.len();
        if operations.len() > FEW {
            self.text.extend_from_slice(own);
        } else {
            replay(operations, text, &self.starts, self.stretches.len(), &mut Kept(&mut self.text));
        }
        self.stretches.push(Stretch {
            length: own.len() as u16,
            kept: (self.text.len() - before) as u16,
            operations: operations.len() as u16,
            farthest: far.unwrap_or(0),
            ..Stretch::default()
        });
        self.starts.push(next as u32);
    }

    /// Codes for what it makes of this page.
    pub fn codes(&mut self, text: &[u8], matches: &mut Matches) -> Codes {
        let (mut counts, mut operations) = (Counts::default(), &*self.operations);
        for (index, stretch) in self.stretches.iter().enumerate() {
            let own = operations.split_off(..usize::from(stretch.operations)).unwrap_or_default();
            replay(own, text, &self.starts, index, &mut counts);
            let at = self.starts.get(index).map_or(0, |start| *start as usize);
            counts.literals(value(text, at + usize::from(stretch.length)));
        }
        let planned = self.starts.last().map_or(0, |start| *start as usize);
        matches.walk(text.get(planned..).unwrap_or_default(), &mut counts);
        Codes::of(&counts)
    }

    /// Makes the bits of this page.
    pub fn make(&mut self, text: &[u8], codes: &Codes) {
        let mut operations = &*self.operations;
        for (index, stretch) in self.stretches.iter_mut().enumerate() {
            let own = operations.split_off(..usize::from(stretch.operations)).unwrap_or_default();
            let mut writer = Writer::within(codes, Bits::after(&mut self.piece));
            replay(own, text, &self.starts, index, &mut writer);
            stretch.bits = writer.end_piece().try_into().unwrap_or(0);
            // Distances may need more bits later.
            self.piece.resize(self.piece.len() + self.piece.len() / 16 + 1, 0);
            stretch.room = self.piece.len().try_into().unwrap_or(0);
            self.bits.extend(self.piece.iter().take(stretch.room.into()));
            self.piece.clear();
        }
        self.bits.shrink_to_fit();
    }

    /// Writes `text`. False, with some of it missing, if it is another page: this one is of no more use then.
    pub fn write(
        &mut self,
        text: &[u8],
        codes: &Codes,
        matches: &mut Matches,
        to: &mut Writer<'_>,
    ) -> bool {
        let (mut at, mut room) = (0, 0);
        let (mut kept, mut operations) = (&*self.text, &*self.operations);
        // By how much stretches are moved since the last page, and from which on all by the same.
        let (mut moved, mut steady) = (0, 0);
        for (index, stretch) in self.stretches.iter_mut().enumerate() {
            let Some(start) = self.starts.get_mut(index) else { return false };
            let by = (at as u32).wrapping_sub(std::mem::replace(start, at as u32));
            if by != moved {
                (moved, steady) = (by, index);
            }
            let (length, count) = (usize::from(stretch.length), usize::from(stretch.operations));
            let own = kept.split_off(..usize::from(stretch.kept)).unwrap_or_default();
            let operations = operations.split_off(..count).unwrap_or_default();
            let is_it = if count > FEW {
                text.get(at..at + length) == Some(own)
            } else {
                let mut check = Check { text, at, kept: own, is_it: true };
                replay(operations, text, &self.starts, index, &mut check) && check.is_it
            };
            if !is_it {
                return false;
            }
            if stretch.bits > 0 && index >= steady + usize::from(stretch.farthest) {
                to.piece(self.bits.get(room..).unwrap_or_default(), stretch.bits.into());
            } else {
                self.piece.clear();
                let mut writer = Writer::within(codes, Bits::after(&mut self.piece));
                if !replay(operations, text, &self.starts, index, &mut writer) {
                    return false;
                }
                let bits = writer.end_piece();
                to.piece(&self.piece, bits);
                let room = self.bits.get_mut(room..room + usize::from(stretch.room));
                let room = room.and_then(|room| room.get_mut(..self.piece.len()));
                stretch.bits = room.map_or(0, |room| {
                    room.copy_from_slice(&self.piece);
                    bits as u16
                });
            }
            room += usize::from(stretch.room);
            let value = value(text, at + length);
            to.literals(value);
            at += length + value.len();
        }
        if let Some(last) = self.starts.last_mut() {
            *last = at as u32;
        }
        matches.walk(text.get(at..).unwrap_or_default(), to);
        true
    }
}

/// Takes a stretch apart, which is the one of these `operations`. False where a source is too far away.
fn replay(
    operations: &[Operation],
    text: &[u8],
    starts: &[u32],
    index: usize,
    to: &mut dyn Symbols,
) -> bool {
    let mut at = starts.get(index).map_or(0, |start| *start as usize);
    for operation in operations {
        let literals = usize::from(operation.literals);
        to.literals(text.get(at..at + literals).unwrap_or_default());
        at += literals;
        if operation.back != NONE {
            let source = index.checked_sub(operation.back.into()).and_then(|i| starts.get(i));
            let source = source.map_or(at, |start| *start as usize + usize::from(operation.offset));
            let distance = at.wrapping_sub(source);
            if !(1..=FARTHEST).contains(&distance) {
                return false;
            }
            let length = SHORTEST + usize::from(operation.length);
            to.repetition(length, distance);
            at += length;
        }
    }
    true
}

/// Keeps literals.
struct Kept<'a>(&'a mut Vec<u8>);

impl Symbols for Kept<'_> {
    fn literals(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn repetition(&mut self, _: usize, _: usize) {}
}

/// Whether literals are those that were kept, and repetitions are some.
struct Check<'a> {
    text: &'a [u8],
    at: usize,
    kept: &'a [u8],
    is_it: bool,
}

impl Symbols for Check<'_> {
    fn literals(&mut self, bytes: &[u8]) {
        self.is_it &= self.kept.split_off(..bytes.len()) == Some(bytes);
        self.at += bytes.len();
    }

    fn repetition(&mut self, length: usize, distance: usize) {
        let source = self.at.wrapping_sub(distance);
        let own = self.text.get(self.at..self.at + length);
        self.is_it &= own.is_some() && own == self.text.get(source..source + length);
        self.at += length;
    }
}

/// The value that begins `at` there.
fn value(text: &[u8], at: usize) -> &[u8] {
    let rest = text.get(at..).unwrap_or_default();
    rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len())).unwrap_or_default()
}

/// Where the values of a page stand: behind the labels, or the name, to the end of the line.
fn values(text: &[u8]) -> Vec<Span> {
    let (mut spans, mut at) = (Vec::new(), 0);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let name = line.iter().position(|byte| matches!(byte, b' ' | b'{')).unwrap_or(line.len());
        let (_, rest) = line.split_at(name);
        let labels = rest.windows(2).position(|end| end == b"} ").map_or(1, |end| end + 2);
        let value = name + if rest.starts_with(b"{") { labels } else { 1 };
        let length = line.len().saturating_sub(value + 1);
        let is_sample = line.first() != Some(&b'#') && line.ends_with(b"\n");
        if is_sample && (1..=MAX_VALUE).contains(&length) {
            spans.push(Span { at: (at + value) as u32, length: length as u8, is_steady: false });
        }
        at += line.len();
    }
    spans
}

#[cfg(test)]
mod tests;
