//! The families of the store: which names are to be had, and who has them.

use super::index::NONE;
use super::labels::{escaped, is_metric_name};
use super::series::Buckets;
use super::{Bounds, Group, Offer, Reason};
use crate::metric::{Family, Kind, fresh_stamp};
use crate::settings::Dialect;

/// How names begin that nobody pushes, whatever dialect is served.
const RESERVED: [&str; 3] = [Dialect::Own.prefix(), Dialect::Node.prefix(), "process_"];

/// How names begin that Prometheus makes itself when it scrapes.
const MADE: &str = "scrape_";

/// A name that Prometheus makes itself.
const UP: &str = "up";

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
    /// How they were written.
    texts: Box<str>,
    /// The stamp of its numbers, if it is one of histograms or summaries and has such, too.
    pub lines: u32,
    /// What a name in UTF-8 is sorted by: how it is escaped, and itself.
    key: Option<Box<str>>,
    /// Some series of it has a label whose name is quoted.
    pub has_quoted: bool,
    /// Some number of it has a label `le` or `quantile` that is no number.
    pub has_words: bool,
    /// Its name is another's, too, once both are escaped.
    is_shared: bool,
    /// Its series in the order in which they came.
    pub first: u32,
    pub last: u32,
    /// Who made its first series, and whether others made some since.
    pub owner: Group,
    pub is_mixed: bool,
    /// It stays, also without series.
    pub declared: bool,
    /// It did, until the settings were read again.
    pub was_declared: bool,
    /// A name that nobody pushes: it is what others call theirs.
    pub is_foreign: bool,
    stamp: u32,
    shares_stem: bool,
}

impl Known {
    /// Whether all its series are the group's, which may replace them.
    pub fn is_only_of(&self, group: Group) -> bool {
        self.owner == group && !self.is_mixed && group != Group::SHARED
    }

    /// The bounds of a histogram's buckets; single series may have others.
    pub fn buckets(&self) -> Buckets<'_> {
        Buckets { bounds: &self.buckets, texts: &self.texts }
    }

    /// As sinks know families.
    pub fn row(&self) -> Family<'_> {
        let mut row = Family::made(self.kind, &self.name, &self.help, self.stamp);
        row.shares_stem = self.shares_stem;
        row.is_foreign = true;
        row.must_escape = self.key.is_some() || self.has_quoted || self.is_shared;
        row
    }

    /// The same for its numbers, if it is a family of histograms or summaries.
    pub fn row_of_lines(&self) -> Family<'_> {
        let row = Family { kind: Kind::Untyped, stamp: self.lines, ..self.row() };
        row.continuing()
    }

    fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.name)
    }
}

/// Whether the name is ours in some dialect, whichever is served: nobody pushes it.
fn is_foreign(name: &str) -> bool {
    RESERVED.iter().any(|prefix| name.starts_with(prefix))
}

/// What a name in UTF-8 is sorted by: families that have the same name once it is escaped are side by
/// side.
fn key_of(name: &str) -> impl Iterator<Item = u8> {
    escaped(name, ':').chain([0]).chain(name.bytes())
}

/// All families, by name.
#[derive(Default)]
pub struct Families {
    dialect: Dialect,
    /// Names of ours without the prefix of the dialect.
    ours: Vec<&'static str>,
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
        let key = |id: &u32| self.get(*id).map_or("", Known::key);
        match is_metric_name(name.as_bytes()) {
            true => self.order.binary_search_by(|id| key(id).cmp(name)),
            false => self.order.binary_search_by(|id| key(id).bytes().cmp(key_of(name))),
        }
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

    /// The names that are ours in `dialect`, besides those with its prefix.
    pub fn reserve(&mut self, dialect: Dialect, ours: impl Iterator<Item = &'static str>) {
        self.dialect = dialect;
        self.ours = ours.collect();
    }

    /// Whether the family bears a name of ours.
    pub fn is_ours(&self, id: u32) -> bool {
        self.get(id).is_some_and(|f| self.is_reserved(&f.name))
    }

    /// Whether nobody may have the name.
    fn is_reserved(&self, name: &str) -> bool {
        let is_ours = name.starts_with(self.dialect.prefix()) || self.ours.contains(&name);
        is_ours || name == UP || name.starts_with(MADE)
    }

    /// Whether a family of this name and kind could be made, and those be gone that are only of
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
        let is_ours = match is_plain {
            true => self.is_reserved(name),
            // What it becomes for those who know no other names.
            false => self.is_reserved(&escaped(name, ':').map(char::from).collect::<String>()),
        };
        if is_ours || is_shared && is_foreign(name) {
            return Err(Reason::Reserved);
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
        // Others bring lines of histograms beside histograms; each line is looked at then.
        let is_taken = || PARTS.iter().any(is_part) || parts_of(offer.kind).iter().any(is_there);
        if is_shared && is_taken() {
            return Err(Reason::Taken);
        }
        if self.len() >= bounds.families {
            return Err(Reason::Families);
        }
        Ok(())
    }

    /// Makes a family whose name is not taken.
    pub fn insert(&mut self, offer: &Offer<'_>, buckets: Buckets<'_>) -> u32 {
        let (name, kind) = (offer.name, offer.kind);
        let is_plain = is_metric_name(name.as_bytes());
        let key = || String::from_utf8(key_of(name).collect()).unwrap_or_default();
        let known = Known {
            name: name.into(),
            help: offer.help.into(),
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
            is_mixed: false,
            declared: false,
            was_declared: false,
            is_foreign: is_foreign(name),
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
        self.share_name(at);
        self.share_name(at + 1);
        self.retell_total_of(name);
        self.retell_total_of(name.strip_suffix("_created").unwrap_or_default());
        id
    }

    /// If the families at this place and before it have the same name once it is escaped, they know.
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

    /// Whether the numbers of this family are lines of histograms or summaries that are there, too.
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
        self.order.retain(|other| *other != id);
        self.free.push(id);
        self.retell_total_of(&known.name);
        self.retell_total_of(known.name.strip_suffix("_created").unwrap_or_default());
    }

    /// In OpenMetrics the counter `x_total` is the family `x`. Where there is another `x`, or where
    /// the name lacks `_total`, the counter goes under its whole name and without a type, so that
    /// its series have the same name in both formats. `x_created` would be a part of it, too.
    fn is_stem_taken(&self, counter: &str) -> bool {
        counter.strip_suffix("_total").is_none_or(|stem| {
            self.find(stem).is_some() || self.find(&[stem, "_created"].concat()).is_some()
        })
    }

    /// A family came or went: the counter of that name with `_total` may be told otherwise now.
    fn retell_total_of(&mut self, name: &str) {
        let total = [name, "_total"].concat();
        let Some(id) = self.find(&total) else { return };
        let shares = self.is_stem_taken(&total);
        if let Some(known) = self.get_mut(id).filter(|f| f.kind == Kind::Counter) {
            known.shares_stem = shares;
            known.stamp = fresh_stamp();
        }
    }
}
