//! What happens between two scrapes: stalls that the kernel reports at once (`stalls`), and peaks that only
//! sampling every second finds (`peaks`). The poll loop waits for both; a scrape shows the results.

mod peaks;
mod stalls;

pub use peaks::Peaks;
pub use stalls::{Prepared, Stalls};

use crate::model::metric::Family;

/// The families about what happens between scrapes, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    stalls::FAMILIES.iter().chain(peaks::FAMILIES)
}
