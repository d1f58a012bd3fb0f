//! A series as the frame builder keeps it from frame to frame.

use super::{Scale, Shape};
use crate::model::store::NONE;
use std::hash::{BuildHasher, Hasher, RandomState};

/// The content of an entry's slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Number(Scale),
    Histogram,
    Summary,
}

/// A series.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Offset and length of its key.
    pub key: [u32; 2],
    pub hash: u32,
    pub family: u32,
    /// Its number in the table; `NONE` before it has one.
    pub id: u32,
    pub slot: u32,
    /// How many slots it has, without the one for the time.
    pub width: u32,
    /// Its position in the frame before.
    pub at: u32,
    pub form: Form,
    pub is_timed: bool,
    /// It only grows (a counter).
    pub counts: bool,
    /// Its slots hold the increase since the frame before.
    pub is_delta: bool,
    /// Its start is unknown: its first value is only remembered.
    pub is_mute: bool,
    /// It has a sample in this frame.
    pub is_live: bool,
    /// It had one in the frame before.
    pub is_recent: bool,
    /// The frame before contains it.
    pub was_contained: bool,
    /// It had a sample in some frame.
    pub is_known: bool,
}

/// The state of an entry before it got another number.
pub struct Previous {
    /// The index of the sample in the frame that changed it.
    pub at: usize,
    pub place: u32,
    pub entry: Entry,
}

pub fn hash(hasher: &RandomState, family: u32, key: &[u8]) -> u32 {
    let mut hasher = hasher.build_hasher();
    hasher.write_u32(family);
    hasher.write(key);
    hasher.finish() as u32
}

pub fn hash_of(entries: &[Entry], at: u32) -> u32 {
    entries.get(at as usize).map_or(0, |entry| entry.hash)
}

impl Form {
    pub fn of(shape: Shape<'_>) -> Form {
        match shape {
            Shape::Number(scale) => Form::Number(scale),
            Shape::Histogram(_) => Form::Histogram,
            Shape::Summary(_) => Form::Summary,
        }
    }
}

impl Entry {
    /// An entry without a number yet.
    pub fn new(key: [u32; 2], hash: u32, family: u32) -> Entry {
        Entry {
            key,
            hash,
            family,
            id: NONE,
            slot: 0,
            width: 0,
            at: NONE,
            form: Form::Number(Scale::Int),
            is_timed: false,
            counts: false,
            is_delta: false,
            is_mute: false,
            is_live: false,
            is_recent: false,
            was_contained: false,
            is_known: false,
        }
    }

    pub fn key_in<'k>(&self, keys: &'k [u8]) -> &'k [u8] {
        let [at, length] = self.key.map(|n| n as usize);
        keys.get(at..at + length).unwrap_or_default()
    }

    /// How many slots it has.
    pub fn slots(&self) -> usize {
        self.width as usize + usize::from(self.is_timed)
    }
}
