//! Targets of the real binary: their series are served with their name, at the interval and with the credentials of
//! the settings.
#![cfg(feature = "hub")]
#![cfg(not(feature = "tiny_http"))] // the reference front asks nobody
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "targets/json.rs"]
mod json;

use common::agent::Plan;
use common::{Agent, Endpoint, Exposition, Format, Say, Temp, wait_until};

/// For tests in which an endpoint changes. Time enough to answer, too.
const OFTEN: &str = "interval_secs = 2";

/// Tables of targets behind the usual ones: each a name, a URL, and more lines.
fn settings(targets: &[(&str, &str, &str)]) -> String {
    let mut file = "[server]\nlisten = \"127.0.0.1:0\"\n[scrape]\ninterval_secs = 10\n".to_owned();
    for (name, url, more) in targets {
        file += &format!("[[scrape.targets]]\nname = \"{name}\"\nurl = \"{url}\"\n{more}\n");
    }
    file
}

fn plan(targets: &[(&str, &str, &str)]) -> Plan {
    Agent::plan().machine("box").file(&settings(targets))
}

const UP: &str = "sysmetrics_target_up";

fn wait_for_up(agent: &Agent, target: &str, up: f64) {
    wait_until(&format!("{target} to be {up}"), || {
        agent.scrape().find(UP, &[("target", target)]) == Some(up)
    });
}

/// The first scrape in which the sample is there with this value.
fn scrape_with(agent: &Agent, name: &str, labels: &[(&str, &str)], value: f64) -> Exposition {
    let mut scrape = agent.scrape();
    wait_until(&format!("{name} to be {value}"), || {
        scrape = agent.scrape();
        scrape.find(name, labels) == Some(value)
    });
    scrape
}

const TEXT: &str = "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\n\
    jobs_total{queue=\"a\"} 5\njobs_total{queue=\"b\",target=\"x\"} 6\n\
    # TYPE temperature gauge\ntemperature 21.5 1000\nuntyped_thing 1\n";

fn gzip(plain: &str) -> Vec<u8> {
    let deflated = miniz_oxide::deflate::compress_to_vec(plain.as_bytes(), 6);
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let crc = crc32fast::hash(plain.as_bytes()).to_le_bytes();
    [&head[..], &deflated, &crc, &(plain.len() as u32).to_le_bytes()].concat()
}

#[test]
fn what_targets_answer_is_served_with_their_names() {
    let open = "# HELP jobs Jobs.\n# TYPE jobs counter\njobs_total{queue=\"c\"} 7\n# EOF\n";
    let packed = gzip(TEXT);
    let chunked =
        [format!("{:x}\r\n", packed.len()).as_bytes(), &packed, b"\r\n0\r\n\r\n"].concat();
    let plain = Endpoint::with(TEXT);
    let moved = format!("Location: {}\r\nContent-Length: 0", plain.url());
    let endpoints = [
        Endpoint::with(TEXT),
        Endpoint::new(Say::typed("application/openmetrics-text; version=1.0.0", open)),
        Endpoint::new(
            Say::head(200, "Content-Encoding: gzip\r\nTransfer-Encoding: chunked").and(chunked),
        ),
        Endpoint::new(Say::head(307, &moved)),
    ];
    let urls: Vec<_> = endpoints.iter().map(Endpoint::url).collect();
    let names = ["text", "open", "packed", "moved"];
    let targets: Vec<_> = names.iter().zip(&urls).map(|(n, u)| (*n, u.as_str(), "")).collect();
    // To another port than that of the target's URL.
    let (_, port) = plain.address.rsplit_once(':').unwrap();
    let agent = plan(&targets).set("sandbox.connect_ports", port).start();
    for name in names {
        wait_for_up(&agent, name, 1.0);
    }
    let scrape = agent.scrape();
    // One family, whoever brought it.
    let family = scrape.family("jobs_total").unwrap();
    assert_eq!((family.kind.as_str(), family.samples.len()), ("counter", 7));
    for target in ["text", "packed", "moved"] {
        assert_eq!(scrape.value("jobs_total", &[("queue", "a"), ("target", target)]), 5.0);
        let foreign = [("exported_target", "x"), ("queue", "b"), ("target", target)];
        assert_eq!(scrape.value("jobs_total", &foreign), 6.0);
        assert_eq!(scrape.value("temperature", &[("target", target)]), 21.5);
        assert_eq!(scrape.value("sysmetrics_target_samples", &[("target", target)]), 4.0);
        let seconds =
            scrape.value("sysmetrics_target_scrape_duration_seconds", &[("target", target)]);
        assert!(seconds > 0.0 && seconds < 30.0, "{seconds}");
    }
    assert_eq!(scrape.value("jobs_total", &[("queue", "c"), ("target", "open")]), 7.0);
    // Their times are not kept.
    assert!(agent.get("/metrics").text().contains("temperature{target=\"text\"} 21.5\n"));
    let head = &endpoints[0].heads()[0];
    assert!(head.contains("\r\nAccept: text/plain;version=0.0.4;"));
    let open =
        common::get_with(&agent.address(), "/metrics", "Accept: application/openmetrics-text\r\n");
    let open = Exposition::parse(open.text(), Format::OpenMetrics);
    assert_eq!(open.value("jobs_total", &[("queue", "c"), ("target", "open")]), 7.0);
}

