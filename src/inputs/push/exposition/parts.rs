//! Assembles histograms and summaries from their samples, by label set.

use super::family::Part;
use super::line::{Line, Pair, Span, number};
use super::sample::{LINE, Labels, Read, Sample};
use super::whole::{Cell, Whole, histogram, pick, put_texts, summary};
use crate::model::metric::{Kind, Point, Value};
use crate::model::store::{Index, NONE, Reason};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::str;

/// The result of adding a sample.
pub enum Added {
    Taken,
    /// The histogram already has that part.
    Twice,
    /// It is not a part: its bound or quantile is missing, or not a number.
    Stray,
}

/// All histograms and summaries that are not handed on yet.
#[derive(Default)]
pub struct Parts {
    /// The family that the last parts belong to.
    family: Option<u32>,
    hasher: RandomState,
    /// Labels as in the text, one set after the other: `a="b",c="d",`.
    keys: Vec<u8>,
    pairs: Vec<Pair>,
    wholes: Vec<Whole>,
    index: Index,
    cells: Vec<Cell>,
    /// How many of `wholes` belong to families before the current one, and whether some of them lack a part.
    start: usize,
    waits: bool,
    /// The cells of the one that is being assembled.
    picked: Vec<Cell>,
    points: Vec<(f64, f64)>,
    bounds: Vec<f64>,
    counts: Vec<u64>,
    texts: Vec<u8>,
    /// The labels of a line.
    labels: Vec<Pair>,
}

impl Parts {
    /// The family whose parts are being collected.
    pub fn family(&self) -> Option<u32> {
        self.family
    }

    pub fn clear(&mut self) {
        self.family = None;
        self.keys.clear();
        self.pairs.clear();
        self.cells.clear();
        (self.start, self.waits) = (0, false);
        let Parts { wholes, index, .. } = self;
        while let Some(last) = wholes.last() {
            let hash_of = |at: u32| wholes.get(at as usize).map_or(0, |whole| whole.hash);
            index.remove(last.hash, wholes.len() as u32 - 1, hash_of);
            wholes.pop();
        }
    }

    /// Adds a sample of the family.
    pub fn add(
        &mut self,
        of: (u32, bool),
        part: Part,
        text: &[u8],
        pairs: &[Pair],
        line: &Line,
    ) -> Added {
        self.family = Some(of.0);
        let key: &[u8] = match part {
            Part::Bucket => b"le",
            Part::Quantile => b"quantile",
            Part::Sum | Part::Count => b"",
        };
        let mut all = pairs.iter().filter(|pair| pair.name.of(text) == key);
        // A label that appears twice does not count.
        let found = all.next().filter(|_| all.next().is_none()).map(|pair| pair.value);
        let at = found.and_then(|value| number(value.of(text))).filter(|at| !at.is_nan());
        if at.is_none() && !key.is_empty() {
            return Added::Stray;
        }
        let Some(place) = self.find(of, key, text, pairs) else { return Added::Stray };
        let Some(whole) = self.wholes.get_mut(place) else { return Added::Stray };
        whole.time = line.time.or(whole.time);
        let once = match part {
            Part::Sum => &mut whole.sum,
            Part::Count => &mut whole.count,
            Part::Bucket | Part::Quantile => {
                let (at, text) = (at.unwrap_or_default(), found.unwrap_or_default());
                self.add_cell(place, Cell { at, value: line.value, text, next: NONE });
                return Added::Taken;
            }
        };
        // The first one counts.
        match once {
            Some(_) => Added::Twice,
            None => {
                *once = Some(line.value);
                Added::Taken
            }
        }
    }

    /// Adds a bucket or quantile to an entry.
    fn add_cell(&mut self, place: usize, cell: Cell) {
        let Some(whole) = self.wholes.get_mut(place) else { return };
        whole.has_inf |= cell.at == f64::INFINITY;
        let index = self.cells.len() as u32;
        self.cells.push(cell);
        let last = std::mem::replace(&mut whole.last, index);
        match self.cells.get_mut(last as usize) {
            Some(last) => last.next = index,
            None => whole.first = index,
        }
    }

    /// The entry with these labels except `key`; it may be new.
    fn find(
        &mut self,
        (family, is_summary): (u32, bool),
        key: &[u8],
        text: &[u8],
        pairs: &[Pair],
    ) -> Option<usize> {
        let (start, first) = (self.keys.len(), self.pairs.len());
        self.push_key(key, text, pairs);
        let span = Span::new(start, self.keys.len());
        let labels = span.of(&self.keys);
        let is = |at: usize| {
            self.wholes.get(at).is_some_and(|whole| {
                whole.family == family
                    && whole.key.of(&self.keys) == labels
                    && whole.is_summary == is_summary
                    && !whole.is_done
            })
        };
        let mut hash = 0;
        let last = self.wholes.len().wrapping_sub(1);
        let found = if is(last) {
            Some(last)
        } else {
            let mut hasher = self.hasher.build_hasher();
            hasher.write_u32(family);
            hasher.write(labels);
            hash = hasher.finish() as u32;
            self.index.find(hash, |at| is(at as usize)).map(|at| at as usize)
        };
        if found.is_some() {
            self.keys.truncate(start);
            self.pairs.truncate(first);
            return found;
        }
        let place = self.wholes.len();
        self.wholes.push(Whole::begin((family, is_summary), span, first, hash));
        let wholes = &self.wholes;
        let hash_of = |at: u32| wholes.get(at as usize).map_or(0, |whole| whole.hash);
        self.index.insert(hash, place as u32, hash_of);
        Some(place)
    }

