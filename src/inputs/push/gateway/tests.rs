mod types;

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
        let message = self.all();
        message.into_iter().filter(|line| !line.starts_with("push_")).collect()
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
fn put_replaces_all_post_the_same_names_and_delete_removes() {
    let mut handler = Handler::new();
    handler.push(Verb::Replace, J, "a{x=\"1\"} 1\na{x=\"2\"} 2\nb 3\n").unwrap();
    handler.push(Verb::Replace, "/metrics/job/j/i/k", "a 9\n").unwrap();
    let other = "a{i=\"k\",job=\"j\"} 9";
    handler.push(Verb::Add, J, "a{x=\"3\"} 4\nc 5\n").unwrap();
    let three = ["a{job=\"j\",x=\"3\"} 4", "b{job=\"j\"} 3", "c{job=\"j\"} 5"];
    assert_eq!(handler.samples(), [&[other], &three[..]].concat());
    handler.push(Verb::Replace, J, "a{x=\"3\"} 6\n").unwrap();
    assert_eq!(handler.samples(), [other, "a{job=\"j\",x=\"3\"} 6"]);
    assert!(handler.time("time", "job=\"j\"") > 1.7e9);
    assert_eq!(handler.time("failure_time", "job=\"j\""), 0.0);
    handler.push(Verb::Replace, J, "").unwrap();
    assert_eq!(handler.samples(), [other]);
    handler.push(Verb::Delete, J, "").unwrap();
    handler.push(Verb::Delete, "/metrics/job/none", "").unwrap();
    assert_eq!(handler.all().len(), 3);
    handler.push(Verb::Delete, "/metrics/job/j/i/k/", "").unwrap_err();
    handler.push(Verb::Delete, "/metrics/job@base64/ag/i/k", "").unwrap();
    assert!(handler.store.is_empty());
}

#[test]
fn labels_of_the_path_win_and_empty_ones_are_removed() {
    let mut handler = Handler::new();
    handler.rules.prefix = "p_".to_owned();
    handler.rules.labels = vec![("env".to_owned(), "prod".to_owned())];
    let body = "a{job=\"own\",instance=\"own\",env=\"dev\"} 1\nb 2\n";
    handler.push(Verb::Replace, "/metrics/job/j/instance@base64/=", body).unwrap();
    assert_eq!(
        handler.samples(),
        ["p_a{env=\"dev\",job=\"j\"} 1", "p_b{env=\"prod\",job=\"j\"} 2"]
    );
    assert!(handler.time("time", "env=\"prod\",job=\"j\"") > 1.7e9);
    // An empty label is none: the same group.
    handler.push(Verb::Delete, J, "").unwrap();
    assert!(handler.store.is_empty());
}

/// The body is refused with this word. As with a Pushgateway one that cannot be read leaves no trace.
fn assert_refused(handler: &mut Handler, verb: Verb, body: &str, word: &str) {
    let (message, is_readable) = match handler.push(verb, J, body) {
        Err(Refusal::Bad(message)) => (message, true),
        Err(Refusal::Unreadable(message)) => (message, false),
        other => panic!("{body}: {other:?}"),
    };
    assert!(message.contains(word), "{body}: {message}");
    assert_eq!(handler.time("failure_time", "job=\"j\"") > 0.0, is_readable, "{body}");
}

#[test]
fn a_bad_body_changes_nothing_but_the_time_of_failure() {
    let mut handler = Handler::new();
    handler.store.limit(Bounds { series: 12, ..Bounds::default() });
    handler.push(Verb::Replace, J, "a 1\n").unwrap();
    handler.push(Verb::Replace, "/metrics/job/k", "# TYPE g gauge\ng 1\nup 1\n").unwrap();
    let before = handler.samples();
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
            assert_refused(&mut handler, verb, body, word);
            assert_eq!(handler.samples(), before, "{body}");
            handler.push(Verb::Delete, J, "").unwrap();
            handler.push(Verb::Replace, J, "a 1\n").unwrap();
        }
    }
    // A group that never was pushed has failed all the same.
    handler.push(Verb::Add, "/metrics/job/m", "?").unwrap_err();
    assert!(!handler.all().iter().any(|line| line.contains("job=\"m\"")));
    handler.push(Verb::Add, "/metrics/job/n", "a 1 5\n").unwrap_err();
    assert_eq!(handler.time("time", "job=\"n\""), 0.0);
    assert!(handler.time("failure_time", "job=\"n\"") > 1.7e9);
    handler.push(Verb::Replace, J, "a 2\n").unwrap();
    assert_eq!(handler.samples()[0], "a{job=\"j\"} 2");
}

#[test]
fn bodies_are_text_plain_or_open_metrics_as_they_are_or_gzip() {
    let mut handler = Handler::new();
    let plain = update(Verb::Replace, J, b"# TYPE a counter\na_total 1\n# EOF\n");
    handler
        .ask(GroupUpdate { content_type: "application/openmetrics-text; version=1.0.0", ..plain })
        .unwrap();
    let deflated = miniz_oxide::deflate::compress_to_vec(b"b 2\n", 6);
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let crc = crc32fast::hash(b"b 2\n").to_le_bytes();
    let gzip = [&head[..], &deflated, &crc, &4u32.to_le_bytes()].concat();
    let packed = GroupUpdate { content_encoding: "GZIP", ..update(Verb::Add, J, &gzip) };
    handler.ask(packed).unwrap();
    assert_eq!(handler.samples(), ["a_total{job=\"j\"} 1", "b{job=\"j\"} 2"]);
    assert!(matches!(handler.ask(GroupUpdate { max_body: 3, ..packed }), Err(Refusal::Bad(_))));
    assert!(matches!(handler.ask(GroupUpdate { body: b"b 2\n", ..packed }), Err(Refusal::Bad(_))));
    handler.ask(GroupUpdate { content_encoding: "x-gzip", ..packed }).unwrap();
    let brotli = GroupUpdate { content_encoding: "br", ..packed };
    assert!(matches!(handler.ask(brotli), Err(Refusal::Media(_))));
}

