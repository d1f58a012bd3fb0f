//! The real Alertmanager.

use crate::common::json::Json;
use crate::common::{Agent, PATIENCE, Server, Temp, free_address, get, wait_until};
use crate::mail::relay;
use crate::support::{DEEP, OK, alerts, counted, next, object, push, settings, state, webhook};
use std::process::Command;

/// Alertmanager with a data directory of its own, and its address.
fn alertmanager() -> (Temp, String, Server) {
    let dir = Temp::new();
    let config = dir.write("am.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n");
    let address = free_address();
    let mut command = Command::new("prometheus-alertmanager");
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.path={}", dir.path("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--cluster.listen-address=");
    let manager = Server::start(&mut command, address.clone(), "/-/ready");
    (dir, address, manager)
}

#[test]
fn the_real_alertmanager_sees_it() {
    let (_dir, address, _manager) = alertmanager();
    let (hook, received) = webhook(|_| OK);
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
    let message = next(&received);
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
    let (_dir, address, _manager) = alertmanager();
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
    let messages: Vec<_> = hooks.iter().map(|(_, received)| next(received)).collect();
    for (message, name) in messages.iter().zip(["edge-17", "edge-18"]) {
        let labels =
            [("alertname", "Deep"), ("instance", name), ("queue", "a"), ("severity", "page")];
        assert_eq!(message.get("commonLabels"), Some(&object(&labels)));
        let summary = alerts(message)[0].get("annotations").unwrap().text("summary");
        assert_eq!(summary, format!("a of {name} holds 6.5"));
    }
    let fingerprints = messages.iter().map(|message| alerts(message)[0].text("fingerprint"));
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
