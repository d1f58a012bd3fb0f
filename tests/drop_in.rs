//! The agent in the place of node_exporter: under its name, with every flag of 1.12, and with the arguments of
//! widespread ways to install it. The flags, and the sources of the arguments, are in `tests/node_exporter`.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // the same settings, looked at once
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests run the program

mod common;

use common::{Agent, Temp};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

/// What cannot be done here, and why.
#[cfg(not(feature = "tls"))]
const REFUSED: [(&str, &str); 1] = [("web.config.file", "TLS is not built in")];
#[cfg(feature = "tls")]
const REFUSED: [(&str, &str); 0] = [];

/// The program under another name: its status, standard output and error.
fn said_as(name: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let dir = Temp::new();
    let path = dir.path(name);
    symlink(env!("CARGO_BIN_EXE_sysmetrics"), &path).unwrap();
    let file = dir.write("sysmetrics.toml", "");
    let mut command = Command::new(path);
    let done = command.env_clear().env("METRICS_CONFIG", file).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code(), text(done.stdout), text(done.stderr))
}

fn fixture(name: &str) -> String {
    fs::read_to_string(format!("tests/node_exporter/{name}")).unwrap()
}

/// What is wrong with the answer to a flag.
fn wrong_with(flag: &str) -> Option<String> {
    let name = flag.split('=').next()?;
    // A file that is not there is refused there, too.
    let dir = Temp::new();
    let there = format!("{name}={}", dir.write("web.yml", "").display());
    let flag = if name == "web.config.file" { &there } else { flag };
    let (status, _, error) = said_as("node_exporter", &["--check-config", &format!("--{flag}")]);
    let is_right = match REFUSED.iter().find(|(refused, _)| *refused == name) {
        Some((_, why)) => status == Some(2) && error.contains(why),
        None => status == Some(0) && error.is_empty(),
    };
    (!is_right).then(|| format!("--{flag}: {status:?} {error}"))
}

