//! The page on a path of a tiny_http server that is there anyway.
//!
//! `cargo run --example render_tiny_http --features recorder`, then `curl localhost:3000/metrics`.

use std::error::Error;
#[cfg(test)]
use std::io::{Read, Write};
use sysmetrics::{Format, PrometheusBuilder, PrometheusHandle};
use tiny_http::{Header, Response, Server};

fn serve(server: &Server, handle: &PrometheusHandle) -> Result<(), Box<dyn Error>> {
    for request in server.incoming_requests() {
        metrics::counter!("requests_total").increment(1);
        match request.url() {
            "/metrics" => request.respond(page(handle)?)?,
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

fn main() -> Result<(), Box<dyn Error>> {
    let handle = PrometheusBuilder::new().install_recorder()?;
    serve(&Server::http("127.0.0.1:3000").map_err(|error| error.to_string())?, &handle)
}

#[cfg(test)]
#[test]
fn answers() {
    let handle = PrometheusBuilder::new().install_recorder().unwrap();
    let server = Server::http("127.0.0.1:0").unwrap();
    let address = server.server_addr().to_ip().unwrap();
    std::thread::spawn(move || serve(&server, &handle).unwrap());
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let head = "GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("text/plain; version=0.0.4"), "{answer}");
    assert!(answer.ends_with("# TYPE requests_total counter\nrequests_total 1\n"), "{answer}");
}
