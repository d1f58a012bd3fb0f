//! One collector of a scrape: it runs, and what went wrong is kept and logged.

use crate::base::error::{Error, KeptError};
use crate::base::log::{self, Limiter};
use crate::kernel::collect::{Collector, PartialErrors, Scrape, Textfiles};
use crate::kernel::read::{Files, Root};
use crate::model::metric::{Label, Sink};
use crate::settings::Level;
use std::time::{Duration, Instant};

/// A collector that is switched on, and its state.
pub struct Member {
    /// Its own name, here because a scrape looks at nothing else of a `Spec`.
    pub name: &'static str,
    /// Its name in this dialect.
    pub shown: &'static str,
    pub label: Label<'static>,
    pub collector: Box<dyn Collector>,
    /// Failures so far, its own and those of single samples.
    pub failures: u64,
    pub errors: PartialErrors,
    pub limiter: Limiter,
    /// What went wrong last, and when.
    pub error: Option<Box<KeptError>>,
    pub failed: Option<Instant>,
    /// When it last ran.
    pub ran: Option<Instant>,
    /// The current scrape: whether it was selected, succeeded, and how long it took.
    pub selected: bool,
    pub success: bool,
    pub took: Duration,
}

impl Member {
    /// Runs the collector; returns when it ended.
    pub fn collect(
        &mut self,
        (files, textfiles): (&mut Files, &Textfiles),
        root: &Root,
        start: Instant,
        out: &mut dyn Sink,
    ) -> Instant {
        let mark = out.mark();
        self.errors.begin();
        let errors = &mut self.errors;
        let mut scrape = Scrape { files, errors, textfiles, now: start };
        let result = self.collector.collect(&mut scrape, out);
        let is_unsupported = matches!(result, Err(Error::Unsupported(_)));
        if let Err(error) = &result {
            out.rewind(mark);
            if !is_unsupported {
                self.errors.tally(error);
            }
        }
        self.success = result.is_ok();
        self.failures += self.errors.count() + u64::from(result.is_err() && !is_unsupported);
        let end = Instant::now();
        self.took = end - start;
        self.ran = Some(end);
        if log::enabled(Level::Debug) {
            self.log_run();
        }
        if result.is_err() || self.errors.count() > 0 {
            self.note(result.err(), end);
            if !is_unsupported {
                self.report(root, end);
            }
        }
        end
    }

    /// Keeps why the collector failed, or why one of its samples did.
    #[cold]
    fn note(&mut self, error: Option<Error>, now: Instant) {
        if let Some(error) = error.or(self.errors.last().copied().map(KeptError::error)) {
            error.keep_in(&mut self.error);
            self.failed = Some(now);
        }
    }

    /// Each run at debug level; the request's own line names the client.
    #[cold]
    fn log_run(&self) {
        let micros = nanos(self.took) / 1000;
        let fields: [log::Field<'_>; 3] =
            [("collector", &self.shown), ("duration_us", &micros), ("success", &self.success)];
        log::debug("collector ran", &fields);
    }

    /// Logs the error at most once a minute.
    #[cold]
    fn report(&mut self, root: &Root, now: Instant) {
        let Some(error) = self.error.as_deref() else { return };
        if let Some(held_back) = self.limiter.pass(now) {
            let level = if self.success { Level::Warn } else { Level::Error };
            let message = if self.success { "sample left out" } else { "collector failed" };
            // Errors name the file as the kernel does; here it may be at another path. Other
            // programs keep their names.
            let place = error.place();
            let real = root.real(place.base());
            let looked = real.display();
            let (who, what, times): (log::Field<'_>, log::Field<'_>, log::Field<'_>) =
                (("collector", &self.shown), ("error", error), ("repeated", &held_back));
            if !place.base().starts_with('/') || real.as_os_str() == place.base() {
                log::event(level, message, &[who, what, times]);
            } else {
                log::event(level, message, &[who, what, ("looked_for", &looked), times]);
            }
        }
    }
}

/// A duration in nanoseconds.
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
