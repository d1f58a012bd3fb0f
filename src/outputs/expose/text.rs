//! Exposition text 0.0.4 (<https://prometheus.io/docs/instrumenting/exposition_formats/>) and
//! OpenMetrics 1.0 (<https://prometheus.io/docs/specs/om/open_metrics_spec/>), which differ in the
//! counters' family names, the name of the untyped type, and the closing `# EOF`.

use super::escape::escape;
use super::format::Format;
use super::line::Lines;
use super::series::Line;
use crate::base::dialect::Dialect;
use crate::model::metric::{Buffer, Column, Family, Kind, Label, Rows, Sink, Value};
use crate::model::metric::{Exemplar, Histogram};
use crate::model::metric::{Labels, Point};
use crate::model::store::{escaped, is_metric_name};

/// Writes families and samples into a buffer.
pub struct Text<'a> {
    dialect: Dialect,
    format: Format,
    out: &'a mut Buffer,
    lines: &'a mut Lines,
    /// The start of the current family's header, as long as no sample follows it.
    header: Option<usize>,
    /// Whether this dialect has the current family.
    shown: bool,
    /// Whether names of the current family have to be escaped.
    escapes: bool,
    /// Whether the samples belong to a family that does not continue the one before it.
    has_stem: bool,
}

impl<'a> Text<'a> {
    /// A writer that appends to `out`; `lines` is kept from one scrape to the next.
    pub fn new(
        dialect: Dialect,
        format: Format,
        out: &'a mut Buffer,
        lines: &'a mut Lines,
    ) -> Text<'a> {
        lines.begin(dialect, format);
        Text {
            dialect,
            format,
            out,
            lines,
            header: None,
            shown: false,
            escapes: false,
            has_stem: false,
        }
    }

    /// How many series were left out so far, because they became duplicates when their names were escaped.
    pub fn left_out(&self) -> usize {
        self.lines.escaping.left_out
    }

    /// Writes names in UTF-8 in quotation marks, for clients that support them, instead of escaping.
    pub fn quoting(self, is_read: bool) -> Text<'a> {
        self.lines.quotes = is_read;
        self
    }

    /// Sets labels, for this and later scrapes, that are added to every series without a label of that name.
    pub fn label(&mut self, labels: &[(String, String)]) {
        self.lines.keep_labelled(labels);
    }

    /// Ends the exposition.
    pub fn finish(mut self) {
        self.drop_header();
        if self.format == Format::OpenMetrics {
            self.out.put(b"# EOF\n");
        }
    }

    /// Begins `family`, if this dialect has it.
    #[inline(always)] // for every family
    fn open(&mut self, family: &Family<'_>) {
        // Known families are of this dialect.
        self.shown = self.lines.next(family) || family.is_in(self.dialect) && self.learn(family);
    }

    #[cold]
    #[inline(never)]
    fn learn(&mut self, family: &Family<'_>) -> bool {
        let Some((name, keys)) = family.named(self.dialect) else { return false };
        let (dialect, format) = (self.dialect, self.format);
        let mut shown = String::new();
        let (name, is_quoted) = show(name, self.lines.quotes, &mut shown);
        self.lines.learn(family, (keys, is_quoted), self.out, |header| {
            let (kind, stem, suffix) = shape(format, family, name);
            let prefix = family.prefix(dialect);
            let (start, stem) = (prefix.as_bytes(), stem.as_bytes());
            let quote: &[u8] = if is_quoted { b"\"" } else { b"" };
            if !family.is_undescribed() {
                header.put_all([b"# HELP ", quote, start, stem, quote, b" "]);
                escape(header, family.help().as_bytes(), format == Format::OpenMetrics);
                header.put(b"\n");
            }
            header.put_all([b"# TYPE ", quote, start, stem, quote, kind]);
            [prefix, name, suffix]
        });
        true
    }

    /// Removes a header that no sample followed.
    #[inline(always)]
    fn drop_header(&mut self) {
        if let Some(start) = self.header.take() {
            self.out.truncate(start);
        }
    }
}

