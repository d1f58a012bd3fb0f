//! Every number and boolean of a document, named by its path.

use super::picked::{HELP, Picked, Take, index_name, number, push_part, unescaped};
use crate::base::json::{Elements, Members, Value};
use crate::model::store::Reason;

/// Reads each of them; names begin with `start` and are no longer than `max_name`.
pub fn read(document: Value<'_>, start: String, max_name: usize, take: &mut Take<'_>) {
    Walk { name: start, labels: Vec::new(), max_name, take }.every(document);
}

/// Goes through a whole document.
struct Walk<'w, 't> {
    name: String,
    labels: Vec<(String, String)>,
    max_name: usize,
    take: &'w mut Take<'t>,
}

impl Walk<'_, '_> {
    fn every(&mut self, value: Value<'_>) {
        if self.name.len() > self.max_name {
            return (self.take)(Err((&self.name, Reason::TooLong)));
        }
        match value {
            Value::Object(members) => self.members(members),
            Value::Array(elements) => self.elements(elements),
            Value::Number(_) | Value::Bool(_) => {
                let value = number(value).ok_or((&*self.name, Reason::Number));
                let (name, labels) = (&*self.name, &*self.labels);
                let picked = |value| Picked { name, is_counter: false, help: HELP, labels, value };
                (self.take)(value.map(picked));
            }
            Value::Text(_) | Value::Null => {}
        }
    }

    fn members(&mut self, members: Members<'_>) {
        let end = self.name.len();
        for (key, value) in members {
            self.name.push('_');
            push_part(&mut self.name, &unescaped(key));
            self.every(value);
            self.name.truncate(end);
        }
    }

    fn elements(&mut self, elements: Elements<'_>) {
        let depth = self.labels.len();
        for (at, element) in elements.enumerate() {
            self.labels.push((index_name(depth), at.to_string()));
            self.every(element);
            self.labels.truncate(depth);
        }
    }
}
