//! The settings for everything that is pushed, by whichever way it comes in.

use super::intake::MAX_AHEAD;
use crate::base::clock::WallClock;
use crate::model::store::{LabelSet, Reason};
use std::time::Duration;

/// A time stamp from here on is in milliseconds.
const MILLIS_FROM: f64 = 1e11;

/// The settings for pushed samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// How long a series lives without another sample; zero means for ever.
    pub ttl: Duration,
    /// The same for individual sources.
    pub ttl_by_source: Vec<(String, Duration)>,
    /// How old a time stamp may be.
    pub max_age: Duration,
    /// What is put before every name.
    pub prefix: String,
    /// Labels that are added to every series without a label of that name.
    pub labels: Vec<(String, String)>,
}

impl Rules {
    /// How long the series of `source` live.
    pub fn ttl_of(&self, source: &str) -> Duration {
        let mut all = self.ttl_by_source.iter();
        all.find(|(name, _)| name == source).map_or(self.ttl, |(_, ttl)| *ttl)
    }

    /// Adds the labels that every series has.
    pub fn add_labels(&self, labels: &mut LabelSet) {
        for (name, value) in &self.labels {
            labels.add_missing(name, value);
        }
    }

    /// A time stamp in milliseconds, if it is neither too old nor in the future.
    pub fn stamp(&self, time: f64, now: WallClock) -> Result<i64, Reason> {
        let millis = if time.abs() < MILLIS_FROM { time * 1000.0 } else { time };
        let now = now.since_epoch();
        let from = now.saturating_sub(self.max_age).as_millis() as f64;
        let to = (now + MAX_AHEAD).as_millis() as f64;
        if (from..=to).contains(&millis) { Ok(millis.round() as i64) } else { Err(Reason::Time) }
    }
}
