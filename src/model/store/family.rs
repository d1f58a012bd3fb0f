//! The families of the store: which names are free, and which are used.

use super::bounds::Bounds;
use super::group::Group;
use super::index::NONE;
use super::known::{Known, fits, key_of, may_join};
use super::labels::{escaped, is_metric_name};
use super::offer::Offer;
use super::ours::{Ours, compare};
use super::reason::Reason;
use super::series::Buckets;
use crate::model::metric::{Family, Kind, fresh_stamp};
use std::cell::Cell;

/// The suffix of counters.
const TOTAL: &str = "_total";

/// Bytes of a help text.
pub const MAX_HELP: usize = 1024;

/// The suffixes of a histogram's parts; those of a summary are the last two.
pub const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];

/// The suffixes of this type.
pub fn parts_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Histogram => &PARTS,
        Kind::Summary => PARTS.get(1..).unwrap_or_default(),
        Kind::Counter | Kind::Gauge | Kind::Untyped => &[],
    }
}

/// All families, by name.
#[derive(Default)]
pub struct Families {
    pub ours: Ours,
    /// How many of them have a name of ours.
    shared: usize,
    /// The one that was looked up last: samples of one family come together.
    last: u32,
    slots: Vec<Option<Known>>,
    /// Indices of `slots`, sorted by name.
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

    /// The family at this position of the order.
    pub fn nth(&self, at: usize) -> Option<u32> {
        self.order.get(at).copied()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        let key = |id: &u32| self.get(*id).map_or("", Known::key);
        match is_metric_name(name.as_bytes()) {
            true => self.order.binary_search_by(|id| key(id).cmp(name)),
            false => self.order.binary_search_by(|id| key(id).bytes().cmp(key_of(name))),
        }
    }

    pub fn find(&self, name: &str) -> Option<u32> {
        self.nth(self.place(name).ok()?)
    }

    /// Like `find`, but cheap for the one that was looked up last.
    pub fn look_up(&mut self, name: &str) -> Option<u32> {
        if self.get(self.last).is_none_or(|f| *f.name != *name) {
            self.last = self.find(name)?;
        }
        Some(self.last)
    }

    /// The family with the name of this family of ours.
    pub fn beside(&self, ours: &Family<'_>) -> Option<u32> {
        let dialect = self.ours.dialect;
        let (prefix, (name, _)) = (ours.prefix(dialect), ours.named(dialect)?);
        let order =
            |id: &u32| compare(prefix, name, self.get(*id).map_or("", Known::key)).reverse();
        self.nth(self.order.binary_search_by(order).ok()?)
    }

    /// Whether any family has a name of ours.
    pub fn are_shared(&self) -> bool {
        self.shared > 0
    }

    /// The family of ours that has this name, or its escaped form.
    fn ours_of(&self, name: &str) -> Option<&'static Family<'static>> {
        match is_metric_name(name.as_bytes()) {
            true => self.ours.find(name),
            false => self.ours.find(&escaped(name, ':').map(char::from).collect::<String>()),
        }
    }

    /// Our families changed. False if this family cannot coexist with them.
    pub fn adopt(&mut self, id: u32) -> bool {
        let Some(known) = self.get(id) else { return true };
        let row = self.ours_of(&known.name);
        let does_fit = row.is_none_or(|row| fits(row, known.kind) && may_join(row, &known.name));
        let was_ours = known.ours.is_some();
        let is_openmetrics_unknown = self.is_stem_taken(&known.name);
        self.shared = self.shared + usize::from(row.is_some()) - usize::from(was_ours);
        let Some(known) = self.get_mut(id) else { return true };
        known.ours = row;
        if let Some(row) = row.filter(|row| does_fit && row.kind != Kind::Untyped) {
            (known.kind, known.help) = (row.kind, row.help().into());
        }
        known.is_openmetrics_unknown = known.kind == Kind::Counter && is_openmetrics_unknown;
        known.stamp = fresh_stamp();
        does_fit
    }

    /// Whether a series may be made in a family of ours.
    pub fn judge_ours(&self, row: &Family<'_>, offer: &Offer<'_>) -> Result<(), Reason> {
        match () {
            () if !self.ours.are_apart(row, offer.labels) || !may_join(row, offer.name) => {
                Err(Reason::Reserved)
            }
            () if !fits(row, offer.kind) => Err(Reason::Kind),
            () => Ok(()),
        }
    }

