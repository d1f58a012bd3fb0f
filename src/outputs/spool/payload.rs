//! A frame as the payload of a record. The first of a segment is complete (a key): nothing in it
//! refers to another frame. The others refer to the key, not to each other, so that the loss of one
//! affects no other, except for series that were defined in it.
//!
//! | part | |
//! |---|---|
//! | byte | 1 a key, 2 another |
//! | numbers | since boot; since the frame before; 0 or 1 and when the machine started; samples |
//! | key: 16 bytes | the identity of the boot |
//! | numbers | families, series and slots defined before this record, and with it |
//! | number, bytes | the definitions |
//! | number, numbers | states that differ from the key's: how far to the next such series, times 4, plus its state |
//! | bits | which slots differ from the key's |
//! | numbers | those: by how much, or for floats the bits that differ, from the last one on |

use super::bytes::{Bytes, put, put_signed};
use super::dictionary::{Counts, fill, put_new, read_new};
use crate::base::clock::{Boot, Timestamp};
use crate::model::frame::{Frame, Shape, State, Table};
use std::ops::Range;
use std::sync::Arc;

const KEY: u8 = 1;
const OTHER: u8 = 2;

/// The frame that others of a segment refer to.
#[derive(Clone, Debug, Default)]
pub struct Base {
    /// The counts of definitions.
    pub known: Counts,
    states: Vec<State>,
    slots: Vec<u64>,
}

impl Base {
    /// The base from a key's frame.
    pub fn new(frame: &Frame) -> Base {
        let known = Counts::of(&frame.table);
        Base { known, states: frame.states.clone(), slots: frame.slots.clone() }
    }
}

/// The beginning of a record.
#[derive(Clone, Copy, Debug)]
pub struct RecordHeader {
    /// When the frame was made.
    pub moment: Timestamp,
    /// When the one before was made.
    pub before: u64,
    /// How many samples it has.
    pub samples: u64,
    /// The boot, if it is a key.
    pub key: Option<Boot>,
}

fn is_float(shape: Shape<'_>, at: usize) -> bool {
    match shape {
        Shape::Number(scale) => at == 0 && scale == crate::model::frame::Scale::Float,
        Shape::Histogram(bounds) => at == bounds.len() + 1,
        Shape::Summary(quantiles) => at <= quantiles.len(),
    }
}

/// Appends a frame: a key where there is a `boot`, else what differs from `base`.
pub fn put_frame(frame: &Frame, base: &Base, boot: Option<Boot>, out: &mut Vec<u8>) {
    out.push(if boot.is_some() { KEY } else { OTHER });
    put(out, frame.moment.since_boot);
    put_signed(out, frame.moment.since_boot.wrapping_sub(frame.before) as i64);
    match frame.moment.boot_time {
        Some(time) => {
            out.push(1);
            put_signed(out, time);
        }
        None => out.push(0),
    }
    put(out, frame.len() as u64);
    if let Some(Boot(id)) = boot {
        out.extend_from_slice(&id);
    }
    let total = base.known.max(Counts::of(&frame.table));
    base.known.put(out);
    total.put(out);
    let start = out.len();
    put_new(&frame.table, base.known, out);
    // Their length is written before them.
    let end = out.len();
    put(out, (end - start) as u64);
    let moved = out.len() - end;
    out.get_mut(start..).unwrap_or_default().rotate_right(moved);
    put_states(frame, base, total.series, out);
    put_slots(frame, base, total.slots, out);
}

fn put_states(frame: &Frame, base: &Base, series: usize, out: &mut Vec<u8>) {
    let differing = || {
        (0..series).filter_map(|id| {
            let state = frame.states.get(id).copied().unwrap_or_default();
            (state != base.states.get(id).copied().unwrap_or_default()).then_some((id, state))
        })
    };
    put(out, differing().count() as u64);
    let mut last = 0;
    for (id, state) in differing() {
        put(out, (((id - last) as u64) << 2) | state as u64);
        last = id;
    }
}

fn put_slots(frame: &Frame, base: &Base, slots: usize, out: &mut Vec<u8>) {
    let bits = out.len();
    out.resize(bits + slots.div_ceil(8), 0);
    for (id, state) in frame.states.iter().enumerate() {
        let Some(series) = frame.table.one(id as u32).filter(|_| *state == State::Live) else {
            continue;
        };
        for at in 0..series.shape.slots() + usize::from(series.is_timed) {
            let slot = series.slot as usize + at;
            let value = frame.slots.get(slot).copied().unwrap_or_default();
            let old = base.slots.get(slot).copied().unwrap_or_default();
            if value == old {
                continue;
            }
            if let Some(byte) = out.get_mut(bits + slot / 8) {
                *byte |= 1 << (slot % 8);
            }
            if is_float(series.shape, at) {
                put(out, (value ^ old).reverse_bits());
            } else {
                put_signed(out, value.wrapping_sub(old) as i64);
            }
        }
    }
}

