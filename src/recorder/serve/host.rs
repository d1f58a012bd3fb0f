//! What the machine says, on a library's page.

use crate::gather::Gather;
use crate::metric::Sink;

/// Writes what all collectors tell that are on by default, and the process of itself.
pub type Host = Box<dyn FnMut(&mut dyn Sink) + Send>;

/// Opens the collectors. Who does not name this function links none of them.
pub fn host() -> Host {
    let mut gather = Gather::of_this_machine();
    Box::new(move |out| gather.scrape(gather.all(), out))
}
