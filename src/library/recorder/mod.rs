//! The library: metrics of a Rust program, for Prometheus, through the facade `metrics`. Names and
//! behaviour are those that users of `metrics-exporter-prometheus` 0.18 know; a program changes one
//! `use` line:
//!
//! ```no_run
//! use sysmetrics::PrometheusBuilder;
//!
//! PrometheusBuilder::new().with_http_listener(([127, 0, 0, 1], 9000)).install()?;
//! metrics::counter!("jobs_total", "queue" => "mail").increment(1);
//! # Ok::<(), sysmetrics::BuildError>(())
//! ```
//!
//! # What differs
//!
//! `docs/library.md` has all of it as a table.
//!
//! **Histograms.** Without buckets a histogram has eleven, from 5 ms to 10 s, and is not a summary; for
//! summaries call `with_summaries` or `set_quantiles`. A histogram counts at once and keeps
//! no observations, so there is no upkeep: `run_upkeep` and `upkeep_timeout` do nothing. A NaN is left out and
//! counted. Bounds are sorted. There are exemplars, in OpenMetrics.
//!
//! **Summaries** have quantiles of the same window (`set_bucket_duration` times `set_bucket_count`, at
//! most 16), off by at most 0.8 % between 10^-9 and 10^15. Windows turn at scrapes: where scrapes are
//! further apart, quantiles cover everything since the last but few. Without observations they are NaN, not 0.
//!
//! **Series.** Everything is bounded (`set_bounds`); what is refused is counted on the page, and logged
//! once. A name belongs to one kind of metric: `gauge!` of a counter's name is refused, and so is
//! `x_count` where `x` is a histogram. Two keys that map to the same name and labels (`a.b`, `a_b`) are
//! one series and count together. Names that begin with `sysmetrics_`, and empty names, are refused.
//!
//! **Labels** are in the order of their names, global labels included. A label with an empty value is
//! left out, also if it is global; one with an empty name is refused. Of a name that begins with `__` one
//! underscore remains: `__x` becomes `_x`. `le` and `quantile` become `exported_…` on histograms.
//!
//! **Descriptions.** The first one for a name counts, not the last. An empty one writes no HELP line.
//!
//! **Idle series** whose handle is kept come back when it is used again, with their old value; in the other crate,
//! updates of such a handle are lost. `increment(0)` is not an update.
//!
//! **The page** is sorted by names, then labels, with no empty line between families; a backslash
//! in a label's value is always written as two; numbers that are very small or large have an exponent,
//! and infinity is `+Inf`. The endpoint answers in OpenMetrics if `with_openmetrics` was called and the
//! client prefers it, and compressed with the feature `gzip`; `/health` has an answer of its own.
//!
//! **Threads.** There is no runtime. `install` starts one thread, `sysmetrics`; `build` returns an
//! `Exporter`, to be run on a thread of the program. Both need Linux and do not exist elsewhere.
//!
//! **Addresses.** `add_allowed_address` accepts single addresses as well as networks. An endpoint for
//! pushes may be `https://` with the feature `tls`.
//!
//! **`MetricKindMask`** is this crate's; with the feature `metrics-util` that crate's is accepted as well.
//!
//! **Not offered**: native histograms and protocol buffers (`render_protobuf`), the module `formatting`,
//! `Distribution` and `LabelSet`. Variants of `BuildError` about tokio do not exist; others contain
//! texts.
//!
//! **More**: `with_host_metrics`, `with_summaries`, `with_openmetrics`, `set_bounds`, `render_as`, and
//! everything without the facade, with [`Registry`](crate::library::registry::Registry).

mod builder;
mod error;
mod facade;
#[cfg(feature = "exporter")]
mod host;
#[allow(dead_code)] // only Linux has a way out
mod network;
#[cfg(target_os = "linux")]
mod outlets;
#[allow(dead_code)] // the same
mod output;
mod page;

pub use builder::PrometheusBuilder;
pub use error::BuildError;
pub use facade::PrometheusRecorder;
#[cfg(target_os = "linux")]
pub use outlets::{Exporter, serve};
pub use page::PrometheusHandle;
