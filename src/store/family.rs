//! The families of the store: which names are to be had, and who has them.

use super::index::NONE;
use super::labels::is_metric_name;
use super::ours::{Ours, compare};
use super::{Amount, Bounds, Group, Offer, Reason};
use crate::metric::{Family, Kind, fresh_stamp};
use std::cell::Cell;

/// How the names of counters end.
const TOTAL: &str = "_total";

/// Bytes of a help text.
pub const MAX_HELP: usize = 1024;

/// What the parts of a histogram are called; those of a summary are the last two.
pub const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];

/// Those of this kind.
pub fn parts_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Histogram => &PARTS,
        Kind::Summary => PARTS.get(1..).unwrap_or_default(),
        Kind::Counter | Kind::Gauge | Kind::Untyped => &[],
    }
}

/// One family of the store.
pub struct Known {
    pub name: Box<str>,
    pub help: Box<str>,
    pub kind: Kind,
    /// The bounds of a histogram's buckets; single series may have others.
    pub buckets: Box<[f64]>,
    /// Its series in the order in which they came.
    pub first: u32,
    pub last: u32,
    /// Whose its first series is, and how often the next series in its order is another's.
    pub owner: Group,
    pub borders: u32,
    /// It stays, also without series.
    pub declared: bool,
    /// It did, until the settings were read again.
    pub was_declared: bool,
    /// With whose what it takes is counted.
    pub account: Group,
    /// The family of ours that has the name, or that Prometheus makes: its series are kept apart.
    pub ours: Option<&'static Family<'static>>,
    /// In which scrape its series were written behind ours, and behind which source.
    pub written: Cell<(u32, u32)>,
    stamp: u32,
    shares_stem: bool,
}

impl Known {
    /// Whether all its series are the group's, which may replace them.
    pub fn is_only_of(&self, group: Group) -> bool {
        self.owner == group && self.borders == 0 && group != Group::SHARED
    }

    /// What it takes without its series.
    pub fn amount(&self) -> Amount {
        Amount { families: 1, bytes: self.name.len() + self.help.len(), series: 0 }
    }

    /// As sinks know families.
    pub fn row(&self) -> Family<'_> {
        let row = Family::made(self.kind, &self.name, &self.help, self.stamp);
        if self.shares_stem { row.sharing_stem() } else { row }
    }
}

/// Whether samples of this type may stand in a family of ours: of the same type, or of none.
fn fits(row: &Family<'_>, kind: Kind) -> bool {
    row.kind == kind || [row.kind, kind].contains(&Kind::Untyped)
}

/// All families, by name.
#[derive(Default)]
pub struct Families {
    pub ours: Ours,
    /// How many of them have a name of ours.
    shared: usize,
    /// That which was looked up last: samples of one family come together.
    last: u32,
    slots: Vec<Option<Known>>,
    /// Places in `slots`, sorted by name.
    order: Vec<u32>,
    free: Vec<u32>,
}

impl Families {
    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn all(&self) -> impl Iterator<Item = &Known> {
        self.slots.iter().flatten()
    }

    pub fn get(&self, id: u32) -> Option<&Known> {
        self.slots.get(id as usize)?.as_ref()
    }

    pub fn get_mut(&mut self, id: u32) -> Option<&mut Known> {
        self.slots.get_mut(id as usize)?.as_mut()
    }

    /// The family that stands at this place of the order.
    pub fn nth(&self, at: usize) -> Option<u32> {
        self.order.get(at).copied()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.order.binary_search_by(|id| self.get(*id).map_or("", |f| &*f.name).cmp(name))
    }

    pub fn find(&self, name: &str) -> Option<u32> {
        self.nth(self.place(name).ok()?)
    }

    /// The same; cheap for the one that was looked up before.
    pub fn look_up(&mut self, name: &str) -> Option<u32> {
        if self.get(self.last).is_none_or(|f| *f.name != *name) {
            self.last = self.find(name)?;
        }
        Some(self.last)
    }

    /// The family that has the name of this family of ours.
    pub fn beside(&self, ours: &Family<'_>) -> Option<u32> {
        let dialect = self.ours.dialect;
        let (prefix, (name, _)) = (ours.prefix(dialect), ours.named(dialect)?);
        let order =
            |id: &u32| compare(prefix, name, self.get(*id).map_or("", |f| &*f.name)).reverse();
        self.nth(self.order.binary_search_by(order).ok()?)
    }

    /// Whether any has a name of ours.
    pub fn are_shared(&self) -> bool {
        self.shared > 0
    }

