mod page;

use super::{gauge_of, offer, written};
use crate::base::dialect::Dialect;
use crate::model::metric::{
    Buffer, Family, Histogram, Label, Labels, Point, Sink, Source, Unit, Value, counter, families,
    gauge,
};
use crate::model::store::*;
use crate::outputs::expose::{Format, Lines, Text};

#[rustfmt::skip] // a table
static ROWS: &[Family; 6] = families![
    gauge("a", Unit::One, "Ours a.", &[]).unprefixed(),
    counter("b_total", Unit::One, "Ours b.", &["device"]),
    gauge("c_total", Unit::One, "Ours c.", &[]),
    counter("d_total", Unit::One, "Ours d.", &[]).openmetrics_unknown(),
    gauge("e", Unit::One, "Ours e.", &[]).only_own(),
    gauge("f", Unit::One, "Ours f.", &["k", "own"]).own_keys(),
];

fn ours(dialect: Dialect, labels: &[(&str, &str)]) -> Ours {
    let own = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
    let labels: Vec<_> = labels.iter().map(own).collect();
    Ours::new(dialect, &ROWS.iter().collect::<Vec<_>>(), &["dyn_"], &labels)
}

fn of<'a>(group: Group, name: &'a str, kind: Kind, labels: &'a str) -> Offer<'a> {
    Offer { group, ttl: Duration::ZERO, ..offer(name, kind, labels, Change::Set(7.0)) }
}

/// The output of `ours`, then of the store.
fn page(
    store: &mut Store,
    dialect: Dialect,
    format: Format,
    ours: &mut dyn FnMut(&mut dyn Sink),
) -> String {
    let (mut out, mut lines, now) = (Buffer::default(), Lines::default(), Instant::now());
    let mut text = Text::new(dialect, format, &mut out, &mut lines);
    store.merge(now, &mut text, ours);
    store.write(now, &mut text);
    text.finish();
    String::from_utf8(out.bytes().to_vec()).unwrap()
}

fn sample(out: &mut dyn Sink, row: &Family<'_>, labels: &[&str]) {
    out.family(row);
    let labels: Vec<_> = labels.iter().map(|text| Label::from(*text)).collect();
    out.sample(&labels, Value::Int(1));
}

#[test]
fn series_that_ours_could_be_are_refused_and_no_others() {
    let now = Instant::now();
    for dialect in [Dialect::Own, Dialect::Node] {
        let mut store = Store::new(Bounds::default(), now);
        store.serve(ours(dialect, &[("env", "p")]));
        let group = store.open_group();
        let p = if dialect == Dialect::Own { "sysmetrics_" } else { "node_" };
        let other = if dialect == Dialect::Own { "node_" } else { "sysmetrics_" };
        let key = if dialect == Dialect::Own { "own" } else { "k" };
        let name = |rest: &str| [p, rest].concat();
        let (g, c, u) = (Kind::Gauge, Kind::Counter, Kind::Untyped);
        let f = [key, "=\"1\""].concat();
        for (name, kind, labels, expected) in [
            ("a".to_owned(), g, "", Err(Reason::Reserved)),
            ("a".to_owned(), g, "env=\"p\"", Err(Reason::Reserved)),
            ("a".to_owned(), g, "env=\"q\"", Ok(())),
            ("a".to_owned(), c, "job=\"x\"", Err(Reason::Kind)),
            ("a".to_owned(), u, "job=\"x\"", Ok(())),
            (name("b_total"), c, "device=\"x\"", Err(Reason::Reserved)),
            (name("b_total"), c, "device=\"x\",env=\"p\"", Err(Reason::Reserved)),
            (name("b_total"), c, "", Err(Reason::Reserved)),
            (name("b_total"), c, "device=\"x\",target=\"t\"", Ok(())),
            (name("b_total"), g, "target=\"u\"", Err(Reason::Kind)),
            (name("b_total"), u, "target=\"u\"", Ok(())),
            (name("b"), g, "target=\"u\"", Err(Reason::Taken)),
            (name("c_total"), g, "target=\"u\"", Ok(())),
            (name("c_total"), u, "target=\"v\"", Ok(())),
            (name("d"), g, "target=\"v\"", Ok(())),
            (name("f"), g, &f, Err(Reason::Reserved)),
            (name("f"), g, "target=\"v\"", Ok(())),
            (name("nobody"), g, "", Ok(())),
            (name("dyn_x"), g, "", Err(Reason::Reserved)),
            (name("dyn_x"), g, "job=\"x\"", Ok(())),
            ([other, "dyn_x"].concat(), g, "", Ok(())),
            ([other, "b_total"].concat(), g, "", Ok(())),
            ("process_x".to_owned(), g, "", Ok(())),
            ("up".to_owned(), g, "", Err(Reason::Reserved)),
            ("up".to_owned(), u, "target=\"v\"", Ok(())),
            ("up".to_owned(), g, "target=\"w\"", Ok(())),
            ("scrape_samples_scraped".to_owned(), u, "env=\"p\"", Err(Reason::Reserved)),
            ("scrape_samples_scraped".to_owned(), u, "job=\"p\"", Ok(())),
            ("scrape_total".to_owned(), c, "job=\"p\"", Ok(())),
        ] {
            let offer = of(group, &name, kind, labels);
            let judged = store.judge(&offer, false, now).map(|_| ());
            assert_eq!(
                (store.take(&offer, now), judged),
                (expected, expected),
                "{name}{{{labels}}}"
            );
            // An existing series changes without another check.
            assert_eq!(store.take(&offer, now), expected);
        }
        let sizes = Histogram { bounds: &[], counts: &[3], sum: 1.5 };
        let change = Change::Replace(Point::Histogram(sizes));
        let of_sizes = |name| Offer { change, ..of(group, name, Kind::Histogram, "target=\"t\"") };
        store.take(&of_sizes("scrape_sizes"), now).unwrap();
        assert_eq!(store.take(&of_sizes("a"), now), Err(Reason::Kind));
        // A source that sets the type itself has to set the right one.
        let vague = of(Group::SHARED, "a", c, "other=\"x\"");
        assert_eq!(store.take(&vague, now), Err(Reason::Kind));
        let e = of(Group::SHARED, "sysmetrics_e", g, "");
        let free = if dialect == Dialect::Own { Err(Reason::Reserved) } else { Ok(()) };
        assert_eq!(store.take(&e, now), free);
    }
}