    /// Appends the labels except `key` to `keys` and `pairs`.
    fn push_key(&mut self, key: &[u8], text: &[u8], pairs: &[Pair]) {
        for pair in pairs.iter().filter(|pair| pair.name.of(text) != key) {
            let from = self.keys.len();
            self.keys.extend_from_slice(pair.name.of(text));
            let middle = self.keys.len();
            self.keys.extend_from_slice(b"=\"");
            self.keys.extend_from_slice(pair.value.of(text));
            let end = self.keys.len();
            self.keys.extend_from_slice(b"\",");
            let (name, value) = (Span::new(from, middle), Span::new(middle + 2, end));
            self.pairs.push(Pair { name, value });
        }
    }

    /// The first that may be handed on now: the first of the current family, or of all at the end of the text.
    pub fn begin_flush(&self, is_end: bool) -> usize {
        if is_end { 0 } else { self.start }
    }

    pub fn whole(&self, at: usize) -> Option<&Whole> {
        self.wholes.get(at)
    }

    /// Whether it is complete, or the text is over, and it was not handed on.
    pub fn is_due(&mut self, at: usize, is_end: bool) -> bool {
        let Some(whole) = self.wholes.get(at).filter(|whole| !whole.is_done) else { return false };
        let has_all = whole.is_summary || whole.has_inf;
        let is_due = is_end || has_all && whole.sum.is_some() && whole.count.is_some();
        self.waits |= !is_due;
        is_due
    }

    /// Ends a pass in which everything that is complete was handed on.
    pub fn end_flush(&mut self, is_end: bool) {
        self.family = None;
        self.start = self.wholes.len();
        if is_end || !self.waits {
            self.clear();
        }
    }

    /// Hands on one of the family with this name and help; `name` is also a buffer for names of lines.
    pub fn hand_on(
        &mut self,
        at: usize,
        (name, help, as_pushgateway): (&mut Vec<u8>, &str, bool),
        text: &[u8],
        each: &mut dyn FnMut(Read<'_>),
    ) {
        let end = self.wholes.get(at + 1).map_or(self.pairs.len(), |next| next.pairs);
        let Some(whole) = self.wholes.get_mut(at) else { return };
        whole.is_done = true;
        for _ in 0..pick(whole, &self.cells, &mut self.picked) {
            each(Err((str::from_utf8(name).unwrap_or_default(), Reason::Twice)));
        }
        if as_pushgateway && !whole.is_summary && !whole.has_inf && !self.picked.is_empty() {
            let value = whole.count.unwrap_or(f64::NAN);
            let text = Span::default();
            self.picked.push(Cell { at: f64::INFINITY, value, text, next: NONE });
        }
        let pairs = self.pairs.get(whole.pairs..end).unwrap_or_default();
        let labels = Labels { text: &self.keys, pairs, is_quoted: true };
        let whole = &*whole;
        let (picked, points) = (self.picked.as_slice(), &mut self.points);
        let point = match whole.is_summary {
            true => summary(whole, picked, points).map(|point| (point, None)),
            false => histogram(whole, picked, &mut self.bounds, &mut self.counts),
        };
        let shown = str::from_utf8(name).unwrap_or_default();
        let Some((point, count)) = point else {
            each(Err((shown, Reason::Unassembled)));
            return self.each_line(at, end, name, help, text, each);
        };
        put_texts(picked, count, as_pushgateway, text, &mut self.texts);
        let texts = str::from_utf8(&self.texts).unwrap_or_default();
        let kind = if whole.is_summary { Kind::Summary } else { Kind::Histogram };
        each(Ok(Sample { name: shown, kind, help, labels, point, texts, time: whole.time }));
    }

    /// Hands on the lines of one that is not a valid histogram or summary, as they came.
    fn each_line(
        &mut self,
        at: usize,
        end: usize,
        name: &mut Vec<u8>,
        help: &str,
        text: &[u8],
        each: &mut dyn FnMut(Read<'_>),
    ) {
        let Some(whole) = self.wholes.get(at) else { return };
        let (bucket, key): (&[u8], &[u8]) =
            if whole.is_summary { (b"", b"quantile") } else { (b"_bucket", b"le") };
        let (stem, known) = (name.len(), self.keys.len());
        let cells = self.picked.iter().filter(|cell| cell.text != Span::default());
        let cells = cells.map(|cell| (bucket, Some(cell.text), Some(cell.value)));
        let others = [(&b"_sum"[..], None, whole.sum), (b"_count", None, whole.count)];
        for (suffix, at, value) in cells.chain(others) {
            let Some(value) = value else { continue };
            name.truncate(stem);
            name.extend_from_slice(suffix);
            self.keys.truncate(known);
            self.labels.clear();
            self.labels.extend_from_slice(self.pairs.get(whole.pairs..end).unwrap_or_default());
            if let Some(at) = at {
                self.keys.extend_from_slice(key);
                let middle = self.keys.len();
                self.keys.extend_from_slice(at.of(text));
                let (name, value) = (Span::new(known, middle), Span::new(middle, self.keys.len()));
                self.labels.push(Pair { name, value });
            }
            each(Ok(Sample {
                name: str::from_utf8(name).unwrap_or_default(),
                kind: Kind::Untyped,
                help,
                labels: Labels { text: &self.keys, pairs: &self.labels, is_quoted: true },
                point: Point::Number(Value::Float(value)),
                texts: LINE,
                time: whole.time,
            }));
        }
        self.keys.truncate(known);
    }
}
