use super::*;
use crate::base::dialect::Dialect;
use crate::model::metric::{Buffer, counter};
use crate::model::store::{Bounds, Ours};
use crate::outputs::expose::{Format, Lines, Text};

struct Handler {
    gateway: Gateway,
    store: Store,
    rules: Rules,
    now: Instant,
}

impl Handler {
    fn new() -> Handler {
        let now = Instant::now();
        let rules = Rules { ttl: Duration::from_secs(300), ..Rules::default() };
        let store = Store::new(Bounds::default(), now);
        Handler { gateway: Gateway::default(), store, rules, now }
    }

    fn ask(&mut self, update: GroupUpdate<'_>) -> Result<(), Refusal> {
        self.gateway.serve(&update, &self.rules, &mut self.store, self.now)
    }

    fn push(&mut self, verb: Verb, path: &str, body: &str) -> Result<(), Refusal> {
        self.ask(update(verb, path, body.as_bytes()))
    }

    /// What was pushed: without the times.
    fn samples(&mut self) -> Vec<String> {
        let said = self.all();
        said.into_iter().filter(|line| !line.starts_with("push_")).collect()
    }

    fn text(&mut self) -> String {
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut lines);
        self.store.write(self.now, &mut text);
        text.finish();
        String::from_utf8(out.bytes().to_vec()).unwrap()
    }

    fn all(&mut self) -> Vec<String> {
        let text = self.text();
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    /// The value of a time of the group with these labels.
    fn time(&mut self, name: &str, labels: &str) -> f64 {
        let start = format!("push_{name}_seconds{{{labels}}} ");
        let all = self.all();
        let line = all.iter().find_map(|line| line.strip_prefix(&start));
        line.unwrap_or_else(|| panic!("{start} in {all:?}")).parse().unwrap()
    }
}

fn update<'a>(verb: Verb, path: &'a str, body: &'a [u8]) -> GroupUpdate<'a> {
    let (content_type, content_encoding, max_body) = ("", "", 1 << 20);
    GroupUpdate { verb, path, content_type, content_encoding, body, max_body }
}

const J: &str = "/metrics/job/j";

#[test]
fn put_replaces_all_post_the_same_names_and_delete_takes_away() {
    let mut front = Handler::new();
    front.push(Verb::Replace, J, "a{x=\"1\"} 1\na{x=\"2\"} 2\nb 3\n").unwrap();
    front.push(Verb::Replace, "/metrics/job/j/i/k", "a 9\n").unwrap();
    let other = "a{i=\"k\",job=\"j\"} 9";
    front.push(Verb::Add, J, "a{x=\"3\"} 4\nc 5\n").unwrap();
    let three = ["a{job=\"j\",x=\"3\"} 4", "b{job=\"j\"} 3", "c{job=\"j\"} 5"];
    assert_eq!(front.samples(), [&[other], &three[..]].concat());
    front.push(Verb::Replace, J, "a{x=\"3\"} 6\n").unwrap();
    assert_eq!(front.samples(), [other, "a{job=\"j\",x=\"3\"} 6"]);
    assert!(front.time("time", "job=\"j\"") > 1.7e9);
    assert_eq!(front.time("failure_time", "job=\"j\""), 0.0);
    front.push(Verb::Replace, J, "").unwrap();
    assert_eq!(front.samples(), [other]);
    front.push(Verb::Delete, J, "").unwrap();
    front.push(Verb::Delete, "/metrics/job/none", "").unwrap();
    assert_eq!(front.all().len(), 3);
    front.push(Verb::Delete, "/metrics/job/j/i/k/", "").unwrap_err();
    front.push(Verb::Delete, "/metrics/job@base64/ag/i/k", "").unwrap();
    assert!(front.store.is_empty());
}

#[test]
fn labels_of_the_path_win_and_empty_ones_take_away() {
    let mut front = Handler::new();
    front.rules.prefix = "p_".to_owned();
    front.rules.labels = vec![("env".to_owned(), "prod".to_owned())];
    let body = "a{job=\"own\",instance=\"own\",env=\"dev\"} 1\nb 2\n";
    front.push(Verb::Replace, "/metrics/job/j/instance@base64/=", body).unwrap();
    assert_eq!(front.samples(), ["p_a{env=\"dev\",job=\"j\"} 1", "p_b{env=\"prod\",job=\"j\"} 2"]);
    assert!(front.time("time", "env=\"prod\",job=\"j\"") > 1.7e9);
    // An empty label is none: the same group.
    front.push(Verb::Delete, J, "").unwrap();
    assert!(front.store.is_empty());
}

