//! Exposition text, read line by line into strings and maps.

use std::collections::BTreeMap;

/// What is known of a family: its type as written, and its help with escapes.
type Families = BTreeMap<String, (String, String)>;

/// Labels as they stand between quotation marks.
type Raw = Vec<(String, String)>;

struct Line {
    name: String,
    labels: Raw,
    value: f64,
    time: Option<i64>,
}

/// A histogram or summary in the making.
#[derive(Default)]
struct Whole {
    family: String,
    is_summary: bool,
    labels: Raw,
    /// Each with the text of its bound or quantile.
    cells: Vec<(f64, String, f64)>,
    sum: Option<f64>,
    count: Option<f64>,
    time: Option<i64>,
    is_done: bool,
}

/// Why a line cannot be read.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Bad,
    /// A quotation mark does not close.
    Open,
    /// Nothing comes after the end.
    Fatal,
}

/// Bytes of a line with ends of lines in it.
const LONG: usize = 64 << 10;

#[derive(Default)]
struct Page {
    is_open: bool,
    families: Families,
    wholes: Vec<Whole>,
    /// How many of them are not of the family at hand, and which that is.
    start: usize,
    at_hand: Option<String>,
    is_over: bool,
    samples: usize,
    out: Vec<String>,
}

/// One text for each sample or note, and the number of the first line that cannot be read; only a
/// number where the end is not as it should be.
pub fn read(text: &[u8], is_open: bool) -> Result<(Vec<String>, Option<usize>), usize> {
    // A character for each byte.
    let text: String = text.iter().map(|byte| *byte as char).collect();
    let text: Vec<char> = text.chars().collect();
    let mut page = Page { is_open, ..Page::default() };
    let (mut at, mut number, mut bad) = (0, 0, Vec::new());
    while at < text.len() {
        let rest = &text[at..];
        let short = rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
        let (first, mut taken) = (number + 1, short);
        let mut done = page.line(&line_of(&rest[..short]));
        if done == Err(Fault::Open) {
            let long = logical(&rest[..rest.len().min(LONG)]);
            if long > short && page.line(&line_of(&rest[..long])).is_ok() {
                (taken, done) = (long, Ok(()));
            }
        }
        match done {
            Ok(()) => {}
            Err(Fault::Fatal) => return Err(first),
            Err(_) => {
                bad.push(first);
                page.out.push(format!("line {first} unreadable"));
            }
        }
        number = first + rest[..taken].iter().filter(|c| **c == '\n').count();
        at += taken + 1;
    }
    page.start = 0;
    page.flush(true);
    let bad_first = bad.first().copied();
    let is_lost = bad_first.is_some() && bad.len() >= page.samples;
    match is_open && !page.is_over && !is_lost {
        true => Err(number + 1),
        false => Ok((page.out, bad_first)),
    }
}

/// Without the blanks before it, and a carriage return behind it.
fn line_of(chars: &[char]) -> String {
    let line: String = chars.iter().collect();
    let line = line.strip_suffix('\r').unwrap_or(&line);
    line.trim_start_matches(BLANK).to_owned()
}

/// Where the line ends if ends of lines between quotation marks do not count.
fn logical(chars: &[char]) -> usize {
    let (mut is_inside, mut at) = (false, 0);
    while at < chars.len() {
        match chars[at] {
            '"' => is_inside = !is_inside,
            '\n' if !is_inside => return at,
            '\\' if is_inside || chars.get(at + 1).is_some_and(|c| *c != '\n') => at += 1,
            _ => {}
        }
        at += 1;
    }
    chars.len()
}

impl Page {
    fn line(&mut self, line: &str) -> Result<(), Fault> {
        if line.is_empty() {
            return Ok(());
        }
        if self.is_over {
            return Err(Fault::Fatal);
        }
        match line.strip_prefix('#') {
            Some(comment) => self.comment(comment),
            None => {
                let line = sample(line, self.is_open)?;
                self.sample(&line);
                Ok(())
            }
        }
    }

