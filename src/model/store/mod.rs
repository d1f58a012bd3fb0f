//! The live series of other programs: all metrics from outside are stored here, and every sink
//! reads them from here. Bounded in all directions; each series has its time to live; rejected samples are
//! counted by reason. An update of an existing series allocates nothing.
//!
//! A series is 72 bytes and its labels as they are written at every scrape, which are also its
//! key. The hash is seeded at the start, so that nobody outside can make series collide.
//!
//! A series belongs to the group that made it: no other group changes it, and the group may remove it.

mod amount;
mod bounds;
mod change;
mod declare;
mod family;
mod group;
mod group_filter;
mod index;
mod known;
mod labels;
mod lines;
mod list;
mod merge;
mod offer;
mod offered;
mod ours;
mod owners;
mod reason;
mod room;
mod series;
mod slots;
mod write;

pub use amount::Amount;
pub use bounds::{Bounds, DEFAULT_BUCKETS};
pub use change::Judgement;
pub use family::{MAX_HELP, PARTS, parts_of};
pub use group::Group;
pub use group_filter::GroupFilter;
pub use index::{Index, NONE};
pub use labels::{LabelSet, escaped, is_label_name, is_metric_name, put_label_name};
pub use list::Listed;
pub use offer::{Change, Offer};
pub use ours::Ours;
pub use reason::Reason;
pub use write::families;

use crate::model::metric::{Kind, Labels};
use family::Families;
use group::Groups;
use series::Series;
use std::cell::Cell;
use std::hash::RandomState;
use std::time::{Duration, Instant};

/// Bytes of names, labels and help texts by default.
const MAX_BYTES: usize = 8 << 20;

/// How many series each change checks for expiry.
const SWEEP: usize = 2;

/// All live series.
pub struct Store {
    bounds: Bounds,
    max_bytes: usize,
    origin: Instant,
    hasher: RandomState,
    families: Families,
    series: Vec<Series>,
    index: Index,
    groups: Groups,
    free: u32,
    /// The size of everything stored.
    held: Amount,
    /// How often everything was written.
    scrape: u32,
    /// Where the next search for expired series starts, and when all were checked.
    hand: usize,
    swept: u64,
    /// No series expires before.
    next_expiry: u64,
    accepted: u64,
    refused: [u64; Reason::ALL.len()],
    /// The selection of series that are written.
    shown: GroupFilter,
    /// A buffer for names while writing.
    name: Cell<String>,
    /// When there was no room for a pushed sample, in milliseconds since the store was made.
    full: Option<u64>,
}

impl Store {
    /// An empty store.
    pub fn new(bounds: Bounds, now: Instant) -> Store {
        Store {
            bounds,
            max_bytes: MAX_BYTES,
            origin: now,
            hasher: RandomState::new(),
            families: Families::default(),
            series: Vec::new(),
            index: Index::default(),
            groups: Groups::default(),
            free: NONE,
            held: Amount::default(),
            scrape: 1,
            hand: 0,
            swept: 0,
            next_expiry: series::NEVER,
            accepted: 0,
            refused: Default::default(),
            name: Cell::default(),
            full: None,
            shown: GroupFilter::All,
        }
    }

    /// Selects the series that are written from now on.
    pub fn show(&mut self, shown: GroupFilter) {
        self.shown = shown;
    }

    /// Changes the bounds; existing series stay until they expire.
    pub fn limit(&mut self, bounds: Bounds) {
        self.bounds = bounds;
    }

    /// Changes the bound on bytes: of the names of families, of their help texts and of the labels of
    /// series.
    pub fn limit_bytes(&mut self, most: usize) {
        self.max_bytes = most;
    }

    /// Sets what is served besides the store: series of others that could be the same are removed.
    pub fn serve(&mut self, ours: Ours) {
        self.families.ours = ours;
        let mut at = 0;
        while let Some(id) = self.families.nth(at) {
            self.keep_apart(id);
            at += usize::from(self.families.nth(at) == Some(id));
        }
    }

    fn keep_apart(&mut self, id: u32) {
        let amount = |store: &Store| store.families.get(id).map(|f| (f.account, f.amount()));
        if let Some((account, amount)) = amount(self) {
            self.refund(account, amount);
        }
        let does_fit = self.families.adopt(id);
        if let Some((account, amount)) = amount(self) {
            self.charge(account, amount);
        }
        if !does_fit {
            return self.drop_family(id);
        }
        let Some((row, mut slot)) =
            self.families.get(id).and_then(|f| f.ours.map(|row| (row, f.first)))
        else {
            return;
        };
        while let Some(series) = self.series.get(slot as usize) {
            let labels = Labels::rendered(&series.text);
            let is_apart = self.families.ours.are_apart(row, labels);
            let this = std::mem::replace(&mut slot, series.next);
            if !is_apart {
                self.remove(this);
            }
        }
    }

    /// How much is kept.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// How many series are kept.
    pub fn len(&self) -> usize {
        self.held.series
    }

    /// Whether there is no series.
    pub fn is_empty(&self) -> bool {
        self.held.series == 0
    }

    /// Whether there was no room for a pushed sample, `within` that time.
    pub fn was_full(&self, now: Instant, within: Duration) -> bool {
        let now = self.millis(now);
        self.full.is_some_and(|at| u128::from(now.saturating_sub(at)) < within.as_millis())
    }

    /// Records that there was no room for a push as a whole.
    pub fn note_full(&mut self, now: Instant) {
        self.full = Some(self.millis(now));
    }

    /// Counts a sample of `group` that was rejected before `take`.
    pub fn refuse(&mut self, group: Group, reason: Reason) {
        let count = self.refused.get_mut(reason as usize);
        if let Some(count) = count.filter(|_| self.groups.is_pushed(group)) {
            *count += 1;
        }
    }

    /// The type of the metric of this name, if it was declared.
    pub fn declared_kind(&self, name: &str) -> Option<Kind> {
        let family = self.families.get(self.families.find(name)?)?;
        family.declared.then_some(family.kind)
    }

    /// Stores a sample, or returns why not; a rejected one changes nothing. Both are counted if it was pushed.
    pub fn take(&mut self, offer: &Offer<'_>, now: Instant) -> Result<(), Reason> {
        let done = self.attempt(offer, now);
        if let Err(reason) = done {
            self.refuse(offer.group, reason);
        }
        done
    }

    /// Stores a sample like `take`; a rejected one is not counted.
    pub fn attempt(&mut self, offer: &Offer<'_>, now: Instant) -> Result<(), Reason> {
        let now = self.millis(now);
        self.sweep(SWEEP, now);
        let done = self.change(offer, now);
        match done {
            Ok(()) => self.accepted += u64::from(self.groups.is_pushed(offer.group)),
            Err(reason) if reason.is_room() && self.groups.account(offer.group).is_pushed() => {
                self.full = Some(now);
            }
            Err(_) => {}
        }
        done
    }

    fn millis(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.origin).as_millis();
        u64::try_from(since).unwrap_or(series::NEVER - 1)
    }
}

#[cfg(test)]
pub use owners::tests::VISITED;
#[cfg(test)]
mod tests;
