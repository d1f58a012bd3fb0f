//! A page of metrics is the same text from scrape to scrape except for its values. The text between two values is a
//! stretch. For each, its literals, the sources of its repetitions, and its compressed bits are kept.
//! When a page comes, literals are compared with the kept ones, and repetitions with their sources in the
//! page itself: if the text is unchanged, the bits are copied, and only the value is deflated. No text is kept.
//!
//! Repetitions lie within stretches, never across a value, and their sources are counted in stretches. If a
//! value becomes longer, distances across it change: only the stretches that reach that far get new bits.

mod place;
mod values;

use super::matches::{Matches, Symbols};
use super::symbols::{Codes, Counts, Writer};
use super::template::planner::Planner;
use place::{NONE, Operation, Place, SHORTEST};
use values::{value, values};

/// Bytes of a page that are planned at most: offsets in it fit into 16 bits.
const MAX_PLANNED: usize = 48 << 10;

/// The plan of a stretch: its length, and how much of the literals, operations and bits is its own.
#[derive(Default)]
struct Stretch {
    length: u16,
    literals: u16,
    operations: u16,
    room: u16,
    /// How many bits, 0 if they do not fit.
    bits: u16,
    /// How many stretches before this one its farthest source is.
    farthest: u16,
}

/// The plan of a page, or of its beginning.
#[derive(Default)]
pub struct Page {
    stretches: Vec<Stretch>,
    /// Offsets of the stretches of the last page.
    starts: Vec<u32>,
    /// The literals of all stretches; the lists below are of all, too.
    literals: Vec<u8>,
    operations: Vec<Operation>,
    /// The bits; each stretch begins at a byte of its own.
    bits: Vec<u8>,
    piece: Vec<u8>,
}

impl Page {
    /// Plans pages like `text`, as far as the plan fits into `room` bytes.
    pub fn plan(text: &[u8], room: usize) -> Page {
        // The plan has nearly a byte for each byte of text.
        let text = text.get(..MAX_PLANNED.min(room * 3 / 2)).unwrap_or(text);
        let spans = values(text);
        let mut planner = Planner::new(text, &spans);
        planner.plan();
        let mut page = Page { starts: vec![0], ..Page::default() };
        page.stretches.reserve(spans.len());
        page.starts.reserve(spans.len());
        page.operations.reserve(planner.tokens.len());
        page.literals.reserve(text.len() / 4);
        page.bits.reserve(text.len() / 4);
        let (mut at, mut literals, mut planned) = (0, 0, (0, 0));
        for token in &planner.tokens {
            let (length, distance) = token.parts();
            if token.is_word {
                page.put(std::mem::take(&mut literals), 0, (NONE, 0));
                if page.size() > room {
                    break;
                }
                planned = page.end_stretch(at, length, planned);
            } else if distance > 0 {
                let source = page.place(at - distance);
                page.put(std::mem::take(&mut literals), length, source);
            } else {
                page.literals.extend_from_slice(text.get(at..at + length).unwrap_or_default());
                literals += length;
            }
            at += length;
        }
        // After the last value nothing is kept.
        page.operations.truncate(planned.0);
        page.literals.truncate(planned.1);
        page
    }

    /// Bytes of the plan, approximately: there are about as many bytes of bits as of literals.
    fn size(&self) -> usize {
        self.stretches.len() * (size_of::<Stretch>() + size_of::<u32>())
            + self.operations.len() * size_of::<Operation>()
            + self.literals.len() * 2
    }

