use super::*;
use crate::base::dialect::Dialect;
use crate::model::metric::{
    Buffer, Family, Histogram, Kind, Labels, Summary, Unit, families, gauge,
};
use crate::model::store::{Bounds, Ours};
use crate::outputs::expose::{Format, Lines, Text};

fn written(store: &mut Store, format: Format) -> String {
    let (mut out, mut lines) = (Buffer::default(), Lines::default());
    let mut text = Text::new(Dialect::Own, format, &mut out, &mut lines);
    store.write(Instant::now(), &mut text);
    text.finish();
    String::from_utf8(out.bytes().to_vec()).unwrap()
}

fn samples(store: &mut Store) -> Vec<String> {
    let text = written(store, Format::Prometheus);
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

fn intake(group: Group) -> Intake<'static> {
    Intake {
        group,
        prefix: "",
        add: &[],
        collision: Collision::Rename,
        constant: &[],
        ttl: Duration::ZERO,
        honor_time: false,
        max_age: Duration::from_secs(60),
        max_series: usize::MAX,
        max_labels: 32,
    }
}

fn store() -> (Store, Group) {
    let mut store = Store::new(Bounds::default(), Instant::now());
    let group = store.open_group();
    (store, group)
}

fn take(intake: &Intake<'_>, text: &str, store: &mut Store) -> Tally {
    let (mut buffers, now) = (Buffers::default(), Instant::now());
    intake.take(text.as_bytes(), Syntax::Prometheus, &mut buffers, store, now).unwrap()
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn labels_and_names_become_those_of_the_terms() {
    let (mut store, group) = store();
    let text = "a{target=\"own\",env=\"dev\"} 1\na{x=\"\\\"\"} 2\n";
    let (add, constant) = (pairs(&[("target", "t")]), pairs(&[("env", "prod"), ("none", "")]));
    let terms = Intake { add: &add, constant: &constant, prefix: "p_", ..intake(group) };
    assert_eq!(take(&terms, text, &mut store).taken, 2);
    let overwriting = Intake { collision: Collision::Overwrite, prefix: "q_", ..terms };
    assert_eq!(take(&overwriting, text, &mut store).taken, 2);
    assert_eq!(
        samples(&mut store),
        [
            "p_a{env=\"dev\",exported_target=\"own\",target=\"t\"} 1",
            "p_a{env=\"prod\",target=\"t\",x=\"\\\"\"} 2",
            "q_a{env=\"dev\",target=\"t\"} 1",
            "q_a{env=\"prod\",target=\"t\",x=\"\\\"\"} 2",
        ]
    );
}

/// Prometheus does the same; an agent that asks an agent that asks a third one has such labels.
#[test]
fn a_label_is_renamed_until_no_other_has_its_name() {
    let (mut store, group) = store();
    let add = pairs(&[("target", "t")]);
    let terms = Intake { add: &add, ..intake(group) };
    let text = "a{exported_target=\"1\",target=\"2\",exported_exported_target=\"3\"} 1\n";
    assert_eq!(take(&terms, text, &mut store).taken, 1);
    let thrice = "exported_exported_exported_target=\"2\"";
    let others = "exported_exported_target=\"3\",exported_target=\"1\",target=\"t\"";
    let all = format!("a{{{thrice},{others}}} 1");
    assert_eq!(samples(&mut store), [&*all]);
    // Two agents that ask each other get no further.
    let tally = take(&terms, &[&all, "\n"].concat(), &mut store);
    assert_eq!(tally.first, Some(("a".to_owned(), Reason::Labels)));
}

#[test]
fn what_is_refused_is_counted_by_reason() {
    let (mut store, group) = store();
    store.begin(group);
    let text = "a 1\na 2\nup 1\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nb{__name__=\"1\"} 1\nb\n\
                # TYPE s summary\ns_sum{quantile=\"1\"} 1\ns_count{quantile=\"1\"} 1\n\
                # TYPE c counter\nc NaN\nc{d=\"e\"} -1\nd{d=\"1\",d=\"2\"} 3\n";
    let tally = take(&intake(group), text, &mut store);
    store.end(group);
    let reasons: Vec<_> = tally.reasons().map(|(r, n)| (r.text().0, n)).collect();
    let expected = [
        ("reserved_name", 1),
        ("label_name", 1),
        ("label_twice", 1),
        ("series_twice", 1),
        ("unreadable", 1),
        ("unassembled", 2),
    ];
    assert_eq!(reasons, expected);
    assert_eq!((tally.taken, tally.refused), (6, 5));
    assert_eq!(tally.first, Some(("a".to_owned(), Reason::Twice)));
    let lines = ["s_count{quantile=\"1\"} 1", "s_sum{quantile=\"1\"} 1"];
    let kept = ["a 1", "c NaN", "c{d=\"e\"} -1", "h_bucket{le=\"1\"} 1", lines[0], lines[1]];
    assert_eq!(samples(&mut store), kept);
    let few = Intake { max_series: 2, ..intake(group) };
    let tally = take(&few, "e 1\nf 1\ng 1\n", &mut store);
    assert_eq!(tally.reasons().collect::<Vec<_>>(), [(Reason::Series, 1)]);
}

#[test]
fn time_stamps_are_kept_if_they_are_wanted_and_not_too_old() {
    let (mut store, group) = store();
    let now = WallClock::now().since_epoch().as_millis();
    let text = format!("now 1 {now}\nold 1 {}\nahead 1 {}\n", now - 61_000, now + 70_000);
    let tally = take(&Intake { honor_time: true, ..intake(group) }, &text, &mut store);
    assert_eq!(tally.reasons().collect::<Vec<_>>(), [(Reason::Time, 2)]);
    assert_eq!(samples(&mut store), [format!("now 1 {now}")]);
    assert_eq!(take(&intake(group), &text, &mut store).taken, 3);
    assert_eq!(samples(&mut store), ["ahead 1", "now 1", "old 1"]);
}

#[test]
fn a_line_that_cannot_be_read_costs_only_itself() {
    let (mut store, group) = store();
    let tally = take(&intake(group), "a 1\nb\nc{d=\"\n\n\ne 2\nf 3", &mut store);
    let first = "line 2, expected a metric's name, labels in braces, or a blank and a value";
    assert_eq!(tally.first, Some((first.to_owned(), Reason::Line)));
    assert_eq!(tally.reasons().collect::<Vec<_>>(), [(Reason::Line, 2)]);
    assert_eq!(samples(&mut store), ["a 1", "e 2", "f 3"]);
    // With no fewer of them than samples it is no such text.
    let (mut buffers, now) = (Buffers::default(), Instant::now());
    let html = b"<html>\n# TYPE a gauge\na 1";
    let done = intake(group).take(html, Syntax::Prometheus, &mut buffers, &mut store, now);
    assert_eq!(done.map_err(|bad| bad.line), Err(1));
}

/// Random series of every kind.
fn fill(store: &mut Store, group: Group, mut seed: u64) {
    let mut random = |n: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % n
    };
    let kinds = [Kind::Counter, Kind::Gauge, Kind::Untyped, Kind::Histogram, Kind::Summary];
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1, 1e300, 0.0];
    for _ in 0..300 {
        let which = random(20);
        let kind = kinds[which as usize % kinds.len()];
        let name = format!("n{which}{}", ["", "_total", "_info"][random(3) as usize]);
        let help = format!("Help \"{which}\" \\n \\ \n é.");
        let labels = format!("a=\"{}\",b=\"\\\"\\\\\\n{}\"", random(4), random(3));
        let counts: Vec<u64> = (0..=random(4)).map(|_| random(100)).collect();
        let bounds: Vec<f64> = (1..counts.len()).map(|at| at as f64 * 0.5 - 1.0).collect();
        let any = if random(4) == 0 { odd[random(6) as usize] } else { random(1000) as f64 / 8.0 };
        let quantiles = [(0.5, any), (0.99, 2.0), (1.0, f64::NAN)];
        let (quantiles, sum) = (&quantiles[..random(4) as usize], any);
        let change = match kind {
            Kind::Histogram => {
                let (bounds, counts) = (&bounds, &counts);
                Change::Replace(Point::Histogram(Histogram { bounds, counts, sum }))
            }
            Kind::Summary => {
                Change::Replace(Point::Summary(Summary { quantiles, sum, count: random(1 << 40) }))
            }
            Kind::Counter => Change::Set(random(1 << 50) as f64 / 16.0),
            _ => Change::Set(any),
        };
        let time = (random(2) == 0).then(|| 1_700_000_000_000 + random(1 << 30) as i64);
        let (labels, ttl) = (Labels::rendered(labels.as_bytes()), Duration::ZERO);
        let (name, help) = (&name, &help);
        let offer = Offer { name, kind, help, labels, change, time, ttl, group, is_line: false };
        store.take(&offer, Instant::now()).unwrap();
    }
}

