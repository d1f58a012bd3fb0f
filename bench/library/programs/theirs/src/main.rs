//! The same, and serves what it counts.

use metrics_exporter_prometheus::PrometheusBuilder;

fn main() {
    let builder = PrometheusBuilder::new().with_http_listener(([127, 0, 0, 1], 9000));
    builder.install().expect("nobody else listens on port 9000");
    metrics::counter!("started_total").increment(1);
    std::thread::park();
}
