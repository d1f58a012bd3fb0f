//! Engine for metrics whose information is in their labels: `os_info{id="debian",...} 1`. Rows of texts are
//! kept and written with the value 1; the collector decides when they are read again.

use crate::kernel::read::Names;
use crate::model::metric::{Family, Label, Sink, Value};

/// Labels of one row; what comes after is left out.
const MAX_LABELS: usize = 24;

/// Rows of label values, each as wide as the others.
#[derive(Default)]
pub struct Rows {
    texts: Names,
    width: usize,
    count: usize,
}

impl Rows {
    /// An empty list of rows, of `width` values each.
    pub fn new(width: usize) -> Rows {
        Rows { texts: Names::default(), width: width.min(MAX_LABELS), count: 0 }
    }

    /// Forgets the rows; the memory stays.
    pub fn clear(&mut self) {
        self.texts.truncate(0);
        self.count = 0;
    }

    /// Adds a row; values that it lacks are empty.
    pub fn push(&mut self, values: &[&[u8]]) {
        for at in 0..self.width {
            self.texts.push(values.get(at).copied().unwrap_or_default());
        }
        self.count += 1;
    }

    /// Writes a sample of `family` for each row.
    pub fn write(&self, family: &Family<'_>, out: &mut dyn Sink) {
        out.family(family);
        for row in 0..self.count {
            let mut labels = [Label::of(b""); MAX_LABELS];
            for (at, label) in labels.iter_mut().enumerate().take(self.width) {
                *label = Label::of(self.texts.get(row * self.width + at).unwrap_or_default());
            }
            out.sample(labels.get(..self.width).unwrap_or_default(), Value::Int(1));
        }
    }
}
