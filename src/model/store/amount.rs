//! An amount of the things that have bounds.

/// An amount, or a difference of amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Series; each line of a histogram or summary is one.
    pub series: usize,
    /// Families.
    pub families: usize,
    /// Bytes of names, labels and help texts.
    pub bytes: usize,
}

impl Amount {
    /// Adds `more`.
    pub fn add(&mut self, more: Amount) {
        self.series += more.series;
        self.families += more.families;
        self.bytes += more.bytes;
    }

    /// Subtracts `less`.
    pub fn take(&mut self, less: Amount) {
        self.series = self.series.saturating_sub(less.series);
        self.families = self.families.saturating_sub(less.families);
        self.bytes = self.bytes.saturating_sub(less.bytes);
    }
}
