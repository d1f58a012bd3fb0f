//! The families of a registry: their names, kinds and descriptions, and which names are free. Only new
//! keys and descriptions need this. A page keeps what it has written of a family; a family that changes
//! is replaced.

use super::family::{Family, MetricRequest};
use super::identity::part_hash;
use super::index::Index;
use super::name;
use super::options::{Naming, Options};
use super::setup::Setup;
use super::shape::Shape;
use crate::base::dialect::Dialect;
use crate::model::metric::{Kind, fresh_stamp};
use crate::model::store::{MAX_HELP, PARTS, Reason, parts_of};
use std::sync::Arc;

/// The prefix of this crate's own names.
const OWN: &str = Dialect::Own.prefix();

struct Described {
    name: Box<str>,
    unit: Box<str>,
    help: Box<str>,
}

/// A family, the hash of its name, and how many series it has.
struct Known {
    family: Arc<Family>,
    name_hash: u32,
    series: usize,
}

/// All families. Each has a number, which is reused once it is gone.
#[derive(Default)]
pub struct Families {
    known: Vec<Option<Known>>,
    free: Vec<u32>,
    count: usize,
    by_name: Index,
    by_exposed: Index,
    /// Sorted by name.
    described: Vec<Described>,
    /// Changes with each change.
    pub version: u64,
}

/// The counter whose OpenMetrics family would have that name.
fn total_of(name: &str) -> String {
    [name, "_total"].concat()
}

#[inline(never)]
fn hash(name: &str) -> u32 {
    part_hash(0, name.as_bytes()) as u32
}

/// The index of `name` in a sorted list, or where it would be.
fn place(sorted: &[Described], name: &str) -> Result<usize, usize> {
    sorted.binary_search_by(|described| (*described.name).cmp(name))
}

impl Families {
    fn known(&self, id: u32) -> Option<&Known> {
        self.known.get(id as usize)?.as_ref()
    }

    fn known_mut(&mut self, id: u32) -> Option<&mut Known> {
        self.known.get_mut(id as usize)?.as_mut()
    }

    /// The family of this number.
    pub fn get(&self, id: u32) -> Option<&Arc<Family>> {
        self.known(id).map(|known| &known.family)
    }

