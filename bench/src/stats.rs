//! Medians with their spread.

/// What a row of samples comes to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Summary {
    /// Of `samples`, in whatever unit they are.
    pub fn of(samples: &[f64]) -> Summary {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |share| percentile(&sorted, share);
        Summary { median: at(0.5), min: at(0.0), max: at(1.0) }
    }

    /// In another unit.
    pub fn per(self, divisor: f64) -> Summary {
        let Summary { median, min, max } = self;
        Summary { median: median / divisor, min: min / divisor, max: max / divisor }
    }
}

/// The value that `share` of the ascending `sorted` lie at or below.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len().saturating_sub(1)) as f64 * share;
    sorted.get(at.round() as usize).copied().unwrap_or(f64::NAN)
}
