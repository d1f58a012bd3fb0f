//! A metrics agent for small Linux boxes.

pub mod clock;
pub mod collect;
pub mod error;
pub mod expose;
pub mod gather;
pub mod log;
pub mod metric;
pub mod read;
pub mod settings;
pub mod sys;
