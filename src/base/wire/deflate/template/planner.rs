//! How a text is taken apart whose words change: greedily, by a table of where what began last. The words are
//! either part of a repetition of other words, or for themselves.

use super::words::{AGAIN, BITS, WORD, word};
use crate::base::wire::deflate::matches::{FARTHEST, LONGEST, Symbols, same};
use std::cmp::Reverse;

/// Shorter repetitions gain next to nothing.
const SHORTEST: usize = 5;

/// Places that are remembered while a text is taken apart, 2 to this power.
const TABLE_BITS: u32 = 12;

/// Most texts have less than a token for so many bytes.
const USUAL: usize = 12;

/// Bytes of a word that are not text.
pub struct Span {
    pub at: u32,
    pub length: u8,
    /// It is like others each time.
    pub is_steady: bool,
}

/// A stretch of the text: bytes of a word that are written, or text, which is literal where it has no
/// distance.
pub struct Token {
    length: u16,
    distance: u16,
    /// It is to be written each time.
    pub is_word: bool,
}

impl Token {
    /// Its length, and how far before it the same stands, 0 for literals.
    pub fn parts(&self) -> (usize, usize) {
        (self.length.into(), self.distance.into())
    }

    /// Hands over what stands `at` there.
    pub fn replay(&self, text: &[u8], at: &mut usize, to: &mut impl Symbols) {
        let length = usize::from(self.length);
        match self.distance {
            0 => to.literals(text.get(*at..*at + length).unwrap_or_default()),
            distance => to.repetition(length, distance.into()),
        }
        *at += length;
    }
}

/// Takes a text apart: words are either part of a repetition of other steady words, or written each time.
pub struct Planner<'a> {
    text: &'a [u8],
    spans: &'a [Span],
    /// How far the text was taken apart, and from where on it is literal.
    at: usize,
    literal: usize,
    /// The next span.
    next: usize,
    /// The low half of the places where texts with a hash last began.
    table: Vec<u16>,
    distance: usize,
    /// All of it.
    pub tokens: Vec<Token>,
    /// Of each span, but for the bits; the last is that of what comes behind.
    pub steps: Vec<u32>,
}

impl<'a> Planner<'a> {
    /// Of a text with these words.
    pub fn new(text: &'a [u8], spans: &'a [Span]) -> Planner<'a> {
        let (table, tokens) = (vec![0; 1 << TABLE_BITS], Vec::with_capacity(text.len() / USUAL));
        let (at, literal, next, distance) = (0, 0, 0, 0);
        Planner { text, spans, at, literal, next, table, distance, tokens, steps: vec![0] }
    }

    /// Does it.
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
            // One that begins a byte later is taken where it is longer by more than that byte.
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

    /// The longest repetition that begins here: where it ends, which span is the next then, and its distance.
    fn longest(&mut self) -> (usize, usize, usize) {
        let found = self.look_up(self.at);
        let runs = [found, self.distance].map(|distance| (self.run(distance), distance));
        let best = runs.into_iter().max_by_key(|((end, _), distance)| (*end, Reverse(*distance)));
        let ((end, next), distance) = best.unwrap_or_default();
        (end, next, distance)
    }

    /// Notes the place `at`; gives how far before it the same hash was last seen.
    fn look_up(&mut self, at: usize) -> usize {
        let hash = u64::from_le_bytes(word(self.text, at)) << (8 * (WORD - SHORTEST));
        let hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - TABLE_BITS);
        let Some(entry) = self.table.get_mut(hash as usize) else { return 0 };
        (at as u16).wrapping_sub(std::mem::replace(entry, at as u16)).into()
    }

    fn place(&self, index: usize) -> usize {
        self.spans.get(index).map_or(usize::MAX, |span| span.at as usize)
    }

    /// The first span that ends behind `place`.
    fn behind(&self, place: usize) -> usize {
        self.spans.partition_point(|span| span.at as usize + usize::from(span.length) <= place)
    }

    fn is_steady(&self, index: usize) -> bool {
        self.spans.get(index).is_some_and(|span| span.is_steady)
    }

    /// Up to where the text will always be as it is `distance` before, and which span is the next then.
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
                // It is told of no more than so many at once.
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
