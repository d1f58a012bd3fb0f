//! gzip (RFC 1952) at level 1. The compressor's state is a third of a megabyte: made at the first
//! request that asks for it, then kept.

use super::response::Response;
use crate::metric::Buffer;
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
};

/// Smaller bodies gain less than they cost.
const WORTH_IT: usize = 4 << 10;

const LEVEL: i32 = 1;
/// Raw deflate: gzip has its own head and check sum.
const RAW: i32 = -15;

/// ID, deflate, no flags, no time, fastest, Unix.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3];

/// A compressor that is kept.
#[derive(Default)]
pub struct Gzip {
    state: Option<Box<CompressorOxide>>,
    spare: Buffer,
}

impl Gzip {
    /// Compresses the body, if that is worth it.
    pub fn apply(&mut self, response: &mut Response) {
        let body = response.body();
        if body.len() < WORTH_IT {
            return;
        }
        let flags = create_comp_flags_from_zip_params(LEVEL, RAW, 0);
        let state = self.state.get_or_insert_with(|| Box::new(CompressorOxide::new(flags)));
        state.reset();
        self.spare.truncate(0);
        self.spare.skip(Response::GAP);
        self.spare.put(&HEAD);
        if deflate(state, body, &mut self.spare) {
            self.spare.put(&crc32fast::hash(body).to_le_bytes());
            self.spare.put(&(body.len() as u32).to_le_bytes()); // modulo 2^32, as specified
            response.replace_body(&mut self.spare);
        }
    }
}

/// Appends all of `from`, compressed; false if the compressor gives up.
fn deflate(state: &mut CompressorOxide, mut from: &[u8], to: &mut Buffer) -> bool {
    let most = from.len();
    loop {
        let (status, read, written) = compress(state, from, to.room(most), TDEFLFlush::Finish);
        to.advance(written);
        from = from.get(read..).unwrap_or_default();
        match status {
            TDEFLStatus::Done => return true,
            TDEFLStatus::Okay if written > 0 => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Status;

    #[test]
    fn what_is_compressed_comes_back() {
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
                let (head, rest) = body.split_at(HEAD.len());
                assert_eq!(head, HEAD);
                let (deflated, check) = rest.split_at(rest.len() - 8);
                let inflated = miniz_oxide::inflate::decompress_to_vec(deflated).unwrap();
                assert_eq!(inflated, plain);
                assert_eq!(check[..4], crc32fast::hash(&plain).to_le_bytes());
                assert_eq!(check[4..], (size as u32).to_le_bytes());
            }
        }
    }
}