impl Sink for Text<'_> {
    fn family(&mut self, family: &Family<'_>) {
        self.drop_header();
        self.open(family);
        if !self.shown {
            return;
        }
        if self.goes_on(family) {
            return;
        }
        self.header = Some(self.out.len());
        let (header, length) = self.lines.header();
        self.out.put_blocks(header, length);
    }

    /// Keeps the header, written or still waiting for its first sample.
    #[cold]
    fn join(&mut self, family: &Family<'_>) {
        self.open(family);
        self.escape_names(family);
        // Lines of a family that joins continue under the header if it is written by then.
        self.has_stem = self.header.is_none();
    }

    fn sample(&mut self, labels: &[Label<'_>], value: Value) {
        debug_assert!(!self.shown || labels.len() == self.lines.keys(), "one value a key");
        if !self.shown || labels.len() != self.lines.keys() {
            return;
        }
        self.header = None;
        if !self.lines.write(labels, value, self.out) {
            self.lines.write_with(labels, value, self.out);
        }
    }

    fn single(&mut self, family: &Family<'_>, value: Value) {
        self.drop_header();
        self.open(family);
        debug_assert!(!self.shown || self.lines.keys() == 0, "a family without keys");
        if self.shown && self.lines.keys() == 0 {
            let with_header = !self.goes_on(family);
            self.lines.write_single(with_header, value, self.out);
        }
    }

    fn column(&mut self, family: &Family<'_>, column: Column<'_>) {
        if !self.shown || self.lines.keys() != 1 + usize::from(column.under.is_some()) {
            return debug_assert!(!self.shown, "a key for the rows, and for what they are under");
        }
        if self.lines.write_column(family, &column, self.out) {
            self.header = None;
        }
    }

    fn table_column(&mut self, family: &Family<'_>, rows: &Rows, at: usize) {
        self.drop_header();
        self.open(family);
        debug_assert!(!self.shown || self.lines.keys() == 1, "a key for the rows");
        if !self.shown || self.lines.keys() != 1 {
            return;
        }
        let start = self.out.len();
        if !self.goes_on(family) {
            let (header, length) = self.lines.header();
            self.out.put_blocks(header, length);
        }
        let column = rows.column(at);
        if !self.lines.write_lines(self.lines.head_blocks(), family, &column, self.out) {
            self.out.truncate(start);
        }
    }

    fn labelled(&mut self, labels: Labels<'_>, point: Point<'_>, time: Option<i64>) {
        self.labelled_as(labels, point, "", time);
    }
    fn labelled_as(
        &mut self,
        labels: Labels<'_>,
        point: Point<'_>,
        texts: &str,
        time: Option<i64>,
    ) {
        debug_assert!(!self.shown || self.lines.keys() == 0, "a family without keys");
        let line = Line { format: self.format, name: b"", is_quoted: false, labels, time };
        if self.shown && self.lines.write_series(line, (point, texts), self.escapes, self.out) {
            self.header = None;
            self.has_stem = true;
        }
    }

    fn exemplified(
        &mut self,
        labels: Labels<'_>,
        histogram: Histogram<'_>,
        exemplars: &[Option<Exemplar<'_>>],
    ) {
        match self.format {
            Format::Prometheus => self.labelled(labels, Point::Histogram(histogram), None),
            Format::OpenMetrics if self.shown => {
                self.header = None;
                self.lines.write_exemplified(labels, histogram, exemplars, self.out);
            }
            Format::OpenMetrics => {}
        }
    }

    fn mark(&self) -> usize {
        self.header.unwrap_or(self.out.len())
    }

    fn rewind(&mut self, mark: usize) {
        self.out.truncate(mark);
        self.header = None;
        self.shown = false;
        {
            self.has_stem = false;
        }
    }
}
impl Text<'_> {
    /// Escapes names of the family for clients that do not support them. Returns whether it then has the
    /// name of the one before it.
    fn escape_names(&mut self, family: &Family<'_>) -> bool {
        self.escapes = family.must_escape() && !self.lines.quotes;
        self.escapes && self.lines.escaping.family(family.names().0)
    }

    /// Whether the family continues the one before, under its header.
    #[inline(always)] // for every family
    fn goes_on(&mut self, family: &Family<'_>) -> bool {
        if self.has_stem || family.must_escape() {
            return self.goes_on_with(family);
        }
        self.escapes = false;
        false
    }

    #[cold]
    fn goes_on_with(&mut self, family: &Family<'_>) -> bool {
        let is_same = self.escape_names(family);
        let goes_on = self.has_stem && (family.continues() || is_same);
        self.has_stem = goes_on;
        goes_on
    }
}

/// The name as it is in the text, before quotation marks: it is `to` unless all clients
/// support it unchanged.
fn show<'n>(name: &'n str, quotes: bool, to: &'n mut String) -> (&'n str, bool) {
    if is_metric_name(name.as_bytes()) {
        return (name, false);
    }
    if quotes {
        let mut text = Buffer::default();
        escape(&mut text, name.as_bytes(), true);
        to.push_str(str::from_utf8(text.bytes()).unwrap_or_default());
    } else {
        to.extend(escaped(name, ':').map(char::from));
    }
    (to, quotes)
}

/// The suffixes of counters, histograms and summaries.
const MISLEADING: [&str; 4] = ["_total", "_count", "_sum", "_bucket"];

/// Whether a level of that name (HugePages_Total, a count of CPUs) is exposed without a type: as a
/// gauge it would look like a mistake.
pub fn misleads(name: &str) -> bool {
    MISLEADING.iter().any(|suffix| name.ends_with(suffix))
}

