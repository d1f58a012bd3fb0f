//! A real Prometheus, over https, with a certificate and a password.

use crate::common::prometheus::Prometheus;
use crate::common::wait_until;
use crate::support::{FIRST, file, plan, web};
use std::process::Command;

#[test]
fn prometheus_scrapes_with_a_certificate_and_a_password() {
    let mutual = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
    let (_dir, path) = web(&format!("{mutual}basic_auth_users:\n  ann: {FIRST}\n"));
    let agent = plan(&path).machine("box").start();
    let port = agent.address().rsplit(':').next().unwrap().to_owned();
    let job = |name: &str, password: &str| {
        format!(
            "- job_name: {name}\n  scheme: https\n  basic_auth: {{username: ann, password: {password}}}\n  \
             tls_config: {{ca_file: {}, cert_file: {}, key_file: {}}}\n  \
             static_configs: [{{targets: [\"localhost:{port}\"]}}]\n",
            file("ca.pem"),
            file("client.pem"),
            file("client.key")
        )
    };
    let jobs = [job("good", "first"), job("bad", "second")].concat();
    let prometheus = Prometheus::start(Command::new("prometheus"), &jobs);
    for (name, up) in [("good", 1.0), ("bad", 0.0)] {
        let twice = format!("count_over_time(up{{job=\"{name}\"}}[1m])");
        wait_until(&twice, || prometheus.value(&twice).is_some_and(|count| count >= 2.0));
        let all = format!("avg_over_time(up{{job=\"{name}\"}}[1m])");
        assert_eq!(prometheus.value(&all), Some(up), "{name}: every scrape so far");
    }
    assert!(prometheus.value("sysmetrics_memory_total_bytes{job=\"good\"}").is_some());
}
