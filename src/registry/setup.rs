//! What stays as it is as long as a registry lives.

use super::Options;
use super::identity::{Labels, Rules, part_hash};
use super::name;
use crate::store::is_label_name;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Options, and what comes of them.
pub struct Setup {
    pub options: Options,
    /// Labels of all series; and of those that have parts.
    labels: [Labels; 2],
    /// Of hashes of keys of whoever calls the registry by hand.
    pub state: RandomState,
    /// Of hashes of series.
    seed: u64,
    /// Observations that are no number.
    pub left_out: Arc<AtomicU64>,
}

impl Setup {
    pub fn new(options: Options) -> Setup {
        let state = RandomState::new();
        let labels = [false, true].map(|has_parts| labels_of_all(&options, has_parts));
        let seed = state.hash_one(0u8);
        Setup { options, labels, state, seed, left_out: Arc::default() }
    }

    /// The hash of a family's name.
    pub fn hash(&self, name: &str) -> u32 {
        part_hash(self.seed, name.as_bytes()) as u32
    }

    /// What keys are held against; `has_parts` for those of histograms and summaries.
    pub fn rules(&self, has_parts: bool) -> Rules<'_> {
        let [plain, of_parts] = &self.labels;
        let labels = if has_parts { of_parts } else { plain };
        Rules { bounds: &self.options.bounds, labels, has_parts, seed: self.seed }
    }
}

/// The labels that options name for all series, made fit: of two that go by one name the last. One
/// without a value is none, and one that cannot be a label is left out.
fn labels_of_all(options: &Options, has_parts: bool) -> Labels {
    let mut labels = Labels::new();
    for (label, value) in &options.labels {
        let label = name::label(label, has_parts);
        labels.retain(|(known, _)| *known != label);
        labels.push((label, value.clone()));
    }
    let bounds = &options.bounds;
    labels.retain(|(label, value)| {
        let is_fit = is_label_name(label.as_bytes()) && label.len() <= bounds.name_bytes;
        is_fit && !value.is_empty() && value.len() <= bounds.value_bytes
    });
    labels
}
