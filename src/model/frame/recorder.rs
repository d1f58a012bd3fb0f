//! The sink that builds frames. It expects the series in the order of the frame before, so that
//! in the steady state each takes one comparison of its labels (`key`); only a series out of order is
//! looked up by its hash.
//!
//! A series is an entry here and a number in the table. If it starts again (it went backwards) or
//! its numbers change their form (a float for an integer), the entry gets another number, with the same
//! labels; the old number is not reported as stale. An entry outlives the series' absence, so that a series which
//! returns goes on counting.

use super::entry::{Entry, Form, Previous, hash, hash_of};
use super::families::Families;
use super::table::room;
use super::wanted::Wanted;
use super::{Frame, Scale, SeriesDef, State, Table};
use crate::base::clock::Timestamp;
use crate::model::metric::Sink;
use crate::model::store::{Index, NONE};
use std::hash::RandomState;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// This many numbers of a table may be of series that are gone, whatever their share. Few in tests, so
/// that tables are renewed there.
const MAX_DEAD: usize = if cfg!(test) { 20 } else { 1000 };

/// Builds frames.
pub struct FrameBuilder {
    pub(super) wanted: Wanted,
    pub(super) table: Arc<Table>,
    pub(super) moment: Timestamp,
    pub(super) before: u64,
    /// How many frames were begun.
    pub(super) frames: u32,
    pub(super) families: Families,
    /// The current family; `NONE` if it is not wanted.
    pub(super) family: u32,
    pub(super) entries: Vec<Entry>,
    pub(super) keys: Vec<u8>,
    pub(super) index: Index,
    pub(super) hasher: RandomState,
    /// The entries of the frame before and of this one, in order.
    pub(super) last: Vec<u32>,
    pub(super) now: Vec<u32>,
    pub(super) next: usize,
    pub(super) undo: Vec<Previous>,
    /// The slots of this frame, and the last values of each series.
    pub(super) slots: Vec<u64>,
    pub(super) values: Vec<u64>,
    /// How many keys the current family has.
    pub(super) width: usize,
    /// The quantiles of the current summary.
    pub(super) quantiles: Vec<f64>,
    /// How many series the frame before contained.
    pub(super) contained: usize,
    pub(super) duplicates: u64,
    pub(super) refused: u64,
}

fn new_table() -> Arc<Table> {
    static LAST: AtomicU32 = AtomicU32::new(0);
    Arc::new(Table::new(u64::from(LAST.fetch_add(1, Relaxed)) + 1))
}

impl FrameBuilder {
    /// A builder without series.
    pub fn new(wanted: Wanted) -> FrameBuilder {
        FrameBuilder {
            before: wanted.start,
            wanted,
            table: new_table(),
            moment: Timestamp::default(),
            frames: 0,
            families: Families::default(),
            family: NONE,
            entries: Vec::new(),
            keys: Vec::new(),
            index: Index::default(),
            hasher: RandomState::new(),
            last: Vec::new(),
            now: Vec::new(),
            next: 0,
            undo: Vec::new(),
            slots: Vec::new(),
            values: Vec::new(),
            width: 0,
            quantiles: Vec::new(),
            contained: 0,
            duplicates: 0,
            refused: 0,
        }
    }

    /// Samples that were left out because their series had one in the same frame.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Samples that were left out because there are too many series, or because they were invalid.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Begins a frame.
    pub fn begin(&mut self, moment: Timestamp) {
        self.rewind(0);
        let dead = self.table.series().saturating_sub(self.contained);
        if dead > MAX_DEAD && dead > self.contained || self.families.is_crowded() {
            self.renew();
        }
        self.families.begin();
        self.moment = moment;
        self.frames = self.frames.wrapping_add(1);
        self.next = 0;
        self.slots = vec![0; self.table.slots()];
    }

    /// Ends the frame.
    pub fn finish(&mut self) -> Frame {
        if !self.table.is_sealed() {
            Arc::make_mut(&mut self.table).seal();
            self.trim();
        }
        let states = self.seal();
        std::mem::swap(&mut self.last, &mut self.now);
        self.now.clear();
        self.undo.clear();
        self.family = NONE;
        let slots = std::mem::take(&mut self.slots);
        let frame = Frame {
            table: Arc::clone(&self.table),
            moment: self.moment,
            before: self.before,
            states,
            slots,
        };
        self.before = self.moment.since_boot;
        frame
    }

