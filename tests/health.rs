//! `--health` of the real binary: which agent is queried, the output, the exit status, and the time limit.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests run the program

mod common;

use common::{Agent, Endpoint, PATIENCE, Say, Temp};
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::time::Instant;

/// What the program says with these arguments: its status, standard output and error.
fn run(args: &[&str], env: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
    let done = command.env_clear().envs(env.iter().copied()).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code(), text(done.stdout), text(done.stderr))
}

fn ok() -> (Option<i32>, String, String) {
    (Some(0), "ok\n".to_owned(), String::new())
}

/// Files whose collectors have no notes about this machine.
const QUIET: &str = "[collectors]\nconntrack = false\nhwmon = false\npressure = false\n";

#[test]
fn an_agent_is_queried_by_url_or_by_its_settings() {
    let dir = Temp::new();
    let socket = dir.path("s");
    let listen = format!("listen = ['127.0.0.1:0', 'unix:{}']", socket.display());
    let file = format!("[server]\n{listen}\n{QUIET}");
    let agent = Agent::plan().machine("box").file(&file).start();
    let addresses = agent.addresses();
    let (address, port) = (&addresses[0], addresses[0].rsplit_once(':').unwrap().1);
    for rest in ["", "/", "/api/health", "/api/health/"] {
        assert_eq!(run(&[&format!("--health=http://{address}{rest}")], &[]), ok(), "{rest}");
    }
    let url = format!("http://{address}");
    assert_eq!(run(&["--health", &url], &[]), ok());
    assert_eq!(run(&["--health", address], &[]), ok());
    assert_eq!(run(&["--health", &format!("unix:{}", socket.display())], &[]), ok());
    // Where the settings say: flag, variables, file; every address of the machine is the loopback one.
    for listen in [address.as_str(), &format!(":{port}"), &format!("0.0.0.0:{port}")] {
        assert_eq!(run(&["--health", "--listen", listen], &[]), ok(), "{listen}");
    }
    assert_eq!(run(&["--health"], &[("EXPORTER_PORT", port)]), ok());
    let named = |text: &str| dir.write("c.toml", text).to_str().unwrap().to_owned();
    let file = named(&format!("[server]\nlisten = '{address}'\n"));
    assert_eq!(run(&["--health"], &[("METRICS_CONFIG", &file)]), ok());
    let file = named(&format!("[server]\nlisten = 'unix:{}'\n", socket.display()));
    assert_eq!(run(&["--config", &file, "--health"], &[]), ok());
    // What is ignored is not said again at each check, and what is wrong does not matter to a URL.
    assert_eq!(run(&["--health", &url], &[("APP__SERVER__LISTEN", "x")]), ok());
    let odd = [("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"), ("EXPORTER_PORT", port)];
    assert_eq!(run(&["--health"], &odd), ok());
}

#[test]
fn ipv6_is_asked_at_its_loopback_address() {
    let agent = Agent::plan().machine("box").file(&format!("[server]\nlisten = '[::]:0'\n{QUIET}"));
    let agent = agent.start();
    let address = agent.address();
    let port = address.rsplit_once(':').unwrap().1;
    assert_eq!(run(&["--health", "--listen", &format!("[::]:{port}")], &[]), ok());
    assert_eq!(run(&["--health", &format!("http://127.0.0.1:{port}")], &[]), ok());
    // Where only IPv4 listens, that is found.
    let agent =
        Agent::plan().machine("box").file(&format!("[server]\nlisten = '127.0.0.1:0'\n{QUIET}"));
    let agent = agent.start();
    let port = agent.address().rsplit_once(':').unwrap().1.to_owned();
    assert_eq!(run(&["--health", "--listen", &format!("[::]:{port}")], &[]), ok());
}

#[test]
fn reasons_and_notes_are_printed_a_line_each() {
    let dir = Temp::proc_of("box");
    let file = format!(
        "[server]\nlisten = '127.0.0.1:0'\n{QUIET}[scrape]\ninterval_secs = 0.1\n\
         targets = [{{ name = 'web', url = 'http://127.0.0.1:1/' }}]\n"
    );
    let proc = format!("--path.procfs={}", dir.as_ref().display());
    let agent = Agent::plan().arg(proc).arg("--no-collector.netdev.netlink").file(&file).start();
    agent.wait_for_log("target failed", 1);
    let (status, out, error) = run(&["--health", &agent.address()], &[]);
    assert_eq!((status, error.as_str()), (Some(0), ""));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "ok");
    assert!(lines[1..].iter().all(|line| line.starts_with("note: ")), "{out}");
    assert!(lines.iter().any(|line| line.starts_with("note: target web: ")), "{out}");

    dir.write("meminfo", "nonsense\n");
    agent.get("/metrics");
    let (status, out, error) = run(&["--health", &agent.address()], &[]);
    assert_eq!((status, error.as_str()), (Some(1), ""), "{out}");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("collector memory: "), "{out}");
    assert!(!lines.contains(&"ok") && out.contains("\nnote: target web: "), "{out}");
}