#[test]
fn a_bad_body_changes_nothing_and_is_told_with_the_time_of_failure() {
    let mut front = Handler::new();
    front.store.limit(Bounds { series: 12, ..Bounds::default() });
    front.push(Verb::Replace, J, "a 1\n").unwrap();
    front.push(Verb::Replace, "/metrics/job/k", "# TYPE g gauge\ng 1\nup 1\n").unwrap();
    let before = front.samples();
    let many: String = (0..10).map(|i| format!("m{{x=\"{i}\"}} 1\n")).collect();
    for (body, word) in [
        ("a 2\nb\n", "in line 2"),
        ("a 2\nb 1 1700000000000\n", "b has a time stamp"),
        ("a 2\na 3\n", "a is refused: the series is there twice"),
        ("a 2\nb 1\na{job=\"other\"} 3\n", "a is refused: the series is there twice"),
        // Parts of a whole one.
        (
            "b 1\n# TYPE s summary\ns_sum 1\ns_count 1\ns_sum 1\ns_count 1\n",
            "is refused: the series is there twice. Nothing was stored",
        ),
        (
            "b 1\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\n\
             h_count 1\nh_bucket{le=\"1\"} 1\n",
            "is refused: the series is there twice. Nothing was stored",
        ),
        ("a 2\n# TYPE h histogram\nh_sum 1\nh_count x\n", "in line 4"),
        ("a 2\n# TYPE b gouge\nb 1\n", "in line 2"),
        ("a 2\nb{__name__=\"1\"} 3\n", "b is refused: a label's name"),
        (&many, "m is refused: no room"),
    ] {
        for verb in [Verb::Replace, Verb::Add] {
            let (said, is_readable) = match front.push(verb, J, body) {
                Err(Refusal::Bad(said)) => (said, true),
                Err(Refusal::Unreadable(said)) => (said, false),
                other => panic!("{body}: {other:?}"),
            };
            assert!(said.contains(word), "{body}: {said}");
            assert_eq!(front.samples(), before, "{body}");
            // As with a Pushgateway, what cannot be read leaves no trace.
            let is_told = front.time("failure_time", "job=\"j\"") > 0.0;
            assert_eq!(is_told, is_readable, "{body}");
            front.push(Verb::Replace, J, "a 1\n").unwrap();
            front.push(Verb::Delete, J, "").unwrap();
            front.push(Verb::Replace, J, "a 1\n").unwrap();
        }
    }
    // A group that never was pushed has failed all the same.
    front.push(Verb::Add, "/metrics/job/m", "?").unwrap_err();
    assert!(!front.all().iter().any(|line| line.contains("job=\"m\"")));
    front.push(Verb::Add, "/metrics/job/n", "a 1 5\n").unwrap_err();
    assert_eq!(front.time("time", "job=\"n\""), 0.0);
    assert!(front.time("failure_time", "job=\"n\"") > 1.7e9);
    front.push(Verb::Replace, J, "a 2\n").unwrap();
    assert_eq!(front.samples()[0], "a{job=\"j\"} 2");
}

#[test]
fn bodies_are_text_plain_or_open_metrics_as_they_are_or_gzip() {
    let mut front = Handler::new();
    let plain = update(Verb::Replace, J, b"# TYPE a counter\na_total 1\n# EOF\n");
    front
        .ask(GroupUpdate { content_type: "application/openmetrics-text; version=1.0.0", ..plain })
        .unwrap();
    let deflated = miniz_oxide::deflate::compress_to_vec(b"b 2\n", 6);
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let crc = crc32fast::hash(b"b 2\n").to_le_bytes();
    let gzip = [&head[..], &deflated, &crc, &4u32.to_le_bytes()].concat();
    let packed = GroupUpdate { content_encoding: "GZIP", ..update(Verb::Add, J, &gzip) };
    front.ask(packed).unwrap();
    assert_eq!(front.samples(), ["a_total{job=\"j\"} 1", "b{job=\"j\"} 2"]);
    assert!(matches!(front.ask(GroupUpdate { max_body: 3, ..packed }), Err(Refusal::Bad(_))));
    assert!(matches!(front.ask(GroupUpdate { body: b"b 2\n", ..packed }), Err(Refusal::Bad(_))));
    front.ask(GroupUpdate { content_encoding: "x-gzip", ..packed }).unwrap();
    let brotli = GroupUpdate { content_encoding: "br", ..packed };
    assert!(matches!(front.ask(brotli), Err(Refusal::Media(_))));
}

