//! InfluxDB line protocol, to `/write` of version 1 and `/api/v2/write` of version 2
//! (<https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/>).
//!
//! A family is a measurement, labels are tags. Numbers are the field `value`; histograms and
//! summaries are a field for each bound or quantile and the fields `count` and `sum`, as Telegraf
//! writes them (`metric_version = 1`): buckets count up. With `by_collector` the measurement is the
//! collector, `custom` for series of other programs, and the fields have the families' names.
//!
//! - Every number is a float. A field keeps its first type for ever: a number that is whole today
//!   and not tomorrow would be refused then.
//! - The protocol has no NaN and no infinity, and no time outside 64 bits of nanoseconds: such
//!   samples are left out and counted. A line without fields is not written.
//! - It has no way to write a newline, nor a backslash at the end: the one becomes a space, the other
//!   is dropped. A tag without a value is left out.
//! - The end of a series cannot be expressed.

mod answer;
#[cfg(test)]
mod tests;
mod text;

pub use answer::{judge, url};

use crate::model::frame::{FamilyView, Quantiles, Reading, SeriesView, View};
use crate::model::metric::{Buffer, Histogram, Value};
use text::{escaped, is_plain};

/// The measurement of series that come from no collector of ours.
const CUSTOM: &str = "custom";

/// InfluxDB keeps nanoseconds in 64 bits: times in milliseconds beyond this are refused, and others with them.
const MAX_TIME: u64 = (i64::MAX / 1_000_000) as u64;

/// Appends a line for every series, in milliseconds; `by_collector` puts the families of a collector
/// into one measurement, and series that lack one of `labels` get it. Returns how many numbers were left
/// out.
pub fn encode(
    view: &View<'_>,
    by_collector: bool,
    labels: &[(String, String)],
    out: &mut Vec<u8>,
) -> u64 {
    let mut lines = Lines {
        labels,
        out: Buffer::after(std::mem::take(out)),
        by_collector,
        open: None,
        head: Buffer::default(),
        field: Buffer::default(),
        left_out: 0,
    };
    for family in view.families() {
        lines.family(&family);
    }
    lines.end();
    *out = lines.out.into_bytes();
    lines.left_out
}

/// A line that has fields and no end yet.
struct Open<'a> {
    series: SeriesView<'a>,
    collector: &'a str,
    time: i64,
}

/// Writes lines.
struct Lines<'a> {
    out: Buffer,
    labels: &'a [(String, String)],
    by_collector: bool,
    open: Option<Open<'a>>,
    /// The escaped measurement of the current family.
    head: Buffer,
    /// The prefix of the names of its fields.
    field: Buffer,
    left_out: u64,
}

impl<'a> Lines<'a> {
    fn family(&mut self, family: &FamilyView<'a>) {
        let def = family.def;
        self.head.truncate(0);
        self.field.truncate(0);
        let collector = if def.collector.is_empty() { CUSTOM } else { def.collector };
        if self.by_collector {
            text::measurement(&mut self.head, collector);
            escaped(&mut self.field, def.name);
        } else {
            text::measurement(&mut self.head, def.name);
        }
        for series in family.series().filter(|series| !series.is_stale) {
            let time = series.time();
            let Some(reading) = series.reading() else { continue };
            if time.unsigned_abs() > MAX_TIME {
                self.left_out += 1;
                continue;
            }
            if !self.goes_on(&series, collector, time) {
                self.end();
            }
            let (mark, is_new) = (self.out.len(), self.open.is_none());
            if is_new {
                self.begin(&series);
            }
            if self.fields(&reading, is_new) {
                self.open = Some(Open { series, collector, time });
            } else {
                self.out.truncate(mark);
            }
        }
    }

    /// Whether the open line has the same measurement, tags and time: then one line holds both.
    fn goes_on(&self, series: &SeriesView<'a>, collector: &str, time: i64) -> bool {
        let Some(open) = self.open.as_ref().filter(|_| self.by_collector) else { return false };
        let is_near = open.collector == collector && open.time == time;
        is_near && open.series.labels().eq(series.labels())
    }

