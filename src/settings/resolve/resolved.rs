//! The checked value of a row, and its origin.

use crate::base::dialect::Dialect;
use crate::base::text::words::meant;
use crate::settings::problem::{Origin, Refusal};
use crate::settings::sources::raw::RawValue;
use crate::settings::sources::tree::{Shape, found};
use crate::settings::table::Row;
use crate::settings::types::{Kind, Settings, Value};

/// The value of a row.
#[derive(Clone)]
pub struct Resolved<'a> {
    pub row: &'a Row,
    pub value: Value,
    /// None for the default.
    pub origin: Option<Origin>,
    /// In lists of tables, the index of its element.
    pub element: Option<usize>,
}

impl<'a> Resolved<'a> {
    /// Checks one value of a source.
    pub fn parse(raw: RawValue<'a>, refusal: &mut Refusal) -> Option<Resolved<'a>> {
        let kind = raw.row.kind;
        let typed = is_typed(kind, &raw);
        let plain = match raw.shape {
            Some(Shape::Bare) => raw.text.trim_start_matches('+').replace('_', ""),
            _ => raw.text.clone(),
        };
        let more = match (kind.read(&plain), raw.shape) {
            (Ok(value), _) if typed => {
                let RawValue { row, origin, element, .. } = raw;
                return Some(Resolved { row, value, origin: Some(origin), element });
            }
            (_, Some(Shape::Bare)) if !typed && !kind.is_unprefixed() => {
                "; text goes in quotation marks".to_owned()
            }
            (Ok(_), Some(Shape::Text)) => "; write it without quotation marks".to_owned(),
            (Ok(_), _) => String::new(),
            (Err(more), _) => more,
        };
        let text = complaint(&raw, &more);
        refusal.add(raw.origin, text);
        None
    }

    /// Sets a row to its last value or, for a list, to all values of the highest layer; or else
    /// to its default.
    pub fn set(
        row: &'a Row,
        parsed: &[Resolved<'a>],
        element: Option<usize>,
        dialect: Dialect,
        settings: &mut Settings,
    ) -> Option<Resolved<'a>> {
        let mut given = parsed.iter().filter(|one| one.row == row && one.element == element);
        let resolved = match given.clone().next_back() {
            None => {
                let value = row.kind.default(row.default(dialect))?;
                Resolved { row, value, origin: None, element }
            }
            Some(last) if row.kind.is_list() => {
                let mut all = last.clone();
                all.value.texts.clear();
                for one in given.by_ref().filter(|one| one.layer() == last.layer()) {
                    all.value.texts.extend_from_slice(&one.value.texts);
                }
                all
            }
            Some(last) => last.clone(),
        };
        (row.set)(settings, &resolved.value);
        Some(resolved)
    }

    /// The layer of its origin; None for the default.
    pub fn layer(&self) -> Option<usize> {
        self.origin.as_ref().map(Origin::layer)
    }
}

/// Whether the file wrote it with the TOML type of its kind; the other sources have only text.
fn is_typed(kind: Kind, raw: &RawValue<'_>) -> bool {
    let Some(shape) = raw.shape else { return true };
    match kind {
        Kind::Switch => shape == Shape::Switch,
        Kind::Count(..) | Kind::Ports => shape == Shape::Integer,
        Kind::Numbers | Kind::States => matches!(shape, Shape::Integer | Shape::Bare),
        // A float; a value with a unit may be a text without its quotation marks.
        Kind::Time(..) | Kind::Times(..) if shape == Shape::Bare => {
            raw.text.ends_with(|c: char| c.is_ascii_digit())
        }
        Kind::Time(..) | Kind::Times(..) | Kind::Size(..) => {
            matches!(shape, Shape::Integer | Shape::Text)
        }
        _ => shape == Shape::Text,
    }
}

/// What was expected and what was found.
pub fn complaint(raw: &RawValue<'_>, more: &str) -> String {
    let kind = raw.row.kind;
    let name = match raw.origin {
        Origin::File(..) => [&raw.row.dotted(), ": "].concat(),
        _ => String::new(),
    };
    let found = found(raw.shape.unwrap_or(Shape::Text), &kind.shown(&raw.text));
    let meant = match kind {
        Kind::Choice(words) if matches!(raw.shape, None | Some(Shape::Text)) => {
            meant(&raw.text, &mut words.iter().flat_map(|word| word.split('|')), "")
        }
        _ => String::new(),
    };
    [&name, "expected ", &kind.expects(), ", found ", &found, more, &meant].concat()
}
