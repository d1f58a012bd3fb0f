//! Strict readers of Prometheus text 0.0.4 (<https://prometheus.io/docs/instrumenting/exposition_formats/>) and
//! OpenMetrics 1.0 (<https://prometheus.io/docs/specs/om/open_metrics_spec/>). What a lenient scraper would accept
//! – a family in two pieces, a header without samples, a clash of names – fails the test.

use std::collections::HashSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Prometheus,
    OpenMetrics,
}

#[derive(Debug)]
pub struct Exposition {
    pub families: Vec<Family>,
}

#[derive(Debug)]
pub struct Family {
    pub name: String,
    pub kind: String,
    pub samples: Vec<Sample>,
}

#[derive(Debug)]
pub struct Sample {
    pub name: String,
    pub labels: Vec<(String, String)>,
    pub value: f64,
}

impl Exposition {
    pub fn parse(text: &str, format: Format) -> Exposition {
        let mut lines = match format {
            Format::Prometheus => text.strip_suffix('\n').expect("an end of line"),
            Format::OpenMetrics => text.strip_suffix("\n# EOF\n").expect("# EOF, and nothing else"),
        }
        .split('\n')
        .peekable();
        let mut families: Vec<Family> = Vec::new();
        while let Some(line) = lines.next() {
            let (name, help) = header(line, "# HELP ").unwrap_or_else(|| panic!("no HELP: {line}"));
            assert_escapes(help, if format == Format::OpenMetrics { "\\n\"" } else { "\\n" });
            let line = lines.next().unwrap_or_default();
            let (typed, kind) =
                header(line, "# TYPE ").unwrap_or_else(|| panic!("no TYPE: {line}"));
            assert_eq!(typed, name, "TYPE of another family");
            let mut samples = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                samples.push(sample(line));
            }
            assert!(!samples.is_empty(), "{name}: a header without samples");
            families.push(Family { name: name.to_owned(), kind: kind.to_owned(), samples });
        }
        let exposition = Exposition { families };
        exposition.check(format);
        exposition
    }

    fn check(&self, format: Format) {
        // Every name that a family takes: its own, and those of its samples.
        let mut taken = HashSet::new();
        for family in &self.families {
            let name = family.name.as_str();
            let mut series = HashSet::new();
            let with = |suffixes: &[&str]| suffixes.iter().map(|s| [name, s].concat()).collect();
            let expected: Vec<String> = match (family.kind.as_str(), format) {
                ("counter", Format::OpenMetrics) => with(&["_total"]),
                ("counter", Format::Prometheus) => {
                    assert!(name.ends_with("_total"), "{name}: a counter by another name");
                    with(&[""])
                }
                ("gauge", _) | ("untyped", Format::Prometheus) => with(&[""]),
                ("unknown", Format::OpenMetrics) => with(&[""]),
                ("histogram", _) => {
                    family.check_histogram();
                    with(&["_bucket", "_sum", "_count"])
                }
                ("summary", _) => with(&["", "_sum", "_count"]),
                (kind, _) => panic!("{name}: no type {kind}"),
            };
            for sample in &family.samples {
                assert!(expected.contains(&sample.name), "{sample:?} of {name}");
                assert!(series.insert((&sample.name, &sample.labels)), "twice: {sample:?}");
                let is_quantile = family.kind == "summary" && sample.name == name;
                let has_one = sample.labels.iter().any(|(key, _)| key == "quantile");
                assert_eq!(is_quantile, has_one && family.kind == "summary", "{sample:?}");
                let counts = family.kind != "counter" || sample.value >= 0.0;
                assert!(counts && !sample.value.is_nan(), "{sample:?}");
            }
            assert!(taken.insert(name.to_owned()), "{name}: in two pieces, or twice");
            for part in expected.into_iter().filter(|part| part != name) {
                assert!(taken.insert(part.clone()), "{part} is another family's");
            }
        }
    }

    pub fn family(&self, name: &str) -> Option<&Family> {
        self.families.iter().find(|f| f.name == name)
    }

    /// The value of the series `name` whose labels are these.
    pub fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let is = |s: &&Sample| {
            let own = s.labels.iter().map(|(k, v)| (k.as_str(), v.as_str()));
            s.name == name && own.eq(labels.iter().copied())
        };
        self.samples().find(is).map(|s| s.value)
    }

    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.find(name, labels).unwrap_or_else(|| panic!("no {name} {labels:?}"))
    }

    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.families.iter().flat_map(|f| &f.samples)
    }

    /// Whether the collector succeeded; `None` if it was not asked.
    pub fn success(&self, collector: &str) -> Option<bool> {
        let value = self.find("sysmetrics_collector_success", &[("collector", collector)])?;
        Some(value == 1.0)
    }

    /// The collectors that were asked.
    pub fn collectors(&self) -> Vec<&str> {
        let family = self.family("sysmetrics_collector_success");
        let samples = family.map_or(&[][..], |f| &f.samples);
        samples.iter().map(|s| s.labels[0].1.as_str()).collect()
    }

    /// Whether any family's name begins so.
    pub fn has(&self, prefix: &str) -> bool {
        self.families.iter().any(|f| f.name.starts_with(prefix))
    }
}

