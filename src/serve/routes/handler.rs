//! The service as a handler of the loop.

use super::metrics::write_traffic;
use super::of_pipelines;
use super::service::{OTHER, Route, Serve, Service};
use crate::base::sys::{self, Ends, Ready};
use crate::model::metric::Sink;
use crate::serve::event::{Handler, Traffic};
use crate::serve::http::{Method, Request, Response, Status};
use std::time::Instant;

impl Handler for Service {
    fn answer(&mut self, request: &Request<'_>, response: &mut Response) {
        let (at, route) = self.route(request.path);
        let serve = route.map(|route| &route.serve);
        match (serve, request.method) {
            (Some(Serve::Get(serve)), Method::Get | Method::Head) => {
                serve(self, request, response);
            }
            (Some(Serve::Get(_)), method) => {
                response.allow(method, "GET, HEAD", "Only GET and HEAD are served here.");
            }
            (Some(Serve::Post(_)), method) => {
                response.allow(method, "POST", "Only POST is served here.");
            }
            (Some(Serve::Group(_)), method) => {
                let sentence = "Only PUT, POST and DELETE are served here.";
                response.allow(method, "PUT, POST, DELETE", sentence);
            }
            (None, Method::Options) if request.path == "*" => {
                response.allow(Method::Options, "GET, HEAD", "");
            }
            (None, _) => {
                let sentence =
                    format!("There is nothing here; the metrics are at {}.", self.metrics_path);
                response.text(Status::NotFound, &sentence);
            }
        }
        self.count(at, response.status());
    }

    fn repeated(&mut self, request: &Request<'_>, status: Status) {
        let (at, _) = self.route(request.path);
        self.count(at, status);
    }

    fn refused(&mut self, status: Status) {
        self.count(OTHER, status);
    }

    fn traffic(&mut self) -> &mut Traffic {
        &mut self.counts.traffic
    }

    fn takes_body(&self, request: &Request<'_>) -> bool {
        match self.route(request.path).1 {
            Some(Route { serve: Serve::Post(_), .. }) => request.method == Method::Post,
            Some(Route { serve: Serve::Group(_), .. }) => {
                matches!(request.method, Method::Put | Method::Post | Method::Delete)
            }
            _ => false,
        }
    }

    #[cfg(feature = "tls")]
    fn takes_token(&self, request: &Request<'_>) -> bool {
        self.pipelines.inputs.push_auth.tokens.is_some() && self.takes_body(request)
    }

    fn body_limit(&self) -> usize {
        of_pipelines::body_limit(&self.pipelines)
    }

    fn admits(&mut self, request: &Request<'_>, ends: Ends, response: &mut Response) -> bool {
        let admitted = of_pipelines::admit(&self.pipelines, request, ends);
        if let Err((status, sentence)) = admitted {
            response.text(status, sentence);
            let (at, _) = self.route(request.path);
            self.count(at, status);
        }
        admitted.is_ok()
    }

    fn receive(
        &mut self,
        request: &Request<'_>,
        body: &[u8],
        now: Instant,
        response: &mut Response,
    ) {
        let (at, route) = self.route(request.path);
        if let Some(Route { serve: Serve::Post(take) | Serve::Group(take), .. }) = route {
            take(&mut self.pipelines, request, body, now, response);
        }
        self.count(at, response.status());
    }

    fn wait_on(&self, ready: &mut Vec<Ready>) {
        self.pipelines.wait_on(ready);
    }

    fn deadline(&self) -> Option<Instant> {
        let pipelines = self.pipelines.deadline();
        pipelines.into_iter().chain(self.notify.deadline()).min()
    }

    fn turn(&mut self, ready: &[Ready], now: Instant) {
        self.notify.beat(now);
        let Service { pipelines, gather, metrics_path, counts, routes, .. } = self;
        let served = |out: &mut dyn Sink| write_traffic(metrics_path, routes, counts, out);
        pipelines.turn(ready, gather, &served, now);
        // A client that only pushes samples may never scrape.
        if self.turns.is_over() {
            sys::release_memory();
        }
    }

    fn begin_shutdown(&mut self, end: Instant) {
        let Service { pipelines, gather, metrics_path, counts, routes, .. } = self;
        let served = |out: &mut dyn Sink| write_traffic(metrics_path, routes, counts, out);
        pipelines.begin_shutdown(gather, &served, end);
    }

    fn finish(&mut self, end: Instant) {
        self.pipelines.shutdown(end);
    }
}
