//! A Prometheus server that scrapes every second.

use super::json::Json;
use super::{Temp, wait_until};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

pub struct Prometheus {
    child: Child,
    pub address: String,
    _dir: Temp,
}

impl Prometheus {
    /// Starts `command`, the program with further arguments; `jobs` are its scrape configurations in YAML.
    pub fn start(mut command: Command, jobs: &str) -> Prometheus {
        let dir = Temp::new();
        let global = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n";
        let config = dir.write("prometheus.yml", [global, jobs].concat());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let child = command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", dir.path("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("this test needs {command:?}: {error}"));
        let prometheus = Prometheus { child, address: address.clone(), _dir: dir };
        wait_until("Prometheus to be ready", || {
            request(&address, "/-/ready").is_ok_and(|answer| answer.starts_with("HTTP/1.0 200 "))
        });
        prometheus
    }

    /// The series that the expression has now, with labels and value.
    pub fn query(&self, expression: &str) -> Vec<Json> {
        let escaped: String = expression.bytes().map(|b| format!("%{b:02x}")).collect();
        let answer = request(&self.address, &format!("/api/v1/query?query={escaped}")).unwrap();
        let json = Json::parse(answer.split_once("\r\n\r\n").unwrap().1);
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

/// The answer, its head included. By HTTP/1.0: no chunks, and the end of the connection is the end.
fn request(address: &str, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
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

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
