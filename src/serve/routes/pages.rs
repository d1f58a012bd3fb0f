//! The home page, and the health check.

use super::service::Service;
use crate::base::dialect::Dialect;
use crate::serve::http::{Request, Response, Status};

const HOME_HEAD: [&str; 3] = [
    "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
     <meta name=\"viewport\" content=\"width=device-width\"><title>",
    "</title><style>:root{color-scheme:light dark}body{font:1rem/1.6 system-ui;margin:2rem}</style>\
     </head><body><h1>",
    "</h1><p>sysmetrics, a metrics agent, version ",
];

impl Service {
    pub(super) fn health(&mut self, _: &Request<'_>, response: &mut Response) {
        response.text(Status::Ok, "ok");
    }

    pub(super) fn home(&mut self, _: &Request<'_>, response: &mut Response) {
        // Checks search for the title of the exporter that it replaces.
        let title = match self.dialect {
            Dialect::Own => "sysmetrics",
            Dialect::Node => "Node Exporter",
        };
        let [head, style, text] = HOME_HEAD.map(str::as_bytes);
        let out = response.begin(Status::Ok, "text/html; charset=utf-8");
        out.put_all([head, title.as_bytes(), style, title.as_bytes(), text]);
        out.put(env!("CARGO_PKG_VERSION").as_bytes());
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
