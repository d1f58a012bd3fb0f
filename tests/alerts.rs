//! Alerts over the real binary: values are pushed over and under thresholds, and who is told of it is
//! scripted: webhooks, a mail program, a relay, and the real Alertmanager and Prometheus.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // that front waits for clients only
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests start the peers

mod common;
#[path = "support/random.rs"]
mod random;

use common::json::Json;
use common::{Agent, Client, PATIENCE, Temp, get, wait_until};
use random::Random;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// The settings of an agent that looks ten times a second; `more` goes into `[alerting]`.
fn settings(more: &str, rules: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[alerting]\ninterval_secs = \"100ms\"\n{more}\n{rules}"
    )
}

/// A rule about what is pushed.
const DEEP: &str = r#"
[[alerts]]
name = "Deep"
expr = 'queue_depth{queue!="none"} > 5'
labels = { severity = "page" }
annotations = { summary = "{{ $labels.queue }} holds {{ $value }}", "note" = "\"é\"" }
"#;

fn push(agent: &Agent, queue: &str, depth: f64) {
    let body = format!(
        "{{\"name\":\"queue_depth\",\"type\":\"gauge\",\"value\":{depth},\
         \"labels\":{{\"queue\":\"{queue}\"}}}}"
    );
    let head = format!(
        "POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let answer = agent.connect().send([head, body].concat()).answer();
    assert!(answer.text().contains("\"accepted\":1"), "{answer:?}");
}

/// What a scripted webhook does with a request.
#[derive(Clone, Copy)]
enum Reply {
    /// Answers with this status line and these headers.
    Say(&'static str),
    /// Never answers.
    Hang,
}

const OK: Reply = Reply::Say("200 OK\r\n");

/// A server that does for each request what `script` says, and what it heard: bodies with their
/// heads.
fn webhook(mut script: impl FnMut(usize) -> Reply + Send + 'static) -> (String, Receiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (heard, receiver) = channel();
    thread::spawn(move || {
        let (mut count, mut held) = (0, Vec::new());
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            while let Some(request) = hear(&mut stream) {
                let reply = script(count);
                count += 1;
                let _ = heard.send(request);
                match reply {
                    Reply::Say(head) => {
                        let answer = format!("HTTP/1.1 {head}Content-Length: 0\r\n\r\n");
                        stream.get_mut().write_all(answer.as_bytes()).unwrap();
                    }
                    Reply::Hang => {
                        held.push(stream);
                        break;
                    }
                }
            }
        }
    });
    (address, receiver)
}

struct Heard {
    head: String,
    body: Json,
}

fn hear(stream: &mut BufReader<TcpStream>) -> Option<Heard> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut body).ok()?;
    Some(Heard { head, body: Json::parse(std::str::from_utf8(&body).unwrap()) })
}

fn next(heard: &Receiver<Heard>) -> Json {
    heard.recv_timeout(PATIENCE).unwrap().body
}

/// Status and queue of each alert of a message.
fn told(message: &Json) -> Vec<(String, String)> {
    let alerts = alerts(message).iter();
    let queue = |alert: &Json| alert.get("labels").unwrap().text("queue").to_owned();
    alerts.map(|alert| (alert.text("status").to_owned(), queue(alert))).collect()
}

fn alerts(message: &Json) -> &[Json] {
    let Some(Json::List(alerts)) = message.get("alerts") else { panic!("{message:?}") };
    alerts
}

fn said(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

fn object(pairs: &[(&str, &str)]) -> Json {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), Json::Text((*value).to_owned()));
    Json::Object(pairs.iter().map(pair).collect())
}

/// What the agent counted about a destination.
fn counted(agent: &Agent, what: &str, labels: &[(&str, &str)]) -> f64 {
    let name = ["sysmetrics_alert_notifications_", what].concat();
    agent.scrape().find(&name, labels).unwrap_or(0.0)
}

fn state(agent: &Agent, state: &str, queue: &str) -> bool {
    let labels =
        [("alertname", "Deep"), ("alertstate", state), ("queue", queue), ("severity", "page")];
    agent.scrape().find("sysmetrics_alerts", &labels) == Some(1.0)
}

