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
    labels: Raw,
    cells: Vec<(f64, f64)>,
    sum: Vec<f64>,
    count: Vec<f64>,
    strays: usize,
    time: Option<i64>,
}

/// One text for each sample, or the number of the line that cannot be read.
pub fn read(text: &[u8], is_open: bool) -> Result<Vec<String>, usize> {
    // A character for each byte.
    let text: String = text.iter().map(|byte| *byte as char).collect();
    let mut lines: Vec<&str> = text.split('\n').collect();
    if lines.last() == Some(&"") {
        lines.pop();
    }
    let (mut families, mut out) = (Families::new(), Vec::new());
    let mut at_hand: Option<(String, Vec<Whole>)> = None;
    let mut is_over = false;
    for (at, line) in lines.iter().enumerate() {
        let bad = at + 1;
        if line.len() > 64 << 10 {
            return Err(bad);
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        let line = line.trim_start_matches(BLANK);
        if line.is_empty() {
            continue;
        }
        if is_over {
            return Err(bad);
        }
        if let Some(comment) = line.strip_prefix('#') {
            let said = comment.trim_start_matches(BLANK);
            if said.len() == comment.len() {
                continue;
            }
            let (word, rest) = split(said);
            match word {
                "EOF" if is_open => {
                    is_over = ascii_trim(rest).is_empty();
                    if !is_over {
                        return Err(bad);
                    }
                }
                "HELP" => {
                    let name = name(rest).ok_or(bad)?;
                    let help = rest[name.len()..].trim_start_matches(BLANK);
                    families.entry(name).or_insert_with(unknown).1 = help.to_owned();
                }
                "TYPE" => {
                    let name = name(rest).ok_or(bad)?;
                    let (kind, _) = split(rest[name.len()..].trim_start_matches(BLANK));
                    if !TYPES.contains(&kind) {
                        return Err(bad);
                    }
                    flush(&mut at_hand, &families, &mut out);
                    families.entry(name).or_insert_with(unknown).0 = kind.to_owned();
                }
                _ => {}
            }
            continue;
        }
        let line = sample(line, is_open).ok_or(bad)?;
        let (family, what) = role(&families, &line.name, is_open);
        if at_hand.as_ref().is_some_and(|(of, _)| *of != family) {
            flush(&mut at_hand, &families, &mut out);
        }
        match what {
            "" => {}
            "part" => add(&mut at_hand.get_or_insert((family, Vec::new())).1, &line, &families),
            kind => {
                let help = families.get(&family).map_or("", |(_, help)| help);
                let point = format!("{:?}", line.value);
                out.push(tell(&line.name, kind, help, &line.labels, &point, line.time));
            }
        }
    }
    flush(&mut at_hand, &families, &mut out);
    if is_open && !is_over { Err(lines.len() + 1) } else { Ok(out) }
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

fn name(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let name: String = text.chars().take_while(|c| is_part(*c)).collect();
    let is_one = name.chars().next().is_some_and(|c| !c.is_ascii_digit());
    is_one.then_some(name)
}

fn sample(line: &str, is_open: bool) -> Option<Line> {
    let name = name(line)?;
    let rest = &line[name.len()..];
    let mut after = rest.trim_start_matches(BLANK);
    let mut labels = Vec::new();
    if let Some(inner) = after.strip_prefix('{') {
        after = self::labels(inner, &mut labels)?;
        after = after.trim_start_matches(BLANK);
    } else if after.len() == rest.len() {
        return None;
    }
    let (value, mut after) = split(after);
    let value = value.parse().ok()?;
    let mut time = None;
    let is_over = |rest: &str| rest.is_empty() || is_open && rest.starts_with('#');
    if !is_over(after) {
        let (said, rest) = split(after);
        after = rest;
        time = Some(match is_open {
            false => said.parse().ok()?,
            true => {
                let seconds: f64 = said.parse().ok().filter(|s: &f64| s.is_finite())?;
                (seconds * 1000.0).round() as i64
            }
        });
    }
    is_over(after).then_some(Line { name, labels, value, time })
}

/// Reads labels; what stands behind the closing brace.
fn labels<'a>(mut rest: &'a str, labels: &mut Raw) -> Option<&'a str> {
    loop {
        rest = rest.trim_start_matches(BLANK);
        if let Some(after) = rest.strip_prefix('}') {
            return Some(after);
        }
        let name = name(rest).filter(|name| !name.contains(':') && labels.len() < 256)?;
        rest = rest[name.len()..].trim_start_matches(BLANK).strip_prefix('=')?;
        rest = rest.trim_start_matches(BLANK).strip_prefix('"')?;
        let mut is_escaped = false;
        let end = rest.find(|c| {
            let is_end = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        })?;
        labels.push((name, rest[..end].to_owned()));
        rest = rest[end + 1..].trim_start_matches(BLANK);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return None,
        }
    }
}

