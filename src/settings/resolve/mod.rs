//! Builds the settings from the values of all sources: each is checked, the highest layer wins, and values
//! that depend on other rows are completed.

mod collectors;
mod elements;
mod exports;
mod host;
mod listen;
mod named;
pub mod resolved;

use crate::base::dialect::Dialect;
use crate::settings::problem::{Origin, Refusal};
use crate::settings::sources::file;
use crate::settings::sources::raw::{Element, RawValue, Sources};
use crate::settings::sources::tree::Shape;
use crate::settings::table::{Catalogue, Role, Row, SECTIONS};
use crate::settings::types::{Action, Kind, Settings, Subject, Value};
use elements::Elements;
pub use host::host;
pub use named::named;
use resolved::{Resolved, complaint};

const REPEATED: &str = "given before, and node_exporter takes it once; keep one";

/// The settings, and the value of each row.
pub fn resolve<'a>(
    subjects: &[&Subject],
    sources: &mut Sources<'a, '_>,
) -> (Settings, Vec<Resolved<'a>>) {
    let (catalogue, refusal) = (sources.catalogue, &mut sources.refusal);
    let mut parsed = parse_all(&mut sources.values, &mut sources.elements, refusal);
    listen::split_endpoint(catalogue, &mut parsed);
    let mut settings = Settings::default();
    let dialect = set_dialect(&parsed, &mut settings);
    if dialect == Dialect::Node {
        for flag in sources.repeated.drain(..) {
            refusal.add(Origin::Flag(flag), REPEATED.to_owned());
        }
    }
    let mut resolved = Vec::with_capacity(catalogue.rows.len());
    for row in catalogue.rows.iter().filter(|row| !row.in_list()) {
        resolved.extend(Resolved::set(row, &parsed, None, dialect, &mut settings));
    }
    check(&resolved, &mut settings, refusal);

    if let Some(one) = resolved.iter_mut().find(|one| one.row.is(Role::Listen)) {
        let default = one.row.default(dialect);
        (settings.server.listen, one.origin) = listen::listen(&parsed, default, refusal);
        one.value.texts = settings.server.listen.iter().map(ToString::to_string).collect();
    }
    let warnings = &mut sources.warnings;
    settings.collectors =
        collectors::collectors(catalogue, subjects, &mut resolved, (refusal, warnings));
    Elements {
        catalogue,
        elements: &sources.elements,
        parsed: &parsed,
        dialect,
        settings: &mut settings,
        resolved: &mut resolved,
        refusal,
    }
    .set_within(None);
    if cfg!(feature = "hub") && refusal.is_empty() {
        exports::fallbacks(&resolved, &settings, refusal);
        exports::mark(&resolved, &mut settings);
    }
    (settings, resolved)
}

/// Sets the dialect, on which the defaults of other rows depend.
fn set_dialect(parsed: &[Resolved<'_>], settings: &mut Settings) -> Dialect {
    if let Some(one) = parsed.iter().rfind(|one| one.row.is(Role::Dialect)) {
        (one.row.set)(settings, &one.value);
    }
    settings.dialect
}

/// Parses the raw values, the lowest layer first.
fn parse_all<'a>(
    values: &mut Vec<RawValue<'a>>,
    elements: &mut [Element],
    refusal: &mut Refusal,
) -> Vec<Resolved<'a>> {
    values.sort_by_key(|value| value.origin.layer());
    let mut parsed = Vec::new();
    for value in values.drain(..) {
        let element = value.element.and_then(|i| elements.get_mut(i));
        match (Resolved::parse(value, refusal), element) {
            (Some(one), _) => parsed.push(one),
            (None, Some(element)) => element.is_rejected = true,
            (None, None) => {}
        }
    }
    parsed
}

/// Checks each table as a whole.
fn check(resolved: &[Resolved<'_>], settings: &mut Settings, refusal: &mut Refusal) {
    for section in SECTIONS.iter().filter(|section| !section.is_list()) {
        let Err((key, text)) = (section.check)(settings) else { continue };
        let is_it =
            |one: &&Resolved<'_>| one.row.section.name == section.name && one.row.key() == key;
        let origin = resolved.iter().find(is_it).and_then(|one| one.origin.clone());
        let text = [section.name, ".", key, ": ", &text].concat();
        refusal.add(origin.unwrap_or(Origin::File(0, 0)), text);
    }
}

/// The metrics cannot be at the path of another page.
pub fn refuse_path(resolved: &[Resolved<'_>], refusal: &mut Refusal) {
    let path = resolved.iter().find(|one| one.row.is(Role::MetricsPath));
    let Some((one, origin)) = path.and_then(|one| Some((one, one.origin.clone()?))) else { return };
    let text = one.value.string();
    let raw = RawValue { row: one.row, text, shape: Some(Shape::Text), origin, element: None };
    refusal.add(raw.origin.clone(), complaint(&raw, ""));
}

/// Rejects flags without effect: a second action, and `--format`, which is for `--once`.
pub fn refuse_idle_flags(resolved: &[Resolved<'_>], settings: &Settings, refusal: &mut Refusal) {
    let given = |is_it: fn(&Row) -> bool| {
        let those = resolved.iter().filter(move |one| is_it(one.row));
        those.filter_map(|one| one.origin.clone())
    };
    let mut actions = given(|row| matches!(row.kind, Kind::Act | Kind::Agent));
    if let (Some(first), Some(second)) = (actions.next(), actions.next()) {
        refusal.add(second, ["together with ", &first.text(""), "; keep one"].concat());
    }
    if let Some(origin) = given(|row| row.flags == ["format"]).next()
        && matches!(settings.action, Action::Serve | Action::PrintMetrics)
    {
        let text = "only --once prints in another format; leave it out, or add --once";
        refusal.add(origin, text.to_owned());
    }
}

/// Sets the instance to the kernel's name of this host, if no source sets it.
pub fn name<'a>(
    catalogue: &'a Catalogue,
    settings: &mut Settings,
    resolved: &mut Vec<Resolved<'a>>,
) {
    let row = catalogue.rows.iter().find(|row| row.is(Role::Instance));
    if let Some(row) = row.filter(|row| !resolved.iter().any(|one| one.row == *row)) {
        let path = settings.paths.procfs.join("sys/kernel/hostname");
        let name = file::bytes(&path).unwrap_or_default();
        let name = String::from_utf8_lossy(&name).trim().to_owned();
        // The kernel's value as long as the name was never set.
        let name = if name == "(none)" { String::new() } else { name };
        let value = Value::new(name, 0);
        (row.set)(settings, &value);
        resolved.push(Resolved { row, value, origin: None, element: None });
    }
    settings.alerting.instance.clone_from(&settings.agent.instance);
}
