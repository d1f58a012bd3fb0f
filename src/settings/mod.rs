//! Settings: defaults, then the TOML file, then the environment, then the command line.
//!
//! Say, then mean: each source only records which row, what value and where from (`file`,
//! `env`, `cli` record what was `said`); `mean` judges them together and builds [`Settings`].
//! Every option is one row of `rows::rows`, and collectors tell of theirs as [`Subject`]s, so
//! that help, manual page, reference and `--check-config` cannot know of anything else.

mod basic;
mod catalogue;
#[cfg(feature = "hub")]
mod checks;
#[cfg(feature = "hub")]
mod checks_out;
mod cli;
mod elsewhere;
mod env;
pub mod expr;
mod file;
mod help;
mod hub;
mod listen;
mod lists;
mod mean;
#[cfg(feature = "hub")]
mod otel;
#[cfg(feature = "hub")]
mod otel_values;
mod out;
mod print;
mod problem;
mod record;
mod reference;
mod row;
mod rows;
#[cfg(feature = "hub")]
mod rows_in;
#[cfg(feature = "hub")]
mod rows_out;
#[cfg(feature = "hub")]
mod rows_watch;
mod said;
mod scan;
mod secret;
mod subject;
mod switches;
pub mod template;
mod toml;
mod tree;
mod types;
// Only the hub has rows for other programs.
#[cfg_attr(not(feature = "hub"), allow(dead_code))]
mod url;
mod value;
mod variables;

pub use basic::{Dialect, Format, Level, Listen, SocketAccess};
pub use help::{help, short_help};
pub use hub::{
    Alert, Alerting, DeclaredHistogram, Field, LogFiles, LogRule, RuleKind, Scrape, Statsd, Tail,
    Target, TargetKind,
};
pub use out::{
    Export, ExportKind, Order, OtlpProtocol, RemoteWriteVersion, Retry, Spool, StdoutFormat, Tls,
};
pub use problem::Refusal;
pub use reference::{man_page, reference};
pub use subject::{CollectorSettings, Subject, SubjectOption};
pub use types::{Action, Agent, Custom, Log, Paths, Push, Server, Settings};
pub use value::Kind;

use catalogue::Catalogue;
use problem::Origin;
use rows::{CONFIG, HELP, VERSION};
use std::ffi::OsString;

/// The settings file that is read, if it is there, when none is named.
pub const DEFAULT_FILE: &str = "/etc/sysmetrics.toml";

/// Reads all sources. `args` come without the name of the program. The answer depends on
/// nothing but the arguments given here and the file they name, so that it can be asked again
/// on SIGHUP.
///
/// # Errors
///
/// Every problem found in any source together; the program prints them and exits with 2.
pub fn load(
    subjects: &[&Subject],
    args: impl Iterator<Item = OsString>,
    env: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Settings, Refusal> {
    load_from(subjects, args.collect(), env.collect(), DEFAULT_FILE)
}

fn load_from(
    subjects: &[&Subject],
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    default_file: &str,
) -> Result<Settings, Refusal> {
    let catalogue = Catalogue::new(subjects);
    let (mut refusal, mut of_env, mut of_args) = (Refusal::default(), Vec::new(), Vec::new());
    cli::read(&catalogue, args, &mut of_args, &mut refusal);
    // Who asks for help gets it, whatever else is wrong.
    if let Some(ask) = of_args.iter().find(|said| [HELP, VERSION].contains(&said.row)) {
        let is_short = ask.origin == Origin::Flag("-h".to_owned());
        let ask = vec![ask.clone()];
        let none = &mut Refusal::default();
        let mut settings = mean::settle(&catalogue, subjects, ask, vec![], none).0;
        if is_short {
            settings.action = Action::ShortHelp;
        }
        return Ok(settings);
    }
    env::read(&catalogue, &env, &mut of_env, &mut refusal);

    let named = of_env.iter().chain(&of_args).rfind(|said| said.row == CONFIG);
    refusal.file = named.map_or(default_file, |said| said.text.as_str()).to_owned();
    let mut said = Vec::new();
    #[cfg(feature = "hub")]
    let mut warnings = Vec::new();
    let text = file::text(named.is_some(), &mut refusal);
    let elements = match &text {
        Some(text) => record::read(&catalogue, text, &env, &mut said, &mut refusal),
        None => Vec::new(),
    };
    #[cfg(feature = "hub")]
    let elements = otel::read(&catalogue, &env, (&mut said, elements), &mut warnings);
    let was_read = text.is_some();
    said.extend(of_env);
    said.extend(of_args);
    #[cfg_attr(not(feature = "hub"), allow(unused_mut))]
    let (mut settings, mut answers) =
        mean::settle(&catalogue, subjects, said, elements, &mut refusal);
    if !refusal.is_empty() {
        return Err(refusal);
    }
    #[cfg(feature = "hub")]
    {
        mean::name(&catalogue, &mut settings, &mut answers);
        otel::mark(&answers.lists, &mut settings);
        settings.warnings = warnings;
    }
    settings.config_file = was_read.then(|| refusal.file.clone().into());
    if settings.action == Action::CheckConfig {
        settings.effective = print::effective(&catalogue, &settings, &answers, &refusal.file);
    }
    Ok(settings)
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_documents;
#[cfg(test)]
#[cfg(feature = "hub")]
mod tests_of_environment;
#[cfg(test)]
mod tests_of_errors;
#[cfg(test)]
#[cfg(feature = "hub")]
mod tests_of_lists;
#[cfg(test)]
#[cfg(feature = "hub")]
mod tests_of_out;
