mod twin;

use super::{gauge_of, offer, written};
use crate::model::metric::{Histogram, Point, Summary};
use crate::model::store::*;
use crate::outputs::expose::Format;

const FOR_EVER: Duration = Duration::ZERO;

fn by<'a>(group: Group, name: &'a str, labels: &'a str, value: f64) -> Offer<'a> {
    Offer { group, ttl: FOR_EVER, ..offer(name, Kind::Gauge, labels, Change::Set(value)) }
}

fn samples(store: &mut Store, now: Instant) -> Vec<String> {
    let text = written(store, now, Format::Prometheus);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

#[test]
fn series_that_a_set_lacks_are_removed_at_once() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    let (a, b) = (store.open_group(), store.open_group());
    for labels in ["l=\"1\"", "l=\"2\"", "l=\"3\""] {
        store.take(&by(a, "x", labels, 1.0), now).unwrap();
    }
    store.take(&by(b, "x", "l=\"4\"", 1.0), now).unwrap();
    store.take(&by(b, "y", "", 1.0), now).unwrap();
    assert_eq!((store.live_in(a), store.live_in(b), store.len()), (3, 2, 5));
    store.begin(a);
    store.take(&by(a, "x", "l=\"2\"", 2.0), now).unwrap();
    assert_eq!(store.take(&by(a, "x", "l=\"2\"", 3.0), now), Err(Reason::Twice));
    assert_eq!(store.take(&by(a, "x", "l=\"4\"", 3.0), now), Err(Reason::Owned));
    store.end(a);
    assert_eq!(samples(&mut store, now), ["x{l=\"2\"} 2", "x{l=\"4\"} 1", "y 1"]);
    store.begin(a);
    store.leave(a);
    store.drop_metric(b, "x");
    store.drop_metric(Group::SHARED, "y");
    assert_eq!(samples(&mut store, now), ["x{l=\"2\"} 2", "y 1"]);
    store.close_group(a);
    assert_eq!(samples(&mut store, now), ["y 1"]);
    assert_eq!(store.families.len(), 1);
    // The next group gets nothing of the one before.
    assert_eq!(store.open_group(), a);
    assert_eq!(store.live_in(a), 0);
}

#[test]
fn the_first_type_wins_among_sources_that_relay() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    let group = store.open_group();
    store.take(&gauge_of("g", 1.0), now).unwrap();
    for kind in [Kind::Counter, Kind::Untyped] {
        let labels = if kind == Kind::Counter { "l=\"1\"" } else { "l=\"2\"" };
        store.take(&Offer { kind, ..by(group, "g", labels, 2.0) }, now).unwrap();
    }
    let shared = offer("g", Kind::Counter, "l=\"3\"", Change::Set(1.0));
    assert_eq!(store.take(&shared, now), Err(Reason::Kind));
    let quantiles = [(0.5, f64::NAN)];
    let summary = Point::Summary(Summary { quantiles: &quantiles, sum: 0.0, count: 0 });
    let summary = Offer { kind: Kind::Summary, change: Change::Replace(summary), ..shared };
    let summary = Offer { group, ..summary };
    assert_eq!(store.take(&summary, now), Err(Reason::Kind));
    store.take(&Offer { name: "s", ..summary }, now).unwrap();
    // Numbers may coexist with summaries of other labels, and so may their parts.
    for name in ["s", "s_sum", "s_bucket"] {
        store.take(&by(group, name, "", 1.0), now).unwrap();
        let shared = Offer { group: Group::SHARED, ..by(group, name, "l=\"3\"", 1.0) };
        assert!(name == "s_bucket" || store.take(&shared, now).is_err(), "{name}");
    }
    let text = written(&mut store, now, Format::Prometheus);
    assert!(text.contains("# TYPE g gauge\ng 1\ng{l=\"1\"} 2\ng{l=\"2\"} 2\n"), "{text}");
    assert!(text.contains("\n# TYPE s summary\ns{l=\"3\",quantile=\"0.5\"} NaN\n"), "{text}");
    let lines = "s_count{l=\"3\"} 0\ns 1\ns_sum 1\n# HELP s_bucket Help.\n";
    assert!(text.contains(lines), "{text}");
}

