//! A strict reader of JSON (RFC 8259): what it accepts is valid, and nothing may follow it.
#![allow(dead_code)] // each test takes its part

use std::iter::Peekable;
use std::str::Chars;

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn parse(text: &str) -> Json {
        let mut chars = text.chars().peekable();
        let value = value(&mut chars).unwrap_or_else(|| panic!("no JSON: {text}"));
        blanks(&mut chars);
        assert_eq!(chars.next(), None, "more than one JSON value: {text}");
        value
    }

    /// The member `key` of an object; names must be unique.
    pub fn get(&self, key: &str) -> Option<&Json> {
        let Json::Object(members) = self else { return None };
        let mut found = members.iter().filter(|(name, _)| name == key);
        let first = found.next().map(|(_, value)| value);
        assert!(found.next().is_none(), "{key} twice");
        first
    }

    pub fn text(&self, key: &str) -> &str {
        match self.get(key) {
            Some(Json::Text(text)) => text,
            other => panic!("{key}: {other:?} in {self:?}"),
        }
    }

    #[allow(dead_code)] // not every test asks for one
    pub fn number(&self, key: &str) -> f64 {
        match self.get(key) {
            Some(Json::Number(number)) => *number,
            other => panic!("{key}: {other:?} in {self:?}"),
        }
    }
}

/// The list at `key`; that there is none fails the test.
pub fn items<'j>(json: &'j Json, key: &str) -> &'j [Json] {
    let Some(Json::List(items)) = json.get(key) else { panic!("{key} in {json:?}") };
    items
}

/// What was read, `None` for what was not; that `key` is missing fails the test.
pub fn reading(json: &Json, key: &str) -> Option<f64> {
    match json.get(key) {
        Some(Json::Number(n)) => Some(*n),
        Some(Json::Null) => None,
        other => panic!("{key}: {other:?} in {json:?}"),
    }
}

fn blanks(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| " \t\r\n".contains(*c)).is_some() {}
}

fn value(chars: &mut Peekable<Chars<'_>>) -> Option<Json> {
    blanks(chars);
    match chars.next()? {
        '"' => string(chars).map(Json::Text),
        '[' => list(chars, ']', value).map(Json::List),
        '{' => list(chars, '}', member).map(Json::Object),
        't' => word(chars, "rue", Json::Bool(true)),
        'f' => word(chars, "alse", Json::Bool(false)),
        'n' => word(chars, "ull", Json::Null),
        first @ ('-' | '0'..='9') => {
            let mut text = String::from(first);
            while let Some(c) = chars.next_if(|c| c.is_ascii_digit() || "+-.eE".contains(*c)) {
                text.push(c);
            }
            text.parse().ok().map(Json::Number)
        }
        _ => None,
    }
}

fn word(chars: &mut Peekable<Chars<'_>>, rest: &str, is: Json) -> Option<Json> {
    rest.chars().all(|c| chars.next() == Some(c)).then_some(is)
}

fn list<T>(
    chars: &mut Peekable<Chars<'_>>,
    end: char,
    item: fn(&mut Peekable<Chars<'_>>) -> Option<T>,
) -> Option<Vec<T>> {
    let mut items = Vec::new();
    blanks(chars);
    if chars.next_if_eq(&end).is_some() {
        return Some(items);
    }
    loop {
        items.push(item(chars)?);
        blanks(chars);
        match chars.next()? {
            ',' => {}
            c if c == end => return Some(items),
            _ => return None,
        }
    }
}

fn member(chars: &mut Peekable<Chars<'_>>) -> Option<(String, Json)> {
    blanks(chars);
    chars.next_if_eq(&'"')?;
    let name = string(chars)?;
    blanks(chars);
    chars.next_if_eq(&':')?;
    Some((name, value(chars)?))
}

/// The rest of a string, after its opening quote.
fn string(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut text = String::new();
    loop {
        text.push(match chars.next()? {
            '"' => return Some(text),
            '\\' => match chars.next()? {
                c @ ('"' | '\\' | '/') => c,
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let hex: String = chars.take(4).collect();
                    char::from_u32(u32::from_str_radix(&hex, 16).ok().filter(|_| hex.len() == 4)?)?
                }
                _ => return None,
            },
            c if c < ' ' => return None,
            c => c,
        });
    }
}
