//! Deflate (RFC 1951) for text that stays much the same, as a page of metrics does: greedy matches by
//! a small table, and one block with Huffman codes that are kept from an earlier text. Making codes takes
//! memory and another pass, so they are made again only when a text compresses worse with them than the text that
//! they were made for. Every symbol has a code, so any codes work for any text.
//!
//! Of a page of metrics and of a request more is known: which parts change. The bits between those are kept.

mod bits;
mod huffman;
mod matches;
mod page;
mod symbols;
mod template;

use bits::Bits;
use matches::Matches;
use page::Page;
use symbols::{Codes, Counts, Writer};
pub use template::{MOVES, Template};

/// A text that compresses worse than the one of the codes, by more than this fraction (1/16) of it, gets codes of
/// its own.
const TOLERATED: usize = 16;

/// The most texts that are not planned between two that are.
const MAX_PAUSE: u32 = 63;

/// The beginning of a page; no other compressed text begins so.
const PAGE: &[u8] = b"# ";

/// Bytes that are kept for a page, with its compressed bits. The part that does not fit is compressed each time.
const MAX_KEPT: usize = 30 << 10;

/// A compressor that is kept: 2 KB of a table, 2 KB of codes, and the plan of a page.
#[derive(Default)]
pub struct Deflater {
    matches: Matches,
    kept: Option<Kept>,
    /// The plan of the next page, and the size of one that was compressed by it.
    planned: Option<(Page, Option<Size>)>,
    /// How many pages still come before one is planned again, and how many came between the last two.
    pause: u32,
    pauses: u32,
}

/// Codes, and the compressed length of the text that they were made for.
struct Kept {
    codes: Codes,
    size: Size,
}

/// The length of a text, and its compressed length.
#[derive(Clone, Copy, Default)]
struct Size {
    plain: usize,
    deflated: usize,
}

impl Deflater {
    /// Appends `text`, deflated.
    pub fn append(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if !text.starts_with(PAGE) {
            return self.append_any(text, out);
        }
        if !self.append_planned(text, out) {
            let start = out.len();
            self.append_any(text, out);
            self.plan(text, out.len() - start);
        }
    }

    /// Appends a page as planned. Returns false and appends nothing if it is another page.
    fn append_planned(&mut self, text: &[u8], out: &mut Vec<u8>) -> bool {
        let (Some(kept), Some((page, before))) = (&self.kept, &mut self.planned) else {
            return false;
        };
        let start = out.len();
        let mut writer = Writer::new(&kept.codes, Bits::after(out));
        let planned = page.write(text, &kept.codes, &mut writer);
        let rest = planned.and_then(|planned| text.get(planned..));
        self.matches.walk(rest.unwrap_or_default(), &mut writer);
        writer.finish();
        let size = Size { plain: text.len(), deflated: out.len() - start };
        if rest.is_some() && size.suits(*before.get_or_insert(size)) {
            self.pauses = 0;
            return true;
        }
        out.truncate(start);
        self.planned = None;
        false
    }

    /// Appends any text.
    fn append_any(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        if let Some(kept) = &self.kept {
            write(&mut self.matches, text, &kept.codes, out);
            if (Size { plain: text.len(), deflated: out.len() - start }).suits(kept.size) {
                return;
            }
            out.truncate(start);
        }
        let mut counts = Counts::default();
        self.matches.walk(text, &mut counts);
        let codes = Codes::of(&counts);
        write(&mut self.matches, text, &codes, out);
        let size = Size { plain: text.len(), deflated: out.len() - start };
        self.kept = Some(Kept { codes, size });
        self.planned = None;
    }

    /// Plans the next page, which may be like `text`. The more rarely that was so, the more pages come
    /// between two plans.
    #[cold]
    fn plan(&mut self, text: &[u8], deflated: usize) {
        if self.pause > 0 {
            self.pause -= 1;
            return;
        }
        self.pause = self.pauses;
        self.pauses = (2 * self.pauses + 1).min(MAX_PAUSE);
        let room = MAX_KEPT.saturating_sub(deflated + deflated / 4);
        let mut page = Page::plan(text, room);
        if let Some(kept) = &mut self.kept {
            kept.codes = page.codes(text, &mut self.matches);
            page.make(text, &kept.codes);
            self.planned = Some((page, None));
        }
    }
}

/// Appends `text` with these codes.
fn write(matches: &mut Matches, text: &[u8], codes: &Codes, out: &mut Vec<u8>) {
    let mut writer = Writer::new(codes, Bits::after(out));
    matches.walk(text, &mut writer);
    writer.finish();
}

impl Size {
    /// Whether a text compresses as well as the one of this size did.
    fn suits(self, other: Size) -> bool {
        if self.deflated > self.plain {
            return false;
        }
        let (ours, theirs) = (
            self.deflated as u128 * other.plain as u128,
            other.deflated as u128 * self.plain as u128,
        );
        ours <= theirs + theirs / TOLERATED as u128
    }
}

#[cfg(test)]
mod tests;
