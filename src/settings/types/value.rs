//! A value of an option.

use crate::base::text::pattern::Pattern;
use std::path::PathBuf;
use std::time::Duration;

/// The value of an option: parsed, but stored as text and a number.
#[derive(Clone, Debug, Default)]
pub struct Value {
    /// In its canonical spelling; several for a list.
    pub(crate) texts: Vec<String>,
    /// A count, milliseconds, the index of a choice, or 1 for `true`.
    pub(crate) number: u64,
}

impl Value {
    /// A value with one text, and its number.
    pub(crate) fn new(text: String, number: u64) -> Value {
        Value { texts: vec![text], number }
    }

    /// The text of a value that is not a list.
    pub(crate) fn text(&self) -> &str {
        self.texts.first().map_or("", String::as_str)
    }

    /// The same, owned.
    #[inline(never)]
    pub(crate) fn string(&self) -> String {
        self.text().to_owned()
    }

    /// Sets `text` to the value. This and the next functions are not inlined, as each row calls them.
    #[inline(never)]
    pub(crate) fn put(&self, text: &mut String) {
        self.text().clone_into(text);
    }

    /// Sets `path` to the value.
    #[inline(never)]
    pub(crate) fn put_path(&self, path: &mut Option<PathBuf>) {
        *path = Some(self.path());
    }

    /// Sets `texts` to all texts.
    #[inline(never)]
    pub(crate) fn put_texts(&self, texts: &mut Vec<String>) {
        self.texts.clone_into(texts);
    }

    /// Sets `pairs` to the parts before and after the `=` of each text.
    #[inline(never)]
    pub(crate) fn put_pairs(&self, pairs: &mut Vec<(String, String)>) {
        let each = self.texts.iter().filter_map(|text| text.split_once('='));
        *pairs = each.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    }

    /// The value as a path.
    #[inline(never)]
    pub(crate) fn path(&self) -> PathBuf {
        self.text().into()
    }

    /// Whether the switch is on.
    pub(crate) fn is_on(&self) -> bool {
        self.number == 1
    }

    /// The value as a time.
    #[inline(never)]
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_millis(self.number)
    }

    /// The value as a pattern; None for an empty one.
    pub(crate) fn pattern(&self) -> Option<Pattern> {
        (!self.is_empty()).then(|| Pattern::new(self.text()))
    }

    /// Whether it is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.texts.iter().all(String::is_empty)
    }
}
