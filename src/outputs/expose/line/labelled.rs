//! The lines of series with labels of their own.

use super::Lines;
use crate::model::metric::{Buffer, Exemplar, Histogram, Labels, Point};
use crate::outputs::expose::series;

impl Lines {
    /// Appends a series with labels of its own; its family has no keys. Returns whether there was none with
    /// these labels, where names have to be escaped.
    pub fn write_series(
        &mut self,
        line: series::Line<'_>,
        (point, texts): (Point<'_>, &str),
        escape: bool,
        out: &mut Buffer,
    ) -> bool {
        let (start, length) = (self.name_at(), self.now.name_length as usize);
        let mut labels = line.labels;
        if escape {
            let is_whole = !matches!(point, Point::Number(_));
            let Some(escaped) = self.escaping.labels(labels, is_whole) else { return false };
            labels = escaped;
        }
        let name = self.heads.as_flattened().get(start..start + length).unwrap_or_default();
        if !self.constant.is_empty() {
            labels = Labels::rendered(self.constant.complete(labels.text()));
        }
        let is_quoted = self.now.is_quoted;
        series::Line { name, is_quoted, labels, ..line }.write(point, texts, out);
        true
    }

    /// The same for a histogram with exemplars, which exist only in OpenMetrics.
    pub fn write_exemplified(
        &mut self,
        labels: Labels<'_>,
        histogram: Histogram<'_>,
        exemplars: &[Option<Exemplar<'_>>],
        out: &mut Buffer,
    ) {
        let (name, labels) = self.name_and_labels(labels);
        series::write_exemplified(name, labels, &histogram, exemplars, out);
    }

    /// The name of the current family, and all labels of a series with these.
    fn name_and_labels<'a>(&'a mut self, labels: Labels<'a>) -> (&'a [u8], Labels<'a>) {
        let (start, length) = (self.name_at(), self.now.name_length as usize);
        let name = self.heads.as_flattened().get(start..start + length).unwrap_or_default();
        let labels = match self.constant.is_empty() {
            true => labels,
            false => Labels::rendered(self.constant.complete(labels.text())),
        };
        (name, labels)
    }
}
