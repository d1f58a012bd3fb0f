//! Samples as text, to be compared.

/// What `raw`, a character for each byte, says.
pub fn unescaped(raw: &str) -> String {
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
pub fn bytes(raw: &str) -> String {
    String::from_utf8(raw.chars().map(|c| c as u8).collect()).unwrap_or_default()
}

/// One sample as a text.
pub fn sample_text(
    name: &str,
    kind: &str,
    help: &str,
    labels: &[(String, String)],
    point: &str,
    time: Option<i64>,
) -> String {
    let labels: Vec<_> =
        labels.iter().map(|(name, value)| (bytes(name), unescaped(value))).collect();
    let mut help = unescaped(help);
    while help.len() > 1000 {
        help.pop();
    }
    format!("{name} {kind} {help:?} {labels:?} {point} {time:?}")
}
