//! A sample that was picked out of a document, and how its name, labels and value are formed.

use crate::base::json::{Text, Value};
use crate::model::store::Reason;

/// The label of an array's elements.
const INDEX: &str = "index";

/// The help text of samples that have no text of their own.
pub const HELP: &str = "A number in the JSON that the target answers.";

/// One sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picked<'a> {
    /// The name of the metric.
    pub name: &'a str,
    /// Whether it is a counter instead of a gauge.
    pub is_counter: bool,
    /// The help text, one sentence.
    pub help: &'a str,
    /// Names and values; an empty value means no label.
    pub labels: &'a [(String, String)],
    /// The value, finite.
    pub value: f64,
}

/// Receives each sample, or a refusal with its reason: the path of a field, or the name that a
/// number would have.
pub type Take<'t> = dyn FnMut(Result<Picked<'_>, (&str, Reason)>) + 't;

/// Appends `part` with `_` for every character that a name must not have.
pub fn push_part(name: &mut String, part: &str) {
    if name.is_empty() && part.starts_with(|c: char| c.is_ascii_digit()) {
        name.push('_');
    }
    name.extend(part.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }));
}

/// The text without escapes.
pub fn unescaped(text: Text<'_>) -> String {
    let mut bytes = Vec::new();
    text.write(&mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}

/// The name of the label of the `depth`th array from outside.
pub fn index_name(depth: usize) -> String {
    match depth {
        0 => INDEX.to_owned(),
        more => [INDEX, "_", &(more + 1).to_string()].concat(),
    }
}

/// A number, or a boolean as 0 or 1.
pub fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Bool(is) => Some(f64::from(u8::from(is))),
        other => other.number(),
    }
}
