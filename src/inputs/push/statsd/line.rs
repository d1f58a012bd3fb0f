//! Parses one line of statsd in place: `name:value|type`, and after it, in any order,
//! `|@rate`, `|#tag:value,tag:value` and `|Tseconds` (DogStatsD). Several values of one series may
//! be packed, `name:1:2:3|ms`. Tags may also follow the name: `name,tag=value:1|c` (InfluxDB)
//! or `name#tag=value:1|c` (Librato), or be in it: `na[tag=value]me:1|c` (SignalFx). Fields with
//! other letters, such as the container of DogStatsD, `|c:…`, are ignored.
//!
//! <https://github.com/statsd/statsd/blob/master/docs/metric_types.md>,
//! <https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/>

use crate::base::float::float;
use crate::model::store::Reason;

/// The lowest sample rate: a line represents at most a million values.
const MIN_RATE: f64 = 1e-6;

/// The type of a line's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `c`: added up.
    Counter,
    /// `g`: set, or added where there is a sign.
    Gauge,
    /// `ms`: observed, in milliseconds.
    Timer,
    /// `h` or `d`: observed.
    Histogram,
}

/// Why a line is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is not `name:value|type`.
    Line,
    /// A field after the type is empty, appears twice, or does not begin with a letter, `@` or `#`.
    Field,
    /// The sample rate is not above 0 and at most 1.
    Rate,
    /// A bracket in the name that is not one of a pair with tags between them.
    Brackets,
    /// It is a set, whose different values would have to be kept.
    Set,
    /// It is an event.
    Event,
    /// It is a service check.
    ServiceCheck,
    /// A reason that other inputs have, too.
    Sample(Reason),
}

impl Refused {
    /// The reasons that only statsd lines have.
    pub const OWN: [Refused; 7] = [
        Refused::Line,
        Refused::Field,
        Refused::Rate,
        Refused::Brackets,
        Refused::Set,
        Refused::Event,
        Refused::ServiceCheck,
    ];

    /// The value of the label `reason`, and what it means.
    pub fn text(self) -> (&'static str, &'static str) {
        match self {
            Refused::Line => ("line", "expected name:value|type"),
            Refused::Field => ("field", "expected @rate, #tags or a letter behind |, each once"),
            Refused::Rate => ("rate", "expected a sample rate above 0 and at most 1"),
            Refused::Brackets => ("brackets", "expected name[tag=value,tag=value]:"),
            Refused::Set => ("set", "sets are not kept"),
            Refused::Event => ("event", "events are not kept"),
            Refused::ServiceCheck => ("service_check", "service checks are not kept"),
            Refused::Sample(Reason::Type) => ("type", "expected the type c, g, ms, h or d"),
            Refused::Sample(reason) => reason.text(),
        }
    }
}

/// A parsed line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line<'a> {
    /// The name as written, in two parts where tags are within it; never empty.
    pub name: [&'a str; 2],
    /// The type of its values.
    pub kind: Type,
    values: &'a str,
    rate: Option<f64>,
    tags: Option<Tags<'a>>,
    time: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Tags<'a> {
    text: &'a str,
    /// The character between a tag's name and its value.
    middle: char,
}

