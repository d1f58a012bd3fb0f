//! Pushed JSON: accepted samples are scraped, refused ones are reported, and no client can make the agent grow
//! without bound.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // a test runs the program

#[path = "push_json/access.rs"]
mod access;
#[path = "push_json/bodies.rs"]
mod bodies;
mod common;
#[path = "push_json/declared.rs"]
mod declared;

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

/// The answer is 200 and says so many taken and refused.
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
fn the_status_is_400_if_nothing_was_accepted() {
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
fn an_invalid_push_is_refused() {
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
fn encoded_json_is_refused_by_name() {
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
        let errors = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{named}: {errors}");
        assert!(errors.contains(named) && errors.contains("No such file"), "{named}: {errors}");
        std::fs::write(&secret, "X-Secret: sesame\n").unwrap();
        assert!(check().status.success(), "{named}");
        std::fs::remove_file(&secret).unwrap();
    }
}