/// An answer with this status line and body.
fn answer(status: &str, body: &str) -> Say {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    Say::Bytes([&head, body].concat().into_bytes())
}

/// What is said of an endpoint that answers like this: the status, and both outputs.
fn run_against(say: Say) -> (Option<i32>, String, String) {
    let endpoint = Endpoint::new(say);
    let start = Instant::now();
    let (status, out, error) = run(&["--health", &format!("http://{}/", endpoint.address)], &[]);
    assert!(start.elapsed() < PATIENCE);
    (status, out, error.replace(&endpoint.address, "HERE"))
}

#[test]
fn an_answer_is_taken_only_from_an_agent() {
    let healthy = r#"{"status":"ok","reasons":[],"notes":[],"left_out":0}"#;
    assert_eq!(run_against(answer("200 OK", healthy)), ok());
    let foreign = |status: &str| {
        let text = "and not the health of sysmetrics; which program listens there?";
        (Some(1), String::new(), format!("http://HERE/api/health: status {status}, {text}\n"))
    };
    for body in [
        "",
        "ok",
        "<html>",
        "[]",
        r#"{"status":"UP"}"#,
        r#"{"status":"ok"}"#,
        r#"{"status":"ok","reasons":[]}"#,
        r#"{"status":"ok","reasons":{},"notes":[]}"#,
        r#"{"status":"ok","reasons":[],"notes":[1]}"#,
        r#"{"status":"fine","reasons":[],"notes":[]}"#,
        r#"{"status":true,"reasons":[],"notes":[]}"#,
        &healthy[..healthy.len() - 1],
        "{\"status\":\"ok\",\"reasons\":[],\"notes\":[\"\u{1b}\"]}",
    ] {
        assert_eq!(run_against(answer("200 OK", body)), foreign("200"), "{body}");
    }
    // A proxy's page of faults, and one that keeps the body of a good answer.
    assert_eq!(run_against(answer("502 Bad Gateway", "<html>")), foreign("502"));
    assert_eq!(run_against(answer("404 Not Found", "not found")), foreign("404"));
    assert_eq!(run_against(answer("503 Service Unavailable", healthy)), foreign("503"));

    let failing = r#"{"status":"failing","reasons":[{"part":"a","name":"b\u001b[2Jc","reason":"d\ne"}],"notes":[],"left_out":7}"#;
    let (status, out, _) = run_against(answer("503 Service Unavailable", failing));
    assert_eq!((status, out.as_str()), (Some(1), "a b?[2Jc: d?e\nand 7 more\n"));
    // A later agent may say more.
    let more =
        failing.replace(r#""reason""#, r#""since":5,"reason""#).replace(":7}", r#":0,"x":[]}"#);
    let (status, out, _) = run_against(answer("503 Service Unavailable", &more));
    assert_eq!((status, out.as_str()), (Some(1), "a b?[2Jc: d?e\n"));
    let long = failing.replace("d\\ne", &"x".repeat(100_000));
    let (status, out, _) = run_against(answer("200 OK", &long));
    assert!(status == Some(1) && out.len() < 2000, "{out}");
}

#[test]
fn what_cannot_be_known_is_a_sentence_and_ends_in_time() {
    let (status, out, error) = run(&["--health", "http://127.0.0.1:1"], &[]);
    assert_eq!((status, out.as_str()), (Some(1), ""));
    assert!(
        error.starts_with("http://127.0.0.1:1/api/health: connecting to 127.0.0.1:1: "),
        "{error}"
    );
    let (status, _, error) = run(&["--health", "http://127.0.0.1:1/agent/"], &[]);
    assert!(
        status == Some(1) && error.starts_with("http://127.0.0.1:1/agent/api/health: "),
        "{error}"
    );
    let (status, _, error) = run(&["--health", "http://no.such.host.invalid/"], &[]);
    assert!(status == Some(1) && error.contains("resolving no.such.host.invalid"), "{error}");
    let (status, _, error) = run(&["--health", "unix:/nonexistent/s"], &[]);
    assert!(status == Some(1) && error.starts_with("unix:/nonexistent/s: No such file"), "{error}");
    let (status, _, error) = run(&["--health", "--listen", "127.0.0.1:0"], &[]);
    assert!(status == Some(1) && error.contains("--health http://127.0.0.1:9101"), "{error}");

    let endless = "HTTP/1.1 200 OK\r\n\r\n";
    for (say, part) in [
        (Say::Nothing, "waiting for the answer: no time left"),
        (Say::Trickle(b"HTTP/1.1 200 OK\r\nX: a".to_vec()), "no time left"),
        (
            Say::Bytes([endless, &"x".repeat(2 << 20)].concat().into_bytes()),
            "longer than 1048576 bytes",
        ),
        (Say::Bytes(vec![0; 1 << 20]), "does not speak HTTP"),
        (Say::Bytes(Vec::new()), "the peer closed before its answer was complete"),
        (
            Say::By(|_| Say::Bytes(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n".to_vec())),
            "leads elsewhere",
        ),
    ] {
        let (status, out, error) = run_against(say);
        assert_eq!((status, out.as_str()), (Some(1), ""), "{part}");
        assert!(error.contains(part) && error.lines().count() == 1, "{part}: {error}");
    }
}

/// A listener that takes nobody, its queue full.
#[test]
fn a_unix_socket_with_a_full_queue_ends_in_time() {
    let dir = Temp::new();
    let path = dir.path("s");
    let _listener = UnixListener::bind(&path).unwrap();
    let mut waiting = Vec::new();
    // Each that does not block is in the queue.
    while let Some(stream) = connect_now(&path) {
        waiting.push(stream);
    }
    let (status, out, error) = run(&["--health", &format!("unix:{}", path.display())], &[]);
    assert_eq!((status, out.as_str(), error.as_str()), (Some(1), "", "no answer in 5 s\n"));
}

/// A connection, if it is there at once.
#[allow(unsafe_code)] // a socket that does not wait
fn connect_now(path: &std::path::Path) -> Option<std::os::fd::OwnedFd> {
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt;
    // SAFETY: the address is a sockaddr_un that lives over the call, zeros behind the path; the
    // descriptor is new.
    unsafe {
        let fd = libc::socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_NONBLOCK, 0);
        let socket = OwnedFd::from_raw_fd(fd);
        let mut address: libc::sockaddr_un = std::mem::zeroed();
        address.sun_family = libc::AF_UNIX as libc::sa_family_t;
        let bytes = path.as_os_str().as_bytes();
        for (to, from) in address.sun_path.iter_mut().zip(bytes) {
            *to = *from as libc::c_char;
        }
        let length = size_of::<libc::sockaddr_un>() as libc::socklen_t;
        let done = libc::connect(socket.as_raw_fd(), (&raw const address).cast(), length);
        (done == 0).then_some(socket)
    }
}

#[test]
fn wrong_usage_has_its_own_status() {
    for bad in [
        "x",
        "ftp://x",
        "http://",
        "http://x:0/",
        "http://x/ y",
        "unix:x",
        "http://x:99999",
        "http://x/?y",
        "http://me:it@x/",
    ] {
        let (status, out, error) = run(&["--health", bad], &[]);
        assert_eq!((status, out.as_str()), (Some(2), ""), "{bad}");
        let text = "--health: expected a URL such as http://127.0.0.1:9101, or unix:/PATH, found ";
        assert!(error.starts_with(text), "{bad}: {error}");
    }
    for (args, part) in [
        (&["--helth"][..], "did you mean \"--health\"?"),
        (&["--health", "--nonsense"], "--nonsense: unknown flag"),
        (&["--health", "http://a", "http://b"], "http://b: unexpected argument"),
        (&["--health", "--config", "/nonexistent"], "cannot read the settings file"),
    ] {
        let (status, _, error) = run(args, &[]);
        assert!(status == Some(2) && error.contains(part), "{error}");
    }
    let tls = run(&["--health", "https://127.0.0.1:1"], &[]);
    assert_eq!(tls.0, Some(if cfg!(feature = "tls") { 1 } else { 2 }), "{}", tls.2);
}
