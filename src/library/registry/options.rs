//! What a registry is like: bounds, shapes, names, and which series are forgotten.

use super::shape::Shapes;
use crate::model::metric::Kind;
use crate::model::store::Bounds;
use std::ops::BitOr;
use std::time::Duration;

/// What is done to names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Naming {
    /// Units that are described become part of the name.
    pub units: bool,
    /// Counters end in `_total`.
    pub totals: bool,
}

/// What a registry is like: the default, some of it changed.
///
/// ```
/// use sysmetrics::{Idle, MetricKindMask, Options, Registry};
/// use std::time::Duration;
///
/// let mut options = Options::default();
/// options.bounds.series = 500_000;
/// options.idle = Some(Idle::new(MetricKindMask::ALL, Duration::from_secs(3600)));
/// let registry = Registry::with(options);
/// # registry.counter("jobs_total", &[]).inc();
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// How much is kept.
    pub bounds: Bounds,
    /// What histograms keep.
    pub shapes: Shapes,
    /// Labels of every series that has none of that name.
    pub labels: Vec<(String, String)>,
    /// What is done to names.
    pub naming: Naming,
    /// Which series are forgotten; otherwise all stay.
    pub idle: Option<Idle>,
    /// How names begin that are refused: they are another's on the same page.
    pub reserved: Vec<&'static str>,
}

/// Kinds of metrics, any number of them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MetricKindMask(u8);

impl MetricKindMask {
    /// None.
    pub const NONE: MetricKindMask = MetricKindMask(0);
    /// Counters.
    pub const COUNTER: MetricKindMask = MetricKindMask(1);
    /// Gauges.
    pub const GAUGE: MetricKindMask = MetricKindMask(2);
    /// Histograms, also those that are summaries.
    pub const HISTOGRAM: MetricKindMask = MetricKindMask(4);
    /// All.
    pub const ALL: MetricKindMask = MetricKindMask(7);

    /// Whether that kind is among them.
    pub fn matches(self, kind: Kind) -> bool {
        let of = match kind {
            Kind::Counter => MetricKindMask::COUNTER,
            Kind::Gauge | Kind::Untyped => MetricKindMask::GAUGE,
            Kind::Histogram | Kind::Summary => MetricKindMask::HISTOGRAM,
        };
        self.0 & of.0 != 0
    }
}

/// That of the crate `metrics-util`, which programs have that used another exporter.
#[cfg(feature = "metrics-util")]
impl From<metrics_util::MetricKindMask> for MetricKindMask {
    fn from(mask: metrics_util::MetricKindMask) -> MetricKindMask {
        use metrics_util::MetricKind;
        let all = [
            (MetricKind::Counter, MetricKindMask::COUNTER),
            (MetricKind::Gauge, MetricKindMask::GAUGE),
            (MetricKind::Histogram, MetricKindMask::HISTOGRAM),
        ];
        let named = all.into_iter().filter(|(kind, _)| mask.matches(*kind));
        named.fold(MetricKindMask::NONE, |so_far, (_, own)| so_far | own)
    }
}

impl BitOr for MetricKindMask {
    type Output = MetricKindMask;

    fn bitor(self, other: MetricKindMask) -> MetricKindMask {
        MetricKindMask(self.0 | other.0)
    }
}

/// Which series are forgotten when nobody told them anything for so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Idle {
    /// Of these kinds.
    pub kinds: MetricKindMask,
    /// For longer than this.
    pub after: Duration,
}

impl Idle {
    /// Series of these kinds, when they were told nothing for longer than this.
    pub fn new(kinds: MetricKindMask, after: Duration) -> Idle {
        Idle { kinds, after }
    }
}
