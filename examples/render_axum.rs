//! The page on a route of an axum server that is there anyway.
//!
//! `cargo run --example render_axum --features recorder`, then `curl localhost:3000/metrics`.

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::get;
use std::error::Error;
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

fn main() -> Result<(), Box<dyn Error>> {
    let app = app(PrometheusBuilder::new().install_recorder()?);
    tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?.block_on(
        async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
            axum::serve(listener, app).await?;
            Ok(())
        },
    )
}
