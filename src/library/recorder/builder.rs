//! Configures a recorder, step by step.

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

/// How the names of the process's own metrics begin, beside those of the collectors.
const PROCESS: &str = "process_";

/// Builds a recorder of the facade `metrics`, and the exporter of its metrics.
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
    /// A builder that listens on port 9000 of all addresses of the machine.
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

    /// Makes histograms that have no buckets summaries of these quantiles, each between 0 and 1.
    ///
    /// # Errors
    ///
    /// `quantiles` is empty.
    pub fn set_quantiles(mut self, quantiles: &[f64]) -> Result<Self, BuildError> {
        self.quantiles = Some(some(quantiles)?);
        Ok(self)
    }

    /// Makes histograms that have no buckets summaries of the quantiles 0, 0.5, 0.9, 0.95, 0.99, 0.999
    /// and 1.
    pub fn with_summaries(mut self) -> Self {
        self.quantiles = Some(DEFAULT_QUANTILES.to_vec());
        self
    }

    /// Sets the length of a window of summaries, 20 seconds by default. Quantiles forget values that are older than
    /// `set_bucket_count` times this.
    ///
    /// # Errors
    ///
    /// `value` is zero.
    pub fn set_bucket_duration(mut self, value: Duration) -> Result<Self, BuildError> {
        if value.is_zero() {
            return Err(BuildError::ZeroBucketDuration);
        }
        self.window.turn = value;
        Ok(self)
    }

    /// Sets the number of windows, see `set_bucket_duration`; 3 by default, at most 16.
    pub fn set_bucket_count(mut self, count: NonZeroU32) -> Self {
        self.window.count = count.get() as usize;
        self
    }

    /// Sets the bounds of the buckets of all histograms that have none of their own.
    ///
    /// # Errors
    ///
    /// `values` is empty.
    pub fn set_buckets(mut self, values: &[f64]) -> Result<Self, BuildError> {
        self.buckets = Some(some(values)?);
        Ok(self)
    }

    /// Sets the bounds of the buckets of histograms that `matcher` applies to.
    ///
    /// # Errors
    ///
    /// `values` is empty.
    pub fn set_buckets_for_metric(
        mut self,
        matcher: Matcher,
        values: &[f64],
    ) -> Result<Self, BuildError> {
        self.matched.push((matcher, some(values)?));
        Ok(self)
    }

    /// Lets names of counters end in `_total`, and units that are described become part of names.
    pub fn with_recommended_naming(mut self, enabled: bool) -> Self {
        self.naming.totals = enabled;
        self.naming.units |= enabled;
        self
    }

    /// Lets units that are described become part of names.
    pub fn set_enable_unit_suffix(mut self, enabled: bool) -> Self {
        self.naming.units = enabled || self.naming.totals;
        self
    }

    /// Forgets series of these kinds that are not updated for longer than `timeout`. The time
    /// runs from the first page that shows them. With the feature `metrics-util` the mask may be that
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

    /// Does nothing, as there is no upkeep. It exists for programs that call it.
    pub fn upkeep_timeout(self, _timeout: Duration) -> Self {
        self
    }

    /// Adds this label to every series without a label of that name; of two with one name the last counts.
    pub fn add_global_label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((key.into(), value.into()));
        self
    }

    /// Sets how much is kept; what exceeds it is refused and counted.
    pub fn set_bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Installs the recorder for the whole process; the handle renders its metrics.
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

    /// Builds only the recorder.
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
