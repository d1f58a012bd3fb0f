//! The families that a recorder has met: whether they are wanted, and where they are in the table.
//! They come in the same order each time, so that one is told by where its texts are; only what
//! stands elsewhere is looked up by its name.

use super::{FamilyDef, Table, Wanted};
use crate::metric::{Family, Kind, Source};
use crate::store::NONE;
use crate::wire::matches;
use std::sync::Arc;

/// Families that are remembered.
const MAX: usize = 200_000;

/// What must be the same for a family to be the same. Texts are told apart by where they are: tables
/// of the program stay where they are, and families that are made at run time bear a stamp.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Id {
    name: (usize, usize),
    labels: (usize, usize),
    help: usize,
    stamp: u32,
    kind: Kind,
    source: u32,
}

/// One family.
pub struct Known {
    id: Id,
    /// Its full name and its keys, each with a zero behind it.
    text: Box<str>,
    /// How many keys it has.
    pub keys: usize,
    /// Its number in the table; `NONE` if it is not wanted.
    pub number: u32,
    /// In which frame it first had a sample; 0 before.
    pub first: u32,
    /// Where it stood in the frame before.
    at: u32,
}

impl Known {
    /// The names of the labels.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.text.split('\0').skip(1).take(self.keys)
    }

    /// Whether a collector brings it.
    pub fn is_collected(&self) -> bool {
        self.id.source != 0
    }
}

/// All of them.
#[derive(Default)]
pub struct Families {
    all: Vec<Known>,
    /// Sorted by text, kind and source.
    order: Vec<u32>,
    /// In which order they came in the frame before, and in this.
    last: Vec<u32>,
    now: Vec<u32>,
    next: usize,
    /// Names of collectors; their number is one more than the place.
    sources: Vec<String>,
    source: u32,
}

impl Families {
    /// A frame begins.
    pub fn begin(&mut self) {
        std::mem::swap(&mut self.last, &mut self.now);
        self.now.clear();
        (self.next, self.source) = (0, 0);
    }

    /// What follows is from `source`.
    pub fn source(&mut self, source: Source<'_>) {
        let Source::Collector(name) = source else {
            self.source = 0;
            return;
        };
        // Most often it is the one behind the last.
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

    /// The same, to be changed.
    pub fn get_mut(&mut self, at: u32) -> Option<&mut Known> {
        self.all.get_mut(at as usize)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is no room for more.
    pub fn is_crowded(&self) -> bool {
        self.all.len() >= MAX
    }

    /// The number of a family; `None` if there is none in this dialect, or too many.
    #[inline]
    pub fn find(
        &mut self,
        family: &Family<'_>,
        wanted: &Wanted,
        table: &mut Arc<Table>,
    ) -> Option<u32> {
        let id = Id {
            name: (family.name.as_ptr().addr(), family.name.len()),
            labels: (family.labels.as_ptr().addr(), family.labels.len()),
            help: family.help.as_ptr().addr(),
            stamp: family.stamp,
            kind: family.kind,
            source: self.source,
        };
        let expected = self.last.get(self.next).copied();
        let at = match expected.filter(|at| self.get(*at).is_some_and(|known| known.id == id)) {
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
        let text = [name.as_str(), "\0", &keys.join("\0"), "\0"].concat();
        let rank = (text.as_str(), id.kind as u8, id.source);
        let place = self.order.binary_search_by(|other| match self.all.get(*other as usize) {
            Some(known) => (&*known.text, known.id.kind as u8, known.id.source).cmp(&rank),
            None => std::cmp::Ordering::Less,
        });
        let place = match place {
            Ok(place) => {
                let at = *self.order.get(place)?;
                let known = self.all.get_mut(at as usize)?;
                known.id = id;
                if self.last.get(known.at as usize) == Some(&at) {
                    self.next = known.at as usize + 1;
                }
                return Some(at);
            }
            Err(place) => place,
        };
        if self.all.len() >= MAX || !table.has_room(name.len() + family.help.len() + 64, 0) {
            return None;
        }
        let is_like = |glob: &String| matches(glob.as_bytes(), name.as_bytes());
        let is_wanted = (wanted.include.is_empty() || wanted.include.iter().any(is_like))
            && !wanted.exclude.iter().any(is_like);
        let number = match is_wanted {
            true => Arc::make_mut(table).add_family(FamilyDef {
                name: &name,
                help: family.help,
                kind: family.kind,
                is_delta: wanted.is_delta && matches!(family.kind, Kind::Counter | Kind::Histogram),
                collector: self.sources.get((id.source as usize).wrapping_sub(1)).map_or("", |s| s),
            }),
            false => NONE,
        };
        let at = self.all.len() as u32;
        let text = text.into_boxed_str();
        self.all.push(Known { id, text, keys: keys.len(), number, first: 0, at: NONE });
        self.order.insert(place, at);
        Some(at)
    }

    /// Keeps those that have a number in `numbers`, which is theirs from now on; where each is then.
    pub fn keep(&mut self, numbers: &[u32]) -> Vec<u32> {
        let mut places = vec![NONE; self.all.len()];
        let mut kept = Vec::new();
        for ((known, number), place) in self.all.drain(..).zip(numbers).zip(&mut places) {
            if *number != NONE {
                *place = kept.len() as u32;
                kept.push(Known { number: *number, ..known });
            }
        }
        self.all = kept;
        for list in [&mut self.order, &mut self.now] {
            for at in list.iter_mut() {
                *at = places.get(*at as usize).copied().unwrap_or(NONE);
            }
            list.retain(|at| *at != NONE);
        }
        for (at, place) in (0u32..).zip(&self.now) {
            let known = self.all.get_mut(*place as usize);
            known.into_iter().for_each(|known| known.at = at);
        }
        places
    }
}
