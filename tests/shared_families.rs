//! Families of both the agent and others: series of others follow the agent's own if no two can be the same, and
//! each family is shown once, in one piece.
#![cfg(feature = "hub")]
#![cfg(not(feature = "tiny_http"))] // the reference front asks nobody
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests start the clients

mod common;
#[path = "support/receiver.rs"]
#[allow(dead_code)] // others need more of it
mod receiver;

use common::{Agent, Answer, Endpoint, Exposition, Format, get_with, wait_until};
use receiver::{OK, Receiver};
use std::process::Command;

/// Has the official client.
const PYTHON: &str = "target/clients/bin/python3";

const DIALECTS: [(&str, &str); 2] = [("sysmetrics", "sysmetrics_"), ("node_exporter", "node_")];

fn file(more: &str) -> String {
    ["[server]\nlisten = \"127.0.0.1:0\"\n", more].concat()
}

fn send(agent: &Agent, method: &str, path: &str, body: &str) -> Answer {
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    agent.connect().send([&head, body].concat()).answer()
}

fn json(agent: &Agent, name: &str, kind: &str, labels: &str) -> String {
    let body = format!(
        "[{{\"name\":\"ok\",\"type\":\"gauge\",\"value\":1}},\
         {{\"name\":\"{name}\",\"type\":\"{kind}\",\"value\":7,\"labels\":{{{labels}}}}}]"
    );
    send(agent, "POST", "/update", &body).text().to_owned()
}

/// The page in both formats; that each family is there once, and each series, is checked.
fn pages(agent: &Agent) -> [Exposition; 2] {
    let open = "Accept: application/openmetrics-text;version=1.0.0\r\n";
    let open = get_with(&agent.address(), "/metrics", open);
    [agent.scrape(), Exposition::parse(open.text(), Format::OpenMetrics)]
}

#[test]
fn a_pushgateway_client_pushes_its_own_process() {
    for (dialect, _) in DIALECTS {
        for more in ["", "[metrics]\nlabels = { env = \"p\" }\nlabels_on_all = true\n"] {
            let plan = Agent::plan().machine("box").file(&file(more));
            let agent = plan.arg(format!("--dialect={dialect}")).start();
            let script = "from prometheus_client import *\nimport sys\n\
                          for name in sys.argv[2:]:\n    push_to_gateway(sys.argv[1], name, REGISTRY)\n";
            let mut command = Command::new(PYTHON);
            command.args(["-c", script, &agent.address(), "one", "two"]);
            let output =
                command.output().unwrap_or_else(|e| panic!("{PYTHON}: {e}: .ci/install.sh"));
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let env: &[(&str, &str)] = if more.is_empty() { &[] } else { &[("env", "p")] };
            for page in pages(&agent) {
                for name in ["process_cpu_seconds_total", "process_start_time_seconds"] {
                    let of = |job| [env, &[("job", job)]].concat();
                    assert!(page.value(name, &of("one")) >= 0.0);
                    assert!(page.value(name, &of("two")) >= 0.0);
                    assert!(page.value(name, env) > 0.0, "our own");
                    let count = |s: &&common::exposition::Sample| s.name == name;
                    assert_eq!(page.samples().filter(count).count(), 3);
                }
                assert!(page.has("python_info"));
            }
        }
    }
}

/// Of two agents of the same kind, one is asked by the other.
#[test]
fn another_agent_is_a_target_in_both_dialects() {
    for (dialect, prefix) in DIALECTS {
        let dialect = format!("--dialect={dialect}");
        let other = Agent::plan().machine("box").arg(&dialect).start();
        let target = format!(
            "[scrape]\ninterval_secs = 1\ntargets = [{{ name = \"other\", url = \"http://{}/metrics\" }}]\n",
            other.address()
        );
        let agent = Agent::plan().machine("box").file(&file(&target)).arg(&dialect).start();
        let is_theirs = |sample: &common::exposition::Sample| {
            sample.labels.contains(&("target".to_owned(), "other".to_owned()))
        };
        wait_until("its series", || {
            let own = [prefix, "memory_MemTotal_bytes"].concat();
            let own =
                if prefix == "node_" { own } else { "sysmetrics_memory_total_bytes".to_owned() };
            agent.scrape().find(&own, &[("target", "other")]).is_some()
        });
        let theirs = other.scrape();
        for page in pages(&agent) {
            let count = page.samples().filter(|s| is_theirs(s) && s.name != "sysmetrics_target_up");
            let all = theirs.samples().count();
            // Those about requests and the target itself differ.
            assert!(count.count().abs_diff(all) < 20, "{dialect}: of {all}");
            assert!(page.samples().filter(|s| !is_theirs(s)).count() + 20 > all);
        }
        let refused = "sysmetrics_target_samples_refused_total";
        assert!(!agent.scrape().has(refused), "{dialect}: nothing is refused");
    }
}

