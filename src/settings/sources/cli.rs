//! The command line: `--flag value`, `--flag=value`, switches as `--switch`, `--no-switch` and
//! `--switch=true`, and `@file` for a file with one argument a line. node_exporter's flags are accepted
//! after a single dash, too, as in its first releases.

use crate::base::text::words::{meant, quoted};
use crate::settings::problem::Origin;
use crate::settings::sources::file;
use crate::settings::sources::raw::Sources;
use crate::settings::sources::unsupported_flags::{self, IGNORED, Unsupported};
use crate::settings::table::{Flag, Row};
use crate::settings::types::Kind;
use lexopt::{Arg, Parser};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Files of arguments of one command line, including those named in such files.
const MAX_FILES: usize = 16;

/// Other spellings of flags.
const SPELLINGS: [(&str, &str); 2] = [("help-long", "help"), ("web.config", "web.config.file")];

const NOT_TEXT: &str = "expected text in UTF-8";
const NOTHING: &str = "expected a value, found nothing";
const NO_FLAG: &str = "unexpected argument; flags start with --, see --help";

/// Records the values of the arguments, without the program's name, and warns of those that are ignored.
pub fn read(sources: &mut Sources<'_, '_>, args: Vec<OsString>) {
    let (rows, words) = (Vec::new(), Vec::new());
    CommandLine { sources, rows, words, files: 0 }.read(args);
}

struct CommandLine<'s, 'a, 'e> {
    sources: &'s mut Sources<'a, 'e>,
    /// Flags of node_exporter set so far: their rows, and the names of those without a row.
    rows: Vec<&'a Row>,
    words: Vec<String>,
    /// Files of arguments read so far.
    files: usize,
}

/// A flag as it is written.
struct Written {
    /// Without dashes.
    name: String,
    dashes: &'static str,
    /// The value in the same argument.
    value: Option<OsString>,
}

impl Written {
    fn shown(&self) -> String {
        [self.dashes, &self.name].concat()
    }

    /// Only node_exporter's flags have a dot in them.
    fn is_of_node_exporter(&self) -> bool {
        self.name.contains('.')
    }
}

impl<'a> CommandLine<'_, 'a, '_> {
    fn read(&mut self, args: Vec<OsString>) {
        let mut parser = Parser::from_args(args);
        while let Ok(Some(arg)) = parser.next() {
            match arg {
                Arg::Value(word) => self.read_word(&word),
                Arg::Long(name) => {
                    let name = name.to_owned();
                    let value = parser.optional_value();
                    self.read_flag(Written { name, dashes: "--", value }, &mut parser);
                }
                Arg::Short(letter) => self.read_short(letter, &mut parser),
            }
        }
    }

    /// Reads the file that `@file` names; any other word is rejected.
    fn read_word(&mut self, word: &OsStr) {
        let origin = Origin::Flag(word.to_string_lossy().into_owned());
        let Some(path) = word.as_bytes().strip_prefix(b"@") else {
            return self.sources.refusal.add(origin, NO_FLAG.to_owned());
        };
        self.files += 1;
        if self.files > MAX_FILES {
            let text = ["more than ", &MAX_FILES.to_string(), " files of arguments"].concat();
            return self.sources.refusal.add(origin, text);
        }
        match file::bytes(Path::new(OsStr::from_bytes(path))) {
            Ok(bytes) => self.read(arguments(&bytes)),
            Err(error) => {
                let text = ["cannot read the file of arguments: ", &error.to_string()].concat();
                self.sources.refusal.add(origin, text);
            }
        }
    }

    /// Reads a flag of one letter, or a word after a single dash.
    fn read_short(&mut self, letter: char, parser: &mut Parser) {
        let (mut name, dashes) = (letter.to_string(), "-");
        if self.sources.catalogue.flag(&name).is_some() {
            return self.read_flag(Written { name, dashes, value: None }, parser);
        }
        let rest = parser.optional_value().unwrap_or_default();
        let Ok(rest) = rest.into_string() else {
            return self
                .sources
                .refusal
                .add(Origin::Flag(["-", &name].concat()), NOT_TEXT.to_owned());
        };
        let (rest, value) = match rest.split_once('=') {
            Some((rest, value)) => (rest, Some(value.into())),
            None => (rest.as_str(), None),
        };
        name.push_str(rest);
        self.read_flag(Written { name, dashes, value }, parser);
    }

