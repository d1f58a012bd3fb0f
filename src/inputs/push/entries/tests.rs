use super::tally::{MAX_DETAILED, MAX_QUOTED};
use super::*;
use crate::base::dialect::Dialect;
use crate::model::store::Bounds;
use crate::outputs::expose::{Format, Lines, Text as Exposition};

const RULES: Rules = Rules {
    ttl: Duration::from_secs(300),
    ttl_by_source: Vec::new(),
    max_age: Duration::from_secs(3600),
    prefix: String::new(),
    labels: Vec::new(),
};

struct Pair {
    push: Push,
    store: Store,
    now: Instant,
}

impl Pair {
    fn new(rules: Rules) -> Pair {
        let now = Instant::now();
        Pair { push: Push::new(rules), store: Store::new(Bounds::default(), now), now }
    }

    fn update(&mut self, body: &str) -> String {
        let mut out = Buffer::default();
        self.push.take(Form::Update, body.as_bytes(), &mut self.store, self.now, &mut out).unwrap();
        String::from_utf8(out.bytes().to_vec()).unwrap()
    }

    fn batch(&mut self, body: &str) -> String {
        let mut out = Buffer::default();
        self.push.take(Form::Batch, body.as_bytes(), &mut self.store, self.now, &mut out).unwrap();
        String::from_utf8(out.bytes().to_vec()).unwrap()
    }

    fn samples(&mut self) -> Vec<String> {
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut text = Exposition::new(Dialect::Own, Format::Prometheus, &mut out, &mut lines);
        self.store.write(self.now, &mut text);
        text.finish();
        let text = String::from_utf8(out.bytes().to_vec()).unwrap();
        text.lines().filter(|l| !l.starts_with('#')).map(str::to_owned).collect()
    }
}

const ALL: &str = "{\"accepted\":1,\"refused\":0,\"errors\":[]}\n";

