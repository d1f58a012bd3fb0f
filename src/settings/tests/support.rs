//! Three collectors and a place for files, for the tests.

use crate::base::text::pattern::Pattern;
use crate::settings::types::{CollectorOption, pattern, switch, system_switch};
use crate::settings::{Places, Settings, Subject, load_from};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

pub(super) static CPU: Subject = Subject {
    name: "cpu",
    node_name: "cpu",
    on: true,
    help: "Processors.",
    options: &[&CPU_TOO.row],
};

static CPU_TOO: CollectorOption<bool> = system_switch("collect_cpu", "The collector cpu.");

pub(super) static DISK: Subject = Subject {
    name: "disk",
    node_name: "diskstats",
    on: true,
    help: "Disks.",
    options: &[&EXCLUDE.row, &INCLUDE.row, &DISK_TOO.row],
};

static DISK_TOO: CollectorOption<bool> = system_switch("collect_disk", "The collector disk.");

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
