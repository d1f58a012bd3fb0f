//! The same responses as node_exporter's, for every kind of client.

use crate::common::{Agent, Server, free_address};
use crate::support::{FAKE, FIRST, curl, file, plan, web};
use std::path::Path;
use std::process::{Command, Stdio};

const PEER: &str = "target/peers/usr/bin/prometheus-node-exporter";

fn node_exporter(web: &Path) -> Server {
    let address = free_address();
    let mut command = Command::new(PEER);
    command
        .args(["--collector.disable-defaults", "--collector.loadavg"])
        .arg(format!("--web.listen-address={address}"))
        .arg(format!("--web.config.file={}", web.display()));
    // Not everybody is answered.
    Server::listening(&mut command, address)
}

/// Who comes to both.
fn clients() -> Vec<(&'static str, Vec<String>)> {
    let shows = |name: &str| {
        let (cert, key) = (file(&format!("{name}.pem")), file(&format!("{name}.key")));
        vec!["--cert".to_owned(), cert, "--key".to_owned(), key]
    };
    let says = |text: &str| vec!["--user".to_owned(), text.to_owned()];
    let both = |name: &str, text: &str| [shows(name), says(text)].concat();
    vec![
        ("nothing", vec![]),
        ("a certificate", shows("client")),
        ("a certificate of another authority", shows("other")),
        ("a name", says("ann:first")),
        ("both", both("client", "ann:first")),
        ("both, the other user", both("client", "bob:fakepassword")),
        ("a wrong password", both("client", "ann:second")),
        ("another's password", both("client", "ann:fakepassword")),
        ("a wrong user", both("client", "eve:first")),
        ("no password", both("client", "ann:")),
        (
            "a token",
            [shows("client"), vec!["-H".into(), "Authorization: Bearer first".into()]].concat(),
        ),
        (
            "an old TLS",
            [both("client", "ann:first"), vec!["--tls-max".into(), "1.1".into()]].concat(),
        ),
        ("TLS 1.2", [both("client", "ann:first"), vec!["--tls-max".into(), "1.2".into()]].concat()),
    ]
}

/// What is compared: curl's own status, that of the answer, and of refusals the rest.
fn is_same(web: &Path, paths: &[&str], schemes: &[&str]) {
    let (node, agent) = (node_exporter(web), plan(web).start());
    for (client, args) in clients() {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        for (path, scheme) in paths.iter().flat_map(|path| schemes.iter().map(move |s| (path, s))) {
            let url = format!("{scheme}://localhost:{{}}{path}");
            let theirs = curl(&node.address, &url, &args);
            let mut ours = curl(&agent.address(), &url, &args);
            if ours.status == 200 {
                ours.body.clone_from(&theirs.body);
            }
            assert_eq!(ours, theirs, "{client} {url}: ours, theirs");
        }
    }
}

fn users() -> String {
    format!("basic_auth_users:\n  ann: {FIRST}\n  bob: {FAKE}\n")
}

#[test]
fn certificates_and_users_are_required_as_in_node_exporter() {
    let mutual = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
    let (_dir, path) = web(&[mutual, &users()].concat());
    is_same(&path, &["/metrics", "/"], &["https", "http"]);
}

#[test]
fn users_alone_are_required_as_in_node_exporter() {
    let (dir, _) = web("");
    let path = dir.write("users.yml", users());
    is_same(&path, &["/metrics"], &["http"]);
}

#[test]
fn each_client_auth_type_is_as_in_node_exporter() {
    for kind in ["RequestClientCert", "RequireAnyClientCert", "NoClientCert"] {
        let (_dir, path) = web(&format!("  client_auth_type: {kind}\n"));
        is_same(&path, &["/metrics"], &["https"]);
    }
    for kind in ["VerifyClientCertIfGiven", "RequireAndVerifyClientCert"] {
        let (_dir, path) = web(&format!("  client_auth_type: {kind}\n  client_ca_file: ca.pem\n"));
        is_same(&path, &["/metrics"], &["https"]);
    }
}

