//! Pauses between attempts: twice as long each time, and random, so that boxes that lost a receiver at the same time
//! do not come back at the same time.

use crate::workers::{random, spread};
use std::time::Duration;

/// The pause after this many failures.
pub fn pause(initial: Duration, longest: Duration, failures: u32) -> Duration {
    spread_pause(initial, longest, failures, random() as u32)
}

fn spread_pause(initial: Duration, longest: Duration, failures: u32, random: u32) -> Duration {
    let whole = initial.saturating_mul(1 << failures.min(20)).min(longest);
    spread(whole, random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_differ() {
        let [initial, longest] = [500, 30_000].map(Duration::from_millis);
        let of = |failures, random| spread_pause(initial, longest, failures, random).as_millis();
        for (failures, whole) in [(0, 500), (1, 1000), (5, 16_000), (6, 30_000), (u32::MAX, 30_000)]
        {
            assert_eq!((of(failures, 0), of(failures, u32::MAX)), (whole / 2, whole));
        }
        assert!((374..=376).contains(&of(0, u32::MAX / 2)));
    }
}
