//! The settings about what happens between two scrapes: stalls and peaks.

use std::time::Duration;

/// Which stalls are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// Those of [`Pressure::DEFAULT`], where none are named.
    pub stalls: bool,
    /// A stall has the alerts evaluated at once.
    pub starts_evaluation: bool,
    /// In place of the default ones.
    pub triggers: Vec<StallTrigger>,
}

/// A stall that is counted: tasks waited for `stall` in all within `window`.
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
    /// What a box that is slow shows first. Windows of 2 seconds need no privilege, and the share for memory is
    /// the one at which systemd tells a service that memory is short.
    pub const DEFAULT: [StallTrigger; 3] =
        [trigger("cpu", false, 1000), trigger("io", true, 500), trigger("memory", false, 200)];

    /// The triggers that are wanted.
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
    /// Over which time.
    pub window: Duration,
    /// A pattern for the interfaces that are left out; empty is none.
    pub exclude_devices: String,
}
