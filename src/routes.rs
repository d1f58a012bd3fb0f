//! What is served: one row a path. Pages are rendered from `Service`, which owns everything that an
//! answer is made of; it knows nothing of sockets.

use crate::expose::{Format, Lines, Text};
use crate::gather::{Gather, Selection, Unknown};
use crate::http::{
    Gzip, Method, Query, Refusal, Request, Response, Status, accepts_gzip, prefers_open_metrics,
};
#[cfg(feature = "hub")]
use crate::hub::{Hub, Prepared};
#[cfg(feature = "hub")]
use crate::ingest::gateway::{Refusal as Unserved, Verb, Wish};
#[cfg(feature = "hub")]
use crate::ingest::{Denied, Fault, Form};
use crate::metric::{Family, Sink, Unit, counter, gauge};
use crate::settings::{Dialect, Settings};
#[cfg(feature = "hub")]
use crate::status::{self, Health};
use crate::sys::Ready;
use std::io;
use std::time::Instant;

/// More collectors than this are not picked in one request.
const MAX_PICKS: usize = 256;

/// The media type of answers to programs.
#[cfg(feature = "hub")]
const JSON: &str = "application/json";

/// The Content-Security-Policy of what is no page.
#[cfg(feature = "hub")]
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

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
    Post(Take),
    /// PUT, POST and DELETE on all that the path is the beginning of.
    #[cfg(feature = "hub")]
    Group(Take),
}

/// Takes the body of a request and makes the answer.
#[cfg(feature = "hub")]
type Take = fn(&mut Hub, &Request<'_>, &[u8], Instant, &mut Response);

const ROUTES: &[Route] = &[
    Route { path: "", serve: Serve::Get(Service::metrics) },
    Route { path: "/health", serve: Serve::Get(Service::health) },
    Route { path: "/", serve: Serve::Get(Service::home) },
    #[cfg(feature = "hub")]
    Route { path: "/update", serve: Serve::Post(update) },
    #[cfg(feature = "hub")]
    Route { path: "/api/metrics", serve: Serve::Post(batch) },
    #[cfg(feature = "hub")]
    Route { path: "/metrics/job", serve: Serve::Group(group) },
    #[cfg(feature = "hub")]
    Route { path: "/status", serve: Serve::Get(Service::page) },
    #[cfg(feature = "hub")]
    Route { path: "/api/status", serve: Serve::Get(Service::status) },
    #[cfg(feature = "hub")]
    Route { path: "/api/health", serve: Serve::Get(Service::troubles) },
];

/// Where requests are counted that name no route, or whose head was refused.
const OTHER: usize = ROUTES.len();

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; 6] = [
    counter("http_requests_total",              Unit::One, "Requests answered.",                                          &["path", "code"]).only_own(),
    gauge(  "http_connections",                 Unit::One, "Connections that are open now.",                              &[]).only_own(),
    counter("http_connections_refused_total",   Unit::One, "Connections refused: the table was full, or no descriptor.",  &[]).only_own(),
    counter("http_connections_evicted_total",   Unit::One, "Idle or slow connections closed to make room for another.",   &[]).only_own(),
    counter("http_connections_timed_out_total", Unit::One, "Connections closed at a deadline other than for idling.",     &[]).only_own(),
    counter("log_lines_dropped_total",          Unit::One, "Log lines dropped because stderr did not take them.",         &[]).only_own(),
];

/// Nothing; without the hub there is nothing that could fail.
#[cfg(not(feature = "hub"))]
pub struct Prepared;

/// What the event loop counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    /// Connections that are open.
    pub now: u64,
    /// Turned away.
    pub refused: u64,
    /// Closed to make room.
    pub evicted: u64,
    /// Closed at a deadline.
    pub timed_out: u64,
}

