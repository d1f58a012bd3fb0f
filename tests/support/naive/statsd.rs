//! A statsd line, taken apart by whole strings.

/// What a line says, or the word of the reason why it is refused.
pub fn line(text: &str) -> Result<String, &'static str> {
    if text.starts_with("_e{") {
        return Err("event");
    }
    if text.starts_with("_sc|") {
        return Err("service_check");
    }
    let Some(colon) = text.find(':') else { return Err("line") };
    let parts: Vec<String> = text[colon + 1..].split('|').map(str::to_owned).collect();
    if parts.len() < 2 {
        return Err("line");
    }
    let kind = match parts[1].as_str() {
        "c" => "Counter",
        "g" => "Gauge",
        "ms" => "Timer",
        "h" | "d" => "Histogram",
        "s" => return Err("set"),
        _ => return Err("type"),
    };
    let mut whole = text[..colon].to_owned();
    let brackets: Vec<usize> =
        whole.char_indices().filter(|(_, c)| "[]".contains(*c)).map(|(at, _)| at).collect();
    let mut between = None;
    if !brackets.is_empty() {
        let is_pair = brackets.len() == 2 && whole[brackets[0]..].starts_with('[');
        if !is_pair || !whole[brackets[1]..].starts_with(']') {
            return Err("brackets");
        }
        between = Some(whole[brackets[0] + 1..brackets[1]].to_owned());
        whole = format!("{}{}", &whole[..brackets[0]], &whole[brackets[1] + 1..]);
        if whole.contains(',') || whole.contains('#') {
            return Err("brackets");
        }
    }
    let end = whole.chars().position(|c| c == ',' || c == '#');
    let own: String = whole.chars().take(end.unwrap_or(usize::MAX)).collect();
    if own.is_empty() {
        return Err("line");
    }
    let mut pieces = Vec::new();
    let mut tag_fields = usize::from(end.is_some() || between.is_some());
    if let Some(between) = between {
        pieces = tags(&between, "=");
    }
    if let Some(end) = end {
        let text: String = whole.chars().skip(end + 1).collect();
        pieces = tags(&text, "=");
    }
    let (mut rates, mut times) = (Vec::new(), Vec::new());
    for field in &parts[2..] {
        match field.chars().next() {
            Some('@') => {
                let rate: f64 = field[1..].parse().map_err(|_| "rate")?;
                let fits = (0.000001..=1.0).contains(&rate);
                if !fits {
                    return Err("rate");
                }
                rates.push(rate);
            }
            Some('#') => {
                tag_fields += 1;
                pieces = tags(&field[1..], ":");
            }
            Some('T') => times.push(field[1..].parse::<u64>().map_err(|_| "timestamp")?),
            Some('a'..='z' | 'A'..='Z') => {}
            _ => return Err("field"),
        }
        if rates.len() > 1 || times.len() > 1 || tag_fields > 1 {
            return Err("field");
        }
    }
    let values: Vec<&str> = parts[0].split(':').collect();
    let rate = rates.first().copied().unwrap_or(1.0);
    Ok(line_text(&name(&own), kind, &values, rate, times.first().copied(), &pieces))
}

/// All of it in one text.
pub fn line_text(
    name: &str,
    kind: &str,
    values: &[&str],
    rate: f64,
    time: Option<u64>,
    tags: &[Option<(String, String)>],
) -> String {
    format!("{name} {kind} {values:?} {rate:?} {time:?} {tags:?}")
}

/// The tags in their order; `None` for one that is none.
fn tags(text: &str, middle: &str) -> Vec<Option<(String, String)>> {
    let mut all: Vec<&str> = text.split(',').collect();
    if all.last() == Some(&"") {
        all.pop();
    }
    let tag = |tag: &str| {
        let tag = if middle == ":" && tag.starts_with('#') { &tag[1..] } else { tag };
        let at = tag.find(middle)?;
        let (key, value) = (&tag[..at], &tag[at + 1..]);
        (!key.is_empty() && !value.is_empty()).then(|| (name(key), value.to_owned()))
    };
    all.into_iter().map(tag).collect()
}

/// As Prometheus has names.
pub fn name(text: &str) -> String {
    let mut text = text.to_owned();
    while text.contains("--") {
        text = text.replace("--", "-");
    }
    let is_good = |c: char| "_0123456789".contains(c) || c.is_ascii_alphabetic();
    let text: String = text.chars().map(|c| if is_good(c) { c } else { '_' }).collect();
    let digit = text.chars().next().is_some_and(|c| "0123456789".contains(c));
    if digit { format!("_{text}") } else { text }
}

/// What the program's parser makes of the same, said in the same way.
#[cfg(feature = "hub")]
pub fn real(text: &str) -> Result<String, &'static str> {
    use sysmetrics::inputs::push::statsd::line::{Line, put_name};
    let named = |parts: [&str; 2]| {
        let mut out = String::new();
        put_name(&mut out, parts);
        out
    };
    let line = Line::parse(text).map_err(|refused| refused.text().0)?;
    let mut tags: Vec<_> = line
        .tags_from_last()
        .map(|tag| tag.map(|(key, value)| (named([key, ""]), value.to_owned())))
        .collect();
    tags.reverse();
    let values: Vec<_> = line.values().collect();
    let kind = format!("{:?}", line.kind);
    Ok(line_text(&named(line.name), &kind, &values, line.rate(), line.time(), &tags))
}
