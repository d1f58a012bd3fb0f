//! `/api/series`.

use crate::common::json::{Json, items};
use crate::common::wait_until;
use crate::common::{Agent, Temp, get_with};

pub fn series(agent: &Agent, query: &str) -> Json {
    let answer = agent.get(&format!("/api/series{query}"));
    assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("application/json")));
    Json::parse(answer.text())
}

pub fn names(json: &Json) -> Vec<&str> {
    items(json, "series").iter().map(|series| series.text("name")).collect()
}

fn push(agent: &Agent, body: &str) {
    let head = "POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length:";
    let answer = agent.connect().send(format!("{head} {}\r\n\r\n{body}", body.len())).answer();
    assert_eq!(answer.status / 100, 2, "{}", answer.text());
}

#[test]
fn series_are_found_by_name_and_label() {
    let agent = Agent::plan().machine("box").start();
    assert_eq!(
        (names(&series(&agent, "")), series(&agent, "").number("total")),
        (vec![], 0.0),
        "what is ours is not there"
    );
    push(
        &agent,
        "[{\"name\":\"jobs_done_total\",\"type\":\"counter\",\"value\":12,\"labels\":{\"job\":\"Backup\"}},\
         {\"name\":\"a_gauge\",\"type\":\"gauge\",\"value\":-0.5,\"labels\":{\"q\":\"ÄÖ \\\"x\\\\\\n\"}},\
         {\"name\":\"took\",\"type\":\"histogram\",\"value\":0.25}]",
    );
    let all = series(&agent, "");
    assert_eq!(names(&all), ["a_gauge", "jobs_done_total", "took"]);
    assert_eq!((all.number("matching"), all.number("total")), (3.0, 3.0));
    let [gauge, counter, histogram] = items(&all, "series") else { panic!("{all:?}") };
    let label = |series: &Json, key: &str| series.get("labels").unwrap().text(key).to_owned();
    assert_eq!((gauge.text("value"), gauge.text("type")), ("-0.5", "gauge"));
    assert_eq!(label(gauge, "q"), "ÄÖ \"x\\\n");
    assert_eq!((counter.text("value"), counter.text("type")), ("12", "counter"));
    assert_eq!((label(counter, "job"), counter.text("source")), ("Backup".to_owned(), "push"));
    assert!(counter.number("age_seconds") < 60.0);
    let of_histogram = ["type", "value", "sum"].map(|key| histogram.text(key));
    assert_eq!(of_histogram, ["histogram", "1", "0.25"]);
    for (query, found) in [
        ("?q=JOBS_", &["jobs_done_total"][..]),
        ("?q=backup", &["jobs_done_total"]),
        ("?q=%C3%84%C3%96", &["a_gauge"]),
        ("?q=%22X%5C", &["a_gauge"]), // as it is, not as it is escaped
        ("?q=job", &["jobs_done_total"]),
        ("?q=_", &["a_gauge", "jobs_done_total"]),
        ("?q=nothing", &[]),
        ("?q=&limit=2", &["a_gauge", "jobs_done_total"]),
        ("?limit=1&q=O", &["jobs_done_total"]),
    ] {
        let json = series(&agent, query);
        assert_eq!((names(&json), json.number("total")), (found.to_vec(), 3.0), "{query}");
    }
    assert_eq!(series(&agent, "?q=O&limit=1").number("matching"), 2.0);
}

