//! Brings exposition text into the store: names, labels and times become those under which the
//! series of a group are kept.

mod tally;
mod trial;

use super::exposition::{BadLine, Labels, Place, Quoted, Read, Reader, Sample, Syntax, each_line};
use crate::base::clock::WallClock;
use crate::model::metric::{Point, Value};
use crate::model::store::{Bounds, Change, Group, LabelSet, Offer, Reason, Store};
use std::hash::RandomState;
use std::time::{Duration, Instant};
pub use tally::Tally;
pub use trial::Rejection;

/// How far a time stamp may lie in the future: clocks differ.
pub const MAX_AHEAD: Duration = Duration::from_secs(60);

/// The prefix of a label whose own name is already used.
const EXPORTED: &str = "exported_";

/// How many of them: agents that ask each other, or one that asks itself, would add one more at each request.
const MAX_EXPORTED: usize = 3;

/// What becomes of a label in the text that has the name of one that is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collision {
    /// It is renamed to `exported_<name>`, with as many `exported_` as make it differ from the other labels.
    Rename,
    /// It is replaced.
    Overwrite,
}

/// How the samples of a text are stored. A caller that has a complete set calls `Store::begin` before and
/// `Store::end` after.
#[derive(Clone, Copy, Debug)]
pub struct Intake<'a> {
    /// The group of the series.
    pub group: Group,
    /// What is put before every name.
    pub prefix: &'a str,
    /// Labels that are added to every series.
    pub add: &'a [(String, String)],
    /// What to do if the text has such a label.
    pub collision: Collision,
    /// Labels that are added to every series without a label of that name.
    pub constant: &'a [(String, String)],
    /// How long a series lives without another sample; zero means as long as its group.
    pub ttl: Duration,
    /// Whether time stamps are kept.
    pub honor_time: bool,
    /// How old they may be.
    pub max_age: Duration,
    /// Samples beyond so many are refused.
    pub max_series: usize,
    /// The most labels of a series.
    pub max_labels: usize,
}

/// How much of a text is read at once, how far it was read, and the results so far.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    /// The number of lines of the next piece.
    pub lines: usize,
    /// The lines before this place were read.
    pub place: Place,
    /// The results so far.
    pub tally: Tally,
}

/// Buffers for reading a text, kept from one to the next.
#[derive(Default)]
pub struct Buffers {
    /// Reads the text.
    pub reader: Reader,
    row: Row,
    hasher: RandomState,
    /// The series of the text that was checked last, by their hashes, and the positions of their names.
    seen: Vec<(u64, usize)>,
    /// The names of its families, the prefix included.
    names: Vec<String>,
}

impl Buffers {
    /// The names of the families of the text that was last checked and found valid.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// Name and labels of one sample.
#[derive(Default)]
struct Row {
    name: String,
    labels: LabelSet,
}

impl Intake<'_> {
    /// Offers every sample of `text` to the store. Where a line cannot be read, those before it were
    /// offered.
    pub fn take(
        &self,
        text: &[u8],
        syntax: Syntax,
        buffers: &mut Buffers,
        store: &mut Store,
        now: Instant,
    ) -> Result<Tally, BadLine> {
        let mut piece = Piece { lines: usize::MAX, ..Piece::default() };
        self.take_on(text, syntax, &mut piece, buffers, store, now)?;
        Ok(piece.tally)
    }

