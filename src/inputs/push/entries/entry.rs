//! One entry of pushed JSON: which keys it may have, in either form.

use crate::base::json::{Elements, Members, Text, Value};
use crate::model::store::Reason;

/// Which of the two forms a body has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The form of `/update`.
    Update,
    /// The form of `/api/metrics`.
    Batch,
}

/// Why an entry is refused.
#[derive(Clone, Copy)]
pub struct Refused<'a> {
    pub reason: Reason,
    /// The part of the entry that is refused.
    pub what: Option<Text<'a>>,
    /// The type that a key accepts, and the type of its value; empty where types are not the reason.
    pub types: [&'static str; 2],
}

impl<'a> Refused<'a> {
    /// A refusal because of `what`, if that is known.
    pub fn of(reason: Reason, what: Option<Text<'a>>) -> Refused<'a> {
        Refused { reason, what, types: ["", ""] }
    }
}

/// The contents of an entry. Everything but the name and the type may be missing.
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
    /// Reads `value` in this form.
    pub fn read(form: Form, value: Value<'a>) -> Result<Entry<'a>, Refused<'a>> {
        match (value, form) {
            (Value::Object(members), Form::Update) => Entry::of_update(members),
            (Value::Object(members), Form::Batch) => Entry::of_batch(members),
            _ => Err(Refused::of(Reason::Entry, None)),
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
                let Value::Array(values) = value else { return wrong(key, "an array", value) };
                once(&mut entry.values, values, key)?;
            } else if key.is("add") {
                match value {
                    Value::Bool(_) => {}
                    Value::Number(_) => once(&mut entry.value, number(key, value)?, key)?,
                    _ => return wrong(key, "a number, true or false", value),
                }
                once(&mut entry.add, value != Value::Bool(false), key)?;
            } else if !entry.takes(key, value)? {
                return Err(Refused::of(Reason::UnknownKey, Some(key)));
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
                let Value::Object(members) = value else { return wrong(key, "an object", value) };
                for (key, value) in members {
                    if key.is("value") {
                        once(&mut entry.value, number(key, value)?, key)?;
                    } else if key.is("timestamp") {
                        entry.take_time(key, value)?;
                    } else {
                        return Err(Refused::of(Reason::UnknownKey, Some(key)));
                    }
                }
            } else if !entry.takes(key, value)? {
                return Err(Refused::of(Reason::UnknownKey, Some(key)));
            }
        }
        Ok(entry)
    }

    /// Reads a key that both forms have; returns false for any other key.
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
                _ => return wrong(key, "an object", value),
            }
        } else if key.is("set") {
            let Value::Bool(set) = value else { return wrong(key, "true or false", value) };
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
        Some(_) => Err(Refused::of(Reason::KeyTwice, Some(key))),
    }
}

/// A refusal because the value of a key is not of the type that the key accepts.
pub fn wrong<'a, T>(
    key: Text<'a>,
    takes: &'static str,
    found: Value<'a>,
) -> Result<T, Refused<'a>> {
    let types = [takes, found.type_name()];
    Err(Refused { reason: Reason::Shape, what: Some(key), types })
}

fn text<'a>(key: Text<'a>, value: Value<'a>) -> Result<Text<'a>, Refused<'a>> {
    if let Value::Text(text) = value { Ok(text) } else { wrong(key, "a text", value) }
}

fn number<'a>(key: Text<'a>, value: Value<'a>) -> Result<f64, Refused<'a>> {
    match value {
        Value::Number(_) => value.number().ok_or(Refused::of(Reason::Number, Some(key))),
        _ => wrong(key, "a number", value),
    }
}
