//! Pushed JSON over the real binary: what is taken is scraped, what is refused is reported, and nothing
//! that a client sends grows without bound.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // a test runs the program

mod common;

use common::{Agent, Answer, Client, Exposition, Format, wait_until};

fn head(path: &str, headers: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

fn post(client: &mut Client, path: &str, body: &str) -> Answer {
    client.send(request(path, body)).answer()
}

fn request(path: &str, body: &str) -> String {
    [&head(path, &format!("Content-Length: {}\r\n", body.len())), body].concat()
}

/// The answer is 200 with so many accepted and refused.
fn assert_counts(answer: &Answer, accepted: usize, refused: usize) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    let start = format!("{{\"accepted\":{accepted},\"refused\":{refused},\"errors\":[");
    assert!(answer.text().starts_with(&start), "{}", answer.text());
}

const GAUGE: &str = r#"{"name":"queue_depth","type":"gauge","value":7,"labels":{"queue":"a"}}"#;

#[test]
fn what_is_pushed_is_scraped() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    assert_counts(&post(&mut client, "/update", GAUGE), 1, 0);
    let batch = r#"{"metrics":[{"name":"request_count_total","metric_type":"counter","help":"Total number of requests","labels":{"service":"api_gateway","endpoint":"/users"},"value":{"value":42.0,"timestamp":null}}],"source":"my_application"}"#;
    for _ in 0..2 {
        assert_counts(&post(&mut client, "/api/metrics", batch), 1, 0);
    }
    let two = format!("[{GAUGE},{{\"name\":\"process_open_fds\",\"type\":\"gauge\",\"value\":1}}]");
    let answer = post(&mut client, "/update", &two);
    assert_counts(&answer, 1, 1);
    assert!(answer.text().contains("\"index\":1,\"reason\":\"reserved_name\""));

    let text = client.get("/metrics").text().to_owned();
    let scrape = Exposition::parse(&text, Format::Prometheus);
    assert_eq!(scrape.value("queue_depth", &[("queue", "a")]), 7.0);
    let labels = [("endpoint", "/users"), ("service", "api_gateway"), ("source", "my_application")];
    assert_eq!(scrape.value("request_count_total", &labels), 84.0);
    assert_eq!(scrape.value("sysmetrics_push_series", &[]), 2.0);
    assert_eq!(scrape.value("sysmetrics_push_accepted_total", &[]), 4.0);
    let refused = [("reason", "reserved_name")];
    assert_eq!(scrape.value("sysmetrics_push_refused_total", &refused), 1.0);
    let only = client.get("/metrics?collect[]=cpu").text().to_owned();
    assert!(!only.contains("queue_depth") && only.contains("push_series"));
    let open = "Accept: application/openmetrics-text;version=1.0.0\r\n";
    let open = common::get_with(&agent.address(), "/metrics", open);
    let open = Exposition::parse(open.text(), Format::OpenMetrics);
    assert_eq!(open.value("request_count_total", &labels), 84.0);
}

/// So that `curl -f` notices.
#[test]
fn the_status_tells_whether_anything_was_accepted() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    let bad = r#"{"name":"a","type":"gauge","value":"1"}"#;
    for (body, status, accepted, refused) in [
        (bad.to_owned(), 400, 0, 1),
        (format!("[{bad},{bad}]"), 400, 0, 2),
        (format!("[{bad},{GAUGE}]"), 200, 1, 1),
        // Nothing was refused either.
        ("[]".to_owned(), 200, 0, 0),
    ] {
        let answer = post(&mut client, "/update", &body);
        let start = format!("{{\"accepted\":{accepted},\"refused\":{refused},\"errors\":[");
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        assert!(answer.text().starts_with(&start), "{}", answer.text());
    }
    let batch = r#"{"metrics":[{"name":"a","metric_type":"gauge","value":1}],"source":"s"}"#;
    let answer = post(&mut client, "/api/metrics", batch);
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("the key takes an object, not a number: value"));
    let text = agent.get("/metrics").text().to_owned();
    assert!(text.contains("{path=\"/update\",code=\"400\"} 2\n"), "{text}");
}

