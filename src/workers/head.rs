//! The head of a response (RFC 9112, sections 4 and 5), parsed as by Go's client, and so
//! Prometheus: lines may be folded, a blank may precede the colon, and the content of a line is not
//! checked unless it is needed.

use super::inflate::ACCEPTED;
use crate::base::clock::WallClock;
use crate::base::wire::{self, read_http_date};
use std::time::Duration;

/// The encoding of the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coding {
    /// Not encoded.
    #[default]
    Plain,
    /// With gzip.
    Gzip,
    /// Another, which was not asked for. Servers that say `utf-8` send plain text, so the body is read
    /// if it is text: Prometheus checks for gzip only.
    Other,
}

/// Parses the status line at the start of `head`: whether the version is 1.1 or later, and the status. It is
/// complete as soon as any byte follows the status; the reason after it is ignored.
pub fn status(head: &[u8]) -> Option<(bool, u16)> {
    let ([major, b'.', minor, b' '], rest) =
        head.strip_prefix(b"HTTP/")?.split_first_chunk::<4>()?
    else {
        return None;
    };
    if !major.is_ascii_digit() || !minor.is_ascii_digit() {
        return None;
    }
    let rest = rest.get(rest.iter().position(|b| *b != b' ')?..)?;
    let [digits @ .., b' ' | b'\r' | b'\n'] = rest.first_chunk::<4>()? else { return None };
    digits.iter().all(|b| b.is_ascii_digit()).then(|| {
        let status = digits.iter().fold(0, |n, b| 10 * n + u16::from(*b - b'0'));
        (*major == b'1' && *minor >= b'1', status)
    })
}

/// The header lines of a whole head, each with its continuation lines: name and value; `None` for a
/// line that is not valid.
pub fn headers(head: &[u8]) -> impl Iterator<Item = Option<(&[u8], &[u8])>> {
    let mut rest = head.get(line_end(head)..).unwrap_or_default();
    std::iter::from_fn(move || {
        let mut end = line_end(rest);
        while let Some(b' ' | b'\t') = rest.get(end) {
            end += line_end(rest.get(end..).unwrap_or_default());
        }
        let (line, after) = rest.split_at_checked(end)?;
        rest = after;
        (!line.trim_ascii().is_empty()).then(|| {
            let colon = memchr::memchr(b':', line)?;
            let (name, value) = line.split_at_checked(colon)?;
            let is_folded_first = name.first().is_none_or(u8::is_ascii_whitespace);
            let value = value.get(1..)?.trim_ascii();
            (!is_folded_first).then_some((name.trim_ascii_end(), value))
        })
    })
}

/// The end of the first line.
fn line_end(bytes: &[u8]) -> usize {
    memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1)
}

/// The encoding in a Content-Encoding header.
pub fn coding(value: &[u8]) -> Coding {
    match value {
        v if v.is_empty() || wire::same(v, b"identity") => Coding::Plain,
        v if wire::same(v, ACCEPTED) || wire::same(v, b"x-gzip") => Coding::Gzip,
        _ => Coding::Other,
    }
}

/// A header's value, on one line.
pub fn text(value: &[u8]) -> String {
    let text = str::from_utf8(value).unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).collect()
}

/// Parses seconds, or a date (RFC 9110, section 10.2.3): a past date is now.
pub fn retry_after(text: &str, now: WallClock) -> Option<Duration> {
    if let Some(seconds) = wire::content_length(text.as_bytes()) {
        return Some(Duration::from_secs(seconds));
    }
    let then = Duration::from_secs(read_http_date(text)?);
    Some(then.saturating_sub(now.since_epoch()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_known_before_its_line_ends() {
        for (head, expected) in [
            ("HTTP/1.1 200 OK", Some((true, 200))),
            ("HTTP/1.1 200\r\n", Some((true, 200))),
            ("HTTP/1.0 404\n", Some((false, 404))),
            ("HTTP/1.1  200 O\u{e9}", Some((true, 200))),
            ("HTTP/2.0 200 OK", Some((false, 200))),
            ("HTTP/1.1 200", None),
            ("HTTP/1.1 200O", None),
            ("HTTP/1.1 0200 OK", None),
            ("HTTP/1.1 2x0 OK", None),
            ("HTTP/1.11 200 OK", None),
            ("HTTP/2 200 OK", None),
            ("HTTP/1.1\t200 OK", None),
            ("http/1.1 200 OK", None),
            ("HTTP/1.1 \n200 ", None),
            ("", None),
        ] {
            assert_eq!(status(head.as_bytes()), expected, "{head:?}");
        }
    }

    #[test]
    fn headers_may_be_folded() {
        let read = |lines: &str| {
            let head = ["HTTP/1.1 200 OK\r\n", lines, "\r\n"].concat();
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let each = |h: Option<(&[u8], &[u8])>| h.map(|(name, value)| (text(name), text(value)));
            headers(head.as_bytes()).map(each).collect::<Vec<_>>()
        };
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(read(""), []);
        assert_eq!(read("a: b \r\nc:\n"), [pair("a", "b"), pair("c", "")]);
        assert_eq!(read("a : b:c\r\nd\t: e\n"), [pair("a", "b:c"), pair("d", "e")]);
        assert_eq!(read("a:\r\n b\r\n\tc\r\nd: e\r\n"), [pair("a", "b\r\n\tc"), pair("d", "e")]);
        assert_eq!(read(" a: b\r\nc: d\r\n"), [None, pair("c", "d")]);
        assert_eq!(read("no colon\r\n: x\r\nc: d\r\n"), [None, None, pair("c", "d")]);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = WallClock::at(Duration::from_millis(784_111_700_250));
        for (text, expected) in [
            ("0", Some(0)),
            ("120", Some(120_000)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(76_750)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(76_750)),
            ("Sun Nov  6 08:49:37 1994", Some(76_750)),
            ("Sun, 06 Nov 1994 08:48:00 GMT", Some(0)),
            ("-1", None),
            ("+7", None),
            ("", None),
            ("soon", None),
            ("99999999999999999999999", None),
        ] {
            let expected = expected.map(Duration::from_millis);
            assert_eq!(retry_after(text, now), expected, "{text}");
        }
    }
}
