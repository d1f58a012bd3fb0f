//! The page on a route of an axum server that is there anyway.
//!
//! `cargo run --example render_axum --features recorder`, then `curl localhost:3000/metrics`.

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::get;
use std::error::Error;
#[cfg(test)]
use std::io::{Read, Write};
use std::net::TcpListener;
use sysmetrics::{Format, PrometheusBuilder, PrometheusHandle};

fn app(handle: PrometheusHandle) -> Router {
    let metrics = move |headers: HeaderMap| async move { page(&handle, &headers) };
    Router::new().route("/", get(hello)).route("/metrics", get(metrics))
}

async fn hello() -> &'static str {
    metrics::counter!("greetings_total").increment(1);
    "Hello.\n"
}

/// In OpenMetrics, which has exemplars, for who asks for it.
fn page(handle: &PrometheusHandle, headers: &HeaderMap) -> impl IntoResponse + use<> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let format = match accept {
        Some(accept) if accept.contains("application/openmetrics-text") => Format::OpenMetrics,
        _ => Format::Prometheus,
    };
    ([(header::CONTENT_TYPE, format.content_type())], handle.render_as(format))
}

fn serve(listener: TcpListener, app: Router) -> Result<(), Box<dyn Error>> {
    listener.set_nonblocking(true)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async {
        axum::serve(tokio::net::TcpListener::from_std(listener)?, app).await?;
        Ok(())
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let app = app(PrometheusBuilder::new().install_recorder()?);
    serve(TcpListener::bind("127.0.0.1:3000")?, app)
}

#[cfg(test)]
#[test]
fn answers() {
    let app = app(PrometheusBuilder::new().install_recorder().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || serve(listener, app).unwrap());
    let get = |head: &str| {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let head = format!("GET {head}Host: test\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(get("/ HTTP/1.1\r\n").ends_with("Hello.\n"));
    let text = get("/metrics HTTP/1.1\r\n");
    assert!(text.contains("content-type: text/plain; version=0.0.4"), "{text}");
    assert!(text.ends_with("# TYPE greetings_total counter\ngreetings_total 1\n"), "{text}");
    let open = get("/metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\n");
    assert!(open.ends_with("greetings_total 1\n# EOF\n"), "{open}");
}