/// Reads the beginning of a payload, and returns the rest.
pub fn read_brief<'a>(payload: &'a [u8]) -> Option<(RecordHeader, Bytes<'a>)> {
    let mut bytes = Bytes(payload);
    let kind = bytes.byte().filter(|kind| matches!(*kind, KEY | OTHER))?;
    let since_boot = bytes.number()?;
    let before = since_boot.wrapping_sub(bytes.signed()? as u64);
    let boot_time = match bytes.byte()? {
        0 => None,
        1 => Some(bytes.signed()?),
        _ => return None,
    };
    let samples = bytes.number()?;
    let key = match kind {
        KEY => Some(Boot(bytes.take(16)?.try_into().ok()?)),
        _ => None,
    };
    Some((
        RecordHeader { moment: Timestamp { since_boot, boot_time }, before, samples, key },
        bytes,
    ))
}

/// Reads the frames of a segment, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    table: Arc<Table>,
    /// The table is that of the writer of the frames: it may have more series than they.
    is_shared: bool,
    base: Option<(Vec<State>, Vec<u64>)>,
    /// Series whose definition was lost.
    unknown: Vec<Range<usize>>,
}

impl Decoder {
    /// A decoder for frames of this generation, in all of which numbers mean the same.
    pub fn new(generation: u64) -> Decoder {
        Decoder { table: Arc::new(Table::new(generation)), ..Decoder::default() }
    }

    /// Replaces its own table by `table`, from which the frames were and will be made.
    pub fn share(&mut self, table: &Arc<Table>) {
        if !Arc::ptr_eq(&self.table, table) {
            self.table = Arc::clone(table);
        }
        self.is_shared = true;
    }

    /// The frame of a payload, and how many samples of it are of unknown series. The same payload may
    /// be read again.
    pub fn read(&mut self, payload: &[u8]) -> Option<(Frame, u64)> {
        let (brief, mut bytes) = read_brief(payload)?;
        let is_key = brief.key.is_some();
        if !is_key && self.base.is_none() {
            return None;
        }
        let (known, total) = (Counts::read(&mut bytes)?, Counts::read(&mut bytes)?);
        let defined = bytes.sized()?;
        // Allocations from here on are bounded by the bytes that are there.
        if known.max(total) != total || total.slots.div_ceil(8) > bytes.0.len() {
            return None;
        }
        if is_key && known != Counts::default() {
            return None;
        }
        self.define(known, total, defined)?;
        let (mut states, mut slots) = match &self.base {
            Some((states, slots)) if !is_key => (states.clone(), slots.clone()),
            _ => (Vec::new(), Vec::new()),
        };
        states.resize(total.series, State::Absent);
        slots.resize(total.slots, 0);
        read_states(&mut bytes, &mut states)?;
        let lost = self.forget_unknown(&mut states);
        self.read_slots(&mut bytes, &states, &mut slots)?;
        if is_key {
            self.base = Some((states.clone(), slots.clone()));
        }
        let (moment, before) = (brief.moment, brief.before);
        Some((Frame { table: Arc::clone(&self.table), moment, before, states, slots }, lost))
    }

    fn define(&mut self, known: Counts, total: Counts, defined: &[u8]) -> Option<()> {
        let have = Counts::of(&self.table);
        if total.max(have) == have {
            // It was read before, or nothing is new.
            return (total == have || self.is_shared).then_some(());
        }
        if known.max(have) != known {
            return None;
        }
        let mut table = (*self.table).clone();
        fill(&mut table, known)?;
        read_new(&mut table, known, total, defined)?;
        if known.series > have.series {
            self.unknown.push(have.series..known.series);
        }
        self.table = Arc::new(table);
        Some(())
    }

    fn forget_unknown(&self, states: &mut [State]) -> u64 {
        let mut lost = 0;
        for range in &self.unknown {
            for state in states.get_mut(range.clone()).unwrap_or_default() {
                lost += u64::from(*state != State::Absent);
                *state = State::Absent;
            }
        }
        lost
    }

    fn read_slots(&self, bytes: &mut Bytes<'_>, states: &[State], slots: &mut [u64]) -> Option<()> {
        let bits = bytes.take(slots.len().div_ceil(8))?;
        for (id, state) in states.iter().enumerate() {
            let series = self.table.one(id as u32)?;
            for at in 0..series.shape.slots() + usize::from(series.is_timed) {
                let place = series.slot as usize + at;
                let slot = slots.get_mut(place)?;
                let differs = bits.get(place / 8)? & (1 << (place % 8)) != 0;
                if differs {
                    let n = bytes.number()?;
                    *slot = if is_float(series.shape, at) {
                        *slot ^ n.reverse_bits()
                    } else {
                        let by = (n >> 1) as i64 ^ -((n & 1) as i64);
                        slot.wrapping_add(by as u64)
                    };
                }
                if *state != State::Live {
                    *slot = 0;
                }
            }
        }
        bytes.0.is_empty().then_some(())
    }
}

fn read_states(bytes: &mut Bytes<'_>, states: &mut [State]) -> Option<()> {
    let mut id = 0usize;
    for _ in 0..bytes.small()? {
        let n = bytes.number()?;
        id = id.checked_add(usize::try_from(n >> 2).ok()?)?;
        *states.get_mut(id)? = match n & 3 {
            0 => State::Absent,
            1 => State::Live,
            2 => State::Stale,
            _ => return None,
        };
    }
    Some(())
}
