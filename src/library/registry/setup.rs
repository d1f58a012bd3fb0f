//! What does not change as long as a registry lives.

use super::identity::{self, Rules, part_hash};
use super::key;
use super::name;
use super::options::Options;
use crate::base::log;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Options, and what is derived from them.
pub struct Setup {
    pub options: Options,
    /// A key with an empty name and the labels of all series; the second for metrics that have parts.
    of_all: [Vec<u8>; 2],
    /// For hashes of keys of callers that use the registry directly.
    pub state: RandomState,
    /// For hashes of series.
    seed: u64,
    /// Observations that are not numbers.
    pub left_out: Arc<AtomicU64>,
}

impl Setup {
    pub fn new(options: Options) -> Setup {
        let state = RandomState::new();
        let seed = state.hash_one(0u8);
        let of_all = [of_all(&options, false), of_all(&options, true)];
        Setup { options, of_all, state, seed, left_out: Arc::default() }
    }

    /// The hash of a family's name.
    pub fn hash(&self, name: &str) -> u32 {
        part_hash(self.seed, name.as_bytes()) as u32
    }

    /// The rules by which keys are checked; `has_parts` for those of histograms and summaries.
    pub fn rules(&self, has_parts: bool) -> Rules<'_> {
        let [plain, of_parts] = &self.of_all;
        let of_all = if has_parts { of_parts } else { plain };
        Rules { bounds: &self.options.bounds, of_all, has_parts, seed: self.seed }
    }
}

/// The global labels of the options, sanitized. One that cannot be a label is left out.
fn of_all(options: &Options, has_parts: bool) -> Vec<u8> {
    let bounds = &options.bounds;
    let (mut text, mut sanitized) = (Vec::new(), Vec::new());
    key::put("", &mut text);
    for (label, value) in &options.labels {
        let length = name::label(label, has_parts).len();
        if (1..=bounds.name_bytes).contains(&length) && value.len() <= bounds.value_bytes {
            key::put(label, &mut text);
            key::put(value, &mut text);
        } else if !has_parts {
            log::warn("a label for all series is not valid", &[("label", label), ("value", value)]);
        }
    }
    identity::make_fit(&text, &Rules { bounds, of_all: &[], has_parts, seed: 0 }, &mut sanitized);
    sanitized
}
