//! The live series of other programs: whatever comes in from outside ends here, and every sink
//! finds it here. Bounded in all directions; each series has its time to live; what is refused is
//! counted by reason. An update of a series that is there allocates nothing.
//!
//! A series is 72 bytes and its labels as they are written at every scrape, which are also what it
//! is known by. The hash is seeded at the start, so that nobody outside can make series clash.
//!
//! A series belongs to the group that made it: nobody else changes it, and the group may drop it.

mod change;
mod family;
mod group;
mod index;
mod labels;
mod reason;
mod series;
mod slots;
mod write;

pub use change::Judgement;
pub use family::{MAX_HELP, PARTS, parts_of};
pub use group::Group;
pub use index::{Index, NONE};
pub use labels::{LabelSet, is_label_name, is_metric_name};
pub use reason::Reason;
pub use write::families;

use crate::metric::{Kind, Labels, Point};
use crate::settings::Dialect;
use family::Families;
use group::Groups;
use series::Series;
use std::hash::RandomState;
use std::time::{Duration, Instant};

/// How many series each change looks at for whether their time is over.
const SWEEP: usize = 2;

/// How much is kept. Others are made of the default: `bounds.series = 500_000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// Series; each bucket, quantile, sum and count of a histogram or summary is one.
    pub series: usize,
    /// Families.
    pub families: usize,
    /// Labels of a series.
    pub labels: usize,
    /// Bytes of a name, of a metric or a label.
    pub name_bytes: usize,
    /// Bytes of a label's value.
    pub value_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { series: 100_000, families: 5_000, labels: 32, name_bytes: 200, value_bytes: 1024 }
    }
}

/// The bounds of a histogram's buckets where nobody says others, in seconds.
pub const DEFAULT_BUCKETS: [f64; 11] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What becomes of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change<'a> {
    /// A number is this one.
    Set(f64),
    /// A number is so much more.
    Add(f64),
    /// A histogram has seen these.
    Observe(&'a [f64]),
    /// A histogram has seen this so many times.
    ObserveMany(f64, u64),
    /// A histogram or summary is this one.
    Replace(Point<'a>),
}

/// A sample from outside.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The whole name.
    pub name: &'a str,
    /// What it is.
    pub kind: Kind,
    /// One sentence for people; that of the first sample of a family is kept.
    pub help: &'a str,
    /// Its labels.
    pub labels: Labels<'a>,
    /// What becomes of it.
    pub change: Change<'a>,
    /// When it was taken, in milliseconds since 1970.
    pub time: Option<i64>,
    /// How long it lives without another; zero is for ever, or as long as its group wants it.
    pub ttl: Duration,
    /// Who brings it.
    pub group: Group,
}

/// All live series.
pub struct Store {
    bounds: Bounds,
    origin: Instant,
    hasher: RandomState,
    families: Families,
    series: Vec<Series>,
    index: Index,
    groups: Groups,
    free: u32,
    live: usize,
    /// Where the next look for expired series starts, and when all were looked at.
    hand: usize,
    swept: u64,
    accepted: u64,
    refused: [u64; Reason::ALL.len()],
    /// When there was no room for another series or family, in milliseconds since the store was made.
    full: Option<u64>,
}

impl Store {
    /// An empty one.
    pub fn new(bounds: Bounds, now: Instant) -> Store {
        Store {
            bounds,
            origin: now,
            hasher: RandomState::new(),
            families: Families::default(),
            series: Vec::new(),
            index: Index::default(),
            groups: Groups::default(),
            free: NONE,
            live: 0,
            hand: 0,
            swept: 0,
            accepted: 0,
            refused: Default::default(),
            full: None,
        }
    }

    /// Goes on with other bounds; what is there stays until its time is over.
    pub fn limit(&mut self, bounds: Bounds) {
        self.bounds = bounds;
    }

