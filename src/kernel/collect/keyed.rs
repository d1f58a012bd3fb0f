//! Engine for text that names its own quantities: `pgfault 12` of `/proc/vmstat`, a line of names and a
//! line of values of `/proc/net/snmp`, `TCP: inuse 5 mem 1` of `/proc/net/sockstat`. A family is made
//! when a key first appears, and kept as long as the key keeps its position: a steady scrape compares
//! bytes and allocates nothing.

mod pairs;

pub use pairs::Pairs;

use crate::kernel::read::{Names, scan};
use crate::model::metric::{Family, Kind, Row, Unit, Value, fresh_stamp};

/// More keys than any kernel's file has; what comes after is not shown.
const MAX_KEYS: usize = 2048;

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
    /// Whether a key was learned in this reading.
    has_learned: bool,
    /// Whether none was learned in the reading before.
    was_steady: bool,
}

impl Keyed {
    /// Begins a reading of the file.
    pub fn begin(&mut self) {
        self.at = 0;
        self.was_steady = !std::mem::take(&mut self.has_learned);
    }

    /// Whether this reading brought every key of the one before, and no other.
    pub fn is_complete(&self) -> bool {
        !self.has_learned && self.at == self.families.len()
    }

    /// For a file with the same keys at every reading: skips the next key, without comparing it, if it is not
    /// shown.
    pub fn skips(&mut self) -> bool {
        let is_hidden = self.was_steady && matches!(self.families.get(self.at), Some(None));
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
        self.has_learned = true;
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
        let with_origin = |made: NewFamily| {
            let split = made.name.find('|').and_then(|at| u8::try_from(at).ok()).unwrap_or(0);
            Box::new((made, Origin { stamp: fresh_stamp(), split }))
        };
        self.families.push(made.map(with_origin));
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
mod tests;
