//! The families of a registry, by name, and their series, by labels: what is written at a scrape, in
//! that order. Only new keys, descriptions and scrapes come here; known keys are found in the shards.

use super::cell::{Cell, Counter, Gauge};
use super::histogram::Histogram;
use super::key::Key;
use super::name;
use super::series::{Entry, Series};
use super::shape::Shape;
use super::{Naming, Options};
use crate::metric::{self, Kind, fresh_stamp};
use crate::settings::Dialect;
use crate::store::{LabelSet, MAX_HELP, PARTS, Reason, parts_of};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// How names begin that are those of this crate itself.
const OWN: &str = Dialect::Own.prefix();

/// What is asked for.
pub enum Wish<'a> {
    Counter,
    Gauge,
    /// Of this shape if it is the first of its family, else of that of its family; of none, of that
    /// of its name.
    Histogram(Option<&'a Shape>),
}

/// One family.
pub struct Family {
    pub name: Box<str>,
    /// Its name with unit and `_total`, where these are wished.
    pub exposed: Box<str>,
    pub kind: Kind,
    pub help: Box<str>,
    /// Of a histogram or summary.
    shape: Option<Shape>,
    stamp: u32,
    shares_stem: bool,
    pub series: Series,
}

impl Family {
    /// As sinks know families.
    pub fn row(&self) -> metric::Family<'_> {
        let row = metric::Family::made(self.kind, &self.exposed, &self.help, self.stamp);
        let row = if self.shares_stem { row.sharing_stem() } else { row };
        if self.help.is_empty() { row.undescribed() } else { row }
    }

    /// How many lines each series is once it is written.
    pub fn weight(&self) -> usize {
        self.shape.as_ref().map_or(1, Shape::weight)
    }

    fn new_cell(&self, left_out: &Arc<AtomicU64>) -> Cell {
        match (&self.shape, self.kind) {
            (Some(shape), _) => Cell::Histogram(Histogram::new(shape, Arc::clone(left_out))),
            (None, Kind::Counter) => Cell::Counter(Counter::default()),
            _ => Cell::Gauge(Gauge::default()),
        }
    }
}

struct Described {
    name: Box<str>,
    unit: Box<str>,
    help: Box<str>,
}

/// All families.
#[derive(Default)]
pub struct Families {
    /// By name, without unit and `_total`.
    pub known: Vec<Family>,
    /// Those names by the whole names, which come first.
    exposed: Vec<(Box<str>, Box<str>)>,
    /// By name.
    described: Vec<Described>,
    /// How many lines all series are.
    pub lines: usize,
    labels: LabelSet,
}

/// Where `name` is in what is sorted by it, or would be.
fn place<T>(sorted: &[T], name: &str, of: impl Fn(&T) -> &str) -> Result<usize, usize> {
    sorted.binary_search_by(|item| of(item).cmp(name))
}

impl Families {
    fn place(&self, name: &str) -> Result<usize, usize> {
        place(&self.known, name, |family| &family.name)
    }

    /// Which family is exposed under `name`.
    fn place_of_exposed(&self, name: &str) -> Option<usize> {
        let at = place(&self.exposed, name, |pair| &pair.0).ok()?;
        self.place(&self.exposed.get(at)?.1).ok()
    }

    fn described(&self, name: &str) -> Option<&Described> {
        self.described.get(place(&self.described, name, |described| &described.name).ok()?)
    }

    /// The series of `key`, made if need be.
    pub fn register(
        &mut self,
        key: &impl Key,
        wish: &Wish<'_>,
        options: &Options,
        left_out: &Arc<AtomicU64>,
    ) -> Result<&mut Entry, Reason> {
        let name = name::metric(key.name());
        let labels = self.render(key, wish, options)?;
        let (at, mut made) = match self.place(&name) {
            Ok(at) => (at, None),
            Err(_) => (0, Some(self.make(&name, wish, options)?)),
        };
        let family = made.as_ref().or(self.known.get(at)).ok_or(Reason::Name)?;
        if !is(family.kind, wish) {
            return Err(Reason::Kind);
        }
        let found = family.series.find(&labels);
        if found.is_none() && self.lines + family.weight() > options.bounds.series {
            return Err(Reason::Series);
        }
        let at = made.take().map_or(at, |family| self.insert(family));
        let family = self.known.get_mut(at).ok_or(Reason::Name)?;
        let entry = found.unwrap_or_else(|| {
            self.lines += family.weight();
            family.series.insert(Entry::new(labels, family.new_cell(left_out)))
        });
        family.series.get_mut(entry).ok_or(Reason::Name)
    }

    /// The labels of `key` and of all series, as they are written. Of two that go by one name the
    /// last is taken, and that of the key rather than that of all.
    fn render(
        &mut self,
        key: &impl Key,
        wish: &Wish<'_>,
        options: &Options,
    ) -> Result<Box<[u8]>, Reason> {
        let has_parts = matches!(wish, Wish::Histogram(_));
        let set = &mut self.labels;
        set.clear();
        let said: Vec<(&str, &str)> = key.labels().collect();
        let all = options.labels.iter().map(|(name, value)| (&**name, &**value));
        for (name, value) in said.into_iter().rev().chain(all.rev()) {
            set.add_missing(&name::label(name, has_parts), value);
        }
        Ok(set.render(&options.bounds, "")?.text().into())
    }

