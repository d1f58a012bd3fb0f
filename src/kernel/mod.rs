//! The kernel's own files: `read` gets bytes, `collect` makes samples of them, `gather` runs all
//! collectors and the store into one sink.

#[cfg(feature = "hub")]
pub mod between;
pub mod collect;
pub mod gather;
pub mod read;