#[test]
fn every_flag_of_node_exporter_is_taken_but_for_what_is_refused_with_a_reason() {
    let text = fixture("flags");
    let flags: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(flags.len() > 170);
    let negative = flags.iter().filter(|flag| !flag.contains('=') && !flag.starts_with("help"));
    let negative: Vec<String> = negative.map(|flag| format!("no-{flag}")).collect();
    let all = flags.iter().copied().chain(negative.iter().map(String::as_str));
    let wrong: Vec<String> = all.filter_map(wrong_with).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn under_the_name_of_node_exporter_it_speaks_its_dialect() {
    for (name, args, dialect, listen) in [
        ("node_exporter", "", "node_exporter", ":9100"),
        ("prometheus-node-exporter", "", "node_exporter", ":9100"),
        ("node_exporter", "--dialect=sysmetrics", "sysmetrics", "0.0.0.0:9101"),
        ("node_exporter2", "", "sysmetrics", "0.0.0.0:9101"),
    ] {
        let args = ["--check-config", args];
        let args: Vec<&str> = args.into_iter().filter(|arg| !arg.is_empty()).collect();
        let (status, out, error) = said_as(name, &args);
        assert_eq!((status, error.as_str()), (Some(0), ""), "{name} {args:?}");
        assert!(out.contains(&format!("\ndialect = \"{dialect}\"")), "{name} {args:?}: {out}");
        assert!(out.contains(&format!("\nlisten = \"{listen}\"")), "{name} {args:?}: {out}");
        assert_eq!(out.contains("# from the name of the program"), dialect != "sysmetrics");
    }
}

#[test]
fn under_the_name_of_node_exporter_it_has_its_version_and_flags() {
    let (status, out, _) = said_as("node_exporter", &["--version"]);
    let first = out.lines().next().unwrap();
    assert_eq!(status, Some(0));
    assert!(first.starts_with("node_exporter, version 1.12.1 (branch: sysmetrics, revision: "));
    assert!(out.contains(concat!("sysmetrics ", env!("CARGO_PKG_VERSION"))), "{out}");
    let (_, own, _) = said_as("node_exporter", &["--version", "--dialect", "sysmetrics"]);
    assert!(own.starts_with("sysmetrics "), "{own}");
    for flag in ["--help", "--help-long"] {
        let (status, out, error) = said_as("prometheus-node-exporter", &[flag]);
        assert_eq!((status, error.as_str()), (Some(0), ""));
        assert!(out.contains("--web.listen-address"), "{flag}: {out}");
    }
}

/// Starts the program under a name with these arguments, with a port of the kernel's choice and the
/// trees of a stored machine where the host's are mounted.
fn answers(name: &str, args: &[String]) {
    let dir = Temp::new();
    let path = dir.path(name);
    symlink(env!("CARGO_BIN_EXE_sysmetrics"), &path).unwrap();
    let mut plan = Agent::plan().file("").shell(&format!("shift; exec {} \"$@\"", path.display()));
    let mut listens = 0;
    for arg in args {
        let arg = arg.replace("=/host/sys", "=fixtures/box/sys").replace("=/host/root", "=/");
        listens += usize::from(arg.starts_with("--web.listen-address"));
        let local =
            arg.replace("0.0.0.0:9100", "127.0.0.1:0").replace("127.0.0.1:9100", "127.0.0.1:0");
        plan = plan.arg(local);
    }
    assert_eq!(listens, 1, "{args:?}");
    let agent = plan.start();
    let answer = agent.get("/metrics");
    assert_eq!(answer.status, 200);
    for name in ["node_cpu_seconds_total{", "node_memory_MemTotal_bytes ", "node_load1 "] {
        assert!(answer.text().contains(name), "{name}");
    }
    assert!(!answer.text().contains("sysmetrics_"));
    assert!(agent.get("/").text().contains("<title>Node Exporter</title>"));
    assert_eq!(agent.lines_with("a setting is ignored"), 0, "{:#?}", agent.log());
}

#[test]
fn with_the_arguments_of_kube_prometheus() {
    let text = fixture("kube-prometheus.yaml");
    let args: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    answers("node_exporter", &args.into_iter().map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn with_the_arguments_of_the_ansible_role() {
    let text = fixture("ansible.service");
    let args: Vec<String> = text.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(args.len() == 6 && args.iter().all(|arg| arg.starts_with("--")), "{args:?}");
    answers("node_exporter", &args);
}

#[test]
fn with_the_arguments_of_debians_package() {
    let text = fixture("debian.default");
    let line = text.lines().find_map(|line| line.strip_prefix("ARGS=\"")).unwrap();
    // The shell, or systemd, takes one of two backslashes.
    let line = line.trim_end_matches('"').replace("\\\\", "\\");
    answers("prometheus-node-exporter", &line.split(' ').map(str::to_owned).collect::<Vec<_>>());
}

/// What `deploy/replace-node-exporter` says of a service whose unit and arguments are these, and the
/// arguments that it leaves for sysmetrics.
fn replaced(service: &str, unit: &str, defaults: &str) -> (Option<i32>, String, Option<String>) {
    let dir = Temp::new();
    dir.write("run/systemd/system/none", "");
    dir.write("usr/bin/none", "");
    symlink(env!("CARGO_BIN_EXE_sysmetrics"), dir.path("usr/bin/sysmetrics")).unwrap();
    dir.write(&format!("etc/systemd/system/{service}.service"), unit);
    dir.write(&format!("etc/default/{service}"), defaults);
    let systemctl = dir.write("bin/systemctl", "#!/bin/sh\n");
    fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755)).unwrap();
    let mut script = Command::new("/bin/sh");
    script.arg("deploy/replace-node-exporter").env_clear().env("ROOT", dir.path("."));
    script.env("PATH", format!("{}:/usr/bin:/bin", dir.path("bin").display()));
    script.env("METRICS_CONFIG", dir.write("sysmetrics.toml", ""));
    let done = script.output().unwrap();
    let error = String::from_utf8(done.stderr).unwrap();
    (done.status.code(), error, fs::read_to_string(dir.path("etc/default/sysmetrics")).ok())
}

#[test]
fn replace_node_exporter_accepts_its_arguments_or_says_why_not() {
    let unit = "[Service]\nExecStart=/usr/bin/prometheus-node-exporter $ARGS\nRestart=no\n";
    let (status, error, args) =
        replaced("prometheus-node-exporter", unit, &fixture("debian.default"));
    assert_eq!((status, error.as_str()), (Some(0), ""));
    let line = fixture("debian.default").lines().last().unwrap().replace("ARGS=\"", "");
    let line = format!("ARGS=\"--dialect node_exporter {line}\n");
    assert!(args.as_deref().is_some_and(|args| args.ends_with(&line)), "{args:?}");

    let (status, error, args) = replaced("node_exporter", &fixture("ansible.service"), "");
    assert_eq!((status, args), (Some(1), None));
    assert!(error.contains("put sysmetrics in the place of its program"), "{error}");
}

#[test]
fn without_a_socket_of_systemd_it_does_not_open_one() {
    let mut agent = Agent::plan().arg("--web.systemd-socket").spawn();
    assert_eq!(agent.wait().code(), Some(1));
    agent.wait_for_log("no socket was handed over (LISTEN_FDS); leave the flag out", 1);
}

#[test]
fn what_is_taken_together_is_taken_together_here() {
    for (collector, front) in [
        ("arp", "device"),
        ("ethtool", "device"),
        ("hwmon", "chip"),
        ("hwmon", "sensor"),
        ("interrupts", "name"),
        ("slabinfo", "slabs"),
        ("systemd", "unit"),
        ("netdev", "device"),
        ("qdisc", "device"),
        ("diskstats", "device"),
        ("filesystem", "mount-points"),
        ("filesystem", "fs-types"),
    ] {
        let flag = |word| format!("--collector.{collector}.{front}-{word}=a");
        let (status, _, error) =
            said_as("node_exporter", &["--check-config", &flag("include"), &flag("exclude")]);
        let is_refused = ["netdev", "qdisc", "diskstats", "filesystem"].contains(&collector);
        assert_eq!(status, Some(if is_refused { 2 } else { 0 }), "{collector} {front}: {error}");
    }
    let empty = ["collector.textfile.directory", "collector.sysctl.include"];
    for flag in empty.map(|flag| format!("--{flag}=")) {
        let (status, _, error) = said_as("node_exporter", &["--check-config", &flag]);
        assert_eq!((status, error.as_str()), (Some(0), ""), "{flag}");
    }
}

#[test]
fn arguments_may_be_in_files() {
    let dir = Temp::new();
    let inner = dir.write("inner", "--log.level\ndebug\n");
    let text = format!("# comment\n--path.udev.data=/a b\r\n\n@{}\n", inner.display());
    let file = dir.write("args", &text);
    let (status, out, error) =
        said_as("node_exporter", &["--check-config", &format!("@{}", file.display())]);
    assert_eq!((status, error.as_str()), (Some(0), ""));
    for line in ["\nudev_data = \"/a b\"", "\nlevel = \"debug\""] {
        assert!(out.contains(line), "{line}: {out}");
    }
    let round = dir.path("round");
    fs::write(&round, format!("@{}\n", round.display())).unwrap();
    let (status, _, error) = said_as("node_exporter", &[&format!("@{}", round.display())]);
    assert_eq!(status, Some(2));
    assert!(error.contains("more than 16 files of arguments"), "{error}");
    let (status, _, error) = said_as("node_exporter", &["@/nonexistent"]);
    assert_eq!(status, Some(2));
    assert!(error.starts_with("@/nonexistent: cannot read the file of arguments: "), "{error}");
}
