//! The families that a frame builder has met: whether they are wanted, and their numbers in the table.
//! They come in the same order each time, so that a family is identified by the address of its texts; only one
//! out of order is looked up by its name.

use super::table::room;
use super::{FamilyDef, Table, Wanted};
use crate::base::dialect::Dialect;
use crate::base::sys::Place;
use crate::base::wire::matches;
use crate::model::metric::{Family, Kind, Source};
use crate::model::store::{Index, NONE};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

/// The most families that are remembered.
const MAX: usize = 200_000;

/// Identifies a family. Families are compared by address: tables of the program do not move, and families that are
/// made at run time have a stamp. Name and keys of the latter are compared all the same, as a family without a stamp
/// may be at the address of an earlier one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Id {
    place: Place,
    kind: Kind,
    source: u32,
}

/// One family.
pub struct Known {
    id: Id,
    /// Its full name and its keys, each terminated by a zero byte.
    text: Box<str>,
    /// How many keys it has.
    pub keys: usize,
    /// Its number in the table; `NONE` if it is not wanted.
    pub number: u32,
    /// The frame in which it first had a sample; 0 before.
    pub first: u32,
    /// The index of its first sample in that frame.
    pub first_at: usize,
    hash: u32,
    /// Its position in the frame before.
    at: u32,
}

impl Known {
    /// The names of the labels.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.text.split('\0').skip(1).take(self.keys)
    }

    /// Whether it has this name and these keys.
    #[inline]
    fn is_of(&self, family: &Family<'_>, dialect: Dialect) -> bool {
        let Some((name, keys)) = family.named(dialect) else { return false };
        let rest = self.text.strip_prefix(family.prefix(dialect));
        let Some(mut rest) = rest.and_then(|rest| rest.strip_prefix(name)) else { return false };
        for key in keys {
            match rest.strip_prefix('\0').and_then(|rest| rest.strip_prefix(key)) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        rest == "\0"
    }

    /// Whether it is of a collector.
    pub fn is_collected(&self) -> bool {
        self.id.source != 0
    }
}

/// All families.
#[derive(Default)]
pub struct Families {
    all: Vec<Known>,
    /// By text, kind and source.
    index: Index,
    hasher: RandomState,
    /// Their order in the frame before, and in this.
    last: Vec<u32>,
    now: Vec<u32>,
    next: usize,
    /// Names of collectors; a collector's number is its index plus one.
    sources: Vec<String>,
    source: u32,
}

impl Families {
    /// Begins a frame.
    pub fn begin(&mut self) {
        std::mem::swap(&mut self.last, &mut self.now);
        self.now.clear();
        (self.next, self.source) = (0, 0);
    }

    /// Sets the source of the families that follow.
    pub fn source(&mut self, source: Source) {
        let Source::Collector(name) = source else {
            self.source = 0;
            return;
        };
        // Most often it is the one after the last.
        if self.sources.get(self.source as usize).is_some_and(|next| next == name) {
            self.source += 1;
            return;
        }
        let at = self.sources.iter().position(|known| known == name).unwrap_or_else(|| {
            self.sources.push(name.to_owned());
            self.sources.len() - 1
        });
        self.source = at as u32 + 1;
    }

    /// The family of this number.
    #[inline]
    pub fn get(&self, at: u32) -> Option<&Known> {
        self.all.get(at as usize)
    }

