//! The status page, the same as JSON, and what is wrong.

use super::{JSON, Service};
use crate::courier::gunzip;
use crate::http::{Request, Response, Status, accepts_gzip};
use crate::status::{self, Health};
use std::time::Instant;

/// The Content-Security-Policy of what is no page.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

impl Service {
    /// `/status`
    pub(super) fn page(&mut self, request: &Request<'_>, response: &mut Response) {
        let out = response.begin(Status::Ok, "text/html; charset=utf-8");
        if accepts_gzip(&request.accept_encoding) {
            out.put(status::PAGE_GZIP);
            response.set_gzip();
        } else {
            // It was compressed by us, and a test reads it back.
            out.put(&gunzip(status::PAGE_GZIP, status::MAX_PAGE).unwrap_or_default());
        }
        response.varies();
        response.restrict(status::POLICY);
    }

    /// `/api/status`
    pub(super) fn status(&mut self, request: &Request<'_>, response: &mut Response) {
        let now = Instant::now();
        let mut seen = status::Status::default();
        self.gather.scrape(self.gather.all(), &mut seen);
        self.hub.write_self(&mut seen);
        let health = self.health_of(now);
        let out = response.begin(Status::Ok, JSON);
        seen.write(&self.gather, self.hub.peers(), &health, now, out);
        response.restrict(NO_PAGE);
        self.compress(request, response);
    }

    /// `/api/health`
    pub(super) fn troubles(&mut self, _: &Request<'_>, response: &mut Response) {
        let health = self.health_of(Instant::now());
        let status = if health.is_failing() { Status::Unavailable } else { Status::Ok };
        health.write(response.begin(status, JSON));
        response.restrict(NO_PAGE);
    }

    fn health_of(&mut self, now: Instant) -> Health {
        let mut health = Health::default();
        health.look(&mut self.gather, now);
        self.hub.troubles(now, &mut health);
        health
    }
}