    /// The same for the next piece; nothing else may use `buffers` in between.
    /// Returns whether it was the last.
    pub fn take_on(
        &self,
        text: &[u8],
        syntax: Syntax,
        piece: &mut Piece,
        buffers: &mut Buffers,
        store: &mut Store,
        now: Instant,
    ) -> Result<bool, BadLine> {
        let Buffers { reader, row, .. } = buffers;
        let Piece { lines, place, tally } = piece;
        let wall = WallClock::now();
        let mut take = |sample: &Sample<'_>, tally: &mut Tally, store: &mut Store| {
            let offer = self.offer(sample, row, tally.taken, store.bounds(), wall);
            let done = offer.and_then(|offer| store.attempt(&offer, now));
            match done {
                Err(reason) if is_of_shape(sample, reason) => return Err(reason),
                Err(reason) => store.refuse(self.group, reason),
                Ok(()) => {}
            }
            tally.count(sample.name, done);
            Ok(())
        };
        reader.read_on(text, syntax, place, *lines, &mut |read: Read<'_>| match read {
            Ok(sample) => {
                let Err(reason) = take(&sample, tally, store) else { return };
                let is_other = reason == Reason::Kind;
                for reason in [is_other.then_some(reason), Some(Reason::Unassembled)] {
                    reason.into_iter().for_each(|reason| self.note(reason, tally, store));
                }
                each_line(&sample, &mut |line| {
                    let _ = take(line, tally, store);
                });
            }
            Err((_, Reason::Unassembled)) => self.note(Reason::Unassembled, tally, store),
            Err((name, reason)) => {
                store.refuse(self.group, reason);
                tally.count(name, Err(reason));
            }
        })
    }

    /// Counts a sample that is kept in another form.
    fn note(&self, reason: Reason, tally: &mut Tally, store: &mut Store) {
        store.refuse(self.group, reason);
        tally.note(reason);
    }

    /// What is offered to the store for a sample, after `taken` others of the text.
    fn offer<'o>(
        &self,
        sample: &Sample<'o>,
        row: &'o mut Row,
        taken: usize,
        bounds: &Bounds,
        wall: WallClock,
    ) -> Result<Offer<'o>, Reason> {
        if taken >= self.max_series {
            return Err(Reason::Series);
        }
        let time = sample.time.filter(|_| self.honor_time);
        if time.is_some_and(|time| !self.is_timely(time, wall)) {
            return Err(Reason::Time);
        }
        self.label(sample, &mut row.labels)?;
        let reserved = reserved_label(sample)?;
        row.name.clear();
        row.name.push_str(self.prefix);
        row.name.push_str(sample.name);
        let bounds = Bounds { labels: self.max_labels, ..*bounds };
        Ok(Offer {
            name: &row.name,
            kind: sample.kind,
            help: sample.help,
            labels: row.labels.render_utf8(&bounds, reserved)?,
            change: match sample.point {
                Point::Number(Value::Float(value)) => Change::Set(value),
                point => Change::ReplaceAs(point, sample.texts),
            },
            time,
            ttl: self.ttl,
            group: self.group,
            is_line: sample.is_line(),
        })
    }

    fn label(&self, sample: &Sample<'_>, labels: &mut LabelSet) -> Result<(), Reason> {
        labels.clear();
        for (name, value) in sample.labels.pairs() {
            let is_needed = self.add.iter().any(|(added, _)| added == name);
            if is_needed && self.collision == Collision::Overwrite {
                continue;
            }
            let times = if is_needed { times_exported(sample.labels, name) } else { 0 };
            if times > MAX_EXPORTED {
                return Err(Reason::Labels);
            }
            labels.push(|bytes| {
                (0..times).for_each(|_| bytes.extend_from_slice(EXPORTED.as_bytes()));
                match sample.labels.is_quoted {
                    true => Quoted::new(name).write(bytes),
                    false => bytes.extend_from_slice(name.as_bytes()),
                }
                let middle = bytes.len();
                value.write(bytes);
                middle
            });
        }
        for (name, value) in self.add {
            labels.add(name, value);
        }
        for (name, value) in self.constant {
            labels.add_missing(name, value);
        }
        Ok(())
    }

    fn is_timely(&self, millis: i64, wall: WallClock) -> bool {
        let now = wall.since_epoch();
        let from = now.saturating_sub(self.max_age).as_millis() as i64;
        let to = (now + MAX_AHEAD).as_millis() as i64;
        (from..=to).contains(&millis)
    }
}

/// The label that the lines of a histogram or summary get, so that it must not have it; empty for a number.
fn reserved_label(sample: &Sample<'_>) -> Result<&'static str, Reason> {
    let reserved = match sample.point {
        Point::Number(_) => return Ok(""),
        Point::Histogram(_) => "le",
        Point::Summary(_) => "quantile",
    };
    // Its lines may well have that label.
    let has_it = sample.labels.pairs().any(|(name, _)| name == reserved);
    if has_it { Err(Reason::Buckets) } else { Ok(reserved) }
}

/// How many `exported_` are put before a label whose name is used: more than one where the sample comes from
/// an agent that had to rename the same label.
fn times_exported(labels: Labels<'_>, name: &str) -> usize {
    let is_free = |times: &usize| {
        let stem = |label| (0..*times).try_fold(label, |rest: &str, _| rest.strip_prefix(EXPORTED));
        labels.pairs().all(|(label, _)| stem(label) != Some(name))
    };
    (1..).find(is_free).unwrap_or(1)
}

/// Whether a histogram or summary is refused only in that form, so that its lines may be stored: they have names
/// and labels of their own.
fn is_of_shape(sample: &Sample<'_>, reason: Reason) -> bool {
    let is_whole = !matches!(sample.point, Point::Number(_));
    let of_names = matches!(reason, Reason::Kind | Reason::Taken | Reason::Reserved);
    is_whole && (of_names || matches!(reason, Reason::Twice | Reason::Buckets))
}

#[cfg(test)]
mod tests;