/// Everything that answers are made of.
pub struct Service {
    dialect: Dialect,
    metrics_path: String,
    gather: Gather,
    /// Of the text format and of OpenMetrics: one scraper's do not displace another's.
    lines: [Lines; 2],
    /// What comes in from other programs.
    #[cfg(feature = "hub")]
    pub hub: Hub,
    gzip: Gzip,
    /// Answers by route (and `OTHER`) and status.
    answers: [[u64; Status::ALL.len()]; ROUTES.len() + 1],
    /// Kept up to date by whoever drives the connections.
    pub traffic: Traffic,
}

impl Service {
    /// Serves `gather` at `metrics_path`.
    pub fn new(dialect: Dialect, metrics_path: String, gather: Gather) -> Service {
        Service {
            dialect,
            metrics_path,
            gather,
            lines: Default::default(),
            #[cfg(feature = "hub")]
            hub: Hub::new(Instant::now()),
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

    /// Makes the answer to `request`. The head is left to `Response::finish`.
    pub fn answer(&mut self, request: &Request<'_>, response: &mut Response) {
        let route = self.route(request.path);
        match (route.and_then(|at| ROUTES.get(at)), request.method) {
            (Some(Route { serve: Serve::Get(serve), .. }), Method::Get | Method::Head) => {
                serve(self, request, response);
            }
            (Some(Route { serve: Serve::Get(_), .. }), _) => {
                response.allow("GET, HEAD", "Only GET and HEAD are served here.");
            }
            #[cfg(feature = "hub")]
            (Some(Route { serve: Serve::Post(_), .. }), _) => {
                response.allow("POST", "Only POST is served here.");
            }
            #[cfg(feature = "hub")]
            (Some(Route { serve: Serve::Group(_), .. }), _) => {
                response.allow("PUT, POST, DELETE", "Only PUT, POST and DELETE are served here.");
            }
            (None, _) => {
                let sentence =
                    format!("There is nothing here; the metrics are at {}.", self.metrics_path);
                response.say(Status::NotFound, &sentence);
            }
        }
        self.count(route.unwrap_or(OTHER), response.status());
    }

    /// Whether there is a route that takes the body of `request`.
    #[cfg(feature = "hub")]
    pub fn takes_body(&self, request: &Request<'_>) -> bool {
        match self.route(request.path).and_then(|at| ROUTES.get(at)) {
            Some(Route { serve: Serve::Post(_), .. }) => request.method == Method::Post,
            Some(Route { serve: Serve::Group(_), .. }) => {
                matches!(request.method, Method::Put | Method::Post | Method::Delete)
            }
            _ => false,
        }
    }

    /// No route wants a body.
    #[cfg(not(feature = "hub"))]
    pub fn takes_body(&self, _: &Request<'_>) -> bool {
        false
    }

    /// The longest body that is taken.
    pub fn body_limit(&self) -> usize {
        #[cfg(feature = "hub")]
        let limit = self.hub.gate.max_body;
        #[cfg(not(feature = "hub"))]
        let limit = 0;
        limit
    }

    /// Whether the client may send the body of `request`; otherwise the answer is made.
    #[cfg(feature = "hub")]
    pub fn admits(
        &mut self,
        request: &Request<'_>,
        is_local: bool,
        response: &mut Response,
    ) -> bool {
        match self.hub.gate.judge(request.authorization, is_local) {
            Ok(()) => true,
            Err(denied) => {
                let (status, sentence) = match denied {
                    Denied::Token => (Status::Unauthorized, "Pushing takes a token."),
                    Denied::Remote => (
                        Status::Forbidden,
                        "Only programs on this machine may push; with push.token_file others may.",
                    ),
                };
                response.say(status, sentence);
                let route = self.route(request.path);
                self.count(route.unwrap_or(OTHER), status);
                false
            }
        }
    }

    /// Whether the client may send the body of `request`: there is no route that takes one.
    #[cfg(not(feature = "hub"))]
    pub fn admits(&mut self, _: &Request<'_>, _: bool, _: &mut Response) -> bool {
        false
    }

    /// Makes the answer to `request`, whose body was wanted and has come.
    #[cfg(feature = "hub")]
    pub fn receive(
        &mut self,
        request: &Request<'_>,
        body: &[u8],
        now: Instant,
        response: &mut Response,
    ) {
        let route = self.route(request.path);
        if let Some(Route { serve: Serve::Post(take) | Serve::Group(take), .. }) =
            route.and_then(|at| ROUTES.get(at))
        {
            take(&mut self.hub, request, body, now, response);
        }
        self.count(route.unwrap_or(OTHER), response.status());
    }

    /// No route wants a body.
    #[cfg(not(feature = "hub"))]
    pub fn receive(&mut self, _: &Request<'_>, _: &[u8], _: Instant, _: &mut Response) {}

    /// Does everything that `settings` want of the hub and that may fail; changes nothing.
    ///
    /// # Errors
    ///
    /// What failed is named.
    #[cfg(feature = "hub")]
    pub fn prepare(&self, settings: &Settings) -> io::Result<Prepared> {
        self.hub.prepare(settings)
    }

    /// Goes on with what was prepared.
    #[cfg(feature = "hub")]
    pub fn apply(&mut self, prepared: Prepared, settings: &Settings) {
        let labels = settings.custom.labels_of_own();
        self.lines.iter_mut().for_each(|lines| lines.label(labels));
        self.hub.apply(prepared, settings, Instant::now());
    }

    /// Without the hub nothing is to be prepared.
    #[cfg(not(feature = "hub"))]
    pub fn prepare(&self, _: &Settings) -> io::Result<Prepared> {
        Ok(Prepared)
    }

    /// Without the hub nothing was prepared.
    #[cfg(not(feature = "hub"))]
    pub fn apply(&mut self, _: Prepared, _: &Settings) {}

    /// Adds what there is to wait for besides connections; `turn` gets it back.
    pub fn wait_on(&self, _ready: &mut Vec<Ready>) {
        #[cfg(feature = "hub")]
        self.hub.wait_on(_ready);
    }

    /// When there is something to do besides answering.
    pub fn deadline(&self) -> Option<Instant> {
        #[cfg(feature = "hub")]
        let deadline = self.hub.deadline();
        #[cfg(not(feature = "hub"))]
        let deadline = None;
        deadline
    }

    /// Does what is due besides answering.
    pub fn turn(&mut self, _ready: &[Ready], _now: Instant) {
        #[cfg(feature = "hub")]
        self.hub.turn(_ready, &mut self.gather, _now);
    }

    /// Before the program ends.
    pub fn finish(&mut self) {
        #[cfg(feature = "hub")]
        self.hub.finish();
    }

    /// Makes the answer to what is no request that can be served.
    pub fn refuse(&mut self, refusal: Refusal, response: &mut Response) {
        match refusal {
            Refusal::Malformed(sentence) => response.say(Status::BadRequest, sentence),
            Refusal::TooManyHeaders => {
                response.say(Status::HeadersTooLarge, "The request has too many header lines.");
            }
            Refusal::Version => {
                response.say(Status::VersionNotSupported, "Only HTTP/1.0 and HTTP/1.1 are served.");
            }
            Refusal::TooLarge => {
                response.say(Status::ContentTooLarge, "The request's body is too large.");
            }
            Refusal::Chunked => {
                response.say(Status::LengthRequired, "The request's body needs a Content-Length.");
            }
        }
        self.count(OTHER, response.status());
    }

    /// Makes an answer that no request asked for: a deadline, a full table.
    pub fn turn_away(&mut self, status: Status, sentence: &str, response: &mut Response) {
        response.say(status, sentence);
        self.count(OTHER, status);
    }

    /// The route of a path.
    fn route(&self, path: &str) -> Option<usize> {
        ROUTES.iter().position(|route| match route.serve {
            #[cfg(feature = "hub")]
            Serve::Group(_) => {
                path.strip_prefix(route.path).is_some_and(|rest| rest.starts_with(['/', '@', '%']))
            }
            _ => path == self.path_of(route),
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

    fn metrics(&mut self, request: &Request<'_>, response: &mut Response) {
        let selection = match self.selection(request.query) {
            Ok(selection) => selection,
            Err(Unknown(name)) => {
                let names: Vec<_> = self.gather.names().collect();
                let sentence = format!(
                    "The collector {name:?} is unknown or switched off; there are: {}.",
                    names.join(", ")
                );
                return response.say(Status::BadRequest, &sentence);
            }
        };
        let [text, open_metrics] = &mut self.lines;
        let (format, lines) = match prefers_open_metrics(request.accept) {
            true => (Format::OpenMetrics, open_metrics),
            false => (Format::Prometheus, text),
        };
        let out = response.begin(Status::Ok, format.content_type());
        let mut text = Text::new(self.dialect, format, out, lines);
        self.gather.scrape(selection, &mut text);
        write_traffic(&self.metrics_path, &self.answers, self.traffic, &mut text);
        #[cfg(feature = "hub")]
        {
            self.hub.write_self(&mut text);
            // Who names collectors wants those only.
            if !Query::of(request.query).any(|(key, _)| key == "collect[]") {
                self.hub.store.write(Instant::now(), &mut text);
            }
        }
        text.finish();
        self.compress(request, response);
    }

    /// `collect[]` names the collectors that are wanted, `exclude[]` those that are not.
    fn selection(&self, query: &str) -> Result<Selection, Unknown> {
        if query.is_empty() {
            return Ok(self.gather.all());
        }
        let picks = || Query::of(query).take(MAX_PICKS);
        let mut selection = self.gather.all();
        if picks().any(|(key, _)| key == "collect[]") {
            selection = Selection::NONE;
        }
        for with in [true, false] {
            let wanted = if with { "collect[]" } else { "exclude[]" };
            for (_, name) in picks().filter(|(key, _)| key == wanted) {
                selection = self.gather.choose(selection, &name, with)?;
            }
        }
        Ok(selection)
    }

    fn health(&mut self, _: &Request<'_>, response: &mut Response) {
        response.say(Status::Ok, "ok");
    }

    /// `/status`
    #[cfg(feature = "hub")]
    fn page(&mut self, request: &Request<'_>, response: &mut Response) {
        response.begin(Status::Ok, "text/html; charset=utf-8").put(status::PAGE.as_bytes());
        response.restrict(status::POLICY);
        self.compress(request, response);
    }

    /// `/api/status`
    #[cfg(feature = "hub")]
    fn status(&mut self, request: &Request<'_>, response: &mut Response) {
        let now = Instant::now();
        let mut seen = status::Status::default();
        self.gather.scrape(self.gather.all(), &mut seen);
        self.hub.write_self(&mut seen);
        seen.write(&self.gather, self.hub.targets(), now, response.begin(Status::Ok, JSON));
        response.restrict(NO_PAGE);
        self.compress(request, response);
    }

    /// `/api/health`
    #[cfg(feature = "hub")]
    fn troubles(&mut self, _: &Request<'_>, response: &mut Response) {
        let (now, mut health) = (Instant::now(), Health::default());
        health.look(&mut self.gather, now);
        self.hub.troubles(now, &mut health);
        let status = if health.is_failing() { Status::Unavailable } else { Status::Ok };
        health.write(response.begin(status, JSON));
        response.restrict(NO_PAGE);
    }

    fn compress(&mut self, request: &Request<'_>, response: &mut Response) {
        response.varies();
        if accepts_gzip(request.accept_encoding) {
            self.gzip.apply(response);
        }
    }

    fn home(&mut self, _: &Request<'_>, response: &mut Response) {
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

/// `POST /update`.
#[cfg(feature = "hub")]
fn update(hub: &mut Hub, of: &Request<'_>, body: &[u8], now: Instant, response: &mut Response) {
    json(hub, Form::Update, of, body, now, response);
}

/// `POST /api/metrics`.
#[cfg(feature = "hub")]
fn batch(hub: &mut Hub, of: &Request<'_>, body: &[u8], now: Instant, response: &mut Response) {
    json(hub, Form::Batch, of, body, now, response);
}

#[cfg(feature = "hub")]
fn json(
    hub: &mut Hub,
    form: Form,
    of: &Request<'_>,
    body: &[u8],
    now: Instant,
    response: &mut Response,
) {
    let encoding = of.content_encoding.trim();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        // It would be told as a mistake in the JSON.
        let sentence = "JSON is taken as it is, without a Content-Encoding.";
        return response.say(Status::UnsupportedMedia, sentence);
    }
    let out = response.begin(Status::Ok, JSON);
    let done = hub.push.take(form, body, &mut hub.store, now, out);
    done.unwrap_or_else(|fault| say_fault(fault, response));
}

/// `PUT`, `POST` and `DELETE` of `/metrics/job/…`.
#[cfg(feature = "hub")]
fn group(hub: &mut Hub, of: &Request<'_>, body: &[u8], now: Instant, response: &mut Response) {
    let (verb, status) = match of.method {
        Method::Delete => (Verb::Delete, Status::Accepted),
        Method::Put => (Verb::Replace, Status::Ok),
        _ => (Verb::Add, Status::Ok),
    };
    let wish = Wish {
        verb,
        path: of.path,
        content_type: of.content_type,
        content_encoding: of.content_encoding,
        body,
        max_body: hub.gate.max_body,
    };
    match hub.gateway.serve(&wish, hub.push.rules(), &mut hub.store, now) {
        Ok(()) => drop(response.begin(status, "text/plain; charset=utf-8")),
        Err(Unserved::Bad(sentence)) => response.say(Status::BadRequest, &sentence),
        Err(Unserved::Media(sentence)) => response.say(Status::UnsupportedMedia, sentence),
        Err(Unserved::Full) => response.say(Status::Unavailable, "There are too many groups."),
    }
}

#[cfg(feature = "hub")]
fn say_fault(Fault { at, expected }: Fault, response: &mut Response) {
    let sentence = format!("The body is not as it should be: expected {expected} at byte {at}.");
    response.say(Status::BadRequest, &sentence);
}

const HOME_HEAD: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>sysmetrics</title>\
    <style>:root{color-scheme:light dark}body{font:1rem/1.6 system-ui;margin:2rem}</style>\
    </head><body><h1>sysmetrics</h1><p>A metrics agent, version ";

fn write_traffic(
    metrics_path: &str,
    answers: &[[u64; Status::ALL.len()]],
    traffic: Traffic,
    out: &mut dyn Sink,
) {
    let [requests, now, refused, evicted, timed_out, lines] = &FAMILIES;
    out.family(requests);
    for (route, counts) in answers.iter().enumerate() {
        let path = match ROUTES.get(route) {
            Some(Route { path: "", .. }) => metrics_path,
            Some(route) => route.path,
            None => "other",
        };
        for (status, count) in Status::ALL.iter().zip(counts).filter(|(_, count)| **count > 0) {
            out.sample(&[path.into(), status.code().into()], requests.value(*count));
        }
    }
    for (family, raw) in [
        (now, traffic.now),
        (refused, traffic.refused),
        (evicted, traffic.evicted),
        (timed_out, traffic.timed_out),
        (lines, crate::log::dropped()),
    ] {
        out.family(family);
        out.sample(&[], family.value(raw));
    }
}

/// The families about serving, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    #[cfg(feature = "hub")]
    let more = crate::hub::families();
    #[cfg(not(feature = "hub"))]
    let more = std::iter::empty();
    FAMILIES.iter().chain(more)
}
