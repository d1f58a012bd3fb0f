//! Webhooks get alerts that fire, continue and are resolved.

use crate::common::json::Json;
use crate::common::{Agent, PATIENCE, wait_until};
use crate::support::{
    DEEP, OK, Reply, alerts, alerts_of, counted, next, object, pairs_of, push, settings, state,
    webhook,
};

#[test]
fn a_webhook_gets_firing_and_resolved_alerts() {
    let (address, received) = webhook(|_| OK);
    let more = format!(
        "webhook = \"http://me:secret@{address}/hook?x=1\"\nexternal_url = \"http://box:9101\"\n\
         headers = {{ X-Box = \"7\" }}"
    );
    let agent = Agent::plan().machine("box").file(&settings(&more, DEEP)).start();
    push(&agent, "a", 5.0);
    push(&agent, "none", 9.0);
    push(&agent, "b", 7.5);
    let request = received.recv_timeout(PATIENCE).unwrap();
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
    let over = next(&received);
    assert_eq!(over.text("status"), "resolved");
    let [alert] = alerts(&over) else { panic!("{over:?}") };
    assert_eq!((alert.text("startsAt"), alert.text("fingerprint")), (starts, fingerprint));
    assert!(alert.text("endsAt") > starts);
    wait_until("the alert to go", || !agent.get("/metrics").text().contains("sysmetrics_alerts{"));
    // Nothing was told twice.
    let name = ["webhook:", &address].concat();
    wait_until("both to be counted", || counted(&agent, "total", &[("destination", &name)]) == 2.0);
    assert!(received.try_recv().is_err());
    assert!(!agent.log().concat().contains("secret"));
}

#[test]
fn an_alert_waits_before_it_fires_and_is_seen_meanwhile() {
    let (address, received) = webhook(|_| OK);
    let rules = DEEP.replace("labels =", "for = \"1h\"\nlabels =");
    let more = format!("webhook = \"http://{address}/\"");
    let agent = Agent::plan().machine("box").file(&settings(&more, &rules)).start();
    push(&agent, "a", 6.0);
    wait_until("it to be pending", || state(&agent, "pending", "a"));
    push(&agent, "a", 5.0);
    wait_until("it to go", || !state(&agent, "pending", "a"));
    assert!(received.try_recv().is_err());
    // Nobody was to be told anything: there is no worker.
    wait_until("no thread besides", || agent.threads() == 1);
}

#[test]
fn failed_messages_are_retried_and_delay_no_other() {
    let script = [
        Reply::Say("503 Busy\r\nRetry-After: 1\r\n"),
        Reply::Hang,
        Reply::Say("500 Odd\r\n"),
        OK,
        OK,
        Reply::Say("404 None\r\n"),
    ];
    let (address, received) = webhook(move |at| script.get(at).copied().unwrap_or(OK));
    let (other, other_received) = webhook(|_| OK);
    let more = format!(
        "timeout_secs = \"500ms\"\n\
         webhook = [\"http://{address}/\", \"http://{other}/\", \"http://127.0.0.1:1/\"]"
    );
    let agent = Agent::plan().machine("box").file(&settings(&more, DEEP)).start();
    push(&agent, "a", 6.0);
    assert_eq!(alerts_of(&next(&other_received)), pairs_of(&[("firing", "a")]));
    next(&received);
    // Meanwhile it is over; the first must hear both, in that order.
    push(&agent, "a", 1.0);
    assert_eq!(alerts_of(&next(&other_received)), pairs_of(&[("resolved", "a")]));
    for _ in 0..3 {
        assert_eq!(alerts_of(&next(&received)), pairs_of(&[("firing", "a")]));
    }
    assert_eq!(alerts_of(&next(&received)), pairs_of(&[("resolved", "a")]));
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
    next(&received);
    push(&agent, "a", 1.0);
    assert_eq!(alerts_of(&next(&received)), pairs_of(&[("resolved", "a")]));
    assert_eq!(counted(&agent, "dropped_total", &[("destination", &name)]), 1.0);
    assert!(agent.lines_with("an alert could not be sent") >= 2);
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
fn as_many_alerts_as_may_fire_are_sent_at_once() {
    let (address, received) = webhook(|_| OK);
    let more = format!("webhook = \"http://{address}/\"");
    let agent = Agent::plan().machine("box").file(&settings(&more, DEEP)).start();
    push_many(&agent, 0..900, 6);
    let mut all = std::collections::HashSet::new();
    while all.len() < 900 {
        let message = next(&received);
        all.extend(alerts(&message).iter().map(|alert| alert.text("fingerprint").to_owned()));
    }
    let to = format!("webhook:{address}");
    assert_eq!(counted(&agent, "dropped_total", &[("destination", &to)]), 0.0);
}

/// Nobody takes them; what was told first is forgotten first, and that is said.
#[test]
fn the_log_reports_alerts_that_were_dropped() {
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
    agent.wait_for_log("an alert was dropped", 1);
    wait_until("the oldest to go", || {
        counted(&agent, "dropped_total", &[("destination", &to)]) >= 100.0
    });
}

#[test]
fn firing_alerts_are_repeated_and_rules_may_change() {
    let (address, received) = webhook(|_| OK);
    let more =
        |repeat: &str| format!("repeat_secs = \"{repeat}\"\nwebhook = \"http://{address}/\"");
    let agent = Agent::plan().machine("box").file(&settings(&more("200ms"), DEEP)).start();
    push(&agent, "a", 6.0);
    let first = next(&received);
    for _ in 0..3 {
        let again = next(&received);
        assert_eq!(alerts_of(&again), pairs_of(&[("firing", "a")]));
        let starts = |message: &Json| alerts(message)[0].text("startsAt").to_owned();
        assert_eq!(starts(&again), starts(&first));
    }
    // A rule that stays keeps its state: nobody is told anew.
    let other = DEEP.replace("Deep", "Deeper").replace("> 5", "> 5.5");
    agent.reload(&settings(&more("1h"), &[DEEP, &other].concat()));
    wait_until("the other rule to fire", || {
        let message = next(&received);
        assert_eq!(alerts_of(&message), pairs_of(&[("firing", "a")]));
        message.text("groupKey").contains("Deeper")
    });
    assert!(state(&agent, "firing", "a"));
    // One that goes is over.
    agent.reload(&settings(&more("1h"), &other));
    let message = next(&received);
    assert_eq!(alerts_of(&message), pairs_of(&[("resolved", "a")]));
    assert!(message.text("groupKey").contains("\"Deep\""));
    agent.reload(&settings(&more("1h"), ""));
    assert_eq!(alerts_of(&next(&received)), pairs_of(&[("resolved", "a")]));
}
