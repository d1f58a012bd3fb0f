//! The request in protobuf. Field numbers are those of metrics.proto, common.proto, resource.proto and
//! metrics_service.proto.
//!
//! From frame to frame of the same series only numbers and times change, and in a request those are
//! words of eight bytes. So the last request is kept, with the positions of its words, and only they
//! are written again: a tenth of the work.

use super::model::{Buckets, Form, MetricShape, integer};
use super::words::{COUNT, DOUBLE, INTEGER, START, SUM, TIME, Word, words};
use super::{NO_RECORDED_VALUE, SCOPE, TYPE_KEY, VERSION};
use crate::base::wire::{Gzip, GzipTemplate, MOVES};
use crate::model::frame::{FamilyView, Quantiles, Reading, SeriesView, View};
use crate::model::metric::Histogram;
use crate::outputs::export::kept::{MAX_KEPT, RequestSeries};
use crate::outputs::export::proto::Proto;

/// Estimated lengths: some hundred points, many points, one point, a few words.
const REQUEST: usize = 20_000;
const MANY: usize = 1_000;
const ONE: usize = 127;

/// Field numbers of the attributes and the flags of each kind of point.
const NUMBER: (u32, u32) = (7, 8);
const HISTOGRAM: (u32, u32) = (9, 10);
const SUMMARY: (u32, u32) = (7, 8);

/// Writes requests and keeps the last one.
#[derive(Default)]
pub struct Writer {
    /// Attributes of the resource.
    resource: Vec<(String, String)>,
    body: Vec<u8>,
    /// The position of each word, in the order of `words`; those that change by themselves are marked `MOVES`.
    places: Vec<u32>,
    gzip: GzipTemplate,
    /// It was rewritten in place: the next ones are likely to be so, too.
    is_renewed: bool,
    /// Samples that are not in it.
    left_out: u64,
    made_of: RequestSeries,
}

impl Writer {
    /// A writer for a machine with these attributes.
    pub fn new(resource: Vec<(String, String)>) -> Writer {
        Writer { resource, ..Writer::default() }
    }

    /// Makes one request, empty if there is no point. Returns how many samples were left out, as they do
    /// not fit their kind.
    pub fn encode(&mut self, view: &View<'_>) -> u64 {
        self.is_renewed = self.is_renewable(view) && self.renew(view);
        if !self.is_renewed {
            self.write(view);
            // Sets the marks on positions.
            self.renew(view);
            self.gzip.forget();
            self.body.shrink_to_fit();
            self.places.shrink_to_fit();
            self.made_of = RequestSeries::new(view.frame());
        }
        self.left_out
    }

    /// The last request.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Appends the last request, compressed; one that is unlikely to be rewritten is compressed by `gzip`.
    pub fn compress(&mut self, gzip: &mut Gzip, out: &mut Vec<u8>) {
        match self.is_renewed && self.body.len() <= MAX_KEPT {
            true => self.gzip.append(&self.body, &self.places, out),
            false => gzip.append(&self.body, out),
        }
    }

    /// Forgets a request of more than this many bytes.
    pub fn trim(&mut self, most: usize) {
        if self.body.len() > most {
            (self.made_of, self.body, self.places, self.gzip) = Default::default();
        }
    }

    /// Whether the last request was for the same series.
    pub(super) fn is_renewable(&self, view: &View<'_>) -> bool {
        self.made_of.is_of(view.frame())
    }

    /// Rewrites the words of the last request. Returns whether there are as many of the same kind.
    fn renew(&mut self, view: &View<'_>) -> bool {
        let (body, mut places) = (&mut self.body, self.places.iter_mut());
        let mut put = |of: Word, word: u64| {
            let Some(place) = places.next() else { return false };
            let at = *place & !MOVES;
            *place = if matches!(of, Word::Steady(_)) { at } else { at | MOVES };
            let parts = body.split_at_mut_checked(at as usize);
            let Some((before, rest)) = parts else { return false };
            let is_same = of.field().is_none_or(|field| {
                before.last().is_some_and(|tag| u32::from(*tag) == field << 3 | 1)
            });
            match rest.first_chunk_mut() {
                Some(bytes) if is_same => *bytes = word.to_le_bytes(),
                _ => return false,
            }
            true
        };
        let is_done = view.families().all(|family| {
            let form = Form::of(&family.def);
            family.series().all(|series| words(form, &series, &mut put))
        });
        is_done && places.next().is_none()
    }

