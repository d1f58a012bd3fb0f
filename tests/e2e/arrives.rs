//! Every series and value of the page arrives, by every export.

use crate::collector::Collector;
use crate::common::{Agent, Client, Exposition, wait_until};
use crate::peers::Peer;
use crate::rows::{Key, Rows, read_back};

/// Series of others: every type, labels that are hard to write.
const PUSHED: &str = "# TYPE odd gauge\nodd{path=\"C:\\\\dir\\\\x\",quote=\"say \\\"hi\\\" a=b, c\",text=\"\u{e9}\u{4e16}\"} -1.5e-7\n\
    # TYPE jobs_total counter\njobs_total{kind=\"a b\"} 12345678901\n\
    # TYPE took_seconds histogram\ntook_seconds_bucket{le=\"0.5\"} 3\ntook_seconds_bucket{le=\"2\"} 5\n\
    took_seconds_bucket{le=\"+Inf\"} 9\ntook_seconds_sum 17.25\ntook_seconds_count 9\n\
    # TYPE size_bytes summary\nsize_bytes{quantile=\"0.5\"} 100\nsize_bytes{quantile=\"0.99\"} 2500.5\n\
    size_bytes_sum 12000\nsize_bytes_count 40\n";

/// An agent on a machine that stands still, which exports as `export` says, each 800 ms.
fn agent(export: &str) -> Agent {
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[agent]\njob = \"\"\n[[export]]\nname = \"out\"\ninterval_secs = \"800ms\"\n\
         timeout_secs = 20\nlong_timeout = true\n{export}\n"
    );
    let agent = Agent::plan().file(&file).machine("box").start();
    push(&agent);
    agent
}