#[test]
fn a_webhook_is_told_that_it_fires_and_that_it_is_over() {
    let (address, heard) = webhook(|_| OK);
    let more = format!(
        "webhook = \"http://me:secret@{address}/hook?x=1\"\nexternal_url = \"http://box:9101\"\n\
         headers = {{ X-Box = \"7\" }}"
    );
    let agent = Agent::plan().machine("box").file(&settings(&more, DEEP)).start();
    push(&agent, "a", 5.0);
    push(&agent, "none", 9.0);
    push(&agent, "b", 7.5);
    let request = heard.recv_timeout(PATIENCE).unwrap();
    assert!(request.head.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{}", request.head);
    for header in
        ["Content-Type: application/json", "X-Box: 7", "Authorization: Basic bWU6c2VjcmV0"]
    {
        assert!(request.head.contains(&format!("\r\n{header}\r\n")), "{}", request.head);
    }
    let message = request.body;
    for (key, value) in [
        ("receiver", "sysmetrics"),
        ("status", "firing"),
        ("version", "4"),
        ("groupKey", "{}:{alertname=\"Deep\"}"),
        ("externalURL", "http://box:9101"),
    ] {
        assert_eq!(message.text(key), value);
    }
    assert_eq!(message.get("truncatedAlerts"), Some(&Json::Number(0.0)));
    assert_eq!(message.get("groupLabels"), Some(&object(&[("alertname", "Deep")])));
    let labels = object(&[("alertname", "Deep"), ("queue", "b"), ("severity", "page")]);
    assert_eq!(message.get("commonLabels"), Some(&labels));
    let annotations = message.get("commonAnnotations").unwrap();
    assert_eq!((annotations.text("summary"), annotations.text("note")), ("b holds 7.5", "\"é\""));
    let [alert] = alerts(&message) else { panic!("{message:?}") };
    assert_eq!((alert.get("labels"), alert.get("annotations")), (Some(&labels), Some(annotations)));
    assert_eq!(alert.text("endsAt"), "0001-01-01T00:00:00Z");
    assert_eq!(alert.text("generatorURL"), "http://box:9101/status");
    let (starts, fingerprint) = (alert.text("startsAt"), alert.text("fingerprint"));
    assert!(state(&agent, "firing", "b") && !state(&agent, "firing", "a"));

    push(&agent, "b", 5.0);
    let over = next(&heard);
    assert_eq!(over.text("status"), "resolved");
    let [alert] = alerts(&over) else { panic!("{over:?}") };
    assert_eq!((alert.text("startsAt"), alert.text("fingerprint")), (starts, fingerprint));
    assert!(alert.text("endsAt") > starts);
    wait_until("the alert to go", || !agent.get("/metrics").text().contains("sysmetrics_alerts{"));
    // Nothing was told twice.
    let name = ["webhook:", &address].concat();
    wait_until("both to be counted", || counted(&agent, "total", &[("destination", &name)]) == 2.0);
    assert!(heard.try_recv().is_err());
    assert!(!agent.log().concat().contains("secret"));
}

#[test]
fn an_alert_waits_before_it_fires_and_is_seen_meanwhile() {
    let (address, heard) = webhook(|_| OK);
    let rules = DEEP.replace("labels =", "for = \"1h\"\nlabels =");
    let more = format!("webhook = \"http://{address}/\"");
    let agent = Agent::plan().machine("box").file(&settings(&more, &rules)).start();
    push(&agent, "a", 6.0);
    wait_until("it to be pending", || state(&agent, "pending", "a"));
    push(&agent, "a", 5.0);
    wait_until("it to go", || !state(&agent, "pending", "a"));
    assert!(heard.try_recv().is_err());
    // Nobody was to be told anything: there is no worker.
    wait_until("no thread besides", || agent.threads() == 1);
}

#[test]
fn what_fails_is_tried_again_and_delays_nobody() {
    let script = [
        Reply::Say("503 Busy\r\nRetry-After: 1\r\n"),
        Reply::Hang,
        Reply::Say("500 Odd\r\n"),
        OK,
        OK,
        Reply::Say("404 None\r\n"),
    ];
    let (address, heard) = webhook(move |at| script.get(at).copied().unwrap_or(OK));
    let (other, told_too) = webhook(|_| OK);
    let more = format!(
        "timeout_secs = \"500ms\"\n\
         webhook = [\"http://{address}/\", \"http://{other}/\", \"http://127.0.0.1:1/\"]"
    );
    let agent = Agent::plan().machine("box").file(&settings(&more, DEEP)).start();
    push(&agent, "a", 6.0);
    assert_eq!(told(&next(&told_too)), said(&[("firing", "a")]));
    next(&heard);
    // Meanwhile it is over; the first must hear both, in that order.
    push(&agent, "a", 1.0);
    assert_eq!(told(&next(&told_too)), said(&[("resolved", "a")]));
    for _ in 0..3 {
        assert_eq!(told(&next(&heard)), said(&[("firing", "a")]));
    }
    assert_eq!(told(&next(&heard)), said(&[("resolved", "a")]));
    let name = ["webhook:", &address].concat();
    let failed = |name: &str, reason: &str| {
        counted(&agent, "failed_total", &[("destination", name), ("reason", reason)])
    };
    wait_until("both to be counted", || counted(&agent, "total", &[("destination", &name)]) == 2.0);
    assert_eq!((failed(&name, "status"), failed(&name, "timeout")), (2.0, 1.0));
    assert!(failed("webhook:127.0.0.1:1", "connect") >= 1.0);
    assert_eq!(counted(&agent, "waiting", &[("destination", "webhook:127.0.0.1:1")]), 2.0);
    // What is refused is not tried again.
    push(&agent, "a", 7.0);
    next(&heard);
    push(&agent, "a", 1.0);
    assert_eq!(told(&next(&heard)), said(&[("resolved", "a")]));
    assert_eq!(counted(&agent, "dropped_total", &[("destination", &name)]), 1.0);
    assert!(agent.lines_with("an alert could not be told") >= 2);
}

/// Many gauges at once.
fn push_many(agent: &Agent, queues: std::ops::Range<i32>, value: i32) {
    let count = queues.len();
    let deep = |at: i32| {
        format!(
            r#"{{"name":"queue_depth","type":"gauge","value":{value},"labels":{{"queue":"{at}"}}}}"#
        )
    };
    let body = format!("[{}]", queues.map(deep).collect::<Vec<_>>().join(","));
    let head = format!(
        "POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let answer = agent.connect().send([head, body].concat()).answer();
    assert!(answer.text().contains(&format!("\"accepted\":{count}")), "{answer:?}");
}

#[test]
fn as_many_as_may_fire_are_told_at_once() {
    let (address, heard) = webhook(|_| OK);
    let more = format!("webhook = \"http://{address}/\"");
    let agent = Agent::plan().machine("box").file(&settings(&more, DEEP)).start();
    push_many(&agent, 0..900, 6);
    let mut all = std::collections::HashSet::new();
    while all.len() < 900 {
        let message = next(&heard);
        all.extend(alerts(&message).iter().map(|alert| alert.text("fingerprint").to_owned()));
    }
    let to = format!("webhook:{address}");
    assert_eq!(counted(&agent, "dropped_total", &[("destination", &to)]), 0.0);
}

/// Nobody takes them; what was told first is forgotten first, and that is said.
#[test]
fn the_log_tells_that_more_fire_than_can_wait() {
    let (address, _heard) = webhook(|_| Reply::Say("503 Busy\r\nRetry-After: 500\r\n"));
    let more = format!("webhook = \"http://{address}/\"");
    let agent = Agent::plan().machine("box").file(&settings(&more, DEEP)).start();
    let to = format!("webhook:{address}");
    let waiting = |count: f64| {
        wait_until("what is to be told", || {
            counted(&agent, "waiting", &[("destination", &to)]) == count
        });
    };
    push_many(&agent, 0..1000, 6);
    waiting(1000.0);
    push_many(&agent, 0..1000, 1);
    waiting(2000.0);
    // A message that is under way leaves room for as many as it has.
    push_many(&agent, 1000..1200, 6);
    agent.wait_for_log("an alert is not told", 1);
    wait_until("the oldest to go", || {
        counted(&agent, "dropped_total", &[("destination", &to)]) >= 100.0
    });
}

#[test]
fn what_goes_on_is_told_again_and_rules_may_change() {
    let (address, heard) = webhook(|_| OK);
    let more =
        |repeat: &str| format!("repeat_secs = \"{repeat}\"\nwebhook = \"http://{address}/\"");
    let agent = Agent::plan().machine("box").file(&settings(&more("200ms"), DEEP)).start();
    push(&agent, "a", 6.0);
    let first = next(&heard);
    for _ in 0..3 {
        let again = next(&heard);
        assert_eq!(told(&again), said(&[("firing", "a")]));
        let starts = |message: &Json| alerts(message)[0].text("startsAt").to_owned();
        assert_eq!(starts(&again), starts(&first));
    }
    // A rule that stays keeps its state: nobody is told anew.
    let other = DEEP.replace("Deep", "Deeper").replace("> 5", "> 5.5");
    agent.reload(&settings(&more("1h"), &[DEEP, &other].concat()));
    wait_until("the other rule to fire", || {
        let message = next(&heard);
        assert_eq!(told(&message), said(&[("firing", "a")]));
        message.text("groupKey").contains("Deeper")
    });
    assert!(state(&agent, "firing", "a"));
    // One that goes is over.
    agent.reload(&settings(&more("1h"), &other));
    let message = next(&heard);
    assert_eq!(told(&message), said(&[("resolved", "a")]));
    assert!(message.text("groupKey").contains("\"Deep\""));
    agent.reload(&settings(&more("1h"), ""));
    assert_eq!(told(&next(&heard)), said(&[("resolved", "a")]));
}

#[test]
fn mail_goes_through_the_mail_program() {
    let dir = Temp::new();
    let (mail, args) = (dir.path("mail"), dir.path("args"));
    let script = format!(
        "#!/bin/sh\n[ -e {args} ] || {{ echo \"$@\" > {args}; exit 75; }}\ncat > {mail}.new\nmv {mail}.new {mail}\n",
        args = args.display(),
        mail = mail.display()
    );
    let program = dir.write("sendmail", script);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let more = format!(
        "mail_to = [\"ops@example.org\", \"root@localhost\"]\nsendmail = \"{} -t -i\"",
        program.display()
    );
    let agent = Agent::plan().machine("box").file(&settings(&more, DEEP)).start();
    push(&agent, "x\\r\\nBcc: all@example.org", 6.0);
    wait_until("a mail", || mail.exists());
    assert_eq!(fs::read_to_string(args).unwrap(), "-t -i\n");
    let text = fs::read_to_string(&mail).unwrap();
    let (head, body) = text.split_once("\n\n").unwrap();
    let start = "To: ops@example.org,\n\troot@localhost\n\
                 Subject: [FIRING:1] Deep: x  Bcc: all@example.org page\n";
    assert!(head.starts_with(start) && !head.contains("\nBcc"), "{head}");
    assert!(body.contains("\n  severity =3D page\n"), "{body}");
    let sendmail = [("destination", "sendmail")];
    wait_until("it to be counted", || counted(&agent, "total", &sendmail) == 1.0);
    let refused = [("destination", "sendmail"), ("reason", "refused")];
    assert_eq!(counted(&agent, "failed_total", &refused), 1.0);
}

/// A relay: `script` answers each command of one conversation after the other.
fn relay(
    mut script: impl FnMut(usize, &str) -> String + Send + 'static,
) -> (String, Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (heard, receiver) = channel();
    thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut lines, mut in_data) = (Vec::new(), false);
            stream.get_mut().write_all(b"220-relay\r\n220 ready\r\n").unwrap();
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).unwrap_or(0) == 0 {
                    break;
                }
                let line = line.strip_suffix("\r\n").unwrap_or_else(|| panic!("{line:?}"));
                lines.push(line.to_owned());
                in_data &= line != ".";
                if in_data {
                    continue;
                }
                let answer = script(count, line);
                in_data = answer.starts_with("354");
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
            }
            let _ = heard.send(lines);
        }
    });
    (address, receiver)
}

