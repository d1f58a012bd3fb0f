//! Splits a text whose words change into tokens: greedily, with a table of the last places of hashes. Words are
//! either part of a repetition of other words, or written on their own.

use super::words::{AGAIN, BITS, WORD, word};
use crate::base::wire::deflate::matches::{FARTHEST, LONGEST, Symbols, same};
use std::cmp::Reverse;

/// Shorter repetitions save next to nothing.
const SHORTEST: usize = 5;

/// Places that are remembered while a text is planned, 2 to this power.
const TABLE_BITS: u32 = 12;

/// Most texts have less than one token for this many bytes.
const USUAL: usize = 12;

/// Bytes of a word that are not text.
pub struct Span {
    pub at: u32,
    pub length: u8,
    /// It always equals another word.
    pub is_steady: bool,
}

/// A part of the text: bytes of a word that are written, or text, which is literal if it has no
/// distance.
pub struct Token {
    length: u16,
    distance: u16,
    /// It is written each time.
    pub is_word: bool,
}

impl Token {
    /// Its length, and how far before it the same text is, 0 for literals.
    pub fn parts(&self) -> (usize, usize) {
        (self.length.into(), self.distance.into())
    }

    /// Passes the text of this token, at `at`, to `to`.
    pub fn replay(&self, text: &[u8], at: &mut usize, to: &mut impl Symbols) {
        let length = usize::from(self.length);
        match self.distance {
            0 => to.literals(text.get(*at..*at + length).unwrap_or_default()),
            distance => to.repetition(length, distance.into()),
        }
        *at += length;
    }
}

/// Plans a text: words are either part of a repetition of other steady words, or written each time.
pub struct Planner<'a> {
    text: &'a [u8],
    spans: &'a [Span],
    /// How far the text was planned, and where its literals begin.
    at: usize,
    literal: usize,
    /// The index of the next span.
    next: usize,
    /// The low half of the places where texts with a hash last began.
    table: Vec<u16>,
    distance: usize,
    /// All tokens.
    pub tokens: Vec<Token>,
    /// The steps of all spans, without the bits; the last is for the text after them.
    pub steps: Vec<u32>,
}

impl<'a> Planner<'a> {
    /// Starts a plan of a text with these words.
    pub fn new(text: &'a [u8], spans: &'a [Span]) -> Planner<'a> {
        let (table, tokens) = (vec![0; 1 << TABLE_BITS], Vec::with_capacity(text.len() / USUAL));
        let (at, literal, next, distance) = (0, 0, 0, 0);
        Planner { text, spans, at, literal, next, table, distance, tokens, steps: vec![0] }
    }

    /// Plans the whole text.
    #[inline(never)] // there is one, for pages and for requests
    pub fn plan(&mut self) {
        let mut found = self.longest();
        while self.at < self.text.len() {
            let (end, next, distance) = found;
            if end < self.at + SHORTEST {
                if self.place(self.next) == self.at {
                    self.word();
                } else {
                    self.at += 1;
                }
                found = self.longest();
                continue;
            }
            // A repetition that begins a byte later is used if it is longer by more than that byte.
            let later = (self.place(self.next) > self.at).then(|| {
                self.at += 1;
                let later = self.longest();
                self.at -= 1;
                later
            });
            match later.filter(|(later, ..)| *later > end + 1) {
                Some(later) => {
                    self.at += 1;
                    found = later;
                }
                None => {
                    self.repeat(end, next, distance);
                    found = self.longest();
                }
            }
        }
        self.put_literals();
    }

    /// The longest repetition that begins here: its end, the next span after it, and its distance.
    fn longest(&mut self) -> (usize, usize, usize) {
        let found = self.look_up(self.at);
        let runs = [found, self.distance].map(|distance| (self.run(distance), distance));
        let best = runs.into_iter().max_by_key(|((end, _), distance)| (*end, Reverse(*distance)));
        let ((end, next), distance) = best.unwrap_or_default();
        (end, next, distance)
    }

    /// Enters the place `at`; returns how far before it the same hash was last seen.
    fn look_up(&mut self, at: usize) -> usize {
        let hash = u64::from_le_bytes(word(self.text, at)) << (8 * (WORD - SHORTEST));
        let hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - TABLE_BITS);
        let Some(entry) = self.table.get_mut(hash as usize) else { return 0 };
        (at as u16).wrapping_sub(std::mem::replace(entry, at as u16)).into()
    }

    fn place(&self, index: usize) -> usize {
        self.spans.get(index).map_or(usize::MAX, |span| span.at as usize)
    }

    /// The first span that ends after `place`.
    fn behind(&self, place: usize) -> usize {
        self.spans.partition_point(|span| span.at as usize + usize::from(span.length) <= place)
    }

    fn is_steady(&self, index: usize) -> bool {
        self.spans.get(index).is_some_and(|span| span.is_steady)
    }

    /// The end of the text that always equals the text `distance` before, and the next span after it.
    fn run(&self, distance: usize) -> (usize, usize) {
        let (mut end, mut next) = (self.at, self.next);
        let last = self.text.len().min(end + LONGEST);
        let Some(mut before) = end.checked_sub(distance) else { return (end, next) };
        let is_far = !(1..=FARTHEST).contains(&distance);
        let first = |at| u64::from_le_bytes(word(self.text, at)) << (8 * (WORD - SHORTEST));
        if is_far || first(end) != first(before) {
            return (end, next);
        }
        let mut source = self.behind(before);
        loop {
            let most = self.place(next).min(last).saturating_sub(end);
            let most = most.min(self.place(source).saturating_sub(before));
            let length = most.min(same(self.text, before, end));
            (end, before) = (end + length, before + length);
            let is_again = end + WORD <= last
                && end == self.place(next)
                && before == self.place(source)
                && self.is_steady(next)
                && self.is_steady(source)
                && word(self.text, end) == word(self.text, before);
            match (is_again, length) {
                (true, _) => {
                    (next, source) = (next + 1, source + 1);
                    (end, before) = (end + WORD, before + WORD);
                }
                // The comparison is limited to `most` bytes at once.
                (false, 1..) if length < most => {}
                _ => return (end, next),
            }
        }
    }

    fn repeat(&mut self, end: usize, next: usize, distance: usize) {
        self.put_literals();
        let again = (self.next..next).map(|_| AGAIN | distance as u32);
        let open = self.steps.pop();
        self.steps.extend(again.chain(open));
        let length = (end - self.at) as u16;
        self.tokens.push(Token { length, distance: distance as u16, is_word: false });
        for at in self.at + 1..end {
            self.look_up(at);
        }
        (self.at, self.literal, self.next, self.distance) = (end, end, next, distance);
    }

    /// The next word is written each time.
    fn word(&mut self) {
        self.put_literals();
        let length = self.spans.get(self.next).map_or(1, |span| span.length.into());
        self.tokens.push(Token { length: length as u16, distance: 0, is_word: true });
        if let Some(step) = self.steps.last_mut() {
            *step = (length as u32) << BITS;
        }
        self.steps.push(0);
        self.next += 1;
        self.at += length;
        self.literal = self.at;
    }

    fn put_literals(&mut self) {
        while self.literal < self.at {
            let length = (self.at - self.literal).min(u16::MAX.into());
            self.tokens.push(Token { length: length as u16, distance: 0, is_word: false });
            self.literal += length;
        }
    }
}
