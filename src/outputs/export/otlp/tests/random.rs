//! Random frames, read back.

use super::*;
use std::fmt::Write;

const ODD: [&str; 10] = ["\\", "\"", "\n", "\u{1f}", "é", "a", "/", "\u{7f}", "😀", "xyzxyzxyz"];
const FLOATS: [f64; 10] =
    [0.0, -0.0, 1.5, -2e300, 5e-324, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.1];

type Chance<'a> = &'a mut dyn FnMut(u64) -> u64;

/// Adds a family with some series.
fn add_family(made: &mut Made, number: u64, chance: Chance<'_>) {
    let kinds = [Kind::Counter, Kind::Gauge, Kind::Untyped, Kind::Histogram, Kind::Summary];
    let kind = kinds[chance(5) as usize];
    let ends = ["", "_info", "_total", "_seconds", "_seconds_total"];
    let name = format!("m{number}{}", ends[chance(5) as usize]);
    let mut help = String::new();
    (0..chance(20)).for_each(|_| help.push_str(ODD[chance(10) as usize]));
    let is_delta = chance(3) == 0;
    made.define(FamilyDef { name: &name, help: &help, kind, is_delta, collector: "" });
    for _ in 0..chance(6) {
        made.start = [0, 1000, 5000, 9000][chance(4) as usize];
        add_series(made, kind, chance);
        if chance(6) == 0 {
            made.gone();
        }
    }
}

/// Adds a series, some of another shape than the kind has.
fn add_series(made: &mut Made, kind: Kind, chance: Chance<'_>) {
    let mut texts = Vec::new();
    for key in 0..chance(4) {
        let mut value = "v".to_owned();
        (0..chance(30)).for_each(|_| value.push_str(ODD[chance(10) as usize]));
        texts.push((format!("k{key}"), value));
    }
    let labels: Vec<_> = texts.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let float = FLOATS[chance(10) as usize];
    let value = match chance(6) {
        0 => Value::Int(chance(1 << 30)),
        1 => Value::Int(u64::MAX - chance(1 << 30)),
        2 => Value::Centi(chance(1 << 30)),
        3 => Value::Int(i64::MAX as u64 + chance(2)),
        _ => Value::Float(float),
    };
    let is_odd = chance(20) == 0;
    match kind {
        Kind::Histogram if !is_odd => {
            let bounds = [&[][..], &[1.0], &[0.1, 2.0, f64::INFINITY], &[f64::INFINITY]];
            let bounds = bounds[chance(4) as usize];
            let counts: Vec<_> = (0..=bounds.len()).map(|_| chance(1 << 30)).collect();
            made.histogram(&labels, bounds, &counts, float)
        }
        Kind::Summary if !is_odd => {
            let quantiles = [(0.5, float), (0.99, 7.0)];
            let quantiles = &quantiles[..chance(3) as usize];
            made.summary(&labels, quantiles, float, chance(1 << 30))
        }
        _ if chance(8) == 0 => made.timed(&labels, value, chance(1 << 30) as i64 - 99),
        _ => made.number(&labels, value),
    };
}

#[test]
fn random_frames_are_read_as_they_were() {
    let mut seed = 5u64;
    let mut chance = move |n: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % n
    };
    for round in 0..1000 {
        let mut made = Made::new();
        for family in 0..chance(5) {
            add_family(&mut made, family, &mut chance);
        }
        let mut value = "r".to_owned();
        (0..round % 50).for_each(|_| value.write_char('é').unwrap());
        check(&made.frame(), &[("host.name", &value), ("service.name", "s")]);
    }
}