#[test]
fn mail_goes_to_a_relay() {
    let (address, heard) = relay(|count, line| {
        let answer = match line {
            "." if count == 0 => "451 come again\r\n",
            "DATA" => "354 go on\r\n",
            line if line.starts_with("EHLO") && count == 0 => "502 what?\r\n",
            line if line.starts_with("EHLO") => "250-relay\r\n250-8BITMIME\r\n250 SIZE 1000000\r\n",
            line if line.contains("<nobody@x>") => "550 nobody\r\n",
            _ => "250 fine\r\n",
        };
        answer.to_owned()
    });
    let rules = DEEP.replace("\\\"é\\\"", ".\\n.dots\\n");
    let more = format!(
        "mail_to = [\"nobody@x\", \"ops@example.org\"]\nmail_from = \"box@example.org\"\nsmtp = \"{address}\""
    );
    let agent = Agent::plan().machine("box").file(&settings(&more, &rules)).start();
    push(&agent, "a", 6.0);
    let first = heard.recv_timeout(PATIENCE).unwrap();
    assert_eq!(first[..2], ["EHLO [127.0.0.1]", "HELO [127.0.0.1]"]);
    let second = heard.recv_timeout(PATIENCE).unwrap();
    let commands = [
        "EHLO [127.0.0.1]",
        "MAIL FROM:<box@example.org>",
        "RCPT TO:<nobody@x>",
        "RCPT TO:<ops@example.org>",
        "DATA",
        "From: box@example.org",
        "To: nobody@x,",
        "\tops@example.org",
        "Subject: [FIRING:1] Deep: a page",
    ];
    assert_eq!(second[..commands.len()], commands);
    assert_eq!(second[second.len() - 2..], [".", "QUIT"]);
    assert!(second.contains(&"  note: .".to_owned()) && second.contains(&"..dots".to_owned()));
    let destination = ["smtp:", &address].concat();
    let arrived = [("destination", destination.as_str())];
    wait_until("it to be counted", || counted(&agent, "total", &arrived) == 1.0);
}

