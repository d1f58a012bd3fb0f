//! Exposition text, read line by line into strings and maps.

mod line;
mod text;
mod whole;

use line::{BLANK, Fault, Line, Raw, ascii_trim, name, sample, split};
use std::collections::BTreeMap;
pub use text::sample_text;
use text::unescaped;
use whole::{Whole, texts_of};

/// What is known of a family: its type as written, and its help with escapes.
type Families = BTreeMap<String, (String, String)>;

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
        let unescaped = comment.trim_start_matches(BLANK);
        if unescaped.len() == comment.len() {
            return Ok(());
        }
        let (word, rest) = split(unescaped);
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
            "TYPE" if rest.is_empty() => Ok(()),
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
        let name = unescaped(&line.name);
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
        self.out.push(sample_text(&name, kind, help, &line.labels, &point, line.time));
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
                self.out.extend(texts_of(whole, &self.families[&whole.family].1));
            }
        }
        self.start = self.wholes.len();
        self.at_hand = None;
    }
}

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