/// Labels that come from elsewhere, like those of alerts, are compared.
#[test]
fn a_series_with_labels_of_its_own_is_never_there_twice() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    store.serve(ours(Dialect::Own, &[("env", "p")]));
    let group = store.open_group();
    for labels in ["alert=\"x\",env=\"p\",target=\"t\"", "alert=\"y\",env=\"p\""] {
        store.take(&of(group, "a", Kind::Gauge, labels), now).unwrap();
    }
    let mut write = |out: &mut dyn Sink| {
        out.family(&ROWS[0]);
        for labels in ["alert=\"x\",target=\"t\"", "alert=\"z\",target=\"t\""] {
            let labels = Labels::rendered(labels.as_bytes());
            out.labelled(labels, Point::Number(Value::Int(1)), None);
        }
    };
    let text = page(&mut store, Dialect::Own, Format::Prometheus, &mut write);
    let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        samples,
        [
            "a{alert=\"z\",target=\"t\"} 1",
            "a{alert=\"x\",env=\"p\",target=\"t\"} 7",
            "a{alert=\"y\",env=\"p\"} 7"
        ]
    );
}

#[test]
fn other_settings_keep_what_still_fits() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    let group = store.open_group();
    for (name, kind, labels) in [
        ("a", Kind::Untyped, ""),
        ("a", Kind::Untyped, "env=\"p\""),
        ("node_b_total", Kind::Gauge, "target=\"t\""),
        ("sysmetrics_b_total", Kind::Untyped, "target=\"t\""),
    ] {
        store.take(&of(group, name, kind, labels), now).unwrap();
    }
    let mut samples = |ours: Ours| {
        store.serve(ours);
        let text = written(&mut store, now, Format::Prometheus);
        text.lines().filter(|line| !line.starts_with("# HELP")).collect::<Vec<_>>().join("\n")
    };
    let node = "# TYPE node_b_total gauge\nnode_b_total{target=\"t\"} 7\n";
    let own = "# TYPE sysmetrics_b_total counter\nsysmetrics_b_total{target=\"t\"} 7";
    let a = "# TYPE a gauge\na{env=\"p\"} 7\n";
    assert_eq!(samples(ours(Dialect::Own, &[])), [a, node, own].concat());
    // A gauge cannot be beside a counter.
    assert_eq!(samples(ours(Dialect::Node, &[("env", "q")])), [a, own].concat());
    assert_eq!(samples(ours(Dialect::Own, &[("env", "p")])), own);
    assert!(store.take(&gauge_of("sysmetrics_e", 1.0), now).is_err());
    store.serve(Ours::default());
    store.take(&gauge_of("sysmetrics_e", 1.0), now).unwrap();
}

