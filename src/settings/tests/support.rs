//! Three collectors, a place for files, and a value for each option, for the tests.

use crate::base::text::pattern::Pattern;
use crate::settings::table::Row;
use crate::settings::types::{CollectorOption, pattern, switch, system_switch};
use crate::settings::{Kind, Listen, Places, Settings, Subject, load_from};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

pub(super) static CPU: Subject = Subject {
    name: "cpu",
    node_name: "cpu",
    on: true,
    help: "Processors.",
    options: &[&CPU_SWITCH.row],
};

static CPU_SWITCH: CollectorOption<bool> = system_switch("collect_cpu", "The collector cpu.");

pub(super) static DISK: Subject = Subject {
    name: "disk",
    node_name: "diskstats",
    on: true,
    help: "Disks.",
    options: &[&EXCLUDE.row, &INCLUDE.row, &DISK_SWITCH.row],
};

static DISK_SWITCH: CollectorOption<bool> = system_switch("collect_disk", "The collector disk.");

pub(super) static EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("exclude_pattern", "Devices to leave out.")
        .flags(&["collector.diskstats.device-exclude", "collector.diskstats.ignored-devices"])
        .defaults("^(loop|ram|dm-)", "^(z?ram|loop|fd)\\d+$");

pub(super) static INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("include_pattern", "Devices to report, no others.")
        .flags(&["collector.diskstats.device-include"]);

pub(super) static NETWORK: Subject = Subject {
    name: "network",
    node_name: "netdev",
    on: false,
    help: "Interfaces.",
    options: &[&NETLINK.row],
};

pub(super) static NETLINK: CollectorOption<bool> = switch("netlink", "Ask the kernel by netlink.")
    .flags(&["collector.netdev.netlink"])
    .default("true");

pub(super) static SUBJECTS: &[&Subject] = &[&CPU, &DISK, &NETWORK];

/// Places without any files.
pub(super) fn nowhere() -> Places<'static> {
    Places { name: OsStr::new(""), files: ["/nonexistent"; 2], host: "/nonexistent" }
}

/// A file that is removed with this.
pub(super) struct Temporary(pub(super) PathBuf);

impl Temporary {
    pub(super) fn new(bytes: &[u8]) -> Temporary {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sysmetrics-settings-{}-{n}.toml", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).unwrap();
        Temporary(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Paths of other pages.
pub(super) fn is_reserved(path: &str) -> bool {
    ["/", "/health"].contains(&path)
}

/// Loads a file with this text, arguments separated by spaces, and variables. In errors
/// the file is called FILE.
pub(super) fn load_bytes(
    file: &[u8],
    args: &str,
    env: &[(&str, &str)],
) -> Result<Settings, String> {
    let file = Temporary::new(file);
    let path = file.0.to_str().unwrap();
    let places = Places { files: [path, "/nonexistent"], ..nowhere() };
    let args = args.split(' ').filter(|arg| !arg.is_empty()).map(OsString::from).collect();
    let env = env.iter().map(|(name, value)| (name.into(), value.into())).collect();
    match load_from(SUBJECTS, is_reserved, args, env, &places) {
        Ok(mut settings) => {
            settings.effective = settings.effective.replace(path, "FILE");
            settings.config_file = None;
            Ok(settings)
        }
        Err(refusal) => Err(refusal.to_string().replace(path, "FILE")),
    }
}

/// Like `load`, with `--check-config`, which prints secrets, too, so that its output can be read back.
pub(super) fn load_open(file: &str, args: &str, env: &[(&str, &str)]) -> Result<Settings, String> {
    crate::settings::show::print::OPEN.set(true);
    let loaded = load(file, &["--check-config ", args].concat(), env);
    crate::settings::show::print::OPEN.set(false);
    loaded
}

pub(super) fn load(file: &str, args: &str, env: &[(&str, &str)]) -> Result<Settings, String> {
    load_bytes(file.as_bytes(), args, env)
}

pub(super) fn tcp(host: &str, port: u16) -> Listen {
    Listen::Tcp(host.to_owned(), port)
}

/// Options that need others, and TLS: `serving` tests them.
pub(super) fn is_guard(row: &Row) -> bool {
    row.section.name == "server.tls" || ["users_file", "web_config_file"].contains(&row.key())
}

/// A valid value other than the default, in the file's syntax and as text.
pub(super) fn sample(row: &Row) -> (String, String) {
    let text = match row.kind {
        Kind::Switch => if row.default[0] == "true" { "false" } else { "true" }.to_owned(),
        Kind::Choice(words) => {
            let other =
                |word: &&&str| row.default[0].is_empty() || !word.starts_with(row.default[0]);
            words.iter().find(other).unwrap().to_string()
        }
        Kind::Count(_, max) => max.to_string(),
        Kind::Time(..) => "7s".to_owned(),
        Kind::Size(..) => "7MiB".to_owned(),
        Kind::Remote => "http://u@host:1/v1".to_owned(),
        Kind::Attributes => "host=a=b".to_owned(),
        Kind::Patterns => "cpu_*".to_owned(),
        Kind::Words => "word".to_owned(),
        Kind::Globs => "/srv/*".to_owned(),
        Kind::Addresses => "[::1]:1".to_owned(),
        // No name is both a gauge and a counter.
        Kind::Names if row.key() == "custom_counters" => "hits".to_owned(),
        Kind::Host | Kind::Name | Kind::Names => "host".to_owned(),
        Kind::Labels | Kind::Headers => "host=a=b".to_owned(),
        Kind::Times(..) => "host=7s".to_owned(),
        Kind::States => "host=2.5".to_owned(),
        Kind::Route | Kind::Served | Kind::Path | Kind::PathOrNone | Kind::Glob => {
            "/sample".to_owned()
        }
        Kind::Numbers => "2.5".to_owned(),
        Kind::Ports => "4318".to_owned(),
        Kind::Text | Kind::Word | Kind::Peer(_) => "word".to_owned(),
        Kind::Expression => "word > 1".to_owned(),
        Kind::Url | Kind::Urls => "http://u@host:1/x".to_owned(),
        Kind::Mode => "0660".to_owned(),
        Kind::Endpoint => "host:1".to_owned(),
        Kind::Mail | Kind::Mails => "a@host".to_owned(),
        Kind::Pattern => "^sample\\.$".to_owned(),
        Kind::Act | Kind::Agent | Kind::Ignored => unreachable!(),
    };
    match row.kind {
        kind if kind.is_unprefixed() => (text.clone(), text),
        kind if kind.is_table() => {
            let (name, value) = text.split_once('=').unwrap();
            let mark = if kind == Kind::States { "" } else { "'" };
            (format!("{{ {name} = {mark}{value}{mark} }}"), text)
        }
        _ => (format!("'{text}'"), text),
    }
}

#[cfg(feature = "hub")]
pub(super) fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