#[test]
fn what_prometheus_makes_comes_through_where_it_is_labelled() {
    // As /federate has it.
    let page = "# TYPE up untyped\nup{instance=\"a\",job=\"n\"} 1 1700000000000\n\
        # TYPE scrape_samples_scraped untyped\nscrape_samples_scraped{instance=\"a\",job=\"n\"} 9\n";
    let endpoint = Endpoint::with(page);
    let target = format!(
        "[scrape]\ninterval_secs = 1\ntargets = [{{ name = \"prom\", url = \"{}\" }}]\n",
        endpoint.url()
    );
    let agent = Agent::plan().machine("box").file(&file(&target)).start();
    let labels = [("instance", "a"), ("job", "n"), ("target", "prom")];
    wait_until("the series", || agent.scrape().find("up", &labels) == Some(1.0));
    for page in pages(&agent) {
        assert_eq!(page.value("scrape_samples_scraped", &labels), 9.0);
    }
    let agent = Agent::plan().machine("box").start();
    for name in ["up", "scrape_duration_seconds"] {
        assert!(json(&agent, name, "gauge", "").contains("reserved_name"), "{name}");
        assert!(json(&agent, name, "gauge", "\"x\":\"1\"").contains("\"refused\":0"), "{name}");
    }
}

#[test]
fn duplicate_series_and_other_types_are_refused_and_counted() {
    let page = "# TYPE process_open_fds histogram\nprocess_open_fds_bucket{le=\"+Inf\"} 1\n\
        process_open_fds_sum 1\nprocess_open_fds_count 1\n# TYPE process_max_fds counter\n\
        process_max_fds 4\n# TYPE fine gauge\nfine 1\n";
    let endpoint = Endpoint::with(page);
    let more = format!(
        "[metrics]\nlabels = {{ env = \"p\" }}\nlabels_on_all = true\n[scrape]\ninterval_secs = 1\n\
         targets = [{{ name = \"odd\", url = \"{}\" }}]\n",
        endpoint.url()
    );
    let agent = Agent::plan().machine("box").file(&file(&more)).start();
    for labels in ["", "\"env\":\"p\""] {
        assert!(json(&agent, "process_open_fds", "gauge", labels).contains("reserved_name"));
    }
    let disk = "sysmetrics_disk_read_bytes_total";
    assert!(json(&agent, disk, "counter", "\"device\":\"sda\"").contains("reserved_name"));
    assert!(json(&agent, disk, "gauge", "\"host\":\"b\"").contains("other_type"));
    for (name, kind, labels) in [
        (disk, "counter", "\"device\":\"sda\",\"host\":\"b\""),
        ("process_open_fds", "gauge", "\"env\":\"q\""),
        // None of ours has these names.
        ("node_uname_info", "gauge", ""),
        ("sysmetrics_nobody", "gauge", ""),
    ] {
        assert!(json(&agent, name, kind, labels).contains("\"refused\":0"), "{name}");
    }
    let path = "/metrics/job/j";
    let refused =
        send(&agent, "PUT", path, "# TYPE process_open_fds counter\nprocess_open_fds 1\n");
    assert!(refused.sentence(400).contains("another type"), "{refused:?}");
    // Of an untyped sample nobody says that it is another.
    assert_eq!(send(&agent, "PUT", path, "process_open_fds 1\n").status, 200);
    wait_until("the target", || {
        agent.scrape().find("fine", &[("env", "p"), ("target", "odd")]).is_some()
    });
    for page in pages(&agent) {
        let family = page.family("process_open_fds").unwrap();
        assert_eq!((family.kind.as_str(), family.samples.len()), ("gauge", 3));
        assert_eq!(page.value("process_open_fds", &[("env", "p"), ("job", "j")]), 1.0);
        assert_eq!(page.value("process_open_fds", &[("env", "q")]), 7.0);
        let refused = "sysmetrics_target_samples_refused_total";
        let labels = [("env", "p"), ("target", "odd"), ("reason", "other_type")];
        assert!(page.value(refused, &labels) >= 2.0);
        let refused = [("env", "p"), ("reason", "reserved_name")];
        assert!(page.value("sysmetrics_push_refused_total", &refused) >= 3.0);
    }
    agent.wait_for_log("samples of a target are refused", 1);
}

