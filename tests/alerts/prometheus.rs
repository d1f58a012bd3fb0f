//! Conditions give the same results as in the real Prometheus, and promtool accepts them.

use crate::common::json::Json;
use crate::common::prometheus::Prometheus;
use crate::common::{Agent, PATIENCE, Temp, wait_until};
use crate::random::Random;
use crate::support::{OK, alerts, push, settings, webhook};
use std::process::Command;

/// What the conditions find is what Prometheus finds.
#[test]
fn conditions_hold_as_in_prometheus() {
    let conditions = [
        "sysmetrics_memory_available_bytes / sysmetrics_memory_total_bytes < 0.99",
        "sysmetrics_disk_read_bytes_total > 0",
        "sysmetrics_disk_read_bytes_total{device=~\"sd.*|nvme.*\"} >= 1024",
        "sysmetrics_disk_read_bytes_total{device!~\"sd.*\"} / 1e6 + 1 != 1",
        "sysmetrics_cpu_seconds_total{mode!=\"idle\",cpu=\"0\"} - 10 > -5",
        "100 < sysmetrics_network_receive_bytes_total - sysmetrics_network_transmit_bytes_total",
        "sysmetrics_network_receive_bytes_total / sysmetrics_network_receive_packets_total > 1",
        "2 * (queue_depth + 1) - queue_depth / 4 > queue_depth",
        "queue_depth{queue=\"\"} == 3",
        "queue_depth{none!=\"\"} == 3",
        "1 / (queue_depth - queue_depth) > 1e300",
        "absent(nothing{a=\"1\",b=~\"x.*\",c!=\"d\",e=\"f\\\"\"})",
        "absent(nothing{x=\"1\",x=\"2\",y!=\"3\",y=\"4\"}) * 2 >= 2",
        "absent(sysmetrics_memory_total_bytes)",
        "absent(queue_depth{queue=\"none\"}) == 1",
        "absent(sysmetrics_disk_read_bytes_total{device=~\"s.*\"}) > 0",
        "absent(nothing) + absent(nobody) > 1",
        "absent(nothing{queue=\"a\"}) + queue_depth > 1",
    ];
    let (hook, heard) = webhook(|_| OK);
    let rules: Vec<_> = conditions
        .iter()
        .enumerate()
        .map(|(at, expr)| {
            format!(
                "[[alerts]]\nname = \"n{at}\"\nexpr = '{expr}'\nannotations = {{ v = \"{{{{ value }}}}\" }}\n"
            )
        })
        .collect();
    let file = settings(&format!("webhook = \"http://{hook}/\""), &rules.concat());
    let agent = Agent::plan().machine("box").file(&file).start();
    push(&agent, "a", 3.0);
    push(&agent, "b", 0.0);
    push(&agent, "", 3.0);

    let job =
        format!("- job_name: box\n  static_configs: [{{targets: [\"{}\"]}}]\n", agent.address());
    let prometheus = Prometheus::start(Command::new("prometheus"), &job);
    wait_until("a scrape", || prometheus.query("queue_depth").len() == 3);

    type Found = (Vec<(String, String)>, f64);
    let mut found: Vec<Vec<Found>> = vec![Vec::new(); conditions.len()];
    let mut expected = found.clone();
    let labels = |object: &Json, without: &[&str]| -> Vec<(String, String)> {
        let Json::Object(pairs) = object else { panic!("{object:?}") };
        let pairs = pairs.iter().filter(|(name, _)| !without.contains(&name.as_str()));
        let mut pairs: Vec<_> = pairs
            .map(|(name, value)| match value {
                Json::Text(value) => (name.clone(), value.clone()),
                other => panic!("{other:?}"),
            })
            .collect();
        pairs.sort();
        pairs
    };
    for (at, expr) in conditions.iter().enumerate() {
        for one in prometheus.query(expr) {
            let Some(Json::List(pair)) = one.get("value") else { panic!("{one:?}") };
            let Json::Text(value) = &pair[1] else { panic!("{one:?}") };
            let without = ["__name__", "instance", "job"];
            let labels = labels(one.get("metric").unwrap(), &without);
            expected[at].push((labels, value.parse().unwrap()));
        }
        expected[at].sort_by(|a, b| a.0.cmp(&b.0));
    }
    assert!(expected[..8].iter().all(|found| !found.is_empty()), "{expected:?}");
    // What held before the first push is over after it.
    while found != expected {
        let Ok(message) = heard.recv_timeout(PATIENCE) else { break };
        for alert in alerts(&message.body) {
            let of = alert.get("labels").unwrap();
            let at: usize = of.text("alertname")[1..].parse().unwrap();
            let labels = labels(of, &["alertname"]);
            found[at].retain(|(known, _)| *known != labels);
            if alert.text("status") == "firing" {
                let value = alert.get("annotations").unwrap().text("v").parse().unwrap();
                found[at].push((labels, value));
            }
            found[at].sort_by(|a, b| a.0.cmp(&b.0));
        }
    }
    for (at, expr) in conditions.iter().enumerate() {
        assert_eq!(found[at], expected[at], "{expr}");
    }
}

