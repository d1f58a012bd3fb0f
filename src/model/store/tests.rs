mod groups;
mod list;
mod ours;
mod room;

use super::*;
use crate::base::dialect::Dialect;
use crate::model::metric::Buffer;
use crate::outputs::expose::{Format, Lines, Text};
use std::collections::BTreeMap;

fn written(store: &mut Store, now: Instant, format: Format) -> String {
    let (mut out, mut lines) = (Buffer::default(), Lines::default());
    let mut text = Text::new(Dialect::Own, format, &mut out, &mut lines);
    store.write(now, &mut text);
    text.finish();
    String::from_utf8(out.bytes().to_vec()).unwrap()
}

fn offer<'a>(name: &'a str, kind: Kind, labels: &'a str, change: Change<'a>) -> Offer<'a> {
    let labels = Labels::rendered(labels.as_bytes());
    let ttl = Duration::from_secs(10);
    let group = Group::SHARED;
    Offer { name, kind, help: "Help.", labels, change, time: None, ttl, group, is_line: false }
}

fn gauge_of(name: &str, value: f64) -> Offer<'_> {
    offer(name, Kind::Gauge, "", Change::Set(value))
}

#[test]
fn families_come_whole_and_in_order_whatever_order_they_came_in() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    for (name, labels) in
        [("b", "x=\"1\""), ("a", ""), ("b", ""), ("a", "x=\"2\""), ("b", "x=\"0\"")]
    {
        store.take(&offer(name, Kind::Gauge, labels, Change::Set(1.5)), now).unwrap();
    }
    store.take(&offer("n_total", Kind::Counter, "", Change::Add(2.0)), now).unwrap();
    store.take(&offer("n_total", Kind::Counter, "", Change::Add(3.0)), now).unwrap();
    store.take(&offer("h", Kind::Histogram, "", Change::Observe(&[0.05, 7.0])), now).unwrap();
    let text = written(&mut store, now, Format::Prometheus);
    let names: Vec<_> = text.lines().filter(|l| !l.contains("_bucket")).collect();
    assert_eq!(
        names,
        [
            "# HELP a Help.",
            "# TYPE a gauge",
            "a 1.5",
            "a{x=\"2\"} 1.5",
            "# HELP b Help.",
            "# TYPE b gauge",
            "b{x=\"1\"} 1.5",
            "b 1.5",
            "b{x=\"0\"} 1.5",
            "# HELP h Help.",
            "# TYPE h histogram",
            "h_sum 7.05",
            "h_count 2",
            "# HELP n_total Help.",
            "# TYPE n_total counter",
            "n_total 5",
        ]
    );
    assert_eq!(store.len(), 6 + DEFAULT_BUCKETS.len() + 3);
    // The stem of a total that is another family's.
    let open = |store: &mut Store| written(store, now, Format::OpenMetrics);
    assert!(open(&mut store).contains("# TYPE n counter\nn_total 5\n"));
    store.take(&gauge_of("n", 1.0), now).unwrap();
    assert!(open(&mut store).contains("# TYPE n_total unknown\nn_total 5\n"));
    store.take(&offer("bare", Kind::Counter, "", Change::Set(5.0)), now).unwrap();
    assert!(open(&mut store).contains("# TYPE bare unknown\nbare 5\n"));
}

#[test]
fn refused_samples_change_nothing() {
    let now = Instant::now();
    let bounds = Bounds { series: 3, families: 2, name_bytes: 9, ..Bounds::default() };
    let mut store = Store::new(bounds, now);
    store.take(&gauge_of("a", 1.0), now).unwrap();
    store.take(&offer("c", Kind::Counter, "", Change::Set(1.0)), now).unwrap();
    let before = written(&mut store, now, Format::Prometheus);
    for (offer, reason) in [
        (gauge_of("1a", 1.0), Reason::Name),
        (gauge_of("", 1.0), Reason::Name),
        (gauge_of("up", 1.0), Reason::Reserved),
        (gauge_of("scrape_x", 1.0), Reason::Reserved),
        (gauge_of("abcdefghij", 1.0), Reason::TooLong),
        (gauge_of("b", 1.0), Reason::Families),
        (gauge_of("c", 1.0), Reason::Kind),
        (gauge_of("a", f64::INFINITY), Reason::Number),
        (offer("a", Kind::Gauge, "", Change::Observe(&[1.0])), Reason::Number),
        (offer("c", Kind::Counter, "", Change::Add(-1.0)), Reason::Negative),
        (offer("c", Kind::Counter, "", Change::Set(-1.0)), Reason::Negative),
    ] {
        assert_eq!(store.take(&offer, now), Err(reason), "{}", offer.name);
        assert_eq!(written(&mut store, now, Format::Prometheus), before);
    }
    store.take(&offer("a", Kind::Gauge, "x=\"1\"", Change::Set(1.0)), now).unwrap();
    let another = offer("a", Kind::Gauge, "x=\"2\"", Change::Set(1.0));
    assert_eq!(store.take(&another, now), Err(Reason::Series));
    // Once there is room again it is stored, and a name is free for another type.
    let later = now + Duration::from_secs(11);
    store.take(&another, later).unwrap();
    store.take(&gauge_of("c", 1.0), later).unwrap();
    assert_eq!(store.len(), 2);
}

