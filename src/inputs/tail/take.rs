//! Matches lines of a file against the rules.
//!
//! All rules get the same lines, one stretch of them after the other. The cost of a stretch for one rule is
//! bounded (see `cost`), the cost for many rules is not: so the clock is read after each rule,
//! and the next turn continues with the rules that have not had these lines yet.

use super::budget::Budget;
use super::cost::SLOW_STRETCH;
use super::count::Read;
use super::file::{PartialBatch, Tailed};
use super::lines::{self, Next};
use super::rule::Rule;
use super::series::Common;
use super::{Entry, Tails};
use crate::model::store::Store;
use std::time::Instant;

/// Bytes of lines after which the clock is read.
const STRETCH: usize = 8 << 10;

/// After the last rule: no rule gets bytes that are skipped.
const NO_RULE: usize = usize::MAX;

/// The part of the buffer that is used.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// The number of bytes from its start.
    pub n: usize,
    /// Bytes without a newline at the end are a line, too; its continuation is skipped later.
    pub is_last: bool,
}

impl Tails {
    /// Gives the lines of a piece to the rules; returns how many bytes they were.
    pub(super) fn take_lines(
        &mut self,
        entry: &mut Entry,
        at: usize,
        piece: Piece,
        budget: &Budget,
        store: &mut Store,
        now: Instant,
    ) -> usize {
        let n = piece.n;
        let most = self.settings.max_line_bytes;
        let Entry { files, rules, read, .. } = entry;
        let Some(file) = files.get_mut(at) else { return 0 };
        let stretch = if rules.iter().any(Rule::is_slow) { SLOW_STRETCH } else { STRETCH };
        let stretch = rules.iter().map(Rule::most_bytes).fold(stretch, usize::min);
        let mut rest = self.buffer.get(..n).unwrap_or_default();
        let mut is_cut_short = false;
        while !is_cut_short {
            let half = file.half.take().filter(|half| half.len <= rest.len());
            let is_old = half.is_some();
            let next = || next_lines(rest, piece, (most, stretch), file.skips, read);
            let Some(mut half) = half.or_else(next) else { break };
            let taken = rest.get(..half.len).unwrap_or_default();
            read.matches +=
                match_rules(rules, &mut half, taken, budget, &mut self.common, store, now);
            if half.rule < rules.len() {
                file.half = Some(half);
                is_cut_short = true;
                break;
            }
            file.skips = half.skips;
            rest = rest.get(half.len..).unwrap_or_default();
            // It had its turn before; other files are next.
            is_cut_short = (is_old || budget.is_over()) && !rest.is_empty();
        }
        let used = n - rest.len();
        read.bytes += used as u64;
        advance(file, used, n, is_cut_short, self.buffer.len());
        used
    }
}

/// Gives lines to the rules that have not had them, as long as there is time; returns the number of matches.
fn match_rules(
    rules: &mut [Rule],
    half: &mut PartialBatch,
    lines: &[u8],
    budget: &Budget,
    common: &mut Common,
    store: &mut Store,
    now: Instant,
) -> u64 {
    let (first, mut matches) = (half.rule, 0);
    for rule in rules.iter_mut().skip(first) {
        if half.rule > first && !budget.is_for_half && budget.is_over() {
            break;
        }
        matches += rule.take(lines, common, store, now);
        half.rule += 1;
    }
    matches
}

/// The next lines of a piece, of which `rest` is left; none where more bytes are needed first.
fn next_lines(
    rest: &[u8],
    piece: Piece,
    (most, stretch): (usize, usize),
    mut skips: bool,
    read: &mut Read,
) -> Option<PartialBatch> {
    let (len, rule) = match lines::next(rest, most, stretch, &mut skips) {
        Next::Lines(lines) => {
            read.lines += memchr::memchr_iter(b'\n', lines).count() as u64;
            (lines.len(), 0)
        }
        Next::Cut(start) => {
            (read.lines, read.cut) = (read.lines + 1, read.cut + 1);
            (start.len(), 0)
        }
        Next::Wait if piece.is_last && !rest.is_empty() && !skips => {
            (read.lines, skips) = (read.lines + 1, true);
            (rest.len(), 0)
        }
        // The check for a hole decides there.
        Next::Rest(len) if len < piece.n && rest.iter().all(|byte| *byte == 0) => return None,
        Next::Rest(len) => (len, NO_RULE),
        Next::Wait => return None,
    };
    Some(PartialBatch { len, rule, skips })
}

/// Advances the offset by `used` of `n` bytes, and decides whether the file is read again soon and how much
/// of it; `room` is the most that can be read at once.
fn advance(file: &mut Tailed, used: usize, n: usize, is_cut_short: bool, room: usize) {
    file.offset += used as u64;
    let is_all = n < file.want().min(room);
    if is_all || is_cut_short {
        file.is_due = is_cut_short;
    }
    match used {
        // As much as before, so that the same lines are read again.
        _ if file.half.is_some() => {}
        0 if !is_all => file.want_more(room),
        0 => {}
        _ => file.want_usual(),
    }
}