/// A gauge as protocol buffers.
const GAUGE: &[u8] = b"\x12\n\x01c\x18\x01\"\x0b\x12\t\t\0\0\0\0\0\0\x14@";

#[test]
fn bodies_are_protocol_buffers_whatever_the_order_of_the_parameters() {
    let mut front = Handler::new();
    let plain = update(Verb::Replace, J, GAUGE);
    for good in [
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
         encoding=delimited",
        "Application/VND.google.protobuf;Encoding=\"Delimited\";proto=io.prometheus.client.MetricFamily",
        "application/vnd.google.protobuf; encoding=delimited; q=0.5; escaping=values; \
         proto=io.prometheus.client.MetricFamily",
        "application/vnd.google.protobuf",
    ] {
        front.push(Verb::Replace, J, "").unwrap();
        front
            .ask(GroupUpdate { content_type: good, ..plain })
            .unwrap_or_else(|e| panic!("{good}: {e:?}"));
        assert_eq!(front.samples(), ["c{job=\"j\"} 5"], "{good}");
    }
    for bad in ["encoding=text", "encoding=compact-text", "proto=io.prometheus.write.v2.Request"] {
        let content_type = &["application/vnd.google.protobuf;", bad].concat();
        let Err(Refusal::Media(said)) = front.ask(GroupUpdate { content_type, ..plain }) else {
            panic!("{bad}")
        };
        assert!(said.contains("delimited"), "{said}");
    }
    let content_type = "application/vnd.google.protobuf";
    let Err(Refusal::Unreadable(said)) =
        front.ask(GroupUpdate { content_type, body: b"c 1\n", ..plain })
    else {
        panic!("text")
    };
    assert!(said.contains("at byte 0"), "{said}");
}

#[test]
fn what_a_group_alone_has_takes_another_type_and_help() {
    let mut front = Handler::new();
    let families = |front: &mut Handler, body: &str, verb| {
        front.push(verb, J, body).unwrap_or_else(|e| panic!("{body}: {e:?}"));
        let is_pushed = |line: &String| line.contains("x_") && !line.contains(" push_");
        let text = front.text();
        text.lines().map(str::to_owned).filter(is_pushed).collect::<Vec<_>>()
    };
    for verb in [Verb::Replace, Verb::Add] {
        for (body, expected) in [
            ("# TYPE x_size counter\nx_size 3\n", ["", "counter", "3"]),
            ("# TYPE x_size counter\nx_size -3\n", ["", "counter", "-3"]),
            ("# TYPE x_size counter\nx_size NaN\n", ["", "counter", "NaN"]),
            ("# TYPE x_size gauge\nx_size -1\n", ["", "gauge", "-1"]),
            ("# HELP x_size One.\nx_size 1\n", ["One.", "untyped", "1"]),
            ("# HELP x_size Two.\nx_size 1\n", ["Two.", "untyped", "1"]),
            ("x_size 2\n", ["", "untyped", "2"]),
        ] {
            let [help, kind, value] = expected;
            let lines = families(&mut front, body, verb);
            let type_line = format!("# TYPE x_size {kind}");
            let sample = format!("x_size{{job=\"j\"}} {value}");
            assert!(lines.contains(&type_line) && lines.contains(&sample), "{body}: {lines:?}");
            let of_help = lines.iter().find(|line| line.starts_with("# HELP"));
            let said = of_help.and_then(|line| line.strip_prefix("# HELP x_size "));
            assert_eq!(said.unwrap_or_default().trim(), help, "{body}: {lines:?}");
        }
    }
    // What another has, too, stays what it was; numbers are taken all the same.
    front.push(Verb::Replace, "/metrics/job/k", "# TYPE x_size counter\nx_size 1\n").unwrap();
    let lines = families(
        &mut front,
        "# HELP x_size Mine.\n# TYPE x_size gauge\nx_size -7\n",
        Verb::Replace,
    );
    assert!(lines.contains(&"x_size{job=\"j\"} -7".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("Mine.")), "{lines:?}");
}

/// What others had, and have no more, binds nobody.
#[test]
fn a_group_that_is_alone_again_changes_types() {
    let mut front = Handler::new();
    let both = "# TYPE x counter\nx{l=\"1\"} 1\nx{l=\"2\"} 1\n";
    for group in ["/metrics/job/k", J, "/metrics/job/m"] {
        front.push(Verb::Replace, group, both).unwrap();
    }
    let gauge = both.replace("counter", "gauge");
    front.push(Verb::Replace, J, &gauge).unwrap();
    assert!(front.text().contains("# TYPE x counter\n"));
    front.push(Verb::Delete, "/metrics/job/k", "").unwrap();
    front.push(Verb::Replace, "/metrics/job/m", "y 1\n").unwrap();
    front.push(Verb::Replace, J, &gauge).unwrap();
    assert!(front.text().contains("# TYPE x gauge\n"), "{}", front.text());
}

