//! What a recorder is to be like, said step by step.

use super::output::Output;
use super::page::Host;
use super::{BuildError, PrometheusHandle, PrometheusRecorder};
use crate::library::registry::{
    DEFAULT_QUANTILES, Idle, Matcher, MetricKindMask, Naming, Options, Registry, Shape, Shapes,
    Window,
};
use crate::model::store::Bounds;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

/// How the names begin of what the process says of itself beside the collectors.
const PROCESS: &str = "process_";

/// Builds a recorder of the facade `metrics`, and what takes its metrics out of the process.
///
/// Listening and pushing need Linux. On other systems the methods for them (`install`, `build`,
/// `with_http_listener`, …) do not exist; `install_recorder` and the handle's `render` do.
#[must_use = "a builder does nothing until it builds"]
pub struct PrometheusBuilder {
    #[allow(dead_code)] // only Linux has a way out
    pub(super) output: Output,
    bounds: Bounds,
    buckets: Option<Vec<f64>>,
    matched: Vec<(Matcher, Vec<f64>)>,
    quantiles: Option<Vec<f64>>,
    window: Window,
    idle: Option<Idle>,
    naming: Naming,
    labels: Vec<(String, String)>,
    /// Opens the collectors.
    pub(super) host: Option<fn() -> Host>,
}

impl fmt::Debug for PrometheusBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrometheusBuilder").finish_non_exhaustive()
    }
}

impl Default for PrometheusBuilder {
    fn default() -> PrometheusBuilder {
        PrometheusBuilder::new()
    }
}

impl PrometheusBuilder {
    /// One that listens on port 9000 of all addresses of the machine.
    pub fn new() -> PrometheusBuilder {
        PrometheusBuilder {
            output: Output::default(),
            bounds: Bounds::default(),
            buckets: None,
            matched: Vec::new(),
            quantiles: None,
            window: Window::default(),
            idle: None,
            naming: Naming::default(),
            labels: Vec::new(),
            host: None,
        }
    }

    /// Histograms that have no buckets are summaries of these quantiles, each between 0 and 1.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn set_quantiles(mut self, quantiles: &[f64]) -> Result<Self, BuildError> {
        self.quantiles = Some(some(quantiles)?);
        Ok(self)
    }

    /// Histograms that have no buckets are summaries of the quantiles 0, 0.5, 0.9, 0.95, 0.99, 0.999
    /// and 1.
    pub fn with_summaries(mut self) -> Self {
        self.quantiles = Some(DEFAULT_QUANTILES.to_vec());
        self
    }

    /// Quantiles forget what is older than so many (`set_bucket_count`) times this; 20 seconds.
    ///
    /// # Errors
    ///
    /// It is no time.
    pub fn set_bucket_duration(mut self, value: Duration) -> Result<Self, BuildError> {
        if value.is_zero() {
            return Err(BuildError::ZeroBucketDuration);
        }
        self.window.turn = value;
        Ok(self)
    }

    /// See `set_bucket_duration`; 3, at most 16.
    pub fn set_bucket_count(mut self, count: NonZeroU32) -> Self {
        self.window.count = count.get() as usize;
        self
    }

    /// All histograms have buckets of these bounds, but for those that have their own.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn set_buckets(mut self, values: &[f64]) -> Result<Self, BuildError> {
        self.buckets = Some(some(values)?);
        Ok(self)
    }

    /// Histograms that `matcher` is for have buckets of these bounds.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn set_buckets_for_metric(
        mut self,
        matcher: Matcher,
        values: &[f64],
    ) -> Result<Self, BuildError> {
        self.matched.push((matcher, some(values)?));
        Ok(self)
    }

    /// Names of counters end in `_total`, and units that are described become part of names.
    pub fn with_recommended_naming(mut self, enabled: bool) -> Self {
        self.naming.totals = enabled;
        self.naming.units |= enabled;
        self
    }

    /// Units that are described become part of names.
    pub fn set_enable_unit_suffix(mut self, enabled: bool) -> Self {
        self.naming.units = enabled || self.naming.totals;
        self
    }

    /// Series of these kinds that are told nothing for longer than `timeout` are forgotten. The time
    /// runs from the first page on which they are. With the feature `metrics-util` the mask may be that
    /// crate's.
    pub fn idle_timeout(
        mut self,
        mask: impl Into<MetricKindMask>,
        timeout: Option<Duration>,
    ) -> Self {
        let mask = mask.into();
        let some = timeout.filter(|_| mask != MetricKindMask::NONE);
        self.idle = some.map(|after| Idle { kinds: mask, after });
        self
    }

    /// Does nothing: there is nothing to keep up. It is here for programs that call it.
    pub fn upkeep_timeout(self, _timeout: Duration) -> Self {
        self
    }

    /// This label is on every series that has none of that name; of two of a name the last is taken.
    pub fn add_global_label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((key.into(), value.into()));
        self
    }

    /// How much is kept; what is beyond is refused and counted.
    pub fn set_bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Installs the recorder for the whole process; what it has is rendered by the handle.
    ///
    /// # Errors
    ///
    /// A recorder is installed already.
    pub fn install_recorder(self) -> Result<PrometheusHandle, BuildError> {
        let recorder = self.build_recorder();
        let handle = recorder.handle();
        set_global(recorder)?;
        Ok(handle)
    }

    /// The recorder alone.
    pub fn build_recorder(self) -> PrometheusRecorder {
        let host = self.host;
        let mut options = self.options();
        let handle = match host {
            Some(open) => {
                options.reserved.push(PROCESS);
                PrometheusHandle::with_host(Registry::with(options), open())
            }
            None => PrometheusHandle::of(Registry::with(options)),
        };
        PrometheusRecorder::new(handle)
    }

    fn options(self) -> Options {
        let other = match (&self.buckets, &self.quantiles) {
            (Some(bounds), _) => Shape::buckets(bounds),
            (None, Some(quantiles)) => Shape::quantiles(quantiles, self.window),
            (None, None) => Shape::default(),
        };
        let mut shapes = Shapes::from(other);
        for (matcher, bounds) in self.matched {
            shapes.set(matcher, Shape::buckets(&bounds));
        }
        let (bounds, labels, naming, idle) = (self.bounds, self.labels, self.naming, self.idle);
        Options { bounds, shapes, labels, naming, idle, reserved: Vec::new() }
    }
}

fn some(values: &[f64]) -> Result<Vec<f64>, BuildError> {
    if values.is_empty() { Err(BuildError::EmptyBucketsOrQuantiles) } else { Ok(values.to_vec()) }
}

pub(super) fn set_global(recorder: PrometheusRecorder) -> Result<(), BuildError> {
    metrics::set_global_recorder(recorder).map_err(|_| BuildError::FailedToSetGlobalRecorder)
}
