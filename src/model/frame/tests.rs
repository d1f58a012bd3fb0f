//! The frame builder against a naive twin, which stores each series by name and labels, and computes
//! a frame only when it ends.

use super::*;
use crate::model::metric::*;
use std::collections::BTreeMap;

const BOOT: i64 = 1_800_000_000_250;
const START: u64 = 700;

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }
}

/// What comes, by its source: a collector's number, 8 for our own, 9 for others.
const FAMILIES: [(u8, Row<'static>); 11] = [
    (0, counter("a_total", Unit::One, "", &["k"])),
    (0, gauge("b", Unit::One, "", &["z", "a"])),
    (1, counter("c_total|other_total", Unit::One, "", &[])),
    (1, counter("d_total", Unit::One, "", &["k"]).only_node()),
    (1, counter("late_total", Unit::One, "", &["k"])),
    (8, counter("own_total", Unit::One, "", &["k"])),
    (9, counter("pushed_total", Unit::One, "", &[]).unprefixed()),
    (9, gauge("pushed", Unit::One, "", &[]).unprefixed()),
    (9, gauge("h", Unit::One, "", &[]).unprefixed().of_kind(Kind::Histogram)),
    (9, gauge("s", Unit::One, "", &[]).unprefixed().of_kind(Kind::Summary)),
    (9, gauge("u", Unit::One, "", &[]).unprefixed().of_kind(Kind::Untyped)),
];

/// Its numbers, and the bounds or quantiles of them, if it is not a plain number.
#[derive(Clone, Debug, PartialEq)]
struct Form(Option<Vec<u64>>, bool);

type Key = (usize, Vec<(String, String)>);

#[derive(Clone, Debug)]
struct Sample(Key, Form, Vec<f64>, Option<i64>);

#[derive(Clone, Debug)]
struct One {
    form: Form,
    last: Vec<f64>,
    start: u64,
    is_live: bool,
    is_told: bool,
}

/// Name, labels, whether it is stale, numbers, time, start.
type Told = (String, Vec<(String, String)>, bool, Vec<f64>, i64, i64);

struct Twin {
    wanted: Wanted,
    all: BTreeMap<Key, One>,
    /// Families that had a sample in a frame that ended.
    seen: Vec<usize>,
    now: Vec<Sample>,
    duplicates: u64,
    frames: u32,
    before: u64,
    generation: u64,
}

fn full_name(at: usize) -> Option<String> {
    let family = &FAMILIES[at].1;
    let (name, _) = family.named(Default::default())?;
    Some([family.prefix(Default::default()), name].concat())
}

impl Twin {
    fn is_wanted(&self, at: usize) -> bool {
        let Some(name) = full_name(at) else { return false };
        let is_like = |glob: &String| match glob.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *glob,
        };
        (self.wanted.include.is_empty() || self.wanted.include.iter().any(is_like))
            && !self.wanted.exclude.iter().any(is_like)
    }

    fn take(&mut self, sample: Sample) {
        match self.now.iter().any(|other| other.0 == sample.0) {
            true => self.duplicates += 1,
            false => self.now.push(sample),
        }
    }

    fn labels(&self, own: &[(String, String)]) -> Vec<(String, String)> {
        let mut labels: BTreeMap<_, _> = self.wanted.labels.iter().cloned().collect();
        labels.extend(own.iter().cloned());
        labels.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    fn forget(&mut self, generation: u64) {
        if std::mem::replace(&mut self.generation, generation) != generation && self.frames > 0 {
            self.all.retain(|_, one| one.is_live);
            let all = &self.all;
            self.seen.retain(|family| all.keys().any(|key| key.0 == *family));
        }
    }

    fn finish(&mut self, frame: &Frame) -> Vec<Told> {
        self.forget(frame.table.generation);
        self.frames += 1;
        let (mut told, mut samples) = (Vec::new(), std::mem::take(&mut self.now));
        let time = BOOT + frame.moment.since_boot as i64;
        let was: Vec<Key> =
            self.all.iter().filter(|(_, o)| o.is_told).map(|o| o.0.clone()).collect();
        for one in self.all.values_mut() {
            (one.is_live, one.is_told) = (false, false);
        }
        let seen = self.seen.clone();
        for sample in samples.drain(..) {
            told.extend(self.one(&sample, &seen, time));
            if !self.seen.contains(&sample.0.0) {
                self.seen.push(sample.0.0);
            }
        }
        for key in was {
            let one = &self.all[&key];
            if !one.is_told {
                assert!(!one.is_live);
                let zeros = vec![0.0; one.last.len()];
                told.push(self.tell(&key, true, zeros, time, one.start));
            }
        }
        self.before = frame.moment.since_boot;
        told
    }

    fn is_delta(&self, family: usize) -> bool {
        let kind = FAMILIES[family].1.kind;
        self.wanted.is_delta && matches!(kind, Kind::Counter | Kind::Histogram)
    }

    fn tell(&self, key: &Key, stale: bool, numbers: Vec<f64>, time: i64, start: u64) -> Told {
        let start = match (self.is_delta(key.0), start) {
            (true, _) => BOOT + self.before as i64,
            (false, 0) => BOOT / 1000 * 1000,
            (false, start) => BOOT + start as i64,
        };
        (full_name(key.0).unwrap(), self.labels(&key.1), stale, numbers, time, start)
    }

    fn one(&mut self, sample: &Sample, seen: &[usize], time: i64) -> Option<Told> {
        let Sample(key, form, numbers, own_time) = sample;
        let (source, family) = &FAMILIES[key.0];
        let zeros = vec![0.0; numbers.len()];
        let (start, base, is_mute) = match self.all.get(key) {
            Some(one) if one.form == *form => {
                let counts = match family.kind {
                    _ if form.1 => numbers.len() - 1..numbers.len(),
                    _ if form.0.is_some() => 0..numbers.len() - 1,
                    Kind::Counter => 0..1,
                    _ => 0..0,
                };
                match counts.into_iter().any(|i| numbers[i] < one.last[i]) {
                    true => (self.before, zeros, false),
                    false => (one.start, one.last.clone(), false),
                }
            }
            Some(_) => (self.before, zeros, false),
            None if *source < 8 && !seen.contains(&key.0) => (0, zeros, true),
            None if *source >= 8 && self.frames == 1 => (START, zeros, true),
            None => (self.before, zeros, false),
        };
        let is_delta = self.is_delta(key.0);
        let (is_told, last) = (!(is_delta && is_mute), numbers.clone());
        let one = One { form: form.clone(), last, start, is_live: true, is_told };
        self.all.insert(key.clone(), one);
        let since = |(new, old): (&f64, &f64)| if is_delta { new - old } else { *new };
        let numbers = numbers.iter().zip(&base).map(since).collect();
        is_told.then(|| self.tell(key, false, numbers, own_time.unwrap_or(time), start))
    }
}

fn told(frame: &Frame) -> Vec<Told> {
    let mut told = Vec::new();
    for family in frame.view(BOOT).families() {
        for series in family.series() {
            let numbers = match series.reading().unwrap() {
                Reading::Number(value) => vec![value.as_f64()],
                Reading::Histogram(h) => {
                    h.counts.iter().map(|n| *n as f64).chain([h.sum]).collect()
                }
                Reading::Summary(s) => {
                    s.iter().map(|(_, v)| v).chain([s.sum, s.count as f64]).collect()
                }
            };
            let labels = series.labels().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
            let (time, start) = (series.time(), series.start());
            told.push((family.def.name.to_owned(), labels, series.is_stale, numbers, time, start));
        }
    }
    told
}

fn compare(mut is: Vec<Told>, mut expected: Vec<Told>, what: &str) {
    let by = |a: &Told, b: &Told| (&a.0, &a.1).cmp(&(&b.0, &b.1));
    is.sort_by(by);
    expected.sort_by(by);
    for (is, expected) in is.iter().zip(&expected) {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-6;
        let is_same = is.3.len() == expected.3.len() && is.3.iter().zip(&expected.3).all(near);
        let rest = |t: &Told| (t.0.clone(), t.1.clone(), t.2, t.4, t.5);
        assert!(is_same && rest(is) == rest(expected), "{what}:\n{is:?}\n{expected:?}");
    }
    assert_eq!(is.len(), expected.len(), "{what}");
}

/// The raw numbers of every source, mostly growing.
#[derive(Default)]
struct World(BTreeMap<Key, u64>);

impl World {
    fn next(&mut self, key: &Key, random: &mut Random) -> u64 {
        let raw = self.0.entry(key.clone()).or_insert(0);
        *raw = if random.below(12) == 0 { random.below(5) } else { *raw + random.below(40) };
        *raw
    }
}

fn point(
    recorder: &mut FrameBuilder,
    twin: &mut Twin,
    at: usize,
    world: &mut World,
    r: &mut Random,
) {
    let family = &FAMILIES[at].1;
    let is_wanted = twin.is_wanted(at);
    let value = r.below(7).to_string();
    let keys = family.named(Default::default()).map_or(family.names().1, |(_, keys)| keys);
    if FAMILIES[at].0 < 9 {
        let values: Vec<String> = keys
            .map(|_| r.below(5))
            .map(|n| if n == 0 { String::new() } else { ["v", &n.to_string()].concat() })
            .collect();
        let labels: Vec<Label<'_>> = values.iter().map(|v| Label::of(v.as_bytes())).collect();
        let own = keys.map(|k| k.to_string()).zip(values.iter().cloned()).collect();
        let key = (at, own);
        let raw = world.next(&key, r);
        let value = match r.below(16) {
            0 => Value::Float(raw as f64),
            1 => Value::Milli(raw * 1000),
            _ => Value::Int(raw),
        };
        recorder.sample(&labels, value);
        if is_wanted {
            twin.take(Sample(key, Form(None, false), vec![raw as f64], None));
        }
        return;
    }
    let key = (at, vec![("job".to_owned(), ["j\"", &value].concat())]);
    let text = ["job=\"j\\\"", &value, "\""].concat();
    let labels = Labels::rendered(text.as_bytes());
    let time = (r.below(4) == 0).then(|| r.below(1000) as i64 - 500);
    let raw = world.next(&key, r);
    let sum = raw as f64 * 0.5;
    let other = r.below(20) == 0;
    let is_histogram = family.kind == Kind::Histogram || family.kind == Kind::Untyped && other;
    let (form, numbers) = if family.kind == Kind::Summary {
        let mut quantiles = vec![(0.5, sum), (0.9, sum + 1.0)];
        quantiles.truncate(if other { 1 } else { 2 });
        let point = Summary { quantiles: &quantiles, sum, count: raw };
        recorder.labelled(labels, Point::Summary(point), time);
        let values = quantiles.iter().map(|q| q.1).chain([sum, raw as f64]).collect();
        (Form(Some(quantiles.iter().map(|q: &(f64, f64)| q.0.to_bits()).collect()), true), values)
    } else if is_histogram {
        let bounds = if other && r.below(2) == 0 { [1.0, 3.0] } else { [1.0, 2.0] };
        let counts = [raw, raw / 2, raw / 3];
        let point = Histogram { bounds: &bounds, counts: &counts, sum };
        recorder.labelled(labels, Point::Histogram(point), time);
        let values = counts.iter().map(|n| *n as f64).chain([sum]).collect();
        (Form(Some(bounds.iter().map(|b| b.to_bits()).collect()), false), values)
    } else {
        let value = if other { Value::Float(sum * 2.0) } else { Value::Int(raw) };
        recorder.labelled(labels, Point::Number(value), time);
        (Form(None, false), vec![raw as f64])
    };
    if is_wanted {
        twin.take(Sample(key, form, numbers, time));
    }
}

fn record(recorder: &mut FrameBuilder, twin: &mut Twin, world: &mut World, r: &mut Random) {
    let (mut mark, mut from) = (0, 0);
    let order: Vec<usize> = match r.below(4) {
        0 => (0..FAMILIES.len()).rev().collect(),
        _ => (0..FAMILIES.len()).filter(|_| r.below(8) > 0).collect(),
    };
    for at in order {
        if at == 4 && twin.frames < 3 {
            continue;
        }
        let names = ["cpu", "disk"];
        recorder.source(match FAMILIES[at].0 {
            8 => Source::Own,
            9 => Source::Others,
            n => Source::Collector(names[n as usize]),
        });
        recorder.family(&FAMILIES[at].1);
        for i in 0..r.below(9) {
            if i == 3 && r.below(3) == 0 {
                (mark, from) = (recorder.mark(), twin.now.len());
            }
            point(recorder, twin, at, world, r);
        }
        if r.below(5) == 0 {
            recorder.rewind(mark);
            twin.now.truncate(from);
            // Failed ones may come again.
            if r.below(2) == 0 {
                recorder.family(&FAMILIES[at].1);
                (0..4).for_each(|_| point(recorder, twin, at, world, r));
            }
        }
        if r.below(2) == 0 {
            (mark, from) = (recorder.mark(), twin.now.len());
        }
        assert_eq!(recorder.mark(), twin.now.len());
    }
}

fn wanted(r: &mut Random) -> Wanted {
    let texts = |list: &[&str]| list.iter().map(|s| s.to_string()).collect();
    let pair = |k: &str, v: &str| (k.to_owned(), v.to_owned());
    Wanted {
        include: texts([&[][..], &["sys*", "h", "pushed_total", "u"]][r.below(2) as usize]),
        exclude: texts([&[][..], &["sysmetrics_b*", "s"]][r.below(2) as usize]),
        labels: [vec![], vec![pair("k", "const"), pair("env", "p")]][r.below(2) as usize].clone(),
        is_delta: r.below(2) == 0,
        start: START,
        ..Wanted::default()
    }
}

#[test]
fn frames_are_what_a_naive_twin_makes() {
    let (mut renewed, mut stale, mut all) = (0, 0, 0);
    for seed in 1..=300u64 {
        let mut r = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let wanted = wanted(&mut r);
        let mut recorder = FrameBuilder::new(wanted.clone());
        let (all_of, seen, now) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut twin = Twin {
            wanted,
            all: all_of,
            seen,
            now,
            duplicates: 0,
            frames: 0,
            before: START,
            generation: 0,
        };
        let (mut world, mut kept) = (World::default(), Vec::new());
        for number in 1..=30u64 {
            let since_boot = 1000 * number + r.below(900);
            recorder.begin(Timestamp { since_boot, boot_time: None });
            record(&mut recorder, &mut twin, &mut world, &mut r);
            let frame = recorder.finish();
            assert_eq!(frame.before, twin.before);
            renewed += usize::from(twin.frames > 0 && frame.table.generation != twin.generation);
            let expected = twin.finish(&frame);
            stale += expected.iter().filter(|told| told.2).count();
            all += expected.len();
            assert_eq!(frame.len(), expected.len(), "seed {seed}, frame {number}");
            compare(told(&frame), expected.clone(), &format!("seed {seed}, frame {number}"));
            kept.push((frame, expected));
        }
        assert_eq!((recorder.duplicates(), recorder.refused()), (twin.duplicates, 0));
        // Earlier frames have not changed.
        for (frame, expected) in kept {
            compare(told(&frame), expected, &format!("seed {seed}, afterwards"));
        }
    }
    assert!(renewed > 100 && stale > 10_000 && all > 50_000, "{renewed} {stale} {all}");
}

#[test]
fn a_family_in_the_place_of_another_is_another() {
    let mut recorder = FrameBuilder::new(Wanted::default());
    let mut names = Vec::new();
    let mut name = String::from("aaaa_x");
    for new in ["aaaa", "bbbb"] {
        name.replace_range(..4, new);
        recorder.begin(Timestamp::default());
        recorder.family(&gauge(&name, Unit::One, "", &[]).unprefixed());
        recorder.sample(&[], Value::Int(1));
        let frame = recorder.finish();
        let told = told(&frame);
        names.push(told.iter().find(|told| !told.2).unwrap().0.clone());
    }
    assert_eq!(names, ["aaaa_x", "bbbb_x"]);
}

/// Milliseconds for the first frame and the best of the later ones.
fn measure(series: usize, families: usize, is_scattered: bool) -> (f64, f64) {
    use std::time::Instant;
    let names: Vec<String> = (0..families).map(|i| ["f_", &i.to_string()].concat()).collect();
    let values: Vec<String> = (0..series).map(|i| ["device", &i.to_string()].concat()).collect();
    let labels: Vec<Label<'_>> = values.iter().map(|v| Label::of(v.as_bytes())).collect();
    let mut recorder = FrameBuilder::new(Wanted::default());
    let (mut first, mut best) = (0.0, f64::MAX);
    for frame in 0..20 {
        let start = Instant::now();
        recorder.begin(Timestamp { since_boot: frame * 1000, boot_time: None });
        for (i, label) in labels.iter().enumerate() {
            let each = series / families;
            if is_scattered || i % each == 0 {
                let at = if is_scattered { i % families } else { i / each };
                recorder.family(&counter(&names[at.min(families - 1)], Unit::One, "", &["k"]));
            }
            recorder.sample(&[*label], Value::Int(i as u64 + frame));
        }
        let made = recorder.finish();
        let took = start.elapsed().as_secs_f64() * 1e3;
        assert_eq!(made.len(), series);
        if frame == 0 { first = took } else { best = best.min(took) }
    }
    (first, best)
}

#[test]
#[ignore = "a measurement"]
fn measurements() {
    for (series, families, scattered) in [
        (500, 100, false),
        (50_000, 500, false),
        (100_000, 1000, true),
        (50_000, 50_000, true),
        (100_000, 100_000, true),
    ] {
        let (first, best) = measure(series, families, scattered);
        let each = best * 1e6 / series as f64;
        println!(
            "{series} in {families}, {scattered}: first {first:.2} ms, then {each:.1} ns each"
        );
    }
}

/// Series of others in a family of ours count from when they came.
#[test]
fn a_family_of_ours_may_have_series_of_others() {
    let rows =
        [counter("a_total", Unit::One, "A.", &["k"]), counter("b_total", Unit::One, "B.", &[])];
    let theirs = rows.map(|row| [row.prefix(Default::default()), row.names().0].concat());
    let mut recorder = FrameBuilder::new(Wanted { start: START, ..Wanted::default() });
    for n in 1..4 {
        let moment = Timestamp { since_boot: 1000 * n, ..Timestamp::default() };
        recorder.begin(moment);
        for ((row, name), source) in
            rows.iter().zip(&theirs).zip([Source::Collector("cpu"), Source::Own])
        {
            recorder.source(source);
            recorder.family(row);
            recorder.sample(&["x".into()][..row.names().1.len()], Value::Int(n));
            recorder.source(Source::Others);
            recorder.join(&Family::made(Kind::Counter, name, "", 7));
            let labels = Labels::rendered(b"k=\"x\",target=\"t\"");
            recorder.labelled(labels, Point::Number(Value::Float(n as f64)), None);
        }
        let frame = recorder.finish();
        let mut found = Vec::new();
        for family in frame.view(0).families() {
            for series in family.series() {
                let labels: Vec<_> = series.labels().map(|(k, v)| [k, v].join("=")).collect();
                let start = series.def.start;
                found.push(format!("{} {} {start}", family.def.name, labels.join(",")));
            }
        }
        found.sort();
        let expected = [
            "sysmetrics_a_total k=x 0".to_owned(),
            format!("sysmetrics_a_total k=x,target=t {START}"),
            format!("sysmetrics_b_total  {START}"),
            format!("sysmetrics_b_total k=x,target=t {START}"),
        ];
        assert_eq!(found, expected, "frame {n}");
        assert_eq!(recorder.duplicates() + recorder.refused(), 0);
    }
}

#[test]
fn what_seldom_grows_has_little_room() {
    let mut recorder = FrameBuilder::new(Wanted::default());
    for count in [700, 700, 701, 1100] {
        recorder.begin(Timestamp::default());
        recorder.family(&gauge("g", Unit::One, "A help.", &["k"]));
        for n in 0..count {
            let label = format!("a label {n}");
            recorder.sample(&[label.as_str().into()], Value::Int(n));
        }
        let table = recorder.finish().table;
        let (room, tight) = (table.size(), (*table).clone().size());
        assert!(room <= tight + tight / 8, "{room} bytes for {tight}");
        let (all, keys) = (recorder.entries.len(), recorder.keys.len());
        assert!(recorder.entries.capacity() <= all + all / 8);
        assert!(recorder.keys.capacity() <= keys + keys / 8);
    }
}