/// What is written of a store is read to the same store.
#[test]
fn what_was_written_is_read() {
    for seed in 0..40 {
        let (mut first, group) = store();
        fill(&mut first, group, seed);
        for (format, syntax) in
            [(Format::Prometheus, Syntax::Prometheus), (Format::OpenMetrics, Syntax::OpenMetrics)]
        {
            let text = written(&mut first, format);
            let (mut second, group) = store();
            let terms = Intake { honor_time: true, max_age: Duration::MAX, ..intake(group) };
            let (mut buffers, now) = (Buffers::default(), Instant::now());
            second.begin(group);
            let tally = terms.take(text.as_bytes(), syntax, &mut buffers, &mut second, now);
            second.end(group);
            assert_eq!(tally.map(|tally| tally.first), Ok(None));
            assert_eq!(written(&mut second, format), text);
            assert_eq!(first.len(), second.len());
        }
    }
}

static OURS: &[Family; 2] = families![
    gauge("h_sum", Unit::One, "Ours.", &[]).unprefixed(),
    gauge("i", Unit::One, "Ours.", &[]).unprefixed(),
];

/// A histogram that is kept line by line, and how many lines are stored without and with the label of a target.
fn histograms_of_lines() -> [(String, usize, usize); 3] {
    let of = |name: &str| {
        let text = "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 2\nx_sum 1\nx_count 2\n";
        text.replace("x", name)
    };
    // A part is ours, the name is ours, a part is missing.
    [(of("h"), 2, 3), (of("i"), 3, 3), (of("j").replace("j_sum 1\n", ""), 2, 2)]
}

