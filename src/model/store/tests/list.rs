use super::{offer, written};
use crate::base::clock::WallClock;
use crate::model::store::*;
use crate::outputs::expose::Format;

fn all(store: &Store, now: Instant) -> Vec<(String, Duration)> {
    let mut all = Vec::new();
    store.list(now, &mut |series| {
        let labels = String::from_utf8_lossy(series.labels.text()).into_owned();
        all.push((format!("{}{{{labels}}}", series.name), series.age));
    });
    all
}

#[test]
fn ages_are_since_the_last_change_or_the_time_of_the_source() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut store = Store::new(Bounds::default(), start);
    let with = |name, time, ttl| Offer {
        time,
        ttl: Duration::from_secs(ttl),
        ..offer(name, Kind::Gauge, "", Change::Set(1.0))
    };
    let wall = WallClock::now().since_epoch().as_millis() as i64;
    store.take(&with("again", None, 0), at(1)).unwrap();
    store.take(&with("early", None, 0), at(1)).unwrap();
    store.take(&with("future", Some(wall + 3_600_000), 0), at(1)).unwrap();
    store.take(&with("gone", None, 5), at(1)).unwrap();
    store.take(&with("past", Some(-1_000), 0), at(1)).unwrap();
    store.take(&with("again", None, 0), at(7)).unwrap();
    let listed = all(&store, at(11));
    let names: Vec<_> = listed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["again{}", "early{}", "future{}", "past{}"]);
    let seconds = |at: usize| listed[at].1.as_secs();
    assert_eq!((seconds(0), seconds(1), seconds(2)), (4, 10, 0));
    assert!(seconds(3) >= wall as u64 / 1000, "{listed:?}");
    // A series without a time of its own is written without one.
    let text = written(&mut store, at(11), Format::Prometheus);
    assert!(text.contains("\nagain 1\n") && text.contains("\npast 1 -1000\n"), "{text}");
}

/// A histogram is listed whole, then lines of it from other sources.
#[test]
fn the_order_is_that_of_the_page() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    let group = store.open_group();
    for (name, kind, labels, change) in [
        ("z", Kind::Gauge, "", Change::Set(1.0)),
        ("h_sum", Kind::Untyped, "a=\"2\"", Change::Set(1.0)),
        ("h", Kind::Histogram, "a=\"1\"", Change::Observe(&[1.0])),
        ("i", Kind::Gauge, "n=\"2\"", Change::Set(1.0)),
        ("i", Kind::Gauge, "n=\"1\"", Change::Set(1.0)),
    ] {
        store.take(&Offer { group, ..offer(name, kind, labels, change) }, now).unwrap();
    }
    let listed = all(&store, now);
    let names: Vec<_> = listed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["h{a=\"1\"}", "h_sum{a=\"2\"}", "i{n=\"2\"}", "i{n=\"1\"}", "z{}"]);
    let text = written(&mut store, now, Format::Prometheus);
    let at = |part: &str| text.find(part).unwrap();
    assert!(
        at("h_count{a=\"1\"}") < at("h_sum{a=\"2\"}") && at("h_sum{a=\"2\"}") < at("i{n=\"2\"}")
    );
}