/// The type word, the family's name, and the suffix of a sample's name after `name`.
fn shape<'n>(
    format: Format,
    family: &Family<'_>,
    name: &'n str,
) -> (&'static [u8], &'n str, &'static str) {
    let (is_foreign, has_words) = (family.is_foreign(), family.has_words());
    let misleads = !is_foreign && misleads(name);
    match (format, family.kind) {
        (Format::Prometheus, _) if has_words => (b" untyped\n", name, ""),
        (Format::OpenMetrics, _) if has_words => (b" unknown\n", name, ""),
        (Format::Prometheus, Kind::Counter) => (b" counter\n", name, ""),
        (Format::Prometheus, Kind::Gauge) if misleads => (b" untyped\n", name, ""),
        (Format::OpenMetrics, Kind::Gauge) if misleads => (b" unknown\n", name, ""),
        (_, Kind::Gauge) => (b" gauge\n", name, ""),
        (_, Kind::Histogram) => (b" histogram\n", name, ""),
        (_, Kind::Summary) => (b" summary\n", name, ""),
        (Format::Prometheus, Kind::Untyped) => (b" untyped\n", name, ""),
        (Format::OpenMetrics, Kind::Untyped) => (b" unknown\n", name, ""),
        (Format::OpenMetrics, Kind::Counter) if family.is_openmetrics_unknown() => {
            (b" unknown\n", name, "")
        }
        (Format::OpenMetrics, Kind::Counter) => match name.strip_suffix("_total") {
            Some(stem) => (b" counter\n", stem, ""),
            None => (b" counter\n", name, "_total"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metric::{Row, Unit, counter, gauge};

    fn render(format: Format, write: impl FnOnce(&mut Text<'_>)) -> String {
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut text = Text::new(Dialect::Own, format, &mut out, &mut lines);
        write(&mut text);
        text.finish();
        String::from_utf8(out.bytes().to_vec()).unwrap()
    }

    const READS: Row = counter("reads_total", Unit::One, "Say \"reads\".", &["a", "b"]);

    #[test]
    fn formats_differ_where_the_specifications_do() {
        let write = |out: &mut Text<'_>| {
            out.family(&READS);
            out.sample(&["x".into(), "y".into()], Value::Int(7));
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
    fn labels_on_all_are_on_what_has_none_of_that_name() {
        use crate::model::metric::Histogram;
        let labels = [("a", "own"), ("env", "p\"q")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut scrape = |lines: &mut Lines| {
            out.truncate(0);
            let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, lines);
            text.family(&READS);
            text.sample(&["x".into(), "y".into()], Value::Int(7));
            text.sample(&["longer than a word is".into(), "\n".into()], Value::Int(8));
            text.family(&gauge("level", Unit::One, "Level.", &[]));
            text.sample(&[], Value::Int(1));
            text.family(&gauge("pushed", Unit::One, "Pushed.", &[]).unprefixed());
            text.labelled(Labels::rendered(b"env=\"x\""), Point::Number(Value::Int(2)), None);
            let histogram = Histogram { bounds: &[], counts: &[3], sum: 0.5 };
            text.labelled(Labels::rendered(b""), Point::Histogram(histogram), None);
            text.finish();
            let text = String::from_utf8(out.bytes().to_vec()).unwrap();
            text.lines().filter(|l| !l.starts_with('#')).collect::<Vec<_>>().join("\n")
        };
        let plain = scrape(&mut lines);
        lines.label(&labels);
        let constant = "env=\"p\\\"q\"";
        let both = format!("a=\"own\",{constant}");
        let expected = format!(
            "sysmetrics_reads_total{{{constant},a=\"x\",b=\"y\"}} 7\n\
             sysmetrics_reads_total{{{constant},a=\"longer than a word is\",b=\"\\n\"}} 8\n\
             sysmetrics_level{{{both}}} 1\npushed{{env=\"x\",a=\"own\"}} 2\n\
             pushed_bucket{{{both},le=\"+Inf\"}} 3\npushed_sum{{{both}}} 0.5\n\
             pushed_count{{{both}}} 3"
        );
        assert_eq!(scrape(&mut lines), expected);
        assert_eq!(scrape(&mut lines), expected, "from what is kept");
        lines.label(&[]);
        assert_eq!(scrape(&mut lines), plain);
    }

    #[test]
    fn families_without_samples_and_rewound_ones_leave_no_trace() {
        let text = render(Format::Prometheus, |out| {
            out.family(&READS);
            let mark = out.mark();
            assert_eq!(mark, 0);
            out.family(&READS);
            out.sample(&["x".into(), "y".into()], Value::Int(7));
            out.rewind(mark);
            out.sample(&["x".into(), "y".into()], Value::Int(8)); // no current family now
            out.family(&READS);
        });
        assert_eq!(text, "");
    }

    #[test]
    fn any_bytes_make_a_valid_label() {
        let text = render(Format::Prometheus, |out| {
            out.family(&READS);
            let odd: [&[u8]; 2] = [b"q\"b\\n\n", b"\xffok\xc3\xa9\xe2\x82"];
            out.sample(&odd.map(Label::of), Value::Int(1));
        });
        assert!(text.ends_with("{a=\"q\\\"b\\\\n\\n\",b=\"\u{FFFD}oké\u{FFFD}\"} 1\n"), "{text}");
    }
}
