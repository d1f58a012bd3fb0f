//! A Prometheus server that scrapes every second.

use super::json::Json;
use super::{Server, Temp, free_address};
use std::process::Command;

pub struct Prometheus {
    pub server: Server,
    _dir: Temp,
}

impl Prometheus {
    /// Starts `command`, the program with further arguments; `jobs` are its scrape configurations in YAML.
    pub fn start(mut command: Command, jobs: &str) -> Prometheus {
        let dir = Temp::new();
        let global = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n";
        let config = dir.write("prometheus.yml", [global, jobs].concat());
        let address = free_address();
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", dir.path("data").display()))
            .arg(format!("--web.listen-address={address}"));
        Prometheus { server: Server::start(&mut command, address, "/-/ready"), _dir: dir }
    }

    /// The series that the expression has now, with labels and value.
    pub fn query(&self, expression: &str) -> Vec<Json> {
        let escaped: String = expression.bytes().map(|b| format!("%{b:02x}")).collect();
        let json = Json::parse(&self.server.get(&format!("/api/v1/query?query={escaped}")));
        assert_eq!(json.text("status"), "success", "{expression}: {json:?}");
        match json.get("data").and_then(|data| data.get("result")) {
            Some(Json::List(found)) => found.clone(),
            _ => panic!("{expression}: {json:?}"),
        }
    }

    /// The one value that the expression has now, if any.
    pub fn value(&self, expression: &str) -> Option<f64> {
        let found = self.query(expression);
        assert!(found.len() <= 1, "{expression}: {found:?}");
        Some(value(found.first()?).parse().unwrap())
    }
}

/// The value of a series in a result, as text.
pub fn value(series: &Json) -> &str {
    match series.get("value") {
        Some(Json::List(pair)) => match &pair[1] {
            Json::Text(value) => value,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}
