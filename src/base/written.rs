//! How many bytes this program wrote to files, if the kernel does not report it.

use std::sync::{Mutex, PoisonError};

/// A mutex, since small processors have no atomic numbers of this size.
static WRITTEN: Mutex<u64> = Mutex::new(0);

/// Adds bytes that were written.
pub fn note(bytes: u64) {
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    *written = written.saturating_add(bytes);
}

/// Bytes since the start.
pub fn total() -> u64 {
    *WRITTEN.lock().unwrap_or_else(PoisonError::into_inner)
}
