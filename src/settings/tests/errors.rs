//! The texts of errors about wrong settings.

mod arguments;

use crate::settings::sources::file::MAX_FILE;
use crate::settings::sources::tree::MAX_NODES;
use crate::settings::tests::support::{load, load_bytes};

#[track_caller]
fn refused(file: &str, args: &str, env: &[(&str, &str)], expected: &str) {
    assert_eq!(load(file, args, env).map(|s| s.action).unwrap_err(), expected);
}

#[track_caller]
fn refused_file(file: &str, expected: &str) {
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
    refused_file("[server]\nlisen = ':1'", &[known, of_tls].concat());
    if !cfg!(feature = "tls") {
        let begins = "in [server]; TLS and users are not built in: take a binary that is not -tiny; known are";
        let refusal = load("[server.tls]\ncert_file = '/a'", "", &[]).unwrap_err();
        assert!(refusal.contains(begins), "{refusal}");
    }
    refused_file("x = 1", &format!("FILE:1:1: unknown key \"x\"; known are {TABLES}"));
    refused_file(
        "\n [servr]\nport = 'x'",
        &format!("FILE:2:3: unknown table \"servr\"; did you mean \"server\"?; known are {TABLES}"),
    );
    refused_file(
        "[[logz]]\n",
        &format!("FILE:1:3: unknown table \"logz\"; did you mean \"log\"?; known are {TABLES}"),
    );
    refused_file(
        "[collectors]\ndiskstats = true",
        "FILE:2:1: unknown key \"diskstats\" in [collectors]; did you mean \"disk\"?; known are \
         cpu, disk, network",
    );
    refused_file(
        "[collectors.disk]\nexclude = ''",
        "FILE:2:1: unknown key \"exclude\" in [collectors.disk]; did you mean \
         \"exclude_pattern\"?; known are enabled, exclude_pattern, include_pattern",
    );
    refused_file(
        "[collectors.disk.enabled]\nx = 1",
        "FILE:1:1: collectors.disk.enabled: expected true or false, found a table",
    );
}

#[test]
fn of_the_file_wrong_types() {
    refused_file("server = 1", "FILE:1:10: server: expected a table, [server], found 1");
    refused_file(
        "[[server]]",
        "FILE:1:1: server: expected a table, [server], found an array of tables",
    );
    refused_file(
        "[server]\nport = '9101'",
        "FILE:2:8: server.port: expected a whole number from 0 to 65535, found \"9101\"; write it \
         without quotation marks",
    );
    refused_file(
        "[server]\r\nport = 70000\r\n",
        "FILE:2:8: server.port: expected a whole number from 0 to 65535, found 70000",
    );
    refused_file(
        "[log]\nlevel = debug",
        "FILE:2:9: log.level: expected one of error, warn, info, debug, found debug; text goes in \
         quotation marks",
    );
    refused_file(
        "[collectors]\ncpu = 1",
        "FILE:2:7: collectors.cpu: expected true or false, found 1",
    );
    refused_file(
        "[log]\nlevel = ['info']",
        "FILE:2:9: log.level: expected one of error, warn, info, debug, found a list",
    );
    let address = "expected HOST:PORT, :PORT, unix:/PATH or vsock://:PORT, such as 127.0.0.1:9101 or [::]:9101";
    refused_file(
        "[server]\nlisten = []",
        &format!("FILE:2:10: server.listen: {address}, found a list"),
    );
    refused_file(
        "[server]\nlisten = [':1', 2, [':3']]",
        &format!(
            "FILE:2:17: server.listen: {address}, found 2\n\
             FILE:2:20: server.listen: {address}, found a list"
        ),
    );
    refused_file(
        &format!("[server]\nlisten = 'unix:/{}'", "x".repeat(107)),
        &format!(
            "FILE:2:10: server.listen: {address}, found \"unix:/{}…\"; the path of a socket has at most 107 bytes",
            "x".repeat(54)
        ),
    );
    refused_file(
        "[log]\nlevel = \"info\nformat = 'json'",
        "FILE:2:14: invalid basic string; expected the closing quotation mark",
    );
    refused_file(
        "[server]\nport = 1.5",
        "FILE:2:8: server.port: expected a whole number from 0 to 65535, found 1.5",
    );
}