    /// What is ours changed. False if the family cannot be beside it.
    pub fn adopt(&mut self, id: u32) -> bool {
        let Some(known) = self.get(id) else { return true };
        let row = self.ours.find(&known.name);
        let does_fit = row.is_none_or(|row| fits(row, known.kind));
        let was_ours = known.ours.is_some();
        let shares_stem = self.is_stem_taken(&known.name);
        self.shared = self.shared + usize::from(row.is_some()) - usize::from(was_ours);
        let Some(known) = self.get_mut(id) else { return true };
        known.ours = row;
        if let Some(row) = row.filter(|row| does_fit && row.kind != Kind::Untyped) {
            (known.kind, known.help) = (row.kind, row.help.into());
        }
        known.shares_stem = known.kind == Kind::Counter && shares_stem;
        known.stamp = fresh_stamp();
        does_fit
    }

    /// Whether a series may be made in a family of ours.
    pub fn judge_ours(&self, row: &Family<'_>, offer: &Offer<'_>) -> Result<(), Reason> {
        match () {
            () if !self.ours.are_apart(row, offer.labels) => Err(Reason::Reserved),
            () if !fits(row, offer.kind) => Err(Reason::Kind),
            () => Ok(()),
        }
    }

    /// Whether a family of this name and kind could be made, and those be gone that are only of
    /// the group `without`.
    pub fn judge(
        &self,
        offer: &Offer<'_>,
        bounds: &Bounds,
        without: Option<Group>,
    ) -> Result<(), Reason> {
        let name = offer.name;
        if !is_metric_name(name.as_bytes()) {
            return Err(Reason::Name);
        }
        if let Some(row) = self.ours.find(name) {
            self.judge_ours(row, offer)?;
        }
        if name.len() > bounds.name_bytes || offer.help.len() > MAX_HELP {
            return Err(Reason::TooLong);
        }
        let known = |name: &str| {
            let known = self.get(self.find(name)?)?;
            let goes = without.is_some_and(|group| known.is_only_of(group));
            (!goes).then_some(known)
        };
        let is_part = |part: &&str| {
            let stem = name.strip_suffix(*part).and_then(known);
            stem.is_some_and(|f| parts_of(f.kind).contains(part))
        };
        let is_there = |part: &&str| {
            let part = [name, *part].concat();
            known(&part).is_some() || self.ours.served(&part).is_some()
        };
        // In OpenMetrics our counter is a family of that name.
        let is_stem = || {
            let total = self.ours.served(&[name, TOTAL].concat());
            total.is_some_and(|row| row.kind == Kind::Counter && !row.shares_stem)
        };
        if PARTS.iter().any(is_part) || parts_of(offer.kind).iter().any(is_there) || is_stem() {
            return Err(Reason::Taken);
        }
        Ok(())
    }

    /// Makes a family whose name is not taken.
    pub fn insert(&mut self, offer: &Offer<'_>, account: Group, buckets: &[f64]) -> u32 {
        let name = offer.name;
        let ours = self.ours.find(name);
        let told = ours.filter(|row| row.kind != Kind::Untyped);
        let kind = told.map_or(offer.kind, |row| row.kind);
        self.shared += usize::from(ours.is_some());
        let known = Known {
            name: name.into(),
            help: told.map_or(offer.help, |row| row.help).into(),
            kind,
            buckets: buckets.into(),
            first: NONE,
            last: NONE,
            owner: Group::SHARED,
            borders: 0,
            declared: false,
            was_declared: false,
            account,
            ours,
            written: Cell::default(),
            stamp: fresh_stamp(),
            shares_stem: kind == Kind::Counter && self.is_stem_taken(name),
        };
        let id = self.free.pop().unwrap_or(self.slots.len() as u32);
        match self.slots.get_mut(id as usize) {
            Some(slot) => *slot = Some(known),
            None => self.slots.push(Some(known)),
        }
        let at = self.place(name).unwrap_or_else(|at| at);
        self.order.insert(at, id);
        self.retell_total_of(name);
        id
    }

    pub fn remove(&mut self, id: u32) {
        let Some(known) = self.slots.get_mut(id as usize).and_then(Option::take) else { return };
        self.shared -= usize::from(known.ours.is_some());
        self.order.retain(|other| *other != id);
        self.free.push(id);
        self.retell_total_of(&known.name);
    }

    /// In OpenMetrics the counter `x_total` is the family `x`. Where there is another `x`, or where
    /// the name lacks `_total`, the counter goes under its whole name and without a type, so that
    /// its series have the same name in both formats.
    fn is_stem_taken(&self, counter: &str) -> bool {
        if let Some(row) = self.ours.served(counter) {
            return row.shares_stem;
        }
        let is_taken = |stem| self.find(stem).is_some() || self.ours.served(stem).is_some();
        counter.strip_suffix(TOTAL).is_none_or(is_taken)
    }

    /// A family came or went: the counter of that name with `_total` may be told otherwise now.
    fn retell_total_of(&mut self, name: &str) {
        let total = [name, TOTAL].concat();
        let Some(id) = self.find(&total) else { return };
        let shares = self.is_stem_taken(&total);
        if let Some(known) = self.get_mut(id).filter(|f| f.kind == Kind::Counter) {
            known.shares_stem = shares;
            known.stamp = fresh_stamp();
        }
    }
}
