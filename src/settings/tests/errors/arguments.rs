//! Errors about variables and arguments.

use super::refused;
use crate::settings::tests::support::{SUBJECTS, is_reserved, load, nowhere};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

#[test]
fn of_the_environment() {
    refused(
        "",
        "",
        &[("APP__SERVER", "x")],
        "APP__SERVER: no such setting; did you mean \"APP__SERVER__LISTEN\"?; see --help",
    );
    refused(
        "",
        "",
        &[("APP__COLLECTORS__DISKSTATS", "x")],
        "APP__COLLECTORS__DISKSTATS: no such setting; did you mean \"APP__COLLECTORS__DISK\"?; see --help",
    );
    refused(
        "",
        "",
        &[("EXPORTER_PORT", "http")],
        "EXPORTER_PORT: expected a whole number from 0 to 65535, found \"http\"",
    );
    refused(
        "[server]\nlisten = [':1', ':2']",
        "",
        &[("EXPORTER_PORT", "9200")],
        "EXPORTER_PORT: changes the one TCP address that listen gives, but it gives none or \
         several; use listen",
    );
}

#[test]
fn of_the_command_line() {
    refused("", "serve", &[], "serve: unexpected argument; flags start with --, see --help");
    refused("", "-x", &[], "-x: unknown flag; see --help");
    refused("", "-listen", &[], "-listen: unknown flag; did you mean \"--listen\"?; see --help");
    refused(
        "",
        "--collector.dsk",
        &[],
        "--collector.dsk: unknown flag; did you mean \"--collector.disk\"?; see --help",
    );
    refused("", "--h", &[], "--h: unknown flag; see --help");
    refused(
        "",
        "--collector.netdev.adress-info --no-collector.dsk",
        &[],
        "--collector.netdev.adress-info: unknown flag; did you mean \"--collector.netdev\"?; see \
         --help\n--no-collector.dsk: unknown flag; did you mean \"--no-collector.disk\"?; see --help",
    );
    refused("", "--check-config=yes", &[], "--check-config: takes no value, found \"yes\"");
    refused(
        "",
        "--log-level",
        &[],
        "--log-level: expected one of error, warn, info, debug, found nothing",
    );
    refused("", "--collector.cpu=1", &[], "--collector.cpu: expected true or false, found \"1\"");
    refused(
        "",
        "--config /nonexistent/x",
        &[],
        "/nonexistent/x: cannot read the settings file: No such file or directory (os error 2)",
    );
    refused("", "--config /tmp", &[], "/tmp: cannot read the settings file: not a regular file");
    refused("", "--config=", &[], "--config: expected a path, found \"\"");
}

#[test]
fn of_two_actions_neither_is_done() {
    for args in ["--check-config --once", "--once --check-config"] {
        refused("", args, &[], "--once: together with --check-config; keep one");
    }
    for args in ["--check-config --check-config", "--check-config --format json"] {
        assert!(load("", args, &[]).is_ok(), "{args}");
    }
}

#[test]
fn of_flags_that_only_node_exporter_has() {
    assert!(load("", "--no-collector.xfs --web.systemd-socket --no-collector.zfs", &[]).is_ok());
    let lacks = "node_exporter's collector \"systemd\" is not in this release; leave the flag out";
    for flag in
        ["--collector.systemd", "--collector.systemd.unit=ssh.*", "--no-collector.systemd=false"]
    {
        let name = flag.split('=').next().unwrap_or_default();
        refused("", flag, &[], &format!("{name}: {lacks}"));
    }
    assert!(load("", "--web.config.file=", &[]).is_ok());
    if !cfg!(feature = "tls") {
        let refusal = load("", "--web.config.file=/etc/web.yml", &[]).unwrap_err();
        assert!(refusal.starts_with("--web.config.file: TLS is not built in"), "{refusal}");
    }
    refused(
        "",
        "--collector.systemd.unit-include",
        &[],
        "--collector.systemd.unit-include: expected a value, found nothing",
    );
}

