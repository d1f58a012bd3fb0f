//! The environment: `APP__TABLE__KEY` and `SYSMETRICS_TABLE_KEY` for every key of the file, and a few
//! variables with names of their own. Variables of other programs may begin with `APP__` too, and
//! Kubernetes names those of a service after it: one whose table is neither ours nor nearly so is left
//! alone.

use super::catalogue::{Catalogue, ENABLED, ENV_PREFIX, OWN_PREFIX};
use super::problem::{Origin, Refusal, distance, meant};
use super::row::Row;
use super::rows::{COLLECTORS, sections};
use super::said::Said;
use std::ffi::OsString;

/// What Kubernetes puts behind the name of a service that is called as we are.
static SERVICE: [&str; 2] = ["service", "port"];

/// Records what the variables say. Those with names of their own come first, then `APP__…`, and
/// `SYSMETRICS_…` has the last word.
pub(super) fn read(
    catalogue: &Catalogue,
    env: &[(OsString, OsString)],
    said: &mut Vec<Said>,
    refusal: &mut Refusal,
) {
    let env = || env.iter().filter_map(|(name, value)| Some((name.to_str()?, value)));
    let is_named =
        |name: &str| catalogue.rows.iter().position(|row| row.env == name && !name.is_empty());
    for (name, value) in env().filter(|(_, value)| !value.is_empty()) {
        if let Some(row) = is_named(name) {
            record(catalogue, row, name, value, said, refusal);
        }
    }
    for prefix in [ENV_PREFIX, OWN_PREFIX] {
        for (name, value) in env().filter(|(name, _)| is_named(name).is_none()) {
            let Some(path) = name.strip_prefix(prefix) else { continue };
            let path = path.to_ascii_lowercase();
            let (row, table) = match prefix {
                OWN_PREFIX => {
                    (own(catalogue, &path), path.trim_start_matches('_').split('_').next())
                }
                _ => {
                    (catalogue.find(&path.split("__").collect::<Vec<_>>()), path.split("__").next())
                }
            };
            let table = table.unwrap_or_default();
            match row.filter(|row| !is_listed(catalogue, *row)) {
                Some(row) => record(catalogue, row, name, value, said, refusal),
                None if prefix == OWN_PREFIX && SERVICE.contains(&table) => {}
                None if is_ours(table) => {
                    let text = unknown(catalogue, name, prefix);
                    refusal.add(Origin::Env(name.to_owned()), text);
                }
                None => {}
            }
        }
    }
}

/// The row of a path whose parts have one `_` or two between them.
fn own(catalogue: &Catalogue, path: &str) -> Option<usize> {
    let path = path.replace("__", "_");
    let path = path.trim_start_matches('_');
    let find = |path: &str| {
        let is_it = |row: &Row| {
            let also = [row.path[0], "_", row.also].concat();
            row.in_file() && (joined(row, "_") == path || !row.also.is_empty() && also == path)
        };
        catalogue.rows.iter().position(is_it)
    };
    find(path).or_else(|| {
        let switch = path.strip_suffix(ENABLED)?.strip_suffix('_')?;
        find(switch).filter(|_| switch.starts_with(COLLECTORS))
    })
}

fn joined(row: &Row, between: &str) -> String {
    row.parts().join(between)
}

fn record(
    catalogue: &Catalogue,
    row: usize,
    name: &str,
    value: &OsString,
    said: &mut Vec<Said>,
    refusal: &mut Refusal,
) {
    let origin = Origin::Env(name.to_owned());
    let Some(value) = value.to_str() else {
        refusal.add(origin, "expected text in UTF-8".to_owned());
        return;
    };
    // Another variable that says the same setting is not added to, but replaced.
    said.retain(|said| said.row != row);
    let list = catalogue.rows.get(row).is_some_and(|row| row.kind.is_list());
    // No variable has a zero byte in it.
    for text in value.split(if list { ',' } else { '\0' }) {
        let text = if list { text.trim() } else { text }.to_owned();
        said.push(Said { row, text, shape: None, origin: origin.clone(), element: None });
    }
}

fn is_listed(catalogue: &Catalogue, row: usize) -> bool {
    catalogue.rows.get(row).is_some_and(Row::in_list)
}

/// The table is ours, or one of ours misspelt.
fn is_ours(table: &str) -> bool {
    // The first letter is rarely the wrong one, and a table `mail` is not our `tail`.
    let near = |name: &str| {
        name.get(..1) == table.get(..1) && distance(name, table) <= (name.len() / 3).min(2)
    };
    sections().any(|section| !section.name.is_empty() && near(section.name))
}

fn unknown(catalogue: &Catalogue, name: &str, prefix: &str) -> String {
    let mut known: Vec<String> = Vec::new();
    let between = if prefix == ENV_PREFIX { "__" } else { "_" };
    for row in catalogue.rows.iter().filter(|row| row.in_file() && !row.in_list()) {
        let variable = [prefix, &joined(row, between).to_ascii_uppercase()].concat();
        if row.is_collector() {
            known.push([&variable, between, &ENABLED.to_ascii_uppercase()].concat());
        }
        known.push(variable);
    }
    let meant = meant(name, &mut known.iter().map(String::as_str), "");
    format!("no such setting{meant}; see --help")
}
