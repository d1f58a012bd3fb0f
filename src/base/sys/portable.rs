//! What is left of `sys` where the system is not Linux: enough for a registry and its pages.
#![allow(unsafe_code)]

pub mod digits;
mod pen;
mod sort;
mod texts;

pub use pen::{BLOCK, FOUR, LONG, LinePen, Pen, Places};
pub use sort::sort;
pub use texts::Texts;

/// Clock ticks a second in Linux' texts, which no metric comes from here.
pub fn user_hz() -> u64 {
    100
}

/// Whether a write would have to wait, which only Linux is asked.
pub fn would_block<T>(_: &T) -> bool {
    false
}

/// The size of a page, in which only Linux counts.
pub fn page_size() -> u64 {
    4096
}

/// Milliseconds since the start of the system, which nobody here asks for.
pub fn boot_millis() -> u64 {
    0
}

/// The processor is not asked: all of `bytes` is left to the caller.
pub fn crc32(register: u32, bytes: &[u8]) -> (u32, &[u8]) {
    (register, bytes)
}
