//! Samples of other programs are bounded in bytes, and no source can use all room: memory stays within the limits,
//! and what exceeds them is reported.
#![cfg(feature = "hub")]
#![cfg(not(feature = "tiny_http"))] // the reference front asks nobody
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::json::Json;
use common::{Agent, Endpoint, Say, wait_until};

fn file(more: &str) -> String {
    ["[server]\nlisten = \"127.0.0.1:0\"\n", more].concat()
}

fn targets(endpoints: &[(&str, &Endpoint)]) -> String {
    let mut file = "[scrape]\ninterval_secs = 1\n".to_owned();
    for (name, endpoint) in endpoints {
        file += &format!("[[scrape.targets]]\nname = \"{name}\"\nurl = \"{}\"\n", endpoint.url());
    }
    file
}

fn post(agent: &Agent, body: &str) -> String {
    let length = body.len();
    let head =
        format!("POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    agent.connect().send([&head, body].concat()).answer().text().to_owned()
}

fn gauge(name: &str) -> String {
    format!("{{\"name\":\"{name}\",\"type\":\"gauge\",\"value\":1}}")
}

/// Status, and the texts of reasons and notes, each behind its part.
fn health(agent: &Agent) -> (u16, Vec<String>) {
    let answer = agent.get("/api/health");
    let json = Json::parse(answer.text());
    let mut all = Vec::new();
    for key in ["reasons", "notes"] {
        let Some(Json::List(list)) = json.get(key) else { panic!("{json:?}") };
        let text = |one: &Json| ["part", "name", "reason"].map(|key| one.text(key)).join(" ");
        all.extend(list.iter().map(text));
    }
    (answer.status, all)
}

fn series(name: &str, n: usize, labels: usize, value: usize) -> Vec<(String, String)> {
    let label = |l: usize| (format!("l{l:02}"), format!("{name}{n:06}{}", "x".repeat(value)));
    (0..labels).map(label).collect()
}

#[test]
fn series_with_much_text_take_bounded_memory() {
    let agent = Agent::plan().machine("box").file(&file("")).start();
    let mut client = agent.connect();
    // 12 000 series of 30 KB.
    for batch in 0..400 {
        let one = |n: usize| {
            let labels = series("v", batch * 30 + n, 32, 940);
            let labels: Vec<_> = labels.iter().map(|(k, v)| format!("\"{k}\":\"{v}\"")).collect();
            let labels = labels.join(",");
            format!("{{\"name\":\"wide\",\"type\":\"gauge\",\"value\":1,\"labels\":{{{labels}}}}}")
        };
        let body = format!("[{}]", (0..30).map(one).collect::<Vec<_>>().join(","));
        let length = body.len();
        let head =
            format!("POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
        client.send([head, body].concat()).answer();
        if batch % 40 == 0 {
            assert_eq!(agent.get("/metrics").status, 200);
        }
    }
    let page = agent.scrape();
    let kept = page.family("wide").unwrap().samples.len();
    assert!((250..=290).contains(&kept), "8 MiB are {kept}");
    let refused = page.value("sysmetrics_push_refused_total", &[("reason", "bytes")]);
    assert_eq!(refused, (12_000 - kept) as f64);
    let (status, text) = health(&agent);
    assert!(status == 503 && text[0].contains("push.max_bytes"), "{text:?}");
    let peak = agent.status("VmHWM");
    assert!(peak < 44_000, "{peak} kB");
}

#[test]
fn one_target_cannot_use_all_room() {
    let page = |n: usize, name: &str| -> String {
        (0..n)
            .map(|i| format!("# HELP {name}{i} H.\n# TYPE {name}{i} gauge\n{name}{i} 1\n"))
            .collect()
    };
    // More families than there may be in all, and long help texts.
    let greedy = Endpoint::with(&page(6000, "greedy_"));
    let modest = Endpoint::with(&page(20, "modest_"));
    let all = targets(&[("greedy", &greedy), ("modest", &modest)]);
    let agent = Agent::plan().machine("box").file(&file(&all)).start();
    let samples =
        |target: &str| agent.scrape().find("sysmetrics_target_samples", &[("target", target)]);
    wait_until("both", || samples("greedy").is_some() && samples("modest") == Some(20.0));
    assert_eq!(samples("greedy"), Some(3750.0));
    let many: Vec<_> = (0..500).map(|i| gauge(&format!("pushed_{i}"))).collect();
    assert!(post(&agent, &format!("[{}]", many.join(","))).starts_with("{\"accepted\":500,"));
    let (status, text) = health(&agent);
    assert_eq!(status, 200);
    let [note] = &text[..] else { panic!("{text:?}") };
    assert!(note.starts_with("target greedy samples without room: 2250;"), "{note}");
    // Once it has less, nothing is said any more.
    greedy.say(Say::ok("fine 1\n"));
    wait_until("less", || samples("greedy") == Some(1.0));
    assert_eq!(health(&agent), (200, vec![]));
}

#[test]
fn one_source_cannot_use_all_room() {
    let modest = Endpoint::with("modest 1\n");
    let bounds = "[push]\nmax_series = 400\nmax_families = 200\nmax_bytes = 20000\n";
    let all = [bounds, &targets(&[("modest", &modest)])].concat();
    for names in [true, false] {
        let agent = Agent::plan().machine("box").file(&file(&all)).start();
        let one = |i: usize| match names {
            true => gauge(&format!("flood_{i}")),
            false => gauge("flood").replace('}', &format!(",\"labels\":{{\"i\":\"{i}\"}}}}")),
        };
        let body = format!("[{}]", (0..1000).map(one).collect::<Vec<_>>().join(","));
        let most = if names { 200 } else { 400 };
        wait_until("the flood", || {
            post(&agent, &body).starts_with(&format!("{{\"accepted\":{most},")) || {
                // The target may have come first.
                post(&agent, &body).starts_with(&format!("{{\"accepted\":{},", most - 1))
            }
        });
        let head =
            "PUT /metrics/job/j HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nbackup 1\n";
        assert_eq!(agent.connect().send(head).answer().status, 200);
        let there = |name: &str, labels: &[(&str, &str)]| agent.scrape().find(name, labels);
        wait_until("the others", || {
            there("modest", &[("target", "modest")]) == Some(1.0)
                && there("backup", &[("job", "j")]) == Some(1.0)
        });
        assert_eq!(health(&agent).0, 503, "that is told");
    }
}

#[test]
fn a_target_may_have_more_labels_than_are_pushed() {
    let labels = |n: usize| {
        let label = |(k, v): &(String, String)| format!("{k}=\"{v}\"");
        series("v", n, n, 1).iter().map(label).collect::<Vec<_>>().join(",")
    };
    let text =
        format!("few{{{}}} 1\nmost{{{}}} 1\nmore{{{}}} 1\n", labels(36), labels(127), labels(128));
    let endpoint = Endpoint::with(&text);
    let settings = targets(&[("t", &endpoint)]);
    let refused = [("target", "t"), ("reason", "labels")];
    for (more, expected) in [("", [true, true, false]), ("max_labels = 40\n", [true, false, false])]
    {
        let settings = settings.replacen("[[scrape", &[more, "[[scrape"].concat(), 1);
        let agent = Agent::plan().machine("box").file(&file(&settings)).start();
        wait_until("the target", || agent.scrape().has("few"));
        let page = agent.scrape();
        assert_eq!(["few", "most", "more"].map(|name| page.has(name)), expected);
        assert!(page.value("sysmetrics_target_samples_refused_total", &refused) >= 1.0);
        let pushed = format!(
            "PUT /metrics/job/j HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        assert_eq!(
            agent.connect().send(pushed + &text).answer().status,
            400,
            "pushes have their own"
        );
    }
}
