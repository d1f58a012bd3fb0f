//! The texts of errors about wrong settings.

use crate::settings::sources::file::MAX_FILE;
use crate::settings::sources::tree::MAX_NODES;
use crate::settings::tests::support::{SUBJECTS, is_reserved, load, load_bytes, nowhere};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

#[track_caller]
fn refused(file: &str, args: &str, env: &[(&str, &str)], expected: &str) {
    assert_eq!(load(file, args, env).map(|s| s.action).unwrap_err(), expected);
}

#[track_caller]
fn file(file: &str, expected: &str) {
    refused(file, "", &[], expected);
}

#[cfg(not(feature = "hub"))]
const TABLES: &str = "server, metrics, paths, log, sandbox, collectors";
#[cfg(feature = "hub")]
const TABLES: &str = "server, metrics, paths, log, sandbox, system, push, statsd, scrape, tail, logs, pressure, \
                      peaks, alerting, alerts, agent, export, collectors";

#[test]
fn of_the_file_unknown_names() {
    let of_tls = if cfg!(feature = "tls") { ", users_file, web_config_file, tls" } else { "" };
    let known = "FILE:2:1: unknown key \"lisen\" in [server]; did you mean \"listen\"?; known are \
                 listen, host, port, metrics_path, max_connections, max_head_bytes, head_timeout, \
                 drain_timeout, idle_timeout, socket_mode, socket_group";
    file("[server]\nlisen = ':1'", &[known, of_tls].concat());
    if !cfg!(feature = "tls") {
        let begins =
            "unknown key \"tls\" in [server]; TLS and users are not built in; known are listen, ";
        let refusal = load("[server.tls]\ncert_file = '/a'", "", &[]).unwrap_err();
        assert!(refusal.contains(begins), "{refusal}");
    }
    file("x = 1", &format!("FILE:1:1: unknown key \"x\"; known are {TABLES}"));
    file(
        "\n [servr]\nport = 'x'",
        &format!("FILE:2:3: unknown table \"servr\"; did you mean \"server\"?; known are {TABLES}"),
    );
    file(
        "[[logz]]\n",
        &format!("FILE:1:3: unknown table \"logz\"; did you mean \"log\"?; known are {TABLES}"),
    );
    file(
        "[collectors]\ndiskstats = true",
        "FILE:2:1: unknown key \"diskstats\" in [collectors]; did you mean \"disk\"?; known are \
         cpu, disk, network",
    );
    file(
        "[collectors.disk]\nexclude = ''",
        "FILE:2:1: unknown key \"exclude\" in [collectors.disk]; did you mean \
         \"exclude_pattern\"?; known are enabled, exclude_pattern, include_pattern",
    );
    file(
        "[collectors.disk.enabled]\nx = 1",
        "FILE:1:1: collectors.disk.enabled: expected true or false, found a table",
    );
}

#[test]
fn of_the_file_wrong_types() {
    file("server = 1", "FILE:1:10: server: expected a table, [server], found 1");
    file("[[server]]", "FILE:1:1: server: expected a table, [server], found an array of tables");
    file(
        "[server]\nport = '9101'",
        "FILE:2:8: server.port: expected a whole number from 0 to 65535, found \"9101\"; write it \
         without quotation marks",
    );
    file(
        "[server]\r\nport = 70000\r\n",
        "FILE:2:8: server.port: expected a whole number from 0 to 65535, found 70000",
    );
    file(
        "[log]\nlevel = debug",
        "FILE:2:9: log.level: expected one of error, warn, info, debug, found debug; text goes in \
         quotation marks",
    );
    file("[collectors]\ncpu = 1", "FILE:2:7: collectors.cpu: expected true or false, found 1");
    file(
        "[log]\nlevel = ['info']",
        "FILE:2:9: log.level: expected one of error, warn, info, debug, found a list",
    );
    let address = "expected HOST:PORT, :PORT or unix:/PATH, such as 127.0.0.1:9101 or [::]:9101";
    file("[server]\nlisten = []", &format!("FILE:2:10: server.listen: {address}, found a list"));
    file(
        "[server]\nlisten = [':1', 2, [':3']]",
        &format!(
            "FILE:2:17: server.listen: {address}, found 2\n\
             FILE:2:20: server.listen: {address}, found a list"
        ),
    );
    file(
        "[server]\nport = 1.5",
        "FILE:2:8: server.port: expected a whole number from 0 to 65535, found 1.5",
    );
}

#[test]
fn of_the_file_wrong_values() {
    file(
        "[log]\nlevel = 'warning'",
        "FILE:2:9: log.level: expected one of error, warn, info, debug, found \"warning\"; \
         did you mean \"warn\"?",
    );
    file(
        "[log]\nlevel = 'wran'",
        "FILE:2:9: log.level: expected one of error, warn, info, debug, found \"wran\"",
    );
    file(
        "[metrics]\ndialect = 'node-exporter'",
        "FILE:2:11: metrics.dialect: expected one of sysmetrics, node_exporter, found \
         \"node-exporter\"; did you mean \"node_exporter\"?",
    );
    for path in ["metrics", "/", "/health"] {
        file(
            &format!("[server]\nmetrics_path = '{path}'"),
            &format!(
                "FILE:2:16: server.metrics_path: expected a path such as /metrics, other than \
                 those of other pages, found \"{path}\""
            ),
        );
    }
    file(
        "[server]\nhead_timeout = '2h'",
        "FILE:2:16: server.head_timeout: expected a time from 100ms to 1h, such as 5s or 500ms, \
         found \"2h\"",
    );
    let text = load("[collectors.disk]\nexclude_pattern = '('", "", &[]).unwrap_err();
    let front = "FILE:2:19: collectors.disk.exclude_pattern: expected a regular expression, found \
                 \"(\" (";
    assert!(text.starts_with(front), "{text}");
    file(
        "[server]\nlisten = ':1'\nhost = 'x'",
        "FILE:3:8: listen together with host or port; keep listen, which says both",
    );
    file(
        "[collectors.disk]\ninclude_pattern = 'a'\nexclude_pattern = 'b'",
        "FILE:2:19: disk: include_pattern together with exclude_pattern (FILE:3:19); keep one: \
         include_pattern to name what is wanted, or exclude_pattern to name what is not",
    );
}

