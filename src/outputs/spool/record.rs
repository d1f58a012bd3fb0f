//! The format of records, of which segments consist:
//!
//! | bytes | |
//! |---|---|
//! | 2 | `f7 9b`: no text in UTF-8 has such a byte, so that no text looks like a record |
//! | 4 | length of the payload, the lowest byte first |
//! | 8 | sequence |
//! | 4 | CRC32C of length, sequence and payload |
//! | … | payload |

use super::bytes::Bytes;
use crate::base::wire::crc32c;

/// How a record begins.
const MAGIC: [u8; 2] = [0xf7, 0x9b];

/// Bytes before the payload.
pub const HEADER: usize = 18;

/// Bytes of a payload.
pub const MAX_PAYLOAD: usize = 8 << 20;

/// Bytes that are checksummed in search of records after damage, in sizes of the segment: bytes that look
/// like a record at every second position must not take for ever.
const MAX_SEARCH: usize = 16;

/// A record that is whole.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// One more than that of the record before.
    pub sequence: u64,
    /// The payload.
    pub payload: &'a [u8],
    /// Where the next one begins.
    pub end: usize,
}

/// Leaves room for the header; the payload is appended next.
pub fn begin(out: &mut Vec<u8>) {
    out.clear();
    out.resize(HEADER, 0);
}

/// Fills in the header.
pub fn seal(record: &mut [u8], sequence: u64) {
    let Some((header, payload)) = record.split_at_mut_checked(HEADER) else { return };
    let length = (payload.len() as u32).to_le_bytes();
    let sequence = sequence.to_le_bytes();
    let crc = crc32c(&[&length, &sequence, payload]).to_le_bytes();
    let all = MAGIC.iter().chain(&length).chain(&sequence).chain(&crc);
    for (to, from) in header.iter_mut().zip(all) {
        *to = *from;
    }
}

/// Whether a file without any whole record is a segment: one that is empty, or all zeros, is left by a
/// power cut.
pub fn is_ours(bytes: &[u8]) -> bool {
    let start = bytes.get(..MAGIC.len()).unwrap_or(bytes);
    MAGIC.starts_with(start) || bytes.iter().all(|byte| *byte == 0)
}

/// The record that begins at `start`.
pub fn at(bytes: &[u8], start: usize) -> Option<Record<'_>> {
    let mut rest = Bytes(bytes.get(start..)?);
    if rest.take(2)? != MAGIC {
        return None;
    }
    let (length, sequence) = (rest.take(4)?, rest.take(8)?);
    let crc = u32::from_le_bytes(rest.take(4)?.try_into().ok()?);
    let size = u32::from_le_bytes(length.try_into().ok()?) as usize;
    let payload = rest.take(size).filter(|_| size <= MAX_PAYLOAD)?;
    let sequence_is = u64::from_le_bytes(sequence.try_into().ok()?);
    let is_whole = crc32c(&[length, sequence, payload]) == crc;
    is_whole.then_some(Record { sequence: sequence_is, payload, end: start + HEADER + size })
}

/// The length that the record there claims, including magic and header.
pub fn claim(bytes: &[u8], start: usize) -> usize {
    let length = bytes.get(start + 2..start + 6).and_then(|length| length.try_into().ok());
    HEADER + length.map_or(0, |length| u32::from_le_bytes(length) as usize)
}

/// The next record from `start` on, and how many bytes of damage are before it.
pub fn next(bytes: &[u8], start: usize) -> (usize, Option<Record<'_>>) {
    let (mut place, mut left) = (start, bytes.len().saturating_mul(MAX_SEARCH));
    loop {
        let cost = claim(bytes, place);
        if cost <= bytes.len().saturating_sub(place) {
            match left.checked_sub(cost) {
                Some(rest) => left = rest,
                None => return (bytes.len() - start, None),
            }
            if let Some(record) = at(bytes, place) {
                return (place - start, Some(record));
            }
        }
        let after = bytes.get(place + 1..).unwrap_or_default();
        match memchr::memmem::find(after, &MAGIC) {
            Some(n) => place += 1 + n,
            None => return (bytes.len().saturating_sub(start), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(sequence: u64, payload: &[u8]) -> Vec<u8> {
        let mut record = Vec::new();
        begin(&mut record);
        record.extend_from_slice(payload);
        seal(&mut record, sequence);
        record
    }

    #[test]
    fn has_golden_bytes() {
        let record = made(0x0102, b"ab");
        assert_eq!(&record[..14], b"\xf7\x9b\x02\0\0\0\x02\x01\0\0\0\0\0\0");
        let crc = crc32c(&[b"\x02\0\0\0\x02\x01\0\0\0\0\0\0ab"]);
        assert_eq!(record[14..], [&crc.to_le_bytes()[..], b"ab"].concat());
    }

    #[test]
    fn damaged_records_are_skipped() {
        let parts = [made(1, b"one"), made(2, b"two!"), made(3, b"")];
        let whole = parts.concat();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x40;
            let hit =
                if at < parts[0].len() { 1 } else { 2 + u64::from(at >= whole.len() - HEADER) };
            let (mut found, mut start, mut skipped) = (Vec::new(), 0, 0);
            loop {
                let (damage, record) = next(&bytes, start);
                skipped += damage;
                let Some(record) = record else { break };
                start = record.end;
                found.push(record.sequence);
            }
            let others: Vec<u64> = (1..4).filter(|n| *n != hit).collect();
            assert_eq!(found, others);
            assert_eq!(skipped, parts[hit as usize - 1].len());
        }
    }

    #[test]
    fn the_search_for_records_is_bounded() {
        let bytes: Vec<u8> = [&MAGIC[..], &[0, 0x40, 0, 0]].concat().repeat(20_000);
        assert!(matches!(next(&bytes, 0), (120_000, None)));
    }
}
