//! Rules: what their conditions can use, and errors in them.

use crate::common::json::Json;
use crate::common::{Agent, Temp, wait_until};
use crate::support::{OK, alerts, next, push, settings, webhook};
use std::process::Command;
use std::time::Duration;
use std::{fs, thread};

/// What is known about what comes in can be asked for, too; and rates of the kernel's counters.
#[test]
fn alerts_on_down_targets_and_rates_are_sent() {
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
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("column 8: found \">\", expected a number, a metric"), "{text}");
}
