//! All series: each has its identity, its family and its cell. A thread that registers a series
//! holds the catalog for a moment; pages are written without it. They read what is new in bounded
//! pieces, so that no thread waits longer than a piece takes.

use super::cell::Cell;
use super::families::Families;
use super::family::MetricRequest;
use super::identity::{self, Judged, as_text, is_same};
use super::index::Index;
use super::key::{self, Key, StoredKey};
use super::setup::Setup;
use super::shards::Shards;
use crate::model::store::Reason;

/// The number of keys that may lead to one series; others are looked up the slow way each time.
pub const MAX_KEYS: u8 = 8;

/// One series.
struct Entry {
    hash: u32,
    family: u32,
    /// The first key that led to it, sanitized.
    text: StoredKey,
    cell: Cell,
    /// How many keys lead to it.
    keys: u8,
}

/// What a page needs of a new series.
pub struct NewSeries {
    pub family: u32,
    pub place: u32,
    pub text: StoredKey,
    pub cell: Cell,
}

/// The result of looking up a key.
pub struct Found {
    pub cell: Cell,
    pub place: u32,
    /// The key to remember, if it is to be remembered, and whether no other thread can have remembered it.
    pub key: Option<StoredKey>,
    pub is_new: bool,
}

/// What happens to a series that is no longer updated.
pub enum Fate {
    Stays,
    Sleeps,
    Goes,
}

/// All series.
#[derive(Default)]
pub struct Catalog {
    pub families: Families,
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    index: Index,
    /// Indices of the series that are on no page yet.
    fresh: Vec<u32>,
    /// The hashes of the keys that lead to each series, by index; kept only where series expire.
    keys: Vec<Vec<u64>>,
    /// The number of lines of all series.
    pub lines: usize,
    /// The current key, as the program wrote it and sanitized.
    key: Vec<u8>,
    sanitized: Vec<u8>,
}

impl Catalog {
    /// Sets the key that is registered next.
    pub fn set_key(&mut self, key: &impl Key) {
        key::write(key, &mut self.key);
    }

    /// The key that was set last, in its stored form.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The series of the key that was set; created if it is new.
    pub fn register(
        &mut self,
        request: &MetricRequest<'_>,
        setup: &Setup,
    ) -> Result<Found, Reason> {
        let rules = setup.rules(matches!(request, MetricRequest::Histogram(_)));
        let options = &setup.options;
        let (judged, is_valid) = match identity::judge(&self.key, &rules, false) {
            Ok(judged) => (judged, true),
            Err(_) => {
                identity::make_fit(&self.key, &rules, &mut self.sanitized);
                (identity::judge(&self.sanitized, &rules, true)?, false)
            }
        };
        let Judged { hash, name, name_hash } = judged;
        let text = if is_valid { &self.key } else { &self.sanitized };
        let (id, made) = match self.families.find(name_hash, name) {
            Some(id) => (id, None),
            None => (0, Some(self.families.make(as_text(name), request, options)?)),
        };
        let family = made.as_ref().or(self.families.get(id).map(|f| &**f)).ok_or(Reason::Name)?;
        if !request.is(family.kind) {
            return Err(Reason::Kind);
        }
        let is_it = |at: u32| {
            let entry = self.entries.get(at as usize).and_then(Option::as_ref);
            entry.is_some_and(|entry| is_same(entry.text.text(), text))
        };
        if let Some(place) = self.index.find(hash, is_it) {
            return self.found(place).ok_or(Reason::Name);
        }
        if self.lines + family.weight() > options.bounds.series {
            return Err(Reason::Series);
        }
        self.lines += family.weight();
        let cell = family.new_cell(&setup.left_out);
        let text = StoredKey::of(text);
        let key = if is_valid { text.clone() } else { StoredKey::of(&self.key) };
        let family = made.map_or(id, |family| self.families.insert(family, name_hash));
        let place = self.insert(Entry { hash, family, text, cell: cell.clone(), keys: 0 });
        Ok(Found { cell, place, key: Some(key), is_new: true })
    }

    /// A series that is known already.
    fn found(&self, place: u32) -> Option<Found> {
        let entry = self.entries.get(place as usize)?.as_ref()?;
        let key = (entry.keys < MAX_KEYS).then(|| StoredKey::of(&self.key));
        Some(Found { cell: entry.cell.clone(), place, key, is_new: false })
    }

    fn insert(&mut self, entry: Entry) -> u32 {
        let (hash, family) = (entry.hash, entry.family);
        let place = self.free.pop().unwrap_or(self.entries.len() as u32);
        match self.entries.get_mut(place as usize) {
            Some(free) => *free = Some(entry),
            None => self.entries.push(Some(entry)),
        }
        self.index.insert(hash, place);
        self.families.gain(family);
        self.fresh.push(place);
        place
    }

    /// Notes that a key of this hash leads to the series; it is forgotten with it if series expire.
    pub fn remember(&mut self, place: u32, hash: u64, is_forgotten: bool) {
        if let Some(entry) = self.entries.get_mut(place as usize).and_then(Option::as_mut) {
            entry.keys = entry.keys.saturating_add(1);
        }
        if !is_forgotten {
            return;
        }
        let place = place as usize;
        if self.keys.len() <= place {
            self.keys.resize_with(place + 1, Vec::new);
        }
        if let Some(keys) = self.keys.get_mut(place) {
            keys.push(hash);
        }
    }

    /// Appends at most `most` of the series that are on no page yet, and marks them as shown. Returns whether
    /// there are more.
    pub fn take_new_series(&mut self, most: usize, news: &mut Vec<NewSeries>) -> bool {
        let rest = self.fresh.len().saturating_sub(most);
        for place in self.fresh.drain(rest..) {
            if let Some(entry) = self.entries.get(place as usize).and_then(Option::as_ref) {
                let (text, cell) = (entry.text.clone(), entry.cell.clone());
                news.push(NewSeries { family: entry.family, place, text, cell });
            }
        }
        if rest == 0 {
            self.fresh = Vec::new();
        }
        rest > 0
    }

    /// Forgets the keys of a series unless it was updated since its cell had this mark. While
    /// the program keeps a handle it is only hidden.
    pub fn release(&mut self, place: u32, mark: u64, shards: &Shards) -> Fate {
        let at = place as usize;
        let Some(entry) = self.entries.get_mut(at).and_then(Option::as_mut) else {
            return Fate::Goes;
        };
        for hash in self.keys.get_mut(at).map(std::mem::take).unwrap_or_default() {
            shards.remove(hash, &entry.cell);
        }
        entry.keys = 0;
        // No lookup finds it any more: all remaining holders have kept a handle, besides the page and this.
        if entry.cell.holders() > 2 {
            return Fate::Sleeps;
        }
        let (is_touched, last) = entry.cell.take_mark();
        if is_touched || last != mark {
            return Fate::Stays;
        }
        let (hash, family) = (entry.hash, entry.family);
        self.index.remove(hash, place);
        if let Some(entry) = self.entries.get_mut(at) {
            *entry = None;
            self.free.push(place);
        }
        self.lines -= self.families.get(family).map_or(0, |family| family.weight());
        self.families.lose(family);
        shards.forget_refused();
        Fate::Goes
    }
}