impl<'a> Line<'a> {
    /// Parses a line. The numbers in `values` are not checked.
    ///
    /// # Errors
    ///
    /// The line is not valid, or of a type that is not supported.
    pub fn parse(text: &'a str) -> Result<Line<'a>, Refused> {
        if text.starts_with("_e{") {
            return Err(Refused::Event);
        }
        if text.starts_with("_sc|") {
            return Err(Refused::ServiceCheck);
        }
        let (name, rest) = text.split_once(':').ok_or(Refused::Line)?;
        let mut fields = rest.split('|');
        let (Some(values), Some(kind)) = (fields.next(), fields.next()) else {
            return Err(Refused::Line);
        };
        let kind = match kind {
            "c" => Type::Counter,
            "g" => Type::Gauge,
            "ms" => Type::Timer,
            "h" | "d" => Type::Histogram,
            "s" => return Err(Refused::Set),
            _ => return Err(Refused::Sample(Reason::Type)),
        };
        let (name, tags) = split_name(name)?;
        if name.iter().all(|part| part.is_empty()) {
            return Err(Refused::Line);
        }
        let mut line = Line { name, kind, values, rate: None, tags, time: None };
        fields.try_for_each(|field| line.take(field))?;
        Ok(line)
    }

    /// Reads a field after the type.
    fn take(&mut self, field: &'a str) -> Result<(), Refused> {
        let (first, rest) = field.split_at_checked(1).ok_or(Refused::Field)?;
        match first {
            "@" => {
                let rate = float(rest).filter(|rate| (MIN_RATE..=1.0).contains(rate));
                once(&mut self.rate, rate.ok_or(Refused::Rate)?)
            }
            "#" => once(&mut self.tags, Tags { text: rest, middle: ':' }),
            "T" => once(&mut self.time, rest.parse().map_err(|_| Refused::Sample(Reason::Time))?),
            first if first.as_bytes().iter().all(u8::is_ascii_alphabetic) => Ok(()),
            _ => Err(Refused::Field),
        }
    }

    /// The values, as written.
    pub fn values(&self) -> impl Iterator<Item = &'a str> {
        self.values.split(':')
    }

    /// The sample rate; above 0, at most 1.
    pub fn rate(&self) -> f64 {
        self.rate.unwrap_or(1.0)
    }

    /// When the values were taken, in seconds since 1970.
    pub fn time(&self) -> Option<u64> {
        self.time
    }

    /// Names and values of the tags, the last one first; `None` is a tag without a name or a value.
    pub fn tags_from_last(&self) -> impl Iterator<Item = Option<(&'a str, &'a str)>> {
        let Tags { text, middle } = self.tags.unwrap_or(Tags { text: "", middle: ':' });
        let tags = text.strip_suffix(',').unwrap_or(text).rsplit(',');
        let tags = tags.filter(move |_| !text.is_empty());
        tags.map(move |tag| {
            let tag = if middle == ':' { tag.strip_prefix('#').unwrap_or(tag) } else { tag };
            let pair = tag.split_once(middle);
            pair.filter(|(name, value)| !name.is_empty() && !value.is_empty())
        })
    }
}

/// The parts of the name, and the tags before the value, if there are any.
fn split_name(whole: &str) -> Result<([&str; 2], Option<Tags<'_>>), Refused> {
    let tags = |text| Some(Tags { text, middle: '=' });
    let Some(open) = whole.find(['[', ']']) else {
        return Ok(match whole.split_once([',', '#']) {
            Some((name, text)) => ([name, ""], tags(text)),
            None => ([whole, ""], None),
        });
    };
    let (name, rest) = whole.split_at(open);
    let (text, behind) =
        rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or(Refused::Brackets)?;
    // Only one style of tags per line.
    let is_odd =
        text.contains('[') || [name, behind].iter().any(|n| n.contains(['[', ']', ',', '#']));
    if is_odd { Err(Refused::Brackets) } else { Ok(([name, behind], tags(text))) }
}

fn once<T>(to: &mut Option<T>, value: T) -> Result<(), Refused> {
    if to.replace(value).is_some() { Err(Refused::Field) } else { Ok(()) }
}

/// Parses a finite number.
pub fn number(text: &str) -> Result<f64, Refused> {
    let number = float(text).filter(|n| n.is_finite());
    number.ok_or(Refused::Sample(Reason::Number))
}

/// Appends a name, which is in parts, with the characters of Prometheus: `_` for each other character, but one
/// for two or more `-` in a row, and before a digit at the start, as statsd_exporter does.
pub fn put_name(out: &mut String, parts: [&str; 2]) {
    let mut before = ' ';
    for c in parts.into_iter().flat_map(str::chars) {
        if before == ' ' && c.is_ascii_digit() {
            out.push('_');
        }
        if c.is_ascii_alphanumeric() || c == '_' {
            out.push(c);
        } else if c != '-' || before != '-' {
            out.push('_');
        }
        // A blank only occurs at the start.
        before = if c == ' ' { '_' } else { c };
    }
}

#[cfg(test)]
mod tests;
