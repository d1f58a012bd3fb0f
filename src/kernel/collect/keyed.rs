//! Engine for text that names its own quantities: `pgfault 12` of `/proc/vmstat`, a line of names and a
//! line of values of `/proc/net/snmp`, `TCP: inuse 5 mem 1` of `/proc/net/sockstat`. A family is made
//! when a key first appears, and kept as long as the key keeps its position: a steady scrape compares
//! bytes and allocates nothing.

use crate::kernel::read::{Names, scan};
use crate::model::metric::{Family, Kind, Row, Unit, Value, fresh_stamp};
use std::ops::Range;

/// More keys than any kernel's file has; what comes after is not shown.
const MAX_KEYS: usize = 2048;

/// More lines of names than any kernel has.
const MAX_HEADERS: usize = 64;

/// Longer names than any kernel's.
const MAX_NAME: usize = 120;

/// The family that is made from a key.
pub struct NewFamily {
    /// The type.
    pub kind: Kind,
    /// The kernel's unit.
    pub unit: Unit,
    /// The metric's name without prefix; node_exporter's, `|` and our own where they differ.
    pub name: String,
    /// One sentence of help.
    pub help: String,
}

/// More that is known of a family that was made.
struct Origin {
    stamp: u32,
    /// The length of node_exporter's name, 0 if ours is the same.
    split: u8,
}

/// The families of one file, in the order of its keys.
#[derive(Default)]
pub struct Keyed {
    /// Each key as it was read, the parts with a NUL between.
    keys: Names,
    families: Vec<Option<Box<(NewFamily, Origin)>>>,
    at: usize,
    /// A key was learned since the last reading began; the one before was without.
    learns: bool,
    is_settled: bool,
}

impl Keyed {
    /// Begins a reading of the file.
    pub fn begin(&mut self) {
        self.at = 0;
        self.is_settled = !std::mem::take(&mut self.learns);
    }

    /// Whether this reading brought every key of the one before, and no other.
    pub fn is_complete(&self) -> bool {
        !self.learns && self.at == self.families.len()
    }

    /// For a file with the same keys at every reading: goes over the next key, without a look at it, if it
    /// is not shown.
    pub fn skips(&mut self) -> bool {
        let is_hidden = self.is_settled && matches!(self.families.get(self.at), Some(None));
        self.at += usize::from(is_hidden);
        is_hidden
    }

    /// The family of the next key, which has two parts (the second may be empty). `make` is called when
    /// the key was not here at the last reading; `None` is not shown, nor is a name that came before.
    pub fn family(
        &mut self,
        parts: [&[u8]; 2],
        make: &dyn Fn(&str, &str) -> Option<NewFamily>,
    ) -> Option<Row<'_>> {
        let at = self.at;
        if at >= MAX_KEYS {
            return None;
        }
        self.at += 1;
        if !self.keys.get(at).is_some_and(|known| is_same(known, parts)) {
            self.learn(at, parts, make);
        }
        let (made, Origin { stamp, split }) = &**self.families.get(at)?.as_ref()?;
        let name = (&*made.name, *split);
        Some(Family::dynamic_at(made.kind, made.unit, name, &made.help, *stamp))
    }

    #[cold]
    fn learn(
        &mut self,
        at: usize,
        [first, second]: [&[u8]; 2],
        make: &dyn Fn(&str, &str) -> Option<NewFamily>,
    ) {
        self.learns = true;
        self.keys.truncate(at);
        self.families.truncate(at);
        self.keys.push_parts(&[first, b"\0", second]);
        // The part after it would be our own name.
        let text = |part| std::str::from_utf8(part).ok().filter(|text| !text.contains('|'));
        let made = text(first).zip(text(second)).and_then(|(first, second)| make(first, second));
        let is_new = |made: &NewFamily| {
            !self.families.iter().flatten().any(|known| known.0.name == made.name)
        };
        let made = made.filter(|made| is_name(&made.name) && is_new(made));
        let told = |made: NewFamily| {
            let split = made.name.find('|').and_then(|at| u8::try_from(at).ok()).unwrap_or(0);
            Box::new((made, Origin { stamp: fresh_stamp(), split }))
        };
        self.families.push(made.map(told));
    }
}

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

    /// Hands each name that `shows` selects to `each`, by its first word and itself, with its value; `None` with
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

    /// Finds the values that are shown, and says how many `values` has: most are passed over, without making
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

