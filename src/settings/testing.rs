//! Three collectors and a place for files, for the tests.

use super::{Kind, Settings, Subject, SubjectOption, load_from};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

pub(super) static CPU: Subject =
    Subject { name: "cpu", node_name: "cpu", on: true, help: "Processors.", options: &[] };

pub(super) static DISK: Subject = Subject {
    name: "disk",
    node_name: "diskstats",
    on: true,
    help: "Disks.",
    options: &[
        SubjectOption {
            key: "exclude_pattern",
            node_flags: &[
                "collector.diskstats.device-exclude",
                "collector.diskstats.ignored-devices",
            ],
            kind: Kind::Pattern,
            default: ["^(loop|ram|dm-)", "^(z?ram|loop|fd)\\d+$"],
            help: "Devices to leave out.",
        },
        SubjectOption {
            key: "include_pattern",
            node_flags: &["collector.diskstats.device-include"],
            kind: Kind::Pattern,
            default: ["", ""],
            help: "Devices to report, no others.",
        },
    ],
};

pub(super) static NETWORK: Subject = Subject {
    name: "network",
    node_name: "netdev",
    on: false,
    help: "Interfaces.",
    options: &[SubjectOption {
        key: "netlink",
        node_flags: &["collector.netdev.netlink"],
        kind: Kind::Switch,
        default: ["true", "true"],
        help: "Ask the kernel by netlink.",
    }],
};

pub(super) static SUBJECTS: &[&Subject] = &[&CPU, &DISK, &NETWORK];

/// A file that is there as long as this.
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

/// Loads a file with this text, arguments separated by spaces, and variables. In the refusal
/// the file is called FILE.
pub(super) fn load_bytes(
    file: &[u8],
    args: &str,
    env: &[(&str, &str)],
) -> Result<Settings, String> {
    let file = Temporary::new(file);
    let path = file.0.to_str().unwrap();
    let args = args.split(' ').filter(|arg| !arg.is_empty()).map(OsString::from).collect();
    let env = env.iter().map(|(name, value)| (name.into(), value.into())).collect();
    match load_from(SUBJECTS, args, env, path) {
        Ok(mut settings) => {
            settings.effective = settings.effective.replace(path, "FILE");
            settings.config_file = None;
            Ok(settings)
        }
        Err(refusal) => Err(refusal.to_string().replace(path, "FILE")),
    }
}

/// The same with `--check-config`, which prints secrets, too, and can be read back.
pub(super) fn load_open(file: &str, args: &str, env: &[(&str, &str)]) -> Result<Settings, String> {
    super::print::OPEN.set(true);
    let loaded = load(file, &["--check-config ", args].concat(), env);
    super::print::OPEN.set(false);
    loaded
}

pub(super) fn load(file: &str, args: &str, env: &[(&str, &str)]) -> Result<Settings, String> {
    load_bytes(file.as_bytes(), args, env)
}
