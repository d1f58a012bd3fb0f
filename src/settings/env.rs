//! The environment: `APP__TABLE__KEY` for every key of the file, and a few variables with
//! names of their own. Variables of other programs may begin with `APP__` too: one whose table
//! is neither ours nor nearly so is left alone.

use super::catalogue::{Catalogue, ENABLED, ENV_PREFIX};
use super::problem::{Origin, Refusal, distance, meant};
use super::row::Row;
use super::rows::sections;
use super::said::Said;
use std::ffi::OsString;

/// Records what the variables say. Those with names of their own come first, so that `APP__…`
/// has the last word.
pub(super) fn read(
    catalogue: &Catalogue,
    env: Vec<(OsString, OsString)>,
    said: &mut Vec<Said>,
    refusal: &mut Refusal,
) {
    let mut ours = Vec::new();
    for (name, value) in env {
        let Ok(name) = name.into_string() else { continue };
        let own = catalogue.rows.iter().position(|row| row.env == name && !name.is_empty());
        if let Some(row) = own {
            if !value.is_empty() {
                record(catalogue, row, name, value, said, refusal);
            }
        } else if let Some(path) = name.strip_prefix(ENV_PREFIX) {
            ours.push((path.to_ascii_lowercase(), name, value));
        }
    }
    for (path, name, value) in ours {
        let parts: Vec<&str> = path.split("__").collect();
        match catalogue.find(&parts).filter(|row| !is_listed(catalogue, *row)) {
            Some(row) => record(catalogue, row, name, value, said, refusal),
            None if is_ours(&parts) => {
                let text = unknown(catalogue, &name);
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
    value: OsString,
    said: &mut Vec<Said>,
    refusal: &mut Refusal,
) {
    let Ok(value) = value.into_string() else {
        refusal.add(Origin::Env(name), "expected text in UTF-8".to_owned());
        return;
    };
    let list = catalogue.rows.get(row).is_some_and(|row| row.kind.is_list());
    // No variable has a zero byte in it.
    for text in value.split(if list { ',' } else { '\0' }) {
        let text = if list { text.trim() } else { text }.to_owned();
        said.push(Said {
            row,
            text,
            shape: None,
            origin: Origin::Env(name.clone()),
            element: None,
        });
    }
}

fn is_listed(catalogue: &Catalogue, row: usize) -> bool {
    catalogue.rows.get(row).is_some_and(Row::in_list)
}

/// The table is ours, or one of ours misspelt.
fn is_ours(parts: &[&str]) -> bool {
    let table = parts.first().copied().unwrap_or_default();
    // The first letter is rarely the wrong one, and a table `mail` is not our `tail`.
    let near = |name: &str| {
        name.get(..1) == table.get(..1) && distance(name, table) <= (name.len() / 3).min(2)
    };
    sections().any(|section| !section.name.is_empty() && near(section.name))
}

fn unknown(catalogue: &Catalogue, name: &str) -> String {
    let mut known: Vec<String> = Vec::new();
    for row in catalogue.rows.iter().filter(|row| row.in_file() && !row.in_list()) {
        known.push(row.variable());
        if row.is_collector() {
            known.push([&row.variable(), "__", &ENABLED.to_ascii_uppercase()].concat());
        }
    }
    let meant = meant(name, &mut known.iter().map(String::as_str), "");
    ["no such setting", &meant, "; see --help"].concat()
}
