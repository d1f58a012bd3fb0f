//! Why a sample from outside was rejected: a word for counting and a sentence for its sender.

/// Why a sample was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the sentences say it
#[non_exhaustive]
pub enum Reason {
    Entry,
    UnknownKey,
    KeyTwice,
    MissingKey,
    Shape,
    Type,
    Name,
    Reserved,
    Taken,
    Kind,
    LabelName,
    LabelTwice,
    Labels,
    TooLong,
    Number,
    Negative,
    Time,
    Series,
    Families,
    Owned,
    Twice,
    Buckets,
    Bytes,
    Line,
    Unassembled,
    Escaped,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 26] = [
        Reason::Entry,
        Reason::UnknownKey,
        Reason::KeyTwice,
        Reason::MissingKey,
        Reason::Shape,
        Reason::Type,
        Reason::Name,
        Reason::Reserved,
        Reason::Taken,
        Reason::Kind,
        Reason::LabelName,
        Reason::LabelTwice,
        Reason::Labels,
        Reason::TooLong,
        Reason::Number,
        Reason::Negative,
        Reason::Time,
        Reason::Series,
        Reason::Families,
        Reason::Owned,
        Reason::Twice,
        Reason::Buckets,
        Reason::Bytes,
        Reason::Line,
        Reason::Unassembled,
        Reason::Escaped,
    ];

    /// Whether the reason is missing room.
    pub fn is_room(self) -> bool {
        matches!(self, Reason::Series | Reason::Families | Reason::Bytes)
    }

    /// The value of the label `reason`, and what it means.
    pub fn text(self) -> (&'static str, &'static str) {
        match self {
            Reason::Entry => ("entry", "expected an object"),
            Reason::UnknownKey => ("unknown_key", "there is no such key"),
            Reason::KeyTwice => ("key_twice", "the key is there twice, or excludes one that is"),
            Reason::MissingKey => ("missing_key", "the key is missing"),
            Reason::Shape => ("shape", "the key has a value of another type than it takes"),
            Reason::Type => ("type", "expected counter, gauge or histogram"),
            Reason::Name => ("name", "a metric's name is letters, digits, _ and :, no digit first"),
            Reason::Reserved => (
                "reserved_name",
                "the agent or Prometheus has the name, and no label distinguishes the series from theirs",
            ),
            Reason::Taken => ("taken_name", "the name is that of a part of a histogram or summary"),
            Reason::Kind => ("other_type", "the metric exists with another type"),
            Reason::LabelName => {
                ("label_name", "a label's name is letters, digits and _, no digit and no __ first")
            }
            Reason::LabelTwice => ("label_twice", "the label is there twice"),
            Reason::Labels => ("labels", "too many labels"),
            Reason::TooLong => ("too_long", "longer than allowed"),
            Reason::Number => ("number", "no number that can be kept"),
            Reason::Negative => ("negative", "a counter only grows"),
            Reason::Time => ("timestamp", "no time, or too long ago, or in the future"),
            Reason::Series => ("series", "no room for another series"),
            Reason::Families => ("families", "no room for another metric"),
            Reason::Owned => ("owned", "the series is another source's"),
            Reason::Twice => ("series_twice", "the series is there twice"),
            Reason::Bytes => ("bytes", "no room for more bytes of names, labels and helps"),
            Reason::Buckets => ("buckets", "a histogram counts up to +Inf in ascending buckets"),
            Reason::Line => ("unreadable", "the line cannot be read"),
            Reason::Unassembled => ("unassembled", "no histogram or summary: kept line by line"),
            Reason::Escaped => ("escaped", "on a page with escaped names the series is another"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_reason_has_a_place_and_a_word_of_its_own() {
        let words: HashSet<_> = Reason::ALL.iter().map(|r| r.text().0).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        for (at, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, at);
        }
    }
}
