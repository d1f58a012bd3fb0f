//! An answer as a sentence for the log: its status and the beginning of its body.

use crate::workers::Answer;

/// Characters of a body that are passed on.
const MAX_QUOTED: usize = 200;

/// Messages of receivers about samples that are older than what they have, too old, from the future, or
/// already stored: Prometheus, Mimir, Cortex, Thanos.
const LATE: [&str; 8] = [
    "out of order",
    "out-of-order",
    "out of bounds",
    "too old",
    "too new",
    "too far in",
    "too-far-in",
    "duplicate",
];

/// Whether a receiver reports that a sample is out of order.
pub fn is_late(message: &[u8]) -> bool {
    LATE.iter().any(|text| has(message, text))
}

/// `it answers 400: partial write`; characters that would break a line of the log become spaces.
pub fn sentence(answer: &Answer) -> String {
    let mut sentence = ["it answers ", &answer.status.to_string()].concat();
    // A character has at most four bytes.
    let start = answer.body.get(..4 * MAX_QUOTED).unwrap_or(&answer.body);
    let text = String::from_utf8_lossy(start);
    let text = text.trim();
    if !text.is_empty() {
        sentence.push_str(": ");
        let shown = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        sentence.extend(shown.take(MAX_QUOTED));
    }
    sentence
}

/// Whether the body contains that text, in any case.
pub fn mentions(answer: &Answer, text: &str) -> bool {
    has(&answer.body, text)
}

fn has(body: &[u8], text: &str) -> bool {
    let mut windows = body.windows(text.len());
    windows.any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_quoted_on_one_line() {
        let answer = |body: &[u8]| Answer { status: 400, body: body.to_vec(), ..Answer::default() };
        assert_eq!(sentence(&answer(b"")), "it answers 400");
        assert_eq!(sentence(&answer(b" a\nb\x1b[1m\xff \n")), "it answers 400: a b [1m\u{fffd}");
        let long = sentence(&answer("é".repeat(100_000).as_bytes()));
        assert_eq!(long, ["it answers 400: ", &"é".repeat(MAX_QUOTED)].concat());
        assert!(mentions(&answer(b"xx Out Of Order yy"), "out of order"));
        assert!(!mentions(&answer(b"out of"), "out of order"));
    }
}