#[test]
fn options_of_node_exporters_other_collectors_are_ignored_with_a_warning() {
    let warnings = |args: &str| load("", args, &[]).unwrap().warnings;
    let of = |flag: &str| {
        let why = "node_exporter's, and there is nothing for it to set in this release";
        vec![[flag, ": ", why, "; it is ignored"].concat()]
    };
    // A value may be the next argument, also one that looks like a flag's.
    for args in [
        "--collector.tapestats.ignored-devices=a --log.level=warn",
        "--collector.tapestats.ignored-devices a",
    ] {
        assert_eq!(warnings(args), of("--collector.tapestats.ignored-devices"));
    }
    for flag in ["--collector.systemd.private", "--collector.ntp.server-is-local"] {
        assert_eq!(warnings(flag), of(flag));
        assert_eq!(warnings(&flag.replace("--", "--no-")), [""; 0]);
    }
    // These collectors exist, and would show something else.
    for flag in ["--collector.cpu.info", "--collector.netdev.label-ifalias"] {
        let refusal = load("", flag, &[]).unwrap_err();
        assert!(refusal.contains("would change what this collector shows"), "{refusal}");
        assert_eq!(warnings(&flag.replace("--", "--no-")), [""; 0]);
    }
    let both = "--collector.sysctl.include=a --no-collector.systemd --collector.sysctl.include b";
    assert_eq!(warnings(both).len(), 2);
}

#[test]
fn flags_that_node_exporter_does_not_repeat() {
    let again = "given before, and node_exporter takes it once; keep one";
    for flag in [
        "--collector.cpu",
        "--no-collector.cpu",
        "--log.level=info",
        "--web.max-requests=1",
        "--collector.ntp.server=a",
        "--collector.diskstats.ignored-devices=a",
    ] {
        let args = format!("{flag} {flag}");
        let name = flag.split('=').next().unwrap_or_default();
        refused("", &format!("--dialect node_exporter {args}"), &[], &format!("{name}: {again}"));
        assert!(load("", &args, &[]).is_ok(), "{flag}");
    }
    let other = "--dialect node_exporter --collector.diskstats.ignored-devices=a";
    let both = [other, " --collector.diskstats.device-exclude=b"].concat();
    refused("", &both, &[], &format!("--collector.diskstats.device-exclude: {again}"));
    let good = "--dialect sysmetrics --dialect node_exporter --web.listen-address=:1 \
                --web.listen-address=:2 --collector.sysctl.include=a --collector.sysctl.include=b \
                --log-level=warn --log-level=info";
    assert!(load("", good, &[]).is_ok());
}

#[test]
fn a_flag_is_not_the_value_of_node_exporters_flags() {
    refused(
        "",
        "--path.procfs --log.level=debug",
        &[],
        "--path.procfs: expected a path, found nothing",
    );
    refused(
        "",
        "--collector.ntp.server --log.level=debug",
        &[],
        "--collector.ntp.server: expected a value, found nothing",
    );
}

#[test]
fn every_switch_can_be_negated() {
    let off = "--no-collector.disable-defaults --no-web.systemd-socket --no-help --no-version";
    let settings = load("", &["--collector.disable-defaults ", off].concat(), &[]).unwrap();
    assert_eq!(settings.action, crate::settings::Action::Serve);
    assert!(settings.collectors.iter().any(|collector| collector.enabled));
    let process = |args| load("", args, &[]).unwrap().process_metrics;
    assert!(!process("--web.disable-exporter-metrics"));
    assert!(process("--no-web.disable-exporter-metrics"));
    assert!(process("--web.disable-exporter-metrics --no-web.disable-exporter-metrics"));
}

#[test]
fn arguments_and_variables_may_be_anything() {
    let junk = || OsString::from_vec(vec![b'-', b'-', 0xff]);
    let args = vec![junk(), OsString::from("--listen"), junk(), OsString::from_vec(vec![0xff])];
    let env = vec![("APP__LOG__LEVEL".into(), junk()), (junk(), junk())];
    let refusal = crate::settings::load_from(SUBJECTS, is_reserved, args, env, &nowhere())
        .unwrap_err()
        .to_string();
    assert!(refusal.contains("APP__LOG__LEVEL: expected text in UTF-8"), "{refusal}");
    assert!(refusal.contains("--listen: expected text in UTF-8"), "{refusal}");
}
