//! Samples of any kind become text that reads back as what they were.

use super::naive;
use super::strict::{self, Labels};
use sysmetrics::model::metric::{Buffer, Family, Label, Sink, Unit, Value, counter, gauge};
use sysmetrics::outputs::expose::{Format, Lines, Text};
use sysmetrics::settings::Dialect;

/// Names of counters and of gauges; no two share a stem.
const COUNTERS: [&str; 3] = ["a_total", "bytes_total", "seconds_total"];
const GAUGES: [&str; 3] = ["level", "b_bytes", "huge_total"];
const KEYS: [&[&str]; 4] = [&[], &["cpu"], &["device", "mode"], &["x", "y_z", "_0"]];

/// Most samples of a family.
const MAX_SAMPLES: usize = 8;

/// Takes the bytes apart; zeros when they are used up.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> usize {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        (*first).into()
    }

    fn text(&mut self) -> Vec<u8> {
        let (text, rest) = self.0.split_at(self.byte().min(self.0.len()));
        self.0 = rest;
        text.to_vec()
    }

    fn value(&mut self) -> (Value, String) {
        let kind = self.byte();
        let raw = (0..self.byte() % 9).fold(0, |n, _| n << 8 | self.byte() as u64);
        match kind % 5 {
            0 => (Value::Int(raw), raw.to_string()),
            1 => (Value::Centi(raw), naive::decimal(raw, 100)),
            2 => (Value::Milli(raw), naive::decimal(raw, 1000)),
            3 => (Value::Nano(raw), naive::decimal(raw, 1_000_000_000)),
            _ => (Value::times(raw, 512), (u128::from(raw) * 512).to_string()),
        }
    }
}

pub fn exposition(bytes: &[u8]) {
    for format in [Format::Prometheus, Format::OpenMetrics] {
        for dialect in [Dialect::Own, Dialect::Node] {
            check(&mut Bytes(bytes), format, dialect);
        }
    }
}

fn check(bytes: &mut Bytes<'_>, format: Format, dialect: Dialect) {
    let (mut out, mut line) = (Buffer::default(), Lines::default());
    let mut text = Text::new(dialect, format, &mut out, &mut line);
    let mut expected = Vec::new();
    for name in COUNTERS.into_iter().chain(GAUGES) {
        let (flags, keys, help) = (bytes.byte(), KEYS[bytes.byte() % KEYS.len()], bytes.text());
        let help = String::from_utf8_lossy(&help).into_owned();
        let counts = COUNTERS.contains(&name);
        let make = if counts { counter } else { gauge };
        let mut family = make(name, Unit::One, &help, keys);
        if counts && flags & 1 != 0 {
            family = family.openmetrics_unknown();
        }
        if flags & 2 != 0 {
            family = family.only_own();
        }
        let mark = text.mark();
        text.family(&family);
        let samples = samples(bytes, keys, &mut text);
        if flags & 4 != 0 {
            text.rewind(mark);
        } else if !samples.is_empty() && family.named(dialect).is_some() {
            expected.push(parsed(&family, format, dialect, samples));
        }
    }
    text.finish();
    let said = strict::parse(out.bytes(), format).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(said, expected);
}

/// Writes samples of any labels, no series twice, and says which.
fn samples(bytes: &mut Bytes<'_>, keys: &[&str], text: &mut Text<'_>) -> Vec<(Labels, String)> {
    let mut samples: Vec<(Labels, String)> = Vec::new();
    for _ in 0..bytes.byte() % MAX_SAMPLES {
        let raw: Vec<Vec<u8>> = keys.iter().map(|_| bytes.text()).collect();
        let lossy = raw.iter().map(|label| String::from_utf8_lossy(label).into_owned());
        let labels: Vec<_> = keys.iter().map(|key| (*key).to_owned()).zip(lossy).collect();
        let (value, written) = bytes.value();
        if samples.iter().all(|(known, _)| *known != labels) {
            text.sample(&raw.iter().map(|label| Label::of(label)).collect::<Vec<_>>(), value);
            samples.push((labels, written));
        }
    }
    samples
}

/// The family as a strict reader should see it.
fn parsed(
    family: &Family<'_>,
    format: Format,
    dialect: Dialect,
    samples: Vec<(Labels, String)>,
) -> strict::Family {
    let name = [family.prefix(dialect), family.names().0].concat();
    let counts = COUNTERS.contains(&family.names().0);
    let (kind, stem) = match format {
        Format::Prometheus if counts => ("counter", name.as_str()),
        Format::Prometheus if name.ends_with("_total") => ("untyped", name.as_str()),
        Format::OpenMetrics
            if name.ends_with("_total") && (!counts || family.is_openmetrics_unknown()) =>
        {
            ("unknown", name.as_str())
        }
        Format::OpenMetrics if counts => ("counter", name.trim_end_matches("_total")),
        _ => ("gauge", name.as_str()),
    };
    let (stem, help) = (stem.to_owned(), family.help().to_owned());
    let sample = |(labels, value)| strict::Sample { name: name.clone(), labels, value };
    let samples = samples.into_iter().map(sample).collect();
    strict::Family { name: stem, kind: kind.to_owned(), help, samples }
}