    /// A family of that name, if it can be.
    fn make(&self, name: &str, wish: &Wish<'_>, options: &Options) -> Result<Family, Reason> {
        if self.known.len() >= options.bounds.families {
            return Err(Reason::Families);
        }
        let (kind, shape) = match wish {
            Wish::Counter => (Kind::Counter, None),
            Wish::Gauge => (Kind::Gauge, None),
            Wish::Histogram(shape) => match shape.unwrap_or(options.shapes.of(name)) {
                shape @ Shape::Buckets(_) => (Kind::Histogram, Some(shape.clone())),
                shape @ Shape::Quantiles(..) => (Kind::Summary, Some(shape.clone())),
            },
        };
        let (unit, help) = self.described(name).map_or(("", ""), |d| (&*d.unit, &*d.help));
        let exposed = exposed(name, unit, kind, &options.naming);
        self.judge(&exposed, kind, options)?;
        Ok(Family {
            name: name.into(),
            exposed: exposed.into(),
            kind,
            help: help.into(),
            shape,
            stamp: fresh_stamp(),
            shares_stem: false,
            series: Series::default(),
        })
    }

    /// Whether a family could have that name.
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
            let stem = name.strip_suffix(*part).and_then(|stem| self.place_of_exposed(stem));
            let family = stem.and_then(|at| self.known.get(at));
            family.is_some_and(|family| parts_of(family.kind).contains(part))
        };
        let is_there = |part: &&str| self.place_of_exposed(&[name, *part].concat()).is_some();
        let is_taken = self.place_of_exposed(name).is_some();
        if is_taken || PARTS.iter().any(is_part) || parts_of(kind).iter().any(is_there) {
            return Err(Reason::Taken);
        }
        Ok(())
    }

    /// Takes in a family whose names are free; where it is.
    fn insert(&mut self, family: Family) -> usize {
        let exposed = family.exposed.clone();
        if let Err(at) = place(&self.exposed, &exposed, |pair| &pair.0) {
            self.exposed.insert(at, (exposed.clone(), family.name.clone()));
        }
        let at = self.place(&family.name).unwrap_or_else(|at| at);
        self.known.insert(at, family);
        self.retell(&exposed);
        at
    }

    /// Takes out a family; its description stays.
    pub fn remove(&mut self, name: &str) -> Option<Family> {
        let family = self.known.remove(self.place(name).ok()?);
        if let Ok(at) = place(&self.exposed, &family.exposed, |pair| &pair.0) {
            self.exposed.remove(at);
        }
        self.retell(&family.exposed);
        Some(family)
    }

    /// In OpenMetrics the counter `x_total` is the family `x`. Where there is another `x`, or where the
    /// name lacks `_total`, the counter goes under its whole name and without a type, so that it has
    /// one name in both formats. A family came or went: it and the counter of that name with `_total`
    /// may be told otherwise now.
    fn retell(&mut self, exposed: &str) {
        for name in [exposed, &[exposed, "_total"].concat()] {
            let stem = name.strip_suffix("_total");
            let shares = stem.is_none_or(|stem| self.place_of_exposed(stem).is_some());
            let family = self.place_of_exposed(name).and_then(|at| self.known.get_mut(at));
            if let Some(family) = family.filter(|family| family.kind == Kind::Counter) {
                (family.shares_stem, family.stamp) = (shares, fresh_stamp());
            }
        }
    }

    /// What the first says of a name holds.
    pub fn describe(
        &mut self,
        name: &str,
        unit: &str,
        help: &str,
        options: &Options,
    ) -> Result<(), Reason> {
        let name = name::metric(name);
        let Err(at) = place(&self.described, &name, |described| &described.name) else {
            return Ok(());
        };
        if self.described.len() >= options.bounds.families {
            return Err(Reason::Families);
        }
        if help.len() > MAX_HELP || name.len() > options.bounds.name_bytes {
            return Err(Reason::TooLong);
        }
        let described =
            Described { name: name.as_str().into(), unit: unit.into(), help: help.into() };
        self.described.insert(at, described);
        let Some(mut family) = self.remove(&name) else { return Ok(()) };
        let exposed = exposed(&name, unit, family.kind, &options.naming);
        // A name that is another's is left to it.
        if self.judge(&exposed, family.kind, options).is_ok() {
            family.exposed = exposed.into();
        }
        (family.help, family.stamp) = (help.into(), fresh_stamp());
        self.insert(family);
        Ok(())
    }
}

/// Whether a family of that kind is what is asked for.
fn is(kind: Kind, wish: &Wish<'_>) -> bool {
    match wish {
        Wish::Counter => kind == Kind::Counter,
        Wish::Gauge => kind == Kind::Gauge,
        Wish::Histogram(_) => matches!(kind, Kind::Histogram | Kind::Summary),
    }
}

/// The whole name.
fn exposed(name: &str, unit: &str, kind: Kind, naming: &Naming) -> String {
    let name = if naming.units { name::with_unit(name, unit) } else { name.to_owned() };
    if naming.totals && kind == Kind::Counter { name::with_total(name) } else { name }
}