/// Their order is that of the metrics, and limits hold.
#[test]
fn series_are_bounded_and_in_the_order_of_the_metrics() {
    let agent = Agent::plan().machine("box").start();
    let entry = |n: u32| {
        let label = "x".repeat(900);
        format!(
            "{{\"name\":\"m{}\",\"type\":\"gauge\",\"value\":{n},\"labels\":{{\"n\":\"{n}\",\"l\":\"{label}\"}}}}",
            n % 7
        )
    };
    for some in 0..6 {
        let all: Vec<_> = (some * 100..some * 100 + 100).map(entry).collect();
        push(&agent, &format!("[{}]", all.join(",")));
    }
    let scrape = agent.get("/metrics");
    let lines = scrape.text().lines().filter(|line| line.starts_with('m'));
    let expected: Vec<_> = lines.map(|line| line.rsplit_once(' ').unwrap().1).collect();
    assert_eq!(expected.len(), 600);
    for (query, count) in [("", 100), ("?limit=200", 200), ("?limit=1", 1)] {
        let json = series(&agent, query);
        let values: Vec<_> = items(&json, "series").iter().map(|s| s.text("value")).collect();
        assert_eq!(values, expected[..count], "{query}");
        assert_eq!((json.number("matching"), json.number("total")), (600.0, 600.0));
    }
    let gzip = get_with(&agent.address(), "/api/series", "Accept-Encoding: gzip\r\n");
    assert_eq!(names(&Json::parse(&gzip.inflated())).len(), 100);
    // 500 of them are too many bytes: what fits is there.
    let answer = agent.get("/api/series?limit=500");
    let shown = items(&Json::parse(answer.text()), "series").len();
    assert!((200..400).contains(&shown), "{shown}");
}

#[test]
fn a_bad_query_is_refused_with_a_sentence() {
    let agent = Agent::plan().machine("box").start();
    let long = format!("?q={}", "x".repeat(257));
    for (query, found) in [
        (&*long, "\"q\" = \"xxxx"),
        ("?limit=0", "\"limit\" = \"0\"."),
        ("?limit=501", "\"limit\" = \"501\"."),
        ("?limit=", "\"limit\" = \"\"."),
        ("?limit=-1", "\"limit\" = \"-1\"."),
        ("?limit=1e2", "\"limit\" = \"1e2\"."),
        ("?limit=99999999999999999999999", "\"limit\" = \"9999"),
        ("?name=5", "\"name\" = \"5\"."),
        ("?q=a&q=b", "\"q\" = \"b\"."),
        ("?q=5&q=5", "\"q\" = \"5\"."),
        ("?limit=5&q=5&limit=6", "\"limit\" = \"6\"."),
        ("?limit=%ff%00", "\"limit\" = \"\u{fffd}?\"."),
    ] {
        let answer = agent.get(&format!("/api/series{query}"));
        assert_eq!(answer.status, 400, "{query}");
        let sentence = answer.text();
        assert!(sentence.contains("at most 256 bytes") && sentence.contains("1 to 500"));
        assert!(sentence.contains(found), "{query}: {sentence}");
    }
    let most = format!("?q={}", "x".repeat(256));
    assert_eq!(series(&agent, &most).number("matching"), 0.0);
}

/// What targets, text files, logs and pushes brought is told apart.
#[test]
fn series_have_their_source() {
    let other = Agent::plan().machine("box").start();
    push(&other, "[{\"name\":\"of_target\",\"type\":\"gauge\",\"value\":7}]");
    let dir = Temp::new();
    dir.write("texts/a.prom", "of_text 1\n");
    let log = dir.write("web.log", "one\n");
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[scrape]\ninterval_secs = 1\n\
         targets = [ {{ name = \"good\", url = \"http://{}/metrics\" }} ]\n\
         [[logs]]\npath = \"{}\"\nfrom_start = true\n[[logs.rules]]\nmetric = \"of_log_total\"\npattern = \"one\"\n",
        other.address(),
        log.display()
    );
    let flag = format!("--collector.textfile.directory={}", dir.path("texts").display());
    let agent = Agent::plan().machine("box").file(&file).arg(flag).start();
    push(&agent, "[{\"name\":\"of_push\",\"type\":\"gauge\",\"value\":7}]");
    let source = |name: &str| {
        let json = series(&agent, &format!("?q={name}"));
        items(&json, "series").first().map(|series| series.text("source").to_owned())
    };
    wait_until("the target", || source("of_target").is_some());
    for (name, expected) in [
        ("of_push", "push"),
        ("of_target", "target"),
        ("of_text", "textfile"),
        ("of_log_total", "log"),
    ] {
        assert_eq!(source(name).as_deref(), Some(expected), "{name}");
    }
}
