//! Pages as real programs write them, textbook or not: a real Prometheus 3 (unpacked by `.ci/peers.sh`) stores the
//! same of each page, whether it scrapes the target or the agent.
#![cfg(feature = "hub")]
#![cfg(not(feature = "tiny_http"))] // the reference front asks nobody
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // a test starts the peers

mod common;

use common::json::Json;
use common::prometheus::{Prometheus, value};
use common::{Agent, Endpoint, get_with, wait_until};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

const PROMETHEUS: &str = "target/peers/usr/bin/prometheus";

const INF: &str = "_bucket{le=\"+Inf\"} 3\n";

/// Pages about the family `@`, whose name is put in; a page without it is as it stands here.
fn pages() -> Vec<String> {
    let histogram = |lines: &str| format!("# TYPE @ histogram\n{lines}other 1\n");
    let summary = |lines: &str| format!("# TYPE @ summary\n{lines}other 1\n");
    let with_inf = |lines: &str| histogram(&format!("{lines}@{INF}@_sum 1.5\n@_count 3\n"));
    vec![
        // Histograms that are not of the textbook.
        with_inf("@_bucket{le=\"0.1\"} 4542\n@_bucket{le=\"1\"} 889\n"),
        with_inf("@_bucket{le=\"0.1\"} 1.5\n"),
        with_inf("@_bucket{le=\"0.1\"} NaN\n"),
        with_inf(&format!("@{INF}@_bucket{{le=\"Inf\"}} 9\n")),
        with_inf("@_bucket{le=\"1\"} 1\n@_bucket{le=\"1.0\"} 2\n"),
        with_inf("@_bucket 1\n@_bucket{le=\"x\"} 2\n"),
        with_inf("@ 7\n@{quantile=\"0.5\"} 8\n@_max 3\n"),
        with_inf("@{x=\"y\"} 7\n@_bucket{x=\"y\",le=\"+Inf\"} 7\n@_sum{x=\"y\"} 1\n@_count{x=\"y\"} 7\n"),
        with_inf("@_bucket{le=\"1e-05\"} 1\n@_bucket{le=\"1\"} 1\n@_bucket{le=\"1e+06\"} 2\n"),
        histogram("@_bucket{le=\"0.1\"} 5\n@_bucket{le=\"1\"} 6\n@_sum 1.5\n@_count 9\n"),
        histogram("@_bucket{le=\"0.1\"} 5\n@_sum 1.5\n"),
        histogram(&format!("@{INF}@_count 3\n")),
        histogram(&format!("@{INF}@_sum 3\n")),
        histogram("@_sum 1.5\n@_count 9\n@_sum{a=\"b\"} 2\n"),
        histogram(&format!("@{INF}@_sum 1\n@_count 5\n")),
        histogram(&format!("@{INF}@_sum 1\n@_sum 2\n@_count 3\n@_count 4\n")),
        histogram(&format!("@{INF}@_sum{{le=\"x\"}} 1\n@_count{{le=\"x\"}} 3\n")),
        // Types of the parts, and no types.
        format!("# TYPE @_bucket counter\n# TYPE @_sum gauge\n@{INF}@_sum 3\n@_count 3\n"),
        with_inf("# TYPE @_bucket counter\n# TYPE @_count counter\n"),
        format!("@{INF}@_sum 1\n@_count 3\n"),
        format!("@_count 7\n{}", with_inf("")),
        // Summaries.
        summary("@{quantile=\"50\"} 5\n@{quantile=\"99.9\"} 9\n@_sum 30\n@_count 4\n"),
        summary("@{quantile=\"avg\"} 5\n@{quantile=\"0.5\"} 6\n@_sum 30\n@_count 4\n"),
        summary("@ 5\n@{quantile=\"\",a=\"b\"} 6\n@_sum 30\n@_count 4\n"),
        summary("@{quantile=\"0.5\"} 5\n@_count 4\n"),
        summary("@{quantile=\"0.5\"} NaN\n@_sum 4\n"),
        summary(&format!("@{{quantile=\"0.5\"}} 5\n@{INF}@_sum 3\n@_count 3\n")),
        summary("@_sum{quantile=\"0.5\"} 5\n@_count{quantile=\"0.5\"} 1\n"),
        format!("{}# TYPE @ summary\n@{{quantile=\"0.5\"}} 1\n@_sum 31\n@_count 5\n", with_inf("")),
        // Parts apart from each other, as `sort` leaves them.
        "# TYPE @ histogram\n# TYPE @_bytes counter\n@_bucket{le=\"+Inf\"} 4\n@_bucket{le=\"1\"} 3\n\
         @_bytes 99\n@_count 4\n@_d 1\n@_sum 2.5\n"
            .to_owned(),
        // Lines.
        "# HELP\n# HELP @\n@{x=\"1\"y=\"2\"} 1\n@{x=\"3\" y=\"4\"}2\n@{x=\"\ny 3\n\"} 3\n".to_owned(),
        format!("@ 1\n# HELP other {0}\nother{{l=\"{0}\"}} 1\nother 2\n", "x".repeat(1000)),
        format!("@{{{}}} 1\n", (0..31).map(|i| format!("l{i}=\"{}\",", "y".repeat(1024))).collect::<String>()) + "other 1\n",
        "@ 1\n@ 2\n@{a=\"1\"} 1\n@{a=\"1\"} 2\n\n  \n@{__x=\"1\"} 5\n".to_owned(),
        // Names.
        "# TYPE \"@.b\" gauge\n{\"@.b\",c=\"1\"} 1\n{c=\"2\",\"@.b\"} 2\n@{\"k.l\"=\"v\"} 3\n{\"@ é\\\"\\\\\"} 4\n@_b 5\n"
            .to_owned(),
        "# TYPE \"@.h\" histogram\n{\"@.h_bucket\",le=\"1\"} 1\n{\"@.h_bucket\",le=\"+Inf\"} 2\n\
         {\"@.h_sum\"} 1\n{\"@.h_count\"} 2\n# TYPE \"@.s\" summary\n{\"@.s\",quantile=\"99\"} 1\n"
            .to_owned(),
        "# TYPE \"@.b_total\" counter\n{\"@.b_total\"} 1\n# TYPE \"@.c\" counter\n{\"@.c\"} 2\n".to_owned(),
        // Types and values.
        "# TYPE @_total counter\n@_total NaN\n@_total{a=\"1\"} -4\n".to_owned(),
        "# TYPE @ counter\n@ 1\n# TYPE @_created counter\n@_created 2\n".to_owned(),
        "# TYPE @_total gauge\n@_total 1\n# TYPE @_sum gauge\n@_sum 2\n# TYPE @_bucket gauge\n@_bucket 3\n"
            .to_owned(),
    ]
}