#[test]
fn values_are_set_or_added() {
    let mut pair = Pair::new(RULES);
    for (body, sample) in [
        (r#"{"name":"c_total","type":"counter","value":2}"#, "c_total 2"),
        (r#"[{"name":"c_total","type":"counter","value":3.5,"set":false}]"#, "c_total 5.5"),
        (r#"{"set":true,"name":"c_total","type":"counter","value":1}"#, "c_total 1"),
        (r#"{"name":"g","type":"gauge","value":2,"labels":null,"help":null}"#, "g 2"),
        (r#"{"name":"g","type":"gauge","value":-4}"#, "g -4"),
        (r#"{"name":"g","type":"gauge","add":1.5}"#, "g -2.5"),
        (r#"{"name":"g","type":"gauge","add":true,"value":1}"#, "g -1.5"),
        (
            r#"{"name":"l","type":"gauge","value":1,"labels":{"b":"q\"\n","a":"\u00e9"}}"#,
            "l{a=\"é\",b=\"q\\\"\\n\"} 1",
        ),
    ] {
        assert_eq!(pair.update(body), ALL, "{body}");
        assert!(pair.samples().iter().any(|s| s == sample), "{sample}: {:?}", pair.samples());
    }
    assert_eq!(pair.update(r#"{"name":"h","type":"histogram","values":[0.01,7,99]}"#), ALL);
    assert_eq!(pair.update(r#"{"name":"h","type":"histogram","value":0.5}"#), ALL);
    let samples = pair.samples();
    for sample in ["h_bucket{le=\"0.5\"} 2", "h_bucket{le=\"+Inf\"} 4", "h_sum 106.51"] {
        assert!(samples.iter().any(|s| s == sample), "{samples:?}");
    }
}

#[test]
fn each_refused_entry_is_told_with_its_reason() {
    let mut pair = Pair::new(RULES);
    for (entry, reason) in [
        ("5", "entry"),
        (r#"{"type":"gauge","value":1}"#, "missing_key"),
        (r#"{"name":"a","value":1}"#, "missing_key"),
        (r#"{"name":"a","type":"gauge"}"#, "missing_key"),
        (r#"{"name":"a","type":"gauge","value":1,"vlaue":1}"#, "unknown_key"),
        (r#"{"name":"a","type":"gauge","value":1,"value":1}"#, "key_twice"),
        (r#"{"name":"a","type":"gauge","value":1,"add":1}"#, "key_twice"),
        (r#"{"name":"a","type":"gauge","values":[1]}"#, "key_twice"),
        (r#"{"name":"a","type":"gauge","value":"1"}"#, "shape"),
        (r#"{"name":"a","type":"gauge","value":1,"labels":{"a":1}}"#, "shape"),
        (r#"{"name":"a","type":"gauge","value":1,"set":1}"#, "shape"),
        (r#"{"name":"a","type":"gauge","value":1e999}"#, "number"),
        (r#"{"name":"a","type":"histogram","values":[1,null]}"#, "number"),
        (r#"{"name":"a","type":"untyped","value":1}"#, "type"),
        (r#"{"name":"a-b","type":"gauge","value":1}"#, "name"),
        (r#"{"name":"up","type":"gauge","value":1}"#, "reserved_name"),
        (r#"{"name":"a","type":"counter","value":-1}"#, "negative"),
        (r#"{"name":"a","type":"gauge","value":1,"labels":{"__a":"1"}}"#, "label_name"),
        (r#"{"name":"a","type":"histogram","value":1,"labels":{"le":"1"}}"#, "label_name"),
        (r#"{"name":"a","type":"gauge","value":1,"labels":{"a":"1","a":"2"}}"#, "label_twice"),
        (r#"{"name":"a","type":"gauge","value":1,"timestamp":1}"#, "timestamp"),
        (r#"{"name":"a","type":"gauge","value":1,"timestamp":99999999999999}"#, "timestamp"),
    ] {
        let good = r#"{"name":"good","type":"gauge","value":1}"#;
        let answer = pair.update(&format!("[{good},{entry}]"));
        let start = format!(
            "{{\"accepted\":1,\"refused\":1,\"errors\":[{{\"index\":1,\"reason\":\"{reason}\","
        );
        assert!(answer.starts_with(&start), "{entry}: {answer}");
        assert!(json::parse(answer.as_bytes()).is_ok(), "{answer}");
        assert_eq!(pair.samples(), ["good 1"], "{entry}");
    }
    let answer = pair.update(r#"{"name":"a","type":"gauge","vl\"aue":1}"#);
    assert!(answer.contains("there is no such key: vl\\\"aue\""), "{answer}");
}

#[test]
fn errors_say_which_type_a_key_takes() {
    let mut pair = Pair::new(RULES);
    for (key, takes) in [
        (r#""name":7"#, "the key takes a text, not a number: name"),
        (r#""type":null"#, "the key takes a text, not null: type"),
        (r#""help":true"#, "the key takes a text, not true or false: help"),
        (r#""value":"1""#, "the key takes a number, not a text: value"),
        (r#""value":null"#, "the key takes a number, not null: value"),
        (r#""timestamp":"now""#, "the key takes a number, not a text: timestamp"),
        (r#""values":1"#, "the key takes an array, not a number: values"),
        (r#""labels":[]"#, "the key takes an object, not an array: labels"),
        (r#""labels":{"a":1}"#, "the key takes a text, not a number: a"),
        (r#""set":1"#, "the key takes true or false, not a number: set"),
        (r#""add":"1""#, "the key takes a number, true or false, not a text: add"),
    ] {
        // The name and value that the entry needs, unless they are what is odd.
        let needs = [r#""name":"a""#, r#""type":"gauge""#, r#""value":1"#];
        let (own, _) = key.split_once(':').unwrap();
        let rest = needs.into_iter().filter(|n| !n.starts_with(own) && own != "\"values\"");
        let whole: Vec<_> = [key].into_iter().chain(rest).collect();
        let answer = pair.update(&format!("{{{}}}", whole.join(",")));
        assert!(answer.contains(&format!("\"detail\":\"{takes}\"")), "{key}: {answer}");
        assert!(answer.contains("\"reason\":\"shape\""), "{answer}");
    }
    let answer = pair.batch(r#"{"metrics":[{"name":"a","metric_type":"gauge","value":1}]}"#);
    assert!(answer.contains("the key takes an object, not a number: value"), "{answer}");
    let answer = pair.update(r#"{"name":"a","type":"meter","value":1}"#);
    assert!(answer.contains("expected counter, gauge or histogram: meter"), "{answer}");
}

#[test]
fn what_is_declared_needs_no_type() {
    let mut pair = Pair::new(Rules { prefix: "ns_".to_owned(), ..RULES });
    let one = |name, kind, buckets| Declared { name, kind, help: "", buckets };
    let declared = [
        one("c_total", Kind::Counter, &[][..]),
        one("g", Kind::Gauge, &[]),
        one("h", Kind::Histogram, &[1.0]),
    ];
    pair.push.declare(&declared, &mut pair.store, pair.now);
    for (body, sample) in [
        (r#"{"name":"c_total","value":2}"#, "ns_c_total 2"),
        (r#"{"name":"c_total","value":2}"#, "ns_c_total 4"),
        (r#"{"name":"g","value":-2}"#, "ns_g -2"),
        (r#"{"name":"g","add":0.5}"#, "ns_g -1.5"),
        (r#"{"name":"h","values":[0.5,2]}"#, "ns_h_bucket{le=\"1\"} 1"),
        (r#"{"name":"g","labels":{"a":"b"},"value":3}"#, "ns_g{a=\"b\"} 3"),
    ] {
        assert_eq!(pair.update(body), ALL, "{body}");
        assert!(pair.samples().iter().any(|s| s == sample), "{sample}: {:?}", pair.samples());
    }
    let batch = r#"{"metrics":[{"name":"g","value":{"value":9}}]}"#;
    assert_eq!(pair.batch(batch), ALL);
    // The type that others gave it without a declaration is no promise.
    assert_eq!(pair.update(r#"{"name":"x","type":"gauge","value":1}"#), ALL);
    for body in [r#"{"name":"x","value":1}"#, r#"{"name":"ns_g","value":1}"#, r#"{"value":1}"#] {
        assert!(pair.update(body).contains("\"reason\":\"missing_key\""), "{body}");
    }
    let wrong = pair.update(r#"{"name":"g","type":"counter","value":1}"#);
    assert!(wrong.contains("other_type"), "{wrong}");
}

#[test]
fn long_excerpts_and_lists_are_cut() {
    let mut pair = Pair::new(RULES);
    let key = format!("{}\\\"é", "x".repeat(MAX_QUOTED - 1));
    let answer = pair.update(&format!("{{\"{key}\":1}}"));
    assert!(answer.contains(&format!("{}…", "x".repeat(MAX_QUOTED - 1))), "{answer}");
    let answer = pair.update(&format!("[{}0]", "0,".repeat(2 * MAX_DETAILED - 1)));
    assert!(answer.contains("\"refused\":2000,"));
    assert_eq!(answer.matches("\"index\"").count(), MAX_DETAILED);
    assert!(json::parse(answer.as_bytes()).is_ok());
}

#[test]
fn batches_come_from_a_source() {
    let labels = vec![("env".to_owned(), "prod".to_owned()), ("a".to_owned(), "x".to_owned())];
    let ttl_by_source = vec![("app".to_owned(), Duration::from_secs(7))];
    let prefix = "ns_".to_owned();
    let mut pair = Pair::new(Rules { labels, ttl_by_source, prefix, ..RULES });
    let body = |value: &str| {
        format!(
            "{{\"metrics\":[{{\"name\":\"request_count\",\"metric_type\":\"counter\",\
             \"help\":\"Total number of requests\",\"labels\":{{\"a\":\"1\"}},\"value\":{value}}}],\
             \"source\":\"app\"}}"
        )
    };
    assert_eq!(pair.batch(&body(r#"{"value":42.0,"timestamp":null}"#)), ALL);
    let start = "ns_request_count{a=\"1\",env=\"prod\",source=\"app\"}";
    assert_eq!(pair.samples(), [format!("{start} 42")]);
    let now = WallClock::now().since_epoch().as_millis();
    assert_eq!(pair.batch(&body(&format!("{{\"value\":1,\"timestamp\":{now}}}"))), ALL);
    assert_eq!(pair.samples(), [format!("{start} 43 {now}")]);
    let answer = pair.batch(&body(r#"{"value":1,"timestamp":1700000000}"#));
    assert!(answer.contains("\"reason\":\"timestamp\""), "{answer}");
    pair.now += Duration::from_secs(8);
    assert!(pair.samples().is_empty());
    for bad in ["[]", "{}", r#"{"metrics":{}}"#, r#"{"metrics":[],"sources":""}"#, "{"] {
        let mut out = Buffer::default();
        let done = pair.push.take(Form::Batch, bad.as_bytes(), &mut pair.store, pair.now, &mut out);
        assert!(done.is_err() && out.is_empty(), "{bad}");
    }
}
