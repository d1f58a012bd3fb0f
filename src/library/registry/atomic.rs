//! Floats that several threads add to.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Adds to a float that is kept as its bits.
#[inline]
pub fn add(to: &AtomicU64, value: f64) {
    let mut old = to.load(Relaxed);
    loop {
        let new = (f64::from_bits(old) + value).to_bits();
        match to.compare_exchange_weak(old, new, Relaxed, Relaxed) {
            Ok(_) => return,
            Err(now) => old = now,
        }
    }
}
