//! Collectors that a request selects.

use crate::common::{self, Agent, Exposition, Format};

#[test]
fn collectors_are_picked() {
    let agent = Agent::plan().machine("box").start();
    let all = common::collectors();
    let without = |left: [&str; 2]| -> Vec<&str> {
        all.iter().filter(|name| !left.contains(name)).copied().collect()
    };
    for (query, picked) in [
        ("?collect[]=cpu&collect[]=disk", vec!["cpu", "disk"]),
        ("?collect%5B%5D=disk&collect%5B%5D=disk", vec!["disk"]),
        ("?exclude[]=cpu&exclude[]=memory", without(["cpu", "memory"])),
        ("?collect[]=cpu&collect[]=disk&exclude[]=cpu", vec!["disk"]),
        ("?name=else", all.clone()),
        ("", all.clone()),
    ] {
        let answer = agent.get(&format!("/metrics{query}"));
        let metrics = Exposition::parse(answer.text(), Format::Prometheus);
        assert_eq!(metrics.collectors(), picked, "{query}");
        for name in ["memory", "disk"] {
            let has = metrics.has(&format!("sysmetrics_{name}_"));
            assert_eq!(has, picked.contains(&name), "{query}: {name}");
        }
    }
}

#[test]
fn a_pick_that_cannot_be_names_those_that_can() {
    let agent = Agent::plan().machine("box").arg("--no-collector.cpu").start();
    for query in
        ["collect[]=cpu", "collect[]=meminfo", "exclude[]=cpu", "collect[]=", "exclude[]=%00"]
    {
        let answer = agent.get(&format!("/metrics?{query}"));
        let sentence = answer.sentence(400);
        let there_are = format!("there are: {}.", common::collectors()[1..].join(", "));
        assert!(sentence.ends_with(&there_are), "{sentence}");
    }
    let node = Agent::plan().machine("box").arg("--dialect=node_exporter").start();
    let answer = node.get("/metrics?collect[]=memory");
    assert!(answer.sentence(400).contains("there are: cpu, meminfo, diskstats, netdev, "));
    assert_eq!(node.get("/metrics?collect[]=meminfo").status, 200);
}

/// What node_exporter 1.11 answers to the same, but that it shows all collectors where all are excluded.
#[test]
fn node_exporters_dialect_picks_as_node_exporter_does() {
    let plan = Agent::plan().machine("box").arg("--dialect=node_exporter");
    let plan = plan.arg("--collector.disable-defaults").arg("--collector.cpu");
    let agent = plan.arg("--collector.loadavg").start();
    for (query, picked) in [
        ("collect[]=cpu", &["cpu"][..]),
        ("collect%5B%5D=cpu&collect[]=cpu", &["cpu"]),
        ("collect[]=loadavg&collect[]=cpu", &["cpu", "loadavg"]),
        ("exclude[]=cpu", &["loadavg"]),
        ("exclude[]=nope", &["cpu", "loadavg"]),
        ("exclude[]=uname&exclude[]=", &["cpu", "loadavg"]),
        ("exclude[]=cpu&exclude[]=loadavg", &[]),
        ("collect=cpu", &["cpu", "loadavg"]),
    ] {
        let answer = agent.get(&format!("/metrics?{query}"));
        assert_eq!(answer.status, 200, "{query}");
        for name in ["cpu", "loadavg"] {
            let series = format!("node_scrape_collector_success{{collector=\"{name}\"}}");
            assert_eq!(answer.text().contains(&series), picked.contains(&name), "{query}: {name}");
        }
    }
    for query in ["collect[]=nope", "collect[]=cpu&collect[]=uname", "collect[]=", "collect[]"] {
        let answer = agent.get(&format!("/metrics?{query}"));
        assert!(answer.sentence(400).ends_with("there are: cpu, loadavg."), "{query}");
    }
    for query in ["collect[]=cpu&exclude[]=cpu", "exclude[]=nope&collect[]=nope"] {
        let answer = agent.get(&format!("/metrics?{query}"));
        assert!(answer.sentence(400).contains("cannot be combined"), "{query}");
    }
}
