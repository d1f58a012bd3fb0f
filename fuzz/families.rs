//! Pages and pushes of families whose names, types and labels collide.

use super::random::Random;
use sysmetrics::outputs::export::proto::{Proto, put_varint};

const NAMES: [&str; 12] = [
    "x",
    "x_count",
    "x_sum",
    "x_bucket",
    "x",
    "x_sum_count",
    "x_created",
    "x_total",
    "x_gsum",
    "x y",
    "x_y",
    "push_time_seconds",
];
const TYPES: [&str; 6] = ["counter", "gauge", "summary", "untyped", "histogram", "gaugehistogram"];
const LABELS: [(&str, &str); 12] = [
    ("l", "1"),
    ("l", "2"),
    ("l", ""),
    ("le", "1"),
    ("le", "1.0"),
    ("le", "x"),
    ("quantile", "0.5"),
    ("quantile", "0.50"),
    ("job", "z"),
    ("job", "a"),
    ("a b", "1"),
    ("a_b", "1"),
];
const NUMBERS: [f64; 8] = [0.0, 1.0, 2.0, 3.0, 0.5, -1.0, 1e300, f64::NAN];
const BOUNDS: [f64; 6] = [0.5, 1.0, 2.0, 5.0, 1e7, f64::INFINITY];

type Labels = Vec<(&'static str, &'static str)>;

/// One metric: the counts of a histogram, the values of a summary, and a sum, which is all that a number has.
struct Metric {
    labels: Labels,
    cells: Vec<(f64, f64)>,
    sum: Option<f64>,
    count: Option<u64>,
}

struct Family {
    name: &'static str,
    /// The place in `TYPES`.
    kind: usize,
    has_help: bool,
    metrics: Vec<Metric>,
}

fn metric(random: &mut Random, kind: usize) -> Metric {
    let labels = (0..random.below(6) / 2).map(|_| LABELS[random.below(LABELS.len())]).collect();
    let (mut cells, mut count) = (Vec::new(), random.below(3));
    for bound in &BOUNDS[..if kind == 3 { 0 } else { random.below(BOUNDS.len() + 1) }] {
        let value = if kind == 2 { NUMBERS[random.below(NUMBERS.len())] } else { count as f64 };
        cells.push((if kind == 2 { bound / 5.0 } else { *bound }, value));
        // Now and then they do not count up.
        count = if random.rarely(20) { 0 } else { count + random.below(3) };
    }
    let count = (!random.rarely(8)).then_some(count as u64);
    let sum = (!random.rarely(8)).then(|| NUMBERS[random.below(NUMBERS.len())]);
    Metric { labels, cells, sum, count }
}

fn families(random: &mut Random) -> Vec<Family> {
    let family = |random: &mut Random| {
        let few = if random.rarely(3) { NAMES.len() } else { 5 };
        let (name, kind) = (NAMES[random.below(few)], random.below(TYPES.len()));
        let metrics = (0..random.below(4)).map(|_| metric(random, kind)).collect();
        Family { name, kind, has_help: random.rarely(3), metrics }
    };
    (0..1 + random.below(4)).map(|_| family(random)).collect()
}

/// Families as text 0.0.4.
pub fn text(random: &mut Random) -> String {
    let mut out = String::new();
    for Family { name, kind, has_help, metrics } in families(random) {
        if has_help {
            out += &format!("# HELP \"{name}\" Of {}.\n", TYPES[kind]);
        }
        if !random.rarely(5) {
            out += &format!("# TYPE \"{name}\" {}\n", TYPES[kind]);
        }
        for Metric { labels, cells, sum, count } in metrics {
            let mut line = |suffix: &str, more: Option<(&str, f64)>, value: f64| {
                out += &format!("{{\"{name}{suffix}\"");
                labels.iter().for_each(|(key, value)| out += &format!(",\"{key}\"=\"{value}\""));
                more.into_iter().for_each(|(key, at)| out += &format!(",{key}=\"{at}\""));
                out += &format!("}} {value}\n");
            };
            let (part, key) = if kind == 2 { ("", "quantile") } else { ("_bucket", "le") };
            let (of_sum, of_count) =
                if kind == 5 { ("_gsum", "_gcount") } else { ("_sum", "_count") };
            if matches!(kind, 0 | 1 | 3) {
                line("", None, sum.unwrap_or(7.0));
                continue;
            }
            cells.iter().for_each(|(at, value)| line(part, Some((key, *at)), *value));
            sum.into_iter().for_each(|sum| line(of_sum, None, sum));
            count.into_iter().for_each(|count| line(of_count, None, count as f64));
        }
    }
    out
}

/// Families as delimited protocol buffers.
pub fn protobuf(random: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    for family in families(random) {
        let mut message = Vec::new();
        put_family(&family, &mut Proto::new(&mut message));
        put_varint(&mut out, message.len() as u64);
        out.extend_from_slice(&message);
    }
    out
}

fn put_family(family: &Family, out: &mut Proto<'_>) {
    out.bytes(1, family.name.as_bytes());
    if family.has_help {
        out.bytes(2, TYPES[family.kind].as_bytes());
    }
    out.varint(3, family.kind as u64);
    for metric in &family.metrics {
        out.message(4, 0, |out| {
            for (key, value) in &metric.labels {
                out.message(1, 0, |out| {
                    out.bytes(1, key.as_bytes());
                    out.bytes(2, value.as_bytes());
                });
            }
            let place = [3, 2, 4, 5, 7, 7][family.kind];
            out.message(place, 0, |out| put_point(metric, place, out));
        });
    }
}

fn put_point(metric: &Metric, place: u32, out: &mut Proto<'_>) {
    let is_number = !matches!(place, 4 | 7);
    metric.sum.into_iter().for_each(|sum| out.double(if is_number { 1 } else { 2 }, sum));
    if is_number {
        return;
    }
    metric.count.into_iter().for_each(|count| out.varint(1, count));
    for (at, value) in &metric.cells {
        out.message(3, 0, |out| match place {
            4 => {
                out.double(1, *at);
                out.double(2, *value);
            }
            _ => {
                out.varint(1, *value as u64);
                out.double(2, *at);
            }
        });
    }
}