impl Family {
    /// Of each series the buckets in ascending order, the last without end, then sum and count.
    fn check_histogram(&self) {
        let name = self.name.as_str();
        let mut seen = HashSet::new();
        let mut samples = self.samples.iter().peekable();
        while let Some(first) = samples.peek() {
            let others = |s: &Sample| -> Vec<(String, String)> {
                s.labels.iter().filter(|(key, _)| key != "le").cloned().collect()
            };
            let labels = others(first);
            assert!(seen.insert(labels.clone()), "twice: {first:?}");
            let (mut bound, mut count) = (f64::NEG_INFINITY, 0.0);
            while bound < f64::INFINITY {
                let bucket = samples.next().unwrap_or_else(|| panic!("{name}: no +Inf"));
                assert_eq!(bucket.name, format!("{name}_bucket"));
                assert_eq!(others(bucket), labels);
                let le = bucket.labels.iter().find(|(key, _)| key == "le");
                let le = le.unwrap_or_else(|| panic!("no le: {bucket:?}")).1.parse().unwrap();
                assert!(le > bound && bucket.value >= count, "{bucket:?}");
                (bound, count) = (le, bucket.value);
            }
            for part in ["_sum", "_count"] {
                let sample = samples.next().unwrap_or_else(|| panic!("{name}: no {part}"));
                assert_eq!((&sample.name, &sample.labels), (&format!("{name}{part}"), &labels));
                assert!(part == "_sum" || sample.value == count, "{sample:?}");
            }
        }
    }
}

fn header<'a>(line: &'a str, start: &str) -> Option<(&'a str, &'a str)> {
    let (name, rest) = line.strip_prefix(start)?.split_once(' ')?;
    is_name(name).then_some((name, rest))
}

fn is_name(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty() && name.chars().all(word)
}

/// After each backslash stands one of `allowed`.
fn assert_escapes(text: &str, allowed: &str) {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        assert!(c != '"' || !allowed.contains('"'), "a bare quote in {text:?}");
        if c == '\\' {
            let next = chars.next().unwrap_or(' ');
            assert!(allowed.contains(next), "\\{next} in {text:?}");
        }
    }
}

/// `name{key="value",…} number`, one blank, no time stamp.
fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("{line}"));
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels: Vec<(String, String)> = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (key, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            assert!(is_name(key) && !key.contains(':'), "{line}");
            assert!(labels.iter().all(|(k, _)| k != key), "{key} twice: {line}");
            let (value, after) = quoted(after).unwrap_or_else(|| panic!("{line}"));
            labels.push((key.to_owned(), value));
            match after.strip_prefix(',') {
                Some(next) => rest = next,
                None => {
                    rest = after.strip_prefix('}').unwrap_or_else(|| panic!("{line}"));
                    break;
                }
            }
        }
    }
    let number = rest.strip_prefix(' ').unwrap_or_else(|| panic!("{line}"));
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    assert!(plain && !number.is_empty(), "no number: {line}");
    Sample { name: name.to_owned(), labels, value: number.parse().unwrap() }
}

/// A label value without its escapes, and what follows its closing quote.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                c @ ('\\' | '"') => c,
                _ => return None,
            }),
            c => value.push(c),
        }
    }
    None
}