#[test]
fn vanished_series_are_removed_and_changed_types_are_logged() {
    let endpoint = Endpoint::with("# TYPE a gauge\na 1\nb{x=\"1\"} 1\nb{x=\"2\"} 2\n");
    let agent = plan(&[("t", &endpoint.url(), OFTEN)]).start();
    scrape_with(&agent, "b", &[("target", "t"), ("x", "2")], 2.0);
    endpoint.say(Say::ok("# TYPE a gauge\na 2\nb{x=\"1\"} 1\n"));
    let scrape = scrape_with(&agent, "a", &[("target", "t")], 2.0);
    assert_eq!(scrape.find("b", &[("target", "t"), ("x", "2")]), None);
    assert_eq!(scrape.value("b", &[("target", "t"), ("x", "1")]), 1.0);
    // Where a number becomes a histogram, the number has to go first.
    let histogram =
        "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_sum 3\na_count 2\n";
    endpoint.say(Say::ok(histogram));
    let text = || agent.get("/metrics").text().to_owned();
    wait_until("the histogram", || text().contains("a_bucket{target=\"t\",le=\"+Inf\"} 2\n"));
    let text = text();
    assert!(text.contains("# TYPE a histogram\n") && !text.contains("\nb{"), "{text}");
    assert!(text.contains("refused_total{target=\"t\",reason=\"other_type\"} 1\n"), "{text}");
}

#[test]
fn clashes_have_rules() {
    let ours = Endpoint::with(
        "# TYPE process_cpu_seconds_total gauge\nprocess_cpu_seconds_total 1\nup 1\nfine 1\n",
    );
    let other = Endpoint::with("# TYPE depth gauge\ndepth 4\n# TYPE shape gauge\nshape 1\n");
    let agent = plan(&[("ours", &ours.url(), OFTEN), ("other", &other.url(), OFTEN)]).start();
    wait_for_up(&agent, "ours", 1.0);
    wait_for_up(&agent, "other", 1.0);
    let scrape = agent.scrape();
    assert_eq!(scrape.family("process_cpu_seconds_total").unwrap().samples.len(), 1);
    assert_eq!(scrape.value("fine", &[("target", "ours")]), 1.0);
    let refused = "sysmetrics_target_samples_refused_total";
    let labels = [("target", "ours"), ("reason", "other_type")];
    let before = scrape.value(refused, &labels);
    assert!(before >= 1.0);
    assert_eq!(scrape.value("up", &[("target", "ours")]), 1.0);
    agent.wait_for_log("samples of a target are refused", 1);
    assert_eq!(agent.lines_with("metric=process_cpu_seconds_total"), 1);
    // A pushed family of the same name: numbers are numbers, the first type wins. Not so for a
    // histogram.
    let push = |json: &str| {
        let length = json.len();
        let request =
            format!("POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
        agent.connect().send(request + json).answer().text().to_owned()
    };
    let both = r#"[{"name":"pushed","type":"gauge","value":1},
        {"name":"spread","type":"histogram","value":1}]"#;
    assert!(push(both).starts_with("{\"accepted\":2,"));
    other.say(Say::ok("# TYPE pushed counter\npushed 4\n# TYPE spread gauge\nspread 1\nlast 1\n"));
    wait_until("the last of it", || {
        agent.get("/metrics").text().contains("last{target=\"other\"} 1")
    });
    let text = agent.get("/metrics").text().to_owned();
    assert!(text.contains("# TYPE pushed gauge\npushed 1\npushed{target=\"other\"} 4\n"), "{text}");
    assert!(!text.contains("spread{"), "{text}");
    assert!(text.contains("refused_total{target=\"other\",reason=\"other_type\"}"), "{text}");
}

#[test]
fn labels_for_all_are_there_where_the_target_has_none() {
    let endpoint = Endpoint::with("a{env=\"mine\"} 1\nb 2\n");
    let file = settings(&[("t", &endpoint.url(), "")])
        + "[metrics]\nlabels = { env = \"prod\", target = \"none\" }\n";
    let agent = Agent::plan().machine("box").file(&file).start();
    let scrape = scrape_with(&agent, "b", &[("env", "prod"), ("target", "t")], 2.0);
    assert_eq!(scrape.value("a", &[("env", "mine"), ("target", "t")]), 1.0);
}

