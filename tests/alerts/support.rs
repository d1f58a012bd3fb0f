//! Shared by the tests of alerts: settings, a scripted webhook, peers, and readers of messages.

use crate::common::json::Json;
use crate::common::{Agent, PATIENCE};
use crate::receiver;
use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// The settings of an agent that looks ten times a second; `more` goes into `[alerting]`.
pub fn settings(more: &str, rules: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[alerting]\ninterval_secs = \"100ms\"\n{more}\n{rules}"
    )
}

/// A rule about what is pushed.
pub const DEEP: &str = r#"
[[alerts]]
name = "Deep"
expr = 'queue_depth{queue!="none"} > 5'
labels = { severity = "page" }
annotations = { summary = "{{ $labels.queue }} holds {{ $value }}", "note" = "\"é\"" }
"#;

pub fn push(agent: &Agent, queue: &str, depth: f64) {
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
pub enum Reply {
    /// Answers with this status line and these headers.
    Say(&'static str),
    /// Never answers.
    Hang,
}

pub const OK: Reply = Reply::Say("200 OK\r\n");

/// A server that does for each request what `script` says, and what it heard: bodies with their
/// heads.
pub fn webhook(
    mut script: impl FnMut(usize) -> Reply + Send + 'static,
) -> (String, Receiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (received, receiver) = channel();
    thread::spawn(move || {
        let (mut count, mut held) = (0, Vec::new());
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            while let Some((head, body)) = receiver::receive(&mut stream) {
                let body = Json::parse(std::str::from_utf8(&body).unwrap());
                let reply = script(count);
                count += 1;
                let _ = received.send(Received { head, body });
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

pub struct Received {
    pub head: String,
    pub body: Json,
}

pub fn next(received: &Receiver<Received>) -> Json {
    received.recv_timeout(PATIENCE).unwrap().body
}

/// Status and queue of each alert of a message.
pub fn alerts_of(message: &Json) -> Vec<(String, String)> {
    let alerts = alerts(message).iter();
    let queue = |alert: &Json| alert.get("labels").unwrap().text("queue").to_owned();
    alerts.map(|alert| (alert.text("status").to_owned(), queue(alert))).collect()
}

pub fn alerts(message: &Json) -> &[Json] {
    let Some(Json::List(alerts)) = message.get("alerts") else { panic!("{message:?}") };
    alerts
}

pub fn pairs_of(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

pub fn object(pairs: &[(&str, &str)]) -> Json {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), Json::Text((*value).to_owned()));
    Json::Object(pairs.iter().map(pair).collect())
}

/// What the agent counted about a destination.
pub fn counted(agent: &Agent, what: &str, labels: &[(&str, &str)]) -> f64 {
    let name = ["sysmetrics_alert_notifications_", what].concat();
    agent.scrape().find(&name, labels).unwrap_or(0.0)
}

pub fn state(agent: &Agent, state: &str, queue: &str) -> bool {
    let labels =
        [("alertname", "Deep"), ("alertstate", state), ("queue", queue), ("severity", "page")];
    agent.scrape().find("sysmetrics_alerts", &labels) == Some(1.0)
}