type Series = BTreeMap<(String, Vec<(String, String)>), String>;

/// A server that scrapes each `(job, address)`, and accepts remote write.
fn scraping(jobs: &[(String, String)]) -> Prometheus {
    let job = |(job, address): &(String, String)| {
        format!(
            "- job_name: {job}\n  honor_timestamps: false\n  static_configs: [{{targets: ['{address}']}}]\n"
        )
    };
    let mut command = Command::new(PROMETHEUS);
    command.arg("--web.enable-remote-write-receiver").args(
        ["prometheus.WriteRequest", "io.prometheus.write.v2.Request"].map(|message| {
            format!("--web.remote-write-receiver.accepted-protobuf-messages={message}")
        }),
    );
    Prometheus::start(command, &jobs.iter().map(job).collect::<String>())
}

/// Names, labels without those of the scrape, and values of what `selector` finds now.
fn series(prometheus: &Prometheus, selector: &str) -> Series {
    let mut all = Series::new();
    for one in prometheus.query(selector) {
        let Some(Json::Object(labels)) = one.get("metric") else { panic!("{one:?}") };
        let text = |value: &Json| match value {
            Json::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        let own = ["__name__", "job", "instance", "target"];
        let kept = labels.iter().filter(|(name, _)| !own.contains(&name.as_str()));
        // OpenMetrics writes 1 as 1.0, which Prometheus does for those of a histogram only.
        let number = |text: String| text.parse().map_or(text, |n: f64| n.to_string());
        let kept = kept.map(|(name, value)| match name.as_str() {
            "le" | "quantile" => (name.clone(), number(text(value))),
            _ => (name.clone(), text(value)),
        });
        let name = labels.iter().find(|(name, _)| name == "__name__").unwrap();
        all.insert((text(&name.1), kept.collect()), value(&one).to_owned());
    }
    let is_own = |name: &str| {
        name == "up" || name.starts_with("scrape_") || name.starts_with("sysmetrics_target_")
    };
    all.retain(|(name, _), _| !is_own(name));
    all
}

fn settings(endpoints: &[Endpoint]) -> String {
    let targets: Vec<_> = endpoints
        .iter()
        .enumerate()
        .map(|(i, endpoint)| format!("{{ name = \"p{i}\", url = \"{}\" }}", endpoint.url()))
        .collect();
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[scrape]\ninterval_secs = 1\ntargets = [\n{}\n]\n",
        targets.join(",\n")
    )
}

