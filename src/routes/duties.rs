//! What there is to do besides answering, which is the hub's.

use super::{Service, metrics};
use crate::expose::Text;
use crate::http::Query;
pub use crate::hub::{Hub, Prepared};
use crate::metric::{Family, Sink};
use crate::settings::Settings;
use crate::store::{Group, Reason};
use std::io;
use std::time::Instant;

/// The families about what comes in and goes out.
pub(super) fn families() -> impl Iterator<Item = &'static Family<'static>> {
    crate::hub::families()
}

/// What `ours` writes, what came from elsewhere, and what is known about that.
pub(super) fn write(
    hub: &mut Hub,
    query: &str,
    ours: &mut dyn FnMut(&mut dyn Sink),
    out: &mut Text<'_>,
) {
    // Who names collectors wants those only.
    if Query::of(query).any(|(key, _)| key == "collect[]") {
        ours(out);
        hub.write_self(out);
    } else {
        hub.write_page(ours, Instant::now(), out);
        for _ in 0..out.left_out() {
            hub.store.refuse(Group::SHARED, Reason::Escaped);
        }
    }
}

impl Service {
    /// Does everything that `settings` want of the hub and that may fail; changes nothing.
    ///
    /// # Errors
    ///
    /// What failed is named.
    pub fn prepare(&self, settings: &Settings) -> io::Result<Prepared> {
        self.hub.prepare(settings)
    }

    /// Goes on with what was prepared.
    pub fn apply(&mut self, prepared: Prepared, settings: &Settings) {
        let labels = settings.custom.labels_of_own();
        self.lines.iter_mut().for_each(|lines| lines.label(labels));
        self.hub.apply(prepared, settings, &metrics::FAMILIES, Instant::now());
    }
}