#[test]
fn sources_that_relay_may_have_odd_numbers() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    let group = store.open_group();
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(store.take(&gauge_of("p", odd), now), Err(Reason::Number));
        store.take(&by(group, "g", "", odd), now).unwrap();
        let untyped = Offer { kind: Kind::Untyped, ..by(group, "u", "", odd) };
        store.take(&untyped, now).unwrap();
        let counter = Offer { kind: Kind::Counter, ..by(group, "c", "", odd) };
        store.take(&counter, now).unwrap();
        let shared = Offer { kind: Kind::Counter, ..gauge_of("p", odd) };
        assert_eq!(store.take(&shared, now), Err(Reason::Number));
    }
    assert_eq!(samples(&mut store, now), ["c -Inf", "g -Inf", "u -Inf"]);
    let open = written(&mut store, now, Format::OpenMetrics);
    assert!(open.contains("# TYPE u unknown\nu -Inf\n"), "{open}");
}

/// A family comes back beside a metric that has the name of one of its parts, in the same set.
#[test]
fn a_line_of_an_earlier_set_is_not_written_twice() {
    let now = Instant::now();
    let whole = offer("s", Kind::Summary, "", summary());
    for is_first in [true, false] {
        let mut store = Store::new(Bounds::default(), now);
        let group = store.open_group();
        let (number, whole) = (by(group, "s_count", "", 31.0), Offer { group, ..whole });
        let (before, [one, two]) = match is_first {
            true => (number, [whole, number]),
            false => (whole, [number, whole]),
        };
        store.begin(group);
        store.take(&before, now).unwrap();
        store.end(group);
        store.begin(group);
        store.take(&one, now).unwrap();
        let reason = if is_first { Reason::Twice } else { Reason::Taken };
        assert_eq!(store.take(&two, now), Err(reason));
        store.end(group);
        let counts =
            samples(&mut store, now).into_iter().filter(|line| line.starts_with("s_count"));
        assert_eq!(counts.count(), 1, "{is_first}");
    }
}

/// Another source has a metric with the name of a part, so that this name is not free but known.
#[test]
fn a_line_of_what_is_shared_is_not_written_twice() {
    let now = Instant::now();
    let histogram = |labels| offer("h", Kind::Histogram, labels, Change::Observe(&[1.0]));
    let number = |labels| offer("h_sum", Kind::Gauge, labels, Change::Set(1.0));
    for is_whole_first in [true, false] {
        let mut store = Store::new(Bounds::default(), now);
        let group = store.open_group();
        store.take(&Offer { group, ..number("l=\"1\"") }, now).unwrap();
        store.take(&Offer { group, ..histogram("l=\"2\"") }, now).unwrap();
        let [first, second] = match is_whole_first {
            true => [histogram(""), number("")],
            false => [number(""), histogram("")],
        };
        store.take(&first, now).unwrap();
        assert_eq!(store.take(&second, now), Err(Reason::Taken));
        store.take(&first, now).unwrap();
    }
}

fn summary() -> Change<'static> {
    Change::Replace(Point::Summary(Summary { quantiles: &[], sum: 1.5, count: 4 }))
}

fn histogram<'a>(bounds: &'a [f64], counts: &'a [u64]) -> Change<'a> {
    Change::Replace(Point::Histogram(Histogram { bounds, counts, sum: 1.5 }))
}

#[test]
fn histograms_are_replaced_whole() {
    let now = Instant::now();
    let mut store = Store::new(Bounds { series: 12, ..Bounds::default() }, now);
    let group = store.open_group();
    let of = |labels, change| Offer {
        group,
        ttl: FOR_EVER,
        ..offer("h", Kind::Histogram, labels, change)
    };
    store.take(&of("l=\"1\"", histogram(&[1.0, 2.0], &[1, 2, 3])), now).unwrap();
    store.take(&of("l=\"2\"", histogram(&[5.0], &[1, 0])), now).unwrap();
    assert_eq!(store.len(), 5 + 4);
    let series = ["h_bucket{l=\"2\",le=\"5\"} 1", "h_bucket{l=\"2\",le=\"+Inf\"} 1"];
    let before = samples(&mut store, now);
    assert!(series.iter().all(|line| before.contains(&line.to_string())), "{before:?}");
    // Each bucket counts, and a sample without room changes nothing.
    let wide = histogram(&[1.0, 2.0, 3.0, 4.0, 5.0], &[1; 6]);
    assert_eq!(store.take(&of("l=\"2\"", wide), now), Err(Reason::Series));
    for (bounds, counts) in
        [(&[1.0, 1.0][..], &[1, 1, 1][..]), (&[1.0], &[1]), (&[f64::NAN], &[1, 1])]
    {
        let bad = of("l=\"2\"", histogram(bounds, counts));
        assert_eq!(store.take(&bad, now), Err(Reason::Buckets));
    }
    assert_eq!(samples(&mut store, now), before);
    store.take(&of("l=\"2\"", histogram(&[1.0, 2.0], &[4, 0, 1])), now).unwrap();
    store.take(&of("l=\"1\"", histogram(&[], &[7])), now).unwrap();
    assert_eq!(store.len(), 3 + 5);
    store.take(&of("l=\"2\"", Change::ObserveMany(1.5, 10)), now).unwrap();
    assert_eq!(
        samples(&mut store, now),
        [
            "h_bucket{l=\"1\",le=\"+Inf\"} 7",
            "h_sum{l=\"1\"} 1.5",
            "h_count{l=\"1\"} 7",
            "h_bucket{l=\"2\",le=\"1\"} 4",
            "h_bucket{l=\"2\",le=\"2\"} 14",
            "h_bucket{l=\"2\",le=\"+Inf\"} 15",
            "h_sum{l=\"2\"} 16.5",
            "h_count{l=\"2\"} 15",
        ]
    );
}

