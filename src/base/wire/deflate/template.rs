//! A text in which from one time to the next only words of eight bytes change, as in a binary request of metrics:
//! the text between these words is compressed once and its bits are kept. Then only the
//! words are deflated, byte by byte.
//!
//! A word may be the same as one before it each time, such as the time that most samples have: such words
//! become part of a repetition. Other words are numbers of which most are small, the low byte first: the
//! zeros at their end count as text. All these assumptions are checked each time; if one fails, the text is planned
//! again. The room of a number only grows, so this happens at most a few times for each.

pub(super) mod planner;
mod words;

use super::bits::Bits;
use super::matches::Symbols;
use super::symbols::{Codes, Counts, Writer};
use super::{Kept, Size};
use planner::{Planner, Span, Token};
use words::{AGAIN, BITS, WORD, word};

/// Flag on the place of a word that changes by itself: it is part of no repetition.
pub const MOVES: u32 = 1 << 31;

/// By this factor a number may grow before it needs more room.
const GROWTH: u64 = 16;

/// A longer text gets no template: its bits may be too many to count.
const MAX_TEXT: usize = 1 << 23;

/// Deflates the same text again and again.
#[derive(Default)]
pub struct Template(Option<Plan>);

impl Template {
    /// Drops the plan: the next text is another one.
    pub fn forget(&mut self) {
        self.0 = None;
    }

    /// Appends `text`, deflated, in which since the last time only `words` changed: their places,
    /// ascending, some with `MOVES`.
    pub fn append(&mut self, text: &[u8], words: &[u32], out: &mut Vec<u8>) {
        let start = out.len();
        if let Some(plan) = &self.0 {
            let is_whole = plan.write(text, words, out);
            let size = Size { plain: text.len(), deflated: out.len() - start };
            if is_whole && size.suits(plan.kept.size) {
                return;
            }
            out.truncate(start);
        }
        let mut plan = Plan::of(text, words, self.0.take());
        if text.len() > MAX_TEXT || !plan.write(text, words, out) {
            // Or the places are invalid.
            out.truncate(start);
            super::write(&mut super::Matches::default(), text, &plan.kept.codes, out);
        }
        plan.kept.size.deflated = out.len() - start;
        self.0 = Some(plan);
    }
}

/// The compressed form of a text.
struct Plan {
    kept: Kept,
    /// The bits between words that are written; each piece begins in a byte of its own.
    pieces: Vec<u8>,
    /// For each word how many bits come before it and how many bytes of it are written, 0 for a word that is
    /// 0; or `AGAIN` and how far before it the same word is. Then how many bits come after the last.
    steps: Vec<u32>,
}

impl Plan {
    fn of(text: &[u8], words: &[u32], old: Option<Plan>) -> Plan {
        let spans = spans(text, words, old);
        let mut planner = Planner::new(text, &spans);
        planner.plan();
        let Planner { tokens, mut steps, .. } = planner;
        let (mut counts, mut at) = (Counts::default(), 0);
        tokens.iter().for_each(|token| token.replay(text, &mut at, &mut counts));
        let codes = Codes::of(&counts);
        let pieces = pieces(text, &tokens, &mut steps, &codes);
        let mut of_spans = steps.into_iter();
        let mut spans = spans.iter().peekable();
        let mut steps = Vec::with_capacity(words.len() + 1);
        for word in words {
            let is_written = |span: &&Span| span.at == word & !MOVES;
            let step = spans.next_if(is_written).and_then(|_| of_spans.next());
            steps.push(step.unwrap_or(0));
        }
        steps.extend(of_spans.next());
        let size = Size { plain: text.len(), deflated: 0 };
        Plan { kept: Kept { codes, size }, pieces, steps }
    }

    /// Writes the text; false if it changed outside its words, as far as these show.
    fn write(&self, text: &[u8], words: &[u32], out: &mut Vec<u8>) -> bool {
        if self.kept.size.plain != text.len() || self.steps.len() != words.len() + 1 {
            return false;
        }
        let mut writer = Writer::new(&self.kept.codes, Bits::after(out));
        let (mut steps, mut rest) = (self.steps.iter(), &*self.pieces);
        let mut piece = |writer: &mut Writer<'_>, step: u32| {
            let bits = step & ((1 << BITS) - 1);
            writer.piece(rest, bits);
            rest = rest.get(bits.div_ceil(8) as usize..).unwrap_or_default();
        };
        for (place, step) in words.iter().zip(&mut steps) {
            let place = (place & !MOVES) as usize;
            let word = word(text, place);
            if step & AGAIN != 0 {
                if word != self::word(text, place.wrapping_sub((step & !AGAIN) as usize)) {
                    return false;
                }
                continue;
            }
            let room = (step >> BITS) as usize;
            if width(word) > room {
                return false;
            }
            if let (1.., Some(word)) = (room, word.get(..room)) {
                piece(&mut writer, *step);
                writer.literals(word);
            }
        }
        steps.for_each(|step| piece(&mut writer, *step));
        writer.finish();
        true
    }
}

/// Compresses the text between words, and writes to `steps` how many bits that is.
fn pieces(text: &[u8], tokens: &[Token], steps: &mut [u32], codes: &Codes) -> Vec<u8> {
    let (mut pieces, mut piece, mut at) = (Vec::new(), Vec::new(), 0);
    let mut open = steps.iter_mut().filter(|step| **step & AGAIN == 0);
    for tokens in tokens.split(|token| token.is_word) {
        piece.clear();
        let mut writer = Writer::within(codes, Bits::after(&mut piece));
        tokens.iter().for_each(|token| token.replay(text, &mut at, &mut writer));
        let bits = writer.end_piece();
        pieces.extend_from_slice(&piece);
        if let Some(step) = open.next() {
            *step |= bits;
            at += (*step >> BITS) as usize;
        }
    }
    pieces.shrink_to_fit();
    pieces
}

/// How many bytes a word has without the zeros at its end.
fn width(word: [u8; WORD]) -> usize {
    WORD - u64::from_le_bytes(word).leading_zeros() as usize / 8
}

/// The spans of `words`, with the room that they need, or have in the `old` plan.
fn spans(text: &[u8], words: &[u32], old: Option<Plan>) -> Vec<Span> {
    let steps = old.map_or_else(Vec::new, |plan| plan.steps);
    let steps = if steps.len() == words.len() + 1 { steps } else { Vec::new() };
    let mut spans = Vec::new();
    for (index, place) in words.iter().enumerate() {
        let (at, is_steady) = (place & !MOVES, place & MOVES == 0);
        let n = u64::from_le_bytes(word(text, at as usize));
        let before = steps.get(index).filter(|step| **step & AGAIN == 0);
        let room = width(n.saturating_mul(GROWTH).to_le_bytes());
        let room = room.max(before.map_or(0, |step| (step >> BITS) as usize));
        let length = if is_steady { WORD } else { room };
        // Words beyond the text are ignored.
        if length > 0 && at as usize + WORD <= text.len() {
            spans.push(Span { at, length: length as u8, is_steady });
        }
    }
    spans
}

#[cfg(test)]
mod tests;
