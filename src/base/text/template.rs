//! Texts of alerts with placeholders: `{{ $value }}` and `{{ $labels.name }}`, also
//! without the `$`.

use crate::base::text::scan::{Mistake, Scan};

/// Bytes of a text.
const MAX_TEXT: usize = 4096;

/// A text, split into pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value,
    Label(String),
}

/// Checks whether `text` can be filled in.
///
/// # Errors
///
/// A sentence with the column, what was found there and what was expected.
pub fn check(text: &str) -> Result<(), String> {
    Template::parse(text).map(|_| ())
}

impl Template {
    /// Parses a text.
    ///
    /// # Errors
    ///
    /// A sentence with the column, what was found there and what was expected.
    pub fn parse(text: &str) -> Result<Template, String> {
        if text.len() > MAX_TEXT {
            return Err(format!("longer than {} bytes", MAX_TEXT));
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let mut scan = Scan::new(after);
            let start = text.len() - after.len();
            let piece = place(&mut scan).map_err(|mistake| mistake.moved(start).sentence(text))?;
            pieces.push(piece);
            rest = scan.rest();
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Template(pieces))
    }

    /// Fills it in; `label` returns the value of a label, empty for an unknown one.
    pub fn fill(&self, value: &str, label: impl Fn(&str) -> String) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Value => text.push_str(value),
                Piece::Label(name) => text.push_str(&label(name)),
            }
        }
        text
    }
}

/// Parses the placeholder between `{{` and `}}`.
fn place(scan: &mut Scan<'_>) -> Result<Piece, Mistake> {
    const EXPECTED: &str = "$value or $labels.NAME";
    let start = scan.next_at();
    scan.take("$");
    let piece = match scan.word("") {
        Some("value") => Piece::Value,
        Some("labels") => {
            scan.expect(".", EXPECTED)?;
            let name = scan.word("").ok_or_else(|| scan.mistake("the name of a label"))?;
            Piece::Label(name.to_owned())
        }
        _ => return Err(scan.mistake_at(start, EXPECTED)),
    };
    scan.expect("}}", "}}")?;
    Ok(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_in() {
        let fill = |text: &str| {
            let template = Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            template.fill("0.5", |name| if name == "device" { "sda".into() } else { String::new() })
        };
        for (text, filled) in [
            ("", ""),
            ("plain }} { text", "plain }} { text"),
            ("{{$value}}", "0.5"),
            ("a {{ value }} b", "a 0.5 b"),
            ("{{ $labels.device }} {{labels.device}}é{{ $labels.none }}.", "sda sdaé."),
        ] {
            assert_eq!(fill(text), filled, "{text}");
        }
    }

    #[test]
    fn mistakes_have_their_column() {
        for (text, sentence) in [
            ("é {{ $x }}", "column 6: found \"$x\", expected $value or $labels.NAME"),
            ("{{", "column 3: found the end, expected $value or $labels.NAME"),
            ("{{ $labels }}", "column 12: found \"}}\", expected $value or $labels.NAME"),
            ("{{ $labels. }}", "column 13: found \"}}\", expected the name of a label"),
            ("{{ $value | humanize }}", "column 11: found \"|\", expected }}"),
            ("{{ $value }", "column 11: found \"}\", expected }}"),
        ] {
            assert_eq!(check(text).unwrap_err(), sentence, "{text}");
        }
        assert!(check(&"x".repeat(MAX_TEXT + 1)).unwrap_err().contains("longer than"));
    }
}
