//! The sections of the file in their order, which help, manual page and reference follow.

use crate::settings::table::row::Section;
#[cfg(feature = "tls")]
use crate::settings::table::served;
use crate::settings::table::{between, inputs, outputs, program, sandbox, watch};

/// The table whose keys the collectors declare.
pub const COLLECTORS: &str = "collectors";
/// The table that also switches some of them.
pub const SYSTEM: &str = "system";

static COLLECTORS_SECTION: Section = Section::new(COLLECTORS, "Collectors", &[]);

/// The tables of the file; the first has the flags that are not keys of the file.
pub static SECTIONS: &[&Section] = if cfg!(feature = "hub") {
    &[
        &program::GENERAL,
        &program::SERVER,
        #[cfg(feature = "tls")]
        &served::SERVER_TLS,
        &program::METRICS,
        &program::PATHS,
        &program::LOG,
        &sandbox::SANDBOX,
        &inputs::HISTOGRAMS,
        &inputs::SYSTEM,
        &inputs::PUSH,
        &inputs::STATSD,
        &inputs::SCRAPE,
        &inputs::TARGETS,
        &inputs::FIELDS,
        &watch::TAIL,
        &watch::LOGS,
        &watch::RULES,
        &between::PRESSURE,
        &between::TRIGGERS,
        &between::PEAKS,
        &watch::ALERTING,
        &watch::ALERTS,
        &outputs::AGENT,
        &outputs::EXPORT,
        &COLLECTORS_SECTION,
    ]
} else {
    &[
        &program::GENERAL,
        &program::SERVER,
        &program::METRICS,
        &program::PATHS,
        &program::LOG,
        &sandbox::SANDBOX,
        &COLLECTORS_SECTION,
    ]
};
