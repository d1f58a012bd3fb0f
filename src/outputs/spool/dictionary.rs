//! Families and series of a table as bytes. A text begins with the number of bytes that it has in common with
//! the one before it in the same place, so that five hundred series fit in some ten kilobytes.

use super::bytes::{Bytes, put};
use crate::model::frame::{FamilyDef, Scale, SeriesDef, Shape, Table};
use crate::model::metric::Kind;
use std::str;

/// The most series in a table.
pub const MAX_SERIES: usize = 1 << 16;

/// The most slots in a frame.
pub const MAX_SLOTS: usize = 1 << 19;

/// The most labels of one series.
const MAX_LABELS: usize = 255;

const KINDS: [Kind; 5] =
    [Kind::Counter, Kind::Gauge, Kind::Histogram, Kind::Summary, Kind::Untyped];
const SCALES: [Scale; 5] = [Scale::Int, Scale::Centi, Scale::Milli, Scale::Nano, Scale::Float];

const IS_DELTA: u8 = 0x10;

const HISTOGRAM: u8 = 5;
const SUMMARY: u8 = 6;
const SHAPE: u8 = 0x07;
const SAME_BOUNDS: u8 = 0x08;
const IS_TIMED: u8 = 0x10;
const SAME_START: u8 = 0x20;
const NEXT_FAMILY: u8 = 0x40;
const SAME_FAMILY: u8 = 0x80;

/// The number of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Families.
    pub families: usize,
    /// Series.
    pub series: usize,
    /// Slots.
    pub slots: usize,
}

impl Counts {
    /// The counts of a table.
    pub fn of(table: &Table) -> Counts {
        Counts { families: table.families(), series: table.series(), slots: table.slots() }
    }

    /// The maximum of each.
    pub fn max(self, other: Counts) -> Counts {
        Counts {
            families: self.families.max(other.families),
            series: self.series.max(other.series),
            slots: self.slots.max(other.slots),
        }
    }

    /// Whether the counts are within the bounds; a series has at least one slot.
    pub fn is_bounded(self) -> bool {
        let Counts { families, series, slots } = self;
        families <= MAX_SERIES && series <= MAX_SERIES && slots <= MAX_SLOTS && series <= slots
    }

    /// Appends the counts.
    pub fn put(self, out: &mut Vec<u8>) {
        for n in [self.families, self.series, self.slots] {
            put(out, n as u64);
        }
    }

    /// Reads the counts.
    pub fn read(bytes: &mut Bytes<'_>) -> Option<Counts> {
        let counts =
            Counts { families: bytes.small()?, series: bytes.small()?, slots: bytes.small()? };
        counts.is_bounded().then_some(counts)
    }
}

fn put_text(out: &mut Vec<u8>, text: &str, like: &str) {
    let common = text.bytes().zip(like.bytes()).take_while(|(a, b)| a == b).count();
    let rest = text.as_bytes().get(common..).unwrap_or_default();
    put(out, common as u64);
    put(out, rest.len() as u64);
    out.extend_from_slice(rest);
}

fn read_text(bytes: &mut Bytes<'_>, like: &str) -> Option<String> {
    let common = bytes.small()?;
    let text = [like.as_bytes().get(..common)?, bytes.sized()?].concat();
    String::from_utf8(text).ok()
}

const NO_FAMILY: FamilyDef<'_> =
    FamilyDef { name: "", help: "", kind: Kind::Untyped, is_delta: false, collector: "" };

/// Appends what `table` has beyond `known`.
pub fn put_new(table: &Table, known: Counts, out: &mut Vec<u8>) {
    let family = |id: usize| table.family(id as u32).unwrap_or(NO_FAMILY);
    for id in known.families..table.families() {
        // The first one does not refer to another: the one before it may be lost.
        let before = if id == known.families { NO_FAMILY } else { family(id - 1) };
        let this = family(id);
        let kind = KINDS.iter().position(|kind| *kind == this.kind).unwrap_or_default() as u8;
        out.push(kind | if this.is_delta { IS_DELTA } else { 0 });
        put_text(out, this.name, before.name);
        put_text(out, this.help, before.help);
        put_text(out, this.collector, before.collector);
    }
    for id in known.series..table.series() {
        let before = if id == known.series { None } else { Some(id as u32 - 1) };
        put_series(table, id as u32, before, out);
    }
}

