//! Counts what became of the samples of a text.

use crate::model::store::Reason;

/// What became of the samples of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Samples that were stored.
    pub taken: usize,
    /// Samples that were refused.
    pub refused: usize,
    by_reason: [u32; Reason::ALL.len()],
    /// The first sample that was refused.
    pub first: Option<(String, Reason)>,
}

impl Tally {
    /// The number of refused samples for each reason.
    pub fn reasons(&self) -> impl Iterator<Item = (Reason, u32)> {
        Reason::ALL.into_iter().zip(self.by_reason).filter(|(_, count)| *count > 0)
    }

    /// Counts a reason about a sample that is stored all the same.
    pub fn note(&mut self, reason: Reason) {
        if let Some(count) = self.by_reason.get_mut(reason as usize) {
            *count += 1;
        }
    }

    /// Counts the result for one sample.
    pub fn count(&mut self, name: &str, done: Result<(), Reason>) {
        let Err(reason) = done else {
            self.taken += 1;
            return;
        };
        self.refused += 1;
        self.note(reason);
        self.first.get_or_insert_with(|| (name.to_owned(), reason));
    }
}