/// All pages at once, each with a name of its own, or all with one: targets share families then.
fn check(name: impl Fn(usize) -> String) {
    let pages: Vec<String> =
        pages().iter().enumerate().map(|(i, page)| page.replace('@', &name(i))).collect();
    let endpoints: Vec<_> = pages.iter().map(|page| Endpoint::with(page)).collect();
    let agent = Agent::plan().machine("box").file(&settings(&endpoints)).start();
    let mut jobs = vec![("agent".to_owned(), agent.address())];
    for (i, endpoint) in endpoints.iter().enumerate() {
        jobs.push((format!("direct{i}"), endpoint.address.clone()));
    }
    let prometheus = scraping(&jobs);
    for (i, page) in pages.iter().enumerate() {
        let mut both = [Series::new(), Series::new()];
        wait_until(&format!("the same of {page}"), || {
            let direct = series(&prometheus, &format!("{{job=\"direct{i}\"}}"));
            both = [direct, series(&prometheus, &format!("{{job=\"agent\",target=\"p{i}\"}}"))];
            !both[0].is_empty() && both[0] == both[1]
        });
    }
    // Sound text for those who know neither OpenMetrics nor names in UTF-8.
    let text = agent.get("/metrics").text().to_owned();
    assert!(text.contains("target_samples_refused_total{target=\"p0\",reason=\"unassembled\"} "));
    let complaints = promtool(&text);
    assert!(
        !complaints.contains("error while linting") && !complaints.contains("parsing"),
        "{complaints}"
    );
}

fn promtool(text: &str) -> String {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap()
}

#[test]
fn prometheus_stores_the_same_from_us_as_from_the_target() {
    check(|i| format!("n{i}"));
}

#[test]
fn targets_that_share_a_family_do_not_disturb_each_other() {
    check(|i| format!("n{}", i % 2));
}

/// What is said of names in UTF-8, by what the client reads.
#[test]
fn names_in_utf8_are_quoted_for_those_who_read_them() {
    let page = "# HELP \"http.dur\" D.\n# TYPE \"http.dur\" gauge\n{\"http.dur\",\"k.l\"=\"1\"} 1\nhttp_dur{k_l=\"1\"} 2\n\
                http_dur 3\n# TYPE \"c.d_total\" counter\n{\"c.d_total\"} 4\n";
    let endpoints = [Endpoint::with(page)];
    let agent = Agent::plan().machine("box").file(&settings(&endpoints)).start();
    wait_until("the page", || {
        agent.get("/metrics").text().contains("c_d_total{target=\"p0\"} 4\n")
    });
    let fetch = |accept: &str| {
        let answer = get_with(&agent.address(), "/metrics", &format!("Accept: {accept}\r\n"));
        (answer.header("Content-Type").unwrap().to_owned(), answer.text().to_owned())
    };
    let (kind, text) = fetch("text/plain;version=0.0.4;escaping=allow-utf-8");
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8");
    assert!(text.contains(
        "# HELP \"http.dur\" D.\n# TYPE \"http.dur\" gauge\n{\"http.dur\",\"k.l\"=\"1\",target=\"p0\"} 1\n"
    ));
    assert!(
        text.contains("# TYPE http_dur untyped\nhttp_dur{k_l=\"1\",target=\"p0\"} 2\n"),
        "{text}"
    );
    let (kind, text) =
        fetch("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,*/*;q=0.2");
    assert!(kind.ends_with("version=1.0.0; charset=utf-8; escaping=allow-utf-8"), "{kind}");
    assert!(text.contains("# TYPE \"c.d\" counter\n{\"c.d_total\",target=\"p0\"} 4\n"), "{text}");
    for accept in ["text/plain;escaping=underscores", "*/*"] {
        let (kind, text) = fetch(accept);
        assert_eq!(kind.ends_with("escaping=underscores"), accept != "*/*", "{kind}");
        // One family, and of the series that became one the first.
        let family = "# TYPE http_dur untyped\nhttp_dur{k_l=\"1\",target=\"p0\"} 2\nhttp_dur{target=\"p0\"} 3\n";
        assert!(text.contains(family), "{text}");
        assert_eq!(text.matches("http_dur").count(), 4, "{text}");
        assert!(text.contains("# TYPE c_d_total counter\n"), "{text}");
    }
    let text = agent.get("/metrics").text().to_owned();
    assert!(text.contains("refused_total{reason=\"escaped\"} "), "{text}");
}

