//! Learns what the lines of a family have in common.

use super::{Lines, SPARE};
use crate::base::sys::{BLOCK, List, Pen};
use crate::model::metric::{Buffer, Family, Value, WORD};
use crate::outputs::expose::known::{Ends, Id, Known, Shape, TAIL, Tail};

/// Families of a usual page, and blocks of their heads.
const FAMILIES: usize = 512;
const HEADS: usize = 8192;

impl Lines {
    /// Learns the next family: `make` writes its header, for which there is room after the page, and returns
    /// prefix, name and suffix.
    pub fn learn<'n>(
        &mut self,
        family: &Family<'_>,
        (keys, is_quoted): (List<'_>, bool),
        page: &mut Buffer,
        make: impl FnOnce(&mut Buffer) -> [&'n str; 3],
    ) {
        let id = Id::of(family, self.quotes);
        self.forget_rest();
        let end = page.len();
        let [prefix, name, suffix] = make(page);
        let constant = self.constant.without(keys);
        let (first, beginning) = self.beginning(keys, &constant);
        let [open, before, comma, last, close] = beginning;
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

    /// Forgets this family and those after it.
    fn forget_rest(&mut self) {
        if self.families.capacity() == 0 {
            // Address space for a usual page, so that nothing is copied; only written pages use memory.
            self.families.reserve(FAMILIES);
            self.heads.reserve(HEADS);
        }
        self.families.truncate(self.at);
        self.heads.truncate(self.start.head as usize);
        self.tails.truncate(self.start.tail as usize);
    }

    /// Stores the text after each label value. Returns the first key, and the pieces of the text between the name
    /// and its value, with `constant` labels before it.
    fn beginning<'t>(
        &mut self,
        keys: List<'t>,
        constant: &'t str,
    ) -> (Option<&'t str>, [&'t str; 5]) {
        let mut others = keys;
        let Some(first) = others.next() else {
            let labels = if constant.is_empty() {
                ["", "", "", "", " "]
            } else {
                ["{", constant, "", "", "} "]
            };
            return (None, labels);
        };
        others.for_each(|key| self.tail(&["\",", key, "=\""]));
        self.tail(&["\"} "]);
        let comma = if constant.is_empty() { "" } else { "," };
        (Some(first), ["{", constant, comma, first, "=\""])
    }

    /// Stores a header and the pieces of a head, of `length` bytes, perhaps in blocks of its own.
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
}
