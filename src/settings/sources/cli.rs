//! The command line: `--flag value`, `--flag=value`, and switches as `--switch`,
//! `--no-switch` and `--switch=true`.

use crate::base::text::words::{meant, quoted};
use crate::settings::problem::Origin;
use crate::settings::sources::raw::Sources;
use crate::settings::sources::unsupported_flags::{self, IGNORED, Unsupported};
use crate::settings::table::Flag;
use crate::settings::types::Kind;
use lexopt::{Arg, Parser};
use std::ffi::OsString;

/// Records what the arguments, without the program's name, say, and warns of those that are ignored.
pub fn read(sources: &mut Sources<'_, '_>, args: Vec<OsString>) {
    let flags = sources.catalogue.flags();
    let mut parser = Parser::from_args(args);
    while let Ok(Some(arg)) = parser.next() {
        let (name, long) = match arg {
            Arg::Long(name) => (name.to_owned(), true),
            Arg::Short(letter) => (letter.to_string(), false),
            Arg::Value(value) => {
                let text = "unexpected argument; flags start with --, see --help";
                let origin = Origin::Flag(value.to_string_lossy().into_owned());
                sources.refusal.add(origin, text.to_owned());
                continue;
            }
        };
        let short = name.chars().count() == 1;
        let shown = [if long { "--" } else { "-" }, &name].concat();
        let Some(flag) = flags.iter().find(|flag| flag.name == name && short != long) else {
            other(&name, long, &flags, &mut parser, sources);
            continue;
        };
        let origin = Origin::Flag(shown);
        match value(flag, &mut parser, long) {
            // `--no-version` asks for nothing.
            Ok(_) if flag.row.kind == Kind::Act && flag.negative => {}
            Ok(text) => sources.push(flag.row, text, origin),
            Err(text) => sources.refusal.add(origin, text),
        }
    }
}

/// Deals with a flag that is not ours.
fn other(
    name: &str,
    long: bool,
    flags: &[Flag<'_>],
    parser: &mut Parser,
    sources: &mut Sources<'_, '_>,
) {
    // Of `-listen` the rest of the word, of `--x=y` the value.
    let rest = parser.optional_value();
    let given = rest.is_some();
    let rest = rest.filter(|_| !long).unwrap_or_default();
    let name = [name, &*rest.to_string_lossy()].concat();
    let shown = [if long { "--" } else { "-" }, &name].concat();
    let text = match unsupported_flags::judge(&name, given) {
        Some(Unsupported::AsksNothing) => return,
        Some(Unsupported::Ignored(takes_value)) => {
            if !takes_value || given || parser.value().is_ok() {
                return sources.warnings.push([&shown, ": ", IGNORED].concat());
            }
            "expected a value, found nothing".to_owned()
        }
        Some(Unsupported::Refused(text)) => text,
        None => unknown(&name, flags),
    };
    sources.refusal.add(Origin::Flag(shown), text);
}

/// What the flag says, from its own or the next argument.
fn value(flag: &Flag<'_>, parser: &mut Parser, long: bool) -> Result<String, String> {
    let kind = flag.row.kind;
    let given = match kind {
        Kind::Switch | Kind::Act if long => parser.optional_value(),
        Kind::Switch | Kind::Act => None,
        Kind::Agent => {
            Some(parser.optional_value().or_else(|| next_word(parser)).unwrap_or_default())
        }
        _ => {
            let nothing = |_| ["expected ", &kind.expects(), ", found nothing"].concat();
            Some(parser.value().map_err(nothing)?)
        }
    };
    let given = match given.map(OsString::into_string).transpose() {
        Ok(given) => given,
        Err(_) => return Err("expected text in UTF-8".to_owned()),
    };
    match (given, kind, flag.negative) {
        (Some(text), Kind::Act, _) => Err(["takes no value, found ", &quoted(&text)].concat()),
        (None, _, negative) => Ok((!negative).to_string()),
        (Some(text), _, true) => Ok(text.parse().map_or(text, |on: bool| (!on).to_string())),
        (Some(text), _, false) => Ok(text),
    }
}

/// The next argument, if it is no flag.
fn next_word(parser: &mut Parser) -> Option<OsString> {
    parser.try_raw_args()?.next_if(|arg| !arg.as_encoded_bytes().starts_with(b"-"))
}

fn unknown(name: &str, flags: &[Flag<'_>]) -> String {
    let mut known = flags.iter().map(|flag| flag.name.as_str()).filter(|name| name.len() > 1);
    format!("unknown flag{}; see --help", meant(name, &mut known, "--"))
}