    fn read_flag(&mut self, mut written: Written, parser: &mut Parser) {
        if let Some((_, name)) = SPELLINGS.iter().find(|(other, _)| *other == written.name) {
            (*name).clone_into(&mut written.name);
        }
        let dashes = if written.name.chars().count() == 1 { "-" } else { "--" };
        let is_well_written = written.dashes == dashes || written.is_of_node_exporter();
        let flag = self.sources.catalogue.flag(&written.name).filter(|_| is_well_written);
        let Some((row, negative)) = flag else {
            return self.read_unsupported(written, parser);
        };
        let origin = Origin::Flag(written.shown());
        let is_theirs = written.is_of_node_exporter();
        if is_theirs && !row.kind.is_list() {
            match self.rows.contains(&row) {
                true => self.sources.repeated.push(written.shown()),
                false => self.rows.push(row),
            }
        }
        match value(row.kind, negative, written, parser) {
            // `--no-version` does nothing.
            Ok(_) if row.kind == Kind::Act && negative => {}
            // An empty value adds nothing to a list, as in node_exporter.
            Ok(text)
                if is_theirs
                    && text.is_empty()
                    && matches!(row.kind, Kind::Globs | Kind::Words) => {}
            // node_exporter accepts WARN for warn.
            Ok(text) if is_theirs && matches!(row.kind, Kind::Choice(_)) => {
                self.sources.push(row, text.to_ascii_lowercase(), origin);
            }
            Ok(text) => self.sources.push(row, text, origin),
            Err(text) => self.sources.refusal.add(origin, text),
        }
    }

    /// Handles a flag that is not ours.
    fn read_unsupported(&mut self, written: Written, parser: &mut Parser) {
        let shown = written.shown();
        let has = |collector: &str| self.sources.catalogue.own_name(collector).is_some();
        let text = match unsupported_flags::judge(&written.name, written.value.as_deref(), has) {
            Some(Unsupported::AsksNothing) => return self.note(&written.name, shown),
            Some(Unsupported::Ignored(takes_value)) => {
                if !takes_value || value_of(&written, parser).is_some() {
                    self.note(&written.name, shown.clone());
                    return self.sources.warnings.push([&shown, ": ", IGNORED].concat());
                }
                NOTHING.to_owned()
            }
            Some(Unsupported::Refused(text)) => text,
            None => unknown(&written.name, &self.sources.catalogue.flags()),
        };
        self.sources.refusal.add(Origin::Flag(shown), text);
    }

    /// Records that a flag without a row was given.
    fn note(&mut self, name: &str, shown: String) {
        let name = name.strip_prefix("no-").unwrap_or(name);
        let is_again = self.words.iter().any(|word| word == name);
        if !is_again {
            self.words.push(name.to_owned());
        } else if !unsupported_flags::is_repeatable(name) {
            self.sources.repeated.push(shown);
        }
    }
}

/// The arguments in a file: one a line; lines that begin with `#` are ignored.
fn arguments(bytes: &[u8]) -> Vec<OsString> {
    let lines = bytes.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    lines.map(|line| OsStr::from_bytes(line).to_owned()).collect()
}

/// The value of the flag, from its own or the next argument.
fn value(
    kind: Kind,
    negative: bool,
    written: Written,
    parser: &mut Parser,
) -> Result<String, String> {
    let given = match kind {
        Kind::Switch | Kind::Act => written.value,
        Kind::Agent => Some(written.value.or_else(|| next_word(parser)).unwrap_or_default()),
        _ => {
            let nothing = || ["expected ", &kind.expects(), ", found nothing"].concat();
            Some(value_of(&written, parser).ok_or_else(nothing)?)
        }
    };
    let given = match given.map(OsString::into_string).transpose() {
        Ok(given) => given,
        Err(_) => return Err(NOT_TEXT.to_owned()),
    };
    match (given, kind, negative) {
        (Some(text), Kind::Act, _) => Err(["takes no value, found ", &quoted(&text)].concat()),
        (None, _, negative) => Ok((!negative).to_string()),
        (Some(text), _, true) => Ok(text.parse().map_or(text, |on: bool| (!on).to_string())),
        (Some(text), _, false) => Ok(text),
    }
}

/// The value in its own argument, or the next argument; node_exporter's flags do not accept a flag as value.
fn value_of(written: &Written, parser: &mut Parser) -> Option<OsString> {
    match &written.value {
        Some(value) => Some(value.clone()),
        None if written.is_of_node_exporter() => next_word(parser),
        None => parser.value().ok(),
    }
}

/// The next argument, unless it is a flag.
fn next_word(parser: &mut Parser) -> Option<OsString> {
    parser.try_raw_args()?.next_if(|arg| !arg.as_encoded_bytes().starts_with(b"-"))
}

fn unknown(name: &str, flags: &[Flag<'_>]) -> String {
    let mut known = flags.iter().map(|flag| flag.name.as_str()).filter(|name| name.len() > 1);
    format!("unknown flag{}; see --help", meant(name, &mut known, "--"))
}
