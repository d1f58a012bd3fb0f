//! How much is kept by default.

/// How much is kept. Others are derived from the default: `bounds.series = 500_000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// Series; each bucket, quantile, sum and count of a histogram or summary is one.
    pub series: usize,
    /// Families.
    pub families: usize,
    /// Labels of a series.
    pub labels: usize,
    /// Bytes of a name, of a metric or a label.
    pub name_bytes: usize,
    /// Bytes of a label's value.
    pub value_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { series: 100_000, families: 5_000, labels: 32, name_bytes: 200, value_bytes: 1024 }
    }
}

/// The default bounds of a histogram's buckets, in seconds.
pub const DEFAULT_BUCKETS: [f64; 11] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
