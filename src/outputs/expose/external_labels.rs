//! Labels that are added to every exported series without a label of that name. Series of inputs usually have them
//! already; each series is checked all the same, because labels change with the
//! settings and series stay.

use super::escape::escape;
use crate::base::sys::List;
use crate::model::metric::Buffer;
use memchr::{memchr, memchr2};

/// The most labels, as in the settings.
const MAX_LABELS: usize = 32;

/// The labels.
#[derive(Default)]
pub struct ExternalLabels {
    /// Names and values.
    pairs: Vec<(String, String)>,
    /// Each label as `name="value"`, escaped.
    texts: Vec<Box<[u8]>>,
    /// The labels of the current series, completed.
    whole: Buffer,
}

impl ExternalLabels {
    pub fn new(labels: &[(String, String)]) -> ExternalLabels {
        // A label without a value does not count.
        let labels = labels.iter().filter(|(_, value)| !value.is_empty()).take(MAX_LABELS);
        let text = |(name, value): &(String, String)| -> Box<[u8]> {
            let mut text = Buffer::default();
            text.put_all([name.as_bytes(), b"=\""]);
            escape(&mut text, value.as_bytes(), true);
            text.put(b"\"");
            text.bytes().into()
        };
        let pairs: Vec<_> = labels.cloned().collect();
        ExternalLabels { texts: pairs.iter().map(text).collect(), pairs, whole: Buffer::default() }
    }

    /// Whether these labels are the same.
    pub fn is(&self, labels: &[(String, String)]) -> bool {
        self.pairs == labels
    }

    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Those that are none of `keys`, with commas between them.
    pub fn without(&self, keys: List<'_>) -> String {
        let mut out = Vec::new();
        for ((name, _), text) in self.pairs.iter().zip(&self.texts) {
            if !{ keys }.any(|key| key == name) {
                if !out.is_empty() {
                    out.push(b',');
                }
                out.extend_from_slice(text);
            }
        }
        String::from_utf8(out).unwrap_or_default()
    }

    /// The rendered labels of a series, completed.
    pub fn complete(&mut self, labels: &[u8]) -> &[u8] {
        let mut present = 0u32;
        for name in names(labels) {
            let at = self.pairs.iter().position(|(own, _)| own.as_bytes() == name);
            present |= at.map_or(0, |at| 1 << at);
        }
        self.whole.truncate(0);
        self.whole.put(labels);
        for (at, text) in self.texts.iter().enumerate() {
            if present & (1 << at) == 0 {
                let comma: &[u8] = if self.whole.is_empty() { b"" } else { b"," };
                self.whole.put_all([comma, text]);
            }
        }
        self.whole.bytes()
    }
}

/// The names of labels that are rendered as `name="value",name="value"`.
fn names(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (name, value) = text.split_at_checked(memchr(b'=', text)?)?;
        let mut rest = value.get(2..)?;
        loop {
            let at = memchr2(b'"', b'\\', rest)?;
            let is_end = rest.get(at) == Some(&b'"');
            rest = rest.get(at + if is_end { 1 } else { 2 }..)?;
            if is_end {
                break;
            }
        }
        text = rest.strip_prefix(b",").unwrap_or(rest);
        Some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(labels: &[(&str, &str)]) -> ExternalLabels {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        ExternalLabels::new(&labels.iter().map(own).collect::<Vec<_>>())
    }

    #[test]
    fn present_labels_stay() {
        let mut both = constant(&[("env", "p\"\\\n"), ("gone", ""), ("zone", "é")]);
        assert_eq!(both.without(List::of(&[])), "env=\"p\\\"\\\\\\n\",zone=\"é\"");
        assert_eq!(both.without(List::of(&["device", "env"])), "zone=\"é\"");
        assert_eq!(both.without(List::of(&["zone", "env"])), "");
        let mut complete =
            |labels: &str| String::from_utf8(both.complete(labels.as_bytes()).to_vec()).unwrap();
        assert_eq!(complete(""), "env=\"p\\\"\\\\\\n\",zone=\"é\"");
        assert_eq!(complete("zone=\"x\""), "zone=\"x\",env=\"p\\\"\\\\\\n\"");
        assert_eq!(complete("env=\"\",zone=\"x\""), "env=\"\",zone=\"x\"");
        // A value that looks like a label.
        let odd = "a=\",env=\",b=\"\\\",zone=\\\\\",env=\"x\"";
        assert_eq!(complete(odd), [odd, ",zone=\"é\""].concat());
        assert!(constant(&[]).is_empty() && constant(&[("a", "")]).is_empty());
    }

    #[test]
    fn names_are_found_in_what_the_store_renders() {
        let mut seed = 7u64;
        let mut chance = |n: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % n
        };
        for _ in 0..2000 {
            let (mut set, mut expected) = (crate::model::store::LabelSet::default(), Vec::new());
            for i in 0..chance(5) {
                let (name, length) = (format!("l{i}"), 1 + chance(6));
                let value: String =
                    (0..length).map(|_| ['"', '\\', ',', '=', 'a', '\n', 'é'][chance(7)]).collect();
                set.add(&name, &value);
                expected.push(name);
            }
            let labels = set.render(&crate::model::store::Bounds::default(), "").unwrap();
            let found: Vec<_> =
                names(labels.text()).map(|n| String::from_utf8(n.to_vec()).unwrap()).collect();
            assert_eq!(found, expected);
        }
    }
}
