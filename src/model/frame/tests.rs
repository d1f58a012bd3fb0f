//! The frame builder against a naive twin, which stores each series by name and labels, and computes
//! a frame only when it ends.

mod measure;
mod point;
mod sources;
mod twin;

use super::*;
use crate::model::metric::*;
use point::{World, point};
use sources::{BOOT, FAMILIES, Random, START};
use std::collections::BTreeMap;
use twin::{Row as TwinRow, Twin};

fn rows(frame: &Frame) -> Vec<TwinRow> {
    let mut rows = Vec::new();
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
            rows.push((family.def.name.to_owned(), labels, series.is_stale, numbers, time, start));
        }
    }
    rows
}

fn compare(mut is: Vec<TwinRow>, mut expected: Vec<TwinRow>, what: &str) {
    let by = |a: &TwinRow, b: &TwinRow| (&a.0, &a.1).cmp(&(&b.0, &b.1));
    is.sort_by(by);
    expected.sort_by(by);
    for (is, expected) in is.iter().zip(&expected) {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-6;
        let is_same = is.3.len() == expected.3.len() && is.3.iter().zip(&expected.3).all(near);
        let rest = |t: &TwinRow| (t.0.clone(), t.1.clone(), t.2, t.4, t.5);
        assert!(is_same && rest(is) == rest(expected), "{what}:\n{is:?}\n{expected:?}");
    }
    assert_eq!(is.len(), expected.len(), "{what}");
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
            stale += expected.iter().filter(|row| row.2).count();
            all += expected.len();
            assert_eq!(frame.len(), expected.len(), "seed {seed}, frame {number}");
            compare(rows(&frame), expected.clone(), &format!("seed {seed}, frame {number}"));
            kept.push((frame, expected));
        }
        assert_eq!((recorder.duplicates(), recorder.refused()), (twin.duplicates, 0));
        // Earlier frames have not changed.
        for (frame, expected) in kept {
            compare(rows(&frame), expected, &format!("seed {seed}, afterwards"));
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
        let rows = rows(&frame);
        names.push(rows.iter().find(|row| !row.2).unwrap().0.clone());
    }
    assert_eq!(names, ["aaaa_x", "bbbb_x"]);
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
fn lists_that_seldom_grow_have_little_room() {
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
