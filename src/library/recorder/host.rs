//! The metrics of the machine, on a library's page.

use super::PrometheusBuilder;
use super::page::Host;
use crate::kernel::gather::Gather;

/// Opens the collectors. A program that does not name this function links none of them.
pub fn host() -> Host {
    let mut gather = Gather::of_this_machine();
    Box::new(move |out| gather.scrape(gather.all(), out))
}

impl PrometheusBuilder {
    /// With the feature `exporter`: the metrics of the collectors about this box and this process are on the same page,
    /// as `sysmetrics_*` and `process_*`; then the program must not use such names.
    pub fn with_host_metrics(mut self) -> Self {
        self.host = Some(host);
        self
    }
}
