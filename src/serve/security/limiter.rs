//! Limits the rate of requests: a token bucket, as exporter-toolkit's `rate_limit`. A request takes one;
//! one comes back in each interval, until there are `burst` of them again, as at the start.

use crate::settings::RateLimit;
use std::time::Instant;

/// The bucket.
pub struct Limiter {
    limit: RateLimit,
    /// When the bucket was or will be full: each missing token is one interval. `None` before the first request.
    full_at: Option<Instant>,
}

impl Limiter {
    /// A full bucket.
    pub fn new(limit: RateLimit) -> Limiter {
        Limiter { limit, full_at: None }
    }

    /// The limit.
    pub fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Takes a token; returns whether there was one.
    pub fn admits(&mut self, now: Instant) -> bool {
        let RateLimit { interval, burst } = self.limit;
        let full_at = self.full_at.map_or(now, |at| at.max(now)) + interval;
        let is_in = full_at.saturating_duration_since(now) <= interval.saturating_mul(burst);
        if is_in {
            self.full_at = Some(full_at);
        }
        is_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_is_answered_and_then_one_in_each_interval() {
        let interval = Duration::from_secs(10);
        let mut limiter = Limiter::new(RateLimit { interval, burst: 3 });
        let start = Instant::now();
        let mut admitted = |seconds: u64, count: usize| {
            let now = start + Duration::from_secs(seconds);
            (0..count).filter(|_| limiter.admits(now)).count()
        };
        assert_eq!(admitted(0, 5), 3);
        assert_eq!(admitted(9, 5), 0, "who is turned away takes nothing");
        assert_eq!(admitted(10, 5), 1);
        assert_eq!(admitted(35, 5), 2, "the half of an interval is kept");
        assert_eq!(admitted(40, 5), 1);
        assert_eq!(admitted(1000, 5), 3, "no more than the burst");
    }
}
