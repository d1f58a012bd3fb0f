//! What a sample is: `metric` has families, values, labels and sinks, `store` the live series of
//! others, `frame` all samples of one instant.

pub mod frame;
pub mod metric;
pub mod store;
