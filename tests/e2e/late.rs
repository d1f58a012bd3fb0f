//! A late sample costs only itself: a pushed gauge with an old time, and a target whose times go back, delay no
//! other sample at real receivers of remote write 1.0, which refuse a whole request for one.

use crate::common::{Agent, Endpoint, Say, wait_until};
use crate::frames::few_collectors;
use crate::peers::Peer;
use crate::rows::read_back;
use std::time::{SystemTime, UNIX_EPOCH};

const FRAMES: &str = "sysmetrics_export_frames_total";

fn agent(export: &str) -> Agent {
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[scrape]\ninterval_secs = \"1s\"\ntimeout_secs = \"400ms\"\n\
         [[export]]\nname = \"out\"\ninterval_secs = \"300ms\"\n\
         timeout_secs = 20\nlong_timeout = true\n{export}\n"
    );
    few_collectors(Agent::plan()).file(&file).machine("box").start()
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}

/// A number of the export. Pages with time stamps are not for the common reader.
fn metric(agent: &Agent, what: &str, reason: &str) -> f64 {
    let reason = if reason.is_empty() { "}" } else { &format!(",reason=\"{reason}\"}}") };
    let start = format!("sysmetrics_export_{what}{{export=\"out\"{reason} ");
    let page = agent.get("/metrics");
    let found = page.text().lines().find_map(|line| line.strip_prefix(&start));
    found.map_or(0.0, |value| value.parse().unwrap())
}

fn push(agent: &Agent, name: &str, time: u128) {
    let body = format!(r#"{{"name":"{name}","type":"gauge","value":5,"timestamp":{time}}}"#);
    let length = body.len();
    let head =
        format!("POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    let answer = agent.connect().send(head + &body).answer();
    assert!(answer.text().contains("\"accepted\":1"), "{}", answer.text());
}

#[test]
fn one_late_sample_delays_no_other() {
    for (is_new, version) in [(false, "1.0"), (true, "1.0"), (true, "auto"), (false, "auto")] {
        let peer = Peer::prometheus(is_new);
        // The receiver has a head of its own time: what is much older is out of bounds.
        let at = |ago: u128| format!("steps 1 {}\nsteady 1 {}\n", now() - ago, now());
        let target = Endpoint::with(&at(0));
        let agent = agent(&format!(
            "type = \"remote_write\"\nendpoint = \"{}\"\nversion = \"{version}\"\n\
             [[scrape.targets]]\nname = \"t\"\nurl = \"{}\"\nhonor_timestamps = true",
            peer.url(),
            target.url()
        ));
        let sent = || metric(&agent, "success_total", "");
        wait_until("frames", || sent() >= 3.0);
        push(&agent, "old_gauge", now() - 3_500_000);
        for ago in [0, 60_000, 30_000, 0, 90_000, 0] {
            target.say(Say::ok(&at(ago)));
            target.wait_for_request();
            target.wait_for_request();
        }
        // Another process writes the same series: what this agent says of it is late once.
        push(&agent, "old_gauge", now() - 3_400_000);
        let before = metric(&agent, "frames_total", "");
        wait_until("more frames", || metric(&agent, "frames_total", "") >= before + 4.0);
        let frames = metric(&agent, "frames_total", "") as usize;
        let rows = read_back(&["prometheus", &peer.url()]);
        let times = rows.times(FRAMES);
        assert!(times.len() + 2 >= frames, "{} of {frames} frames", times.len());
        assert!(rows.times("steady").len() >= 3 && rows.times("steps").len() >= 2, "{is_new}");
        assert!(metric(&agent, "dropped_total", "stale") > 0.0, "what stepped back is counted");
        assert_eq!(metric(&agent, "dropped_total", "refused"), 0.0);
        assert!(metric(&agent, "dropped_total", "out_of_order") <= 8.0);
        let health = agent.get("/api/health");
        assert_eq!(health.status, 200, "{}", health.text());
        assert!(health.text().contains("samples are out of order"), "{}", health.text());
    }
}

#[test]
fn otlp_finds_victoria_metrics() {
    let victoria = Peer::victoria(true);
    let agent = agent(&format!("type = \"otlp\"\nendpoint = \"{}\"", victoria.url()));
    agent.wait_for_log("/opentelemetry/v1/metrics", 1);
    wait_until("samples", || !read_back(&["victoria", &victoria.url()]).times(FRAMES).is_empty());
    assert_eq!(metric(&agent, "dropped_total", "refused"), 0.0);
    // One that has no OTLP at all is named, and health fails.
    let prometheus = Peer::prometheus(true);
    let agent = self::agent(&format!("type = \"otlp\"\nendpoint = \"{}\"", prometheus.url()));
    agent.wait_for_log("no known path of OTLP is taken", 1);
    wait_until("health to fail", || agent.get("/api/health").status == 503);
}
