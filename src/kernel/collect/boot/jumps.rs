//! Jumps of the wall clock, and how long the machine was suspended.

use crate::base::sys::Clocks;

/// Nanoseconds by which the wall clock may be off from one reading to the next without having jumped.
const MIN_JUMP: i64 = 100_000_000;

/// In addition, a clock that is slewed may gain or lose this fraction of the time between: the kernel's own
/// discipline changes it by 1 in 2000.
const SLEW: i64 = 1000;

/// A shorter time is not a suspend: nanoseconds.
const MIN_SUSPENDED: i64 = 10_000_000;

const MILLI: i64 = 1_000_000;

/// The state of the clocks so far.
#[derive(Debug, Default)]
pub struct Jumps {
    /// The clocks at the last reading.
    last: Option<Clocks>,
    /// Jumps forward and back.
    pub count: [u64; 2],
    /// The last of them in nanoseconds, below zero for a jump back.
    pub size: Option<i64>,
    /// The time suspended in milliseconds.
    pub suspended: u64,
}

impl Jumps {
    /// Compares the clocks with the last reading.
    pub fn compare(&mut self, now: Clocks) {
        if let Some(then) = self.last.replace(now) {
            let ahead = |clocks: Clocks| clocks.real.saturating_sub(clocks.boot);
            let size = ahead(now).saturating_sub(ahead(then));
            let passed = now.boot.saturating_sub(then.boot).max(0);
            if size.saturating_abs() > MIN_JUMP.saturating_add(passed / SLEW) {
                let [forward, backward] = &mut self.count;
                *(if size > 0 { forward } else { backward }) += 1;
                self.size = Some(size);
            }
        }
        // A difference of two clocks varies by the time between the readings; the counter does not.
        let known = i64::try_from(self.suspended).unwrap_or(i64::MAX).saturating_mul(MILLI);
        let suspended = now.boot.saturating_sub(now.awake);
        if suspended.saturating_sub(known) > MIN_SUSPENDED {
            self.suspended = u64::try_from(suspended / MILLI).unwrap_or_default();
        }
    }
}
