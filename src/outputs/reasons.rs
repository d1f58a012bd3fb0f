//! Counts by reason.

/// Counts by reason. Reasons are few; they stay sorted.
pub type Reasons = Vec<(&'static str, u64)>;

/// Adds to the count of a reason.
pub fn add(reasons: &mut Reasons, reason: &'static str, count: u64) {
    let place = reasons.partition_point(|(other, _)| *other < reason);
    match reasons.get_mut(place) {
        Some((other, sum)) if *other == reason => *sum += count,
        _ => reasons.insert(place, (reason, count)),
    }
}
