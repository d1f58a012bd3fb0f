//! One line of samples: name, labels, value and time.

/// Labels as they stand between quotation marks.
pub type Raw = Vec<(String, String)>;

pub struct Line {
    pub name: String,
    pub labels: Raw,
    pub value: f64,
    pub time: Option<i64>,
}

/// Why a line cannot be read.
#[derive(Clone, Copy, PartialEq)]
pub enum Fault {
    Bad,
    /// A quotation mark does not close.
    Open,
    /// Nothing comes after the end.
    Fatal,
}

pub const BLANK: [char; 2] = [' ', '\t'];

pub fn ascii_trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_ascii_whitespace())
}

/// A word, and what stands behind the blanks after it.
pub fn split(text: &str) -> (&str, &str) {
    let end = text.find(BLANK).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start_matches(BLANK))
}

/// A name, which may stand in quotation marks, and what stands behind it.
pub fn name(text: &str) -> Result<(String, &str), Fault> {
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
pub fn quoted(text: &str) -> Result<(String, &str), Fault> {
    let mut is_escaped = false;
    let end = text.find(|c| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    });
    let end = end.ok_or(Fault::Open)?;
    Ok((text[..end].to_owned(), &text[end + 1..]))
}

pub fn sample(line: &str, is_open: bool) -> Result<Line, Fault> {
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
    } else if after.len() == rest.len() && is_open {
        return Err(Fault::Bad);
    }
    let name = name.ok_or(Fault::Bad)?;
    let (value, mut after) = split(after);
    let is_word = value.ends_with(|c: char| c.is_ascii_alphabetic());
    let value: f64 = value.parse().map_err(|_| Fault::Bad)?;
    if value.is_infinite() && !is_word {
        return Err(Fault::Bad);
    }
    let mut time = None;
    let is_over = |rest: &str| rest.is_empty() || is_open && rest.starts_with('#');
    if !is_over(after) {
        let (unescaped, rest) = split(after);
        after = rest;
        let millis = match is_open {
            false => unescaped.parse().ok(),
            true => {
                let seconds: Option<f64> = unescaped.parse().ok().filter(|s: &f64| s.is_finite());
                seconds.map(|seconds| (seconds * 1000.0).round() as i64)
            }
        };
        time = Some(millis.ok_or(Fault::Bad)?);
    }
    if is_over(after) { Ok(Line { name, labels, value, time }) } else { Err(Fault::Bad) }
}

/// Reads labels, and the name of the metric if it is among them; what stands behind the closing brace.
pub fn labels<'a>(
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
