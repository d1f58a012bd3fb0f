//! The environment: `APP__TABLE__KEY` and `SYSMETRICS_TABLE_KEY` for every key of the file, and a few
//! variables with names of their own. Variables of other programs may begin with `APP__` too, and
//! Kubernetes names those of a service after it: a variable whose table is neither ours nor nearly so is
//! ignored.

use crate::base::text::words::{distance, meant, quoted};
use crate::settings::problem::Origin;
use crate::settings::sources::raw::Sources;
use crate::settings::table::{
    COLLECTORS, Catalogue, ENABLED, ENV_PREFIX, OWN_PREFIX, Row, SECTIONS,
};
use std::ffi::OsString;

/// What Kubernetes appends to the name of a service with our name.
static SERVICE: [&str; 2] = ["service", "port"];

/// Records the values of the variables. Those with names of their own come first, then `APP__…`, and
/// `SYSMETRICS_…` overrides both.
pub fn read(sources: &mut Sources<'_, '_>) {
    let catalogue = sources.catalogue;
    let env = sources.env.iter().filter_map(|(name, value)| Some((name.to_str()?, value)));
    let named: Vec<&Row> = catalogue.rows.iter().filter(|row| !row.env.is_empty()).collect();
    let is_named = |name: &str| named.iter().copied().find(|row| row.env == name);
    for (name, value) in env.clone().filter(|(_, value)| !value.is_empty()) {
        if let Some(row) = is_named(name) {
            record(sources, row, name, value);
        }
    }
    for prefix in [ENV_PREFIX, OWN_PREFIX] {
        for (name, value) in env.clone() {
            let Some(path) = name.strip_prefix(prefix).filter(|_| is_named(name).is_none()) else {
                continue;
            };
            let path = path.to_ascii_lowercase();
            let parts: Vec<&str> = match prefix {
                OWN_PREFIX => path.trim_start_matches('_').split('_').collect(),
                _ => path.split("__").collect(),
            };
            let row =
                if prefix == OWN_PREFIX { own(catalogue, &path) } else { catalogue.find(&parts) };
            let table = parts.first().copied().unwrap_or_default();
            match row.filter(|row| !row.in_list()) {
                Some(row) => record(sources, row, name, value),
                None if prefix == OWN_PREFIX && SERVICE.contains(&table) => {}
                None if is_ours(table) => {
                    let text = unknown(catalogue, name, prefix);
                    sources.refusal.add(Origin::Env(name.to_owned()), text);
                }
                None if prefix == OWN_PREFIX => {
                    if let Some(text) = of_flag(catalogue, &path) {
                        sources.refusal.add(Origin::Env(name.to_owned()), text);
                    }
                }
                None => {}
            }
        }
    }
}

/// The row of a path whose parts have one `_` or two between them.
fn own<'a>(catalogue: &'a Catalogue, path: &str) -> Option<&'a Row> {
    let path = path.replace("__", "_");
    let path = path.trim_start_matches('_');
    let find = |path: &str| {
        let is_it = |row: &Row| {
            let also = || [row.section.name, "_", row.names.also].concat();
            // The first byte rules out most rows without splitting their paths.
            let is_near = row.section.name.get(..1) == path.get(..1) && row.in_file();
            is_near
                && (row.parts().join("_") == path || !row.names.also.is_empty() && also() == path)
        };
        catalogue.rows.iter().find(|row| is_it(row))
    };
    find(path).or_else(|| {
        let switch = path.strip_suffix(ENABLED)?.strip_suffix('_')?;
        find(switch).filter(|_| switch.starts_with(COLLECTORS))
    })
}

fn record<'a>(sources: &mut Sources<'a, '_>, row: &'a Row, name: &str, value: &OsString) {
    let origin = Origin::Env(name.to_owned());
    let Some(value) = value.to_str() else {
        sources.refusal.add(origin, "expected text in UTF-8".to_owned());
        return;
    };
    // Another variable for the same setting replaces the value instead of adding to it.
    sources.values.retain(|value| value.row != row || value.origin.layer() != origin.layer());
    if !row.kind.is_list() {
        return sources.push(row, value.to_owned(), origin);
    }
    for text in value.split(',') {
        sources.push(row, text.trim().to_owned(), origin.clone());
    }
}

/// The table is ours, or one of ours misspelt.
fn is_ours(table: &str) -> bool {
    // The first letter is rarely the wrong one, and a table `mail` is not our `tail`.
    let near = |name: &str| {
        name.get(..1) == table.get(..1) && distance(name, table) <= (name.len() / 3).min(2)
    };
    SECTIONS.iter().any(|section| !section.name.is_empty() && near(section.name))
}

/// The error for `SYSMETRICS_LISTEN`: a user who knows only the flag writes it so, and must not be served on
/// every address.
fn of_flag(catalogue: &Catalogue, path: &str) -> Option<String> {
    let is_same = |(of, is): (u8, u8)| of == is || is == b'_' && matches!(of, b'-' | b'.');
    let is_it =
        |flag: &&str| flag.len() == path.len() && flag.bytes().zip(path.bytes()).all(is_same);
    let row = catalogue.rows.iter().find(|row| row.flags.iter().any(is_it))?;
    let meant = match row.env {
        "" if !row.in_file() => return None,
        "" => [OWN_PREFIX, &row.parts().join("_").to_ascii_uppercase()].concat(),
        env => env.to_owned(),
    };
    Some(["no such setting; did you mean ", &quoted(&meant), "?; see --help"].concat())
}

fn unknown(catalogue: &Catalogue, name: &str, prefix: &str) -> String {
    let mut known: Vec<String> = Vec::new();
    let between = if prefix == ENV_PREFIX { "__" } else { "_" };
    for row in catalogue.rows.iter().filter(|row| row.in_file() && !row.in_list()) {
        let variable = [prefix, &row.parts().join(between).to_ascii_uppercase()].concat();
        if row.is_collector() {
            known.push([&variable, between, &ENABLED.to_ascii_uppercase()].concat());
        }
        known.push(variable);
    }
    let meant = meant(name, &mut known.iter().map(String::as_str), "");
    format!("no such setting{meant}; see --help")
}
