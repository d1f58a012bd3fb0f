//! The settings of https and users, and errors in them.

use crate::common::{Agent, Temp};
use crate::support::{FIRST, curl, file, web};
use std::process::Command;

fn check(toml: &str) -> (Option<i32>, String) {
    let dir = Temp::new();
    let file = dir.write("sysmetrics.toml", toml);
    let mut command = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
    let done = command.env_clear().env("METRICS_CONFIG", &file).arg("--check-config").output();
    let done = done.unwrap();
    let printed = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
    (done.status.code(), printed.replace(&file.display().to_string(), "FILE"))
}

#[test]
fn a_table_is_equivalent_to_a_web_configuration_file() {
    let (dir, _) = web("");
    let users = dir.write("users", format!("ann:{FIRST}\n"));
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nusers_file = {users:?}\n[server.tls]\ncert_file = {:?}\nkey_file = {:?}\nclient_ca_file = {:?}\nclient_auth_type = \"RequireAndVerifyClientCert\"\nclient_allowed_sans = [\"box\"]\nmin_version = \"TLS13\"\n",
        dir.path("good.pem"),
        dir.path("good.key"),
        dir.path("ca.pem"),
    );
    let (status, printed) = check(&text);
    assert_eq!(status, Some(0), "{printed}");
    for line in [
        "[server.tls]",
        "client_auth_type = \"RequireAndVerifyClientCert\"",
        "min_version = \"TLS13\"",
    ] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    assert!(!printed.contains(FIRST), "{printed}");
    let agent = Agent::plan().file(&text).start();
    let (cert, key) = (file("client.pem"), file("client.key"));
    let request =
        |args: &[&str]| curl(&agent.address(), "https://localhost:{}/health", args).status;
    let shows = ["--cert", &cert, "--key", &key];
    assert_eq!(request(&[&shows[..], &["-u", "ann:first"]].concat()), 200);
    assert_eq!(request(&shows), 401);
    assert_eq!(request(&[&shows[..], &["-u", "ann:first", "--tls-max", "1.2"]].concat()), 0);
    assert_eq!(request(&["-u", "ann:first"]), 0);
}

#[test]
fn what_cannot_be_is_refused_with_what_to_do() {
    let (dir, web) = web("");
    let users = dir.write("users", "ann:secret\n");
    let bad = dir.write("bad.yml", "rate_limit:\n  interval: 1s\n");
    let files = "cert_file: good.pem, key_file: good.key";
    let curve = format!("tls_server_config: {{{files}, curve_preferences: [P521]}}\n");
    let curve = dir.write("curve.yml", curve);
    let none = dir.write("none", "\n# nobody\n");
    let [cert, key] = ["good.pem", "good.key"].map(|name| dir.path(name));
    let both = format!("[server.tls]\ncert_file = {cert:?}\nkey_file = {key:?}\n");
    for (text, status, expected) in [
        (format!("[server.tls]\ncert_file = {cert:?}\n"), 2, "server.tls.key_file: missing"),
        (format!("[server.tls]\nkey_file = {key:?}\n"), 2, "server.tls.cert_file: missing"),
        (
            format!("{both}client_ca_file = \"x\"\n"),
            2,
            "server.tls.client_ca_file: of no use without",
        ),
        (
            format!("{both}client_allowed_sans = [\"x\"]\n"),
            2,
            "server.tls.client_allowed_sans: of no use",
        ),
        (format!("{both}min_version = \"TLS11\"\n"), 2, "expected one of TLS12, TLS13"),
        (format!("{both}client_auth_type = \"None\"\n"), 2, "expected one of NoClientCert"),
        (format!("{both}cert = \"x\"\n"), 2, "unknown key"),
        (format!("[server]\nweb_config_file = {web:?}\n{both}"), 2, "keep one"),
        (format!("[server]\nusers_file = {users:?}\n"), 2, "/users: the user "),
        (format!("[server]\nusers_file = {none:?}\n"), 2, "expected name:hash a line, found none"),
        (
            "[server]\nusers_file = \"/nonexistent\"\n".into(),
            1,
            "users_file /nonexistent: No such file",
        ),
        (
            "[server]\nweb_config_file = \"/nonexistent\"\n".into(),
            1,
            "web_config_file /nonexistent: No such file",
        ),
        (
            "[[export]]\ntype = \"otlp\"\nendpoint = \"https://a\"\nca_file = \"/nonexistent\"\n"
                .into(),
            1,
            "export otlp: /nonexistent: No such file",
        ),
        (both.replace("good.key", "name.key"), 1, "name.key: No such file"),
        (
            format!("[server]\nweb_config_file = {bad:?}\n"),
            2,
            "bad.yml:1: rate_limit.burst: missing or 0",
        ),
        (
            format!("[server]\nweb_config_file = {curve:?}\n"),
            2,
            "curve.yml: curve_preferences: P521 is not supported",
        ),
    ] {
        let (found, printed) = check(&text);
        assert_eq!(found, Some(status), "{text}{printed}");
        assert!(printed.contains(expected), "{expected}: {text}{printed}");
        assert!(
            printed.ends_with("\nThe settings are wrong: sysmetrics does not start with them.\n")
        );
        assert!(!printed.contains("secret"), "{printed}");
    }
}
