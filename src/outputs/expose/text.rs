//! Exposition text 0.0.4 (<https://prometheus.io/docs/instrumenting/exposition_formats/>) and
//! OpenMetrics 1.0 (<https://prometheus.io/docs/specs/om/open_metrics_spec/>), which differ in the
//! counters' family names, the name of the untyped type, and the closing `# EOF`.

use super::escape::escape;
use super::format::Format;
use super::kind::shape;
use super::line::Lines;
use super::series::Line;
use crate::base::dialect::Dialect;
use crate::model::metric::{
    Buffer, Column, Exemplar, Family, Histogram, Label, Labels, Point, Rows, Sink, Value,
};
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
        self.lines.set_labels(labels);
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
        debug_assert!(!self.shown || labels.len() == self.lines.keys(), "a value for each key");
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
        self.has_stem = false;
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

#[cfg(test)]
mod tests;
