//! The home page, and whether the program serves at all.

use super::service::Service;
use crate::serve::http::{Request, Response, Status};

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
        for route in self.routes().filter(|route| !route.about.is_empty()) {
            let path = self.path_of(route).as_bytes();
            // Relative: a proxy may serve this below a path of its own.
            out.put_all([b"<li><a href=\".", path, b"\">", path]);
            out.put_all([b"</a> ", route.about.as_bytes(), b"</li>"]);
        }
        out.put(b"</ul></body></html>\n");
    }
}
