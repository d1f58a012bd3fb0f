//! The types of families in each format, and the names that follow from them.

use super::format::Format;
use crate::model::metric::{Family, Kind};

/// The suffixes of counters, histograms and summaries.
const MISLEADING: [&str; 4] = ["_total", "_count", "_sum", "_bucket"];

/// Whether a level of that name (HugePages_Total, a count of CPUs) is exposed without a type: as a
/// gauge it would look like a mistake.
pub fn misleads(name: &str) -> bool {
    MISLEADING.iter().any(|suffix| name.ends_with(suffix))
}

/// The type word, the family's name, and the suffix of a sample's name after `name`.
pub fn shape<'n>(
    format: Format,
    family: &Family<'_>,
    name: &'n str,
) -> (&'static [u8], &'n str, &'static str) {
    let (is_foreign, has_words) = (family.is_foreign(), family.has_words());
    let misleads = !is_foreign && misleads(name);
    match (format, family.kind) {
        (Format::Prometheus, _) if has_words => (b" untyped\n", name, ""),
        (Format::OpenMetrics, _) if has_words => (b" unknown\n", name, ""),
        (Format::Prometheus, Kind::Counter) => (b" counter\n", name, ""),
        (Format::Prometheus, Kind::Gauge) if misleads => (b" untyped\n", name, ""),
        (Format::OpenMetrics, Kind::Gauge) if misleads => (b" unknown\n", name, ""),
        (_, Kind::Gauge) => (b" gauge\n", name, ""),
        (_, Kind::Histogram) => (b" histogram\n", name, ""),
        (_, Kind::Summary) => (b" summary\n", name, ""),
        (Format::Prometheus, Kind::Untyped) => (b" untyped\n", name, ""),
        (Format::OpenMetrics, Kind::Untyped) => (b" unknown\n", name, ""),
        (Format::OpenMetrics, Kind::Counter) if family.is_openmetrics_unknown() => {
            (b" unknown\n", name, "")
        }
        (Format::OpenMetrics, Kind::Counter) => match name.strip_suffix("_total") {
            Some(stem) => (b" counter\n", stem, ""),
            None => (b" counter\n", name, "_total"),
        },
    }
}