#[test]
fn summaries_are_replaced_whole() {
    let now = Instant::now();
    let mut store = Store::new(Bounds { series: 5, ..Bounds::default() }, now);
    let group = store.open_group();
    let mut take = |quantiles: &[(f64, f64)], count| {
        let point = Point::Summary(Summary { quantiles, sum: 2.5, count });
        let of = offer("s", Kind::Summary, "", Change::Replace(point));
        store.take(&Offer { group, ..of }, now).map(|()| samples(&mut store, now))
    };
    let first = take(&[(0.5, 1.0), (0.9, 2.0)], 3).unwrap();
    assert_eq!(first, ["s{quantile=\"0.5\"} 1", "s{quantile=\"0.9\"} 2", "s_sum 2.5", "s_count 3"]);
    assert_eq!(take(&[(0.1, 1.0); 4], 9), Err(Reason::Series));
    assert_eq!(take(&[(0.5, 1.0), (0.9, 2.0)], 3), Ok(first));
    assert_eq!(take(&[], 4), Ok(vec!["s_sum 2.5".to_owned(), "s_count 4".to_owned()]));
}

/// Lists of slots do not grow by series that came and went.
#[test]
fn a_group_whose_series_come_and_go_stays_small() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    let group = store.open_group();
    for i in 0..10_000u64 {
        let now = now + Duration::from_secs(i);
        let name = format!("n{i}");
        let short = Offer { ttl: Duration::from_secs(3), ..by(group, &name, "", 1.0) };
        store.take(&short, now).unwrap();
    }
    assert!(store.slots_of(group) < 200, "{}", store.slots_of(group));
    store.close_group(group);
    assert!(store.is_empty());
}

/// The owner of a family, against a walk over all its series.
#[test]
fn a_family_is_only_of_a_group_while_nobody_else_has_a_series_of_it() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    let groups = [store.open_group(), store.open_group(), store.open_group()];
    let mut seed = 5u64;
    let mut random = |n: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((seed >> 33) % n) as usize
    };
    for _ in 0..3000 {
        let group = groups[random(3)];
        match random(12) {
            0 => {
                store.begin(group);
                store.end(group);
            }
            1 => store.drop_metric(group, "x"),
            _ => {
                let label = random(8).to_string();
                let _ = store.take(&by(group, "x", &format!("l=\"{label}\""), 1.0), now);
            }
        }
        let Some(family) = store.families.find("x").and_then(|id| store.families.get(id)) else {
            continue;
        };
        let (mut slot, mut owners) = (family.first, Vec::new());
        while let Some(series) = store.series.get(slot as usize) {
            owners.push(series.owner);
            slot = series.next;
        }
        for group in groups {
            let is_only = owners.iter().all(|owner| *owner == group);
            assert_eq!(family.is_only_of(group), is_only, "{owners:?}");
        }
    }
}

/// The lines of an expired histogram are not lines of it any more, and occur once.
#[test]
fn lines_outlive_their_histogram() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    let group = store.open_group();
    let ttl = Duration::from_secs(1);
    let whole = by(group, "h", "l=\"1\"", 0.0);
    let change = histogram(&[], &[3]);
    store.take(&Offer { kind: Kind::Histogram, change, ttl, ..whole }, now).unwrap();
    store.take(&by(group, "h_sum", "", 1.0), now).unwrap();
    let text = written(&mut store, now, Format::Prometheus);
    assert!(
        text.ends_with("h_count{l=\"1\"} 3\n# HELP h_sum Help.\n# TYPE h_sum untyped\nh_sum 1\n")
            || text.ends_with("h_count{l=\"1\"} 3\nh_sum 1\n"),
        "{text}"
    );
    assert_eq!(samples(&mut store, now + 2 * ttl), ["h_sum 1"]);
    assert_eq!(samples(&mut store, now + 2 * ttl), ["h_sum 1"]);
}