/// A peer that is ended with the test.
struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn start(program: &str, package: &str, address: &str, args: &[String]) -> Peer {
    let mut command = Command::new(program);
    let child = command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child =
        child.unwrap_or_else(|_| panic!("this test needs {program}: apt-get install {package}"));
    let peer = Peer(child);
    wait_until("the peer to be ready", || {
        Client::try_connect(address).is_ok() && get(address, "/-/ready").status == 200
    });
    peer
}

#[test]
fn the_real_alertmanager_sees_it() {
    let dir = Temp::new();
    let config = dir.write("am.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n");
    let address = free_address();
    let args = [
        format!("--config.file={}", config.display()),
        format!("--storage.path={}", dir.path("data").display()),
        format!("--web.listen-address={address}"),
        "--cluster.listen-address=".to_owned(),
    ];
    let package = "prometheus-alertmanager";
    let _manager = start("prometheus-alertmanager", package, &address, &args);
    let (hook, heard) = webhook(|_| OK);
    let more = format!(
        "alertmanager = \"http://{address}/\"\nwebhook = \"http://{hook}/\"\n\
         external_url = \"http://box:9101\""
    );
    let agent = Agent::plan().machine("box").file(&settings(&more, DEEP)).start();
    push(&agent, "q\\\"\\\\é\\n", 6.5);
    let seen = || {
        let Json::List(alerts) = Json::parse(get(&address, "/api/v2/alerts").text()) else {
            panic!("no list")
        };
        alerts
    };
    wait_until("Alertmanager to see it", || seen().len() == 1);
    let alert = &seen()[0];
    let labels = object(&[("alertname", "Deep"), ("queue", "q\"\\é\n"), ("severity", "page")]);
    assert_eq!(alert.get("labels"), Some(&labels));
    let summary = alert.get("annotations").unwrap().text("summary");
    assert_eq!(summary, "q\"\\é\n holds 6.5");
    assert_eq!(alert.get("status").unwrap().text("state"), "active");
    assert_eq!(alert.text("generatorURL"), "http://box:9101/status");
    assert!(alert.text("endsAt") > alert.text("startsAt"));
    // What others send to webhooks bears the same name.
    let message = next(&heard);
    assert_eq!(alerts(&message)[0].text("fingerprint"), alert.text("fingerprint"));
    let starts = alerts(&message)[0].text("startsAt");
    assert_eq!(alert.text("startsAt"), starts);

    push(&agent, "q\\\"\\\\é\\n", 1.0);
    wait_until("Alertmanager to see that it is over", || seen().is_empty());
    let name = ["alertmanager:", &address].concat();
    assert_eq!(counted(&agent, "failed_total", &[("destination", &name)]), 0.0);
}