/// Parses the decimal integer `text` as a value of `family`, even if it is below zero or beyond `i64`.
pub fn number(family: &Family<'_>, text: &[u8]) -> Option<Value> {
    match text {
        [b'-', ..] => scan::int(text).map(|raw| family.signed(raw)),
        _ => scan::uint(text).map(|raw| family.value(raw)),
    }
}

/// `HugePages_Total` as `huge_pages_total`. An abbreviation remains one word: `SReclaimable` is
/// `sreclaimable`.
pub fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        before = letter;
    }
    snake
}

fn is_same(known: &[u8], [first, second]: [&[u8]; 2]) -> bool {
    let split = known.split_at_checked(first.len());
    split.is_some_and(|(one, rest)| one == first && rest.split_first() == Some((&0, second)))
}

/// Whether the text is valid as the name of a metric.
pub(super) fn is_name(name: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'|';
    name.len() <= MAX_NAME && name.bytes().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use std::cell::Cell;

    fn name(keyed: &mut Keyed, parts: [&str; 2], asked: &Cell<u32>) -> Option<String> {
        let family = keyed.family(parts.map(str::as_bytes), &|first, second| {
            asked.set(asked.get() + 1);
            (first != "hidden").then(|| NewFamily {
                kind: Kind::Untyped,
                unit: Unit::One,
                name: format!("x_{first}{second}"),
                help: "X.".to_owned(),
            })
        });
        family.map(|family| family.named(Dialect::Node).unwrap().0.to_owned())
    }

    #[test]
    fn a_key_is_made_once_while_it_stands_where_it_stood() {
        let (mut keyed, asked) = (Keyed::default(), Cell::new(0));
        let readings: [(&[[&str; 2]], u32); 4] = [
            (&[["a", ""], ["b", "c"], ["hidden", ""], ["bc", ""]], 4),
            (&[["a", ""], ["b", "c"], ["hidden", ""], ["bc", ""]], 4),
            (&[["a", ""], ["new", ""], ["b", "c"], ["hidden", ""]], 7),
            (&[["b", "ad name"]], 8),
        ];
        for (reading, made) in readings {
            keyed.begin();
            for parts in reading {
                let expected = format!("x_{}{}", parts[0], parts[1]);
                // "bc" would be the name that "b" and "c" make.
                let is_shown = parts[0] != "hidden" && parts[0] != "bc" && !expected.contains(' ');
                let expected = is_shown.then_some(expected);
                assert_eq!(name(&mut keyed, *parts, &asked), expected);
            }
            assert_eq!(asked.get(), made);
        }
    }

    #[test]
    fn what_is_not_shown_is_skipped_as_long_as_the_keys_are_the_same() {
        let (mut keyed, asked) = (Keyed::default(), Cell::new(0));
        let mut skipped = |keys: [&str; 3]| {
            keyed.begin();
            keys.map(|key| {
                let skips = keyed.skips();
                if !skips {
                    name(&mut keyed, [key, ""], &asked);
                }
                skips
            })
        };
        let keys = ["hidden", "a", "hidden"];
        assert_eq!([skipped(keys), skipped(keys)], [[false; 3]; 2]);
        assert_eq!([skipped(keys), skipped(keys)], [[true, false, true]; 2]);
        assert_eq!(skipped(["a", "hidden", "b"]), [true, false, false], "it is noticed");
        assert_eq!(skipped(["a", "hidden", "b"]), [false; 3], "so all are looked at");
        assert_eq!(skipped(["a", "hidden", "b"]), [false; 3]);
        assert!(keyed.is_complete());
        keyed.begin();
        assert!(keyed.family([b"a", b""], &|_, _| None).is_some() && !keyed.is_complete(), "cut");
    }

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
