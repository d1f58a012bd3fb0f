//! Samples out of any JSON. Without fields every number and boolean is a gauge named by its path,
//! `web_db_connections` for `{"db":{"connections":7}}` of the target `web`; the elements of an
//! array are distinguished by the label `index` (arrays in arrays: `index_2`, …). Fields pick, rename,
//! type and label instead.
//!
//! A key may have dots itself: at each object every member is followed whose key is the start of
//! the path. Depth is bounded where the document is checked (`json::MAX_DEPTH`), names here, the
//! number of series by the caller.

mod every;
mod fields;
mod picked;

use crate::base::json::Value;
use crate::settings::Field;
use picked::push_part;
pub use picked::{Picked, Take};

/// Reads the samples in `document`, a target's answer. No name is longer than `max_name` bytes.
pub fn read(
    document: Value<'_>,
    target: &str,
    fields: &[Field],
    max_name: usize,
    take: &mut Take<'_>,
) {
    let mut start = String::new();
    push_part(&mut start, target);
    if fields.is_empty() {
        return every::read(document, start, max_name, take);
    }
    for field in fields {
        fields::read(document, &start, field, take);
    }
}

#[cfg(test)]
mod tests;
