//! The contents of TYPE and HELP, and the role of a sample by its name.

use super::line::Span;
use super::syntax::Syntax;
use crate::model::metric::Kind;
use crate::model::store::Index;
use std::hash::{BuildHasher, Hasher, RandomState};

/// The type of a family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Type {
    Counter,
    Gauge,
    Histogram,
    Summary,
    #[default]
    Untyped,
    /// OpenMetrics only; handled as gauges.
    Info,
    StateSet,
    GaugeHistogram,
}

impl Type {
    /// The type for this word; Go's reader accepts it in capitals, too.
    pub fn of(word: &[u8], in_any_case: bool) -> Option<Type> {
        const TYPES: [(&[u8], Type); 9] = [
            (b"counter", Type::Counter),
            (b"gauge", Type::Gauge),
            (b"histogram", Type::Histogram),
            (b"summary", Type::Summary),
            (b"untyped", Type::Untyped),
            (b"unknown", Type::Untyped),
            (b"info", Type::Info),
            (b"stateset", Type::StateSet),
            (b"gaugehistogram", Type::GaugeHistogram),
        ];
        let is = |(name, _): &&(&[u8], Type)| {
            *name == word || in_any_case && name.eq_ignore_ascii_case(word)
        };
        TYPES.iter().find(is).map(|(_, kind)| *kind)
    }

    /// The type for this word, if Go's reader of text 0.0.4 knows it.
    pub fn of_text(word: &[u8]) -> Option<Type> {
        let is_newer =
            |kind: &Type| matches!(kind, Type::Info | Type::StateSet | Type::GaugeHistogram);
        let kind = Type::of(word, true).filter(|kind| !is_newer(kind))?;
        (!word.eq_ignore_ascii_case(b"unknown")).then_some(kind)
    }

    /// What samples named with `suffix` are in a family of this type; in text 0.0.4 only histograms
    /// and summaries have such samples.
    fn part(self, suffix: &[u8], syntax: Syntax) -> Option<SampleKind> {
        let open = syntax == Syntax::OpenMetrics;
        match (self, suffix) {
            (Type::Histogram, b"") => Some(SampleKind::Stray),
            (Type::Histogram, b"_bucket") => Some(SampleKind::Part(Part::Bucket)),
            (Type::Summary, b"") => Some(SampleKind::Part(Part::Quantile)),
            (Type::Histogram | Type::Summary, b"_sum") => Some(SampleKind::Part(Part::Sum)),
            (Type::Histogram | Type::Summary, b"_count") => Some(SampleKind::Part(Part::Count)),
            (Type::Counter, b"") => Some(SampleKind::Number(Kind::Counter)),
            (Type::Counter, b"_total") if open => Some(SampleKind::Number(Kind::Counter)),
            (Type::Counter | Type::Histogram | Type::Summary, b"_created") if open => {
                Some(SampleKind::Dropped)
            }
            (Type::GaugeHistogram, b"_created") if open => Some(SampleKind::Dropped),
            (Type::GaugeHistogram, b"_bucket" | b"_gsum" | b"_gcount") => {
                Some(SampleKind::Number(Kind::Gauge))
            }
            (Type::Info, b"_info") => Some(SampleKind::Number(Kind::Gauge)),
            (Type::Untyped, b"") => Some(SampleKind::Number(Kind::Untyped)),
            (_, b"") => Some(SampleKind::Number(Kind::Gauge)),
            _ => None,
        }
    }
}

/// Every suffix that a sample's name may have after the name of its family.
const SUFFIXES: [&[u8]; 8] =
    [b"_bucket", b"_sum", b"_count", b"_total", b"_created", b"_info", b"_gsum", b"_gcount"];

/// The role of a sample within a family.
enum SampleKind {
    Dropped,
    Number(Kind),
    Part(Part),
    Stray,
}

/// Which part of a histogram or summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Bucket,
    Quantile,
    Sum,
    Count,
}

/// The role of a sample, and its family; a number may have no family.
#[derive(Clone, Copy, Debug)]
pub enum Role {
    Dropped(u32),
    Number(Option<u32>, Kind),
    Part(u32, Part),
    /// Named like a part of a histogram, but there is no such part.
    Stray(u32),
}

impl Role {
    pub fn family(self) -> Option<u32> {
        match self {
            Role::Dropped(family) | Role::Part(family, _) | Role::Stray(family) => Some(family),
            Role::Number(family, _) => family,
        }
    }
}

/// What is known of a family.
#[derive(Clone, Copy, Debug, Default)]
pub struct Family {
    pub name: Span,
    pub help: Span,
    pub kind: Type,
    /// TYPE or a sample set the type; there was a sample.
    pub is_typed: bool,
    pub is_used: bool,
    /// Two files contradict each other about it.
    pub is_disputed: bool,
    hash: u32,
}