#[test]
fn credentials_and_headers_are_sent() {
    let secrets = Temp::new();
    let token = secrets.write("token", "first\n");
    let password = secrets.write("password", "sesame");
    let [bearer, basic, user] = [(); 3].map(|()| Endpoint::with("a 1\n"));
    let in_url = user.url().replace("http://", "http://me:p%40ss@");
    let agent = plan(&[
        (
            "bearer",
            &bearer.url(),
            &format!("{OFTEN}\ntoken_file = {token:?}\nheaders = {{ X-Key = \"k\" }}"),
        ),
        (
            "basic",
            &basic.url(),
            &format!("{OFTEN}\nusername = \"me\"\npassword_file = {password:?}"),
        ),
        ("user", &in_url, OFTEN),
    ])
    .start();
    let head = bearer.wait_for_request();
    assert!(
        head.contains("\r\nAuthorization: Bearer first\r\n") && head.contains("\r\nX-Key: k\r\n")
    );
    // Read anew for each request.
    secrets.write("token", "second\n");
    wait_until("the new token", || bearer.wait_for_request().contains("Bearer second\r\n"));
    assert!(basic.wait_for_request().contains("\r\nAuthorization: Basic bWU6c2VzYW1l\r\n"));
    assert!(user.wait_for_request().contains("\r\nAuthorization: Basic bWU6cEBzcw==\r\n"));
    std::fs::remove_file(&token).unwrap();
    wait_for_up(&agent, "bearer", 0.0);
    let log = agent.log().join("\n");
    assert!(log.contains("reason=file") && !log.contains("p%40ss"), "{log}");
}

#[test]
fn each_target_has_its_interval() {
    let [often, seldom] = [(); 2].map(|()| Endpoint::with("a 1\n"));
    let agent = plan(&[
        ("often", &often.url(), "interval_secs = \"100ms\""),
        ("seldom", &seldom.url(), "interval_secs = 3600"),
    ])
    .start();
    wait_until("many requests", || often.heads().len() > 20);
    wait_for_up(&agent, "seldom", 1.0);
    // Soon after the start, and at its place in the hour.
    assert!(seldom.heads().len() <= 2);
    let mut keepers = 0;
    for head in often.heads() {
        keepers += usize::from(head.starts_with("GET /metrics HTTP/1.1\r\n"));
    }
    assert_eq!(keepers, often.heads().len());
}

#[test]
fn times_are_kept_where_that_is_wanted() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = now.as_millis();
    let body = format!("fresh 1 {now}\nold 2 {}\n", now - 7_200_000);
    let endpoint = Endpoint::with(&body);
    let agent = plan(&[("t", &endpoint.url(), "honor_timestamps = true")]).start();
    let stamped = format!("fresh{{target=\"t\"}} 1 {now}\n");
    let text = || agent.get("/metrics").text().to_owned();
    wait_until("its time", || text().contains(&stamped));
    let text = text();
    assert!(!text.contains("\nold{"), "{text}");
    assert!(text.contains("refused_total{target=\"t\",reason=\"timestamp\"}"), "{text}");
}

#[test]
fn a_reload_disturbs_only_what_changed() {
    let [kept, dropped, changed, added] = [(); 4].map(|()| Endpoint::with("a 1\n"));
    let slow = "interval_secs = 3600";
    let file = |targets: &[(&str, &str, &str)]| settings(targets);
    let agent = plan(&[
        ("kept", &kept.url(), slow),
        ("dropped", &dropped.url(), slow),
        ("changed", &changed.url(), slow),
    ])
    .without_landlock()
    .start();
    for name in ["kept", "dropped", "changed"] {
        wait_for_up(&agent, name, 1.0);
    }
    let (of_kept, of_changed) = (kept.heads().len(), changed.heads().len());
    agent.reload(&file(&[
        ("added", &added.url(), slow),
        ("changed", &changed.url(), "interval_secs = 3601"),
        ("kept", &kept.url(), slow),
    ]));
    wait_for_up(&agent, "added", 1.0);
    let scrape = agent.scrape();
    for name in ["kept", "changed", "added"] {
        assert_eq!(scrape.value("a", &[("target", name)]), 1.0, "{name}");
        assert_eq!(scrape.value(UP, &[("target", name)]), 1.0, "{name}");
    }
    assert_eq!(scrape.find("a", &[("target", "dropped")]), None);
    assert_eq!(scrape.find(UP, &[("target", "dropped")]), None);
    wait_until("the changed one to be asked", || changed.heads().len() > of_changed);
    // Not asked anew: at most at its place in the hour.
    assert!(kept.heads().len() <= of_kept + 1);
    // Another endpoint under a known name is another target.
    agent.reload(&file(&[("kept", "http://127.0.0.1:1/", slow)]));
    wait_for_up(&agent, "kept", 0.0);
    assert!(agent.scrape().family("a").is_none());
    // Without targets there is nothing but the one thread.
    agent.reload(&file(&[]));
    wait_until("the couriers to end", || agent.threads() == 1);
    assert!(agent.scrape().family(UP).is_none());
}

#[test]
fn a_late_response_of_a_removed_target_is_dropped() {
    let slow = Endpoint::new(Say::Nothing);
    let agent = plan(&[("slow", &slow.url(), "interval_secs = 2\ntimeout_secs = 2")]).start();
    slow.wait_for_request();
    agent.reload(&settings(&[]));
    wait_until("it to be gone", || agent.threads() == 1);
    assert!(!agent.scrape().has("sysmetrics_target"));
    assert_eq!(agent.lines_with("target failed"), 0);
}
