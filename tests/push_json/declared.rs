//! Metrics that settings declare.

use super::{assert_counts, post};
use crate::common::{Agent, wait_until};

#[test]
fn declared_metrics_are_there_from_the_start() {
    let file = "[server]\nlisten = \"127.0.0.1:0\"\n[metrics]\nnamespace = \"app\"\n\
                custom_gauges = [\"errors\", \"active_sessions\"]\ncustom_counters = [\"hits_total\"]\n\
                labels = { env = \"prod\" }\n[push]\nttl = \"100ms\"\n";
    let agent = Agent::plan().machine("box").file(file).start();
    let env = [("env", "prod")];
    let scrape = agent.scrape();
    for name in ["app_errors", "app_active_sessions", "app_hits_total"] {
        assert_eq!(scrape.value(name, &env), 0.0);
    }
    // It needs no type, as it was declared.
    let hit = r#"{"name":"hits_total","value":3}"#;
    assert_counts(&post(&mut agent.connect(), "/update", hit), 1, 0);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(agent.scrape().value("app_hits_total", &env), 3.0);
    agent.reload(&file.replace("\"errors\", ", ""));
    wait_until("the reload", || agent.scrape().find("app_errors", &env).is_none());
    assert_eq!(agent.scrape().value("app_hits_total", &env), 3.0);
}

#[test]
fn declared_histograms_have_their_buckets() {
    let file = "[server]\nlisten = \"127.0.0.1:0\"\n[metrics]\nprefix = \"app\"\n\
                [[metrics.histograms]]\nname = \"took_seconds\"\nbuckets = [0.5, 2]\n\
                help = \"How long it took.\"\n[[metrics.histograms]]\nname = \"usual_seconds\"\n\
                [push]\nttl = \"100ms\"\n";
    let agent = Agent::plan().machine("box").file(file).start();
    let text = agent.get("/metrics").text().to_owned();
    assert!(text.contains("# HELP app_took_seconds How long it took.\n"), "{text}");
    let buckets = |name: &str| -> Vec<f64> {
        let (bucket, scrape) = (format!("{name}_bucket"), agent.scrape());
        ["0.005", "0.5", "1", "2", "10", "+Inf"]
            .iter()
            .filter_map(|bound| scrape.find(&bucket, &[("le", *bound)]))
            .collect()
    };
    assert_eq!(buckets("app_took_seconds"), [0.0; 3]);
    assert_eq!(buckets("app_usual_seconds"), [0.0; 5]);
    let seen = r#"{"name":"took_seconds","type":"histogram","values":[0.1,1,1,7]}"#;
    assert_counts(&post(&mut agent.connect(), "/update", seen), 1, 0);
    assert_eq!(buckets("app_took_seconds"), [1.0, 3.0, 4.0]);
    // The same once more goes on, others start anew.
    agent.reload(&format!("{file}max_series = 1000\n"));
    agent.wait_for_log("settings reloaded", 1);
    assert_eq!(buckets("app_took_seconds"), [1.0, 3.0, 4.0]);
    agent.reload(&file.replace("[0.5, 2]", "[0.5, 1, 2]"));
    agent.wait_for_log("settings reloaded", 2);
    assert_eq!(buckets("app_took_seconds"), [0.0; 4]);
    assert_counts(&post(&mut agent.connect(), "/update", seen), 1, 0);
    assert_eq!(buckets("app_took_seconds"), [1.0, 3.0, 3.0, 4.0]);
}
