//! The status page, its data as JSON, series of other programs, and health.

use crate::base::text::words::quoted;
use crate::outputs::status::{self, Health, Search};
use crate::serve::http::{Query, Request, Response, Status, accepts_gzip};
use crate::serve::routes::service::{JSON, Service};
use crate::workers::gunzip;
use std::time::Instant;

/// The Content-Security-Policy of responses that are not pages.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

impl Service {
    /// `/status`
    pub(in crate::serve::routes) fn page(
        &mut self,
        request: &Request<'_>,
        response: &mut Response,
    ) {
        let out = response.begin(Status::Ok, "text/html; charset=utf-8");
        if accepts_gzip(&request.accept_encoding) {
            out.put(status::PAGE_GZIP);
            response.set_gzip();
        } else {
            // The constant was compressed by us, and a test decodes it.
            out.put(&gunzip(status::PAGE_GZIP, status::MAX_PAGE).unwrap_or_default());
        }
        response.varies();
        response.restrict(status::POLICY);
    }

    /// `/api/status`
    pub(in crate::serve::routes) fn status(
        &mut self,
        request: &Request<'_>,
        response: &mut Response,
    ) {
        let now = Instant::now();
        self.pipelines.scrape_for_status(&mut self.gather);
        let health = self.health_of(now);
        let out = response.begin(Status::Ok, JSON);
        self.pipelines.write_status(&self.gather, &health, now, out);
        response.restrict(NO_PAGE);
        self.compress(request, response);
    }

    /// `/api/health`
    pub(in crate::serve::routes) fn troubles(&mut self, _: &Request<'_>, response: &mut Response) {
        let health = self.health_of(Instant::now());
        let status = if health.is_failing() { Status::Unavailable } else { Status::Ok };
        health.write(response.begin(status, JSON));
        response.restrict(NO_PAGE);
    }

    /// `/api/series`
    pub(in crate::serve::routes) fn series(
        &mut self,
        request: &Request<'_>,
        response: &mut Response,
    ) {
        let search = match search_of(request.query) {
            Ok(search) => search,
            Err(sentence) => return response.text(Status::BadRequest, &sentence),
        };
        let out = response.begin(Status::Ok, JSON);
        self.pipelines.write_series(&search, &mut self.gather, out);
        response.restrict(NO_PAGE);
        self.compress(request, response);
    }

    fn health_of(&mut self, now: Instant) -> Health {
        let mut health = Health::default();
        health.check(&mut self.gather, now);
        self.pipelines.troubles(now, &mut health);
        health
    }
}

/// Parses the query of a search; otherwise the sentence of the response.
fn search_of(query: &str) -> Result<Search, String> {
    const EXPECTED: &str = "Expected are q, a text of at most 256 bytes, and limit, a number from 1 \
        to 500, each at most once; found ";
    let [usual, most] = status::LIMITS;
    let (mut words, mut limit) = (None, None);
    for (key, value) in Query::of(query) {
        let number = value.parse().ok().filter(|n| (1..=most).contains(n));
        let is_good = match (&*key, number) {
            ("q", _) => value.len() <= status::MAX_WORDS && words.is_none(),
            ("limit", Some(_)) => limit.is_none(),
            _ => false,
        };
        if !is_good {
            return Err([EXPECTED, &quoted(&key), " = ", &quoted(&value), "."].concat());
        }
        match number {
            Some(number) if key != "q" => limit = Some(number),
            _ => words = Some(value),
        }
    }
    Ok(Search::new(words.unwrap_or_default(), limit.unwrap_or(usual)))
}
