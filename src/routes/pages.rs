//! The home page, and whether the program serves at all.

use super::Service;
use crate::http::{Request, Response, Status};

/// Where the home page leads, besides the metrics.
const LINKS: &[(&str, &str)] = &[
    #[cfg(feature = "hub")]
    ("/status", "what it sees, live"),
    #[cfg(feature = "hub")]
    ("/api/status", "the same as JSON"),
    #[cfg(feature = "hub")]
    ("/api/health", "whether all of it works, and what does not"),
    ("/health", "whether it serves"),
];

const HOME_HEAD: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>sysmetrics</title>\
    <style>:root{color-scheme:light dark}body{font:1rem/1.6 system-ui;margin:2rem}</style>\
    </head><body><h1>sysmetrics</h1><p>A metrics agent, version ";

impl Service {
    pub(super) fn health(&mut self, _: &Request<'_>, response: &mut Response) {
        response.say(Status::Ok, "ok");
    }

    pub(super) fn home(&mut self, _: &Request<'_>, response: &mut Response) {
        let out = response.begin(Status::Ok, "text/html; charset=utf-8");
        out.put_all([HOME_HEAD.as_bytes(), env!("CARGO_PKG_VERSION").as_bytes()]);
        out.put(b"</p><ul>");
        let metrics = (&*self.metrics_path, "what Prometheus scrapes");
        for (path, what) in [metrics].iter().chain(LINKS) {
            out.put_all([b"<li><a href=\"", path.as_bytes(), b"\">", path.as_bytes()]);
            out.put_all([b"</a> ", what.as_bytes(), b"</li>"]);
        }
        out.put(b"</ul></body></html>\n");
    }
}
