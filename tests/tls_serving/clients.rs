//! Versions and ciphers of TLS, and responses that do not fit into one record or one buffer of the kernel.

use crate::common::Agent;
use crate::support::{FIRST, curl, file, health, plan, s_client, web};
use std::process::Command;

#[test]
fn versions_and_ciphers_are_those_of_the_file() {
    let (_dir, path) = web("");
    let agent = plan(&path).start();
    for (args, expected) in [
        (&["-tls1_3"][..], "TLSv1.3, Cipher is TLS_AES_"),
        (&["-tls1_2"], "TLSv1.2, Cipher is ECDHE-ECDSA-AES256-GCM-SHA384"),
        (&["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], "ECDHE-ECDSA-CHACHA20-POLY1305"),
        (&["-alpn", "h2,http/1.1"], "ALPN protocol: http/1.1"),
        (&["-groups", "P-384"], "Verify return code: 0 (ok)"),
    ] {
        let (is_through, text) = s_client(&agent.address(), args);
        assert!(is_through && text.contains(expected), "{args:?} {expected}: {text}");
    }
    for args in
        [&["-tls1_1"][..], &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], &["-alpn", "h2"]]
    {
        assert!(!s_client(&agent.address(), args).0, "{args:?}");
    }
    let (_dir, path) = web(
        "  max_version: TLS12\n  cipher_suites:\n  - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n  curve_preferences: [CurveP256]\n",
    );
    let agent = plan(&path).start();
    let (is_through, text) = s_client(&agent.address(), &[]);
    assert!(
        is_through && text.contains("TLSv1.2, Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"),
        "{text}"
    );
    for args in
        [&["-tls1_3"][..], &["-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"], &["-groups", "X25519"]]
    {
        assert!(!s_client(&agent.address(), args).0, "{args:?}");
    }
    let (_dir, path) = web("  min_version: TLS13\n");
    let agent = plan(&path).start();
    assert_eq!(health(&agent.address(), &["--tls-max", "1.2"]).1, 0);
    assert_eq!(health(&agent.address(), &[]), (0, 200));
}

/// Requests without end before the first answer is read: they come in records that hold several, wait
/// decrypted, and answers fill every buffer on the way.
#[test]
fn pipelined_requests_and_slow_readers_get_every_answer() {
    let (_dir, path) = web("");
    let agent = plan(&path).machine("many").start();
    let program = r#"
import socket, ssl, sys, time
context = ssl.create_default_context(cafile=sys.argv[2])
raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
stream = context.wrap_socket(raw, server_hostname="localhost")
stream.settimeout(30)
count, request = 60, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
stream.sendall(request * (count - 1) + request.replace(b"Host", b"Connection: close\r\nHost"))
time.sleep(1)
data = b""
while piece := stream.recv(65536):
    data += piece
heads = data.split(b"HTTP/1.1 200 OK\r\n")[1:]
assert len(heads) == count, len(heads)
for head in heads:
    head, body = head.split(b"\r\n\r\n", 1)
    length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    assert len(body) == length and length > 50000, (length, len(body))
print(len(data))
"#;
    let port = agent.address().rsplit(':').next().unwrap().to_owned();
    let done =
        Command::new("python3").args(["-c", program, &port, &file("ca.pem")]).output().unwrap();
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{text}");
    assert!(String::from_utf8_lossy(&done.stdout).trim().parse::<u64>().unwrap() > 3_000_000);
}

/// A body of many records, which a token lets in although there are users; what has no token needs a name.
#[test]
fn what_is_pushed_comes_through() {
    let (dir, path) = web(&format!("basic_auth_users:\n  ann: {FIRST}\n"));
    let token = dir.write("token", "open sesame\n");
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[push]\ntoken_file = {token:?}\nmax_body_bytes = 4000000\n"
    );
    let agent = plan(&path).file(&file).start();
    let lines: String = (0..20_000).map(|n| format!("jobs{{n=\"{n}\"}} {n}\n")).collect();
    let body = format!("@{}", dir.write("body", lines).display());
    let push = |args: &[&str]| {
        let more = ["--data-binary", &body, "-H", "Expect:"];
        let url = "https://localhost:{}/metrics/job/a";
        curl(&agent.address(), url, &[&more[..], args].concat()).status
    };
    assert_eq!(push(&["-H", "Authorization: Bearer open sesame"]), 200);
    assert_eq!(push(&["-u", "any:open sesame"]), 200);
    assert_eq!(push(&["-u", "ann:first"]), 401, "who may read may not push");
    assert_eq!(push(&[]), 401);
    let page = "https://localhost:{}/metrics";
    assert_eq!(curl(&agent.address(), page, &["-u", "any:open sesame"]).status, 401);
    let got = curl(&agent.address(), page, &["-u", "ann:first"]);
    assert!(
        got.body.contains("jobs{n=\"19999\",job=\"a\"} 19999") || got.body.contains("19999"),
        "pushed"
    );
}

