//! Random samples, for the frame builder and its twin.

use super::sources::{FAMILIES, Random};
use super::twin::{Form, Key, Sample, Twin};
use crate::model::frame::FrameBuilder;
use crate::model::metric::*;
use std::collections::BTreeMap;

/// The raw numbers of every source, mostly growing.
#[derive(Default)]
pub struct World(BTreeMap<Key, u64>);

impl World {
    fn next(&mut self, key: &Key, random: &mut Random) -> u64 {
        let raw = self.0.entry(key.clone()).or_insert(0);
        *raw = if random.below(12) == 0 { random.below(5) } else { *raw + random.below(40) };
        *raw
    }
}

pub fn point(
    recorder: &mut FrameBuilder,
    twin: &mut Twin,
    at: usize,
    world: &mut World,
    r: &mut Random,
) {
    match FAMILIES[at].0 {
        0..9 => own_point(recorder, twin, at, world, r),
        _ => foreign_point(recorder, twin, at, world, r),
    }
}

/// A sample of a collector, with values for the keys of its family.
fn own_point(
    recorder: &mut FrameBuilder,
    twin: &mut Twin,
    at: usize,
    world: &mut World,
    r: &mut Random,
) {
    let family = &FAMILIES[at].1;
    let keys = family.named(Default::default()).map_or(family.names().1, |(_, keys)| keys);
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
    if twin.is_wanted(at) {
        twin.take(Sample(key, Form(None, false), vec![raw as f64], None));
    }
}

/// A sample of another program, with labels of its own.
fn foreign_point(
    recorder: &mut FrameBuilder,
    twin: &mut Twin,
    at: usize,
    world: &mut World,
    r: &mut Random,
) {
    let family = &FAMILIES[at].1;
    let value = r.below(7).to_string();
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
    if twin.is_wanted(at) {
        twin.take(Sample(key, form, numbers, time));
    }
}
