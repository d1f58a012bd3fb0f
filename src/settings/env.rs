//! The environment: `APP__TABLE__KEY` for every key of the file, and a few variables with
//! names of their own. Variables of other programs may begin with `APP__` too: one whose table
//! is neither ours nor nearly so is left alone.

use super::catalogue::{Catalogue, ENABLED, ENV_PREFIX};
use super::problem::{Origin, Refusal, distance, meant};
use super::rows::SECTIONS;
use super::said::Said;
use super::value::Kind;
use std::ffi::OsString;

/// Records what the variables say. Those with names of their own come first, so that `APP__…`
/// has the last word.
pub(super) fn read(
    catalogue: &Catalogue,
    env: &[(OsString, OsString)],
    said: &mut Vec<Said>,
    refusal: &mut Refusal,
) {
    let text = |(name, value): &(OsString, OsString)| {
        let name = name.to_str()?.to_owned();
        Some((name, value.clone().into_string()))
    };
    for (name, value) in env.iter().filter_map(text) {
        let row = catalogue.rows.iter().position(|row| row.env == name && !name.is_empty());
        if let Some(row) = row.filter(|_| value.as_ref().is_ok_and(|v| !v.is_empty())) {
            record(catalogue, row, name, value, said, refusal);
        }
    }
    for (name, value) in env.iter().filter_map(text) {
        let Some(path) = name.strip_prefix(ENV_PREFIX) else { continue };
        let path = path.to_ascii_lowercase();
        let parts: Vec<&str> = path.split("__").collect();
        match catalogue.find(&parts) {
            Some(row) => record(catalogue, row, name, value, said, refusal),
            None if is_ours(&parts) => {
                let text = unknown(catalogue, &path);
                refusal.add(Origin::Env(name), text);
            }
            None => {}
        }
    }
}

fn record(
    catalogue: &Catalogue,
    row: usize,
    name: String,
    value: Result<String, OsString>,
    said: &mut Vec<Said>,
    refusal: &mut Refusal,
) {
    let Ok(value) = value else {
        refusal.add(Origin::Env(name), "expected text in UTF-8".to_owned());
        return;
    };
    let list = catalogue.rows.get(row).is_some_and(|row| row.kind == Kind::Addresses);
    let count = if list { usize::MAX } else { 1 };
    for text in value.splitn(count, ',') {
        let text = if list { text.trim() } else { text }.to_owned();
        said.push(Said { row, text, shape: None, origin: Origin::Env(name.clone()) });
    }
}

/// The table is ours, or one of ours misspelt.
fn is_ours(parts: &[&str]) -> bool {
    let table = parts.first().copied().unwrap_or_default();
    let near = |name: &str| distance(name, table) <= (name.len() / 3).min(2);
    SECTIONS.iter().any(|section| !section.name.is_empty() && near(section.name))
}

fn unknown(catalogue: &Catalogue, path: &str) -> String {
    let mut known: Vec<String> = Vec::new();
    for row in catalogue.rows.iter().filter(|row| row.in_file()) {
        known.push(row.variable());
        if row.is_collector() {
            known.push([&row.variable(), "__", &ENABLED.to_ascii_uppercase()].concat());
        }
    }
    let name = [ENV_PREFIX, &path.to_ascii_uppercase()].concat();
    let meant = meant(&name, &mut known.iter().map(String::as_str), "");
    ["no such setting", &meant, "; see --help"].concat()
}