#[test]
fn every_path_needs_a_name_and_gets_the_headers() {
    let (_dir, path) = web(&format!(
        "http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n    Content-Security-Policy: x\nbasic_auth_users:\n  ann: {FIRST}\n"
    ));
    let agent = plan(&path).start();
    let paths = [
        "/",
        "/metrics",
        "/health",
        "/-/healthy",
        "/-/ready",
        "/status",
        "/api/status",
        "/nothing",
    ];
    for path in paths {
        let url = format!("https://localhost:{{}}{path}");
        let got = curl(&agent.address(), &url, &[]);
        assert_eq!(
            (got.status, &*got.challenge, &*got.body),
            (401, "Basic", "Unauthorized\n"),
            "{path}"
        );
        let got = curl(&agent.address(), &url, &["-u", "ann:first", "-D", "-"]);
        assert_eq!(got.status, if path == "/nothing" { 404 } else { 200 }, "{path}");
        assert_eq!(got.body.matches("X-Frame-Options: deny\r\n").count(), 1, "{path}");
        assert_eq!(got.body.matches("Content-Security-Policy: ").count(), 1, "{path}");
    }
    for method in ["HEAD", "POST", "OPTIONS", "DELETE"] {
        let args = ["-X", method, "--head"];
        let args = if method == "HEAD" { &args[2..] } else { &args[..2] };
        assert_eq!(
            curl(&agent.address(), "https://localhost:{}/metrics", args).status,
            401,
            "{method}"
        );
    }
}

#[test]
fn requests_beyond_the_limit_get_429() {
    let users = format!("basic_auth_users:\n  ann: {FIRST}\n");
    let (dir, path) = web(&["rate_limit:\n  interval: 1h\n  burst: 2\n", &users].concat());
    let agent = plan(&path).start();
    let request = |args: &[&str]| health(&agent.address(), args);
    assert_eq!(
        request(&["-u", "ann:first"]),
        (0, 200),
        "one token, though it waited for its password"
    );
    assert_eq!(request(&[]), (0, 401));
    assert_eq!(request(&["-u", "ann:first"]), (0, 429));
    assert_eq!(request(&[]), (0, 429));
    // Another limit begins anew.
    let text = std::fs::read_to_string(&path).unwrap().replace("burst: 2", "burst: 3");
    dir.write("web.yml", text);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(request(&["-u", "ann:first"]), (0, 200));
}

/// The mode of the socket file decides who may connect.
#[test]
fn a_unix_socket_stays_as_it_is() {
    let (dir, path) = web(&format!("basic_auth_users:\n  ann: {FIRST}\n"));
    let socket = dir.path("socket");
    let listen = format!("[\"127.0.0.1:0\", \"unix:{}\"]", socket.display());
    let file = format!("[server]\nlisten = {listen}\nweb_config_file = {path:?}\n");
    let agent = Agent::plan().file(&file).start();
    agent.wait_for_log("serving", 2);
    assert_eq!(agent.get("/health").text(), "ok\n", "the socket was told last");
    assert_eq!(health(&agent.addresses()[0], &[]), (0, 401));
    let check = |file: &str| {
        let file = dir.write("asking.toml", file);
        let mut command = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
        let done =
            command.env_clear().env("METRICS_CONFIG", file).arg("--health").output().unwrap();
        (done.status.code(), String::from_utf8(done.stderr).unwrap())
    };
    assert_eq!(check(&file), (Some(0), String::new()));
    let (status, printed) = check(&file.replace(&format!(", \"unix:{}\"", socket.display()), ""));
    assert!(status == Some(1) && printed.contains("unix:/run/sysmetrics.sock"), "{printed}");
}

/// The client is told by an alert only; who runs the box has to know, too.
#[test]
fn why_a_clients_certificate_is_refused_is_in_the_log() {
    for (name, ca, why) in [
        ("client", "other.pem", "an authority that is not trusted"),
        ("expired", "ca.pem", "has expired"),
        ("", "ca.pem", "the client has no certificate"),
        (
            "client",
            "ca.pem\n  client_allowed_sans: [else]",
            "none of the names in client_allowed_sans",
        ),
    ] {
        let (_dir, path) = web(&format!(
            "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: {ca}\n"
        ));
        std::fs::copy(file("other.pem"), path.with_file_name("other.pem")).unwrap();
        let agent = plan(&path).start();
        let (cert, key) = (file(&format!("{name}.pem")), file(&format!("{name}.key")));
        let own = ["--cert", &*cert, "--key", &*key];
        for _ in 0..2 {
            let args = if name.is_empty() { &[][..] } else { &own };
            assert_ne!(health(&agent.address(), args).1, 200, "{name}");
        }
        agent.wait_for_log(why, 1);
        let said = agent.log();
        assert_eq!(
            said.iter().filter(|line| line.contains(" warn a client's")).count(),
            1,
            "{name}"
        );
    }
}
