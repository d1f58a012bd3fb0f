//! A real Prometheus, over https, with a certificate and a password.

use crate::common::json::Json;
use crate::common::{Client, Temp, get, wait_until};
use crate::support::{FIRST, file, plan, web};
use std::net::TcpListener;
use std::process::{Command, Stdio};

#[test]
fn prometheus_scrapes_with_a_certificate_and_a_password() {
    let mutual = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
    let (_dir, path) = web(&format!("{mutual}basic_auth_users:\n  ann: {FIRST}\n"));
    let agent = plan(&path).machine("box").start();
    let port = agent.address().rsplit(':').next().unwrap().to_owned();
    let dir = Temp::new();
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
    let config = dir.write(
        "prometheus.yml",
        [
            "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n",
            &job("good", "first"),
            &job("bad", "second"),
        ]
        .concat(),
    );
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let mut child = Command::new("prometheus")
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", dir.path("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("this test needs prometheus: apt-get install prometheus");
    let query = |expression: &str| {
        let escaped: String = expression.bytes().map(|b| format!("%{b:02x}")).collect();
        let answer = get(&address, &format!("/api/v1/query?query={escaped}"));
        let json = Json::parse(answer.text());
        let Some(Json::List(found)) = json.get("data").unwrap().get("result") else {
            panic!("{json:?}")
        };
        let Some(Json::List(pair)) = found.first()?.get("value") else { panic!("{json:?}") };
        let Json::Text(value) = &pair[1] else { panic!("{json:?}") };
        value.parse::<f64>().ok()
    };
    wait_until("Prometheus to be ready", || {
        Client::try_connect(&address).is_ok() && get(&address, "/-/ready").status == 200
    });
    for (name, up) in [("good", 1.0), ("bad", 0.0)] {
        let twice = format!("count_over_time(up{{job=\"{name}\"}}[1m])");
        wait_until(&twice, || query(&twice).is_some_and(|count| count >= 2.0));
        let all = format!("avg_over_time(up{{job=\"{name}\"}}[1m])");
        assert_eq!(query(&all), Some(up), "{name}: every scrape so far");
    }
    assert!(query("sysmetrics_memory_total_bytes{job=\"good\"}").is_some());
    let _ = child.kill();
    let _ = child.wait();
}
