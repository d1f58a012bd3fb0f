//! What node_exporter refuses in a text file, though most of it could be read: such a file is not what its
//! writer meant, or is incomplete. A line ends with `\n`, the last one too, and with nothing after the
//! value; a family has one HELP and one TYPE, before its samples; names are plain; escapes, numbers and
//! UTF-8 are valid. Measured on node_exporter 1.11.1, which uses prometheus/common's text parser.

use super::family::{Families, Family, Type};
use super::line::{Cursor, Pair, Span, number};
use super::sample::BadLine;
use super::syntax::Syntax;
use crate::model::store::{is_label_name, is_metric_name};
use std::ops::Range;
use std::str;

const END: &str = "the end of the line behind the value: no time, no blank, no exemplar";
const NEWLINE: &str = "a newline at the end of the last line";
const NO_CR: &str =
    "\\n at the end of the line, found \\r\\n: write the file with the line ends of Unix";
const NUMBER: &str = "a number";
const ESCAPE: &str = "\\\\, \\n or \\\" behind a backslash, and UTF-8";

/// The families of one text file, and whether the file is accepted.
#[derive(Default)]
pub struct Strict {
    families: Families,
    pairs: Vec<Pair>,
}

impl Strict {
    /// Checks the file that is the part `of` the text. Each line is handed to `each` with the index of
    /// its family.
    pub fn check(
        &mut self,
        text: &[u8],
        of: Range<usize>,
        each: &mut dyn FnMut(u32, Range<usize>),
    ) -> Result<(), BadLine> {
        self.families.clear();
        let (mut at, mut line) = (of.start, 0);
        while at < of.end {
            line += 1;
            let rest = text.get(at..of.end).unwrap_or_default();
            let length = memchr::memchr(b'\n', rest);
            let to = at + length.unwrap_or(rest.len());
            let mut cursor = Cursor::new(text, at, to);
            cursor.blank();
            let family = match cursor.peek() {
                None => Ok(None),
                Some(_) if length.is_none() => Err(NEWLINE),
                Some(b'#') => self.comment(text, cursor),
                Some(_) => self.sample(text, to, cursor).map(Some),
            };
            let family = family.map_err(|expected| {
                let is_dos = text.get(at..to).is_some_and(|line| line.ends_with(b"\r"));
                BadLine::new(line, rest, if is_dos { NO_CR } else { expected })
            })?;
            if let Some(family) = family {
                each(family, at..to);
            }
            at = to + 1;
        }
        Ok(())
    }

    /// The families, in the order of their places.
    pub fn families(&self) -> impl Iterator<Item = &Family> {
        self.families.all()
    }

