//! The settings for events between two scrapes: stalls and peaks.

use std::time::Duration;

/// Which stalls are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// Whether to count stalls; without triggers, those of [`Pressure::DEFAULT`].
    pub stalls: bool,
    /// A stall starts an evaluation of the alerts at once.
    pub starts_evaluation: bool,
    /// Triggers that replace the default ones.
    pub triggers: Vec<StallTrigger>,
}

/// A stall that is counted: tasks waited for `stall` in total within `window`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StallTrigger {
    /// What they waited for: the name of a file in `/proc/pressure`.
    pub resource: &'static str,
    /// All tasks waited at once; otherwise at least one.
    pub is_full: bool,
    /// How long.
    pub stall: Duration,
    /// Within which time.
    pub window: Duration,
}

impl Pressure {
    /// The first signs of a slow box. Windows of 2 seconds need no privilege, and the share for memory is
    /// the one at which systemd notifies a service that memory is short.
    pub const DEFAULT: [StallTrigger; 3] =
        [trigger("cpu", false, 1000), trigger("io", true, 500), trigger("memory", false, 200)];

    /// The triggers in effect.
    pub fn wanted(&self) -> &[StallTrigger] {
        match self.triggers.as_slice() {
            [] if self.stalls => &Pressure::DEFAULT,
            named => named,
        }
    }
}

const fn trigger(resource: &'static str, is_full: bool, millis: u64) -> StallTrigger {
    let (stall, window) = (Duration::from_millis(millis), Duration::from_secs(2));
    StallTrigger { resource, is_full, stall, window }
}

/// Which peaks are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peaks {
    /// Whether any are.
    pub are_on: bool,
    /// The length of the window.
    pub window: Duration,
    /// A pattern for the interfaces that are left out; empty for none.
    pub exclude_devices: String,
}