#[test]
fn of_the_file_what_is_said_twice() {
    let keep = "; TOML has no key that is both a value and a table: keep the table \
                [collectors.disk] and write the switch in it as \"enabled = true\" or \"enabled = \
                false\"";
    let twice = "duplicate key: \"collectors.disk\" is already set in line";
    let value_first = "[collectors]\ndisk = true\n[collectors.disk]\nexclude_pattern = ''";
    file(value_first, &format!("FILE:3:13: {twice} 2{keep}"));
    let table_first = "[collectors.disk]\nexclude_pattern = ''\n[collectors]\ndisk = true\n";
    file(table_first, &format!("FILE:4:1: {twice} 1{keep}"));
    file(
        "collectors.disk = true\ncollectors.disk.enabled = true",
        &format!("FILE:2:12: {twice} 1{keep}"),
    );
    file("[collectors.disk]\n[collectors.disk]\n", &format!("FILE:2:13: {twice} 1"));
    file(
        "[log]\nlevel = 'info'\nlevel = 'warn'",
        "FILE:3:1: duplicate key: \"log.level\" is already set in line 2",
    );
}

#[test]
fn of_the_file_what_is_no_toml() {
    file("[server", "FILE:1:8: unclosed table; expected \"]\"");
    file("[log]\nlevel = \n", "FILE:2:9: missing value");
    file("[log]\nlevel \n", "FILE:2:7: key with no value; expected \"=\"");
    file("[log]\nlevel = 'x\n", "FILE:2:11: invalid literal string; expected \"'\"");
    let two = load("[log]\nlevel = \n[server\nlisten = [1,,2]\n", "", &[]).unwrap_err();
    assert_eq!(two.lines().count(), 3, "{two}");
    assert_eq!(
        load("\u{feff}x", "", &[]).unwrap_err(),
        "FILE:1:2: key with no value; expected \"=\""
    );
}

#[test]
fn all_problems_together_in_order() {
    refused(
        "[log]\nlevel = 1\nformt = 'x'",
        "--lisen=x --log-level loud",
        &[("APP__SERVER__PORT", "x"), ("APP__LOGS__LEVEL", "info")],
        "FILE:2:9: log.level: expected one of error, warn, info, debug, found 1\n\
         FILE:3:1: unknown key \"formt\" in [log]; did you mean \"format\"?; known are format, level\n\
         APP__LOGS__LEVEL: no such setting; did you mean \"APP__LOG__LEVEL\"?; see --help\n\
         APP__SERVER__PORT: expected a whole number from 0 to 65535, found \"x\"\n\
         --lisen: unknown flag; did you mean \"--listen\"?; see --help\n\
         --log-level: expected one of error, warn, info, debug, found \"loud\"",
    );
    let many: String = (0..30).map(|n| format!("k{n} = 1\n")).collect();
    let text = load(&many, "", &[]).unwrap_err();
    assert_eq!(text.lines().count(), 11);
    assert!(text.ends_with("\nand 20 more"));
}

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
fn what_only_configures_collectors_of_node_exporter_is_ignored_with_a_warning() {
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
fn what_a_command_line_of_node_exporter_may_not_repeat() {
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
fn node_exporters_flags_take_no_flag_for_a_value() {
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
fn every_switch_can_be_said_with_no() {
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
fn nothing_in_a_file_makes_it_panic() {
    let deep = "a = ".to_owned() + &"[".repeat(100_000);
    let tables = "a = ".to_owned() + &"{a=".repeat(100_000);
    let dots = "a.".repeat(100_000) + "a = 1";
    let header = format!("[{}a]", "a.".repeat(100_000));
    let headers = "[".repeat(100_000);
    let many: String = (0..MAX_NODES * 2).map(|n| format!("k{n} = 1\n")).collect();
    for text in [deep, tables, dots, header, headers, many] {
        let refusal = load(&text, "", &[]).unwrap_err();
        assert!(refusal.starts_with("FILE:") && refusal.len() < 10_000, "{refusal}");
    }
    let mut seed = 1_u64;
    for _ in 0..300 {
        let junk: Vec<u8> = (0..200)
            .map(|_| {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let byte = (seed >> 56) as u8;
                if seed & (1 << 40) == 0 { byte } else { b"[]{}=.,'\"\\\n#ax1"[byte as usize % 15] }
            })
            .collect();
        let _ = load_bytes(&junk, "", &[]);
        let _ = load_bytes(String::from_utf8_lossy(&junk).as_bytes(), "", &[]);
    }
}

#[test]
fn a_file_is_text_and_not_too_large() {
    let large = vec![b'#'; MAX_FILE as usize + 1];
    let text = "FILE: cannot read the settings file: larger than 1 MiB, which no settings file is";
    assert_eq!(load_bytes(&large, "", &[]).unwrap_err(), text);
    assert!(load_bytes(&large[1..], "", &[]).is_ok());
    let text = "FILE:2:3: not UTF-8 from here on; a settings file is text in UTF-8";
    assert_eq!(load_bytes(b"#\n# \xff\n", "", &[]).unwrap_err(), text);
    assert!(load_bytes(b"\xef\xbb\xbf[log]\r\nlevel = \"info\"\r\n", "", &[]).is_ok());
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
