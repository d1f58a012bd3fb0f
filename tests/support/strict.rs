//! A strict reader of exposition text: what it accepts, every scraper accepts. Beyond the specifications it checks
//! our own rules: HELP, then TYPE, then at least one sample; finite decimal numbers; no time stamps; the same label
//! keys throughout a family.
#![allow(dead_code)] // each test takes its part

use std::collections::BTreeSet;
use sysmetrics::outputs::expose::Format;

/// What node_exporter gives the labels only that a sample has a value for.
const VARYING_KEYS: [&str; 1] = ["node_power_supply_info"];

/// One family and its samples.
#[derive(Debug, PartialEq)]
pub struct Family {
    /// As HELP and TYPE name it.
    pub name: String,
    pub kind: String,
    pub help: String,
    pub samples: Vec<Sample>,
}

/// Keys and values.
pub type Labels = Vec<(String, String)>;

/// One sample.
#[derive(Debug, PartialEq)]
pub struct Sample {
    pub name: String,
    /// Unescaped, in order.
    pub labels: Labels,
    /// As it was written.
    pub value: String,
}

/// Every family of `text`, or the first line that no scraper need take.
pub fn parse(text: &[u8], format: Format) -> Result<Vec<Family>, String> {
    let text = std::str::from_utf8(text).map_err(|e| format!("not UTF-8: {e}"))?;
    let mut reader = Reader { format, families: Vec::new(), open: None, seen: BTreeSet::new() };
    let mut rest = text;
    let mut number = 0;
    while let Some((line, after)) = rest.split_once('\n') {
        (rest, number) = (after, number + 1);
        let is_end = format == Format::OpenMetrics && line == "# EOF";
        if is_end && rest.is_empty() {
            reader.close()?;
            return Ok(reader.families);
        }
        reader.line(line).map_err(|why| format!("line {number}: {why}: {line:?}"))?;
    }
    if !rest.is_empty() || format == Format::OpenMetrics {
        return Err(format!("the end is torn after line {number}: {rest:?}"));
    }
    reader.close()?;
    Ok(reader.families)
}

