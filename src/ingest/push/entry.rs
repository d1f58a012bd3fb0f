//! One entry of pushed JSON: which keys it may have, in either form.

use super::Form;
use crate::ingest::json::{Elements, Members, Text, Value};
use crate::store::Reason;

/// Why an entry is refused, and what of it is meant.
pub type Refused<'a> = (Reason, Option<Text<'a>>);

/// What an entry says. Everything but the name and the type may be missing.
#[derive(Default)]
pub struct Entry<'a> {
    pub name: Option<Text<'a>>,
    pub kind: Option<Text<'a>>,
    pub help: Option<Text<'a>>,
    pub labels: Option<Members<'a>>,
    pub value: Option<f64>,
    pub values: Option<Elements<'a>>,
    pub add: Option<bool>,
    pub set: Option<bool>,
    pub time: Option<Option<f64>>,
}

// Keys as the answer names them.
pub const NAME: Option<Text<'static>> = Some(Text::of("name"));
pub const TYPE: Option<Text<'static>> = Some(Text::of("type"));
pub const VALUE: Option<Text<'static>> = Some(Text::of("value"));
pub const VALUES: Option<Text<'static>> = Some(Text::of("values"));
pub const ADD: Option<Text<'static>> = Some(Text::of("add"));
pub const SET: Option<Text<'static>> = Some(Text::of("set"));

impl<'a> Entry<'a> {
    /// What `value` says in this form.
    pub fn read(form: Form, value: Value<'a>) -> Result<Entry<'a>, Refused<'a>> {
        match (value, form) {
            (Value::Object(members), Form::Update) => Entry::of_update(members),
            (Value::Object(members), Form::Batch) => Entry::of_batch(members),
            _ => Err((Reason::Entry, None)),
        }
    }

    fn of_update(members: Members<'a>) -> Result<Entry<'a>, Refused<'a>> {
        let mut entry = Entry::default();
        for (key, value) in members {
            if key.is("type") {
                once(&mut entry.kind, text(key, value)?, key)?;
            } else if key.is("value") {
                once(&mut entry.value, number(key, value)?, key)?;
            } else if key.is("timestamp") {
                entry.take_time(key, value)?;
            } else if key.is("values") {
                let Value::Array(values) = value else { return wrong(key) };
                once(&mut entry.values, values, key)?;
            } else if key.is("add") {
                if !matches!(value, Value::Bool(_)) {
                    once(&mut entry.value, number(key, value)?, key)?;
                }
                once(&mut entry.add, value != Value::Bool(false), key)?;
            } else if !entry.takes(key, value)? {
                return Err((Reason::UnknownKey, Some(key)));
            }
        }
        Ok(entry)
    }

    fn of_batch(members: Members<'a>) -> Result<Entry<'a>, Refused<'a>> {
        let mut entry = Entry::default();
        for (key, value) in members {
            if key.is("metric_type") {
                once(&mut entry.kind, text(key, value)?, key)?;
            } else if key.is("value") {
                let Value::Object(members) = value else { return wrong(key) };
                for (key, value) in members {
                    if key.is("value") {
                        once(&mut entry.value, number(key, value)?, key)?;
                    } else if key.is("timestamp") {
                        entry.take_time(key, value)?;
                    } else {
                        return Err((Reason::UnknownKey, Some(key)));
                    }
                }
            } else if !entry.takes(key, value)? {
                return Err((Reason::UnknownKey, Some(key)));
            }
        }
        Ok(entry)
    }

    /// Takes a key that both forms have; false if it is another.
    fn takes(&mut self, key: Text<'a>, value: Value<'a>) -> Result<bool, Refused<'a>> {
        if key.is("name") {
            once(&mut self.name, text(key, value)?, key)?;
        } else if key.is("help") {
            if value != Value::Null {
                once(&mut self.help, text(key, value)?, key)?;
            }
        } else if key.is("labels") {
            match value {
                Value::Object(labels) => once(&mut self.labels, labels, key)?,
                Value::Null => {}
                _ => return wrong(key),
            }
        } else if key.is("set") {
            let Value::Bool(set) = value else { return wrong(key) };
            once(&mut self.set, set, key)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn take_time(&mut self, key: Text<'a>, value: Value<'a>) -> Result<(), Refused<'a>> {
        let time = match value {
            Value::Null => None,
            value => Some(number(key, value)?),
        };
        once(&mut self.time, time, key)
    }
}

fn once<'a, T>(to: &mut Option<T>, value: T, key: Text<'a>) -> Result<(), Refused<'a>> {
    match to.replace(value) {
        None => Ok(()),
        Some(_) => Err((Reason::KeyTwice, Some(key))),
    }
}

fn wrong<'a, T>(key: Text<'a>) -> Result<T, Refused<'a>> {
    Err((Reason::Shape, Some(key)))
}

fn text<'a>(key: Text<'a>, value: Value<'a>) -> Result<Text<'a>, Refused<'a>> {
    if let Value::Text(text) = value { Ok(text) } else { wrong(key) }
}

fn number<'a>(key: Text<'a>, value: Value<'a>) -> Result<f64, Refused<'a>> {
    match value {
        Value::Number(_) => value.number().ok_or((Reason::Number, Some(key))),
        _ => wrong(key),
    }
}
