//! The settings in effect, as a settings file with the origin of each value.

use crate::base::text::variables::literal;
use crate::base::text::words::shown;
use crate::base::wire::SECRET;
use crate::settings::problem::Origin;
use crate::settings::resolve::resolved::Resolved;
use crate::settings::table::{COLLECTORS, Catalogue, ENABLED, Role, Row, SECTIONS};
use crate::settings::types::Kind;

/// The first line if not everything is shown.
const NOTE: &str = "# Secrets are shown as <secret>: this cannot be read back as it is.\n\n";

/// Writes the file. A row without value and default becomes a comment, except in lists.
pub fn effective(catalogue: &Catalogue, resolved: &[Resolved<'_>], file: &str) -> String {
    let mut out = String::new();
    let find = |row: &Row| resolved.iter().find(|one| one.row == row);
    for section in SECTIONS.iter().filter(|s| !s.name.is_empty() && !s.is_list()) {
        header(&mut out, &section.header());
        // Host, port and endpoint are part of addresses and path, a collector with options has its own
        // table.
        let is_elsewhere = |row: &&Row| {
            let is_part = [Role::Host, Role::Port, Role::Endpoint].iter().any(|role| row.is(*role));
            !is_part && !has_table(catalogue, row)
        };
        for row in catalogue.rows_of(section).filter(is_elsewhere) {
            line(&mut out, row.key(), find(row), file);
        }
    }
    for row in catalogue.rows.iter().filter(|row| has_table(catalogue, row)) {
        let mut key = row.key();
        if row.is_collector() {
            header(&mut out, &["[", COLLECTORS, ".", key, "]"].concat());
            key = ENABLED;
        }
        line(&mut out, key, find(row), file);
    }
    // Each element of a list, in its order, and its rows.
    let mut last = None;
    for one in resolved.iter().filter(|one| one.element.is_some()) {
        if last != one.element {
            last = one.element;
            header(&mut out, &one.row.section.header());
        }
        line(&mut out, one.row.key(), Some(one), file);
    }
    match out.contains(SECRET) {
        true => [NOTE, &out].concat(),
        false => out,
    }
}

/// A collector with options, or one of them.
fn has_table(catalogue: &Catalogue, row: &Row) -> bool {
    let is_option = |other: &&Row| {
        other.is_of_collector() && other.path[0] == row.path[0] && !other.path[1].is_empty()
    };
    row.is_of_collector() && catalogue.rows.iter().find(is_option).is_some()
}

fn header(out: &mut String, header: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&[header, "\n"].concat());
}

fn line(out: &mut String, key: &str, resolved: Option<&Resolved<'_>>, file: &str) {
    match resolved {
        Some(one) => out.push_str(&[key, " = ", &written(one)].concat()),
        None => out.push_str(&["# ", key, " is not set"].concat()),
    }
    if let Some(origin) = resolved.and_then(|one| one.origin.as_ref()) {
        let from = match origin {
            Origin::File(line, _) => [file, ":", &line.to_string()].concat(),
            other => other.text(file),
        };
        out.push_str(&["  # from ", &shown(&from, usize::MAX)].concat());
    }
    out.push('\n');
}

/// A text in the syntax of the file, with secrets hidden.
fn shown_of(row: &Row, text: &str) -> String {
    #[cfg(test)]
    if OPEN.get() {
        return if !row.traits.verbatim { literal(text) } else { text.to_owned() };
    }
    let text = row.kind.shown(text);
    if !row.traits.verbatim { literal(&text) } else { text }
}

#[cfg(test)]
thread_local! {
    /// Also prints secrets: for tests that read the settings back.
    pub static OPEN: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// The value as TOML.
fn written(resolved: &Resolved<'_>) -> String {
    let (row, kind) = (resolved.row, resolved.row.kind);
    let one = |value: &String| match kind.is_unprefixed() {
        true => value.clone(),
        false => text(&shown_of(row, value)),
    };
    let pair = |pair: &String| {
        let pair = &shown_of(row, pair);
        let (name, value) = kind.split(pair).unwrap_or((pair, ""));
        let is_unprefixed = kind == Kind::States;
        [&text(name), " = ", &if is_unprefixed { value.to_owned() } else { text(value) }].concat()
    };
    let texts = resolved.value.texts.iter();
    match (kind, resolved.value.texts.as_slice()) {
        (Kind::Addresses, [address]) => one(address),
        _ if kind.is_table() => {
            ["{ ", &texts.map(pair).collect::<Vec<_>>().join(", "), " }"].concat()
        }
        _ if kind.is_list() => ["[", &texts.map(one).collect::<Vec<_>>().join(", "), "]"].concat(),
        _ => one(&resolved.value.string()),
    }
}

/// Text as TOML; with backslashes in single quotation marks if possible.
fn text(text: &str) -> String {
    if text.contains('\\') && !text.contains(|c: char| c == '\'' || c.is_control()) {
        return format!("'{text}'");
    }
    let mut out = text.replace('\\', "\\\\").replace('"', "\\\"");
    if text.contains(char::is_control) {
        out = out.chars().map(escaped).collect();
    }
    format!("\"{out}\"")
}

fn escaped(c: char) -> String {
    match c.is_control() {
        true => format!("\\u{:04x}", c as u32),
        false => c.to_string(),
    }
}