#[test]
fn what_is_switched_off_is_not_reserved() {
    let push = "process_open_fds 1\n";
    let more = "[metrics]\nprocess_metrics = false\n[server]\nlisten = \"127.0.0.1:0\"\n";
    let agent = Agent::plan().machine("box").file(more).start();
    assert!(json(&agent, "process_open_fds", "gauge", "").contains("\"refused\":0"));
    assert_eq!(send(&agent, "PUT", "/metrics/job/j", push).status, 200);
    for page in pages(&agent) {
        assert_eq!(page.value("process_open_fds", &[]), 7.0);
        assert_eq!(page.value("process_open_fds", &[("job", "j")]), 1.0);
    }
    // Once it is ours, the one that could be ours goes.
    agent.reload(&more.replace("false", "true"));
    agent.wait_for_log("settings reloaded", 1);
    let page = agent.scrape();
    assert_eq!(page.family("process_open_fds").unwrap().samples.len(), 2);
    assert_ne!(page.value("process_open_fds", &[]), 7.0);
    let node =
        Agent::plan().machine("box").arg("--dialect=node_exporter").arg("--no-collector.meminfo");
    let node = node.start();
    assert!(json(&node, "node_memory_MemTotal_bytes", "gauge", "").contains("\"refused\":0"));
    assert!(json(&node, "node_cpu_seconds_total", "counter", "").contains("reserved_name"));
    assert!(json(&node, "sysmetrics_memory_total_bytes", "gauge", "").contains("\"refused\":0"));
}

/// Names that the kernel gives are reserved like those of tables, and families of others join them.
#[test]
fn what_the_kernel_names_is_ours_too() {
    let agent = Agent::plan().machine("box").file(&file("")).start();
    let answer = json(&agent, "sysmetrics_memory_free_bytes", "gauge", "");
    assert!(answer.contains("\"accepted\":1") && answer.contains("\"refused\":1"), "{answer}");
    let body = "# TYPE sysmetrics_memory_free_bytes gauge\nsysmetrics_memory_free_bytes 9\n";
    assert_eq!(send(&agent, "PUT", "/metrics/job/other", body).status, 200);
    for page in pages(&agent) {
        assert!(page.value("sysmetrics_memory_free_bytes", &[]) > 9.0);
        assert_eq!(page.value("sysmetrics_memory_free_bytes", &[("job", "other")]), 9.0);
    }
}

#[test]
fn a_filtered_scrape_has_what_it_had() {
    let agent = Agent::plan().machine("box").start();
    let disk = "sysmetrics_disk_read_bytes_total";
    assert!(json(&agent, disk, "counter", "\"host\":\"b\"").contains("\"refused\":0"));
    let text = |query: &str| agent.get(&["/metrics", query].concat()).text().to_owned();
    let theirs = format!("{disk}{{host=\"b\"}} 7\n");
    for (query, has) in [("", true), ("?collect[]=cpu", false), ("?collect[]=disk", false)] {
        let text = text(query);
        Exposition::parse(&text, Format::Prometheus);
        assert_eq!(text.contains(&theirs), has, "{query}");
    }
    // Without the collector it stands alone, as what it is.
    let text = text("?exclude[]=disk");
    Exposition::parse(&text, Format::Prometheus);
    assert!(text.contains(&format!("# TYPE {disk} counter\n{theirs}")), "{text}");
}

/// Frames have them, too, each with the labels of its own.
#[test]
fn exports_have_the_series_of_both() {
    let to = Receiver::start(|_| OK);
    let export = format!(
        "[[export]]\nname = \"out\"\ntype = \"influx\"\ndatabase = \"box\"\nendpoint = \"{}\"\n\
         compression = \"none\"\ninclude = [\"process_max_fds\"]\ninterval_secs = \"200ms\"\n\
         timeout_secs = \"95ms\"\n",
        to.url()
    );
    let agent = Agent::plan().machine("box").file(&file(&export)).start();
    assert_eq!(send(&agent, "PUT", "/metrics/job/j", "process_max_fds 5\n").status, 200);
    wait_until("a frame with both", || {
        let received = to.received();
        let last =
            received.last().map(|received| String::from_utf8(received.body.clone()).unwrap());
        last.is_some_and(|body| {
            let theirs = body.lines().filter(|line| line.contains("job=j")).count();
            let all = body.lines().filter(|line| line.starts_with("process_max_fds")).count();
            (theirs, all) == (1, 2)
        })
    });
}
