//! Exposition text 0.0.4 (<https://prometheus.io/docs/instrumenting/exposition_formats/>) and
//! OpenMetrics 1.0 (<https://prometheus.io/docs/specs/om/open_metrics_spec/>), which differ in the
//! counters' family names, the name of the untyped type, and the closing `# EOF`.

use crate::metric::{Buffer, Family, Kind, Sink, Value, copy};
use crate::settings::Dialect;

/// Which text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text, version 0.0.4.
    Prometheus,
    /// OpenMetrics text, version 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The Content-Type of the answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Writes families and samples into a buffer.
pub struct Text<'a> {
    dialect: Dialect,
    format: Format,
    out: &'a mut Buffer,
    line: &'a mut Line,
    /// Where the header of the family at hand starts, as long as no sample follows it.
    header: Option<usize>,
    /// This dialect has the family at hand.
    shown: bool,
}

/// What stands between the label values of a sample: `name{key0="`, `",key1="`, …, `"} `.
#[derive(Default)]
pub struct Line {
    pieces: Buffer,
    ends: Vec<usize>,
}

impl Line {
    fn set(&mut self, name: [&str; 3], keys: &[&str]) {
        self.pieces.truncate(0);
        self.ends.clear();
        self.pieces.put_all(&name.map(str::as_bytes));
        for (i, key) in keys.iter().enumerate() {
            let before: &[u8] = if i == 0 { b"{" } else { b"\"," };
            self.pieces.put_all(&[before, key.as_bytes(), b"=\""]);
            self.ends.push(self.pieces.len());
        }
        self.pieces.put(if keys.is_empty() { b" " } else { b"\"} " });
    }
}

impl<'a> Text<'a> {
    /// Appends to `out`; `line` is scratch that is kept from one scrape to the next.
    pub fn new(
        dialect: Dialect,
        format: Format,
        out: &'a mut Buffer,
        line: &'a mut Line,
    ) -> Text<'a> {
        Text { dialect, format, out, line, header: None, shown: false }
    }

    /// Ends the exposition.
    pub fn finish(mut self) {
        self.drop_header();
        if self.format == Format::OpenMetrics {
            self.out.put(b"# EOF\n");
        }
    }

    /// A header that no sample followed leaves no trace.
    fn drop_header(&mut self) {
        if let Some(start) = self.header.take() {
            self.out.truncate(start);
        }
    }

    /// Type word, the family's name, and what a sample's name has beyond `name`.
    fn shape<'n>(
        &self,
        family: &Family<'_>,
        name: &'n str,
    ) -> (&'static str, &'n str, &'static str) {
        let stem = name.strip_suffix("_total");
        match (self.format, family.kind) {
            (Format::Prometheus, Kind::Counter) => ("counter", name, ""),
            (_, Kind::Gauge) if stem.is_none() => ("gauge", name, ""),
            // A level that is called a total (HugePages_Total): a gauge so named is taken for a
            // mistake.
            (Format::Prometheus, Kind::Gauge) => ("untyped", name, ""),
            (Format::OpenMetrics, Kind::Gauge) => ("unknown", name, ""),
            (Format::OpenMetrics, Kind::Counter) if family.shares_stem => ("unknown", name, ""),
            (Format::OpenMetrics, Kind::Counter) => match stem {
                Some(stem) => ("counter", stem, ""),
                None => ("counter", name, "_total"),
            },
        }
    }

    /// The way of a label value that needs care: invalid UTF-8 becomes U+FFFD, `\`, `"` and
    /// newlines are escaped.
    #[cold]
    fn awkward(&mut self, labels: &[&[u8]]) {
        let mut start = 0;
        for (label, end) in labels.iter().zip(&self.line.ends) {
            self.out.put(self.line.pieces.bytes().get(start..*end).unwrap_or_default());
            start = *end;
            escape(self.out, label, true);
        }
        self.out.put(self.line.pieces.bytes().get(start..).unwrap_or_default());
    }

    /// The way of ordinary label values: pieces and values one after the other.
    #[inline]
    fn ordinary(&mut self, labels: &[&[u8]], length: usize) {
        let pieces = self.line.pieces.bytes();
        let to = self.out.room(length);
        let (mut n, mut start) = (0, 0);
        for (label, end) in labels.iter().zip(&self.line.ends) {
            n += copy(
                to.get_mut(n..).unwrap_or_default(),
                pieces.get(start..*end).unwrap_or_default(),
            );
            n += copy(to.get_mut(n..).unwrap_or_default(), label);
            start = *end;
        }
        n += copy(to.get_mut(n..).unwrap_or_default(), pieces.get(start..).unwrap_or_default());
        self.out.advance(n);
    }
}