/// Two boxes with the same rule and the same series, and one file.
#[test]
fn two_boxes_are_two_alerts_at_the_real_alertmanager() {
    let dir = Temp::new();
    let config = dir.write("am.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n");
    let address = free_address();
    let args = [
        format!("--config.file={}", config.display()),
        format!("--storage.path={}", dir.path("data").display()),
        format!("--web.listen-address={address}"),
        "--cluster.listen-address=".to_owned(),
    ];
    let package = "prometheus-alertmanager";
    let _manager = start("prometheus-alertmanager", package, &address, &args);
    // Each takes one connection at a time.
    let hooks = [webhook(|_| OK), webhook(|_| OK)];
    let (relay, mails) = relay(|_, line| {
        let answer = if line == "DATA" { "354 go on\r\n" } else { "250 fine\r\n" };
        answer.to_owned()
    });
    let more = format!(
        "alertmanager = \"http://{address}/\"\nwebhook = \"http://${{HOOK}}/\"\nsmtp = \"{relay}\"\n\
         mail_to = \"ops@example.org\"\nmail_from = \"box@example.org\"\n\
         [agent]\ninstance = \"${{BOX}}\"\n"
    );
    let rules = DEEP.replace("holds", "of {{ $labels.instance }} holds");
    let file = settings(&more, &rules);
    let agents = [("edge-17", 0), ("edge-18", 1)].map(|(name, at)| {
        let plan = Agent::plan().machine("box").file(&file).env("BOX", name);
        let agent = plan.env("HOOK", &hooks[at].0).start();
        push(&agent, "a", 6.5);
        agent
    });
    let seen = || {
        let Json::List(alerts) = Json::parse(get(&address, "/api/v2/alerts").text()) else {
            panic!("no list")
        };
        let instance = |alert: &Json| alert.get("labels").unwrap().text("instance").to_owned();
        let mut instances: Vec<_> = alerts.iter().map(instance).collect();
        instances.sort();
        instances
    };
    wait_until("Alertmanager to see both", || seen() == ["edge-17", "edge-18"]);
    let told: Vec<_> = hooks.iter().map(|(_, heard)| next(heard)).collect();
    for (message, name) in told.iter().zip(["edge-17", "edge-18"]) {
        let labels =
            [("alertname", "Deep"), ("instance", name), ("queue", "a"), ("severity", "page")];
        assert_eq!(message.get("commonLabels"), Some(&object(&labels)));
        let summary = alerts(message)[0].get("annotations").unwrap().text("summary");
        assert_eq!(summary, format!("a of {name} holds 6.5"));
    }
    let fingerprints = told.iter().map(|message| alerts(message)[0].text("fingerprint"));
    assert_ne!(fingerprints.clone().next(), fingerprints.clone().nth(1));
    let mut subjects: Vec<_> = (0..2)
        .map(|_| {
            let lines = mails.recv_timeout(PATIENCE).unwrap();
            let of = |start: &str| lines.iter().find(|line| line.starts_with(start)).unwrap();
            assert!(
                lines.iter().any(|line| line.starts_with("  instance =3D edge-1")),
                "{lines:?}"
            );
            [of("From:").as_str(), of("Subject:")].concat()
        })
        .collect();
    subjects.sort();
    for (found, name) in subjects.iter().zip(["edge-17", "edge-18"]) {
        let expected =
            format!("From: {name} <box@example.org>Subject: [FIRING:1] Deep: {name} a page");
        assert_eq!(*found, expected);
    }
    // On its own page it is one box.
    assert!(agents.iter().all(|agent| state(agent, "firing", "a")));
    push(&agents[0], "a", 1.0);
    wait_until("one to be over", || seen() == ["edge-18"]);
    // Another name is another box: what is told under the old one is over.
    agents[1].reload(&file.replace("${BOX}", "edge-19"));
    wait_until("the other to be known by its new name", || seen() == ["edge-19"]);
}

