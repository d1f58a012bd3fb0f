//! What other programs tell.

use super::naive;
use std::cell::RefCell;
use std::time::{Duration, Instant};
use sysmetrics::inputs::push::exposition::{Read, Reader, Strict, Syntax};
use sysmetrics::inputs::push::{Buffers, Collision, Intake};
use sysmetrics::model::metric::{Buffer, Point, Value};
use sysmetrics::model::store::{Bounds, Reason, Store};
use sysmetrics::outputs::expose::{Format, Lines, Text};
use sysmetrics::settings::Dialect;

thread_local! {
    static READER: RefCell<Reader> = RefCell::default();
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

/// A text file: of one that counts every line is read, wherever it stands, and so is each part of it that
/// ends with a line but for one that stands within a family.
pub fn textfile(bytes: &[u8]) {
    let mut strict = Strict::default();
    let done = strict.check(bytes, 0..bytes.len(), &mut |_, line| assert!(line.end < bytes.len()));
    let shifted = [b"x 1\n".as_slice(), bytes, b"x"].concat();
    let again = strict.check(&shifted, 4..4 + bytes.len(), &mut |_, _| ());
    assert_eq!(done, again);
    if done.is_err() {
        return;
    }
    let mut reader = Reader::default();
    reader.as_pushgateway = true;
    reader.keep_created();
    let (mut samples, mut unread) = (0, None);
    let read = reader.read(bytes, Syntax::Prometheus, &mut |read| match read {
        Ok(sample) => samples += usize::from(sample.time.is_none()),
        Err((name, Reason::Line)) => unread = Some(name.to_owned()),
        Err(_) => {}
    });
    assert_eq!((read, unread), (Ok(()), None));
    assert!(samples > 0 || !strict.families().any(|family| family.is_used));
}

/// Exposition text, OpenMetrics if the first byte is `#`: what is read is what a naive reader reads;
/// what is kept of it is written, read and kept again without a difference.
pub fn exposition_in(bytes: &[u8]) {
    let (syntax, format) = match bytes.first() {
        Some(b'#') => (Syntax::OpenMetrics, Format::OpenMetrics),
        _ => (Syntax::Prometheus, Format::Prometheus),
    };
    let text = bytes.get(1..).unwrap_or_default();
    let mut said = Vec::new();
    let done = READER
        .with_borrow_mut(|reader| reader.read(text, syntax, &mut |read| said.push(told(read))));
    let naive = naive::exposition::read(text, syntax == Syntax::OpenMetrics);
    match naive {
        Ok((naive, bad)) => {
            assert_eq!(said, naive);
            assert_eq!(done.map_err(|bad| bad.line), bad.map_or(Ok(()), Err));
        }
        Err(line) => assert_eq!(done.map_err(|bad| bad.line), Err(line)),
    }
    let (first, is_noted) = kept(text, syntax, format, true);
    let (again, _) = kept(&first, syntax, format, true);
    let has_lines = is_noted || is_mixed(&said);
    // No series is there twice, also where names are escaped; but of labels of lines beside a
    // histogram that is not seen.
    let (escaped, _) = kept(text, syntax, format, false);
    for text in [&first, &escaped].into_iter().take(if has_lines { 1 } else { 2 }) {
        let mut series = lines(text, false);
        series.iter_mut().for_each(|line| line.truncate(line.rfind(' ').unwrap()));
        let all = series.len();
        series.dedup();
        assert_eq!(series.len(), all, "{}", String::from_utf8_lossy(text));
    }
    // Lines beside a histogram may make one of their own, in which `1` and `1.0` are one bound, and the bound is
    // the last label.
    if has_lines {
        let samples = |text| lines(text, false).iter().map(|line| normal(line)).collect();
        let first: Vec<_> = samples(&first);
        let again: Vec<_> = samples(&again);
        again.iter().for_each(|line| assert!(first.contains(line), "{line}"));
    } else {
        assert_eq!(lines(&again, true), lines(&first, true));
    }
}

/// A line with its labels in an order, and with numbers for bounds.
fn normal(line: &str) -> String {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.trim_end_matches('}').split_once('{').unwrap_or((series, ""));
    let number = |label: &str| match label.split_once("=\"") {
        Some((key @ ("le" | "quantile"), bound)) => {
            Some(format!("{key} {:?}", bound.parse::<f64>().ok()?))
        }
        _ => None,
    };
    let labels = labels.trim_end_matches('"').split("\",");
    let mut labels: Vec<_> =
        labels.map(|label| number(label).unwrap_or(label.to_owned())).collect();
    labels.sort();
    format!("{name} {labels:?} {value}")
}

/// Whether there are numbers that may be lines of a histogram or summary that is there, too, or labels of it
/// that have the name of that of a line.
fn is_mixed(said: &[String]) -> bool {
    let is_whole = |line: &&String| line.contains(" histogram ") || line.contains(" summary ");
    let is_labelled =
        |line: &String| ["(\"le\"", "(\"quantile\""].iter().any(|key| line.contains(key));
    if said.iter().filter(is_whole).any(is_labelled) {
        return true;
    }
    let name = |line: &String| line.split(' ').next().unwrap_or_default().to_owned();
    let wholes: Vec<_> = said.iter().filter(is_whole).map(name).collect();
    let mut numbers = said.iter().filter(|line| !is_whole(line));
    numbers.any(|line| wholes.iter().any(|whole| line.starts_with(whole.as_str())))
}

/// The lines of a text, in any order, or its samples only.
fn lines(text: &[u8], with_headers: bool) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let lines = text.lines().filter(|line| with_headers || !line.starts_with('#'));
    let mut lines: Vec<_> = lines.map(str::to_owned).collect();
    lines.sort();
    lines
}

