//! What the loop asks of the service.

use super::{OTHER, ROUTES, Route, Serve, Service, metrics};
use crate::event::{Front, Traffic};
use crate::http::{Method, Request, Response, Status};
#[cfg(feature = "hub")]
use crate::ingest::{Denied, Sender};
use crate::metric::Sink;
#[cfg(feature = "hub")]
use crate::sys::Ends;
use crate::sys::Ready;
use std::time::Instant;

impl Front for Service {
    fn answer(&mut self, request: &Request<'_>, response: &mut Response) {
        let route = self.route(request.path);
        match (route.and_then(|at| ROUTES.get(at)), request.method) {
            (Some(Route { serve: Serve::Get(serve), .. }), Method::Get | Method::Head) => {
                serve(self, request, response);
            }
            (Some(Route { serve: Serve::Get(_), .. }), method) => {
                response.allow(method, "GET, HEAD", "Only GET and HEAD are served here.");
            }
            #[cfg(feature = "hub")]
            (Some(Route { serve: Serve::Post(_), .. }), method) => {
                response.allow(method, "POST", "Only POST is served here.");
            }
            #[cfg(feature = "hub")]
            (Some(Route { serve: Serve::Group(_), .. }), method) => {
                let sentence = "Only PUT, POST and DELETE are served here.";
                response.allow(method, "PUT, POST, DELETE", sentence);
            }
            (None, Method::Options) if request.path == "*" => {
                response.allow(Method::Options, "GET, HEAD", "");
            }
            (None, _) => {
                let sentence =
                    format!("There is nothing here; the metrics are at {}.", self.metrics_path);
                response.say(Status::NotFound, &sentence);
            }
        }
        self.count(route.unwrap_or(OTHER), response.status());
    }

    fn repeated(&mut self, request: &Request<'_>, status: Status) {
        let route = self.route(request.path);
        self.count(route.unwrap_or(OTHER), status);
    }

    fn refused(&mut self, status: Status) {
        self.count(OTHER, status);
    }

    fn traffic(&mut self) -> &mut Traffic {
        &mut self.traffic
    }

    #[cfg(feature = "hub")]
    fn takes_body(&self, request: &Request<'_>) -> bool {
        match self.route(request.path).and_then(|at| ROUTES.get(at)) {
            Some(Route { serve: Serve::Post(_), .. }) => request.method == Method::Post,
            Some(Route { serve: Serve::Group(_), .. }) => {
                matches!(request.method, Method::Put | Method::Post | Method::Delete)
            }
            _ => false,
        }
    }

    #[cfg(feature = "hub")]
    fn body_limit(&self) -> usize {
        self.hub.gate.max_body
    }

    #[cfg(feature = "hub")]
    fn admits(&mut self, request: &Request<'_>, ends: Ends, response: &mut Response) -> bool {
        let sender = Sender {
            ends,
            host: request.host,
            is_of_page: request.is_of_page,
            is_relayed: request.is_relayed,
        };
        match self.hub.gate.judge(request.authorization, &sender) {
            Ok(()) => true,
            Err(denied) => {
                let (is_token, sentence) = (denied == Denied::Token, denied.said());
                let status = if is_token { Status::Unauthorized } else { Status::Forbidden };
                response.say(status, sentence);
                let route = self.route(request.path);
                self.count(route.unwrap_or(OTHER), status);
                false
            }
        }
    }

    #[cfg(feature = "hub")]
    fn receive(
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

    #[cfg(feature = "hub")]
    fn wait_on(&self, ready: &mut Vec<Ready>) {
        self.hub.wait_on(ready);
    }

    fn deadline(&self) -> Option<Instant> {
        let hub = self.hub.deadline();
        hub.into_iter().chain(self.notify.deadline()).min()
    }

    fn turn(&mut self, ready: &[Ready], now: Instant) {
        self.notify.beat(now);
        let Service { hub, gather, metrics_path, answers, traffic, .. } = self;
        let served =
            |out: &mut dyn Sink| metrics::write_traffic(metrics_path, answers, *traffic, out);
        hub.turn(ready, gather, &served, now);
    }

    #[cfg(feature = "hub")]
    fn begin_end(&mut self, end: Instant) {
        let Service { hub, gather, metrics_path, answers, traffic, .. } = self;
        let served =
            |out: &mut dyn Sink| metrics::write_traffic(metrics_path, answers, *traffic, out);
        hub.begin_end(gather, &served, end);
    }

    #[cfg(feature = "hub")]
    fn finish(&mut self, end: Instant) {
        self.hub.finish(end);
    }
}