    /// In `dialect` these names are ours besides those with its prefix: families of others that have
    /// one go with all their series.
    pub fn serve(&mut self, dialect: Dialect, ours: impl Iterator<Item = &'static str>) {
        self.families.reserve(dialect, ours);
        let mut at = 0;
        while let Some(id) = self.families.nth(at) {
            if self.families.is_ours(id) {
                self.drop_family(id);
            } else {
                at += 1;
            }
        }
    }

    /// How much is kept.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// How many series are kept.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there is no series.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Whether there was no room for a series or a family, `within` that time.
    pub fn was_full(&self, now: Instant, within: Duration) -> bool {
        let now = self.millis(now);
        self.full.is_some_and(|at| u128::from(now.saturating_sub(at)) < within.as_millis())
    }

    /// Counts a sample that did not get as far as `take`.
    pub fn refuse(&mut self, reason: Reason) {
        if let Some(count) = self.refused.get_mut(reason as usize) {
            *count += 1;
        }
    }

    /// Takes a sample, or says why not; a refused one changes nothing.
    pub fn take(&mut self, offer: &Offer<'_>, now: Instant) -> Result<(), Reason> {
        let now = self.millis(now);
        self.sweep(SWEEP, now);
        let done = self.change(offer, now);
        match done {
            Ok(()) => self.accepted += 1,
            Err(reason) => {
                if matches!(reason, Reason::Series | Reason::Families) {
                    self.full = Some(now);
                }
                self.refuse(reason);
            }
        }
        done
    }

    /// What is to be declared will be declared anew; then comes `drop_undeclared`.
    pub fn forget_declarations(&mut self) {
        for at in 0..self.families.len() {
            let id = self.families.nth(at).unwrap_or(NONE);
            if let Some(family) = self.families.get_mut(id) {
                family.was_declared = std::mem::take(&mut family.declared);
            }
        }
    }

    /// Families that were declared and are not any more go with all their series.
    pub fn drop_undeclared(&mut self) {
        let mut at = 0;
        while let Some(id) = self.families.nth(at) {
            let is_over = |f: &family::Known| f.was_declared && !f.declared;
            if self.families.get(id).is_some_and(is_over) {
                self.drop_family(id);
            } else {
                at += 1;
            }
        }
    }

    /// The family of `offer` is there, `buckets` being those of a histogram, and the series, too, at
    /// zero if it was not. What everybody may touch stays from now on; what a group declares goes
    /// when its series do.
    pub fn declare(
        &mut self,
        offer: &Offer<'_>,
        buckets: &[f64],
        now: Instant,
    ) -> Result<(), Reason> {
        let is_shared = offer.group == Group::SHARED;
        let known = self.families.find(offer.name);
        // A histogram with other buckets starts anew.
        let differs = |f: &family::Known| f.kind != offer.kind || *f.buckets != *buckets;
        let is_other = known.and_then(|id| self.families.get(id)).is_some_and(differs);
        if let Some(id) = known.filter(|_| is_other && is_shared) {
            self.drop_family(id);
        }
        let id = match self.families.find(offer.name) {
            Some(id) => id,
            None => self.make_family(offer, buckets)?,
        };
        if let Some(family) = self.families.get_mut(id).filter(|_| is_shared) {
            family.declared = true;
        }
        let now = self.millis(now);
        let done = self.change(offer, now);
        let is_empty = |f: &family::Known| f.first == NONE && !f.declared;
        if self.families.get(id).is_some_and(is_empty) {
            self.families.remove(id);
        }
        done
    }

    fn make_family(&mut self, offer: &Offer<'_>, buckets: &[f64]) -> Result<u32, Reason> {
        self.families.judge(offer, &self.bounds, None)?;
        Ok(self.families.insert(offer.name, offer.kind, offer.help, buckets))
    }

    fn millis(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.origin).as_millis();
        u64::try_from(since).unwrap_or(series::NEVER - 1)
    }
}

#[cfg(test)]
mod tests;