#[rustfmt::skip] // a table
static PARTS_OF_OURS: &[Family; 3] = families![
    gauge("h_sum", Unit::One, "Ours h.", &[]).only_own(),
    gauge("a", Unit::One, "Ours a.", &["ip_address"]).unprefixed(),
    counter("n_total", Unit::One, "Ours n.", &[]),
];

/// A histogram whose parts are names of ours is not one here; each of its lines is checked on its own.
#[test]
fn a_histogram_does_not_bring_lines_of_ours() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    let ours = Ours::new(Dialect::Own, &PARTS_OF_OURS.each_ref(), &[], &[]);
    store.serve(ours);
    let group = store.open_group();
    let sizes = Histogram { bounds: &[], counts: &[3], sum: 1.5 };
    let change = Change::Replace(Point::Histogram(sizes));
    let whole = Offer { change, ..of(group, "sysmetrics_h", Kind::Histogram, "target=\"t\"") };
    assert_eq!(store.judge(&whole, false, now), Err(Reason::Taken));
    assert_eq!(store.take(&whole, now), Err(Reason::Taken));
    for (part, labels, expected) in [
        ("sum", "", Err(Reason::Reserved)),
        ("sum", "target=\"t\"", Ok(())),
        ("bucket", "le=\"+Inf\"", Ok(())),
    ] {
        let name = ["sysmetrics_h_", part].concat();
        assert_eq!(store.take(&of(group, &name, Kind::Untyped, labels), now), expected, "{name}");
    }
    let mut write = |out: &mut dyn Sink| sample(out, &PARTS_OF_OURS[0], &[]);
    let text = page(&mut store, Dialect::Own, Format::Prometheus, &mut write);
    let expected = "# HELP sysmetrics_h_sum Ours h.\n# TYPE sysmetrics_h_sum untyped\n\
                    sysmetrics_h_sum 1\nsysmetrics_h_sum{target=\"t\"} 7\n\
                    # HELP sysmetrics_h_bucket Help.\n# TYPE sysmetrics_h_bucket untyped\n\
                    sysmetrics_h_bucket{le=\"+Inf\"} 7\n";
    assert_eq!(text, expected);
}

/// A name or a label in UTF-8 does not become one of ours when it is escaped.
#[test]
fn names_that_are_escaped_stay_apart_from_ours() {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    let labels = [("box_id".to_owned(), "1".to_owned())];
    let ours = |labels: &[_]| Ours::new(Dialect::Own, &PARTS_OF_OURS.each_ref(), &["d_"], labels);
    store.serve(ours(&labels));
    let group = store.open_group();
    for (name, labels, expected) in [
        ("a", "\"ip.address\"=\"1\"", Err(Reason::Reserved)),
        ("a", "\"box.id\"=\"1\"", Err(Reason::Reserved)),
        ("a", "\"ip.addresses\"=\"1\"", Ok(())),
        ("sysmetrics.n_total", "target=\"t\"", Err(Reason::Reserved)),
        ("sysmetrics.n", "target=\"t\"", Ok(())),
        ("sysmetrics.d_x", "", Err(Reason::Reserved)),
        ("scrape.x", "", Err(Reason::Reserved)),
        ("scrape.x", "target=\"t\"", Ok(())),
        ("scrape.x", "\"box.id\"=\"1\"", Err(Reason::Reserved)),
    ] {
        let offer = of(group, name, Kind::Untyped, labels);
        let judged = store.judge(&offer, false, now).map(|_| ());
        assert_eq!((store.take(&offer, now), judged), (expected, expected), "{name}{{{labels}}}");
    }
    let mut write = |quotes: bool| {
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut lines);
        let mut text = text.quoting(quotes);
        let ours = &mut |out: &mut dyn Sink| sample(out, &PARTS_OF_OURS[1], &["::1"]);
        store.merge(now, &mut text, ours);
        store.write(now, &mut text);
        text.finish();
        String::from_utf8(out.bytes().to_vec()).unwrap()
    };
    let of_a = "# HELP a Ours a.\n# TYPE a gauge\na{ip_address=\"::1\"} 1\n";
    assert!(write(false).starts_with(&[of_a, "a{ip_addresses=\"1\"} 7\n"].concat()));
    assert!(write(true).starts_with(&[of_a, "a{\"ip.addresses\"=\"1\"} 7\n"].concat()));
    // It may become one of ours when these change.
    store.serve(Ours::default());
    store.take(&of(group, "sysmetrics.n_total", Kind::Untyped, "x=\"1\""), now).unwrap();
    store.serve(ours(&[]));
    let text = written(&mut store, now, Format::Prometheus);
    assert!(!text.contains("n_total") && text.contains("scrape_x{target=\"t\"} 7"), "{text}");
}