/// A gauge as protocol buffers.
const GAUGE: &[u8] = b"\x12\n\x01c\x18\x01\"\x0b\x12\t\t\0\0\0\0\0\0\x14@";

#[test]
fn bodies_are_protocol_buffers_whatever_the_order_of_the_parameters() {
    let mut handler = Handler::new();
    let plain = update(Verb::Replace, J, GAUGE);
    for good in [
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
         encoding=delimited",
        "Application/VND.google.protobuf;Encoding=\"Delimited\";proto=io.prometheus.client.MetricFamily",
        "application/vnd.google.protobuf; encoding=delimited; q=0.5; escaping=values; \
         proto=io.prometheus.client.MetricFamily",
        "application/vnd.google.protobuf",
    ] {
        handler.push(Verb::Replace, J, "").unwrap();
        handler
            .ask(GroupUpdate { content_type: good, ..plain })
            .unwrap_or_else(|e| panic!("{good}: {e:?}"));
        assert_eq!(handler.samples(), ["c{job=\"j\"} 5"], "{good}");
    }
    for bad in ["encoding=text", "encoding=compact-text", "proto=io.prometheus.write.v2.Request"] {
        let content_type = &["application/vnd.google.protobuf;", bad].concat();
        let Err(Refusal::Media(message)) = handler.ask(GroupUpdate { content_type, ..plain })
        else {
            panic!("{bad}")
        };
        assert!(message.contains("delimited"), "{message}");
    }
    let content_type = "application/vnd.google.protobuf";
    let Err(Refusal::Unreadable(message)) =
        handler.ask(GroupUpdate { content_type, body: b"c 1\n", ..plain })
    else {
        panic!("text")
    };
    assert!(message.contains("at byte 0"), "{message}");
}

/// An answer shows the beginning of a long name, not all of it.
#[test]
fn a_refusal_shortens_a_long_name() {
    let long = "z".repeat(100_000);
    for body in [format!("{long} 1\n"), format!("{long} 1 1600000000000\n")] {
        let Err(Refusal::Bad(message)) = Handler::new().push(Verb::Replace, J, &body) else {
            panic!("taken")
        };
        assert!(message.len() < 200 && message.contains("zzz…"), "{}", message.len());
    }
}

#[test]
fn groups_go_with_their_series_and_are_bounded() {
    let mut handler = Handler::new();
    let minute = Duration::from_secs(60);
    handler.rules.ttl_by_source =
        vec![("short".to_owned(), minute), ("kept".to_owned(), Duration::ZERO)];
    for path in ["short", "long", "kept"] {
        handler.push(Verb::Replace, &format!("/metrics/job/{path}"), "a 1\n").unwrap();
    }
    handler.now += minute;
    assert_eq!(handler.samples(), ["a{job=\"long\"} 1", "a{job=\"kept\"} 1"]);
    handler.now += minute * 5;
    assert_eq!(handler.samples(), ["a{job=\"kept\"} 1"]);
    for i in 0..MAX_GROUPS - 1 {
        handler.push(Verb::Replace, &format!("/metrics/job/{i}"), "").unwrap();
    }
    assert!(!handler.store.was_full(handler.now, minute));
    assert_eq!(handler.push(Verb::Replace, "/metrics/job/more", "a 1\n"), Err(Refusal::Full));
    assert!(handler.store.was_full(handler.now, minute), "health reports it");
    handler.push(Verb::Replace, "/metrics/job/7", "a 1\n").unwrap();
    handler.now += minute * 5;
    handler.all();
    handler.push(Verb::Replace, "/metrics/job/more", "a 1\n").unwrap();
    assert_eq!(handler.gateway.members.len(), 2);
}

/// JSON and a group do not change each other's series.
#[test]
fn a_series_of_another_is_refused() {
    let mut handler = Handler::new();
    handler.push(Verb::Replace, J, "a 1\n").unwrap();
    let labels = crate::model::metric::Labels::rendered(b"job=\"j\"");
    let (name, help, time, ttl) = ("a", "", None, Duration::ZERO);
    let (kind, change, group) = (Kind::Untyped, Change::Set(5.0), Group::SHARED);
    let offer = Offer { name, kind, help, labels, change, time, ttl, group, is_line: false };
    assert!(handler.store.take(&offer, handler.now).is_err());
    handler.store.take(&Offer { name: "b", ..offer }, handler.now).unwrap();
    let Err(Refusal::Bad(message)) = handler.push(Verb::Add, J, "b 1\n") else { panic!("taken") };
    assert!(message.contains("another source's"), "{message}");
}

/// A family counts once, also where its samples come in turn with those of many others, as scripts write them.
#[test]
fn new_families_in_turn_count_once() {
    let mut handler = Handler::new();
    handler.store.limit(Bounds { families: 42, ..Bounds::default() });
    let line = |n: usize| format!("x{}{{l=\"{n}\"}} 1\n", n % 40);
    let body: String = (0..400).map(line).collect();
    for verb in [Verb::Replace, Verb::Add] {
        handler.push(verb, J, &body).unwrap();
        assert_eq!(handler.samples().len(), 400);
    }
    let refused = handler.push(Verb::Add, J, "y 1\n");
    assert!(matches!(refused, Err(Refusal::Bad(text)) if text.contains("no room")), "{body}");
}
