//! Middleware: whatever answers a request is wrapped in what counts it, by route, method and status, and
//! measures how long it takes. The framework here is a function; any other is wrapped the same way.
//!
//! `cargo run --example http_middleware --features recorder`

use metrics::{counter, gauge, histogram};
use std::error::Error;
use std::time::Instant;
use sysmetrics::PrometheusBuilder;

struct Request {
    method: &'static str,
    path: String,
}

struct Response {
    status: u16,
}

/// The route of a path: what clients can make up never becomes a label, or there is a series for each.
fn route(path: &str) -> &'static str {
    match path.split('/').nth(1) {
        Some("users") => "/users/:id",
        Some("health") => "/health",
        _ => "other",
    }
}

fn handler(request: &Request) -> Response {
    let status = match (request.method, route(&request.path)) {
        ("GET", "/users/:id" | "/health") => 200,
        (_, "other") => 404,
        _ => 405,
    };
    Response { status }
}

/// `next`, measured.
fn measured(next: impl Fn(&Request) -> Response) -> impl Fn(&Request) -> Response {
    // Kept: one atomic operation for each use.
    let in_flight = gauge!("http_requests_in_flight");
    move |request| {
        let (start, route) = (Instant::now(), route(&request.path));
        in_flight.increment(1);
        let response = next(request);
        in_flight.decrement(1);
        let status = response.status.to_string();
        counter!("http_requests_total", "method" => request.method, "route" => route, "status" => status)
            .increment(1);
        histogram!("http_request_duration_seconds", "route" => route).record(start.elapsed());
        response
    }
}

fn serve() {
    let app = measured(handler);
    for (method, path) in
        [("GET", "/users/7"), ("GET", "/users/8"), ("PUT", "/users/8"), ("GET", "/../etc")]
    {
        app(&Request { method, path: path.to_owned() });
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let handle = PrometheusBuilder::new().install_recorder()?;
    serve();
    print!("{}", handle.render());
    Ok(())
}

#[cfg(test)]
#[test]
fn prints_its_page() {
    let handle = PrometheusBuilder::new().install_recorder().unwrap();
    serve();
    let page = handle.render();
    println!("{page}");
    for line in [
        "http_requests_total{method=\"GET\",route=\"/users/:id\",status=\"200\"} 2",
        "http_requests_total{method=\"PUT\",route=\"/users/:id\",status=\"405\"} 1",
        "http_requests_total{method=\"GET\",route=\"other\",status=\"404\"} 1",
        "http_request_duration_seconds_count{route=\"/users/:id\"} 3",
        "http_requests_in_flight 0",
    ] {
        assert!(page.lines().any(|l| l == line), "{line}\n{page}");
    }
}
