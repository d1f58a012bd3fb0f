//! The library: counters, gauges and histograms of the program that links this crate. What is
//! named here is at the top of the crate.

pub mod recorder;
pub mod registry;

pub use crate::model::store::{Bounds, Reason};
pub use crate::outputs::expose::Format;
pub use recorder::{BuildError, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
#[cfg(target_os = "linux")]
pub use recorder::{Exporter, serve::Serving};
pub use registry::{
    Counter, Gauge, Histogram, Idle, Matcher, MetricKindMask, Naming, Options, Registry, Shape,
    Shapes, Window,
};