/// Every family that TYPE or HELP named.
#[derive(Default)]
pub struct Families {
    hasher: RandomState,
    list: Vec<Family>,
    index: Index,
    /// A gauge `x_created` beside the counter `x` is handled like other gauges.
    pub keeps_created: bool,
}

impl Families {
    pub fn clear(&mut self) {
        let Families { list, index, .. } = self;
        while let Some(last) = list.last() {
            let hash_of = |at: u32| list.get(at as usize).map_or(0, |family| family.hash);
            index.remove(last.hash, list.len() as u32 - 1, hash_of);
            list.pop();
        }
    }

    pub fn get(&self, family: u32) -> Option<&Family> {
        self.list.get(family as usize)
    }

    /// The family of this name; it is added if it is new.
    pub fn of(&mut self, text: &[u8], name: Span) -> Option<&mut Family> {
        let at = self.place(text, name);
        self.list.get_mut(at as usize)
    }

    /// The index of the family of this name, if there is one.
    pub fn at(&self, text: &[u8], name: Span) -> Option<u32> {
        self.find(text, name.of(text), self.hash(name.of(text)))
    }

    /// The index of the family of this name, which is added if it is new.
    pub fn place(&mut self, text: &[u8], name: Span) -> u32 {
        let hash = self.hash(name.of(text));
        self.find(text, name.of(text), hash).unwrap_or_else(|| {
            self.list.push(Family { name, hash, ..Family::default() });
            let (list, at) = (&self.list, self.list.len() as u32 - 1);
            let hash_of = |at: u32| list.get(at as usize).map_or(0, |family| family.hash);
            self.index.insert(hash, at, hash_of);
            at
        })
    }

    pub fn get_mut(&mut self, family: u32) -> Option<&mut Family> {
        self.list.get_mut(family as usize)
    }

    pub fn all(&self) -> impl Iterator<Item = &Family> {
        self.list.iter()
    }

    fn hash(&self, name: &[u8]) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(name);
        hasher.finish() as u32
    }

    fn find(&self, text: &[u8], name: &[u8], hash: u32) -> Option<u32> {
        self.index.find(hash, |at| {
            self.list.get(at as usize).is_some_and(|f| f.hash == hash && f.name.of(text) == name)
        })
    }

    /// The counter, histogram or summary whose creation time the gauge `name` has. In text 0.0.4 clients
    /// write that as a family of its own, which OpenMetrics could not distinguish from a part of the other.
    fn born(&self, text: &[u8], name: &[u8]) -> Option<u32> {
        let stem = name.strip_suffix(b"_created")?;
        let is = |at: u32, kinds: &[Type]| self.get(at).is_some_and(|f| kinds.contains(&f.kind));
        let own = self.find(text, name, self.hash(name))?;
        if !is(own, &[Type::Gauge]) {
            return None;
        }
        let whole = self.find(text, stem, self.hash(stem));
        let whole = whole.filter(|at| is(*at, &[Type::Counter, Type::Histogram, Type::Summary]));
        whole.or_else(|| {
            let total = [stem, b"_total"].concat();
            self.find(text, &total, self.hash(&total)).filter(|at| is(*at, &[Type::Counter]))
        })
    }

    /// The role of the sample `name`; `near` is the family that it probably belongs to.
    pub fn role(&self, text: &[u8], name: &[u8], near: Option<u32>, syntax: Syntax) -> Role {
        let of = |family: u32, suffix: &[u8]| {
            let meaning = self.get(family)?.kind.part(suffix, syntax)?;
            Some(match meaning {
                SampleKind::Dropped => Role::Dropped(family),
                SampleKind::Number(kind) => Role::Number(Some(family), kind),
                SampleKind::Part(part) => Role::Part(family, part),
                SampleKind::Stray => Role::Stray(family),
            })
        };
        let is_near = near.and_then(|near| Some((near, self.get(near)?.name.of(text))));
        let near = is_near.and_then(|(near, stem)| {
            let suffix = name.strip_prefix(stem).filter(|suffix| !suffix.is_empty())?;
            of(near, suffix)
        });
        let found = |name: &[u8]| self.find(text, name, self.hash(name));
        let exact = || of(found(name)?, b"");
        let by_suffix =
            || SUFFIXES.iter().find_map(|suffix| of(found(name.strip_suffix(*suffix)?)?, suffix));
        if let Some(family) = self.born(text, name).filter(|_| !self.keeps_created) {
            return Role::Dropped(family);
        }
        // A family of that exact name takes precedence over a part of another.
        exact().or(near).or_else(by_suffix).unwrap_or(Role::Number(None, Kind::Untyped))
    }
}