    /// Makes the request.
    fn write(&mut self, view: &View<'_>) {
        self.body.clear();
        self.places.clear();
        self.left_out = 0;
        let mut proto = Proto::noting(&mut self.body, &mut self.places);
        let request = proto.begin(1, REQUEST);
        proto.message(1, MANY, |p| self.resource.iter().for_each(|(k, v)| pair(p, 1, k, v)));
        let scope = proto.begin(2, REQUEST);
        proto.message(1, ONE, |p| {
            p.bytes(1, SCOPE.as_bytes());
            p.bytes(2, VERSION.as_bytes());
        });
        let mut is_empty = true;
        for family in view.families() {
            is_empty &= !metric(&mut proto, &family, &mut self.left_out);
        }
        proto.end(scope);
        proto.end(request);
        if is_empty {
            self.body.clear();
            self.places.clear();
        }
    }
}

/// Writes a metric; returns whether it has a point. Adds to `left_out` the samples without one.
fn metric(proto: &mut Proto<'_>, family: &FamilyView<'_>, left_out: &mut u64) -> bool {
    let (def, meaning) = (family.def, MetricShape::of(&family.def));
    let start = proto.written();
    let guess = if family.series().nth(1).is_some() { MANY } else { ONE };
    let metric = proto.begin(2, MANY);
    proto.bytes(1, def.name.as_bytes());
    for (field, text) in [(2, def.help), (3, meaning.unit)] {
        if !text.is_empty() {
            proto.bytes(field, text.as_bytes());
        }
    }
    let data = proto.begin(
        match meaning.form {
            Form::Gauge => 5,
            Form::Sum => 7,
            Form::Histogram => 9,
            Form::Summary => 11,
        },
        guess,
    );
    let mut is_empty = true;
    for series in family.series() {
        let is_written = point(proto, meaning.form, &series);
        is_empty &= !is_written;
        *left_out += u64::from(!is_written);
    }
    if matches!(meaning.form, Form::Sum | Form::Histogram) {
        proto.varint(2, meaning.temporality);
    }
    if meaning.is_monotonic {
        proto.varint(3, 1);
    }
    proto.end(data);
    pair(proto, 12, TYPE_KEY, meaning.kind);
    proto.end(metric);
    if is_empty {
        // No point, no word.
        proto.take_back(start);
    }
    !is_empty
}

/// Writes a point; returns whether there is one.
fn point(proto: &mut Proto<'_>, form: Form, series: &SeriesView<'_>) -> bool {
    let Some(reading) = form.reading(series) else { return false };
    let times = form.times(series);
    let (place, guess) = match reading {
        Reading::Number(_) => (NUMBER, ONE),
        Reading::Histogram(_) => (HISTOGRAM, MANY),
        Reading::Summary(_) => (SUMMARY, MANY),
    };
    let open = proto.begin(1, guess);
    if common(proto, series, times, place) {
        match reading {
            Reading::Number(value) => match integer(value) {
                Some(n) => proto.fixed64(INTEGER, n as u64),
                None => proto.double(DOUBLE, value.as_f64()),
            },
            Reading::Histogram(h) => histogram(proto, &h),
            Reading::Summary(s) => summary(proto, &s),
        }
    }
    proto.end(open);
    true
}

/// Writes the common fields of points; returns whether a value follows.
fn common(
    proto: &mut Proto<'_>,
    series: &SeriesView<'_>,
    (start, time): (u64, u64),
    (attributes, flags): (u32, u32),
) -> bool {
    for (key, value) in series.labels() {
        pair(proto, attributes, key, value);
    }
    if start > 0 {
        proto.fixed64(START, start);
    }
    proto.fixed64(TIME, time);
    if series.is_stale {
        proto.varint(flags, NO_RECORDED_VALUE);
    }
    !series.is_stale
}

fn histogram(proto: &mut Proto<'_>, histogram: &Histogram<'_>) {
    let buckets = Buckets::of(histogram);
    proto.fixed64(COUNT, buckets.count);
    proto.double(SUM, histogram.sum);
    proto.packed_fixed64(6, &buckets.counts);
    proto.packed_doubles(7, buckets.bounds);
}

fn summary(proto: &mut Proto<'_>, summary: &Quantiles<'_>) {
    proto.fixed64(COUNT, summary.count);
    proto.double(SUM, summary.sum);
    for (quantile, value) in summary.iter() {
        proto.message(6, ONE, |p| {
            p.double(1, quantile);
            p.double(2, value);
        });
    }
}

/// A `KeyValue` of two texts.
fn pair(proto: &mut Proto<'_>, field: u32, key: &str, value: &str) {
    // Tag and length of the key, of the value, and of the text in that.
    proto.message(field, key.len() + value.len() + 6, |p| {
        p.bytes(1, key.as_bytes());
        p.message(2, value.len() + 2, |p| p.bytes(1, value.as_bytes()));
    });
}
