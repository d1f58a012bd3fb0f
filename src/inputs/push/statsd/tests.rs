use super::*;
use crate::base::dialect::Dialect;
use crate::model::metric::Buffer;
use crate::model::store::Bounds;
use crate::outputs::expose::{Format, Lines as Kept, Text};
use std::net::UdpSocket;
use std::time::Duration;

fn rules() -> Rules {
    let (ttl, max_age) = (Duration::from_secs(300), Duration::from_secs(3600));
    Rules { ttl, max_age, ..Rules::default() }
}

/// What a sink gets, without comments.
fn samples(write: impl FnOnce(&mut Text<'_>)) -> Vec<String> {
    let (mut out, mut kept) = (Buffer::default(), Kept::default());
    let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut kept);
    write(&mut text);
    text.finish();
    let text = String::from_utf8(out.bytes().to_vec()).unwrap();
    text.lines().filter(|l| !l.starts_with('#')).map(str::to_owned).collect()
}

struct Pair {
    lines: Lines,
    store: Store,
    rules: Rules,
    now: Instant,
}

impl Pair {
    fn new(rules: Rules) -> Pair {
        let now = Instant::now();
        Pair { lines: Lines::default(), store: Store::new(Bounds::default(), now), rules, now }
    }

    fn take(&mut self, datagram: impl AsRef<[u8]>) {
        self.lines.take(datagram.as_ref(), &self.rules, &mut self.store, self.now);
    }

    fn samples(&mut self) -> Vec<String> {
        samples(|text| self.store.write(self.now, text))
    }

    fn self_metrics(&self) -> Vec<String> {
        samples(|text| self.lines.write_self_metrics(text))
    }

    /// Reasons and how often.
    fn refused(&self) -> Vec<String> {
        let metrics = self.self_metrics();
        let refused = metrics.iter().filter_map(|line| {
            line.strip_prefix("sysmetrics_statsd_lines_refused_total{reason=\"")
        });
        refused.map(|rest| rest.replace("\"}", "")).collect()
    }
}

#[test]
fn each_type_does_as_the_protocol_says() {
    for (lines, sample) in [
        ("c:1|c\nc:2.5|c", "c 3.5"),
        ("c:1|c|@0.1", "c 10"),
        ("c:1:2:3|c|@0.5", "c 12"),
        ("g:7|g", "g 7"),
        ("g:7|g|@0.1", "g 7"),
        ("g:7|g\ng:+3|g\ng:-4.5|g", "g 5.5"),
        ("g:0|g\ng:-4|g", "g -4"),
        ("g:-4|g", "g -4"),
        ("g:1:2:-5|g", "g -3"),
        ("g:+1:+2|g", "g 3"),
        ("t:320|ms", "t_sum 0.32"),
        ("t:320|ms", "t_bucket{le=\"0.25\"} 0"),
        ("t:320|ms", "t_bucket{le=\"0.5\"} 1"),
        ("t:320:5:20|ms", "t_count 3"),
        ("t:500|ms|@0.1", "t_count 10"),
        ("t:500|ms|@0.1", "t_sum 5"),
        ("t:500:1000|ms|@0.3", "t_count 6"),
        ("t:500|h|@0.6", "t_count 2"),
        ("h:3|h\nh:5|d", "h_sum 8"),
        ("h:0.3|h", "h_bucket{le=\"0.5\"} 1"),
        ("a.b-c:1|c\r\n\n", "a_b_c 1"),
        ("1st:1|c", "_1st 1"),
        ("l:1|c|#zone:b,k.l:a b\\\"", "l{k_l=\"a b\\\\\\\"\",zone=\"b\"} 1"),
        ("l:1|c|#k:a,k:b", "l{k=\"b\"} 1"),
        ("l,k=a:1|c", "l{k=\"a\"} 1"),
        ("l[k=a b,m=n]:1|c", "l{k=\"a b\",m=\"n\"} 1"),
        ("[k.x=a]l:1|c\nl[k.x=a].s:2|c", "l_s{k_x=\"a\"} 2"),
    ] {
        let mut pair = Pair::new(rules());
        pair.take(lines);
        let samples = pair.samples();
        assert!(samples.iter().any(|s| s == sample), "{lines}: {sample} in {samples:?}");
        assert_eq!(pair.refused(), [""; 0], "{lines}");
    }
}

