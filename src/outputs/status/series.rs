//! Searches series of other programs by name and labels.

use super::json::Json;
use crate::model::metric::{Buffer, Kind, Point, Value};
use crate::model::store::{Group, Listed, Store};
use std::time::Instant;

/// The default and the highest limit of shown series.
pub const LIMITS: [usize; 2] = [100, 500];

/// Bytes of the search text.
pub const MAX_WORDS: usize = 256;

/// Beyond this no more series are shown: labels may be long.
const MAX_BYTES: usize = 256 << 10;

/// A search. It uses the algorithm of Knuth, Morris and Pratt, which reads each byte of the store
/// once, whatever the words and the labels are: it runs on the serving thread.
pub struct Search {
    /// In lower case.
    words: Vec<u8>,
    /// For each byte of the words the length of the longest border that ends there.
    borders: Vec<usize>,
    limit: usize,
}

impl Search {
    /// A search for the first `limit` series that have `words` in their name or in the value of a label, ignoring
    /// the case of the letters a to z: others would need a table.
    pub fn new(words: String, limit: usize) -> Search {
        let words = words.to_ascii_lowercase().into_bytes();
        let mut search = Search { words, borders: Vec::new(), limit };
        for at in 0..search.words.len() {
            let border = match (search.borders.last(), search.words.get(at)) {
                (Some(before), Some(byte)) => search.step(*before, *byte),
                _ => 0,
            };
            search.borders.push(border);
        }
        search
    }

    /// Writes the series that match in `store`; `source` names the source of a group.
    pub fn write(
        &self,
        store: &Store,
        source: &dyn Fn(Group) -> &'static str,
        now: Instant,
        out: &mut Buffer,
    ) {
        let most = out.len() + MAX_BYTES;
        let (mut total, mut matching) = (0u64, 0u64);
        let mut json = Json::new(out);
        json.open(b"{");
        json.inside("series", b"[");
        store.list(now, &mut |series| {
            total += 1;
            if self.finds(series) {
                matching += 1;
                if matching <= self.limit as u64 && json.len() < most {
                    write_one(series, source(series.owner), &mut json);
                }
            }
        });
        json.close(b"]");
        json.number_of("matching", Some(Value::Int(matching)));
        json.number_of("total", Some(Value::Int(total)));
        json.close(b"}");
    }

    fn finds(&self, series: &Listed<'_>) -> bool {
        self.words.is_empty()
            || self.is_in(series.name.as_bytes())
            || series.labels.pairs().any(|(_, value)| self.is_in(&value))
    }

    /// Whether the words, which are not empty, are in `text`.
    #[inline(never)]
    fn is_in(&self, text: &[u8]) -> bool {
        let mut matched = 0;
        text.iter().any(|byte| {
            matched = self.step(matched, byte.to_ascii_lowercase());
            matched == self.words.len()
        })
    }

    /// How many bytes of the words match when `byte` follows `matched` of them.
    fn step(&self, mut matched: usize, byte: u8) -> usize {
        while self.words.get(matched) != Some(&byte) {
            let Some(last) = matched.checked_sub(1) else { return 0 };
            matched = self.borders.get(last).copied().unwrap_or(0);
        }
        matched + 1
    }
}

fn write_one(series: &Listed<'_>, source: &str, json: &mut Json<'_>) {
    json.open(b"{");
    json.text_of("name", series.name.as_bytes());
    json.inside("labels", b"{");
    for (key, value) in series.labels.pairs() {
        json.key(&key);
        json.text(&value);
    }
    json.close(b"}");
    let kind: &[u8] = match series.kind {
        Kind::Counter => b"counter",
        Kind::Gauge => b"gauge",
        Kind::Histogram => b"histogram",
        Kind::Summary => b"summary",
        Kind::Untyped => b"untyped",
    };
    json.text_of("type", kind);
    // Of a histogram or summary the number of observations, and their sum.
    let (value, sum) = match series.point {
        Point::Number(value) => (value, None),
        Point::Summary(summary) => (Value::Int(summary.count), Some(summary.sum)),
        Point::Histogram(histogram) => {
            let all = histogram.counts.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
            (Value::Int(all), Some(histogram.sum))
        }
    };
    json.name("value");
    match series.texts.split_once('=') {
        Some((_, count)) => json.text(count.as_bytes()),
        None => json.quoted(value),
    }
    if let Some(sum) = sum {
        json.name("sum");
        json.quoted(Value::Float(sum));
    }
    json.seconds_of("age_seconds", Some(series.age));
    json.text_of("source", source.as_bytes());
    json.close(b"}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of `length` letters of a small alphabet.
    fn texts(length: u32) -> impl Iterator<Item = Vec<u8>> {
        let digits = move |n: usize| (0..length).map(move |at| b"aAb"[n / 3_usize.pow(at) % 3]);
        (0..3_usize.pow(length)).map(move |n| digits(n).collect())
    }

    #[test]
    fn finds_what_a_naive_search_finds() {
        let all: Vec<_> = (0..=6).flat_map(texts).collect();
        for words in (1..=4).flat_map(texts) {
            let search = Search::new(String::from_utf8(words.clone()).unwrap(), 1);
            for text in &all {
                let naive = text.windows(words.len()).any(|at| at.eq_ignore_ascii_case(&words));
                assert_eq!(search.is_in(text), naive, "{words:?} in {text:?}");
            }
        }
    }
}