    /// Writes measurement and tags.
    fn begin(&mut self, series: &SeriesView<'_>) {
        self.out.put_all([self.head.bytes()]);
        let is_lacked = |key: &str| series.labels().all(|(other, _)| other != key);
        let more = self.labels.iter().filter(|(key, _)| is_lacked(key));
        let more = more.map(|(key, value)| (key.as_str(), value.as_str()));
        for (key, value) in series.labels().chain(more) {
            if is_plain(key) && is_plain(value) {
                self.out.put_all([b",", key.as_bytes(), b"=", value.as_bytes()]);
            } else {
                text::tag(&mut self.out, key, value);
            }
        }
    }

    /// Ends the open line.
    fn end(&mut self) {
        if let Some(open) = self.open.take() {
            self.out.put_all([if open.time < 0 { b" -" } else { b" " as &[u8] }]);
            self.out.put_value(Value::Int(open.time.unsigned_abs()));
            self.out.put_all([b"\n"]);
        }
    }

    /// Writes the numbers of `reading` that can be written. Returns whether there were any.
    fn fields(&mut self, reading: &Reading<'_>, is_new: bool) -> bool {
        let mut fields = Fields {
            out: &mut self.out,
            name: self.field.bytes(),
            before: if is_new { b" " } else { b"," },
            written: false,
            left_out: 0,
        };
        match reading {
            Reading::Number(value) => fields.named(b"value", *value),
            Reading::Histogram(histogram) => fields.histogram(histogram),
            Reading::Summary(summary) => fields.summary(summary),
        }
        self.left_out += fields.left_out;
        fields.written
    }
}

/// Writes the fields of one series.
struct Fields<'a> {
    out: &'a mut Buffer,
    /// The family's name, where a measurement has several families.
    name: &'a [u8],
    before: &'static [u8],
    written: bool,
    left_out: u64,
}

impl Fields<'_> {
    /// Writes a family's only field.
    fn named(&mut self, name: &[u8], value: Value) {
        let name = if self.name.is_empty() { name } else { self.name };
        self.put(value, |out| out.put_all([name]));
    }

    /// Writes one of several fields, `name` or `family_name`.
    fn part(&mut self, part: &[u8], value: Value) {
        let name = self.name;
        let low: &[u8] = if name.is_empty() { b"" } else { b"_" };
        self.put(value, |out| out.put_all([name, low, part]));
    }

    /// Writes one of several fields, named by a number.
    fn numbered(&mut self, part: f64, value: Value) {
        let name = self.name;
        let low: &[u8] = if name.is_empty() { b"" } else { b"_" };
        self.put(value, |out| {
            out.put_all([name, low]);
            out.put_value(Value::Float(part));
        });
    }

    #[inline]
    fn put(&mut self, value: Value, name: impl FnOnce(&mut Buffer)) {
        if matches!(value, Value::Float(n) if !n.is_finite()) {
            self.left_out += 1;
            return;
        }
        self.out.put_all([self.before]);
        name(self.out);
        self.out.put_all([b"="]);
        self.out.put_value(value);
        self.before = b",";
        self.written = true;
    }

    fn histogram(&mut self, histogram: &Histogram<'_>) {
        let mut count = 0u64;
        let bounds = histogram.bounds.iter().copied().chain([f64::INFINITY]);
        for (bound, within) in bounds.zip(histogram.counts) {
            count = count.saturating_add(*within);
            self.numbered(bound, Value::Int(count));
        }
        self.part(b"count", Value::Int(count));
        self.part(b"sum", Value::Float(histogram.sum));
    }

    fn summary(&mut self, summary: &Quantiles<'_>) {
        for (quantile, value) in summary.iter() {
            self.numbered(quantile, Value::Float(value));
        }
        self.part(b"count", Value::Int(summary.count));
        self.part(b"sum", Value::Float(summary.sum));
    }
}
