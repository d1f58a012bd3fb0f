//! `io.prometheus.write.v2.Request` (prompb/io/prometheus/write/v2/types.proto of Prometheus, as in
//! 2.0-rc.4: the start time stamp is the sample's). Every text is stored once, in a table, and series
//! refer to texts by their index.

use super::parts::{self, NAME, Part};
use super::sample::Sample;
use super::wire::{VARINT, bytes_tag, varint, varint_len, varint_tag};
use crate::base::sys::Pen;
use crate::model::frame::{FamilyDef, View};
use crate::model::metric::{Buffer, Kind};

/// `Request.symbols` and `Request.timeseries`.
const SYMBOLS: u8 = bytes_tag(4);
const SERIES: u8 = bytes_tag(5);

/// `TimeSeries.labels_refs` and `.metadata`.
const REFS: u8 = bytes_tag(1);
const METADATA: u8 = bytes_tag(5);

/// The first size of the index, a power of 2.
const START: usize = 256;

/// The last address of a text of the frame, and its index among the symbols.
#[derive(Clone, Copy, Default)]
struct CachedSymbol {
    text: (usize, usize),
    symbol: u32,
}

/// A text that is in the request.
#[derive(Clone, Copy, Default)]
struct Symbol {
    hash: u32,
    at: usize,
    len: usize,
}

/// The texts of a request.
#[derive(Default)]
pub struct Symbols {
    /// Differs from request to request, so that texts cannot be chosen to collide in all.
    seed: u64,
    list: Vec<Symbol>,
    /// Open addressing: one more than the index in the list, 0 for an empty slot. At most half is in use.
    index: Vec<u32>,
    /// The labels of the previous series, by their position: neighbours have most in common.
    seen: Vec<CachedSymbol>,
    refs: Vec<u32>,
    /// The series; they are appended after the symbols.
    series: Buffer,
}

/// What the series of a family have in common.
struct Common<'a> {
    name: &'a str,
    kind: u64,
    help: u32,
    counts: bool,
}

/// Whether samples of that kind have a start time.
pub fn counts(kind: Kind) -> bool {
    matches!(kind, Kind::Counter | Kind::Histogram | Kind::Summary)
}

impl Symbols {
    /// Appends one request, and the position of each of its samples to `places`.
    pub fn encode(
        mut self,
        view: &View<'_>,
        labels: &[(String, String)],
        out: &mut Buffer,
        places: &mut Vec<u32>,
    ) {
        self.seed = view.time() as u64;
        self.symbol([b"", b""], out);
        let first = places.len();
        for family in view.families() {
            let common = self.common(&family.def, out);
            parts::each(&family, labels, &mut |part| {
                self.refer(common.name, &part, out);
                places.push(self.write(&common, &part) as u32);
            });
        }
        // The series follow the symbols.
        let before = out.len() as u32;
        places.iter_mut().skip(first).for_each(|place| *place += before);
        out.put(self.series.bytes());
    }

