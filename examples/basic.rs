//! Counters, gauges and histograms, with and without labels, through the facade `metrics`.
//!
//! `cargo run --example basic --features recorder`, then `curl localhost:9000/metrics`.

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use std::error::Error;
use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;
use sysmetrics::{Matcher, PrometheusBuilder};

fn main() -> Result<(), Box<dyn Error>> {
    builder()?.with_http_listener((Ipv4Addr::LOCALHOST, 9000)).install()?;
    describe();
    loop {
        work();
        thread::sleep(Duration::from_secs(1));
    }
}

/// Sizes have buckets of their own; whatever else is observed is in seconds.
fn builder() -> Result<PrometheusBuilder, Box<dyn Error>> {
    let sizes = Matcher::Suffix("_bytes".into());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(sizes, &[1e2, 1e4, 1e6])?;
    Ok(builder.add_global_label("service", "basic"))
}

/// Said once; whether before or after the first use makes no difference.
fn describe() {
    describe_counter!("requests_total", Unit::Count, "Requests taken, by method.");
    describe_gauge!("queue_length", Unit::Count, "Jobs that wait.");
    describe_histogram!("request_duration_seconds", Unit::Seconds, "How long a request takes.");
    describe_histogram!("answer_bytes", Unit::Bytes, "How large answers are.");
}

fn work() {
    counter!("requests_total", "method" => "GET").increment(2);
    counter!("requests_total", "method" => "POST").increment(1);
    let queue = gauge!("queue_length");
    queue.set(5);
    queue.decrement(2);
    histogram!("request_duration_seconds", "method" => "GET").record(Duration::from_millis(7));
    histogram!("answer_bytes").record_many(2048, 3);
}

#[cfg(test)]
#[test]
fn prints_its_page() {
    let handle = builder().unwrap().install_recorder().unwrap();
    describe();
    work();
    let page = handle.render();
    println!("{page}");
    for line in [
        "# HELP requests_total Requests taken, by method.",
        "requests_total{method=\"GET\",service=\"basic\"} 2",
        "requests_total{method=\"POST\",service=\"basic\"} 1",
        "queue_length{service=\"basic\"} 3",
        "request_duration_seconds_bucket{method=\"GET\",service=\"basic\",le=\"0.01\"} 1",
        "request_duration_seconds_sum{method=\"GET\",service=\"basic\"} 0.007",
        "answer_bytes_bucket{service=\"basic\",le=\"10000\"} 3",
        "answer_bytes_sum{service=\"basic\"} 6144",
    ] {
        assert!(page.lines().any(|l| l == line), "{line}\n{page}");
    }
}