/// A type that cannot be is refused before anything of the group goes.
#[test]
fn a_type_that_cannot_be_changes_nothing() {
    static OURS: &[Family; 1] = families![counter("x_total", Unit::One, "Ours.", &[]).unprefixed()];
    let mut front = Handler::new();
    front.store.serve(Ours::new(Dialect::Own, &OURS.each_ref(), &[], &[]));
    front.push(Verb::Replace, J, "x_total 1\ny 1\n").unwrap();
    let before = front.samples();
    for verb in [Verb::Replace, Verb::Add] {
        let body = "y 2\n# TYPE x_total gauge\nx_total 2\n";
        let Err(Refusal::Bad(said)) = front.push(verb, J, body) else { panic!("taken") };
        assert!(said.contains("Nothing was stored"), "{said}");
        assert_eq!(front.samples(), before);
    }
    // Lines of others that have the names of its parts are in no histogram's way.
    front.push(Verb::Replace, "/metrics/job/k", "x_count 1\n").unwrap();
    let histogram = "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 2\nx_sum 1\nx_count 2\n";
    front.push(Verb::Replace, J, histogram).unwrap();
    assert_eq!(front.samples().len(), 4);
}

/// An answer shows the beginning of a long name, not all of it.
#[test]
fn a_refusal_shortens_a_long_name() {
    let long = "z".repeat(100_000);
    for body in [format!("{long} 1\n"), format!("{long} 1 1600000000000\n")] {
        let Err(Refusal::Bad(said)) = Handler::new().push(Verb::Replace, J, &body) else {
            panic!("taken")
        };
        assert!(said.len() < 200 && said.contains("zzz…"), "{}", said.len());
    }
}

/// With no room for more, what is replaced makes room.
#[test]
fn a_full_store_lets_types_and_help_change() {
    let mut front = Handler::new();
    front.store.limit(Bounds { series: 6, families: 3, ..Bounds::default() });
    let body = |kind: &str| {
        let samples: String = (0..4).map(|at| format!("x{{at=\"{at}\"}} 1\n")).collect();
        format!("# HELP x A {kind}.\n# TYPE x {kind}\n{samples}")
    };
    for kind in ["counter", "gauge", "untyped"] {
        front.push(Verb::Replace, J, &body(kind)).unwrap_or_else(|e| panic!("{kind}: {e:?}"));
        assert_eq!(front.all().len(), 6);
    }
}

#[test]
fn groups_go_with_their_series_and_are_bounded() {
    let mut front = Handler::new();
    let minute = Duration::from_secs(60);
    front.rules.ttl_by_source =
        vec![("short".to_owned(), minute), ("kept".to_owned(), Duration::ZERO)];
    for path in ["short", "long", "kept"] {
        front.push(Verb::Replace, &format!("/metrics/job/{path}"), "a 1\n").unwrap();
    }
    front.now += minute;
    assert_eq!(front.samples(), ["a{job=\"long\"} 1", "a{job=\"kept\"} 1"]);
    front.now += minute * 5;
    assert_eq!(front.samples(), ["a{job=\"kept\"} 1"]);
    for i in 0..MAX_GROUPS - 1 {
        front.push(Verb::Replace, &format!("/metrics/job/{i}"), "").unwrap();
    }
    assert!(!front.store.was_full(front.now, minute));
    assert_eq!(front.push(Verb::Replace, "/metrics/job/more", "a 1\n"), Err(Refusal::Full));
    assert!(front.store.was_full(front.now, minute), "health tells");
    front.push(Verb::Replace, "/metrics/job/7", "a 1\n").unwrap();
    front.now += minute * 5;
    front.all();
    front.push(Verb::Replace, "/metrics/job/more", "a 1\n").unwrap();
    assert_eq!(front.gateway.members.len(), 2);
}

