//! Responses in gzip: the compressor is kept from response to response.

use super::response::Response;
use crate::base::wire;

/// Smaller bodies save less than they cost.
const WORTH_IT: usize = 4 << 10;

/// Memory that is kept for the next response.
const MAX_KEPT: usize = 1 << 20;

/// The prefix of the Content-Type of the other format.
const OPEN_METRICS: &str = "application/openmetrics-text";

/// A page compresses to less than this fraction (1/5).
const USUAL: usize = 5;

/// A buffer has whole pages of its own, including malloc's header: smaller ones would share pages with
/// freed buffers.
const PAGE: usize = 4096;
const OF_MALLOC: usize = 32;

/// A compressor that is kept.
#[derive(Default)]
pub struct Gzip {
    core: wire::Gzip,
    /// Separate, so that one scraper's page does not displace another's.
    open_metrics: Option<Box<wire::Gzip>>,
    packed: Vec<u8>,
}

impl Gzip {
    /// Compresses the body, if that is worth the cost.
    pub fn apply(&mut self, response: &mut Response) {
        let core = match response.content_type().starts_with(OPEN_METRICS) {
            true => &mut **self.open_metrics.get_or_insert_default(),
            false => &mut self.core,
        };
        let body = response.body();
        if body.len() < WORTH_IT {
            return;
        }
        self.packed.clear();
        if self.packed.capacity() == 0 {
            self.packed.reserve_exact((body.len() / USUAL).next_multiple_of(PAGE) - OF_MALLOC);
        }
        core.append(body, &mut self.packed);
        response.replace_body(&self.packed);
        self.packed.shrink_to(MAX_KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::http::Status;

    #[test]
    fn compressed_bodies_are_inflated_to_the_same() {
        let mut gzip = Gzip::default();
        let mut response = Response::default();
        for size in [0, 100, WORTH_IT, 100_000] {
            let plain: Vec<u8> =
                (0..size).map(|i| b"abcdefgh 0123"[(i % 13) * (i % 13) % 13]).collect();
            response.begin(Status::Ok, "text/plain").put(&plain);
            gzip.apply(&mut response);
            assert_eq!(response.is_gzip(), size >= WORTH_IT);
            if response.is_gzip() {
                let body = response.body();
                let (head, rest) = body.split_at(wire::Gzip::HEAD.len());
                assert_eq!(head, wire::Gzip::HEAD);
                let (deflated, check) = rest.split_at(rest.len() - 8);
                let inflated = miniz_oxide::inflate::decompress_to_vec(deflated).unwrap();
                assert_eq!(inflated, plain);
                assert_eq!(check[..4], crc32fast::hash(&plain).to_le_bytes());
                assert_eq!(check[4..], (size as u32).to_le_bytes());
            }
        }
    }
}