    fn comment(&mut self, comment: &str) -> Result<(), Fault> {
        let said = comment.trim_start_matches(BLANK);
        if said.len() == comment.len() {
            return Ok(());
        }
        let (word, rest) = split(said);
        match word {
            "EOF" if self.is_open => {
                self.is_over = ascii_trim(rest).is_empty();
                if self.is_over { Ok(()) } else { Err(Fault::Fatal) }
            }
            "HELP" => {
                let Ok((name, help)) = name(rest) else { return Ok(()) };
                let help = help.trim_start_matches(BLANK).to_owned();
                self.families.entry(name).or_insert_with(unknown).1 = help;
                Ok(())
            }
            "TYPE" => {
                let (name, kind) = name(rest)?;
                let (kind, _) = split(kind.trim_start_matches(BLANK));
                if !TYPES.contains(&kind) {
                    return Err(Fault::Bad);
                }
                self.flush(false);
                self.families.entry(name).or_insert_with(unknown).0 = kind.to_owned();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn sample(&mut self, line: &Line) {
        self.samples += 1;
        let (family, what) = role(&self.families, &line.name, self.is_open);
        if self.at_hand.as_ref().is_some_and(|of| *of != family) {
            self.flush(false);
        }
        let name = said(&line.name);
        let what = match what {
            "bucket" | "quantile" | "sum" | "count" => self.add(&family, what, line),
            other => other,
        };
        match what {
            "" => return,
            "twice" => return self.out.push(format!("{name} series_twice")),
            "stray" => self.out.push(format!("{name} unassembled")),
            _ => {}
        }
        let kind = if what == "stray" { "untyped" } else { what };
        let help = self.families.get(&family).map_or("", |(_, help)| help);
        let point = format!("{:?}", line.value);
        self.out.push(tell(&name, kind, help, &line.labels, &point, line.time));
    }

    /// What became of it: nothing more to say, `twice`, or `stray`.
    fn add(&mut self, family: &str, part: &str, line: &Line) -> &'static str {
        self.at_hand = Some(family.to_owned());
        let key = match part {
            "bucket" => "le",
            "quantile" => "quantile",
            _ => "",
        };
        let mut all = line.labels.iter().filter(|(name, _)| name == key && !key.is_empty());
        let found = all.next().filter(|_| all.next().is_none());
        let at = found.and_then(|(_, text)| text.parse().ok()).filter(|at: &f64| !at.is_nan());
        if at.is_none() && !key.is_empty() {
            return "stray";
        }
        let labels: Raw = line.labels.iter().filter(|(name, _)| name != key).cloned().collect();
        let is_summary = self.families[family].0 == "summary";
        let is_it = |whole: &Whole| {
            let of = (&*whole.family, whole.is_summary, &whole.labels, whole.is_done);
            of == (family, is_summary, &labels, false)
        };
        let place = self.wholes.iter().position(is_it).unwrap_or_else(|| {
            let (family, labels) = (family.to_owned(), labels.clone());
            self.wholes.push(Whole { family, is_summary, labels, ..Whole::default() });
            self.wholes.len() - 1
        });
        let whole = &mut self.wholes[place];
        whole.time = line.time.or(whole.time);
        let once = match part {
            "sum" => &mut whole.sum,
            "count" => &mut whole.count,
            _ => {
                let text = found.map(|(_, text)| text.clone()).unwrap_or_default();
                whole.cells.push((at.unwrap_or_default(), text, line.value));
                return "";
            }
        };
        let is_twice = once.is_some();
        *once = once.or(Some(line.value));
        if is_twice { "twice" } else { "" }
    }

    /// What lacks nothing is told, or at the end all.
    fn flush(&mut self, is_end: bool) {
        for whole in self.wholes.iter_mut().skip(self.start) {
            let has_inf = whole.cells.iter().any(|(at, ..)| *at == f64::INFINITY);
            let has_all =
                (whole.is_summary || has_inf) && whole.sum.is_some() && whole.count.is_some();
            if !whole.is_done && (is_end || has_all) {
                whole.is_done = true;
                self.out.extend(told(whole, &self.families[&whole.family].1));
            }
        }
        self.start = self.wholes.len();
        self.at_hand = None;
    }
}

fn told(whole: &Whole, help: &str) -> Vec<String> {
    let (name, mut out) = (said(&whole.family), Vec::new());
    let mut cells: Vec<(f64, String, f64)> = Vec::new();
    let mut all = whole.cells.clone();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    for cell in all {
        match cells.last().is_some_and(|last| last.0.to_bits() == cell.0.to_bits()) {
            true => out.push(format!("{name} series_twice")),
            false => cells.push(cell),
        }
    }
    let kind = if whole.is_summary { "summary" } else { "histogram" };
    if let Some(point) = point(whole, &cells) {
        let mut texts: String = cells.iter().map(|(_, text, _)| format!("{text},")).collect();
        let last = cells.last().map(|(_, _, value)| *value);
        if !whole.is_summary && last != whole.count {
            texts += &format!("={}", whole.count.unwrap() as u64);
        }
        out.push(tell(&name, kind, help, &whole.labels, &format!("{point} {texts}"), whole.time));
        return out;
    }
    out.push(format!("{name} unassembled"));
    let mut line = |suffix: &str, extra: Option<(String, String)>, value: f64| {
        let labels: Raw = whole.labels.iter().cloned().chain(extra).collect();
        let (name, point) = ([&name, suffix].concat(), format!("{value:?}"));
        out.push(tell(&name, "untyped", help, &labels, &point, whole.time));
    };
    let (suffix, key) = if whole.is_summary { ("", "quantile") } else { ("_bucket", "le") };
    for (_, text, value) in &cells {
        line(suffix, Some((key.to_owned(), text.clone())), *value);
    }
    whole.sum.into_iter().for_each(|sum| line("_sum", None, sum));
    whole.count.into_iter().for_each(|count| line("_count", None, count));
    out
}

fn point(whole: &Whole, cells: &[(f64, String, f64)]) -> Option<String> {
    // The count of a histogram that is another than that of its buckets is told with the texts.
    let is_count = |n: f64| (0.0..=9_007_199_254_740_992.0).contains(&n) && n.trunc() == n;
    let count = whole.count.filter(|n| is_count(*n))? as u64;
    let sum = whole.sum?;
    for (before, after) in cells.iter().zip(cells.iter().skip(1)) {
        if before.0.partial_cmp(&after.0) != Some(std::cmp::Ordering::Less) {
            return None;
        }
    }
    if whole.is_summary {
        let in_range = cells.iter().all(|(at, ..)| *at >= 0.0 && *at <= 1.0);
        let cells: Vec<_> = cells.iter().map(|(at, _, value)| (*at, *value)).collect();
        return in_range.then(|| format!("{cells:?} {sum:?} {count}"));
    }
    let (last, ..) = cells.last()?;
    if *last != f64::INFINITY || !cells.iter().all(|(_, _, n)| is_count(*n)) {
        return None;
    }
    let (mut before, mut counts, mut bounds) = (0, Vec::new(), Vec::new());
    for (bound, _, up_to) in cells {
        counts.push((*up_to as u64).checked_sub(before)?);
        before = *up_to as u64;
        bounds.push(*bound);
    }
    bounds.pop();
    Some(format!("{bounds:?} {counts:?} {sum:?}"))
}

const BLANK: [char; 2] = [' ', '\t'];

const TYPES: [&str; 9] = [
    "counter",
    "gauge",
    "histogram",
    "summary",
    "untyped",
    "unknown",
    "info",
    "stateset",
    "gaugehistogram",
];

fn unknown() -> (String, String) {
    ("untyped".to_owned(), String::new())
}

fn ascii_trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_ascii_whitespace())
}