/// What is exported is whole: names in UTF-8, and lines of what is no histogram.
#[test]
fn of_each_page_prometheus_stores_what_is_sent() {
    let page = "# TYPE \"http.dur\" gauge\n{\"http.dur\",\"k.l\"=\"1\",code=\"200\"} 1\n{\"q\\\"\\\\\"} 2\n\
                # TYPE h histogram\nh_bucket{le=\"1e-05\"} 4\nh_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_count 3\n\
                # TYPE s summary\ns{quantile=\"99\"} 5\ns{quantile=\"avg\"} 6\ns_count 2\n\
                # TYPE w histogram\nw{a=\"b\"} 4\nw_bucket{le=\"1\"} 4\nw_bucket{le=\"+Inf\"} 5\nw_sum 1\nw_count 5\n";
    let endpoints = [Endpoint::with(page)];
    let prometheus = scraping(&[("direct".to_owned(), endpoints[0].address.clone())]);
    for version in ["1.0", "2.0"] {
        let url = format!("http://{}/api/v1/write", prometheus.server.address);
        let out = format!(
            "[[export]]\nname = \"out\"\ntype = \"remote_write\"\nendpoint = \"{url}\"\n\
             interval_secs = 1\nversion = \"{version}\"\n[metrics]\nlabels = {{ way = \"{version}\" }}\n"
        );
        let file = settings(&endpoints) + &out;
        let _agent = Agent::plan().machine("box").file(&file).start();
        let mut both = [Series::new(), Series::new()];
        wait_until(&format!("all of it by version {version}"), || {
            let sent = series(&prometheus, &format!("{{target=\"p0\",way=\"{version}\"}}"));
            let without = |(name, labels): (String, Vec<(String, String)>)| {
                (name, labels.into_iter().filter(|(name, _)| name != "way").collect())
            };
            let sent = sent.into_iter().map(|(series, value)| (without(series), value)).collect();
            both = [series(&prometheus, "{job=\"direct\"}"), sent];
            !both[0].is_empty() && both[0] == both[1]
        });
        assert_eq!(both[0].len(), 14);
    }
}

/// A line that cannot be read is counted, and said once.
#[test]
fn a_bad_line_costs_itself() {
    let endpoints = [Endpoint::with("a 1\nb{ 2\nc 3\n")];
    let agent = Agent::plan().machine("box").file(&settings(&endpoints)).start();
    wait_until("more answers", || endpoints[0].heads().len() > 3);
    let text = agent.get("/metrics").text().to_owned();
    for line in ["\na{target=\"p0\"} 1\n", "\nc{target=\"p0\"} 3\n", "target_up{target=\"p0\"} 1\n"]
    {
        assert!(text.contains(line), "{text}");
    }
    assert!(text.contains("target_samples_refused_total{target=\"p0\",reason=\"unreadable\"} "));
    assert_eq!(agent.lines_with("line 2, expected"), 1);
}