struct Reader {
    format: Format,
    families: Vec<Family>,
    /// The family that has a HELP line and no TYPE line yet.
    open: Option<(String, String)>,
    /// Every family's name (without labels), and every series.
    seen: BTreeSet<(String, Option<Labels>)>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if let Some(help) = line.strip_prefix("# HELP ") {
            self.close()?;
            let (name, help) = help.split_once(' ').ok_or("no help")?;
            let quotes = self.format == Format::OpenMetrics;
            self.open = Some((metric_name(name)?.to_owned(), unescape(help, quotes)?));
            return Ok(());
        }
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            return self.kind(kind);
        }
        match line.strip_prefix('#') {
            Some(_) if self.format == Format::OpenMetrics => Err("a comment".to_owned()),
            Some(comment) if comment.starts_with(' ') => Ok(()),
            Some(_) => Err("a comment without a blank".to_owned()),
            None => self.sample(line),
        }
    }

    fn kind(&mut self, line: &str) -> Result<(), String> {
        let (name, kind) = line.split_once(' ').ok_or("no type")?;
        let (helped, help) = self.open.take().ok_or("TYPE without HELP before it")?;
        if helped != name {
            return Err(format!("HELP was about {helped}"));
        }
        let kinds = match self.format {
            Format::Prometheus => ["counter", "gauge", "untyped"],
            Format::OpenMetrics => ["counter", "gauge", "unknown"],
        };
        if !kinds.contains(&kind) {
            return Err("no such type".to_owned());
        }
        let counts = name.ends_with("_total");
        match (self.format, kind) {
            (Format::Prometheus, "counter") if !counts => return Err("a counter".to_owned()),
            (_, "gauge") if counts => return Err("a gauge that is called a total".to_owned()),
            (Format::OpenMetrics, "counter") if counts => return Err("a counter".to_owned()),
            _ => {}
        }
        self.take(name, None)?;
        let (name, kind) = (name.to_owned(), kind.to_owned());
        self.families.push(Family { name, kind, help, samples: Vec::new() });
        Ok(())
    }

    fn sample(&mut self, line: &str) -> Result<(), String> {
        if self.open.is_some() {
            return Err("HELP without TYPE behind it".to_owned());
        }
        let sample = sample(line)?;
        let mut labels: Vec<_> = sample.labels.clone();
        labels.sort();
        if labels.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err("a label twice".to_owned());
        }
        self.take(&sample.name, Some(labels))?;
        let family = self.families.last_mut().ok_or("a sample before any family")?;
        let total = self.format == Format::OpenMetrics && family.kind == "counter";
        let wanted = [family.name.as_str(), if total { "_total" } else { "" }].concat();
        if sample.name != wanted {
            return Err(format!("in the family {}", family.name));
        }
        let differs = |first: &Sample| {
            let both = first.labels.iter().zip(&sample.labels);
            first.labels.len() != sample.labels.len() || both.into_iter().any(|(a, b)| a.0 != b.0)
        };
        let may_differ = VARYING_KEYS.contains(&&*family.name);
        if !may_differ && family.samples.first().is_some_and(differs) {
            return Err("other label keys than the sample before".to_owned());
        }
        family.samples.push(sample);
        Ok(())
    }

    /// Notes that a family or a series has come.
    fn take(&mut self, name: &str, labels: Option<Labels>) -> Result<(), String> {
        let is_new = self.seen.insert((name.to_owned(), labels));
        if is_new { Ok(()) } else { Err("it came before".to_owned()) }
    }

    /// A family has ended.
    fn close(&self) -> Result<(), String> {
        match self.families.last() {
            _ if self.open.is_some() => Err("HELP without TYPE behind it".to_owned()),
            Some(last) if last.samples.is_empty() => Err(format!("{} is empty", last.name)),
            _ => Ok(()),
        }
    }
}

fn sample(line: &str) -> Result<Sample, String> {
    let end = line.find(['{', ' ']).ok_or("no value")?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (key, after) = rest.split_once("=\"").ok_or("no label value")?;
            let end = closing_quote(after).ok_or("a label value without its end")?;
            labels.push((label_name(key)?.to_owned(), unescape(&after[..end], true)?));
            rest = &after[end + 1..];
            match rest.split_at_checked(1) {
                Some((",", after)) => rest = after,
                Some(("}", after)) => break rest = after,
                _ => return Err("neither comma nor brace behind a label".to_owned()),
            }
        }
    }
    let value = rest.strip_prefix(' ').ok_or("no blank before the value")?;
    Ok(Sample { name: metric_name(name)?.to_owned(), labels, value: number(value)?.to_owned() })
}

/// Where the quote is that no backslash escapes.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

fn unescape(text: &str, quotes: bool) -> Result<String, String> {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match letters.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('"') if quotes => '"',
                _ => return Err("an unknown escape".to_owned()),
            },
            '"' if quotes => return Err("a bare quote".to_owned()),
            other => other,
        });
    }
    Ok(plain)
}

fn number(text: &str) -> Result<&str, String> {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let padded = whole.len() > 1 && whole.starts_with('0');
    let parsed = text.parse::<f64>().is_ok_and(f64::is_finite);
    if digits(whole) && digits(fraction) && !padded && parsed {
        Ok(text)
    } else {
        Err("no number".to_owned())
    }
}

fn metric_name(name: &str) -> Result<&str, String> {
    let bare = name.replace(':', "_");
    label_name(&bare).map(|_| name)
}

fn label_name(name: &str) -> Result<&str, String> {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let ok = name.bytes().all(is_word) && !name.is_empty() && !name.as_bytes()[0].is_ascii_digit();
    if ok { Ok(name) } else { Err(format!("no name: {name:?}")) }
}