fn put_series(table: &Table, id: u32, before: Option<u32>, out: &mut Vec<u8>) {
    let Some(this) = table.one(id) else { return };
    let like = before.and_then(|id| table.one(id));
    let (shape, list): (u8, &[f64]) = match this.shape {
        Shape::Number(scale) => {
            (SCALES.iter().position(|s| *s == scale).unwrap_or_default() as u8, &[])
        }
        Shape::Histogram(list) => (HISTOGRAM, list),
        Shape::Summary(list) => (SUMMARY, list),
    };
    let same_bounds = like.is_some_and(|like| same_bits(bounds(like.shape), list));
    let same_family = like.is_some_and(|like| like.family == this.family);
    let next_family = like.is_some_and(|like| like.family + 1 == this.family);
    let same_start = like.is_some_and(|like| like.start == this.start);
    let flag = |is: bool, flag| if is { flag } else { 0 };
    out.push(
        shape
            | flag(same_bounds, SAME_BOUNDS)
            | flag(this.is_timed, IS_TIMED)
            | flag(same_start, SAME_START)
            | flag(next_family, NEXT_FAMILY)
            | flag(same_family, SAME_FAMILY),
    );
    if !same_family && !next_family {
        put(out, this.family.into());
    }
    if !same_start {
        put(out, this.start);
    }
    if !same_bounds {
        put(out, list.len() as u64);
        list.iter().for_each(|bound| out.extend_from_slice(&bound.to_bits().to_le_bytes()));
    }
    let labels = table.labels(id);
    put(out, labels.len() as u64);
    let mut likes = before.map(|id| table.labels(id));
    for (key, value) in labels {
        let like = likes.as_mut().and_then(Iterator::next).unwrap_or_default();
        put_text(out, key, like.0);
        put_text(out, value, like.1);
    }
}

/// Whether all bits are the same, NaN or not.
fn same_bits(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

fn bounds<'a>(shape: Shape<'a>) -> &'a [f64] {
    match shape {
        Shape::Number(_) => &[],
        Shape::Histogram(list) | Shape::Summary(list) => list,
    }
}

/// Adds the definitions that follow `known`, which `table` has, until it has `total`.
pub fn read_new(table: &mut Table, known: Counts, total: Counts, bytes: &[u8]) -> Option<()> {
    let mut bytes = Bytes(bytes);
    for id in known.families..total.families {
        let before = if id == known.families { None } else { table.family(id as u32 - 1) };
        let before = before.unwrap_or(NO_FAMILY);
        let flags = bytes.byte()?;
        let name = read_text(&mut bytes, before.name)?;
        let help = read_text(&mut bytes, before.help)?;
        let collector = read_text(&mut bytes, before.collector)?;
        table.add_family(FamilyDef {
            name: &name,
            help: &help,
            kind: *KINDS.get(usize::from(flags & !IS_DELTA))?,
            is_delta: flags & IS_DELTA != 0,
            collector: &collector,
        });
    }
    for id in known.series..total.series {
        let before = if id == known.series { None } else { Some(id as u32 - 1) };
        read_series(table, before, total, &mut bytes)?;
    }
    (bytes.0.is_empty() && Counts::of(table) == total).then_some(())
}

fn read_series(
    table: &mut Table,
    before: Option<u32>,
    total: Counts,
    bytes: &mut Bytes<'_>,
) -> Option<()> {
    let like = before.and_then(|id| table.one(id));
    let flags = bytes.byte()?;
    let has = |flag| flags & flag != 0;
    let family = match (has(SAME_FAMILY), has(NEXT_FAMILY)) {
        (false, false) => bytes.small()? as u32,
        (is_same, _) => like?.family + u32::from(!is_same),
    };
    let start = if has(SAME_START) { like?.start } else { bytes.number()? };
    let list = if has(SAME_BOUNDS) { bounds(like?.shape).to_vec() } else { read_list(bytes)? };
    let shape = match flags & SHAPE {
        HISTOGRAM => Shape::Histogram(&list),
        SUMMARY => Shape::Summary(&list),
        scale => Shape::Number(*SCALES.get(usize::from(scale))?),
    };
    let is_timed = has(IS_TIMED);
    let slots = shape.slots() + usize::from(is_timed);
    if family as usize >= total.families || table.slots() + slots > total.slots {
        return None;
    }
    let count = bytes.small().filter(|n| *n <= MAX_LABELS)?;
    let mut labels = Vec::new();
    for at in 0..count {
        let like = before.and_then(|id| table.labels(id).nth(at)).unwrap_or_default();
        labels.push((read_text(bytes, like.0)?, read_text(bytes, like.1)?));
    }
    let labels = labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    table.add_series(SeriesDef { family, shape, start, is_timed, slot: 0 }, labels);
    Some(())
}

fn read_list(bytes: &mut Bytes<'_>) -> Option<Vec<f64>> {
    let count = bytes.small()?;
    let raw = bytes.take(count.checked_mul(8)?)?;
    let number = |raw: &[u8]| raw.try_into().map(u64::from_le_bytes).unwrap_or_default();
    Some(raw.chunks_exact(8).map(|raw| f64::from_bits(number(raw))).collect())
}

/// Adds nameless families and series in place of those that were lost, until `table` has `counts`,
/// so that later ones keep their numbers.
pub fn fill(table: &mut Table, counts: Counts) -> Option<()> {
    while table.families() < counts.families {
        table.add_family(NO_FAMILY);
    }
    while table.series() < counts.series {
        let is_last = table.series() + 1 == counts.series;
        let slots = if is_last { counts.slots.checked_sub(table.slots())? } else { 1 };
        let list = vec![0.0; slots.saturating_sub(2)];
        let (shape, is_timed) = match slots {
            0 => return None,
            1 | 2 => (Shape::Number(Scale::Int), slots == 2),
            _ => (Shape::Summary(&list), false),
        };
        table.add_series(SeriesDef { family: 0, shape, start: 0, is_timed, slot: 0 }, []);
    }
    (table.slots() == counts.slots).then_some(())
}
