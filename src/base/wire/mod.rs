//! The parts of HTTP/1.1 that server and client share (RFC 9112): the end of a head,
//! the length of a body, chunks, gzip and dates; URLs;
//! patterns of names; check sums; and the fields of Protocol Buffers.

mod base64;
mod basic;
mod chunked;
mod crc;
mod date;
#[cfg(feature = "gzip")]
mod deflate;
mod fields;
#[cfg(feature = "gzip")]
mod gzip;
mod pattern;
mod secret;
mod shown;
mod url;

pub use base64::base64;
pub use basic::basic;
pub use chunked::Chunks;
pub use crc::{crc32, crc32c};
pub use date::{read_day, read_http_date};
#[cfg(feature = "gzip")]
pub use deflate::MOVES;
pub use fields::{Fields, Wire, split_delimited};
#[cfg(feature = "gzip")]
pub use gzip::{Gzip, GzipTemplate};
pub use pattern::matches;
pub use secret::SECRET;
pub use shown::shown;
pub use url::{NO_TLS, Url};

use std::str;

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is longer than allowed.
    TooLarge,
    /// Its framing is invalid.
    Malformed,
}

/// The end of the head at the start of `bytes`; `None` while it is incomplete. Only bytes from
/// `known` on are searched: those before were searched when they came.
pub fn head_end(bytes: &[u8], known: usize) -> Option<usize> {
    let mut at = known.saturating_sub(3);
    while let Some(newline) = memchr::memchr(b'\n', bytes.get(at..)?) {
        at += newline + 1;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// Whether two names are the same, ignoring case: of headers, and most words in them.
pub fn same(one: impl AsRef<[u8]>, other: impl AsRef<[u8]>) -> bool {
    #[inline(never)]
    fn same(one: &[u8], other: &[u8]) -> bool {
        one.eq_ignore_ascii_case(other)
    }
    same(one.as_ref(), other.as_ref())
}

/// Whether a header frames a message, controls its connection or says how it is compressed: the sender of
/// the message sets these, and nobody else may.
pub fn is_framing(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    NAMES.iter().any(|known| same(known, name))
}

/// The number of a Content-Length header.
pub fn content_length(value: &[u8]) -> Option<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    str::from_utf8(value).ok().filter(|_| digits).and_then(|v| v.parse().ok())
}

/// Decodes `%41`; an invalid escape stays as it is.
pub fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let digit = |b: &u8| char::from(*b).to_digit(16);
        let escape = match (first, after) {
            (b'%', [a, b, ..]) => digit(a).zip(digit(b)),
            _ => None,
        };
        match escape {
            Some((high, low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            None => bytes.push(*first),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heads_end_is_found_however_it_comes() {
        for head in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\n\n", "a\r\n\n"] {
            let bytes = format!("{head}GET /next");
            assert_eq!(head_end(bytes.as_bytes(), 0), Some(head.len()));
            // Byte by byte: nothing before the last one, and that one ends it.
            for end in 1..=head.len() {
                let found = head_end(&head.as_bytes()[..end], end - 1);
                assert_eq!(found, (end == head.len()).then_some(end), "{head:?} {end}");
            }
        }
    }
}