    /// Frees memory that is not likely to be needed: there were new series.
    fn trim(&mut self) {
        self.entries.shrink_to(room(self.entries.len()));
        self.keys.shrink_to(room(self.keys.len()));
        self.values.shrink_to(room(self.values.len()));
        self.families.trim();
    }

    /// Sets the state of each series; turns values of delta series into increases.
    fn seal(&mut self) -> Vec<State> {
        let mut states = vec![State::Absent; self.table.series()];
        self.contained = 0;
        for entry in &mut self.entries {
            let is_contained = entry.is_live && !(entry.is_delta && entry.is_mute);
            let state = match (is_contained, entry.was_contained) {
                (true, _) => State::Live,
                (false, true) => State::Stale,
                (false, false) => State::Absent,
            };
            if let Some(place) = states.get_mut(entry.id as usize) {
                *place = state;
            }
            if entry.is_live {
                let (at, slots) = (entry.slot as usize, entry.width as usize);
                let new = self.slots.get_mut(at..at + slots).unwrap_or_default();
                let old = self.values.get_mut(at..at + slots).unwrap_or_default();
                commit(entry, new, old);
                if !is_contained {
                    let slots = self.slots.get_mut(at..at + entry.slots());
                    slots.into_iter().for_each(|slots| slots.fill(0));
                }
                (entry.is_known, entry.is_mute) = (true, false);
            }
            self.contained += usize::from(state != State::Absent || entry.is_live);
            (entry.is_recent, entry.was_contained, entry.is_live) =
                (entry.is_live, is_contained, false);
        }
        states
    }

    /// Builds a new table of the numbers in use, with another generation.
    fn renew(&mut self) {
        let (old, mut table) = (std::mem::take(&mut self.table), new_table());
        let fresh = Arc::make_mut(&mut table);
        let mut numbers = vec![NONE; self.families.len()];
        let (keys, values) = (std::mem::take(&mut self.keys), std::mem::take(&mut self.values));
        let entries = std::mem::take(&mut self.entries);
        let mut places = vec![NONE; entries.len()];
        for (mut entry, place) in entries.into_iter().zip(&mut places).filter(|(e, _)| e.is_recent)
        {
            let (Some(def), Some(number)) =
                (old.one(entry.id), numbers.get_mut(entry.family as usize))
            else {
                continue;
            };
            if *number == NONE {
                *number = old.family(def.family).map_or(NONE, |family| fresh.add_family(family));
            }
            let def = SeriesDef { family: *number, ..def };
            let (at, width) = (entry.slot as usize, entry.slots());
            entry.slot = fresh.slots() as u32;
            entry.id = fresh.push_series(def, old.labels(entry.id));
            self.values.extend_from_slice(values.get(at..at + width).unwrap_or_default());
            let key = entry.key_in(&keys);
            let start = self.keys.len() as u32;
            self.keys.extend_from_slice(key);
            entry.key = [start, key.len() as u32];
            *place = self.entries.len() as u32;
            self.entries.push(entry);
        }
        fresh.seal();
        self.table = table;
        let families = self.families.renumber(&numbers);
        self.index_entries(&families);
        for at in &mut self.last {
            *at = places.get(*at as usize).copied().unwrap_or(NONE);
        }
    }

    /// Makes the index of all entries, whose families have these indices now.
    fn index_entries(&mut self, families: &[u32]) {
        self.index = Index::default();
        for at in 0..self.entries.len() {
            let Some(entry) = self.entries.get_mut(at) else { continue };
            entry.family = families.get(entry.family as usize).copied().unwrap_or(NONE);
            let (family, key) = (entry.family, entry.key_in(&self.keys));
            entry.hash = hash(&self.hasher, family, key);
            let (hash, entries) = (entry.hash, &self.entries);
            self.index.insert(hash, at as u32, |at| hash_of(entries, at));
        }
    }
}

/// Remembers the slots' values; the slots of a delta series then hold the increase.
#[inline]
fn commit(entry: &Entry, new: &mut [u64], old: &mut [u64]) {
    let floats = match entry.form {
        Form::Number(Scale::Float) => 0,
        Form::Histogram => entry.width as usize - 1,
        _ => usize::MAX,
    };
    for (i, (new, old)) in new.iter_mut().zip(old).enumerate() {
        let value = *new;
        if entry.is_delta {
            *new = match i >= floats {
                true => (f64::from_bits(value) - f64::from_bits(*old)).to_bits(),
                false => value.saturating_sub(*old),
            };
        }
        *old = value;
    }
}
