//! One object: its labels, its attributes, and how it writes a sample.

use crate::kernel::read::Listed;
use crate::model::metric::{Label, Sink, Value};
use std::cell::Cell;
use std::time::Duration;

/// Labels of an object.
pub const MAX_LABELS: usize = 8;

/// One object.
pub struct Object {
    /// Its name in the directory.
    pub name: String,
    /// 0 for the objects of the layout, 1 for those of the level below, and so on.
    pub(super) level: usize,
    pub(super) labels: Vec<Vec<u8>>,
    /// The prefix of its attributes' paths, such as `mc0/csrow0/`.
    pub(super) path: Vec<u8>,
    /// Which attributes there are: bit i for the i-th.
    pub(super) present: u64,
    /// The entries that are objects below it.
    pub(super) below: Listed,
    /// The greatest age of its texts in this scrape; zero if all are of this scrape.
    pub(super) age: Cell<Duration>,
}

impl Object {
    /// Whether the attribute at this index of its table exists.
    pub fn has(&self, at: usize) -> bool {
        self.present.checked_shr(at as u32).is_some_and(|bits| bits & 1 == 1)
    }

    /// The label at this index; empty if there is none.
    pub fn label(&self, at: usize) -> &[u8] {
        self.labels.get(at).map_or(&[], |label| label)
    }

    /// Writes a sample of the current family, which has `keys` labels.
    pub fn sample(&self, keys: usize, value: Value, out: &mut dyn Sink) {
        let mut labels = [Label::of(b""); MAX_LABELS];
        for (to, from) in labels.iter_mut().zip(&self.labels) {
            *to = Label::of(from);
        }
        out.sample(labels.get(..keys.min(self.labels.len())).unwrap_or_default(), value);
    }
}
