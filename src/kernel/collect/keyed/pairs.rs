//! Text in pairs of lines, names and then their values, as in `/proc/net/snmp` and `/proc/net/netstat`.

use crate::kernel::read::scan;
use std::ops::Range;

/// More lines of names than any kernel has; the pairs after them are errors.
const MAX_HEADERS: usize = 64;

/// Text in pairs of lines, names and then their values: `Icmp: InMsgs InErrors` and `Icmp: 4 5`. The
/// positions are looked up when a line of names differs from that of the last reading.
#[derive(Default)]
pub struct Pairs {
    headers: Vec<Header>,
    at: usize,
}

/// Receives a name, by the first word of its line and itself, and its value.
pub type Each<'a> = dyn FnMut(Option<[&[u8]; 2]>, &[u8]) + 'a;

/// A line of names.
#[derive(Default)]
struct Header {
    line: Vec<u8>,
    /// The number of words.
    words: usize,
    /// Those whose values are shown: the index among the words, and the range of the word.
    shown: Vec<(usize, Range<usize>)>,
    /// Where the values of these begin in the line of values at hand.
    starts: Vec<usize>,
}

impl Pairs {
    /// Begins a reading of all files.
    pub fn begin(&mut self) {
        self.at = 0;
    }

    /// Passes each name that `shows` selects to `each`, by its first word and itself, with its value; `None` with
    /// a line for two that do not match.
    pub fn read(&mut self, text: &[u8], shows: &dyn Fn(&str, &str) -> bool, each: &mut Each<'_>) {
        let mut lines = scan::lines(text).peekable();
        while let Some(line) = lines.next() {
            let first = scan::fields(line).next().unwrap_or_default();
            let values = lines.next_if(|next| scan::fields(next).next() == Some(first));
            let values = values.unwrap_or_default();
            let key = first.strip_suffix(b":").filter(|key| !key.is_empty());
            let header = key.and_then(|key| self.header(line, key, shows));
            let matches = |header: &mut Header| header.find(values) == header.words;
            let header = header.and_then(|header| matches(header).then_some(&*header));
            match (key, header) {
                (Some(key), Some(header)) => {
                    for ((_, name), start) in header.shown.iter().zip(&header.starts) {
                        let value = scan::fields(values.get(*start..).unwrap_or_default()).next();
                        let name = line.get(name.clone()).unwrap_or_default();
                        each(Some([key, name]), value.unwrap_or_default());
                    }
                }
                _ => each(None, line),
            }
        }
    }

    /// The next line of names; `None` beyond the limit.
    fn header(
        &mut self,
        line: &[u8],
        key: &[u8],
        shows: &dyn Fn(&str, &str) -> bool,
    ) -> Option<&mut Header> {
        if self.at >= MAX_HEADERS {
            return None;
        }
        if self.headers.get(self.at).is_none_or(|known| known.line != line) {
            self.headers.truncate(self.at);
            self.headers.push(Header::of(line, key, shows));
        }
        self.at += 1;
        self.headers.get_mut(self.at - 1)
    }
}

impl Header {
    #[cold]
    fn of(line: &[u8], key: &[u8], shows: &dyn Fn(&str, &str) -> bool) -> Header {
        let mut header = Header { line: line.to_vec(), ..Header::default() };
        let key = String::from_utf8_lossy(key);
        for word in scan::fields(line) {
            let name = std::str::from_utf8(word).unwrap_or_default();
            if header.words > 0 && shows(&key, name) {
                let start = word.as_ptr().addr() - line.as_ptr().addr();
                header.shown.push((header.words, start..start + word.len()));
            }
            header.words += 1;
        }
        header
    }

    /// Finds the values that are shown, and returns how many `values` has: most are passed over, without making
    /// a field of each.
    fn find(&mut self, values: &[u8]) -> usize {
        let Header { shown, starts, .. } = self;
        starts.clear();
        let mut places = shown.iter().map(|(place, _)| *place);
        let (mut next, mut count, mut was_blank) = (places.next(), 0, true);
        for (at, byte) in values.iter().enumerate() {
            let is_blank = matches!(byte, b' ' | b'\t');
            if was_blank && !is_blank {
                if next == Some(count) {
                    starts.push(at);
                    next = places.next();
                }
                count += 1;
            }
            was_blank = is_blank;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_where_a_naive_search_finds_them() {
        let mut seed = 7u64;
        let mut next = |n: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize % n
        };
        for _ in 0..20_000 {
            let line: Vec<u8> = (0..next(40)).map(|_| b" \t 09-x"[next(7)]).collect();
            let places = (0..20).filter(|_| next(3) == 0).map(|place| (place, 0..0)).collect();
            let mut header = Header { shown: places, ..Header::default() };
            let words: Vec<&[u8]> =
                line.split(|b| matches!(b, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
            assert_eq!(header.find(&line), words.len());
            let found = header.starts.iter().map(|start| scan::fields(&line[*start..]).next());
            let expected = header.shown.iter().filter_map(|(place, _)| words.get(*place));
            assert!(found.eq(expected.map(|word| Some(*word))), "{}", line.escape_ascii());
        }
    }
}
