//! What the machine says, on a library's page.

use super::PrometheusBuilder;
use super::page::Host;
use crate::kernel::gather::Gather;

/// Opens the collectors. Who does not name this function links none of them.
pub fn host() -> Host {
    let mut gather = Gather::of_this_machine();
    Box::new(move |out| gather.scrape(gather.all(), out))
}

impl PrometheusBuilder {
    /// With the feature `exporter`: what the collectors say about this box and this process is on the same page, as
    /// `sysmetrics_*` and `process_*`; the program may not use such names then.
    pub fn with_host_metrics(mut self) -> Self {
        self.host = Some(host);
        self
    }
}