    /// The stretch of an offset, counted back, and the offset in it.
    fn place(&self, source: usize) -> (u16, u16) {
        let behind = self.starts.partition_point(|start| *start as usize <= source);
        let start = self.starts.get(behind.wrapping_sub(1)).map_or(0, |start| *start as usize);
        ((self.starts.len() - behind) as u16, (source - start) as u16)
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

    /// Ends the current stretch here, before a value. Its operations and literals are those added since `planned`
    /// counted them. Returns how many there are now.
    fn end_stretch(&mut self, end: usize, value: usize, planned: (usize, usize)) -> (usize, usize) {
        let start = self.starts.last().map_or(0, |start| *start as usize);
        let operations = self.operations.get(planned.0..).unwrap_or_default();
        let far = operations.iter().map(|o| o.back).filter(|back| *back != NONE).max();
        self.stretches.push(Stretch {
            length: (end - start) as u16,
            literals: (self.literals.len() - planned.1) as u16,
            operations: operations.len() as u16,
            farthest: far.unwrap_or(0),
            ..Stretch::default()
        });
        self.starts.push((end + value) as u32);
        (self.operations.len(), self.literals.len())
    }

    /// Makes codes for the symbols of this page.
    pub fn codes(&self, text: &[u8], matches: &mut Matches) -> Codes {
        let (mut counts, mut operations) = (Counts::default(), &*self.operations);
        for (index, stretch) in self.stretches.iter().enumerate() {
            let own = operations.split_off(..usize::from(stretch.operations)).unwrap_or_default();
            let place = Place { text, starts: &self.starts, index };
            place.replay(own, &mut counts);
            counts.literals(value(text, place.start() + usize::from(stretch.length)));
        }
        let planned = self.starts.last().map_or(0, |start| *start as usize);
        matches.walk(text.get(planned..).unwrap_or_default(), &mut counts);
        Codes::of(&counts)
    }

    /// Compresses this page and keeps the bits.
    pub fn make(&mut self, text: &[u8], codes: &Codes) {
        let mut operations = &*self.operations;
        for (index, stretch) in self.stretches.iter_mut().enumerate() {
            let own = operations.split_off(..usize::from(stretch.operations)).unwrap_or_default();
            let place = Place { text, starts: &self.starts, index };
            let bits = place.deflate(own, codes, &mut self.piece);
            if let Some(Ok(bits)) = bits.map(u16::try_from) {
                // Distances may need more bits later.
                let room = self.piece.len() + self.piece.len() / 16 + 1;
                (stretch.bits, stretch.room) = (bits, room as u16);
                self.bits.extend_from_slice(&self.piece);
                self.bits.resize(self.bits.len() + room - self.piece.len(), 0);
            }
        }
        self.operations.shrink_to_fit();
        self.literals.shrink_to_fit();
        self.bits.shrink_to_fit();
    }

    /// Writes `text` as far as it was planned, and returns how far. `None`, with a part of it written, if it is another
    /// page: this plan is of no more use then.
    pub fn write(&mut self, text: &[u8], codes: &Codes, to: &mut Writer<'_>) -> Option<usize> {
        let (mut at, mut kept) = (0, &mut *self.bits);
        let (mut literals, mut operations) = (&*self.literals, &*self.operations);
        // By how much stretches moved since the last page, and from which on all by the same.
        let (mut moved, mut steady) = (0, 0);
        for (index, stretch) in self.stretches.iter_mut().enumerate() {
            let start = std::mem::replace(self.starts.get_mut(index)?, at as u32);
            let by = (at as u32).wrapping_sub(start);
            if by != moved {
                (moved, steady) = (by, index);
            }
            let place = Place { text, starts: &self.starts, index };
            let literals = literals.split_off(..usize::from(stretch.literals))?;
            let operations = operations.split_off(..usize::from(stretch.operations))?;
            if !place.has(operations, literals) {
                return None;
            }
            if stretch.bits == 0 || index < steady + usize::from(stretch.farthest) {
                let bits = place.deflate(operations, codes, &mut self.piece)?;
                to.piece(&self.piece, bits);
                stretch.keep(bits, &self.piece, kept);
            } else {
                to.piece(kept, stretch.bits.into());
            }
            kept = kept.get_mut(usize::from(stretch.room)..)?;
            at += usize::from(stretch.length);
            let value = value(text, at);
            to.literals(value);
            at += value.len();
        }
        *self.starts.last_mut()? = at as u32;
        Some(at)
    }
}

impl Stretch {
    /// Replaces the bits, if there is room.
    fn keep(&mut self, bits: u32, piece: &[u8], kept: &mut [u8]) {
        let room = kept.get_mut(..usize::from(self.room)).and_then(|r| r.get_mut(..piece.len()));
        self.bits = room.map_or(0, |room| {
            room.copy_from_slice(piece);
            bits.try_into().unwrap_or(0)
        });
    }
}

#[cfg(test)]
mod tests;
