//! The library behaves like metrics-exporter-prometheus; `sysmetrics::recorder` lists the differences.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // a test starts itself

#[path = "recorder/names.rs"]
mod names;

use metrics::{Key, Label, Level, Metadata, Recorder};
use std::num::NonZeroU32;
use std::time::Duration;
use sysmetrics::BuildError;
use sysmetrics::Format;
use sysmetrics::Matcher;
use sysmetrics::MetricKindMask;
use sysmetrics::PrometheusBuilder;
use sysmetrics::PrometheusRecorder;

static METADATA: Metadata<'static> = Metadata::new("tests", Level::INFO, None);

fn counter(recorder: &PrometheusRecorder, key: &Key) -> metrics::Counter {
    recorder.register_counter(key, &METADATA)
}

fn histogram(recorder: &PrometheusRecorder, name: &'static str) -> metrics::Histogram {
    recorder.register_histogram(&Key::from_name(name), &METADATA)
}

#[test]
fn all_kinds_are_rendered() {
    let recorder = PrometheusBuilder::new().set_quantiles(&[0.0, 1.0]).unwrap().build_recorder();
    counter(&recorder, &Key::from_name("basic_counter")).increment(42);
    let key = Key::from_parts("basic_gauge", vec![Label::new("wutang", "forever")]);
    let gauge = recorder.register_gauge(&key, &METADATA);
    gauge.set(-5.25);
    gauge.increment(3.0);
    gauge.decrement(1.0);
    histogram(&recorder, "basic_histogram").record(12.0);
    assert_eq!(
        recorder.handle().render(),
        "# TYPE basic_counter counter\nbasic_counter 42\n\
         # TYPE basic_gauge gauge\nbasic_gauge{wutang=\"forever\"} -3.25\n\
         # TYPE basic_histogram summary\nbasic_histogram{quantile=\"0\"} 12\n\
         basic_histogram{quantile=\"1\"} 12\nbasic_histogram_sum 12\nbasic_histogram_count 1\n"
    );
}

#[test]
fn counters_take_the_largest_absolute() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = counter(&recorder, &Key::from_name("c"));
    handle.absolute(7);
    handle.absolute(5);
    handle.increment(1);
    assert_eq!(recorder.handle().render(), "# TYPE c counter\nc 8\n");
}

#[test]
fn without_more_histograms_have_buckets_in_seconds() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = histogram(&recorder, "wait");
    handle.record(0.3);
    handle.record_many(7.0, 3);
    handle.record(Duration::from_millis(20));
    let page = recorder.handle().render();
    let counts: Vec<&str> = page.lines().filter_map(|l| Some(l.split_once("le=\"")?.1)).collect();
    let expected = "0.005\"} 0,0.01\"} 0,0.025\"} 1,0.05\"} 1,0.1\"} 1,0.25\"} 1,0.5\"} 2,1\"} 2,\
                    2.5\"} 2,5\"} 2,10\"} 5,+Inf\"} 5";
    assert_eq!(counts.join(","), expected);
    assert!(page.ends_with("wait_sum 21.32\nwait_count 5\n"), "{page}");
}

#[test]
fn summaries_have_the_usual_quantiles() {
    let builder = PrometheusBuilder::new().with_summaries();
    let builder = builder.set_bucket_count(NonZeroU32::new(2).unwrap());
    let recorder = builder.set_bucket_duration(Duration::from_secs(5)).unwrap().build_recorder();
    let handle = histogram(&recorder, "wait");
    (1..=1000).for_each(|n| handle.record(f64::from(n)));
    let page = recorder.handle().render();
    let mut texts = Vec::new();
    for line in page.lines() {
        if let Some((quantile, value)) =
            line.split_once("quantile=\"").map(|l| l.1).and_then(|l| l.split_once("\"} "))
        {
            texts.push((quantile.parse::<f64>().unwrap(), value.parse::<f64>().unwrap()));
        }
    }
    assert_eq!(
        texts.iter().map(|t| t.0).collect::<Vec<_>>(),
        [0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0]
    );
    for (quantile, value) in texts {
        let exact = (1.0 + quantile * 999.0).floor();
        assert!((value - exact).abs() <= exact / 128.0, "{quantile}: {value}, not {exact}");
    }
    assert!(page.ends_with("wait_sum 500500\nwait_count 1000\n"), "{page}");
}

#[test]
fn buckets_go_by_full_name_prefix_suffix_and_the_rest() {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("foo".into()), &[20.0])
        .and_then(|b| b.set_buckets_for_metric(Matcher::Prefix("metrics.testing".into()), &[15.0]))
        .and_then(|b| {
            b.set_buckets_for_metric(Matcher::Full("metrics.testing foo".into()), &[25.0])
        })
        .and_then(|b| b.set_buckets(&[10.0]))
        .and_then(|b| b.set_quantiles(&[0.5]))
        .unwrap()
        .build_recorder();
    for (name, exposed, bound) in [
        ("metrics.testing_foo", "metrics_testing_foo", 25),
        ("metrics.testing_bar", "metrics_testing_bar", 15),
        ("metrics_testin_foo", "metrics_testin_foo", 20),
        ("metrics.wee", "metrics_wee", 10),
    ] {
        histogram(&recorder, name).record(f64::from(bound) + 0.5);
        let expected = format!(
            "# TYPE {exposed} histogram\n{exposed}_bucket{{le=\"{bound}\"}} 0\n\
             {exposed}_bucket{{le=\"+Inf\"}} 1\n{exposed}_sum {bound}.5\n{exposed}_count 1\n"
        );
        let page = recorder.handle().render();
        assert!(page.contains(&expected), "{page}");
    }
}