#[test]
fn of_the_file_wrong_values() {
    refused_file(
        "[log]\nlevel = 'warning'",
        "FILE:2:9: log.level: expected one of error, warn, info, debug, found \"warning\"; \
         did you mean \"warn\"?",
    );
    refused_file(
        "[log]\nlevel = 'wran'",
        "FILE:2:9: log.level: expected one of error, warn, info, debug, found \"wran\"",
    );
    refused_file(
        "[metrics]\ndialect = 'node-exporter'",
        "FILE:2:11: metrics.dialect: expected one of sysmetrics, node_exporter, found \
         \"node-exporter\"; did you mean \"node_exporter\"?",
    );
    for path in ["metrics", "/", "/health"] {
        refused_file(
            &format!("[server]\nmetrics_path = '{path}'"),
            &format!(
                "FILE:2:16: server.metrics_path: expected a path such as /metrics, other than \
                 those of other pages, found \"{path}\""
            ),
        );
    }
    refused_file(
        "[server]\nhead_timeout = '2h'",
        "FILE:2:16: server.head_timeout: expected a time from 100ms to 1h, such as 5s or 500ms, \
         found \"2h\"",
    );
    let text = load("[collectors.disk]\nexclude_pattern = '('", "", &[]).unwrap_err();
    let front = "FILE:2:19: collectors.disk.exclude_pattern: expected a regular expression, found \
                 \"(\" (";
    assert!(text.starts_with(front), "{text}");
    refused_file(
        "[server]\nlisten = ':1'\nhost = 'x'",
        "FILE:3:8: listen together with host or port; keep listen, which sets both",
    );
    refused_file(
        "[collectors.disk]\ninclude_pattern = 'a'\nexclude_pattern = 'b'",
        "FILE:2:19: disk: include_pattern together with exclude_pattern (FILE:3:19); keep one: \
         include_pattern to name what is wanted, or exclude_pattern to name what is not",
    );
}

#[test]
fn of_the_file_duplicates() {
    let keep = "; TOML has no key that is both a value and a table: keep the table \
                [collectors.disk] and write the switch in it as \"enabled = true\" or \"enabled = \
                false\"";
    let twice = "duplicate key: \"collectors.disk\" is already set in line";
    let value_first = "[collectors]\ndisk = true\n[collectors.disk]\nexclude_pattern = ''";
    refused_file(value_first, &format!("FILE:3:13: {twice} 2{keep}"));
    let table_first = "[collectors.disk]\nexclude_pattern = ''\n[collectors]\ndisk = true\n";
    refused_file(table_first, &format!("FILE:4:1: {twice} 1{keep}"));
    refused_file(
        "collectors.disk = true\ncollectors.disk.enabled = true",
        &format!("FILE:2:12: {twice} 1{keep}"),
    );
    refused_file("[collectors.disk]\n[collectors.disk]\n", &format!("FILE:2:13: {twice} 1"));
    refused_file(
        "[log]\nlevel = 'info'\nlevel = 'warn'",
        "FILE:3:1: duplicate key: \"log.level\" is already set in line 2",
    );
}

#[test]
fn of_the_file_invalid_toml() {
    refused_file("[server", "FILE:1:8: unclosed table; expected \"]\"");
    refused_file("[log]\nlevel = \n", "FILE:2:9: missing value");
    refused_file("[log]\nlevel \n", "FILE:2:7: key with no value; expected \"=\"");
    refused_file("[log]\nlevel = 'x\n", "FILE:2:11: invalid literal string; expected \"'\"");
    let two = load("[log]\nlevel = \n[server\nlisten = [1,,2]\n", "", &[]).unwrap_err();
    assert_eq!(two.lines().count(), 3, "{two}");
    assert_eq!(
        load("\u{feff}x", "", &[]).unwrap_err(),
        "FILE:1:2: key with no value; expected \"=\""
    );
}

#[test]
fn all_problems_are_reported_in_order() {
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