/// A word, and what stands behind the blanks after it.
fn split(text: &str) -> (&str, &str) {
    let end = text.find(BLANK).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start_matches(BLANK))
}

/// A name, which may stand in quotation marks, and what stands behind it.
fn name(text: &str) -> Result<(String, &str), Fault> {
    if let Some(inner) = text.strip_prefix('"') {
        return quoted(inner);
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let name: String = text.chars().take_while(|c| is_part(*c)).collect();
    let is_one = name.chars().next().is_some_and(|c| !c.is_ascii_digit());
    let rest = &text[name.len()..];
    if is_one { Ok((name, rest)) } else { Err(Fault::Bad) }
}

/// What stands before the closing quotation mark, and behind it.
fn quoted(text: &str) -> Result<(String, &str), Fault> {
    let mut is_escaped = false;
    let end = text.find(|c| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    });
    let end = end.ok_or(Fault::Open)?;
    Ok((text[..end].to_owned(), &text[end + 1..]))
}

fn sample(line: &str, is_open: bool) -> Result<Line, Fault> {
    let (mut name, rest) = match line.starts_with('{') {
        true => (None, line),
        false if line.starts_with('"') => return Err(Fault::Bad),
        false => self::name(line).map(|(name, rest)| (Some(name), rest))?,
    };
    let mut after = rest.trim_start_matches(BLANK);
    let mut labels = Vec::new();
    if let Some(inner) = after.strip_prefix('{') {
        after = self::labels(inner, &mut labels, &mut name)?;
        after = after.trim_start_matches(BLANK);
    } else if after.len() == rest.len() {
        return Err(Fault::Bad);
    }
    let name = name.ok_or(Fault::Bad)?;
    let (value, mut after) = split(after);
    let value = value.parse().map_err(|_| Fault::Bad)?;
    let mut time = None;
    let is_over = |rest: &str| rest.is_empty() || is_open && rest.starts_with('#');
    if !is_over(after) {
        let (said, rest) = split(after);
        after = rest;
        let millis = match is_open {
            false => said.parse().ok(),
            true => {
                let seconds: Option<f64> = said.parse().ok().filter(|s: &f64| s.is_finite());
                seconds.map(|seconds| (seconds * 1000.0).round() as i64)
            }
        };
        time = Some(millis.ok_or(Fault::Bad)?);
    }
    if is_over(after) { Ok(Line { name, labels, value, time }) } else { Err(Fault::Bad) }
}