impl Sink for Text<'_> {
    fn family(&mut self, family: &Family<'_>) {
        self.drop_header();
        let named = family.named(self.dialect);
        self.shown = named.is_some();
        let Some((name, keys)) = named else { return };
        let prefix = family.prefix(self.dialect);
        let (kind, stem, suffix) = self.shape(family, name);
        self.header = Some(self.out.len());
        self.out.put_all(&[b"# HELP ", prefix.as_bytes(), stem.as_bytes(), b" "]);
        escape(self.out, family.help.as_bytes(), self.format == Format::OpenMetrics);
        self.out.put_all(&[b"\n# TYPE ", prefix.as_bytes(), stem.as_bytes(), b" "]);
        self.out.put_all(&[kind.as_bytes(), b"\n"]);
        self.line.set([prefix, name, suffix], keys);
    }

    fn sample(&mut self, labels: &[&[u8]], value: Value) {
        debug_assert!(!self.shown || labels.len() == self.line.ends.len(), "one value a key");
        if !self.shown || labels.len() != self.line.ends.len() {
            return;
        }
        self.header = None;
        let length = self.line.pieces.len() + labels.iter().map(|l| l.len()).sum::<usize>();
        if labels.iter().all(|label| is_plain(label)) {
            self.ordinary(labels, length);
        } else {
            self.awkward(labels);
        }
        let to = self.out.room(Value::MAX_LEN + 1);
        let n = value.write(to);
        if let Some(end) = to.get_mut(n) {
            *end = b'\n';
        }
        self.out.advance(n + 1);
    }

    fn mark(&self) -> usize {
        self.header.unwrap_or(self.out.len())
    }

    fn rewind(&mut self, mark: usize) {
        self.out.truncate(mark);
        self.header = None;
        self.shown = false;
    }
}

/// Whether `label` is ASCII that needs no escape: eight bytes at a time.
#[inline]
fn is_plain(label: &[u8]) -> bool {
    let mut odd = 0;
    let mut rest = label;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        odd |= oddities(u64::from_le_bytes(*chunk));
        rest = after;
    }
    let mut last = [b' '; 8];
    copy(&mut last, rest);
    odd | oddities(u64::from_le_bytes(last)) == 0
}

/// Nonzero if one of the eight bytes is `"`, `\`, a newline or not ASCII.
#[inline]
fn oddities(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let is = |byte: u8| {
        let x = word ^ (ONES * u64::from(byte));
        x.wrapping_sub(ONES) & !x
    };
    (word | is(b'"') | is(b'\\') | is(b'\n')) & HIGH
}

fn escape(out: &mut Buffer, text: &[u8], quotes: bool) {
    for chunk in text.utf8_chunks() {
        let mut plain = chunk.valid().as_bytes();
        while let Some(at) = plain.iter().position(|b| matches!(b, b'\\' | b'\n' | b'"')) {
            let (before, after) = plain.split_at(at);
            out.put(before);
            out.put(match after.first() {
                Some(b'\n') => b"\\n",
                Some(b'\\') => b"\\\\",
                _ if quotes => b"\\\"",
                _ => b"\"",
            });
            plain = after.get(1..).unwrap_or_default();
        }
        out.put(plain);
        if !chunk.invalid().is_empty() {
            out.put("\u{FFFD}".as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Unit, counter, gauge};

    fn render(format: Format, write: impl FnOnce(&mut Text<'_>)) -> String {
        let (mut out, mut line) = (Buffer::default(), Line::default());
        let mut text = Text::new(Dialect::Own, format, &mut out, &mut line);
        write(&mut text);
        text.finish();
        String::from_utf8(out.bytes().to_vec()).unwrap()
    }

    const READS: Family = counter("reads_total", Unit::One, "Say \"reads\".", &["a", "b"]);

    #[test]
    fn formats_differ_where_the_specifications_do() {
        let write = |out: &mut Text<'_>| {
            out.family(&READS);
            out.sample(&[b"x", b"y"], Value::Int(7));
            out.family(&gauge("level_total", Unit::One, "Level.", &[]));
            out.sample(&[], Value::Centi(150));
        };
        assert_eq!(
            render(Format::Prometheus, write),
            "# HELP sysmetrics_reads_total Say \"reads\".\n# TYPE sysmetrics_reads_total counter\n\
             sysmetrics_reads_total{a=\"x\",b=\"y\"} 7\n\
             # HELP sysmetrics_level_total Level.\n# TYPE sysmetrics_level_total untyped\n\
             sysmetrics_level_total 1.50\n"
        );
        assert_eq!(
            render(Format::OpenMetrics, write),
            "# HELP sysmetrics_reads Say \\\"reads\\\".\n# TYPE sysmetrics_reads counter\n\
             sysmetrics_reads_total{a=\"x\",b=\"y\"} 7\n\
             # HELP sysmetrics_level_total Level.\n# TYPE sysmetrics_level_total unknown\n\
             sysmetrics_level_total 1.50\n# EOF\n"
        );
    }

    #[test]
    fn families_without_samples_and_rewound_ones_leave_no_trace() {
        let text = render(Format::Prometheus, |out| {
            out.family(&READS);
            let mark = out.mark();
            assert_eq!(mark, 0);
            out.family(&READS);
            out.sample(&[b"x", b"y"], Value::Int(7));
            out.rewind(mark);
            out.sample(&[b"x", b"y"], Value::Int(8)); // belongs to nothing now
            out.family(&READS);
        });
        assert_eq!(text, "");
    }

    #[test]
    fn any_bytes_make_a_valid_label() {
        let text = render(Format::Prometheus, |out| {
            out.family(&READS);
            out.sample(&[b"q\"b\\n\n", b"\xffok\xc3\xa9\xe2\x82"], Value::Int(1));
        });
        assert!(text.ends_with("{a=\"q\\\"b\\\\n\\n\",b=\"\u{FFFD}oké\u{FFFD}\"} 1\n"), "{text}");
    }

    #[test]
    fn plainness_agrees_with_a_naive_twin() {
        for byte in 0..=255u8 {
            for len in 1..20 {
                for at in 0..len {
                    let mut label = vec![b'a'; len];
                    label[at] = byte;
                    let naive = !matches!(byte, b'"' | b'\\' | b'\n' | 0x80..);
                    assert_eq!(is_plain(&label), naive, "{byte:#x} at {at} of {len}");
                }
            }
        }
        assert!(is_plain(b""));
    }
}
