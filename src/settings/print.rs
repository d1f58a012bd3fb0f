//! The settings in effect, as a settings file that says where each value comes from.

use super::catalogue::{Catalogue, ENABLED};
use super::mean::Answer;
use super::problem::{Origin, shown};
use super::rows::{COLLECTORS, HOST, LISTEN, PORT, Row, SECTIONS};
use super::types::Settings;
use super::value::Kind;

/// Writes the file. What is set nowhere and has no default is a remark.
pub(super) fn effective(
    catalogue: &Catalogue,
    settings: &Settings,
    answers: &[Option<Answer>],
    file: &str,
) -> String {
    let mut out = String::new();
    let all = || catalogue.rows.iter().zip(answers).enumerate();
    for section in SECTIONS.iter().filter(|section| !section.name.is_empty()) {
        header(&mut out, &[section.name]);
        for (i, (row, answer)) in all().filter(|(_, (row, _))| row.path[0] == section.name) {
            // Host and port are in the addresses, a collector with options has its own table.
            if [HOST, PORT].contains(&i) || has_table(catalogue, row) {
                continue;
            }
            let value = match answer {
                Some(_) if i == LISTEN => Some(addresses(settings)),
                Some(answer) => Some(literal(row.kind, &answer.value.text)),
                None => None,
            };
            line(&mut out, row.key(), value, answer.as_ref(), file);
        }
    }
    for (_, (row, answer)) in all().filter(|(_, (row, _))| has_table(catalogue, row)) {
        let key = if row.is_collector() {
            header(&mut out, &[COLLECTORS, row.path[1]]);
            ENABLED
        } else {
            row.key()
        };
        let value = answer.as_ref().map(|answer| literal(row.kind, &answer.value.text));
        line(&mut out, key, value, answer.as_ref(), file);
    }
    out
}

/// A collector with options, or one of them.
fn has_table(catalogue: &Catalogue, row: &Row) -> bool {
    let option = |other: &&Row| other.path[1] == row.path[1] && !other.path[2].is_empty();
    row.is_of_collector() && catalogue.rows.iter().find(option).is_some()
}

fn header(out: &mut String, path: &[&str]) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&["[", &path.join("."), "]\n"].concat());
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
    let all: Vec<String> = listen.map(|l| literal(Kind::Addresses, &l.to_string())).collect();
    match all.as_slice() {
        [one] => one.clone(),
        all => ["[", &all.join(", "), "]"].concat(),
    }
}

/// The value as TOML; text with backslashes in single quotation marks where that can be.
fn literal(kind: Kind, text: &str) -> String {
    if matches!(kind, Kind::Switch | Kind::Count(..)) {
        return text.to_owned();
    }
    if kind == Kind::Names {
        let all: Vec<String> = text.split('\n').map(|one| literal(Kind::Name, one)).collect();
        return ["[", &all.join(", "), "]"].concat();
    }
    if kind.is_table() {
        let pair = |pair: &str| {
            let (name, value) = pair.rsplit_once('=').unwrap_or((pair, ""));
            [&literal(Kind::Host, name), " = ", &literal(Kind::Host, value)].concat()
        };
        let all: Vec<String> = text.split('\n').map(pair).collect();
        return ["{ ", &all.join(", "), " }"].concat();
    }
    if text.contains('\\') && !text.contains(|c: char| c == '\'' || c.is_control()) {
        return ["'", text, "'"].concat();
    }
    let mut out = text.replace('\\', "\\\\").replace('"', "\\\"");
    if text.contains(char::is_control) {
        out = out.chars().map(escaped).collect();
    }
    ["\"", &out, "\""].concat()
}

fn escaped(c: char) -> String {
    match c.is_control() {
        true => format!("\\u{:04x}", c as u32),
        false => c.to_string(),
    }
}
