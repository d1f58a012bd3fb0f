//! Labels on every series that leaves: those of the machine, of the program, and pushed ones; in both formats and
//! dialects, and after a reload.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Agent, Exposition, Format, get_with};

const FILE: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[metrics]\n\
    labels = { env = \"pr\\\"od\", device = \"none\" }\nlabels_on_all = true\n\
    custom_gauges = [\"errors\"]\n[[metrics.histograms]]\nname = \"took_seconds\"\n";

const PUSH: &str = r#"{"name":"depth","type":"gauge","value":7,"labels":{"env":"own"}}"#;

fn scrapes(agent: &Agent) -> [Exposition; 2] {
    let open = "Accept: application/openmetrics-text;version=1.0.0\r\n";
    let open = get_with(&agent.address(), "/metrics", open);
    [agent.scrape(), Exposition::parse(open.text(), Format::OpenMetrics)]
}

/// How many samples have the label so.
fn count(scrape: &Exposition, name: &str, value: &str) -> usize {
    let is = |(key, text): &(String, String)| key == name && text == value;
    scrape.samples().filter(|sample| sample.labels.iter().any(is)).count()
}

#[test]
fn labels_are_on_every_series_that_has_none_of_that_name() {
    for dialect in ["sysmetrics", "node_exporter"] {
        let plan = Agent::plan().machine("box").file(FILE);
        let agent = plan.arg(format!("--dialect={dialect}")).start();
        let head =
            format!("POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}", PUSH.len());
        let answer = agent.connect().send(format!("{head}\r\n\r\n{PUSH}")).answer();
        assert_eq!(answer.status, 200);
        // Twice: when lines are made, and when they are kept.
        for scrape in [scrapes(&agent), scrapes(&agent)].as_flattened() {
            let all = scrape.samples().count();
            assert_eq!(count(scrape, "env", "pr\"od"), all - 1, "{dialect}");
            assert_eq!(scrape.value("errors", &[("device", "none"), ("env", "pr\"od")]), 0.0);
            assert_eq!(scrape.value("depth", &[("device", "none"), ("env", "own")]), 7.0);
            let devices = count(scrape, "device", "none");
            // Of disks, and of interfaces in node_exporter's dialect, the label is their own.
            assert!(devices > 20 && devices < all - 20, "{dialect}: {devices} of {all}");
        }
    }
}

#[test]
fn labels_change_with_the_settings() {
    let agent = Agent::plan().machine("box").file(FILE).start();
    let load = |scrape: &Exposition, labels: &[(&str, &str)]| {
        scrape.find("sysmetrics_memory_total_bytes", labels)
    };
    let [first, _] = scrapes(&agent);
    assert!(load(&first, &[("env", "pr\"od"), ("device", "none")]).is_some());
    agent.reload(&FILE.replace("pr\\\"od", "test"));
    agent.wait_for_log("settings reloaded", 1);
    for scrape in scrapes(&agent) {
        assert!(load(&scrape, &[("env", "test"), ("device", "none")]).is_some());
        assert_eq!(count(&scrape, "env", "pr\"od"), 0);
    }
    agent.reload(&FILE.replace("labels_on_all = true", ""));
    agent.wait_for_log("settings reloaded", 2);
    let [scrape, _] = scrapes(&agent);
    assert!(load(&scrape, &[]).is_some());
    // What is pushed has them as before.
    assert_eq!(scrape.value("errors", &[("device", "none"), ("env", "pr\"od")]), 0.0);
}