    fn common<'a>(&mut self, def: &FamilyDef<'a>, out: &mut Buffer) -> Common<'a> {
        let kind = match def.kind {
            Kind::Untyped => 0,
            Kind::Counter => 1,
            Kind::Gauge => 2,
            Kind::Histogram => 3,
            Kind::Summary => 5,
        };
        let help = self.symbol([def.help.as_bytes(), b""], out);
        Common { name: def.name, kind, help, counts: counts(def.kind) }
    }

    /// Adds the symbols of the labels.
    fn refer(&mut self, family: &str, part: &Part<'_, '_>, out: &mut Buffer) {
        self.refs.clear();
        part.each(
            &mut (self, out),
            |(to, out)| {
                let at = to.refs.len();
                let key = to.known(at, NAME.as_bytes(), out);
                let value = match part.suffix {
                    "" => to.known(at + 1, family.as_bytes(), out),
                    suffix => to.symbol([family.as_bytes(), suffix.as_bytes()], out),
                };
                to.refs.extend([key, value]);
            },
            |(to, out), key, value, is_lasting| {
                let at = to.refs.len();
                let key = to.known(at, key.as_bytes(), out);
                // A text that was made for this line may reuse the address of another.
                let value = match is_lasting {
                    true => to.known(at + 1, value, out),
                    false => to.symbol([value, b""], out),
                };
                to.refs.extend([key, value]);
            },
        );
    }

    /// Writes a series; returns the position of its sample.
    fn write(&mut self, common: &Common<'_>, part: &Part<'_, '_>) -> usize {
        let sum = |refs: &[u32]| refs.iter().map(|r| varint_len((*r).into())).sum::<usize>();
        let (refs, sample) = (sum(&self.refs), Sample::of(part, common.counts));
        let metadata = 3 + varint_len(common.help.into());
        let len = 1 + varint_len(refs as u64) + refs + sample.len() + 2 + metadata;
        let whole = 1 + varint_len(len as u64) + len;
        let mut pen = Pen::new(self.series.room(whole + VARINT));
        pen.put_word(SERIES.into(), 1);
        varint(&mut pen, len as u64);
        pen.put_word(REFS.into(), 1);
        varint(&mut pen, refs as u64);
        for symbol in &self.refs {
            varint(&mut pen, (*symbol).into());
        }
        sample.write(&mut pen);
        pen.put_word(METADATA.into(), 1);
        pen.put_word(metadata as u64, 1);
        pen.put_word(varint_tag(1).into(), 1);
        pen.put_word(common.kind, 1);
        pen.put_word(varint_tag(3).into(), 1);
        varint(&mut pen, common.help.into());
        self.series.advance(whole);
        self.series.len() - 2 - metadata - sample.len()
    }

    /// The index of a text that keeps its address as long as the request is written.
    #[inline]
    fn known(&mut self, at: usize, text: &[u8], out: &mut Buffer) -> u32 {
        let id = (text.as_ptr().addr(), text.len());
        match self.seen.get(at) {
            Some(seen) if seen.text == id => seen.symbol,
            _ => {
                let symbol = self.symbol([text, b""], out);
                if self.seen.len() <= at {
                    self.seen.resize(at + 1, CachedSymbol::default());
                }
                if let Some(seen) = self.seen.get_mut(at) {
                    *seen = CachedSymbol { text: id, symbol };
                }
                symbol
            }
        }
    }

    /// The index of a text, which is added if it is new.
    fn symbol(&mut self, parts: [&[u8]; 2], out: &mut Buffer) -> u32 {
        if self.index.len() < 2 * (self.list.len() + 1) {
            self.grow();
        }
        let hash = self.hash(parts);
        let mut slot = hash as usize & (self.index.len() - 1);
        while let Some(place) = self.index.get(slot).copied().filter(|place| *place != 0) {
            let known = self.list.get(place as usize - 1).copied().unwrap_or_default();
            let text = out.bytes().get(known.at..known.at + known.len).unwrap_or_default();
            let [first, last] = parts;
            if known.hash == hash && text.strip_prefix(first) == Some(last) {
                return place - 1;
            }
            slot = (slot + 1) & (self.index.len() - 1);
        }
        let [first, last] = parts;
        let len = first.len() + last.len();
        let mut pen = Pen::new(out.room(1 + 2 * VARINT + len));
        pen.put_word(SYMBOLS.into(), 1);
        varint(&mut pen, len as u64);
        pen.put(first);
        pen.put(last);
        out.advance(1 + varint_len(len as u64) + len);
        self.list.push(Symbol { hash, at: out.len() - len, len });
        if let Some(free) = self.index.get_mut(slot) {
            *free = self.list.len() as u32;
        }
        self.list.len() as u32 - 1
    }

    /// FNV-1a, from the seed on.
    fn hash(&self, parts: [&[u8]; 2]) -> u32 {
        let mut hash = self.seed ^ 0xcbf2_9ce4_8422_2325;
        for byte in parts.into_iter().flatten() {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        (hash >> 32) as u32 ^ hash as u32
    }

    #[cold]
    fn grow(&mut self) {
        let size = (2 * self.index.len()).max(START);
        self.index.clear();
        self.index.resize(size, 0);
        for (place, symbol) in self.list.iter().enumerate() {
            let mut slot = symbol.hash as usize & (size - 1);
            while self.index.get(slot).is_some_and(|place| *place != 0) {
                slot = (slot + 1) & (size - 1);
            }
            if let Some(free) = self.index.get_mut(slot) {
                *free = place as u32 + 1;
            }
        }
    }
}
