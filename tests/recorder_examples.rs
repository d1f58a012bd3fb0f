//! Programs as they are written for metrics-exporter-prometheus, with one line changed: the first `use`
//! below. The mask of kinds stays that of metrics-util. Native histograms, protocol buffers and the
//! exporter as a future are all that is missing of them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
    with_local_recorder,
};
use metrics_util::MetricKindMask;
use std::num::NonZeroU32;
use std::thread;
use std::time::{Duration, Instant};
use sysmetrics::BuildError;
use sysmetrics::Matcher;
use sysmetrics::PrometheusBuilder;
use sysmetrics::PrometheusHandle;
use sysmetrics::PrometheusRecorder;

/// What a server that loops says of itself.
fn work() {
    describe_counter!("loops_total", "How often the server went round.");
    describe_gauge!("luck", Unit::Count, "Good rounds less bad ones.");
    describe_histogram!("loop_delta_secs", Unit::Seconds, "How long a round took.");
    counter!("idle_metric").increment(1);
    let mut last = None;
    for round in 0..4u32 {
        counter!("loops_total", "system" => "foo").increment(1);
        if let Some(last) = last {
            let delta: Duration = Instant::now() - last;
            histogram!("loop_delta_secs", "system" => "foo").record(delta);
        }
        let luck = gauge!("luck");
        if round == 2 {
            luck.decrement(1.0)
        } else {
            luck.increment(1.0)
        }
        last = Some(Instant::now());
    }
    gauge!("testing").set(42.0);
}

fn check(page: &str) {
    for line in [
        "# HELP loops_total How often the server went round.",
        "# TYPE loops_total counter",
        "loops_total{system=\"foo\"} 4",
        "idle_metric 1",
        "luck 2",
        "testing 42",
        "loop_delta_secs_count{system=\"foo\"} 3",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
}

/// One test, as a process has one recorder.
#[test]
fn a_server_that_is_scraped() {
    let builder = PrometheusBuilder::new();
    builder
        .with_http_listener(([127, 0, 0, 1], 0))
        .idle_timeout(
            MetricKindMask::COUNTER | MetricKindMask::HISTOGRAM,
            Some(Duration::from_secs(10)),
        )
        .install()
        .expect("failed to install Prometheus recorder");
    work();
    let again = PrometheusBuilder::new().install_recorder();
    assert!(matches!(again, Err(BuildError::FailedToSetGlobalRecorder)));
}

#[test]
fn a_job_that_pushes() {
    let built = PrometheusBuilder::new()
        .with_push_gateway(
            "http://127.0.0.1:9091/metrics/job/example",
            Duration::from_secs(10),
            Some("user".to_owned()),
            None,
            false,
        )
        .expect("push gateway endpoint should be valid")
        .idle_timeout(MetricKindMask::ALL, Some(Duration::from_secs(10)))
        .build();
    let (recorder, _exporter) = built.expect("failed to build recorder/exporter");
    with_local_recorder(&recorder, work);
    check(&recorder.handle().render());
}

#[test]
fn a_socket_instead_of_a_port() {
    let path = std::env::temp_dir().join(format!("example-{}.sock", std::process::id()));
    let builder = PrometheusBuilder::new().with_http_uds_listener(path);
    let (recorder, exporter) =
        builder.idle_timeout(MetricKindMask::NONE, None).build().expect("nobody has the path");
    with_local_recorder(&recorder, work);
    check(&recorder.handle().render());
    // Where the other is a future that is spawned.
    drop(exporter);
}

#[test]
fn a_page_on_a_route_of_the_programs_own() {
    let recorder: PrometheusRecorder = PrometheusBuilder::new()
        .add_allowed_address("127.0.0.0/8")
        .and_then(|builder| builder.set_bucket_duration(Duration::from_secs(30)))
        .expect("both are right")
        .set_bucket_count(NonZeroU32::new(4).unwrap())
        .upkeep_timeout(Duration::from_secs(5))
        .set_enable_unit_suffix(false)
        .build_recorder();
    let handle: PrometheusHandle = recorder.handle();
    let upkeep = recorder.handle();
    let upkeep = thread::spawn(move || upkeep.run_upkeep());
    with_local_recorder(&recorder, work);
    check(&handle.render());
    let mut page = Vec::new();
    handle.render_to_write(&mut page).expect("memory takes all of it");
    check(str::from_utf8(&page).unwrap());
    upkeep.join().unwrap();
}

#[test]
fn histograms_by_name_and_labels_for_all() -> Result<(), BuildError> {
    let recorder = PrometheusBuilder::new()
        .with_recommended_naming(true)
        .add_global_label("service", "example")
        .set_quantiles(&[0.5, 0.9])?
        .set_buckets_for_metric(Matcher::Full("exact".to_owned()), &[1.0])?
        .set_buckets_for_metric(Matcher::Prefix("http".to_owned()), &[2.0])?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &[3.0])?
        .build_recorder();
    with_local_recorder(&recorder, || {
        describe_counter!("sent", Unit::Bytes, "What was sent.");
        counter!("sent").increment(7);
        for name in ["exact", "http_x", "wait_seconds", "other"] {
            histogram!(name).record(0.5);
        }
    });
    let page = recorder.handle().render();
    for line in [
        "sent_bytes_total{service=\"example\"} 7",
        "exact_bucket{service=\"example\",le=\"1\"} 1",
        "http_x_bucket{service=\"example\",le=\"2\"} 1",
        "wait_seconds_bucket{service=\"example\",le=\"3\"} 1",
        "other{service=\"example\",quantile=\"0.5\"} 0.5",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
    Ok(())
}

#[test]
fn masks_of_the_other_crate_are_the_same() {
    type Own = sysmetrics::MetricKindMask;
    for (theirs, own) in [
        (MetricKindMask::NONE, Own::NONE),
        (MetricKindMask::COUNTER, Own::COUNTER),
        (MetricKindMask::GAUGE | MetricKindMask::HISTOGRAM, Own::GAUGE | Own::HISTOGRAM),
        (MetricKindMask::ALL, Own::ALL),
    ] {
        assert_eq!(Own::from(theirs), own);
    }
}