#[test]
fn types_change_where_nobody_else_has_the_metric() {
    let mut front = Handler::new();
    let histogram = "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 2\nx_sum 1\nx_count 2\n";
    front.push(Verb::Replace, J, "x 1\nx_sum 1\nx_count 2\n").unwrap();
    front.push(Verb::Add, J, "# TYPE x_sum summary\nx_sum_count 1\n").unwrap();
    front.push(Verb::Replace, J, "x 1\nx_sum 1\nx_count 2\n").unwrap();
    front.push(Verb::Replace, J, histogram).unwrap();
    assert_eq!(front.samples().len(), 3);
    front.push(Verb::Replace, "/metrics/job/k", histogram).unwrap();
    // A number may stand beside a histogram of others.
    front.push(Verb::Replace, J, "x 1\n").unwrap();
    assert_eq!(front.samples().len(), 4);
    // What is over is in nobody's way.
    front.now += Duration::from_secs(301);
    front.push(Verb::Add, J, "x 1\n").unwrap();
    assert_eq!(front.samples(), ["x{job=\"j\"} 1"]);
    front.push(Verb::Add, J, "x_count 1\n").unwrap();
    // Parts of a histogram make way for it, and it for them.
    for verb in [Verb::Add, Verb::Replace] {
        front.push(verb, J, histogram).unwrap();
        assert_eq!(front.samples().len(), 3);
        front.push(verb, J, &histogram.replace("x_sum", "y_sum")).unwrap();
        let lines =
            ["x_bucket{job=\"j\",le=\"+Inf\"} 2", "x_count{job=\"j\"} 2", "y_sum{job=\"j\"} 1"];
        assert_eq!(front.samples(), lines);
        front.push(verb, J, "y_sum 1\n").unwrap();
    }
}

/// JSON and a group do not change each other's series.
#[test]
fn a_series_of_another_is_refused() {
    let mut front = Handler::new();
    front.push(Verb::Replace, J, "a 1\n").unwrap();
    let labels = crate::model::metric::Labels::rendered(b"job=\"j\"");
    let (name, help, time, ttl) = ("a", "", None, Duration::ZERO);
    let (kind, change, group) = (Kind::Untyped, Change::Set(5.0), Group::SHARED);
    let offer = Offer { name, kind, help, labels, change, time, ttl, group };
    assert!(front.store.take(&offer, front.now).is_err());
    front.store.take(&Offer { name: "b", ..offer }, front.now).unwrap();
    let Err(Refusal::Bad(said)) = front.push(Verb::Add, J, "b 1\n") else { panic!("taken") };
    assert!(said.contains("another source's"), "{said}");
}

/// Each as a Pushgateway does it: a metric is replaced by its name, and the names of parts are not it.
#[test]
fn a_metric_takes_away_no_other_with_the_name_of_a_part() {
    let summary = "# TYPE m summary\nm_sum 1\nm_count 2\n";
    let histogram = "# TYPE m histogram\nm_bucket{le=\"+Inf\"} 2\nm_sum 1\nm_count 2\n";
    for kind in ["", "# TYPE m_bucket gauge\n"] {
        for body in ["m 1\n", "# TYPE m gauge\nm 1\n", summary] {
            let mut front = Handler::new();
            front.push(Verb::Replace, J, &[kind, "m_bucket 4\n"].concat()).unwrap();
            front.push(Verb::Add, J, body).unwrap();
            assert!(front.samples().contains(&"m_bucket{job=\"j\"} 4".to_owned()), "{body}");
        }
    }
    for (name, body) in [("bucket", histogram), ("sum", summary), ("count", histogram)] {
        let mut front = Handler::new();
        let gauge = format!("# TYPE m_{name} gauge\nm_{name} 4\n");
        front.push(Verb::Replace, J, &gauge).unwrap();
        let before = front.samples();
        for body in [body, &body.replace("m_sum 1\n", "")] {
            let Err(Refusal::Bad(said)) = front.push(Verb::Add, J, body) else { panic!("{body}") };
            assert!(said.contains(&format!("m_{name} is refused")), "{said}");
            assert_eq!(front.samples(), before);
        }
        front.push(Verb::Replace, J, body).unwrap();
        assert_ne!(front.samples(), before);
    }
    // Nor is a part of a histogram stored beside it: its lines would be there twice.
    for (body, name) in [(histogram, "m_bucket"), (histogram, "m_sum"), (summary, "m_count")] {
        let mut front = Handler::new();
        front.push(Verb::Replace, J, body).unwrap();
        let before = front.samples();
        for kind in ["untyped", "gauge"] {
            let part = format!("# TYPE {name} {kind}\n{name} 4\n");
            let Err(Refusal::Bad(said)) = front.push(Verb::Add, J, &part) else { panic!("{part}") };
            assert!(said.contains(&format!("{name} is refused")), "{said}");
            assert_eq!(front.samples(), before);
        }
        front.push(Verb::Replace, J, &format!("{name} 4\n")).unwrap();
        assert_eq!(front.samples(), [format!("{name}{{job=\"j\"}} 4")]);
    }
}