#[test]
fn what_is_refused_changes_nothing_and_is_counted() {
    for (line, reason) in [
        ("x", "line"),
        ("x:1|c|", "field"),
        ("x:1|c|@2", "rate"),
        ("x:1|s", "set"),
        ("x[k=v:1|c", "brackets"),
        ("_e{5,4}:title|text", "event"),
        ("_sc|name|0", "service_check"),
        ("x:1|q", "type"),
        ("x:|c", "number"),
        ("x:1:|ms", "number"),
        ("x:1:nan|g", "number"),
        ("x:-1|c", "negative"),
        ("x:5:-1|c", "negative"),
        ("good:1|g", "other_type"),
        ("up:1|g", "reserved_name"),
        ("x:1|c|#__k:v", "label_name"),
        ("x:1|ms|#le:v", "label_name"),
        ("x:1|c|T1", "timestamp"),
        ("x:1|g|Tx", "timestamp"),
    ] {
        let mut pair = Pair::new(rules());
        pair.take(format!("good:1|c\n{line}\ngood:1|c"));
        assert_eq!(pair.samples(), ["good 2"], "{line}");
        assert_eq!(pair.refused(), [format!("{reason} 1")], "{line}");
        assert!(pair.self_metrics().contains(&"sysmetrics_statsd_lines_total 3".to_owned()));
    }
    let mut pair = Pair::new(rules());
    let many: Vec<_> = (0..40).map(|i| format!("k{i}:v")).collect();
    pair.take(format!("x:1|c|#{}\n{}:1|c", many.join(","), "n".repeat(300)));
    assert_eq!(pair.refused(), ["labels 1", "too_long 1"]);
}

#[test]
fn tags_that_are_none_are_left_out_and_counted() {
    let mut pair = Pair::new(rules());
    pair.take("x:1|c|#urgent,k:v,:w,z:");
    assert_eq!(pair.samples(), ["x{k=\"v\"} 1"]);
    assert!(pair.self_metrics().contains(&"sysmetrics_statsd_tags_refused_total 3".to_owned()));
}

#[test]
fn the_settings_of_pushes_hold() {
    let labels = vec![("env".to_owned(), "prod".to_owned()), ("a".to_owned(), "x".to_owned())];
    let (ttl, prefix) = (Duration::from_secs(7), "ns_".to_owned());
    let mut pair = Pair::new(Rules { labels, ttl, prefix, ..rules() });
    pair.take("x.y:1|c|#a:1");
    assert_eq!(pair.samples(), ["ns_x_y{a=\"1\",env=\"prod\"} 1"]);
    pair.now += Duration::from_secs(8);
    assert_eq!(pair.samples(), [""; 0]);
}

#[test]
fn time_stamps_are_those_of_counters_and_gauges() {
    let now = crate::base::clock::WallClock::now().since_epoch().as_secs();
    let mut pair = Pair::new(rules());
    pair.take(format!("c:1|c|T{now}\ng:1|g|T{now}\nh:1|h|T1"));
    assert_eq!(pair.refused(), [""; 0]);
    let samples = pair.samples();
    assert_eq!(samples[..2], [format!("c 1 {now}000"), format!("g 1 {now}000")]);
    assert!(samples.contains(&"h_count 1".to_owned()), "{samples:?}");
}

#[test]
fn what_is_no_utf_8_is_made_so() {
    let mut pair = Pair::new(rules());
    pair.take(b"a\xffb:1|c|#k:\xe2\x82v\nc:1|c");
    assert_eq!(pair.samples(), ["a_b{k=\"\u{fffd}v\"} 1", "c 1"]);
}

fn settings(listen: Option<&str>) -> settings::Statsd {
    settings::Statsd { listen: listen.map(str::to_owned) }
}

#[test]
fn a_socket_stays_as_long_as_its_address() {
    let mut statsd = Statsd::default();
    let any = settings(Some("127.0.0.1:0"));
    statsd.apply(statsd.prepare(&any).unwrap());
    let bound = |statsd: &Statsd| {
        UdpSocket::from(statsd.fd().unwrap().try_clone_to_owned().unwrap()).local_addr().unwrap()
    };
    let address = bound(&statsd);
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"a:1|c", address).unwrap();
    statsd.apply(statsd.prepare(&any).unwrap());
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    statsd.turn(&rules(), &mut store, now);
    assert_eq!(store.len(), 1, "what came before the reload is there after it");
    // Somebody else has the other one: an error that names it, and nothing changes.
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let error = statsd.prepare(&settings(Some(&taken))).err().unwrap().to_string();
    assert!(error.contains("statsd.listen") && error.contains(&taken), "{error}");
    assert_eq!(bound(&statsd), address);
    // The old one itself is in the way.
    let wider = format!("0.0.0.0:{}", address.port());
    let error = statsd.prepare(&settings(Some(&wider))).err().unwrap().to_string();
    assert!(error.contains(&wider) && error.ends_with("end and start anew"), "{error}");
    assert!(!samples(|text| statsd.write_self_metrics(text)).is_empty());
    statsd.apply(statsd.prepare(&settings(None)).unwrap());
    assert!(statsd.fd().is_none() && samples(|text| statsd.write_self_metrics(text)).is_empty());
    UdpSocket::bind(address).unwrap();
}
