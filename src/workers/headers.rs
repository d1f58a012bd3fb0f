//! The headers of a response that matter here.

use super::head::{self, Coding};
use crate::base::clock::WallClock;
use crate::base::wire;
use std::time::Duration;

pub const NO_HEAD: &str = "the head of the answer is not valid HTTP";

/// Headers of a response. If one that should be unique is repeated, the first counts.
#[derive(Default)]
pub struct Headers {
    pub content_type: String,
    pub location: Option<String>,
    pub retry_after: Option<Duration>,
    pub samples_written: Option<u64>,
    pub coding: Option<Coding>,
    pub length: Option<u64>,
    pub is_chunked: bool,
    /// `Connection: close`, and `Connection: keep-alive`.
    pub close: bool,
    pub keep_alive: bool,
    /// What is wrong with one of them; the others are valid.
    pub wrong: Option<&'static str>,
}

impl Headers {
    /// Reads those of a whole head.
    pub fn read(head: &[u8]) -> Headers {
        let mut headers = Headers::default();
        for header in head::headers(head) {
            match header {
                Some((name, value)) => headers.add(name, value),
                None => headers.wrong = Some(NO_HEAD),
            }
        }
        headers
    }

    fn add(&mut self, name: &[u8], value: &[u8]) {
        let is = |other: &str| wire::same(name, other);
        if is("content-type") && self.content_type.is_empty() {
            self.content_type = head::text(value);
        } else if is("location") {
            self.location.get_or_insert_with(|| head::text(value));
        } else if is("retry-after") {
            self.retry_after = head::retry_after(&head::text(value), WallClock::now());
        } else if is("x-prometheus-remote-write-samples-written") {
            self.samples_written = wire::content_length(value);
        } else if is("content-encoding") {
            self.coding.get_or_insert_with(|| head::coding(value));
        } else if is("connection") {
            for token in value.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
                self.close |= wire::same(token, b"close");
                self.keep_alive |= wire::same(token, b"keep-alive");
            }
        } else if is("content-length") && !value.is_empty() {
            let length = wire::content_length(value);
            if length.is_none() || self.length.is_some_and(|first| Some(first) != length) {
                self.wrong = Some("the Content-Length of the answer is no number");
            }
            self.length = length;
        } else if is("transfer-encoding") {
            if self.is_chunked || !wire::same(value, b"chunked") {
                self.wrong = Some("the Transfer-Encoding of the answer is not chunked");
            }
            self.is_chunked = true;
        }
    }
}
