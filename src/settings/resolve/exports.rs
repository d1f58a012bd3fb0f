//! Relations of exports to each other and to the sources of their settings.

use crate::base::text::words::{meant, quoted};
use crate::settings::problem::{Origin, Refusal};
use crate::settings::resolve::resolved::Resolved;
use crate::settings::types::{Export, Settings};

/// The rows of exports with this key that are set, in the order of the exports.
fn of<'a, 'b>(resolved: &'b [Resolved<'a>], key: &str) -> impl Iterator<Item = &'b Resolved<'a>> {
    resolved.iter().filter(move |one| one.row.section.name == "export" && one.row.key() == key)
}

/// Marks the exports whose files for TLS the environment names, as they are not checked yet.
pub fn mark(resolved: &[Resolved<'_>], settings: &mut Settings) {
    // Each export has a type.
    for (export, kind) in settings.exports.iter_mut().zip(of(resolved, "type")) {
        export.tls.is_of_environment = ["ca_file", "cert_file", "key_file"].iter().any(|key| {
            let mut file = of(resolved, key).filter(|one| one.element == kind.element);
            file.any(|one| matches!(one.origin, Some(Origin::Env(_))))
        });
    }
}

/// Checks, once all exports are known, that each fallback is another export, and that there is no cycle.
pub fn fallbacks(resolved: &[Resolved<'_>], settings: &Settings, refusal: &mut Refusal) {
    let exports = &settings.exports;
    let with_fallback =
        exports.iter().filter_map(|export| Some((export, export.fallback.as_ref()?)));
    for ((export, name), one) in with_fallback.zip(of(resolved, "fallback")) {
        let Some(origin) = one.origin.clone() else { continue };
        let next =
            |of: &Export| exports.iter().find(|other| Some(&other.name) == of.fallback.as_ref());
        let (mut at, mut back) = (next(export), false);
        for _ in exports {
            back |= at.is_some_and(|at| at.name == export.name);
            at = at.and_then(next);
        }
        let mut names = exports.iter().map(|other| other.name.as_str());
        let text = if *name == export.name {
            format!("export.fallback: {} is this export itself; name another", quoted(name))
        } else if next(export).is_none() {
            let meant = meant(name, &mut names, "");
            ["export.fallback: no export has the name ", &quoted(name), &meant].concat()
        } else if back {
            let (name, own) = (quoted(name), quoted(&export.name));
            format!("export.fallback: {name} leads back to {own}")
        } else {
            continue;
        };
        refusal.add(origin, text);
    }
}