fn push(agent: &Agent) {
    let mut client = Client::connect(&agent.address());
    let head = format!(
        "POST /metrics/job/e2e HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{PUSHED}",
        PUSHED.len()
    );
    let answer = client.send(head).answer();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// Waits until what was taken after this call has arrived, and compares.
fn compare(agent: &Agent, rows: impl Fn() -> Rows) {
    // The first frames may have been before the push.
    let sent =
        |page: &Exposition| page.value("sysmetrics_export_success_total", &[("export", "out")]);
    let start = sent(&agent.scrape());
    wait_until("two frames to leave", || sent(&agent.scrape()) >= start + 2.0);
    let before = agent.scrape();
    let first = sent(&before);
    wait_until("two more", || sent(&agent.scrape()) >= first + 2.0);
    let mut found = rows();
    // Receivers show what they took after a while.
    let jobs = |rows: &Rows| rows.times("jobs_total").len();
    let seen = jobs(&found);
    wait_until("them to be seen", || {
        found = rows();
        jobs(&found) >= seen + 2
    });
    found.assert_is(&before, &agent.scrape());
    assert_eq!(agent.lines_with("could not"), 0, "{:#?}", agent.log());
}

/// Labels that receivers add.
fn without<'a>(keys: &'a [&'a str]) -> impl Fn(Key) -> Option<Key> + 'a {
    move |(name, mut labels)| {
        labels.retain(|(key, _)| !keys.contains(&key.as_str()));
        Some((name, labels))
    }
}

#[test]
fn in_victoria_metrics_by_remote_write() {
    for is_new in [false, true] {
        let peer = Peer::victoria(is_new);
        let agent = agent(&format!("type = \"remote_write\"\nendpoint = \"{}\"", peer.url()));
        compare(&agent, || read_back(&["victoria", &peer.url()]));
    }
}

#[test]
fn in_prometheus_by_remote_write_1_and_2() {
    for (is_new, version) in
        [(false, "1.0"), (true, "1.0"), (true, "2.0"), (true, "auto"), (false, "auto")]
    {
        let peer = Peer::prometheus(is_new);
        let agent = agent(&format!(
            "type = \"remote_write\"\nendpoint = \"{}\"\nversion = \"{version}\"",
            peer.url()
        ));
        compare(&agent, || read_back(&["prometheus", &peer.url()]));
    }
}

/// Two agents with the same file, which leaves the rest to the environment.
#[test]
fn two_boxes_are_two_series() {
    const NAME: &str = "process_start_time_seconds";
    let (prometheus, newer) = (Peer::prometheus(false), Peer::prometheus(true));
    let influx = Peer::influx();
    let export = |kind: &str, name: &str, peer: &Peer, more: &str| {
        format!(
            "[[export]]\ntype = \"{kind}\"\nname = \"{name}\"\nendpoint = \"{}\"\ninterval_secs = 0.3\n\
             {more}\n",
            peer.url()
        )
    };
    let file = [
        "[server]\nlisten = \"127.0.0.1:0\"\n[agent]\ninstance = \"${BOX}\"\n",
        &export("remote_write", "one", &prometheus, "version = \"1.0\""),
        &export("remote_write", "two", &newer, "version = \"2.0\""),
        &export("influx", "lines", &influx, "database = \"box\""),
    ];
    let _agents = ["edge-17", "edge-18"].map(|name| {
        let agent = Agent::plan().file(&file.concat()).machine("box").env("BOX", name).start();
        push(&agent);
        agent
    });
    let of = |rows: Rows, name: &str| -> Vec<Vec<(String, String)>> {
        let keys = rows.all.into_keys().filter(|(other, _)| other == name);
        keys.map(|(_, labels)| labels).collect()
    };
    let labels = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let both = |more: &[(&str, &str)], key: &str| {
        ["edge-17", "edge-18"].map(|name| labels(&[&[(key, name)], more].concat()))
    };
    for peer in [&prometheus, &newer] {
        let rows = || read_back(&["prometheus", &peer.url()]);
        let expected = both(&[("job", "sysmetrics")], "instance");
        wait_until("two series", || of(rows(), NAME) == expected);
        // A client's job stays what it is.
        let expected = both(&[("job", "e2e"), ("kind", "a b")], "instance");
        wait_until("two series", || of(rows(), "jobs_total") == expected);
    }
    let rows = || read_back(&["influx", &influx.url(), "box"]).map(from_influx);
    wait_until("two tags", || of(rows(), NAME) == both(&[], "host"));
}

#[test]
fn in_victoria_metrics_by_otlp() {
    let victoria = Peer::victoria(true);
    let url = format!("{}/opentelemetry/v1/metrics", victoria.url());
    let agent = agent(&format!("type = \"otlp\"\nendpoint = \"{url}\""));
    let resource = [
        "service.name",
        "service.instance.id",
        "service.version",
        "host.name",
        "os.type",
        "scope.name",
        "scope.version",
    ];
    compare(&agent, || read_back(&["victoria", &victoria.url()]).map(without(&resource)));
}

/// What Influx lines make of names: the field of histograms and summaries is behind the name.
fn from_influx((name, mut labels): Key) -> Option<Key> {
    labels.retain(|(key, _)| key != "db");
    let Some((measurement, field)) = name.split_once('\x1f') else { return Some((name, labels)) };
    let name = match field {
        "value" => measurement.to_owned(),
        "sum" | "count" => format!("{measurement}_{field}"),
        bound => {
            let (key, suffix) =
                if measurement == "took_seconds" { ("le", "_bucket") } else { ("quantile", "") };
            labels.push((key.to_owned(), bound.to_owned()));
            labels.sort();
            format!("{measurement}{suffix}")
        }
    };
    Some((name, labels))
}

/// VictoriaMetrics joins them with `_`.
fn from_joined((name, labels): Key) -> Option<Key> {
    let parted = ["took_seconds_", "size_bytes_"].iter().find_map(|start| {
        let field = name.strip_prefix(start)?;
        Some(format!("{}\x1f{field}", start.trim_end_matches('_')))
    });
    from_influx((parted.unwrap_or(name), labels))
}

#[test]
fn in_influxdb_and_victoria_metrics_by_lines() {
    let influx = Peer::influx();
    let export = format!("type = \"influx\"\nendpoint = \"{}\"\ndatabase = \"box\"", influx.url());
    let one = agent(&export);
    compare(&one, || read_back(&["influx", &influx.url(), "box"]).map(from_influx));
    for is_new in [false, true] {
        let victoria = Peer::victoria(is_new);
        let export =
            format!("type = \"influx\"\nendpoint = \"{}\"\ndatabase = \"box\"", victoria.url());
        let other = agent(&export);
        compare(&other, || read_back(&["victoria", &victoria.url()]).map(from_joined));
    }
}

#[test]
fn in_a_collector_by_every_otlp() {
    let collector = Collector::start(&["--token", "secret"]);
    let headers = "headers = { Authorization = \"Bearer secret\" }";
    for (protocol, url) in [
        ("http/protobuf", collector.http_url()),
        ("http/json", collector.http_url()),
        ("grpc", collector.grpc_url()),
    ] {
        for compression in ["gzip", "none"] {
            let export = format!(
                "type = \"otlp\"\nendpoint = \"{url}\"\nprotocol = \"{protocol}\"\n\
                 compression = \"{compression}\"\n{headers}"
            );
            let agent = agent(&export);
            compare(&agent, || collector.rows());
        }
    }
}