/// What targets and logs bring is counted elsewhere.
#[cfg(not(feature = "tiny_http"))] // it asks nobody
#[test]
fn counters_about_pushes_count_pushes() {
    let endpoint =
        common::Endpoint::with("a 1\nb 2\n# TYPE c counter\nc_bucket{__name__=\"1\"} 1\n");
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[scrape]\ninterval_secs = 3600\n\
         [[scrape.targets]]\nname = \"t\"\nurl = \"{}\"\n",
        endpoint.url()
    );
    let agent = Agent::plan().machine("box").file(&file).start();
    wait_until("the target", || {
        agent.scrape().find("sysmetrics_target_up", &[("target", "t")]) == Some(1.0)
    });
    let pushed = "sysmetrics_push_accepted_total";
    let refused = |scrape: &Exposition| {
        scrape.find("sysmetrics_push_refused_total", &[("reason", "label_name")])
    };
    let scrape = agent.scrape();
    assert_eq!((scrape.value(pushed, &[]), refused(&scrape)), (0.0, None));
    let target = [("target", "t")];
    let accepted = scrape.value("sysmetrics_target_samples_accepted_total", &target);
    assert!(accepted >= 2.0 && accepted % 2.0 == 0.0, "{accepted}");
    let labels = [("target", "t"), ("reason", "label_name")];
    assert!(scrape.value("sysmetrics_target_samples_refused_total", &labels) >= 1.0);
    let mut client = agent.connect();
    assert_counts(&post(&mut client, "/update", GAUGE), 1, 0);
    let group = |body: &str| {
        let length = body.len();
        let head =
            format!("PUT /metrics/job/j HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}");
        agent.connect().send(format!("{head}\r\n\r\n{body}")).answer().status
    };
    assert_eq!((group("d 1\ne 2\n"), group("d{__name__=\"1\"} 1\n")), (200, 400));
    let scrape = agent.scrape();
    assert_eq!((scrape.value(pushed, &[]), refused(&scrape)), (3.0, Some(1.0)));
}

#[cfg(not(feature = "tiny_http"))] // it has rules of its own
#[test]
fn bodies_come_in_pieces_in_chunks_and_one_after_the_other() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    // Several requests in one piece.
    let scrape = "GET /health HTTP/1.1\r\nHost: test\r\n\r\n";
    client.send([&request("/update", GAUGE), scrape, &request("/update", GAUGE)].concat());
    assert_counts(&client.answer(), 1, 0);
    assert_eq!(client.answer().text(), "ok\n");
    assert_counts(&client.answer(), 1, 0);
    // One byte at a time.
    for byte in request("/update", GAUGE).bytes() {
        client.send([byte]);
    }
    assert_counts(&client.answer(), 1, 0);
    // In chunks, the next request right behind.
    let (first, second) = GAUGE.split_at(10);
    let mut chunked = head("/update", "Transfer-Encoding: chunked\r\n");
    for part in [first, second] {
        chunked.push_str(&format!("{:x}\r\n{part}\r\n", part.len()));
    }
    client.send([&chunked, "0\r\n\r\n", scrape].concat());
    assert_counts(&client.answer(), 1, 0);
    assert_eq!(client.answer().text(), "ok\n");
    // Larger than what is received at once.
    let many = format!("[{}{GAUGE}]", format!("{GAUGE},").repeat(5000));
    assert_counts(&post(&mut client, "/update", &many), 5001, 0);
    // A client that waits gets 100 Continue.
    let length = GAUGE.len();
    client.send(head("/update", &format!("Content-Length: {length}\r\nExpect: 100-continue\r\n")));
    let mut head = [0; 25];
    std::io::Read::read_exact(client.stream(), &mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_counts(&client.send(GAUGE).answer(), 1, 0);
}