/// What the conditions find is what Prometheus finds.
#[test]
fn conditions_hold_for_what_prometheus_says() {
    let conditions = [
        "sysmetrics_memory_available_bytes / sysmetrics_memory_total_bytes < 0.99",
        "sysmetrics_disk_read_bytes_total > 0",
        "sysmetrics_disk_read_bytes_total{device=~\"sd.*|nvme.*\"} >= 1024",
        "sysmetrics_disk_read_bytes_total{device!~\"sd.*\"} / 1e6 + 1 != 1",
        "sysmetrics_cpu_seconds_total{mode!=\"idle\",cpu=\"0\"} - 10 > -5",
        "100 < sysmetrics_network_receive_bytes_total - sysmetrics_network_transmit_bytes_total",
        "sysmetrics_network_receive_bytes_total / sysmetrics_network_receive_packets_total > 1",
        "2 * (queue_depth + 1) - queue_depth / 4 > queue_depth",
        "queue_depth{queue=\"\"} == 3",
        "queue_depth{none!=\"\"} == 3",
        "1 / (queue_depth - queue_depth) > 1e300",
        "absent(nothing{a=\"1\",b=~\"x.*\",c!=\"d\",e=\"f\\\"\"})",
        "absent(nothing{x=\"1\",x=\"2\",y!=\"3\",y=\"4\"}) * 2 >= 2",
        "absent(sysmetrics_memory_total_bytes)",
        "absent(queue_depth{queue=\"none\"}) == 1",
        "absent(sysmetrics_disk_read_bytes_total{device=~\"s.*\"}) > 0",
        "absent(nothing) + absent(nobody) > 1",
        "absent(nothing{queue=\"a\"}) + queue_depth > 1",
    ];
    let (hook, heard) = webhook(|_| OK);
    let rules: Vec<_> = conditions
        .iter()
        .enumerate()
        .map(|(at, expr)| {
            format!(
                "[[alerts]]\nname = \"n{at}\"\nexpr = '{expr}'\nannotations = {{ v = \"{{{{ value }}}}\" }}\n"
            )
        })
        .collect();
    let file = settings(&format!("webhook = \"http://{hook}/\""), &rules.concat());
    let agent = Agent::plan().machine("box").file(&file).start();
    push(&agent, "a", 3.0);
    push(&agent, "b", 0.0);
    push(&agent, "", 3.0);

    let dir = Temp::new();
    let address = free_address();
    let config = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: box\n  \
         static_configs: [{{targets: [\"{}\"]}}]\n",
        agent.address()
    );
    let config = dir.write("prometheus.yml", config);
    let args = [
        format!("--config.file={}", config.display()),
        format!("--storage.tsdb.path={}", dir.path("data").display()),
        format!("--web.listen-address={address}"),
    ];
    let _prometheus = start("prometheus", "prometheus", &address, &args);
    let query = |expr: &str| {
        let escaped: String = expr.bytes().map(|b| format!("%{b:02x}")).collect();
        let answer = get(&address, &format!("/api/v1/query?query={escaped}"));
        let json = Json::parse(answer.text());
        assert_eq!(json.text("status"), "success", "{expr}: {json:?}");
        let Some(Json::List(found)) = json.get("data").unwrap().get("result") else {
            panic!("{json:?}")
        };
        found.clone()
    };
    wait_until("a scrape", || query("queue_depth").len() == 3);

    type Found = (Vec<(String, String)>, f64);
    let mut found: Vec<Vec<Found>> = vec![Vec::new(); conditions.len()];
    let mut expected = found.clone();
    let labels = |object: &Json, without: &[&str]| -> Vec<(String, String)> {
        let Json::Object(pairs) = object else { panic!("{object:?}") };
        let pairs = pairs.iter().filter(|(name, _)| !without.contains(&name.as_str()));
        let mut pairs: Vec<_> = pairs
            .map(|(name, value)| match value {
                Json::Text(value) => (name.clone(), value.clone()),
                other => panic!("{other:?}"),
            })
            .collect();
        pairs.sort();
        pairs
    };
    for (at, expr) in conditions.iter().enumerate() {
        for one in query(expr) {
            let Some(Json::List(pair)) = one.get("value") else { panic!("{one:?}") };
            let Json::Text(value) = &pair[1] else { panic!("{one:?}") };
            let without = ["__name__", "instance", "job"];
            let labels = labels(one.get("metric").unwrap(), &without);
            expected[at].push((labels, value.parse().unwrap()));
        }
        expected[at].sort_by(|a, b| a.0.cmp(&b.0));
    }
    let count = |all: &[Vec<_>]| all.iter().map(Vec::len).sum::<usize>();
    assert!(expected[..8].iter().all(|found| !found.is_empty()), "{expected:?}");
    while count(&found) < count(&expected) {
        for alert in alerts(&next(&heard)) {
            let of = alert.get("labels").unwrap();
            let at: usize = of.text("alertname")[1..].parse().unwrap();
            let value = alert.get("annotations").unwrap().text("v");
            let one = (labels(of, &["alertname"]), value.parse().unwrap());
            // It may be told again meanwhile.
            if !found[at].contains(&one) {
                found[at].push(one);
            }
        }
    }
    for (at, expr) in conditions.iter().enumerate() {
        found[at].sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(found[at], expected[at], "{expr}");
    }
}

/// What is known about what comes in can be asked for, too; and rates of the kernel's counters.
#[test]
fn targets_that_are_down_and_rates_are_told() {
    let (hook, heard) = webhook(|_| OK);
    let rules = "[[alerts]]\nname = \"Down\"\nexpr = 'target_up == 0'\n\
         [[alerts]]\nname = \"Busy\"\n\
         expr = 'rate(disk_read_bytes_total{device=\"sda\"}[1m]) > 1e6'\n\
         [[alerts]]\nname = \"Turning\"\nexpr = 'increase(alert_source_total[1m]) >= 7'\n\
         [scrape]\ntargets = [{ name = \"api\", url = \"http://127.0.0.1:1/metrics\" }]\n";
    let file = settings(&format!("webhook = \"http://{hook}/\""), rules);
    let machine = Temp::proc_of("box");
    let agent = Agent::plan()
        .arg(format!("--path.procfs={}", machine.path("").display()))
        .file(&file)
        .start();
    let message = next(&heard);
    assert_eq!(message.text("groupKey"), "{}:{alertname=\"Down\"}");
    assert_eq!(alerts(&message)[0].get("labels").unwrap().text("target"), "api");
    // A hundred million sectors more.
    let stats = fs::read_to_string(machine.path("diskstats")).unwrap();
    let line = stats.lines().find(|line| line.contains(" sda ")).unwrap();
    let mut words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
    let sectors: u64 = words[5].parse().unwrap();
    words[5] = (sectors + 100_000_000).to_string();
    let looked = || agent.scrape().value("sysmetrics_alert_evaluations_total", &[]);
    let before = looked();
    wait_until("a look", || looked() > before);
    machine.write("diskstats", stats.replace(line, &words.join(" ")));
    let message = next(&heard);
    assert_eq!(message.text("groupKey"), "{}:{alertname=\"Busy\"}");
    for add in [1, 7] {
        let body =
            format!("{{\"name\":\"alert_source_total\",\"type\":\"counter\",\"value\":{add}}}");
        let head = format!(
            "POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        agent.connect().send([head, body].concat()).answer();
        let before = looked();
        wait_until("two looks", || looked() > before + 1.0);
    }
    assert_eq!(next(&heard).text("groupKey"), "{}:{alertname=\"Turning\"}");
}

/// A rule that asks for what never was there is told, and so is what is not there any more.
#[test]
fn rules_that_never_match_are_noted_and_absence_fires() {
    let (hook, heard) = webhook(|_| OK);
    let rules = "[[alerts]]\nname = \"Typo\"\nexpr = 'queue_depht > 1'\n\
         [[alerts]]\nname = \"Deep\"\nexpr = 'queue_depth{queue=\"a\"} / load_of_nobody > 1'\n\
         [[alerts]]\nname = \"Good\"\nexpr = 'memory_total_bytes < 1'\n\
         [[alerts]]\nname = \"Gone\"\nexpr = 'absent(queue_depth{queue=\"a\",zone=~\".*\"})'\n\
         labels = { who = \"{{ $labels.queue }}\" }\n";
    let file = settings(&format!("webhook = \"http://{hook}/\""), rules);
    let file = file.replace("[server]", "[push]\nttl = \"1s\"\n[server]");
    let agent = Agent::plan().machine("box").file(&file).start();
    let message = next(&heard);
    assert_eq!(message.text("groupKey"), "{}:{alertname=\"Gone\"}");
    let labels = alerts(&message)[0].get("labels").unwrap();
    assert_eq!((labels.text("queue"), labels.text("who")), ("a", "a"));
    let notes = |path: &str| {
        let answer = agent.get(path);
        assert_eq!(answer.status, 200);
        let json = Json::parse(answer.text());
        let Some(Json::List(notes)) = json.get("notes") else { panic!("{json:?}") };
        let text = |note: &Json| {
            assert_eq!(note.text("part"), "alert");
            let reason = note.text("reason").to_owned();
            format!("{} {}", note.text("name"), reason.rsplit(' ').next().unwrap())
        };
        notes.iter().map(text).collect::<Vec<_>>()
    };
    for path in ["/api/health", "/api/status"] {
        assert_eq!(notes(path), ["Typo queue_depht", "Deep queue_depth"], "{path}");
    }
    // It comes, and goes again after a second.
    push(&agent, "a", 1.0);
    let message = next(&heard);
    assert_eq!((message.text("status"), alerts(&message).len()), ("resolved", 1));
    assert_eq!(next(&heard).text("status"), "firing");
    assert_eq!(notes("/api/health"), ["Typo queue_depht", "Deep load_of_nobody"]);
}

/// Puts the words of a condition together at random, some of them wrong.
fn random_condition(random: &mut Random) -> String {
    const WORDS: [&str; 33] = [
        "a",
        "absent(a)",
        "absent(b{x=\"1\",y!='2'})",
        "rate(a_total[1m])",
        "increase(b{x=\"1\"}[1h30m])",
        "c:d{}",
        "0.5",
        "1e3",
        "-2",
        "(",
        ")",
        "+",
        "-",
        "*",
        "/",
        "{",
        "}",
        "x=~\"a|b\"",
        "x!='1'",
        ",",
        "[5m]",
        "rate",
        "absent",
        ".5",
        "5.",
        "1e",
        "rate(a[30s1h])",
        "\"\\n\"",
        "`\\d`",
        "1m",
        "==",
        "inf",
        "x!~\"(\"",
    ];
    const COMPARISONS: [&str; 6] = [">", ">=", "<", "<=", "==", "!="];
    let mut side = |text: &mut String| {
        for _ in 0..1 + random.below(6) {
            // Mostly what makes sense.
            let (most, every) = (random.below(15), random.below(WORDS.len()));
            text.push_str(WORDS[if random.below(4) > 0 { most } else { every }]);
            text.push_str(["", " "][random.below(2)]);
        }
    };
    let (mut left, mut right) = (String::new(), String::new());
    side(&mut left);
    side(&mut right);
    // Absence holds on its own.
    if random.below(20) == 0 {
        return left;
    }
    [&left, COMPARISONS[random.below(6)], " ", &right].concat()
}

/// Whatever is taken here is PromQL.
#[test]
fn promtool_takes_every_condition_that_is_taken() {
    let mut random = Random::new(7);
    let mut taken: Vec<_> = (0..200_000)
        .map(|_| random_condition(&mut random))
        .filter(|text| sysmetrics::base::text::expr::check(text).is_ok())
        .collect();
    taken.sort();
    taken.dedup();
    assert!(taken.len() > 1000, "{}", taken.len());
    let quoted = |text: &String| text.replace('\'', "''");
    let rule =
        |(at, text): (usize, &String)| format!("  - {{alert: n{at}, expr: '{}'}}\n", quoted(text));
    let rules: Vec<_> = taken.iter().enumerate().map(rule).collect();
    let dir = Temp::new();
    let file = dir.write("rules.yml", ["groups:\n- name: g\n  rules:\n", &rules.concat()].concat());
    let output = Command::new("promtool").args(["check", "rules"]).arg(file).output();
    let output =
        output.unwrap_or_else(|_| panic!("this test needs promtool: apt-get install prometheus"));
    let said = String::from_utf8_lossy(&output.stderr);
    // The first of each kind.
    let mut said: Vec<_> = said.lines().filter_map(|line| line.split_once("rule ")).collect();
    said.sort_by_key(|(_, rule)| rule.rsplit("error: ").next());
    said.dedup_by_key(|(_, rule)| rule.rsplit("error: ").next());
    assert!(output.status.success(), "{said:#?}");
}

#[test]
fn without_alerts_nothing_is_there() {
    let agent = Agent::plan().machine("box").file(&settings("webhook = \"http://a/\"", "")).start();
    assert!(!agent.get("/metrics").text().contains("sysmetrics_alert"));
    wait_until("no thread besides", || agent.threads() == 1);
    thread::sleep(Duration::from_millis(1)); // the log's reader
    assert_eq!(agent.lines_with("warn"), 0);
}

#[test]
fn a_wrong_condition_is_refused_with_its_column() {
    let dir = Temp::new();
    let file = settings("", "[[alerts]]\nname = \"Odd\"\nexpr = 'load1 >> 4'\n");
    let file = dir.write("sysmetrics.toml", file);
    let output = Command::new(env!("CARGO_BIN_EXE_sysmetrics"))
        .args(["--check-config", "--config"])
        .arg(file)
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("column 8: found \">\", expected a number, a metric"), "{said}");
}