/// Reads labels, and the name of the metric if it is among them; what stands behind the closing brace.
fn labels<'a>(
    mut rest: &'a str,
    labels: &mut Raw,
    metric: &mut Option<String>,
) -> Result<&'a str, Fault> {
    loop {
        rest = rest.trim_start_matches(BLANK);
        if let Some(after) = rest.strip_prefix('}') {
            return Ok(after);
        }
        if labels.len() == 256 {
            return Err(Fault::Bad);
        }
        let is_quoted = rest.starts_with('"');
        let (name, after) = name(rest)?;
        let (name, after) = match name.find(':') {
            // That ends a label's name.
            Some(at) if !is_quoted && at > 0 => (name[..at].to_owned(), &rest[at..]),
            Some(_) if !is_quoted => return Err(Fault::Bad),
            _ => (name, after),
        };
        rest = after.trim_start_matches(BLANK);
        if is_quoted && metric.is_none() && !rest.starts_with('=') {
            *metric = Some(name);
        } else {
            rest = rest.strip_prefix('=').ok_or(Fault::Bad)?.trim_start_matches(BLANK);
            let (value, after) = quoted(rest.strip_prefix('"').ok_or(Fault::Bad)?)?;
            labels.push((name, value));
            rest = after.trim_start_matches(BLANK);
        }
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Err(Fault::Bad),
            None => {}
        }
    }
}

/// Of which family a sample is, and as what: a kind, a part, or nothing if it is dropped.
fn role(families: &Families, name: &str, is_open: bool) -> (String, &'static str) {
    let of = |stem: &str, suffix: &str| {
        let kind = families.get(stem)?.0.as_str();
        Some(match (kind, suffix) {
            ("histogram" | "summary", "_sum") => "sum",
            ("histogram" | "summary", "_count") => "count",
            ("histogram", "_bucket") => "bucket",
            ("histogram", "") => "stray",
            ("summary", "") => "quantile",
            ("counter", "") => "counter",
            ("counter", "_total") if is_open => "counter",
            ("counter" | "histogram" | "summary" | "gaugehistogram", "_created") if is_open => "",
            ("gaugehistogram", "_bucket" | "_gsum" | "_gcount") | ("info", "_info") => "gauge",
            ("untyped" | "unknown", "") => "untyped",
            (_, "") => "gauge",
            _ => return None,
        })
    };
    let is_gauge = families.get(name).is_some_and(|(kind, _)| kind == "gauge");
    if let Some(stem) = name.strip_suffix("_created").filter(|_| is_gauge) {
        let total = format!("{stem}_total");
        for (whole, kinds) in [(stem, "counter histogram summary"), (&*total, "counter")] {
            if families.get(whole).is_some_and(|(kind, _)| kinds.split(' ').any(|k| k == kind)) {
                return (whole.to_owned(), "");
            }
        }
    }
    let suffixes = ["_bucket", "_sum", "_count", "_total", "_created", "_info", "_gsum", "_gcount"];
    let stems = suffixes.iter().filter_map(|suffix| Some((name.strip_suffix(suffix)?, *suffix)));
    let mut all = [(name, "")].into_iter().chain(stems);
    let found = all.find_map(|(stem, suffix)| Some((stem.to_owned(), of(stem, suffix)?)));
    found.unwrap_or(("\0none".to_owned(), "untyped"))
}

/// What `raw`, a character for each byte, says.
fn said(raw: &str) -> String {
    let bytes: Vec<u8> = raw.chars().map(|c| c as u8).collect();
    let text = String::from_utf8_lossy(&bytes);
    let (mut out, mut chars) = (String::new(), text.chars().peekable());
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('n')) => {
                out.push('\n');
                chars.next();
            }
            ('\\', Some(escaped @ ('\\' | '"'))) => {
                out.push(*escaped);
                chars.next();
            }
            (c, _) => out.push(c),
        }
    }
    out
}

/// A label's name as it stands there, if it is UTF-8.
fn bytes(raw: &str) -> String {
    String::from_utf8(raw.chars().map(|c| c as u8).collect()).unwrap_or_default()
}

/// One sample as a text.
pub fn tell(
    name: &str,
    kind: &str,
    help: &str,
    labels: &[(String, String)],
    point: &str,
    time: Option<i64>,
) -> String {
    let labels: Vec<_> = labels.iter().map(|(name, value)| (bytes(name), said(value))).collect();
    let mut help = said(help);
    while help.len() > 1000 {
        help.pop();
    }
    format!("{name} {kind} {help:?} {labels:?} {point} {time:?}")
}
