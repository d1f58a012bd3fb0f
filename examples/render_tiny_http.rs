//! The page on a path of a tiny_http server that is there anyway.
//!
//! `cargo run --example render_tiny_http --features recorder`, then `curl localhost:3000/metrics`.

use std::error::Error;
use sysmetrics::{Format, PrometheusBuilder, PrometheusHandle};
use tiny_http::{Header, Response, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let handle = PrometheusBuilder::new().install_recorder()?;
    let server = Server::http("127.0.0.1:3000").map_err(|error| error.to_string())?;
    for request in server.incoming_requests() {
        metrics::counter!("requests_total").increment(1);
        match request.url() {
            "/metrics" => request.respond(page(&handle)?)?,
            _ => request.respond(Response::from_string("Hello.\n"))?,
        }
    }
    Ok(())
}

fn page(handle: &PrometheusHandle) -> Result<Response<std::io::Cursor<Vec<u8>>>, String> {
    let format = Format::Prometheus;
    let header = Header::from_bytes("Content-Type", format.content_type());
    let header = header.map_err(|()| "no header".to_owned())?;
    Ok(Response::from_string(handle.render_as(format)).with_header(header))
}
