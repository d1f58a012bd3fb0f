//! Settings: defaults, then the TOML file, then the environment, then the command line.
//!
//! `sources` read the raw values of each, which name their row; `resolve` checks them
//! together and builds [`Settings`]; `show` prints options and settings. Every option is one row of
//! `table`, and collectors declare theirs in a [`Subject`], so that help, manual page, reference and
//! `--check-config` cannot know of anything else.

mod problem;
mod resolve;
mod show;
mod sources;
mod table;
mod types;
#[cfg(feature = "tls")]
mod web;

pub use crate::base::address::{Listen, SocketAccess};
pub use crate::base::dialect::Dialect;
pub use crate::base::log::{Format, Level};
pub use problem::Refusal;
pub use show::complete::completions;
pub use show::help::{help, short_help};
pub use show::manual::man_page;
pub use show::reference::reference;
pub use types::{
    Action, Agent, Alert, Alerting, CollectorOption, CollectorSettings, Custom, DeclaredHistogram,
    Enforce, Export, ExportKind, Field, Kind, Log, LogFiles, LogRule, MEMORY_FILE, OptionRow,
    Order, OtlpProtocol, Paths, Peaks, Pressure, Push, RemoteWriteVersion, Retry, Rule, RuleKind,
    Sandbox, Scrape, Server, Settings, Spool, StallTrigger, Statsd, StdoutFormat, Subject, Tail,
    Target, TargetKind, Tls, count, duration, globs, path, pattern, peer, switch, system_switch,
    text, words,
};

#[cfg(feature = "tls")]
pub use types::{ClientAuth, Pem, ServerTls, TlsVersion};
#[cfg(feature = "tls")]
pub use web::{RateLimit, WebConfig, parse_web_config, read_web_config};

use problem::Origin;
use resolve::resolve;
use show::print::effective;
use sources::raw::{RawValue, Sources};
use sources::{cli, env, file, otel, record};
use std::ffi::{OsStr, OsString};
use std::iter;
use table::{Catalogue, Role};

/// The default settings files; the first that exists is read.
pub const DEFAULT_FILES: [&str; 2] = ["/etc/sysmetrics/config.toml", "/etc/sysmetrics.toml"];

/// Places where the program looks by default.
struct Places<'a> {
    /// The program's name, which may choose a dialect.
    name: &'a OsStr,
    /// Settings files, the first that exists is read.
    files: [&'a str; 2],
    /// The directory below which a container has the trees of its host.
    host: &'a str,
}

/// Reads all sources, as `load_as`, for a program with a neutral name. `args` come without it.
///
/// # Errors
///
/// The errors of `load_as`.
pub fn load(
    subjects: &[&Subject],
    is_reserved: fn(&str) -> bool,
    args: impl Iterator<Item = OsString>,
    env: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Settings, Refusal> {
    load_as(subjects, is_reserved, iter::once(OsString::new()).chain(args), env)
}

/// Reads all sources. `is_reserved` is true for paths of pages other than the metrics. `args` begin
/// with the name of the program: started as node_exporter, it uses that dialect unless a source sets
/// another. The result depends only on the arguments given here, the files that are read and
/// the mounts, so that this can be called again on SIGHUP.
///
/// # Errors
///
/// Every problem found in any source together; the program prints them and exits with 2.
pub fn load_as(
    subjects: &[&Subject],
    is_reserved: fn(&str) -> bool,
    mut args: impl Iterator<Item = OsString>,
    env: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Settings, Refusal> {
    let name = &args.next().unwrap_or_default();
    let places = Places { name, files: DEFAULT_FILES, host: "/host" };
    load_from(subjects, is_reserved, args.collect(), env.collect(), &places)
}

fn load_from(
    subjects: &[&Subject],
    is_reserved: fn(&str) -> bool,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    places: &Places<'_>,
) -> Result<Settings, Refusal> {
    let catalogue = &Catalogue::new(subjects);
    let mut sources = Sources::new(catalogue, &env);
    dialect_of_name(&mut sources, places.name);
    cli::read(&mut sources, args);
    if let Some(settings) = help_settings(subjects, &mut sources) {
        return Ok(settings);
    }
    // `--health=URL` names the agent to query: the settings of this program do not matter.
    let is_url = |value: &RawValue<'_>| value.row.is(Role::Health) && !value.text.is_empty();
    let is_named = sources.values.iter().any(is_url);
    let text = if is_named { None } else { read_all(&mut sources, places) };
    let (mut settings, mut resolved) = resolve(subjects, &mut sources);
    let Sources { mut refusal, warnings, .. } = sources;
    if is_reserved(&settings.server.metrics_path) {
        resolve::refuse_path(&resolved, &mut refusal);
    }
    resolve::refuse_idle_flags(&resolved, &settings, &mut refusal);
    if !refusal.is_empty() {
        return Err(refusal);
    }
    resolve::host(places.host, &mut settings, &mut resolved);
    resolve::name(catalogue, &mut settings, &mut resolved);
    settings.warnings = warnings;
    resolve::named(&resolved, &mut settings);
    settings.config_file = text.map(|_| refusal.file.clone().into());
    if settings.action == Action::CheckConfig {
        settings.effective = effective(catalogue, &resolved, &refusal.file);
    }
    Ok(settings)
}

/// The settings for `--help` or `--version`, which are answered whatever else is wrong.
fn help_settings(subjects: &[&Subject], sources: &mut Sources<'_, '_>) -> Option<Settings> {
    let is_help = |value: &RawValue<'_>| value.row.is(Role::Help) || value.row.is(Role::Version);
    let at = sources.values.iter().position(is_help)?;
    let help = sources.values.swap_remove(at);
    let is_short = help.origin == Origin::Flag("-h".to_owned());
    sources.values.retain(|value| value.row.is(Role::Dialect));
    sources.values.push(help);
    sources.refusal = Refusal::default();
    let mut settings = resolve(subjects, sources).0;
    if is_short {
        settings.action = Action::ShortHelp;
    }
    Some(settings)
}

/// Records the dialect of the program's name.
fn dialect_of_name(sources: &mut Sources<'_, '_>, name: &OsStr) {
    let Some(dialect) = Dialect::of_program(name) else { return };
    let row = sources.catalogue.rows.iter().find(|row| row.is(Role::Dialect));
    if let Some(row) = row {
        sources.push(row, dialect.name().to_owned(), Origin::Name);
    }
}

/// Records the values of environment and settings file; returns the text of the file, if one is read.
fn read_all(sources: &mut Sources<'_, '_>, places: &Places<'_>) -> Option<String> {
    env::read(sources);
    let is_file = |value: &&RawValue<'_>| value.row.is(Role::Config) && !value.text.is_empty();
    let named = sources.values.iter().filter(is_file);
    let named = named.max_by_key(|value| value.origin.layer()).map(|value| value.text.clone());
    let text = file::text(named, places.files, sources);
    if let Some(text) = &text {
        record::read(sources, text);
    }
    if cfg!(feature = "hub") {
        otel::read(sources);
    }
    text
}

#[cfg(test)]
mod tests;
