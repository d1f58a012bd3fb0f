//! What happens between two scrapes: stalls of which the kernel tells at once (`stalls`), and peaks that only
//! a look every second finds (`peaks`). The poll loop waits for both; a scrape shows what they left.

mod peaks;
mod stalls;

pub use peaks::Peaks;
pub use stalls::{Prepared, Stalls};

use crate::model::metric::Family;

/// The families about what happens between scrapes, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    stalls::FAMILIES.iter().chain(peaks::FAMILIES)
}