#[test]
fn global_labels_give_way_and_the_last_holds() {
    let builder = PrometheusBuilder::new().add_global_label("foo", "foo");
    let recorder = builder.add_global_label("foo", "bar").build_recorder();
    counter(&recorder, &Key::from_name("basic")).increment(42);
    let key = Key::from_parts("overridden", &[("foo", "overridden")]);
    counter(&recorder, &key).increment(1);
    assert_eq!(
        recorder.handle().render(),
        "# TYPE basic counter\nbasic{foo=\"bar\"} 42\n\
         # TYPE overridden counter\noverridden{foo=\"overridden\"} 1\n"
    );
}

#[test]
fn what_is_idle_goes_by_its_kind() {
    let mask = MetricKindMask::COUNTER | MetricKindMask::HISTOGRAM;
    let after = Some(Duration::from_millis(50));
    let recorder = PrometheusBuilder::new().idle_timeout(mask, after).build_recorder();
    counter(&recorder, &Key::from_name("c")).increment(1);
    recorder.register_gauge(&Key::from_name("g"), &METADATA).set(1);
    histogram(&recorder, "h").record(1);
    let handle = recorder.handle();
    assert!(handle.render().contains("h_count 1\n"));
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(handle.render(), "# TYPE g gauge\ng 1\n");
    handle.run_upkeep();
}

#[test]
fn errors_of_the_builder_have_their_variant() {
    let new = PrometheusBuilder::new;
    assert!(matches!(new().set_buckets(&[]), Err(BuildError::EmptyBucketsOrQuantiles)));
    assert!(matches!(new().set_quantiles(&[]), Err(BuildError::EmptyBucketsOrQuantiles)));
    let matcher = Matcher::Full("a".into());
    let done = new().set_buckets_for_metric(matcher, &[]);
    assert!(matches!(done, Err(BuildError::EmptyBucketsOrQuantiles)));
    let zero = Duration::ZERO;
    assert!(matches!(new().set_bucket_duration(zero), Err(BuildError::ZeroBucketDuration)));
    assert!(new().add_allowed_address("127.0.0.1").is_ok());
    let error = new().add_allowed_address("localhost").unwrap_err().to_string();
    assert!(error.contains("expected an address or a network"), "{error}");
    let error = new().with_push_gateway("gopher://x", zero, None, None, false).unwrap_err();
    assert!(error.to_string().contains("expected http://"), "{error}");
    let error = new().with_push_gateway("http://x/y", zero, None, None, false).unwrap_err();
    assert!(matches!(error, BuildError::ZeroPushInterval));
}

#[test]
fn open_metrics_is_served_if_enabled() {
    let recorder = PrometheusBuilder::new().build_recorder();
    counter(&recorder, &Key::from_name("c_total")).increment(1);
    let page = recorder.handle().render_as(Format::OpenMetrics);
    assert_eq!(page, "# TYPE c counter\nc_total 1\n# EOF\n");
    let mut out = b"so far\n".to_vec();
    recorder.handle().render_into(&mut out, Format::Prometheus);
    assert_eq!(out, b"so far\n# TYPE c_total counter\nc_total 1\n");
    let mut out = Vec::new();
    recorder.handle().render_to_write(&mut out).unwrap();
    assert_eq!(out, b"# TYPE c_total counter\nc_total 1\n");
}

/// What the test below looks at, in a process of its own.
#[test]
fn refuses() {
    let recorder = PrometheusBuilder::new().build_recorder();
    counter(&recorder, &Key::from_name("taken")).increment(1);
    for _ in 0..100 {
        recorder.register_gauge(&Key::from_name("taken"), &METADATA).set(1);
        counter(&recorder, &Key::from_name("sysmetrics_x")).increment(1);
    }
    for n in 0..100 {
        counter(&recorder, &Key::from_name(format!("sysmetrics_{n}"))).increment(1);
    }
    let page = recorder.handle().render();
    for line in ["{reason=\"other_type\"} 100", "{reason=\"reserved_name\"} 200"] {
        assert!(page.contains(line), "{page}");
    }
}

#[test]
fn a_refused_key_is_logged_once() {
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new(program)
        .args(["--exact", "refuses", "--nocapture"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let log = String::from_utf8(output.stderr).unwrap();
    let lines = |of: &str| log.lines().filter(|line| line.contains(of)).count();
    assert_eq!(lines("metric=taken reason=other_type why="), 1, "{log}");
    assert_eq!(lines("metric=sysmetrics_x reason=reserved_name why="), 1, "{log}");
    // What is named by somebody outside, perhaps, does not fill the log.
    assert_eq!(lines("reason=reserved_name"), 8, "{log}");
}