    /// The family of this number, mutable.
    pub fn get_mut(&mut self, at: u32) -> Option<&mut Known> {
        self.all.get_mut(at as usize)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether the number of families is at its limit.
    pub fn is_crowded(&self) -> bool {
        self.all.len() >= MAX
    }

    /// Frees memory that is not likely to be needed.
    pub fn trim(&mut self) {
        self.all.shrink_to(room(self.all.len()));
    }

    /// The number of a family; `None` if this dialect does not have it, or there are too many.
    #[inline]
    pub fn find(
        &mut self,
        family: &Family<'_>,
        wanted: &Wanted,
        table: &mut Arc<Table>,
    ) -> Option<u32> {
        let id = Id { place: family.place(), kind: family.kind, source: self.source };
        let expected = self.last.get(self.next).copied();
        let is_same = |known: &Known| {
            known.id == id && (family.is_in_table() || known.is_of(family, wanted.dialect))
        };
        let at = match expected.filter(|at| self.get(*at).is_some_and(is_same)) {
            Some(at) => {
                self.next += 1;
                at
            }
            None => self.look_up(id, family, wanted, table)?,
        };
        let place = self.now.len() as u32;
        self.get_mut(at)?.at = place;
        self.now.push(at);
        Some(at)
    }

    #[cold]
    fn look_up(
        &mut self,
        id: Id,
        family: &Family<'_>,
        wanted: &Wanted,
        table: &mut Arc<Table>,
    ) -> Option<u32> {
        let (name, keys) = family.named(wanted.dialect)?;
        let name = [family.prefix(wanted.dialect), name].concat();
        let mut text = [name.as_str(), "\0"].concat();
        keys.for_each(|key| text.extend([key, "\0"]));
        let hash = self.hash(&text, id);
        let all = &self.all;
        let found = self.index.find(hash, |at| {
            let is_it = |known: &Known| {
                *known.text == *text && (known.id.kind, known.id.source) == (id.kind, id.source)
            };
            all.get(at as usize).is_some_and(is_it)
        });
        if let Some(at) = found {
            let known = self.all.get_mut(at as usize)?;
            known.id = id;
            if self.last.get(known.at as usize) == Some(&at) {
                self.next = known.at as usize + 1;
            }
            return Some(at);
        }
        if self.all.len() >= MAX || !table.has_room(name.len() + family.help().len() + 64, 0) {
            return None;
        }
        let number = self.number(&name, id.source, family, wanted, table);
        let (at, keys, text) = (self.all.len() as u32, keys.len(), text.into_boxed_str());
        self.all.push(Known { id, text, keys, number, first: 0, first_at: 0, hash, at: NONE });
        let all = &self.all;
        self.index.insert(hash, at, |at| hash_of(all, at));
        Some(at)
    }

    /// The number of a new family in the table; `NONE` if it is not wanted.
    fn number(
        &self,
        name: &str,
        source: u32,
        family: &Family<'_>,
        wanted: &Wanted,
        table: &mut Arc<Table>,
    ) -> u32 {
        let is_like = |glob: &String| matches(glob.as_bytes(), name.as_bytes());
        if !wanted.include.is_empty() && !wanted.include.iter().any(is_like)
            || wanted.exclude.iter().any(is_like)
        {
            return NONE;
        }
        Arc::make_mut(table).add_family(FamilyDef {
            name,
            help: family.help(),
            kind: family.kind,
            is_delta: wanted.is_delta && matches!(family.kind, Kind::Counter | Kind::Histogram),
            collector: self.sources.get((source as usize).wrapping_sub(1)).map_or("", |s| s),
        })
    }

    fn hash(&self, text: &str, id: Id) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(text.as_bytes());
        hasher.write_u8(id.kind as u8);
        hasher.write_u32(id.source);
        hasher.finish() as u32
    }

    /// Keeps the families with a number in `numbers`, which become their numbers; returns their new indices.
    pub fn renumber(&mut self, numbers: &[u32]) -> Vec<u32> {
        let mut places = vec![NONE; self.all.len()];
        let mut kept = Vec::new();
        for ((known, number), place) in self.all.drain(..).zip(numbers).zip(&mut places) {
            if *number != NONE {
                *place = kept.len() as u32;
                kept.push(Known { number: *number, ..known });
            }
        }
        self.all = kept;
        self.index = Index::default();
        let all = &self.all;
        for (at, known) in (0u32..).zip(all) {
            self.index.insert(known.hash, at, |at| hash_of(all, at));
        }
        for at in &mut self.now {
            *at = places.get(*at as usize).copied().unwrap_or(NONE);
        }
        self.now.retain(|at| *at != NONE);
        for (at, place) in (0u32..).zip(&self.now) {
            let known = self.all.get_mut(*place as usize);
            known.into_iter().for_each(|known| known.at = at);
        }
        places
    }
}

fn hash_of(all: &[Known], at: u32) -> u32 {
    all.get(at as usize).map_or(0, |known| known.hash)
}
