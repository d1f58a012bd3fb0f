//! What is put into a measurement, and what comes of it.

use crate::targets::Verdict;

/// How much work to put in.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Scrapes after which memory is looked at for the last time.
    pub scrapes: usize,
    pub starts: usize,
    pub repeats: usize,
    pub wrk_seconds: u32,
    /// Batches pushed.
    pub pushes: usize,
    /// Of log to read.
    pub log_megabytes: u64,
}

/// Facts for the record, and verdicts.
#[derive(Default)]
pub struct Found {
    pub facts: Vec<String>,
    pub verdicts: Vec<Verdict>,
}

impl Found {
    pub fn at_most(&mut self, what: &str, measured: f64, target: f64, write: fn(f64) -> String) {
        self.verdicts.push(Verdict::at_most(what, measured, target, write));
    }
}