fn told(read: Read<'_>) -> String {
    let sample = match read {
        Ok(sample) => sample,
        Err((line, Reason::Line)) => {
            return format!("{} unreadable", line.split(',').next().unwrap_or_default());
        }
        Err((name, reason)) => return format!("{name} {}", reason.text().0),
    };
    let labels: Vec<_> = sample
        .labels
        .pairs()
        .map(|(name, value)| {
            let mut said = Vec::new();
            value.write(&mut said);
            (name, String::from_utf8(said).unwrap())
        })
        .collect();
    let point = match sample.point {
        Point::Number(Value::Float(value)) => format!("{value:?}"),
        Point::Number(_) => panic!("a number of ours"),
        Point::Histogram(h) => {
            format!("{:?} {:?} {:?} {}", h.bounds, h.counts, h.sum, sample.texts)
        }
        Point::Summary(s) => format!("{:?} {:?} {} {}", s.quantiles, s.sum, s.count, sample.texts),
    };
    let kind = format!("{:?}", sample.kind).to_lowercase();
    format!("{} {kind} {:?} {labels:?} {point} {:?}", sample.name, sample.help, sample.time)
}

/// What a store that took `text` writes, for those who read names in UTF-8 and others, and whether some of it was
/// refused or is kept in another form.
fn kept(text: &[u8], syntax: Syntax, format: Format, is_read: bool) -> (Vec<u8>, bool) {
    let now = Instant::now();
    let mut store = Store::new(Bounds::default(), now);
    let group = store.open_group();
    let intake = Intake {
        group,
        prefix: "",
        add: &[],
        collision: Collision::Overwrite,
        constant: &[],
        ttl: Duration::ZERO,
        honor_time: false,
        max_age: Duration::ZERO,
        max_series: usize::MAX,
        max_labels: 32,
    };
    store.begin(group);
    let done = BUFFERS.with_borrow_mut(|b| intake.take(text, syntax, b, &mut store, now));
    let is_noted = done.is_ok_and(|tally| tally.reasons().next().is_some());
    store.end(group);
    let (mut out, mut lines) = (Buffer::default(), Lines::default());
    let mut to = Text::new(Dialect::Own, format, &mut out, &mut lines).quoting(is_read);
    store.write(now, &mut to);
    to.finish();
    (out.bytes().to_vec(), is_noted)
}