/// Of which family a sample is, and as what: a kind, `part`, or nothing if it is dropped.
fn role(families: &Families, name: &str, is_open: bool) -> (String, &'static str) {
    let of = |stem: &str, suffix: &str| {
        let kind = families.get(stem)?.0.as_str();
        Some(match (kind, suffix) {
            ("histogram" | "summary", "" | "_sum" | "_count") => "part",
            ("histogram", "_bucket") => "part",
            ("counter", "") => "counter",
            ("counter", "_total") if is_open => "counter",
            ("counter" | "histogram" | "summary" | "gaugehistogram", "_created") if is_open => "",
            ("gaugehistogram", "_bucket" | "_gsum" | "_gcount") | ("info", "_info") => "gauge",
            ("untyped" | "unknown", "") => "untyped",
            (_, "") => "gauge",
            _ => return None,
        })
    };
    if let Some(stem) = name.strip_suffix("_created") {
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

fn add(wholes: &mut Vec<Whole>, line: &Line, families: &Families) {
    let is_summary = families.get(&line.name).is_some_and(|(kind, _)| kind == "summary");
    let key = match () {
        () if is_summary => "quantile",
        () if families.contains_key(&line.name) => "",
        () if line.name.ends_with("_bucket") => "le",
        () => "",
    };
    let labels: Raw = line.labels.iter().filter(|(name, _)| name != key).cloned().collect();
    let at = line.labels.iter().find(|(name, _)| name == key && !key.is_empty());
    let at = at.and_then(|(_, value)| value.parse().ok());
    let place = wholes.iter().position(|whole| whole.labels == labels).unwrap_or_else(|| {
        wholes.push(Whole { labels, ..Whole::default() });
        wholes.len() - 1
    });
    let whole = &mut wholes[place];
    whole.time = line.time.or(whole.time);
    match at {
        Some(at) => whole.cells.push((at, line.value)),
        None if !key.is_empty() || families.contains_key(&line.name) => whole.strays += 1,
        None if line.name.ends_with("_sum") => whole.sum.push(line.value),
        None => whole.count.push(line.value),
    }
}

fn flush(at_hand: &mut Option<(String, Vec<Whole>)>, families: &Families, out: &mut Vec<String>) {
    let Some((name, wholes)) = at_hand.take() else { return };
    let (kind, help) = &families[&name];
    for mut whole in wholes {
        whole.cells.sort_by(|a, b| a.0.total_cmp(&b.0));
        match point(&whole, kind) {
            Some(point) => out.push(tell(&name, kind, help, &whole.labels, &point, whole.time)),
            None => out.push(format!("{name} refused")),
        }
    }
}

fn point(whole: &Whole, kind: &str) -> Option<String> {
    let is_count = |n: f64| (0.0..=9_007_199_254_740_992.0).contains(&n) && n.trunc() == n;
    if whole.strays > 0 || whole.sum.len() > 1 || whole.count.len() > 1 {
        return None;
    }
    for (before, after) in whole.cells.iter().zip(whole.cells.iter().skip(1)) {
        if before.0.partial_cmp(&after.0) != Some(std::cmp::Ordering::Less) {
            return None;
        }
    }
    let sum = whole.sum.first().copied().unwrap_or(f64::NAN);
    if kind == "summary" {
        let count = whole.count.first().copied().filter(|n| is_count(*n))?;
        let in_range = whole.cells.iter().all(|(at, _)| *at >= 0.0 && *at <= 1.0);
        return in_range.then(|| format!("{:?} {sum:?} {}", whole.cells, count as u64));
    }
    let (last, _) = whole.cells.last()?;
    if *last != f64::INFINITY || !whole.cells.iter().all(|(_, n)| is_count(*n)) {
        return None;
    }
    let (mut before, mut counts, mut bounds) = (0, Vec::new(), Vec::new());
    for (bound, up_to) in &whole.cells {
        counts.push((*up_to as u64).checked_sub(before)?);
        before = *up_to as u64;
        bounds.push(*bound);
    }
    bounds.pop();
    Some(format!("{bounds:?} {counts:?} {sum:?}"))
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

/// One sample as a text.
pub fn tell(
    name: &str,
    kind: &str,
    help: &str,
    labels: &[(String, String)],
    point: &str,
    time: Option<i64>,
) -> String {
    let labels: Vec<_> = labels.iter().map(|(name, value)| (name, said(value))).collect();
    let mut help = said(help);
    while help.len() > 1000 {
        help.pop();
    }
    format!("{name} {kind} {help:?} {labels:?} {point} {time:?}")
}
