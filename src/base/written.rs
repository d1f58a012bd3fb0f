//! How many bytes this program wrote to files, where the kernel does not tell.

use std::sync::{Mutex, PoisonError};

/// A lock, since small processors have no atomic numbers of this size.
static WRITTEN: Mutex<u64> = Mutex::new(0);

/// So many bytes were written.
pub fn note(bytes: u64) {
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    *written = written.saturating_add(bytes);
}

/// Bytes since the start.
pub fn total() -> u64 {
    *WRITTEN.lock().unwrap_or_else(PoisonError::into_inner)
}
