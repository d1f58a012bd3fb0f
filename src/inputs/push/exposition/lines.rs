//! Splits a histogram or summary into its lines, for a store that cannot keep it whole.

use super::line::{Pair, Span};
use super::sample::{LINE, Labels, Sample};
use crate::model::metric::{Buffer, Kind, Point, Value};

/// Hands every line of `sample` to `each`, as an untyped number of its own; a number has no such lines.
pub fn each_line(sample: &Sample<'_>, each: &mut dyn FnMut(&Sample<'_>)) {
    let mut lines = Lines { sample, each, texts: sample.texts };
    match sample.point {
        Point::Number(_) => {}
        Point::Histogram(histogram) => {
            let bounds = histogram.bounds.iter().copied().chain([f64::INFINITY]);
            let mut count = 0u64;
            for (bound, within) in bounds.zip(histogram.counts) {
                count = count.saturating_add(*within);
                lines.put("_bucket", Some(("le", bound)), count as f64);
            }
            lines.put("_sum", None, histogram.sum);
            let written = sample.texts.split_once('=').and_then(|(_, count)| count.parse().ok());
            lines.put("_count", None, written.unwrap_or(count) as f64);
        }
        Point::Summary(summary) => {
            for (quantile, value) in summary.quantiles {
                lines.put("", Some(("quantile", *quantile)), *value);
            }
            lines.put("_sum", None, summary.sum);
            lines.put("_count", None, summary.count as f64);
        }
    }
}

struct Lines<'s, 'a> {
    sample: &'s Sample<'a>,
    each: &'s mut dyn FnMut(&Sample<'_>),
    /// The bounds or quantiles, as written, that were not handed on yet.
    texts: &'a str,
}

impl Lines<'_, '_> {
    fn put(&mut self, suffix: &str, extra: Option<(&str, f64)>, value: f64) {
        let (mut text, mut pairs) = (Buffer::default(), Vec::new());
        let of = self.sample.labels;
        for pair in of.pairs {
            pairs.push(put_pair(&mut text, pair.name.of(of.text), pair.value.of(of.text)));
        }
        if let Some((key, bound)) = extra {
            let (written, rest) = self.texts.split_once(',').unwrap_or_default();
            self.texts = rest;
            let mut number = Buffer::default();
            number.put_value(Value::Float(bound));
            let value = if written.is_empty() { number.bytes() } else { written.as_bytes() };
            pairs.push(put_pair(&mut text, key.as_bytes(), value));
        }
        (self.each)(&Sample {
            name: &[self.sample.name, suffix].concat(),
            kind: Kind::Untyped,
            labels: Labels { text: text.bytes(), pairs: &pairs, is_quoted: true },
            point: Point::Number(Value::Float(value)),
            texts: LINE,
            ..*self.sample
        });
    }
}

fn put_pair(text: &mut Buffer, name: &[u8], value: &[u8]) -> Pair {
    let start = text.len();
    text.put_all([name, value]);
    let middle = start + name.len();
    Pair { name: Span::new(start, middle), value: Span::new(middle, text.len()) }
}