fn judge(terms: &Intake<'_>, text: &str, store: &Store) -> Result<bool, Rejection> {
    let (mut buffers, now) = (Buffers::default(), Instant::now());
    terms.judge(text.as_bytes(), Syntax::Prometheus, true, &mut buffers, store, now)
}

#[test]
fn lines_of_histograms_do_not_take_names_of_ours() {
    let add = pairs(&[("target", "t")]);
    for (text, bare, labelled) in histograms_of_lines() {
        for (add, taken) in [(&[][..], bare), (&add[..], labelled)] {
            let (mut store, _) = store();
            let group = store.open_pushed();
            store.serve(Ours::new(Dialect::Own, &OURS.each_ref(), &[], &[]));
            let terms = Intake { add, ..intake(group) };
            let reserved = Err(Rejection::Sample("h_sum".to_owned(), Reason::Reserved));
            let expected = if taken < labelled { reserved } else { Ok(false) };
            assert_eq!(judge(&terms, &text, &store), expected, "{text}");
            let tally = take(&terms, &text, &mut store);
            assert_eq!((tally.taken, tally.taken + tally.refused), (taken, labelled), "{text}");
        }
    }
}

#[test]
fn lines_of_histograms_need_room_for_each() {
    let add = pairs(&[("target", "t")]);
    for (text, _, taken) in histograms_of_lines() {
        for (series, families, expected) in [
            (taken, taken, None),
            (taken - 1, taken, Some(Reason::Series)),
            (taken, taken - 1, Some(Reason::Families)),
        ] {
            let bounds = Bounds { series, families, ..Bounds::default() };
            let mut small = Store::new(bounds, Instant::now());
            let group = small.open_pushed();
            small.serve(Ours::new(Dialect::Own, &OURS.each_ref(), &[], &[]));
            let terms = Intake { add: &add, ..intake(group) };
            let reason = match judge(&terms, &text, &small) {
                Err(Rejection::Sample(_, reason)) => Some(reason),
                judged => judged.map(|_| None).unwrap(),
            };
            assert_eq!(reason, expected, "{text} {bounds:?}");
            let tally = take(&terms, &text, &mut small);
            assert_eq!(tally.first.map(|(_, reason)| reason), expected, "{text} {bounds:?}");
        }
    }
}

/// A summary may have a name that ends like that of a bucket.
#[test]
fn a_quantile_of_a_summary_of_any_name_is_not_there_twice() {
    let (mut store, group) = store();
    for name in ["x", "x_bucket", "x_sum"] {
        store.begin(group);
        let line = format!("{name}{{quantile=\"0.5\"}} 1\n");
        let summary = format!("# TYPE {name} summary\n{line}{name}_sum 1\n{name}_count 1\n");
        let tally = take(
            &intake(group),
            &[&summary, "# TYPE ", name, " untyped\n", &line].concat(),
            &mut store,
        );
        assert_eq!(tally.reasons().collect::<Vec<_>>(), [(Reason::Twice, 1)], "{name}");
    }
}
