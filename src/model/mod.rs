//! The data model: `metric` has families, values, labels and sinks, `store` the live series of
//! other programs, `frame` all samples of one instant.

pub mod frame;
pub mod metric;
pub mod store;
