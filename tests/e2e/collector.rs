//! A collector that uses the official packages (`tests/clients/otlp_collector.py`), over HTTP and gRPC.

use crate::common::json::Json;
use crate::common::{Temp, wait_until};
use crate::peers::{PYTHON, start};
use crate::rows::{Rows, read_back};
use std::fs;
use std::process::{Child, Command};

pub struct Collector {
    child: Child,
    dir: Temp,
    pub http: String,
    pub grpc: String,
    scheme: &'static str,
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Collector {
    pub fn start(args: &[&str]) -> Collector {
        let dir = Temp::new();
        let mut command = Command::new(PYTHON);
        command.arg("tests/clients/otlp_collector.py").arg(dir.path("")).args(args);
        let child = start(&mut command);
        wait_until("the collector to listen", || dir.path("ports").exists());
        let ports = fs::read_to_string(dir.path("ports")).unwrap();
        let (http, grpc) = ports.split_once(' ').unwrap();
        let at = |port: &str| format!("127.0.0.1:{port}");
        let scheme = if args.contains(&"--cert") { "https" } else { "http" };
        Collector { child, http: at(http), grpc: at(grpc), dir, scheme }
    }

    pub fn http_url(&self) -> String {
        format!("{}://{}/v1/metrics", self.scheme, self.http)
    }

    pub fn grpc_url(&self) -> String {
        format!("{}://{}", self.scheme, self.grpc)
    }

    /// From now on it answers like this.
    pub fn mode(&self, mode: &str) {
        self.dir.write("mode.new", mode);
        fs::rename(self.dir.path("mode.new"), self.dir.path("mode")).unwrap();
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Json> {
        lines(&self.dir, "requests").iter().map(|line| Json::parse(line)).collect()
    }

    /// Every point so far, as the collector tells them.
    pub fn points(&self) -> Vec<Json> {
        lines(&self.dir, "points").iter().map(|line| Json::parse(line)).collect()
    }

    pub fn rows(&self) -> Rows {
        read_back(&["points", self.dir.path("points").to_str().unwrap()])
    }
}

/// Whole lines of a file that is written to.
fn lines(dir: &Temp, name: &str) -> Vec<String> {
    let text = fs::read_to_string(dir.path(name)).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(str::to_owned).collect()
}