#[test]
fn parts_of_histograms_are_taken() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    let histogram = |name| offer(name, Kind::Histogram, "", Change::Observe(&[1.0]));
    store.take(&histogram("h"), now).unwrap();
    store.take(&gauge_of("g_sum", 1.0), now).unwrap();
    assert_eq!(store.take(&gauge_of("h_count", 1.0), now), Err(Reason::Taken));
    assert_eq!(store.take(&histogram("g"), now), Err(Reason::Taken));
}

#[test]
fn declared_families_stay() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    let for_ever = Offer { ttl: Duration::ZERO, ..gauge_of("g", 0.0) };
    let nothing = Offer { change: Change::Add(0.0), ..for_ever };
    store.declare(&nothing, &[], now).unwrap();
    let seen = Offer { kind: Kind::Histogram, change: Change::Observe(&[]), name: "h", ..for_ever };
    store.declare(&seen, &[1.0, 2.0], now).unwrap();
    store.take(&gauge_of("g", 4.0), now).unwrap();
    store.take(&offer("h", Kind::Histogram, "", Change::Observe(&[1.0, 9.0])), now).unwrap();
    let later = now + Duration::from_secs(1000);
    let text = written(&mut store, later, Format::Prometheus);
    assert!(text.contains("\ng 4\n") && text.contains("h_bucket{le=\"1\"} 1\n"), "{text}");
    store.forget_declarations();
    store.declare(&nothing, &[], later).unwrap();
    store.drop_undeclared();
    let text = written(&mut store, later, Format::Prometheus);
    assert!(!text.contains("h_sum"), "{text}");
    assert!(written(&mut store, later, Format::Prometheus).contains("\ng 4\n"));
}

/// Against a map with linear search.
#[test]
fn does_what_a_naive_twin_does() {
    let start = Instant::now();
    let mut store = Store::new(Bounds { series: 60, ..Bounds::default() }, start);
    let mut twin: BTreeMap<(String, String), (f64, u64)> = BTreeMap::new();
    let (mut seed, mut clock) = (3u64, 0u64);
    for round in 0..60_000 {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let random = |from: u32, n: u64| (seed >> from) % n;
        clock += random(20, 3) * 400;
        let now = start + Duration::from_millis(clock);
        twin.retain(|_, (_, end)| *end > clock);
        let (name, labels) = (format!("n{}", random(30, 7)), format!("l=\"{}\"", random(40, 20)));
        let counter = name == "n3";
        let kind = if counter { Kind::Counter } else { Kind::Gauge };
        let number = random(50, 100) as f64 / 4.0;
        let add = random(10, 2) == 1;
        let ttl = [0, 5_000, 20_000][random(15, 3) as usize];
        let ttl = if ttl == 0 && random(25, 50) > 0 { 7_000 } else { ttl };
        let change = if add { Change::Add(number) } else { Change::Set(number) };
        let ttl_of = Duration::from_millis(ttl);
        let done = store.take(&Offer { ttl: ttl_of, ..offer(&name, kind, &labels, change) }, now);
        let key = (name, labels);
        match done {
            Ok(()) => {
                let old = twin.get(&key).map_or(0.0, |(value, _)| *value);
                let value = if add { old + number } else { number };
                twin.insert(key, (value, if ttl == 0 { u64::MAX } else { clock + ttl }));
            }
            Err(reason) => {
                assert_eq!(reason, Reason::Series);
                assert!(!twin.contains_key(&key));
                // Expired ones may keep their place for a second at most.
                assert!(twin.len() > 20, "{}", twin.len());
            }
        }
        if round % 50 == 0 {
            let text = written(&mut store, now, Format::Prometheus);
            let mut samples: Vec<_> = text.lines().filter(|l| !l.starts_with('#')).collect();
            samples.sort_unstable();
            let line = |((name, labels), (value, _)): (&(String, String), &(f64, u64))| {
                format!("{name}{{{labels}}} {value}")
            };
            let mut expected: Vec<_> = twin.iter().map(line).collect();
            expected.sort_unstable();
            assert_eq!(samples, expected);
            assert_eq!(store.len(), twin.len());
        }
    }
}
