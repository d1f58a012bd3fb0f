//! A scheduler that works in batches: how long each took, how many tasks went well, how much waits, and
//! when a batch last came to its end.
//!
//! `cargo run --example scheduler --features recorder`, then `curl localhost:9000/metrics`.

use metrics::{counter, gauge, histogram};
use std::collections::VecDeque;
use std::error::Error;
use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use sysmetrics::PrometheusBuilder;

/// Tasks that are done in one go.
const BATCH: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    // Quantiles of the last minute, in place of buckets.
    let builder = PrometheusBuilder::new().set_quantiles(&[0.5, 0.99])?;
    builder.with_http_listener((Ipv4Addr::LOCALHOST, 9000)).install()?;
    let mut queue = VecDeque::new();
    for id in 0u32.. {
        queue.push_back(id);
        if queue.len() >= BATCH {
            batch(&mut queue);
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// Works through some of the queue.
fn batch(queue: &mut VecDeque<u32>) {
    let start = Instant::now();
    let done = queue.drain(..BATCH.min(queue.len())).map(task);
    let (good, bad): (Vec<bool>, Vec<bool>) = done.partition(|good| *good);
    for (outcome, tasks) in [("done", good.len()), ("failed", bad.len())] {
        counter!("scheduler_tasks_total", "outcome" => outcome).increment(tasks as u64);
    }
    gauge!("scheduler_queue_length").set(queue.len() as f64);
    histogram!("scheduler_batch_tasks").record((good.len() + bad.len()) as f64);
    histogram!("scheduler_batch_duration_seconds").record(start.elapsed());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    gauge!("scheduler_last_batch_timestamp_seconds").set(now.as_secs_f64());
}

/// Whether it went well.
fn task(id: u32) -> bool {
    thread::sleep(Duration::from_millis(2));
    !id.is_multiple_of(5)
}

#[cfg(test)]
#[test]
fn prints_its_page() {
    let builder = PrometheusBuilder::new().set_quantiles(&[0.5, 0.99]).unwrap();
    let handle = builder.install_recorder().unwrap();
    let mut queue: VecDeque<u32> = (0..10).collect();
    batch(&mut queue);
    batch(&mut queue);
    let page = handle.render();
    println!("{page}");
    for line in [
        "scheduler_tasks_total{outcome=\"done\"} 6",
        "scheduler_tasks_total{outcome=\"failed\"} 2",
        "scheduler_queue_length 2",
        "# TYPE scheduler_batch_duration_seconds summary",
        "scheduler_batch_duration_seconds_count 2",
        "scheduler_batch_tasks{quantile=\"0.5\"} 4",
        "scheduler_batch_tasks_sum 8",
    ] {
        assert!(page.lines().any(|l| l == line), "{line}\n{page}");
    }
}
