//! The data of all responses, and the look-up of a path's route.

use super::accepted::Accepted;
use crate::base::dialect::Dialect;
use crate::base::sys::{self, Notify};
use crate::kernel::gather::Gather;
use crate::outputs::expose::Lines;
use crate::pipelines::Pipelines;
use crate::serve::event::Traffic;
use crate::serve::http::{Gzip, Request, Response, Status, accepts_gzip};
use std::time::Instant;

/// The media type of responses to programs.
#[allow(dead_code)] // the exporter alone has none of them
pub const JSON: &str = "application/json";

/// One path.
pub struct Route {
    /// Empty for the metrics path, which the settings give.
    pub path: &'static str,
    /// Its text on the home page; not linked there if empty.
    pub about: &'static str,
    /// How it is served.
    pub serve: Serve,
}

/// How a path is served.
#[allow(dead_code)] // the exporter alone takes no bodies
pub enum Serve {
    /// GET and HEAD.
    Get(fn(&mut Service, &Request<'_>, &mut Response)),
    /// POST, with the handler of the body.
    Post(Take),
    /// PUT, POST and DELETE on all paths that begin with it.
    Group(Take),
}

/// Handles the body of a request and makes the response.
pub type Take = fn(&mut Pipelines, &Request<'_>, &[u8], Instant, &mut Response);

/// The routes, in the order in which requests are counted.
pub type Table = &'static [&'static [Route]];

/// The index of requests without a route, or whose head was rejected: after all others.
pub const OTHER: usize = usize::MAX;

/// All data of responses.
pub struct Service {
    pub(super) dialect: Dialect,
    pub(super) metrics_path: String,
    pub(super) gather: Gather,
    /// For the text format and for OpenMetrics: one scraper's do not displace another's.
    pub(super) lines: [Lines; 2],
    /// Metrics from other programs, exports and alerts.
    pub pipelines: Pipelines,
    /// Notifies the service manager.
    pub notify: Notify,
    gzip: Gzip,
    /// Responses so far.
    answered: Pauses,
    /// Turns of the loop.
    pub(super) turns: Pauses,
    pub(super) accepted: Accepted,
    pub(super) routes: Table,
    pub(super) counts: Counts,
}

/// Counts events, and returns when to give back the memory of their code: after the first, which made all that is
/// kept, the 4th, 16th and 64th, and then each 4096th, as changes on a machine run other code than a scrape does.
#[derive(Default)]
pub(super) struct Pauses(u32);

impl Pauses {
    pub(super) fn is_over(&mut self) -> bool {
        self.0 = self.0.wrapping_add(1);
        matches!(self.0, 1 | 4 | 16 | 64) || self.0.is_multiple_of(4096)
    }
}

/// Counters of responses.
pub struct Counts {
    /// By route and status; after the routes come requests without one, or whose head was rejected.
    pub answers: Box<[[u64; Status::ALL.len()]]>,
    /// Which of them may be non-zero, bit i % 64 for the i-th: most paths are never requested.
    pub asked: u64,
    /// The loop's counters.
    pub traffic: Traffic,
}

impl Service {
    /// Serves `routes`, and `gather` at `metrics_path`.
    pub(super) fn of(
        routes: Table,
        dialect: Dialect,
        metrics_path: String,
        gather: Gather,
    ) -> Service {
        let answers = routes.iter().map(|part| part.len()).sum::<usize>() + 1;
        Service {
            dialect,
            metrics_path,
            gather,
            lines: Default::default(),
            pipelines: Pipelines::new(Instant::now()),
            notify: Notify::default(),
            gzip: Gzip::default(),
            answered: Pauses::default(),
            // The start has its own call.
            turns: Pauses(1),
            accepted: Accepted::default(),
            routes,
            counts: Counts {
                answers: vec![Default::default(); answers].into(),
                asked: 0,
                traffic: Traffic::default(),
            },
        }
    }

    /// Changes the settings; the counters go on.
    pub fn reconfigure(&mut self, dialect: Dialect, metrics_path: String, gather: Gather) {
        self.dialect = dialect;
        self.metrics_path = metrics_path;
        let before = std::mem::replace(&mut self.gather, gather);
        self.gather.resume(before);
        self.gather.serving(true);
    }

    /// Reports that the agent begins to serve, or ends in an orderly way.
    pub fn serving(&mut self, begins: bool) {
        self.gather.serving(begins);
    }

    /// All routes.
    pub(super) fn routes(&self) -> impl Iterator<Item = &'static Route> + use<> {
        self.routes.iter().copied().flatten()
    }

    /// The route of a path, and its index; that of requests without one is after them.
    pub(super) fn route(&self, path: &str) -> (usize, Option<&'static Route>) {
        let mut routes = self.routes().enumerate();
        let found = routes.find(|(_, route)| match route.serve {
            Serve::Group(_) => {
                behind(path, route.path).is_some_and(|rest| rest.starts_with(['/', '@', '%']))
            }
            _ => behind(path, self.path_of(route)) == Some(""),
        });
        found.map_or((OTHER, None), |(at, route)| (at, Some(route)))
    }

    /// Its path; for the metrics the one in the settings.
    pub(super) fn path_of<'a>(&'a self, route: &Route) -> &'a str {
        if route.path.is_empty() { &self.metrics_path } else { route.path }
    }

    /// Counts a response; an unknown route counts as none.
    pub(super) fn count(&mut self, route: usize, status: Status) {
        if self.answered.is_over() {
            sys::release_memory();
        }
        let answers = &mut self.counts.answers;
        let route = route.min(answers.len().saturating_sub(1));
        self.counts.asked |= 1 << (route % 64);
        let count = Status::ALL.iter().position(|s| *s == status);
        let count = count.and_then(|at| answers.get_mut(route)?.get_mut(at));
        if let Some(count) = count {
            *count += 1;
        }
    }

    /// Compresses the response if the client prefers that.
    pub(super) fn compress(&mut self, request: &Request<'_>, response: &mut Response) {
        response.varies();
        if accepts_gzip(&request.accept_encoding) {
            self.gzip.apply(response);
        }
    }
}

/// The part of `path` after `known`, any of whose characters may be written as `%41`.
pub fn behind<'a>(path: &'a str, known: &str) -> Option<&'a str> {
    // Practically no path has such a character.
    if let Some(rest) = path.strip_prefix(known) {
        return Some(rest);
    }
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