    /// All families, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Arc<Family>)> {
        let known = (0..).zip(&self.known);
        known.filter_map(|(id, known)| known.as_ref().map(|known| (id, &known.family)))
    }

    /// The number of the family `name`, which has this hash.
    pub fn find(&self, hash: u32, name: &[u8]) -> Option<u32> {
        self.by_name.find(hash, |id| self.get(id).is_some_and(|f| f.name.as_bytes() == name))
    }

    /// The family that is exposed under `name`.
    #[inline(never)]
    fn find_exposed(&self, name: &str) -> Option<u32> {
        self.by_exposed.find(hash(name), |id| self.get(id).is_some_and(|f| f.exposed() == name))
    }

    /// Makes a family of that name, if that is allowed.
    pub fn make(
        &self,
        name: &str,
        request: &MetricRequest<'_>,
        options: &Options,
    ) -> Result<Family, Reason> {
        if self.count >= options.bounds.families {
            return Err(Reason::Families);
        }
        let (kind, shape) = match request {
            MetricRequest::Counter => (Kind::Counter, None),
            MetricRequest::Gauge => (Kind::Gauge, None),
            MetricRequest::Histogram(shape) => match shape.unwrap_or(options.shapes.of(name)) {
                shape @ Shape::Buckets(_) => (Kind::Histogram, Some(shape.clone())),
                shape @ Shape::Quantiles(..) => (Kind::Summary, Some(shape.clone())),
            },
        };
        let described = place(&self.described, name).ok().and_then(|at| self.described.get(at));
        let (unit, help) = described.map_or(("", ""), |d| (&*d.unit, &*d.help));
        let exposed = exposed(name, unit, kind, &options.naming);
        self.judge(exposed.as_deref().unwrap_or(name), kind, options)?;
        Ok(Family {
            name: name.into(),
            exposed: exposed.map(Into::into),
            kind,
            help: help.into(),
            shape,
            stamp: fresh_stamp(),
            is_openmetrics_unknown: false,
        })
    }

    /// Checks whether a family may have that name.
    fn judge(&self, name: &str, kind: Kind, options: &Options) -> Result<(), Reason> {
        if name.is_empty() {
            return Err(Reason::Name);
        }
        if name.len() > options.bounds.name_bytes {
            return Err(Reason::TooLong);
        }
        let mut reserved = [OWN].into_iter().chain(options.reserved.iter().copied());
        if reserved.any(|prefix| name.starts_with(prefix)) {
            return Err(Reason::Reserved);
        }
        let is_part = |part: &&str| {
            let stem = name.strip_suffix(*part).and_then(|stem| self.find_exposed(stem));
            let family = stem.and_then(|id| self.get(id));
            family.is_some_and(|family| parts_of(family.kind).contains(part))
        };
        let is_there = |part: &&str| self.find_exposed(&[name, *part].concat()).is_some();
        let is_taken = self.find_exposed(name).is_some();
        if is_taken || PARTS.iter().any(is_part) || parts_of(kind).iter().any(is_there) {
            return Err(Reason::Taken);
        }
        Ok(())
    }

    /// Adds a family whose names are free; returns its number.
    pub fn insert(&mut self, mut family: Family, name_hash: u32) -> u32 {
        family.is_openmetrics_unknown =
            family.kind == Kind::Counter && self.is_openmetrics_unknown(family.exposed());
        let (by_exposed, total) = (hash(family.exposed()), total_of(family.exposed()));
        let id = self.free.pop().unwrap_or(self.known.len() as u32);
        let known = Known { family: Arc::new(family), name_hash, series: 0 };
        match self.known.get_mut(id as usize) {
            Some(place) => *place = Some(known),
            None => self.known.push(Some(known)),
        }
        self.by_name.insert(name_hash, id);
        self.by_exposed.insert(by_exposed, id);
        self.count += 1;
        self.update_total(&total);
        id
    }

    /// Removes a family; its description stays.
    fn remove(&mut self, id: u32) -> Option<Known> {
        let known = self.known.get_mut(id as usize)?.take()?;
        self.by_name.remove(known.name_hash, id);
        self.by_exposed.remove(hash(known.family.exposed()), id);
        self.free.push(id);
        self.count -= 1;
        self.update_total(&total_of(known.family.exposed()));
        Some(known)
    }

    /// Counts one more series of the family.
    pub fn gain(&mut self, id: u32) {
        if let Some(known) = self.known_mut(id) {
            known.series += 1;
        }
    }

    /// Counts one series less; the family is removed with its last one.
    pub fn lose(&mut self, id: u32) {
        let Some(known) = self.known_mut(id) else { return };
        known.series -= 1;
        if known.series == 0 {
            self.remove(id);
        }
    }

    /// In OpenMetrics the counter `x_total` is the family `x`. Where there is another `x`, or where the
    /// name lacks `_total`, the counter is exposed under its whole name and without a type, so that it has
    /// one name in both formats.
    fn is_openmetrics_unknown(&self, counter: &str) -> bool {
        counter.strip_suffix("_total").is_none_or(|stem| self.find_exposed(stem).is_some())
    }

    /// A family was added or removed: the type of the counter of that name with `_total` may change.
    fn update_total(&mut self, total: &str) {
        self.version += 1;
        let Some(id) = self.find_exposed(total) else { return };
        let is_openmetrics_unknown = self.is_openmetrics_unknown(total);
        let family = self.known_mut(id).map(|known| &mut known.family);
        if let Some(family) = family.filter(|family| family.kind == Kind::Counter) {
            let family = Arc::make_mut(family);
            (family.is_openmetrics_unknown, family.stamp) = (is_openmetrics_unknown, fresh_stamp());
        }
    }

    /// Describes a name; the first description counts. Returns whether a name is free now that was not.
    pub fn describe(
        &mut self,
        name: &str,
        unit: &str,
        help: &str,
        setup: &Setup,
    ) -> Result<bool, Reason> {
        let (name, options) = (name::metric(name), &setup.options);
        let Err(at) = place(&self.described, &name) else { return Ok(false) };
        if self.described.len() >= options.bounds.families {
            return Err(Reason::Families);
        }
        if help.len() > MAX_HELP || name.len() > options.bounds.name_bytes {
            return Err(Reason::TooLong);
        }
        let described =
            Described { name: name.as_str().into(), unit: unit.into(), help: help.into() };
        self.described.insert(at, described);
        let known = self.find(setup.hash(&name), name.as_bytes());
        let Some(Known { family, name_hash, series }) = known.and_then(|id| self.remove(id)) else {
            return Ok(false);
        };
        let mut family = Arc::unwrap_or_clone(family);
        let exposed = exposed(&name, unit, family.kind, &options.naming);
        // A name that belongs to another family is not used.
        if self.judge(exposed.as_deref().unwrap_or(&name), family.kind, options).is_ok() {
            family.exposed = exposed.map(Into::into);
        }
        (family.help, family.stamp) = (help.into(), fresh_stamp());
        // It gets the number that was freed last, its own.
        let id = self.insert(family, name_hash);
        if let Some(known) = self.known_mut(id) {
            known.series = series;
        }
        Ok(true)
    }
}

/// The exposed name, where it differs.
fn exposed(name: &str, unit: &str, kind: Kind, naming: &Naming) -> Option<String> {
    let has_total = naming.totals && kind == Kind::Counter;
    if !has_total && !naming.units {
        return None;
    }
    let name = if naming.units { name::with_unit(name, unit) } else { name.to_owned() };
    Some(if has_total { name::with_total(name) } else { name })
}