#[cfg(not(feature = "tiny_http"))] // it has rules of its own
#[test]
fn what_is_no_push_is_told_so() {
    let agent = Agent::plan().machine("box").set("push.max_body_bytes", "2048").start();
    let mut client = agent.connect();
    for (path, body) in [("/update", "{"), ("/update", ""), ("/api/metrics", "[]")] {
        let answer = post(&mut client, path, body);
        assert!(answer.sentence(400).contains("expected"), "{answer:?}");
    }
    for (target, method, status, allow) in [
        ("/update", "GET", 405, Some("POST")),
        ("/api/metrics", "PUT", 405, Some("POST")),
        ("/metrics", "POST", 405, Some("GET, HEAD")),
        ("/nothing", "POST", 404, None),
    ] {
        let head = format!("{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        let answer = client.send(head).answer();
        answer.sentence(status);
        assert_eq!(answer.header("Allow"), allow, "{method} {target}");
    }
    let fits = format!("{GAUGE}{}", " ".repeat(2048 - GAUGE.len()));
    assert_counts(&post(&mut client, "/update", &fits), 1, 0);
    let chunk = |n: usize| format!("{n:x}\r\n{}\r\n", " ".repeat(n));
    for (headers, body, status) in [
        ("Content-Length: 2049\r\n", String::new(), 413),
        ("Content-Length: 18446744073709551615\r\n", String::new(), 413),
        ("Transfer-Encoding: chunked\r\n", [chunk(2048), chunk(1)].concat(), 413),
        ("Transfer-Encoding: chunked\r\n", "ffffffffff\r\n".to_owned(), 413),
        ("Transfer-Encoding: chunked\r\n", "5\r\nhello!\r\n".to_owned(), 400),
        ("Transfer-Encoding: gzip, chunked\r\n", String::new(), 411),
    ] {
        let mut client = agent.connect();
        let answer = client.send([head("/update", headers), body].concat()).answer();
        answer.sentence(status);
        assert_eq!(answer.header("Connection"), Some("close"));
        client.assert_end();
    }
}

#[cfg(not(feature = "tiny_http"))] // it has rules of its own
#[test]
fn a_body_that_does_not_come_is_408() {
    let agent = Agent::plan().machine("box").set("server.head_timeout", "200ms").start();
    let mut client = agent.connect();
    client.send([&head("/update", "Content-Length: 100\r\n"), "["].concat());
    client.answer().sentence(408);
    client.assert_end();
    agent.scrape();
}

/// Many clients that send most of a body and stop.
#[cfg(not(feature = "tiny_http"))] // it has rules of its own
#[test]
fn bodies_together_are_bounded() {
    let agent = Agent::plan().machine("box").set("push.max_body_bytes", "65536").start();
    let mut held = Vec::new();
    let mut refused = 0;
    for _ in 0..20 {
        let mut client = agent.connect();
        client.send(head("/update", "Content-Length: 65536\r\n"));
        let _ = std::io::Write::write_all(client.stream(), &[b' '; 60_000]);
        held.push(client);
    }
    for client in &mut held {
        client.stream().set_read_timeout(Some(std::time::Duration::from_millis(100))).unwrap();
        refused += usize::from(client.try_answer(true).is_ok_and(|a| a.status == 503));
    }
    assert!(refused >= 10, "{refused}");
    drop(held);
    assert_counts(&post(&mut agent.connect(), "/update", GAUGE), 1, 0);
}

#[test]
fn series_live_as_long_as_they_should() {
    let agent = Agent::plan()
        .machine("box")
        .set("push.ttl", "300ms")
        .set("push.ttl_by_source", "slow=0, quick=100ms")
        .set("push.max_series", "4")
        .start();
    let mut client = agent.connect();
    let of = |source: &str| {
        format!(
            "{{\"metrics\":[{{\"name\":\"n\",\"metric_type\":\"gauge\",\"value\":{{\"value\":1}}}}],\
             \"source\":\"{source}\"}}"
        )
    };
    for source in ["slow", "quick", "other"] {
        assert_counts(&post(&mut client, "/api/metrics", &of(source)), 1, 0);
    }
    wait_until("the others to go", || {
        let scrape = agent.scrape();
        assert_eq!(scrape.value("n", &[("source", "slow")]), 1.0);
        scrape.value("sysmetrics_push_series", &[]) == 1.0
    });
    let many: Vec<_> = (0..6).map(|i| GAUGE.replace("\"a\"", &format!("\"{i}\""))).collect();
    let answer = post(&mut client, "/update", &format!("[{}]", many.join(",")));
    assert_counts(&answer, 3, 3);
    assert!(answer.text().contains("\"reason\":\"series\""));
}

#[test]
fn tokens_open_and_are_read_again() {
    let file = common::Temp::new();
    let path = file.write("tokens", "one\ntwo\n");
    let settings = |path: &std::path::Path| {
        let path = path.display();
        format!("[server]\nlisten = \"127.0.0.1:0\"\n[push]\ntoken_file = \"{path}\"\n")
    };
    let agent = Agent::plan().machine("box").file(&settings(&path)).start();
    let with = |authorization: &str| {
        let length = format!("Content-Length: {}\r\n{authorization}", GAUGE.len());
        agent.connect().send([&head("/update", &length), GAUGE].concat()).answer()
    };
    let answer = with("");
    answer.sentence(401);
    assert!(answer.header("WWW-Authenticate").is_some());
    with("Authorization: Bearer three\r\n").sentence(401);
    assert_counts(&with("Authorization: Bearer two\r\n"), 1, 0);
    assert_counts(&with("Authorization: Basic dXNlcjpvbmU=\r\n"), 1, 0);
    file.write("tokens", "three\n");
    agent.signal(libc::SIGHUP);
    wait_until("the new token", || with("Authorization: Bearer three\r\n").status == 200);
    with("Authorization: Bearer two\r\n").sentence(401);
}

/// What a browser sends for a page, whether its host's name leads here or not.
#[test]
fn web_pages_and_proxies_push_nothing() {
    let agent = Agent::plan().machine("box").start();
    let length = GAUGE.len();
    let send = |host: &str, headers: &str| {
        let head = format!(
            "POST /update HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        agent.connect().send([&head, GAUGE].concat()).answer()
    };
    let own = agent.address();
    for (host, headers) in [
        (&*own, "Origin: http://evil.example\r\n"),
        (&own, "Origin: null\r\n"),
        (&own, "sec-fetch-site: cross-site\r\n"),
        (&own, "Sec-Fetch-Site: same-site\r\n"),
        (&own, "X-Forwarded-For: 192.0.2.1\r\n"),
        (&own, "Forwarded: for=192.0.2.1\r\n"),
        (&own, "Via: 1.1 front\r\n"),
        ("evil.example:9101", ""),
        ("192.0.2.1", ""),
        ("localhost.evil.example", ""),
    ] {
        let answer = send(host, headers);
        assert!(answer.sentence(403).contains("push.token_file"), "{host} {headers}: {answer:?}");
    }
    let mut client = agent.connect();
    for (method, path) in [
        ("POST", "/api/metrics"),
        ("PUT", "/metrics/job/a"),
        ("POST", "/metrics/job/a"),
        ("DELETE", "/metrics/job/a"),
    ] {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://a\r\n");
        client.send(head + "Content-Length: 4\r\n\r\nx 1\n").answer().sentence(403);
    }
    assert!(agent.scrape().find("queue_depth", &[("queue", "a")]).is_none());
    // What is read is nobody's secret; what is sent from here is taken.
    let page = "Origin: http://evil.example\r\nVia: 1.1 front\r\n";
    assert_eq!(common::get_with(&own, "/metrics", page).status, 200);
    for host in ["localhost", "LOCALHOST:1", "a.localhost", "127.0.0.1", "[::1]:9101", ""] {
        assert_counts(&send(host, "Sec-Fetch-Site: none\r\n"), 1, 0);
    }
    let old = format!("POST /update HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{GAUGE}");
    assert_counts(&agent.connect().send(old).answer(), 1, 0);
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_counts(&send(name.trim(), ""), 1, 0);
}

#[test]
fn with_a_token_pages_and_proxies_push() {
    let file = common::Temp::new();
    let path = file.write("tokens", "sesame\n");
    let agent = Agent::plan().machine("box").set("push.token_file", path.to_str().unwrap()).start();
    let headers = format!(
        "Content-Length: {}\r\nOrigin: http://a\r\nVia: 1.1 b\r\nAuthorization: Bearer sesame\r\n",
        GAUGE.len()
    );
    let head = head("/update", &headers).replace("localhost", "metrics.example.org");
    assert_counts(&agent.connect().send([&head, GAUGE].concat()).answer(), 1, 0);
}

/// A name that only the settings know.
#[cfg(not(feature = "tiny_http"))] // it does not know our own address
#[test]
fn who_connects_to_its_own_address_is_on_this_machine() {
    // The address of whatever would lead elsewhere; a machine without one has loopback only.
    let probe = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let own = match probe.connect("192.0.2.1:9").and_then(|()| probe.local_addr()) {
        Ok(address) => address.ip().to_string(),
        Err(_) => "127.0.0.1".to_owned(),
    };
    let agent = Agent::plan().machine("box").set("server.listen", "0.0.0.0:0").start();
    let port = agent.address().rsplit_once(':').unwrap().1.to_owned();
    let to = format!("{own}:{port}");
    for (host, status) in [(&*to, 200), ("0.0.0.0", 200), ("localhost", 200), ("192.0.2.1", 403)] {
        let head = head("/update", &format!("Content-Length: {}\r\n", GAUGE.len()));
        let head = head.replace("localhost", host);
        let answer = Client::connect(&to).send([&head, GAUGE].concat()).answer();
        assert_eq!(answer.status, status, "{host}: {answer:?}");
    }
}

#[test]
fn programs_on_this_machine_push_through_a_unix_socket() {
    let dir = common::Temp::new();
    let socket = format!("unix:{}", dir.path("socket").display());
    let file = format!("[server]\nlisten = \"{socket}\"\n");
    let _agent = Agent::plan().machine("box").file(&file).start();
    assert_counts(&post(&mut Client::connect(&socket), "/update", GAUGE), 1, 0);
    // No name of a host leads there; a proxy is one all the same.
    let length = format!("Content-Length: {}\r\n", GAUGE.len());
    for (headers, status) in [("", 200), ("X-Forwarded-For: 192.0.2.1\r\n", 403)] {
        let head =
            head("/update", &[&length, headers].concat()).replace("localhost", "any.example");
        let answer = Client::connect(&socket).send([&head, GAUGE].concat()).answer();
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

#[test]
fn encoded_json_is_told_to_be_just_that() {
    let agent = Agent::plan().machine("box").start();
    let mut client = agent.connect();
    let mut send = |path: &str, encoding: &str| {
        let headers =
            format!("Content-Length: {}\r\nContent-Encoding: {encoding}\r\n", GAUGE.len());
        client.send([&head(path, &headers), GAUGE].concat()).answer()
    };
    for path in ["/update", "/api/metrics"] {
        let answer = send(path, "gzip");
        assert_eq!(answer.status, 415, "{answer:?}");
        assert!(answer.text().contains("Content-Encoding"), "{}", answer.text());
    }
    assert_counts(&send("/update", "Identity"), 1, 0);
}

#[test]
fn settings_are_not_called_good_that_cannot_start() {
    let dir = common::Temp::new();
    let export = "[[export]]\ntype = \"remote_write\"\nendpoint = \"http://a\"";
    for (table, key, named) in [
        ("[push]", "token_file", "push.token_file"),
        (export, "token_file", "export remote_write: token_file"),
        (export, "headers_file", "export remote_write: headers_file"),
    ] {
        let secret = dir.path(key);
        let text = format!("{table}\n{key} = \"{}\"\n", secret.display());
        let file = dir.write("settings.toml", text);
        let check = || {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
            command.env_clear().arg("--config").arg(&file).arg("--check-config").output().unwrap()
        };
        let refused = check();
        let stderr = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{named}: {stderr}");
        assert!(stderr.contains(named) && stderr.contains("No such file"), "{named}: {stderr}");
        std::fs::write(&secret, "X-Secret: sesame\n").unwrap();
        assert!(check().status.success(), "{named}");
        std::fs::remove_file(&secret).unwrap();
    }
}

#[test]
fn declared_metrics_are_there_from_the_start() {
    let file = "[server]\nlisten = \"127.0.0.1:0\"\n[metrics]\nnamespace = \"app\"\n\
                custom_gauges = [\"errors\", \"active_sessions\"]\ncustom_counters = [\"hits_total\"]\n\
                labels = { env = \"prod\" }\n[push]\nttl = \"100ms\"\n";
    let agent = Agent::plan().machine("box").file(file).start();
    let env = [("env", "prod")];
    let scrape = agent.scrape();
    for name in ["app_errors", "app_active_sessions", "app_hits_total"] {
        assert_eq!(scrape.value(name, &env), 0.0);
    }
    // It needs no type, as it was declared.
    let hit = r#"{"name":"hits_total","value":3}"#;
    assert_counts(&post(&mut agent.connect(), "/update", hit), 1, 0);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(agent.scrape().value("app_hits_total", &env), 3.0);
    agent.reload(&file.replace("\"errors\", ", ""));
    wait_until("the reload", || agent.scrape().find("app_errors", &env).is_none());
    assert_eq!(agent.scrape().value("app_hits_total", &env), 3.0);
}

#[test]
fn declared_histograms_have_their_buckets() {
    let file = "[server]\nlisten = \"127.0.0.1:0\"\n[metrics]\nprefix = \"app\"\n\
                [[metrics.histograms]]\nname = \"took_seconds\"\nbuckets = [0.5, 2]\n\
                help = \"How long it took.\"\n[[metrics.histograms]]\nname = \"usual_seconds\"\n\
                [push]\nttl = \"100ms\"\n";
    let agent = Agent::plan().machine("box").file(file).start();
    let text = agent.get("/metrics").text().to_owned();
    assert!(text.contains("# HELP app_took_seconds How long it took.\n"), "{text}");
    let buckets = |name: &str| -> Vec<f64> {
        let (bucket, scrape) = (format!("{name}_bucket"), agent.scrape());
        ["0.005", "0.5", "1", "2", "10", "+Inf"]
            .iter()
            .filter_map(|bound| scrape.find(&bucket, &[("le", *bound)]))
            .collect()
    };
    assert_eq!(buckets("app_took_seconds"), [0.0; 3]);
    assert_eq!(buckets("app_usual_seconds"), [0.0; 5]);
    let seen = r#"{"name":"took_seconds","type":"histogram","values":[0.1,1,1,7]}"#;
    assert_counts(&post(&mut agent.connect(), "/update", seen), 1, 0);
    assert_eq!(buckets("app_took_seconds"), [1.0, 3.0, 4.0]);
    // The same once more goes on, others start anew.
    agent.reload(&format!("{file}max_series = 1000\n"));
    agent.wait_for_log("settings reloaded", 1);
    assert_eq!(buckets("app_took_seconds"), [1.0, 3.0, 4.0]);
    agent.reload(&file.replace("[0.5, 2]", "[0.5, 1, 2]"));
    agent.wait_for_log("settings reloaded", 2);
    assert_eq!(buckets("app_took_seconds"), [0.0; 4]);
    assert_counts(&post(&mut agent.connect(), "/update", seen), 1, 0);
    assert_eq!(buckets("app_took_seconds"), [1.0, 3.0, 3.0, 4.0]);
}
