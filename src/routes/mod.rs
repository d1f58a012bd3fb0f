//! What is served: one row a path. Pages are rendered from `Service`, which owns everything that an
//! answer is made of; it knows nothing of sockets.

// What the hub does, or the lack of it.
#[cfg(not(feature = "hub"))]
#[path = "alone.rs"]
mod duties;
#[cfg(feature = "hub")]
mod duties;
mod front;
#[cfg(feature = "hub")]
mod intake;
mod metrics;
mod pages;
#[cfg(feature = "hub")]
mod status;

use crate::event::Traffic;
use crate::expose::Lines;
use crate::gather::Gather;
use crate::http::{Gzip, Request, Response, Status, accepts_gzip};
use crate::metric::Family;
use crate::settings::Dialect;
use crate::sys::Notify;
use duties::Hub;
pub use duties::Prepared;
use std::time::Instant;

/// The media type of answers to programs.
#[cfg(feature = "hub")]
const JSON: &str = "application/json";

/// One path.
struct Route {
    /// Empty for the metrics path, which the settings give.
    path: &'static str,
    serve: Serve,
}

/// How a path is served.
enum Serve {
    /// GET and HEAD.
    Get(fn(&mut Service, &Request<'_>, &mut Response)),
    /// POST: the body, and what takes it.
    #[cfg(feature = "hub")]
    Post(intake::Take),
    /// PUT, POST and DELETE on all that the path is the beginning of.
    #[cfg(feature = "hub")]
    Group(intake::Take),
}

const ROUTES: &[Route] = &[
    Route { path: "", serve: Serve::Get(Service::metrics) },
    Route { path: "/health", serve: Serve::Get(Service::health) },
    Route { path: "/", serve: Serve::Get(Service::home) },
    #[cfg(feature = "hub")]
    Route { path: "/update", serve: Serve::Post(intake::update) },
    #[cfg(feature = "hub")]
    Route { path: "/api/metrics", serve: Serve::Post(intake::batch) },
    #[cfg(feature = "hub")]
    Route { path: intake::GROUPS, serve: Serve::Group(intake::group) },
    // Where the clients of a Pushgateway ask whether it is there.
    #[cfg(feature = "hub")]
    Route { path: "/-/healthy", serve: Serve::Get(Service::health) },
    #[cfg(feature = "hub")]
    Route { path: "/-/ready", serve: Serve::Get(Service::health) },
    #[cfg(feature = "hub")]
    Route { path: "/status", serve: Serve::Get(Service::page) },
    #[cfg(feature = "hub")]
    Route { path: "/api/status", serve: Serve::Get(Service::status) },
    #[cfg(feature = "hub")]
    Route { path: "/api/health", serve: Serve::Get(Service::troubles) },
];

/// Where requests are counted that name no route, or whose head was refused.
const OTHER: usize = ROUTES.len();

/// Everything that answers are made of.
pub struct Service {
    dialect: Dialect,
    metrics_path: String,
    gather: Gather,
    /// Of the text format and of OpenMetrics: one scraper's do not displace another's.
    lines: [Lines; 2],
    /// What comes in from other programs.
    pub hub: Hub,
    /// The service manager hears of us through this.
    pub notify: Notify,
    gzip: Gzip,
    /// Answers by route (and `OTHER`) and status.
    answers: [[u64; Status::ALL.len()]; ROUTES.len() + 1],
    traffic: Traffic,
}

impl Service {
    /// Serves `gather` at `metrics_path`.
    pub fn new(dialect: Dialect, metrics_path: String, gather: Gather) -> Service {
        Service {
            dialect,
            metrics_path,
            gather,
            lines: Default::default(),
            hub: Hub::new(Instant::now()),
            notify: Notify::default(),
            gzip: Gzip::default(),
            answers: Default::default(),
            traffic: Traffic::default(),
        }
    }

    /// Goes on with other settings; counts go on, too.
    pub fn reconfigure(&mut self, dialect: Dialect, metrics_path: String, gather: Gather) {
        self.dialect = dialect;
        self.metrics_path = metrics_path;
        let before = std::mem::replace(&mut self.gather, gather);
        self.gather.resume(before);
    }

    /// The route of a path.
    fn route(&self, path: &str) -> Option<usize> {
        ROUTES.iter().position(|route| match route.serve {
            #[cfg(feature = "hub")]
            Serve::Group(_) => {
                behind(path, route.path).is_some_and(|rest| rest.starts_with(['/', '@', '%']))
            }
            _ => behind(path, self.path_of(route)) == Some(""),
        })
    }

    fn path_of<'a>(&'a self, route: &Route) -> &'a str {
        if route.path.is_empty() { &self.metrics_path } else { route.path }
    }

    fn count(&mut self, route: usize, status: Status) {
        let count = Status::ALL.iter().position(|s| *s == status);
        let count = count.and_then(|at| self.answers.get_mut(route)?.get_mut(at));
        if let Some(count) = count {
            *count += 1;
        }
    }

    fn compress(&mut self, request: &Request<'_>, response: &mut Response) {
        response.varies();
        if accepts_gzip(&request.accept_encoding) {
            self.gzip.apply(response);
        }
    }
}

/// What stands behind `known` in `path`, any of whose characters may be written as `%41`.
fn behind<'a>(path: &'a str, known: &str) -> Option<&'a str> {
    let mut rest = path;
    for expected in known.bytes() {
        let escape = rest.strip_prefix('%').and_then(|digits| digits.get(..2));
        let escaped = escape.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let length = match rest.bytes().next()? {
            byte if byte == expected => 1,
            _ if escaped == Some(expected) => 3,
            _ => return None,
        };
        rest = rest.get(length..)?;
    }
    Some(rest)
}

/// The families about serving, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    metrics::FAMILIES.iter().chain(duties::families())
}