/// Puts the words of a condition together at random, some of them wrong.
fn random_condition(random: &mut Random) -> String {
    const WORDS: [&str; 33] = [
        "a",
        "absent(a)",
        "absent(b{x=\"1\",y!='2'})",
        "rate(a_total[1m])",
        "increase(b{x=\"1\"}[1h30m])",
        "c:d{}",
        "0.5",
        "1e3",
        "-2",
        "(",
        ")",
        "+",
        "-",
        "*",
        "/",
        "{",
        "}",
        "x=~\"a|b\"",
        "x!='1'",
        ",",
        "[5m]",
        "rate",
        "absent",
        ".5",
        "5.",
        "1e",
        "rate(a[30s1h])",
        "\"\\n\"",
        "`\\d`",
        "1m",
        "==",
        "inf",
        "x!~\"(\"",
    ];
    const COMPARISONS: [&str; 6] = [">", ">=", "<", "<=", "==", "!="];
    let mut side = |text: &mut String| {
        for _ in 0..1 + random.below(6) {
            // Mostly what makes sense.
            let (most, every) = (random.below(15), random.below(WORDS.len()));
            text.push_str(WORDS[if random.below(4) > 0 { most } else { every }]);
            text.push_str(["", " "][random.below(2)]);
        }
    };
    let (mut left, mut right) = (String::new(), String::new());
    side(&mut left);
    side(&mut right);
    // Absence holds on its own.
    if random.below(20) == 0 {
        return left;
    }
    [&left, COMPARISONS[random.below(6)], " ", &right].concat()
}

/// Whatever is taken here is PromQL.
#[test]
fn promtool_takes_every_condition_that_is_taken() {
    let mut random = Random::new(7);
    let mut taken: Vec<_> = (0..200_000)
        .map(|_| random_condition(&mut random))
        .filter(|text| sysmetrics::base::text::expr::check(text).is_ok())
        .collect();
    taken.sort();
    taken.dedup();
    assert!(taken.len() > 1000, "{}", taken.len());
    let quoted = |text: &String| text.replace('\'', "''");
    let rule =
        |(at, text): (usize, &String)| format!("  - {{alert: n{at}, expr: '{}'}}\n", quoted(text));
    let rules: Vec<_> = taken.iter().enumerate().map(rule).collect();
    let dir = Temp::new();
    let file = dir.write("rules.yml", ["groups:\n- name: g\n  rules:\n", &rules.concat()].concat());
    let output = Command::new("promtool").args(["check", "rules"]).arg(file).output();
    let output =
        output.unwrap_or_else(|_| panic!("this test needs promtool: apt-get install prometheus"));
    let text = String::from_utf8_lossy(&output.stderr);
    // The first of each kind.
    let mut errors: Vec<_> = text.lines().filter_map(|line| line.split_once("rule ")).collect();
    errors.sort_by_key(|(_, rule)| rule.rsplit("error: ").next());
    errors.dedup_by_key(|(_, rule)| rule.rsplit("error: ").next());
    assert!(output.status.success(), "{errors:#?}");
}
