//! Decodes gzip (RFC 1952), up to a size: the output grows with the input only as far as the
//! limit, whatever the input claims.

mod codes;
mod stream;

use crate::base::wire::{Fault, crc32};
use stream::inflate;

/// The accepted encoding of a response's body (Accept-Encoding).
pub const ACCEPTED: &str = "gzip";

const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const HEAD_CRC: u8 = 2;

/// Decodes all members of `gzip`, at most `limit` bytes.
pub fn gunzip(gzip: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let (mut rest, mut out) = (gzip, Vec::new());
    while !rest.is_empty() {
        let start = out.len();
        let body = behind_head(rest).ok_or(Fault::Malformed)?;
        let read = inflate(body, &mut out, limit)?;
        let (trailer, after) =
            body.get(read..).and_then(<[u8]>::split_first_chunk::<8>).ok_or(Fault::Malformed)?;
        let member = out.get(start..).unwrap_or_default();
        let mut expected = [0; 8];
        let (crc, size) = expected.split_at_mut(4);
        crc.copy_from_slice(&crc32(member).to_le_bytes());
        size.copy_from_slice(&(member.len() as u32).to_le_bytes()); // modulo 2^32, as specified
        if *trailer != expected {
            return Err(Fault::Malformed);
        }
        rest = after;
    }
    Ok(out)
}

/// The bytes after the head of a member.
fn behind_head(bytes: &[u8]) -> Option<&[u8]> {
    let ([0x1f, 0x8b, 8, flags, ..], mut rest) = bytes.split_first_chunk::<10>()? else {
        return None;
    };
    if flags & EXTRA != 0 {
        let (size, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*size))..)?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            rest = rest.get(memchr::memchr(0, rest)? + 1..)?;
        }
    }
    if flags & HEAD_CRC != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use miniz_oxide::deflate::compress_to_vec;
    use stream::FIRST_ROOM;

    fn member(head: &[u8], plain: &[u8]) -> Vec<u8> {
        let (crc, size) =
            (crc32fast::hash(plain).to_le_bytes(), (plain.len() as u32).to_le_bytes());
        [head, &compress_to_vec(plain, 6), &crc, &size].concat()
    }

    const PLAIN_HEAD: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];

    #[test]
    fn what_was_compressed_comes_back_up_to_the_limit() {
        for size in [0, 1, 100, FIRST_ROOM - 1, FIRST_ROOM, FIRST_ROOM + 1, 300_000] {
            let plain: Vec<u8> = (0..size).map(|i| (i * i / 7 % 251) as u8).collect();
            let gzip = member(PLAIN_HEAD, &plain);
            assert_eq!(gunzip(&gzip, usize::MAX).as_ref(), Ok(&plain));
            assert_eq!(gunzip(&gzip, size).as_ref(), Ok(&plain), "{size}");
            if size > 0 {
                assert_eq!(gunzip(&gzip, size - 1), Err(Fault::TooLarge), "{size}");
                for cut in [1, 8, 9, gzip.len() / 2, gzip.len() - 3] {
                    assert_eq!(gunzip(&gzip[..gzip.len() - cut], size), Err(Fault::Malformed));
                }
            }
            let mut wrong = gzip.clone();
            let at = wrong.len() - 6;
            wrong[at] ^= 1;
            assert_eq!(gunzip(&wrong, size), Err(Fault::Malformed));
        }
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let gzip = member(PLAIN_HEAD, &vec![b'x'; 50 << 20]);
        assert!(gzip.len() < 100_000);
        assert_eq!(gunzip(&gzip, 1 << 20), Err(Fault::TooLarge));
        let many = member(PLAIN_HEAD, &[b'x'; 1000]).repeat(100);
        assert_eq!(gunzip(&many, 99_999), Err(Fault::TooLarge));
        assert_eq!(gunzip(&many, 100_000).map(|out| out.len()), Ok(100_000));
    }

    #[test]
    fn heads_may_have_optional_fields() {
        let head = [
            &[0x1f, 0x8b, 8, EXTRA | NAME | COMMENT | HEAD_CRC, 0, 0, 0, 0, 0, 3][..],
            &[2, 0, 9, 9],
            b"name\0",
            b"comment\0",
            &[7, 7],
        ]
        .concat();
        assert_eq!(gunzip(&member(&head, b"hello"), 5), Ok(b"hello".to_vec()));
        for cut in 1..head.len() {
            assert_eq!(gunzip(&head[..cut], 5), Err(Fault::Malformed));
        }
        for bad in [&b"hello, this is no gzip"[..], &[0x1f, 0x8b, 9, 0, 0, 0, 0, 0, 0, 3]] {
            assert_eq!(gunzip(bad, 100), Err(Fault::Malformed));
        }
    }
}