    /// Checks HELP or TYPE and returns the index of its family.
    fn comment(
        &mut self,
        text: &[u8],
        mut cursor: Cursor<'_>,
    ) -> Result<Option<u32>, &'static str> {
        cursor.skip(1);
        cursor.blank();
        let word = cursor.word();
        let is_help = match word.of(text) {
            b"HELP" => true,
            b"TYPE" => false,
            _ => return Ok(None),
        };
        if !cursor.blank() || cursor.peek().is_none() {
            return Ok(None);
        }
        let name = cursor.name().ok().filter(|name| is_metric_name(name.of(text)));
        let name = name.ok_or("a metric's name")?;
        if !cursor.blank() && cursor.peek().is_some() {
            return Err("a metric's name");
        }
        let id = self.family(text, name);
        let Some(family) = self.families.get_mut(id) else { return Ok(None) };
        let rest = cursor.rest_span();
        match is_help {
            _ if rest.of(text).is_empty() => {}
            true => set_help(family, rest, text)?,
            false => set_type(family, rest.of(text))?,
        }
        Ok(Some(id))
    }

    /// Checks a sample and returns the index of its family.
    fn sample(
        &mut self,
        text: &[u8],
        to: usize,
        mut cursor: Cursor<'_>,
    ) -> Result<u32, &'static str> {
        let line = cursor.sample(Syntax::Prometheus, &mut self.pairs)?;
        let whole = text.get(..to).unwrap_or_default();
        if line.time.is_some() || matches!(whole.last(), Some(b' ' | b'\t')) {
            return Err(END);
        }
        let word = whole.rsplit(|byte| matches!(byte, b' ' | b'\t' | b'}')).next();
        if !is_sound(word.unwrap_or_default(), line.value) {
            return Err(NUMBER);
        }
        if !is_metric_name(line.name.of(text)) {
            return Err("a metric's name of letters, digits, _ and :");
        }
        let id = self.family(text, line.name);
        let kind = self.families.get(id).map(|family| family.kind).unwrap_or_default();
        self.labels(text, kind)?;
        if let Some(family) = self.families.get_mut(id) {
            (family.is_typed, family.is_used) = (true, true);
        }
        Ok(id)
    }

    /// Checks the labels of the current sample.
    fn labels(&self, text: &[u8], kind: Type) -> Result<(), &'static str> {
        let reserved: &[u8] = match kind {
            Type::Histogram => b"le",
            Type::Summary => b"quantile",
            _ => b"",
        };
        let mut before: Option<&Pair> = None;
        for (at, pair) in self.pairs.iter().enumerate() {
            let (name, value) = (pair.name.of(text), pair.value.of(text));
            if !is_label_name(name) {
                return Err("a label's name of letters, digits and _, not two _ first");
            }
            if str::from_utf8(value).is_err() || !has_sound_escapes(value) {
                return Err(ESCAPE);
            }
            if let Some(before) = before {
                let between = Span::new(before.value.range().end, pair.name.range().start);
                if !between.of(text).contains(&b',') {
                    return Err("a comma or } after a label");
                }
            }
            if name == reserved {
                if !number(value).is_some_and(|n| is_sound(value, n)) {
                    return Err("a number as le or quantile");
                }
            } else if self.pairs.iter().take(at).any(|other| other.name.of(text) == name) {
                return Err("each label once");
            }
            before = Some(pair);
        }
        Ok(())
    }

    /// The index of the family whose name or part this is; it may be new.
    fn family(&mut self, text: &[u8], name: Span) -> u32 {
        self.families.at(text, name).unwrap_or_else(|| {
            let stem = |suffix: &[u8], kinds: &[Type]| {
                let range = name.range();
                name.of(text).strip_suffix(suffix)?;
                let stem = Span::new(range.start, range.end - suffix.len());
                let id = self.families.at(text, stem)?;
                self.families.get(id).filter(|family| kinds.contains(&family.kind)).map(|_| id)
            };
            let both = [Type::Summary, Type::Histogram];
            let found = stem(b"_sum", &both).or_else(|| stem(b"_count", &both));
            let found = found.or_else(|| stem(b"_bucket", &[Type::Histogram]));
            found.unwrap_or_else(|| self.families.place(text, name))
        })
    }
}

/// Whether strconv.ParseFloat accepts the number, too: no sign before NaN.
fn is_sound(word: &[u8], value: f64) -> bool {
    !value.is_nan() || !word.iter().any(|byte| matches!(byte, b'+' | b'-'))
}

fn has_sound_escapes(text: &[u8]) -> bool {
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'\\' && !matches!(bytes.next(), Some(b'\\' | b'n' | b'"')) {
            return false;
        }
    }
    true
}

fn set_help(family: &mut Family, help: Span, text: &[u8]) -> Result<(), &'static str> {
    if !family.help.of(text).is_empty() {
        return Err("one HELP line a metric");
    }
    if !has_sound_escapes(help.of(text)) {
        return Err(ESCAPE);
    }
    family.help = help;
    Ok(())
}

