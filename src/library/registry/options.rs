//! The options of a registry: bounds, shapes, names, and which series expire.

use super::shape::Shapes;
use crate::model::metric::Kind;
use crate::model::store::Bounds;
use std::ops::BitOr;
use std::time::Duration;

/// How names are completed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Naming {
    /// Units that are described become part of the name.
    pub units: bool,
    /// Counters end in `_total`.
    pub totals: bool,
}

/// The options of a registry: the default, some of it changed.
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
    /// The limits.
    pub bounds: Bounds,
    /// What histograms keep.
    pub shapes: Shapes,
    /// Labels that are added to every series without a label of that name.
    pub labels: Vec<(String, String)>,
    /// How names are completed.
    pub naming: Naming,
    /// Which series expire; `None` keeps all.
    pub idle: Option<Idle>,
    /// Prefixes of names that are refused: other parts of the same page use them.
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

    /// Whether the mask contains that kind.
    pub fn matches(self, kind: Kind) -> bool {
        let of = match kind {
            Kind::Counter => MetricKindMask::COUNTER,
            Kind::Gauge | Kind::Untyped => MetricKindMask::GAUGE,
            Kind::Histogram | Kind::Summary => MetricKindMask::HISTOGRAM,
        };
        self.0 & of.0 != 0
    }
}

/// The mask of the crate `metrics-util`, which programs have that used another exporter.
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

/// Which series expire when they are not updated for some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Idle {
    /// The kinds of series.
    pub kinds: MetricKindMask,
    /// The time without an update.
    pub after: Duration,
}

impl Idle {
    /// Series of these kinds, when they are not updated for longer than this.
    pub fn new(kinds: MetricKindMask, after: Duration) -> Idle {
        Idle { kinds, after }
    }
}
