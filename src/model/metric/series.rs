//! Series of other programs: their labels are in no table of ours, and are rendered once when the series
//! first comes.

use super::Value;
use std::borrow::Cow;

/// The labels of one series as every text format writes them, without the braces:
/// `key="value",other="value"`, sorted by key, values escaped. A key that is valid only in UTF-8
/// (`k8s.pod.name`) is quoted, too, and escaped; quoted ones come first, so that the first byte shows
/// whether there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels<'a>(&'a [u8]);

impl<'a> Labels<'a> {
    /// Wraps rendered labels.
    pub fn rendered(text: &'a [u8]) -> Labels<'a> {
        Labels(text)
    }

    /// The rendered text.
    pub fn text(self) -> &'a [u8] {
        self.0
    }

    /// Whether some key is quoted.
    pub fn has_quoted(self) -> bool {
        self.0.first() == Some(&b'"')
    }

    /// Keys and values as rendered, without the quotation marks of either.
    pub fn raw_pairs(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (key, value) = match rest.strip_prefix(b"\"") {
                Some(quoted) => {
                    let end = closing_quote(quoted)?;
                    (quoted.get(..end)?, quoted.get(end + 3..)?)
                }
                None => {
                    let equals = memchr::memchr(b'=', rest)?;
                    (rest.get(..equals)?, rest.get(equals + 2..)?)
                }
            };
            let end = closing_quote(value)?;
            rest = value.get(end + 2..).unwrap_or_default();
            Some((key, value.get(..end)?))
        })
    }

    /// Keys and values without escapes, for sinks that need them.
    pub fn pairs(self) -> impl Iterator<Item = (Cow<'a, [u8]>, Cow<'a, [u8]>)> {
        self.raw_pairs().map(|(key, value)| (unescaped(key), unescaped(value)))
    }
}

/// The end of the value at the start of `text`.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(other) => *other,
                None => break,
            },
            other => *other,
        });
    }
    Cow::Owned(out)
}

/// The sample of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Point<'a> {
    /// Of a counter, a gauge or an untyped metric.
    Number(Value),
    /// Of a histogram.
    Histogram(Histogram<'a>),
    /// Of a summary.
    Summary(Summary<'a>),
}

/// Observations, counted by size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Histogram<'a> {
    /// The largest value of each bucket except the last, ascending.
    pub bounds: &'a [f64],
    /// How many were in each bucket, not counting those before; one more than there are bounds.
    pub counts: &'a [u64],
    /// The sum of the observations.
    pub sum: f64,
}

/// Observations of which only some quantiles are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary<'a> {
    /// Each quantile and its value; NaN if there were no observations.
    pub quantiles: &'a [(f64, f64)],
    /// The sum of the observations.
    pub sum: f64,
    /// The number of observations.
    pub count: u64,
}

/// One observation of a bucket, with labels to find its trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exemplar<'a> {
    /// Labels of the trace.
    pub labels: Labels<'a>,
    /// The observed value.
    pub value: f64,
    /// Its time, in milliseconds since 1970.
    pub time: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_what_was_rendered() {
        let text = br#"a="1",b="q\"\\\n=,",c="""#;
        let pairs: Vec<_> = Labels::rendered(text).pairs().collect();
        let expected: [(&[u8], &[u8]); 3] = [(b"a", b"1"), (b"b", b"q\"\\\n=,"), (b"c", b"")];
        assert_eq!(pairs.len(), expected.len());
        for ((key, value), (k, v)) in pairs.into_iter().zip(expected) {
            assert_eq!((&*key, &*value), (k, v));
        }
        let quoted = Labels::rendered(br#""a.b"="1","c=\"d"="2",e="3""#);
        assert!(quoted.has_quoted() && !Labels::rendered(text).has_quoted());
        let pairs: Vec<_> = quoted.pairs().map(|(key, value)| [key, value].concat()).collect();
        assert_eq!(pairs, [&b"a.b1"[..], b"c=\"d2", b"e3"]);
        assert_eq!(Labels::rendered(b"").pairs().count(), 0);
    }
}
