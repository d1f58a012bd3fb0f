//! Labels on their way into the store: checked, sorted and rendered. The rendered text is the key of
//! a series, and is written at every scrape.

use super::bounds::Bounds;
use super::reason::Reason;
use crate::base::sys;
use crate::model::metric::Labels;

/// Name and value of one label, as offsets in the bytes of the set.
type Pair = [usize; 3];

/// The labels of the current sample; one set is reused for every sample.
#[derive(Default)]
pub struct LabelSet {
    bytes: Vec<u8>,
    pairs: Vec<Pair>,
    text: Vec<u8>,
}

impl LabelSet {
    /// Removes all labels.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.pairs.clear();
    }

    /// Adds a label: `write` appends its name, then its value, and returns where the value starts.
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>) -> usize) {
        let start = self.bytes.len();
        let middle = write(&mut self.bytes);
        self.pairs.push([start, middle, self.bytes.len()]);
    }

    /// Adds a label.
    pub fn add(&mut self, name: &str, value: &str) {
        self.push(|bytes| {
            bytes.extend_from_slice(name.as_bytes());
            let middle = bytes.len();
            bytes.extend_from_slice(value.as_bytes());
            middle
        });
    }

    /// Adds a label, unless there is one of that name.
    pub fn add_missing(&mut self, name: &str, value: &str) {
        if !self.pairs.iter().any(|pair| self.part(pair[0], pair[1]) == name.as_bytes()) {
            self.add(name, value);
        }
    }

    fn part(&self, from: usize, to: usize) -> &[u8] {
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// Renders the labels, if they are within `bounds`. A label without a value is left out.
    pub fn render(&mut self, bounds: &Bounds, reserved: &str) -> Result<Labels<'_>, Reason> {
        let bytes = &self.bytes;
        let name = |pair: &Pair| bytes.get(pair[0]..pair[1]).unwrap_or_default();
        if !self.pairs.iter().all(|pair| is_label_name(name(pair))) {
            return Err(Reason::LabelName);
        }
        self.render_utf8(bounds, reserved)
    }

    /// Like `render`, for names in UTF-8, as Prometheus 3 accepts them: any text except that of the name itself.
    pub fn render_utf8(&mut self, bounds: &Bounds, reserved: &str) -> Result<Labels<'_>, Reason> {
        let has_quoted = self.check(bounds, reserved)?;
        let bytes = &self.bytes;
        let part = |from, to| bytes.get(from..to).unwrap_or_default();
        let is_plain = |name: &[u8]| has_quoted && is_word(name, b"_");
        sys::sort(&mut self.pairs, |a, b| {
            let (a, b) = (part(a[0], a[1]), part(b[0], b[1]));
            is_plain(a).cmp(&is_plain(b)).then_with(|| a.cmp(b))
        });
        let is_same = |pair: &[Pair]| match pair {
            [a, b] => part(a[0], a[1]) == part(b[0], b[1]),
            _ => false,
        };
        if self.pairs.windows(2).any(is_same) {
            return Err(Reason::LabelTwice);
        }
        self.pairs.retain(|[_, middle, end]| middle != end);
        if self.pairs.len() > bounds.labels {
            return Err(Reason::Labels);
        }
        self.text.clear();
        for [start, middle, end] in &self.pairs {
            if !self.text.is_empty() {
                self.text.push(b',');
            }
            match has_quoted {
                true => put_label_name(&mut self.text, part(*start, *middle)),
                false => self.text.extend_from_slice(part(*start, *middle)),
            }
            self.text.extend_from_slice(b"=\"");
            escape(&mut self.text, part(*middle, *end));
            self.text.push(b'"');
        }
        Ok(Labels::rendered(&self.text))
    }

    /// Checks each label on its own; returns whether a name has to be quoted.
    fn check(&self, bounds: &Bounds, reserved: &str) -> Result<bool, Reason> {
        let mut has_quoted = false;
        for [start, middle, end] in &self.pairs {
            let (name, value) = (self.part(*start, *middle), self.part(*middle, *end));
            if matches!(name, b"" | b"__name__") || name == reserved.as_bytes() {
                return Err(Reason::LabelName);
            }
            has_quoted |= !is_word(name, b"_");
            if name.len() > bounds.name_bytes || value.len() > bounds.value_bytes {
                return Err(Reason::TooLong);
            }
        }
        Ok(has_quoted)
    }
}

/// Appends the rendered name of a label.
pub fn put_label_name(out: &mut Vec<u8>, name: &[u8]) {
    if is_word(name, b"_") {
        out.extend_from_slice(name);
    } else {
        out.push(b'"');
        escape(out, name);
        out.push(b'"');
    }
}

fn escape(out: &mut Vec<u8>, value: &[u8]) {
    for byte in value {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            byte => out.push(*byte),
        }
    }
}

/// Whether the Prometheus data model allows labels of this name; those with `__` are reserved.
pub fn is_label_name(name: &[u8]) -> bool {
    is_word(name, b"_") && !name.starts_with(b"__")
}

/// Whether the Prometheus data model allows metrics of this name.
pub fn is_metric_name(name: &[u8]) -> bool {
    is_word(name, b"_:")
}

/// The name for readers without UTF-8 names: each character that is not allowed becomes `_`,
/// as Prometheus escapes them. Besides letters and digits, `more` is allowed.
pub fn escaped(name: &str, more: char) -> impl Iterator<Item = u8> {
    name.char_indices().map(move |(at, c)| {
        let is_sound = c.is_ascii_alphabetic() || c == more || at > 0 && c.is_ascii_digit();
        if is_sound { c as u8 } else { b'_' }
    })
}

/// Whether it consists of letters, digits and `more`, no digit first.
pub fn is_word(name: &[u8], more: &[u8]) -> bool {
    // Most are letters and `_`, which each `more` has.
    let is_letter = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || more.contains(b);
    name.first().is_some_and(|b| !b.is_ascii_digit()) && name.iter().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(pairs: &[(&str, &str)]) -> Result<String, Reason> {
        let mut set = LabelSet::default();
        pairs.iter().for_each(|(name, value)| set.add(name, value));
        let text = set.render(&Bounds { labels: 3, ..Bounds::default() }, "le")?.text().to_vec();
        Ok(String::from_utf8(text).unwrap())
    }

    #[test]
    fn labels_are_sorted_escaped_and_bounded() {
        assert_eq!(render(&[]).as_deref(), Ok(""));
        let odd = [("z", "q\"\\\n"), ("a", "é"), ("gone", "")];
        assert_eq!(render(&odd).as_deref(), Ok("a=\"é\",z=\"q\\\"\\\\\\n\""));
        for bad in ["", "1a", "a-b", "é", "__name__", "a:b", "le"] {
            assert_eq!(render(&[(bad, "x")]), Err(Reason::LabelName), "{bad}");
        }
        assert_eq!(render(&[("a", "1"), ("b", "2"), ("a", "")]), Err(Reason::LabelTwice));
        assert_eq!(render(&["a", "b", "c", "d"].map(|n| (n, "x"))), Err(Reason::Labels));
        assert_eq!(render(&[("a", &"x".repeat(5000))]), Err(Reason::TooLong));
        assert_eq!(render(&[(&"x".repeat(5000), "x")]), Err(Reason::TooLong));
    }
}
