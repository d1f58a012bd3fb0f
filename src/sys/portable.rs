//! What is left of `sys` where the system is not Linux: enough for a registry and its pages.
#![allow(unsafe_code)]

mod float;
mod pen;

pub use float::float;
pub use pen::{BLOCK, Pen};

/// Clock ticks a second in Linux' texts, which no metric comes from here.
pub fn user_hz() -> u64 {
    100
}

/// Whether a write would have to wait, which only Linux is asked.
pub fn would_block<T>(_: &T) -> bool {
    false
}
