//! What all other modules build on: system calls, errors, clocks, the log, and the syntax of HTTP.

pub mod address;
pub mod clock;
pub mod dialect;
pub mod error;
pub mod float;
#[cfg(feature = "hub")]
pub mod json;
pub mod log;
#[cfg(feature = "exporter")]
pub mod state;
#[cfg(target_os = "linux")]
pub mod sys;
// A registry and its pages need only a part of the system.
#[cfg(not(target_os = "linux"))]
#[path = "sys/portable.rs"]
pub mod sys;
#[cfg(feature = "exporter")]
pub mod text;
pub mod wire;
#[cfg(feature = "exporter")]
pub mod written;
