//! Lines of series with labels of their own: numbers, histograms as their buckets, sum and count,
//! summaries as their quantiles, sum and count. Prometheus text has time stamps in milliseconds,
//! OpenMetrics in seconds.

use super::format::Format;
use crate::base::sys::Pen;
use crate::model::metric::Exemplar;
use crate::model::metric::{Buffer, Histogram, Labels, Point, Summary, Value};

/// Appends every line of one histogram in OpenMetrics, with an exemplar after each bucket that has
/// one: ` # {trace_id="…"} value time`.
pub fn write_exemplified(
    name: &[u8],
    labels: Labels<'_>,
    histogram: &Histogram<'_>,
    exemplars: &[Option<Exemplar<'_>>],
    out: &mut Buffer,
) {
    let format = Format::OpenMetrics;
    let line = Line { format, name, is_quoted: false, labels, time: None };
    let mut exemplars = exemplars.iter();
    line.histogram(histogram, ("", ""), out, |out| {
        let Some(exemplar) = exemplars.next().and_then(Option::as_ref) else { return };
        // Replaces the end of the line.
        out.truncate(out.len().saturating_sub(1));
        out.put_all([b" # {", exemplar.labels.text(), b"} "]);
        out.put_value(Value::Float(exemplar.value));
        out.put(b" ");
        out.put_value(Value::Milli(exemplar.time.unsigned_abs()));
        out.put(b"\n");
    });
}

/// Room for the constant parts of a line, besides name, labels and numbers.
const PARTS: usize = 64;

/// A label that only this line has, followed by `="`, its value, and how that was written.
type Extra<'a> = (&'static [u8], f64, &'a str);

/// What the lines of one series have in common.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    pub format: Format,
    pub name: &'a [u8],
    /// The name is in quotation marks, among the labels.
    pub is_quoted: bool,
    pub labels: Labels<'a>,
    pub time: Option<i64>,
}

