//! The command line: `--flag value`, `--flag=value`, and switches as `--switch`,
//! `--no-switch` and `--switch=true`.

use super::catalogue::{Catalogue, Flag};
use super::elsewhere::{self, Elsewhere};
use super::problem::{Origin, Refusal, meant, quoted};
use super::said::Said;
use super::value::Kind;
use lexopt::{Arg, Parser};
use std::ffi::OsString;

/// Records what the arguments, without the program's name, say.
pub(super) fn read(
    catalogue: &Catalogue,
    args: Vec<OsString>,
    said: &mut Vec<Said>,
    refusal: &mut Refusal,
) {
    let flags = catalogue.flags();
    let mut parser = Parser::from_args(args);
    while let Ok(Some(arg)) = parser.next() {
        let (name, long) = match arg {
            Arg::Long(name) => (name.to_owned(), true),
            Arg::Short(letter) => (letter.to_string(), false),
            Arg::Value(value) => {
                let text = "unexpected argument; flags start with --, see --help";
                refusal.add(Origin::Flag(value.to_string_lossy().into_owned()), text.to_owned());
                continue;
            }
        };
        let short = name.chars().count() == 1;
        let shown = [if long { "--" } else { "-" }, &name].concat();
        match flags.iter().find(|flag| flag.name == name && short != long) {
            Some(flag) => {
                let origin = Origin::Flag(shown);
                match value(catalogue, flag, &mut parser, long) {
                    Ok(text) => {
                        said.push(Said { row: flag.row, text, shape: None, origin, element: None })
                    }
                    Err(text) => refusal.add(origin, text),
                }
            }
            None => {
                // Of `-listen` the rest of the word, of `--x=y` the value.
                let rest = parser.optional_value();
                let given = rest.is_some();
                let rest = rest.filter(|_| !long).unwrap_or_default();
                let name = [&name, &*rest.to_string_lossy()].concat();
                let shown = [if long { "--" } else { "-" }, &name].concat();
                match elsewhere::judge(&name, given, |name| catalogue.own_name(name).is_some()) {
                    Some(Elsewhere::AsksNothing) => {}
                    Some(Elsewhere::Lacks(text)) => refusal.add(Origin::Flag(shown), text),
                    None => refusal.add(Origin::Flag(shown), unknown(&name, &flags)),
                }
            }
        }
    }
}

/// What the flag says, from its own or the next argument.
fn value(
    catalogue: &Catalogue,
    flag: &Flag,
    parser: &mut Parser,
    long: bool,
) -> Result<String, String> {
    let kind = catalogue.rows.get(flag.row).map_or(Kind::Ignored, |row| row.kind);
    let given = if matches!(kind, Kind::Switch | Kind::Act) {
        if long { parser.optional_value() } else { None }
    } else {
        Some(parser.value().map_err(|_| format!("expected {}, found nothing", kind.expects()))?)
    };
    let given = match given.map(OsString::into_string).transpose() {
        Ok(given) => given,
        Err(_) => return Err("expected text in UTF-8".to_owned()),
    };
    match (given, kind, flag.negative) {
        (Some(text), Kind::Act, _) => Err(["takes no value, found ", &quoted(&text)].concat()),
        (Some(text), _, false) => Ok(text),
        (None, _, false) => Ok("true".to_owned()),
        (None, _, true) => Ok("false".to_owned()),
        (Some(text), _, true) => match text.as_str() {
            "true" => Ok("false".to_owned()),
            "false" => Ok("true".to_owned()),
            _ => Ok(text),
        },
    }
}

fn unknown(name: &str, flags: &[Flag]) -> String {
    let mut known = flags.iter().map(|flag| flag.name.as_str()).filter(|name| name.len() > 1);
    format!("unknown flag{}; see --help", meant(name, &mut known, "--"))
}
