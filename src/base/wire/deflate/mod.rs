//! Deflate (RFC 1951) for text that is much the same from time to time, as a page of metrics is: greedy matches by
//! a small table, and one block with Huffman codes that are kept from an earlier text. Making codes takes
//! memory and another pass, so they are made anew only when a text comes out longer with them than the text that
//! they were made of. Every symbol has a code, so any codes will do for any text.

mod bits;
mod huffman;
mod matches;
mod symbols;
mod template;

use bits::Bits;
use matches::Matches;
use symbols::{Codes, Counts, Writer};
pub use template::{MOVES, Template};

/// A text that comes out longer than the one of the codes by more than one of so many parts of it gets codes of
/// its own.
const TOLERATED: usize = 16;

/// A compressor that is kept: 2 KB of a table and 2 KB of codes.
#[derive(Default)]
pub struct Deflater {
    matches: Matches,
    kept: Option<Kept>,
}

/// Codes, and how long the text came out that they were made of.
struct Kept {
    codes: Codes,
    plain: usize,
    deflated: usize,
}

impl Deflater {
    /// Appends `text`, deflated.
    pub fn append(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        if let Some(kept) = &self.kept {
            write(&mut self.matches, text, &kept.codes, out);
            if kept.suits(text.len(), out.len() - start) {
                return;
            }
            out.truncate(start);
        }
        let mut counts = Counts::default();
        self.matches.walk(text, &mut counts);
        let codes = Codes::of(&counts);
        write(&mut self.matches, text, &codes, out);
        self.kept = Some(Kept { codes, plain: text.len(), deflated: out.len() - start });
    }
}

/// Appends `text` with these codes.
fn write(matches: &mut Matches, text: &[u8], codes: &Codes, out: &mut Vec<u8>) {
    let mut writer = Writer::new(codes, Bits::after(out));
    matches.walk(text, &mut writer);
    writer.finish();
}

impl Kept {
    /// Whether a text of `plain` bytes that came out as `deflated` fares as well as that of the codes.
    fn suits(&self, plain: usize, deflated: usize) -> bool {
        if deflated > plain {
            return false;
        }
        let (ours, theirs) =
            (deflated as u128 * self.plain as u128, self.deflated as u128 * plain as u128);
        ours <= theirs + theirs / TOLERATED as u128
    }
}

#[cfg(test)]
mod tests;