impl Line<'_> {
    /// Appends every line of one series. `texts` are its bounds or quantiles as they were written, which
    /// must not change: Prometheus 2 stores them as text, and other texts are other series.
    pub fn write(&self, point: Point<'_>, texts: &str, out: &mut Buffer) {
        let (texts, count) = texts.split_once('=').unwrap_or((texts, ""));
        let texts = if self.format == Format::Prometheus { texts } else { "" };
        match point {
            Point::Number(value) => self.put(b"", None, value, out),
            Point::Histogram(histogram) => {
                self.histogram(&histogram, (texts, count), out, |_| {});
            }
            Point::Summary(summary) => self.summary(&summary, texts, out),
        }
    }

    /// Writes a line. It is written by one pen, so that the room is reserved once.
    #[inline(never)]
    fn put(&self, suffix: &[u8], extra: Option<Extra<'_>>, value: Value, out: &mut Buffer) {
        let (labels, text) = (self.labels.text(), extra.map_or("", |(_, _, text)| text));
        let room = self.name.len() + labels.len() + text.len() + PARTS + 2 * Value::ROOM;
        let mut pen = Pen::new(out.room(room));
        let room = pen.left();
        let is_unlabelled = extra.is_none() && labels.is_empty();
        let (start, open): (&[u8], &[u8]) = match (self.is_quoted, is_unlabelled) {
            (false, true) => (b"", b""),
            (false, false) => (b"", b"{"),
            (true, true) => (b"{\"", b"\""),
            (true, false) => (b"{\"", b"\","),
        };
        let comma: &[u8] = if extra.is_some() && !labels.is_empty() { b"," } else { b"" };
        let close: &[u8] = match extra {
            Some(_) => b"\"} ",
            None if is_unlabelled && !self.is_quoted => b" ",
            None => b"} ",
        };
        let key = extra.map_or(&b""[..], |(key, ..)| key);
        for part in [start, self.name, suffix, open, labels, comma, key, text.as_bytes()] {
            pen.put(part);
        }
        if let Some((_, bound, "")) = extra {
            pen = Value::Float(bound).write(pen);
            // OpenMetrics writes a whole bound with a fraction.
            let is_whole = bound.fract() == 0.0 && bound.abs() < 1e15;
            if self.format == Format::OpenMetrics && is_whole {
                pen.put_word(u64::from_le_bytes(*b".0\0\0\0\0\0\0"), 2);
            }
        }
        pen.put(close);
        let written = room - value.write_line(pen).left();
        out.advance(written);
        if let Some(time) = self.time {
            self.time(time, out);
        }
    }

    /// Replaces the end of the line.
    fn time(&self, time: i64, out: &mut Buffer) {
        out.truncate(out.len().saturating_sub(1));
        out.put(if time < 0 { b" -" } else { b" " });
        let time = time.unsigned_abs();
        let seconds = self.format == Format::OpenMetrics;
        out.put_value(if seconds { Value::Milli(time) } else { Value::Int(time) });
        out.put(b"\n");
    }

    /// `after` is called after each bucket.
    #[inline]
    fn histogram(
        &self,
        histogram: &Histogram<'_>,
        (texts, own_count): (&str, &str),
        out: &mut Buffer,
        mut after: impl FnMut(&mut Buffer),
    ) {
        let (mut count, mut texts) = (0u64, texts.split_terminator(','));
        let bounds = histogram.bounds.iter().copied().chain([f64::INFINITY]);
        for (bound, within) in bounds.zip(histogram.counts) {
            count = count.saturating_add(*within);
            let extra = (&b"le=\""[..], bound, texts.next().unwrap_or_default());
            self.put(b"_bucket", Some(extra), Value::Int(count), out);
            after(out);
        }
        self.put(b"_sum", None, Value::Float(histogram.sum), out);
        let count = own_count.parse().unwrap_or(count);
        self.put(b"_count", None, Value::Int(count), out);
    }

    fn summary(&self, summary: &Summary<'_>, texts: &str, out: &mut Buffer) {
        let mut texts = texts.split_terminator(',');
        for (quantile, value) in summary.quantiles {
            let extra = (&b"quantile=\""[..], *quantile, texts.next().unwrap_or_default());
            self.put(b"", Some(extra), Value::Float(*value), out);
        }
        self.put(b"_sum", None, Value::Float(summary.sum), out);
        self.put(b"_count", None, Value::Int(summary.count), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(format: Format, labels: &str, point: Point<'_>, time: Option<i64>) -> String {
        let mut out = Buffer::default();
        let labels = Labels::rendered(labels.as_bytes());
        let line = Line { format, name: b"n", is_quoted: false, labels, time };
        line.write(point, "", &mut out);
        String::from_utf8(out.bytes().to_vec()).unwrap()
    }

    #[test]
    fn numbers_have_their_labels() {
        let point = Point::Number(Value::Float(1.5));
        assert_eq!(text(Format::Prometheus, "", point, None), "n 1.5\n");
        let time = Some(1_700_000_000_250);
        let prometheus = text(Format::Prometheus, "a=\"b\"", point, time);
        assert_eq!(prometheus, "n{a=\"b\"} 1.5 1700000000250\n");
        let open = text(Format::OpenMetrics, "a=\"b\"", point, time);
        assert_eq!(open, "n{a=\"b\"} 1.5 1700000000.250\n");
    }

    #[test]
    fn buckets_are_cumulative() {
        let point =
            Point::Histogram(Histogram { bounds: &[0.5, 1.0], counts: &[2, 0, 3], sum: 7.25 });
        assert_eq!(
            text(Format::Prometheus, "a=\"b\"", point, None),
            "n_bucket{a=\"b\",le=\"0.5\"} 2\nn_bucket{a=\"b\",le=\"1\"} 2\n\
             n_bucket{a=\"b\",le=\"+Inf\"} 5\nn_sum{a=\"b\"} 7.25\nn_count{a=\"b\"} 5\n"
        );
        let open = text(Format::OpenMetrics, "", point, None);
        assert!(open.starts_with("n_bucket{le=\"0.5\"} 2\nn_bucket{le=\"1.0\"} 2\n"), "{open}");
    }

    #[test]
    fn summaries_have_a_line_for_each_quantile() {
        let quantiles = [(0.5, 0.25), (0.99, f64::NAN), (1.0, f64::INFINITY)];
        let point = Point::Summary(Summary { quantiles: &quantiles, sum: -7.5, count: 12 });
        assert_eq!(
            text(Format::Prometheus, "a=\"b\"", point, None),
            "n{a=\"b\",quantile=\"0.5\"} 0.25\nn{a=\"b\",quantile=\"0.99\"} NaN\n\
             n{a=\"b\",quantile=\"1\"} +Inf\nn_sum{a=\"b\"} -7.5\nn_count{a=\"b\"} 12\n"
        );
        let open = text(Format::OpenMetrics, "", point, Some(1_500));
        assert!(open.contains("n{quantile=\"1.0\"} +Inf 1.500\nn_sum -7.5 1.500\n"), "{open}");
    }

    #[test]
    fn exemplars_follow_their_buckets() {
        let histogram = Histogram { bounds: &[1.0], counts: &[2, 3], sum: 7.25 };
        let labels = Labels::rendered(b"trace_id=\"x\"");
        let exemplars = [None, Some(Exemplar { labels, value: 2.5, time: 1_700_000_000_250 })];
        let mut out = Buffer::default();
        write_exemplified(b"n", Labels::rendered(b""), &histogram, &exemplars, &mut out);
        assert_eq!(
            str::from_utf8(out.bytes()).unwrap(),
            "n_bucket{le=\"1.0\"} 2\nn_bucket{le=\"+Inf\"} 5 # {trace_id=\"x\"} 2.5 1700000000.250\n\
             n_sum 7.25\nn_count 5\n"
        );
    }
}