    /// Whether a family of this name and type could be made, if those are removed that belong only to
    /// the group `without`.
    pub fn judge(
        &self,
        offer: &Offer<'_>,
        bounds: &Bounds,
        without: Option<Group>,
    ) -> Result<(), Reason> {
        let (name, is_shared) = (offer.name, offer.group == Group::SHARED);
        let is_plain = is_metric_name(name.as_bytes());
        if name.is_empty() || is_shared && !is_plain {
            return Err(Reason::Name);
        }
        if let Some(row) = self.ours_of(name) {
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
        let is_there = |part: &&str| known(&[name, *part].concat()).is_some();
        // Sources may bring lines of histograms besides histograms; each line is checked then.
        let is_taken = || PARTS.iter().any(is_part) || parts_of(offer.kind).iter().any(is_there);
        let is_served = |part: &&str| self.ours.served(&[name, *part].concat()).is_some();
        // In OpenMetrics our counter is a family of that name.
        let is_stem = || {
            let total = self.ours.served(&[name, TOTAL].concat());
            total.is_some_and(|row| row.kind == Kind::Counter && !row.is_openmetrics_unknown())
        };
        let is_of_ours = || parts_of(offer.kind).iter().any(is_served) || is_stem();
        if is_shared && is_taken() || is_of_ours() {
            return Err(Reason::Taken);
        }
        Ok(())
    }

    /// Makes a family whose name is free.
    pub fn insert(&mut self, offer: &Offer<'_>, account: Group, buckets: Buckets<'_>) -> u32 {
        let (name, known) = (offer.name, self.new_family(offer, account, buckets));
        self.shared += usize::from(known.ours.is_some());
        let id = self.free.pop().unwrap_or(self.slots.len() as u32);
        match self.slots.get_mut(id as usize) {
            Some(slot) => *slot = Some(known),
            None => self.slots.push(Some(known)),
        }
        let at = self.place(name).unwrap_or_else(|at| at);
        self.order.insert(at, id);
        self.share_name(at);
        self.share_name(at + 1);
        self.update_total_of(name);
        self.update_total_of(name.strip_suffix("_created").unwrap_or_default());
        id
    }

    /// A family without series.
    fn new_family(&self, offer: &Offer<'_>, account: Group, buckets: Buckets<'_>) -> Known {
        let name = offer.name;
        let is_plain = is_metric_name(name.as_bytes());
        let key = || String::from_utf8(key_of(name).collect()).unwrap_or_default();
        let ours = self.ours_of(name);
        let typed = ours.filter(|row| row.kind != Kind::Untyped);
        let kind = typed.map_or(offer.kind, |row| row.kind);
        Known {
            name: name.into(),
            help: typed.map_or(offer.help, |row| row.help()).into(),
            kind,
            buckets: buckets.bounds.into(),
            texts: buckets.texts.into(),
            lines: 0,
            key: (!is_plain).then(|| key().into()),
            has_quoted: false,
            has_words: false,
            is_shared: false,
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
            is_openmetrics_unknown: kind == Kind::Counter && self.is_stem_taken(name),
        }
    }

    /// Marks the families at this position and before it if they have the same escaped name.
    fn share_name(&mut self, at: usize) {
        let Some(both) = at.checked_sub(1).and_then(|before| self.order.get(before..=at)) else {
            return;
        };
        let name = |id: &u32| self.get(*id).and_then(|f| f.key().split('\0').next());
        if let [a, b] = *both
            && name(&a) == name(&b)
        {
            for id in [a, b] {
                self.get_mut(id).into_iter().for_each(|known| known.is_shared = true);
            }
        }
    }

    /// Whether the numbers of this family are lines of a histogram or summary that exists, too.
    pub fn is_line(&self, id: u32) -> bool {
        let is_part = |name: &str, part: &&str| {
            let stem = name.strip_suffix(*part).and_then(|stem| self.get(self.find(stem)?));
            stem.is_some_and(|stem| parts_of(stem.kind).contains(part))
        };
        self.get(id).is_some_and(|known| {
            parts_of(known.kind).is_empty() && PARTS.iter().any(|part| is_part(&known.name, part))
        })
    }

    pub fn remove(&mut self, id: u32) {
        let Some(known) = self.slots.get_mut(id as usize).and_then(Option::take) else { return };
        self.shared -= usize::from(known.ours.is_some());
        self.order.retain(|other| *other != id);
        self.free.push(id);
        self.update_total_of(&known.name);
        self.update_total_of(known.name.strip_suffix("_created").unwrap_or_default());
    }

    /// In OpenMetrics the counter `x_total` is the family `x`. If there is another `x`, or
    /// the name lacks `_total`, the counter is written with its whole name and without a type, so that
    /// its series have the same name in both formats. `x_created` would be a part of it, too.
    fn is_stem_taken(&self, counter: &str) -> bool {
        if let Some(row) = self.ours.served(counter) {
            return row.is_openmetrics_unknown();
        }
        let is_there = |name: &str| self.find(name).is_some() || self.ours.served(name).is_some();
        counter
            .strip_suffix(TOTAL)
            .is_none_or(|stem| is_there(stem) || is_there(&[stem, "_created"].concat()))
    }

    /// A family was added or removed: updates the type of the counter with that name and `_total`.
    fn update_total_of(&mut self, name: &str) {
        let total = [name, TOTAL].concat();
        let Some(id) = self.find(&total) else { return };
        let shares = self.is_stem_taken(&total);
        if let Some(known) = self.get_mut(id).filter(|f| f.kind == Kind::Counter) {
            known.is_openmetrics_unknown = shares;
            known.stamp = fresh_stamp();
        }
    }
}
