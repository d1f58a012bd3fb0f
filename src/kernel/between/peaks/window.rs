//! A window that moves on in steps, and the highest value in it.

use std::time::{Duration, Instant};

/// Steps of a window; there is one more, for the current step.
const STEPS: usize = 15;

/// The current step of the window.
pub struct Steps {
    length: Duration,
    began: Instant,
    /// Its index among those of a peak.
    pub at: usize,
}

/// The highest values of the steps of a window.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peak {
    steps: [Option<u64>; STEPS + 1],
}

impl Steps {
    /// The first step of a window of this length.
    pub fn new(window: Duration, now: Instant) -> Steps {
        Steps { length: window / STEPS as u32, began: now, at: 0 }
    }

    /// Advances to the step of `now`; returns the indices of the steps that begin, all of them at most.
    pub fn passed(&mut self, now: Instant) -> impl Iterator<Item = usize> + use<> {
        let from = self.at;
        let mut count = 0;
        while count <= STEPS && now.saturating_duration_since(self.began) >= self.length {
            self.began += self.length;
            count += 1;
        }
        if count > STEPS {
            self.began = now;
        }
        self.at = (from + count) % (STEPS + 1);
        (1..=count).map(move |step| (from + step) % (STEPS + 1))
    }
}

impl Peak {
    /// Keeps the value if it is the highest of the step.
    pub fn note(&mut self, at: usize, value: Option<u64>) {
        if let Some(highest) = self.steps.get_mut(at) {
            *highest = value.max(*highest);
        }
    }

    /// Begins the step at this index.
    pub fn clear(&mut self, at: usize) {
        self.steps.get_mut(at).into_iter().for_each(|highest| *highest = None);
    }

    /// The highest value of the window; `None` without values.
    pub fn highest(&self) -> Option<u64> {
        self.steps.iter().flatten().max().copied()
    }
}