/// As `openssl req -x509` makes a certificate: it signed itself, and is named as the authority.
#[test]
fn a_client_may_be_its_own_authority_as_there() {
    for (named, name, lets_in) in [
        ("own", "own", true),
        ("own", "formerly", false),
        ("formerly", "formerly", false),
        ("ca", "own", false),
        ("other", "ca", false),
    ] {
        let rest = format!(
            "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: {}\n",
            file(&format!("{named}.pem"))
        );
        let (_dir, path) = web(&rest);
        let (node, agent) = (node_exporter(&path), plan(&path).start());
        let (cert, key) = (file(&format!("{name}.pem")), file(&format!("{name}.key")));
        let request = |address: &str| {
            curl(address, "https://localhost:{}/", &["--cert", &cert, "--key", &key]).status == 200
        };
        let results = (request(&node.address), request(&agent.address()));
        assert_eq!(results, (lets_in, lets_in), "theirs, ours: {name} where {named} is named");
    }
}

#[test]
fn names_of_certificates_are_as_there() {
    for (name, lets_in) in [
        ("box", true),
        ("spiffe://fleet/box", true),
        ("ops@example.org", true),
        ("192.0.2.7", true),
        ("client", false),
        ("example.org", false),
    ] {
        let (_dir, path) = web(&format!(
            "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n  client_allowed_sans: ['else', '{name}']\n"
        ));
        is_same(&path, &["/metrics"], &["https"]);
        let agent = plan(&path).start();
        let (cert, key) = (file("client.pem"), file("client.key"));
        let got =
            curl(&agent.address(), "https://localhost:{}/", &["--cert", &cert, "--key", &key]);
        assert_eq!(got.status == 200, lets_in, "{name}: {got:?}");
    }
}

/// Names that mean nothing here among those that do are left out, where node_exporter knows them.
#[test]
fn files_that_are_good_there_are_good_here() {
    let suites = "  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.pem\n  cipher_suites:\n  \
                  - TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA\n  - TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA\n  \
                  - TLS_AES_128_GCM_SHA256\n  - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n  \
                  - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\n";
    let curves = "  curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]\n";
    for rest in [
        suites,
        curves,
        "  min_version: TLS10\n",
        "  min_version: TLS11\n  prefer_server_cipher_suites: false\nhttp_server_config:\n  http2: true\n",
        "rate_limit:\n  interval: 1ms\n  burst: 100\n",
    ] {
        let (_dir, path) = web(rest);
        is_same(&path, &["/", "/metrics"], &["http", "https"]);
    }
}

/// What node_exporter does not start with, we do not start with.
#[test]
fn files_that_are_refused_there_are_refused_here() {
    for (rest, theirs_too) in [
        ("  key_fil: a\n", true),
        ("  client_ca_file: ca.pem\n", true),
        ("  client_auth_type: Some\n", true),
        ("  min_version: TLS14\n", true),
        ("  cipher_suites: [TLS_NONE]\n", true),
        ("  curve_preferences: [P1]\n", true),
        ("basic_auth_users:\n  ann: secret\n", true),
        ("http_server_config:\n  headers:\n    Server: x\n", true),
        ("http_server_config:\n  headers:\n    X-Frame-Options: x\n", true),
        ("  client_auth_type: RequireAnyClientCert\n  client_ca_file: none.pem\n", true),
        // What is not there.
        ("  min_version: TLS10\n  max_version: TLS11\n", false),
        ("  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]\n", true),
        ("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n  max_version: TLS12\n", true),
        ("  curve_preferences: [CurveP521]\n", false),
    ] {
        let (_dir, path) = web(rest);
        let argument = format!("--web.config.file={}", path.display());
        if theirs_too {
            let mut node = Command::new(PEER);
            node.args(["--web.listen-address=127.0.0.1:0", &argument]).stderr(Stdio::null());
            assert_eq!(node.status().unwrap().code(), Some(1), "{rest}");
        }
        let mut agent = Agent::plan().arg(argument).spawn();
        // A file that is not there may come with another start.
        let expected = if rest.contains("none.pem") { 1 } else { 2 };
        assert_eq!(agent.wait().code(), Some(expected), "{rest}");
        agent.wait_for_log("cannot go on", 1);
        let log = agent.log().concat();
        assert!(log.contains("cannot go on") && log.contains(".yml"), "{log}");
    }
}
