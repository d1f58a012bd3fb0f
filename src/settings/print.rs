//! The settings in effect, as a settings file that says where each value comes from.

use super::catalogue::{Catalogue, ENABLED};
use super::mean::{Answer, Answers};
use super::problem::{Origin, shown};
use super::row::Row;
use super::rows::{COLLECTORS, ENDPOINT, HOST, LISTEN, PORT, sections};
use super::types::Settings;
use super::value::Kind;
use super::variables::{literal, takes_variables};
use crate::wire::SECRET;

/// What stands above if not everything is shown.
const NOTE: &str = "# Secrets are shown as <secret>: this cannot be read back as it is.\n\n";

/// Writes the file. What is set nowhere and has no default is a remark, but in lists.
pub(super) fn effective(
    catalogue: &Catalogue,
    settings: &Settings,
    answers: &Answers,
    file: &str,
) -> String {
    let mut out = String::new();
    let all = || catalogue.rows.iter().zip(&answers.rows).enumerate();
    for section in sections().filter(|section| !section.name.is_empty() && section.list.is_none()) {
        header(&mut out, &section.header());
        for (i, (row, answer)) in all().filter(|(_, (row, _))| row.path[0] == section.name) {
            // Host, port and endpoint are in addresses and path, a collector with options has its
            // own table.
            if [HOST, PORT, ENDPOINT].contains(&i) || has_table(catalogue, row) {
                continue;
            }
            let value = match answer {
                Some(_) if i == LISTEN => Some(addresses(settings)),
                Some(answer) => Some(written(row, answer)),
                None => None,
            };
            line(&mut out, row.key(), value, answer.as_ref(), file);
        }
    }
    for (_, (row, answer)) in all().filter(|(_, (row, _))| has_table(catalogue, row)) {
        let key = if row.is_collector() {
            header(&mut out, &["[", COLLECTORS, ".", row.path[1], "]"].concat());
            ENABLED
        } else {
            row.key()
        };
        let value = answer.as_ref().map(|answer| written(row, answer));
        line(&mut out, key, value, answer.as_ref(), file);
    }
    for told in &answers.lists {
        header(&mut out, &told.section.header());
        for (row, answer) in &told.answers {
            let value = catalogue.rows.get(*row).map(|row| written(row, answer));
            line(&mut out, answer.key, value, Some(answer), file);
        }
    }
    match out.contains(SECRET) {
        true => [NOTE, &out].concat(),
        false => out,
    }
}

/// A collector with options, or one of them.
fn has_table(catalogue: &Catalogue, row: &Row) -> bool {
    let option = |other: &&Row| other.path[1] == row.path[1] && !other.path[2].is_empty();
    row.is_of_collector() && catalogue.rows.iter().find(option).is_some()
}

fn header(out: &mut String, header: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&[header, "\n"].concat());
}

fn line(out: &mut String, key: &str, value: Option<String>, answer: Option<&Answer>, file: &str) {
    match value {
        Some(value) => out.push_str(&[key, " = ", &value].concat()),
        None => out.push_str(&["# ", key, " is not set"].concat()),
    }
    if let Some(origin) = answer.and_then(|answer| answer.origin.as_ref()) {
        let from = match origin {
            Origin::File(line, _) => [file, ":", &line.to_string()].concat(),
            other => other.text(file),
        };
        out.push_str(&["  # from ", &shown(&from, usize::MAX)].concat());
    }
    out.push('\n');
}

fn addresses(settings: &Settings) -> String {
    let listen = settings.server.listen.iter();
    let all: Vec<String> = listen.map(|listen| text(&listen.to_string())).collect();
    match all.as_slice() {
        [one] => one.clone(),
        all => format!("[{}]", all.join(", ")),
    }
}

/// A text as the file would have it, but for what is secret in it.
fn shown_of(row: &Row, text: &str) -> String {
    #[cfg(test)]
    if OPEN.get() {
        return if takes_variables(row) { literal(text) } else { text.to_owned() };
    }
    let text = row.kind.shown(text);
    if takes_variables(row) { literal(&text) } else { text }
}

#[cfg(test)]
thread_local! {
    /// Secrets are printed, too: that the settings can be read back is tested with them.
    pub(super) static OPEN: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// The value as TOML.
fn written(row: &Row, answer: &Answer) -> String {
    let kind = row.kind;
    let one = |said: &String| match kind.is_bare() {
        true => said.clone(),
        false => text(&shown_of(row, said)),
    };
    if kind.is_table() {
        let pair = |pair: &String| {
            let pair = &shown_of(row, pair);
            let split = match kind.splits_last() {
                true => pair.rsplit_once('='),
                false => pair.split_once('='),
            };
            let (name, value) = split.unwrap_or((pair, ""));
            let is_bare = kind == Kind::States;
            [&text(name), " = ", &if is_bare { value.to_owned() } else { text(value) }].concat()
        };
        let all: Vec<String> = answer.list.iter().map(pair).collect();
        return format!("{{ {} }}", all.join(", "));
    }
    if kind.is_list() {
        let all: Vec<String> = answer.list.iter().map(one).collect();
        return format!("[{}]", all.join(", "));
    }
    one(&answer.value.text)
}

/// Text as TOML; with backslashes in single quotation marks where that can be.
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
