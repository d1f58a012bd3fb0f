//! Samples out of any JSON. Without fields every number and boolean is a gauge named by its path,
//! `web_db_connections` for `{"db":{"connections":7}}` of the target `web`; the elements of an
//! array are told apart by the label `index` (arrays in arrays: `index_2`, …). Fields pick, rename,
//! type and label instead.
//!
//! A key may have dots itself: at each object every member is followed whose key is the start of
//! the path. Depth is bounded where the document is checked (`json::MAX_DEPTH`), names here, the
//! number of series by the caller.

mod every;
mod fields;

use crate::ingest::json::{Text, Value};
use crate::settings::Field;
use crate::store::Reason;

/// The label of an array's elements.
const INDEX: &str = "index";

/// The help of what has none of its own.
const HELP: &str = "A number in the JSON that the target answers.";

/// One sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picked<'a> {
    /// The name of the metric.
    pub name: &'a str,
    /// A counter instead of a gauge.
    pub is_counter: bool,
    /// One sentence.
    pub help: &'a str,
    /// Names and values; an empty value is none.
    pub labels: &'a [(String, String)],
    /// Finite.
    pub value: f64,
}

/// Takes each sample, or of what there is none, and why: the path of a field, or the name that a
/// number would have.
pub type Take<'t> = dyn FnMut(Result<Picked<'_>, (&str, Reason)>) + 't;

/// Takes what there is in `document`, a target's answer. No name is longer than `max_name` bytes.
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

/// Appends `part` with every character that no name has replaced by `_`.
fn push_part(name: &mut String, part: &str) {
    if name.is_empty() && part.starts_with(|c: char| c.is_ascii_digit()) {
        name.push('_');
    }
    name.extend(part.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }));
}

/// What the text says.
fn said(text: Text<'_>) -> String {
    let mut said = Vec::new();
    text.write(&mut said);
    String::from_utf8(said).unwrap_or_default()
}

/// The name of the label of the `depth`th array from outside.
fn index_name(depth: usize) -> String {
    match depth {
        0 => INDEX.to_owned(),
        more => [INDEX, "_", &(more + 1).to_string()].concat(),
    }
}

/// A number, a boolean as 0 or 1.
fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Bool(is) => Some(f64::from(u8::from(is))),
        other => other.number(),
    }
}

#[cfg(test)]
mod tests;
