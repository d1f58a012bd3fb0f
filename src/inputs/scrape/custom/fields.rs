//! Picks the values that a field of the settings selects out of a document.

use super::picked::{HELP, Picked, Take, index_name, number, push_part, unescaped};
use crate::base::float::float;
use crate::base::json::Value;
use crate::model::store::Reason;
use crate::settings::Field;

/// Hands on each value that `field` leads to; without a name of its own it is named by `start` and its
/// path.
pub fn read(document: Value<'_>, start: &str, field: &Field, take: &mut Take<'_>) {
    let mut name = start.to_owned();
    if field.name.is_empty() {
        for part in field.path.split('.').filter(|part| *part != "*") {
            name.push('_');
            push_part(&mut name, part);
        }
    } else {
        name.clone_from(&field.name);
    }
    let mut search = Search { field, name, stars: Vec::new(), found: false, take };
    search.follow(&field.path, document, document);
    if !search.found {
        (search.take)(Err((&field.path, Reason::MissingKey)));
    }
}

/// Follows one field through a document.
struct Search<'s, 't> {
    field: &'s Field,
    name: String,
    /// The keys that the `*` of the path matched.
    stars: Vec<String>,
    found: bool,
    take: &'s mut Take<'t>,
}

impl Search<'_, '_> {
    /// Hands on every value that `path` leads to from `value`; labels are looked up from `from`.
    fn follow<'v>(&mut self, path: &str, value: Value<'v>, from: Value<'v>) {
        if path.is_empty() {
            return self.found(value, from);
        }
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    let key = unescaped(key);
                    if let Some(rest) = behind(path, "*") {
                        self.star(key, rest, member);
                    } else if let Some(rest) = behind(path, &key) {
                        self.follow(rest, member, from);
                    }
                }
            }
            Value::Array(mut elements) => {
                let (first, rest) = path.split_once('.').unwrap_or((path, ""));
                if first == "*" {
                    for (at, element) in elements.enumerate() {
                        self.star(at.to_string(), rest, element);
                    }
                } else if let Some(element) = first.parse().ok().and_then(|at| elements.nth(at)) {
                    self.follow(rest, element, from);
                }
            }
            _ => {}
        }
    }

    fn star(&mut self, key: String, rest: &str, value: Value<'_>) {
        self.stars.push(key);
        self.follow(rest, value, value);
        self.stars.pop();
    }

    fn found(&mut self, value: Value<'_>, from: Value<'_>) {
        self.found = true;
        let value = match value {
            // Null means that there is no value.
            Value::Null => return,
            // A field that names a text expects a number in it, or a word that stands for a number.
            Value::Text(text) => {
                let text = unescaped(text);
                let word = text.trim();
                let state = self.field.states.iter().find(|(state, _)| state == word);
                state.map(|(_, n)| *n).or_else(|| float(word).filter(|n| n.is_finite()))
            }
            other => number(other),
        };
        let Some(value) = value else {
            return (self.take)(Err((&self.field.path, Reason::Number)));
        };
        let labels = self.labels(from);
        let help = if self.field.help.is_empty() { HELP } else { &self.field.help };
        let name = &*self.name;
        let is_counter = self.field.is_counter;
        (self.take)(Ok(Picked { name, is_counter, help, labels: &labels, value }));
    }

    /// The labels of the field; where it has none, the keys that the stars matched.
    fn labels(&self, from: Value<'_>) -> Vec<(String, String)> {
        if self.field.labels.is_empty() {
            let stars = self.stars.iter().enumerate();
            return stars.map(|(depth, key)| (index_name(depth), key.clone())).collect();
        }
        let value = |template: &String| match template.strip_prefix('$') {
            None => template.clone(),
            Some("*") => self.stars.last().cloned().unwrap_or_default(),
            Some(path) => match find(path, from) {
                Some(Value::Text(text)) => unescaped(text),
                Some(Value::Number(number)) => number.to_owned(),
                Some(Value::Bool(is)) => is.to_string(),
                _ => String::new(),
            },
        };
        self.field.labels.iter().map(|(name, template)| (name.clone(), value(template))).collect()
    }
}

/// The first value that `path` leads to from `value`.
fn find<'v>(path: &str, value: Value<'v>) -> Option<Value<'v>> {
    if path.is_empty() {
        return Some(value);
    }
    match value {
        Value::Object(mut members) => {
            members.find_map(|(key, member)| find(behind(path, &unescaped(key))?, member))
        }
        Value::Array(mut elements) => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            find(rest, elements.nth(first.parse().ok()?)?)
        }
        _ => None,
    }
}

/// The rest of `path` after `key`.
fn behind<'p>(path: &'p str, key: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(key)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}
