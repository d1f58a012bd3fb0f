//! gzip (RFC 1952) for responses and for what is sent.

use super::crc::crc32;
use super::deflate::{Deflater, Template};

/// A compressor that is kept, some 5 KB.
#[derive(Default)]
pub struct Gzip(Deflater);

impl Gzip {
    /// ID, deflate, no flags, no time, fastest, Unix.
    pub const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3];

    /// Appends all of `plain`, compressed, with head and tail.
    pub fn append(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&Gzip::HEAD);
        self.0.append(plain, out);
        put_tail(plain, out);
    }
}

fn put_tail(plain: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&crc32(plain).to_le_bytes());
    let length = plain.len() as u32; // modulo 2^32, as specified
    out.extend_from_slice(&length.to_le_bytes());
}

/// A compressor for one text in which only words change.
#[derive(Default)]
pub struct GzipTemplate(Template);

impl GzipTemplate {
    /// Drops the plan: the next text is another one.
    pub fn forget(&mut self) {
        self.0.forget();
    }

    /// Appends all of `plain`, in which since the last time only the `words` of eight bytes changed: their
    /// places, ascending, with [`MOVES`](super::MOVES) where a word changes by itself.
    pub fn append(&mut self, plain: &[u8], words: &[u32], out: &mut Vec<u8>) {
        out.extend_from_slice(&Gzip::HEAD);
        self.0.append(plain, words, out);
        put_tail(plain, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_has_head_and_tail() {
        let mut gzip = Gzip::default();
        for size in [0usize, 1, 100, 5000] {
            let plain: Vec<u8> = (0..size).map(|i| i as u8 / 7).collect();
            let mut out = b"before".to_vec();
            gzip.append(&plain, &mut out);
            let member = out.strip_prefix(b"before").unwrap();
            let deflated = member.strip_prefix(&Gzip::HEAD).unwrap();
            let (deflated, tail) = deflated.split_at(deflated.len() - 8);
            assert_eq!(miniz_oxide::inflate::decompress_to_vec(deflated).unwrap(), plain);
            assert_eq!(tail[..4], crc32fast::hash(&plain).to_le_bytes());
            assert_eq!(tail[4..], (size as u32).to_le_bytes());
        }
    }
}