fn set_type(family: &mut Family, word: &[u8]) -> Result<(), &'static str> {
    if std::mem::replace(&mut family.is_typed, true) {
        return Err("one TYPE line a metric, before its samples");
    }
    let kind = Type::of_text(word);
    family.kind = kind.ok_or("counter, gauge, histogram, summary or untyped, and no more")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line for which a file is refused, and what was expected.
    fn check(text: &[u8]) -> Option<(usize, &'static str)> {
        // The file is in the middle of a longer text.
        let (before, mut all) = (b"# TYPE a gauge\n1".as_slice(), Vec::new());
        [before, text, b" 5\n# TYPE a gauge\n"].iter().for_each(|part| all.extend_from_slice(part));
        let of = before.len()..before.len() + text.len();
        let bad = Strict::default().check(&all, of, &mut |_, _| ()).err()?;
        Some((bad.line, bad.expected))
    }

    #[test]
    fn what_node_exporter_takes_counts() {
        for text in [
            "",
            "\n  \n# a comment\n#\n# HELP\n# HELP a\n# TYPE a \n",
            "a 1\n   ",
            "  a\t1\n\na{} 2\n{\"a\"} 3\n{\"a\",b=\"c\"} 4\na{\"b\"=\"c\"} 5\n",
            "#HELP a glued\n#TYPE a Counter\na 1\n",
            "a{b=\"1\",} 1\na{ b = \"1\" , c=\"}\" } 1\na{b=\"1\"}1\n",
            "a+5\na-1\na.5\na1e+05\n",
            "a{b=\"\\\\ \\n \\\" é\"} -Inf\na nan\na 1e-5\na infinity\na .5\na 5.\n",
            "# HELP a \\\"quoted\\\" \\n \\\\ é\na 1\n",
            "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
            "# TYPE s summary\ns{quantile=\"0.5\"} NaN\n# HELP s_sum It is that of s.\ns_sum 2\n",
            "# TYPE a gauge\n# TYPE a_total counter\na_total 1\na_sum 1\n",
        ] {
            assert_eq!(check(text.as_bytes()), None, "{text}");
        }
        assert_eq!(check(b"# HELP a \xff\na 1\n"), None, "nobody looks at help texts");
    }

    #[test]
    fn what_node_exporter_refuses_is_refused_with_its_line() {
        for (line, text) in [
            (1, "a 1"),
            (2, "a 1\n# EOF"),
            (1, "a 1\r\n"),
            (1, "a 1 \n"),
            (2, "a 1\na 1 1700000000000\n"),
            (1, "a 1 # {t=\"x\"} 1\n"),
            (1, "\u{feff}a 1\n"),
            (2, "a 1\n# TYPE a gauge\n"),
            (2, "# TYPE a gauge\n# TYPE a gauge\na 1\n"),
            (2, "# HELP a x\n# HELP a x\na 1\n"),
            (3, "# TYPE s summary\ns_sum 1\n# TYPE s summary\n"),
            (1, "# TYPE a counter \na 1\n"),
            (1, "# TYPE a unknown\n"),
            (1, "# TYPE a info\n"),
            (1, "# TYPE 1a gauge\n"),
            (1, "# HELP a \\x\n"),
            (1, "a{b=\"\\x\"} 1\n"),
            (1, "a{b=\"1\nc\"} 1\n"),
            (1, "a{b=\"1\"c=\"2\"} 1\n"),
            (1, "a{b=\"1\",b=\"2\"} 1\n"),
            (1, "a{,} 1\n"),
            (1, "a{__b=\"1\"} 1\n"),
            (1, "a{\"b c\"=\"1\"} 1\n"),
            (1, "{\"a b\"} 1\n"),
            (1, "a 1e400\n"),
            (1, "a +nan\n"),
            (1, "a+nan\n"),
            (1, "a 0x10\n"),
            (1, "a 1_000\n"),
            (1, "a\n"),
            (2, "# TYPE h histogram\nh_bucket{le=\"x\"} 1\n"),
            (2, "# TYPE s summary\ns{quantile=\"1e999\"} 1\n"),
            (3, "a 1\n\n\0\n"),
        ] {
            assert_eq!(check(text.as_bytes()).map(|(line, _)| line), Some(line), "{text}");
        }
        assert_eq!(check(b"a{b=\"\xff\"} 1\n"), Some((1, ESCAPE)));
        assert_eq!(check(b"a 1\n# TYPE b gauge\r\nb 1\r\n"), Some((2, NO_CR)));
        assert_eq!(
            check("\u{feff}# HELP a b\na 1\n".as_bytes()),
            Some((1, super::super::sample::NO_MARK))
        );
    }
}
