//! The messages in a datagram of the kernel, and the attributes in a message (netlink(7)): a `struct
//! nlmsghdr` or `struct nlattr` each, whose first field is the length, then bytes, up to the next offset
//! of four.

use crate::base::error::Error;

/// Sizes of `struct nlmsghdr` and `struct nlattr`.
pub const HEADER: usize = 16;
pub const ATTRIBUTE: usize = 4;

/// The bits of an attribute's type that are not flags.
pub const TYPE_MASK: u16 = 0x3fff;

/// Properties of one datagram of the dump: whether it is the last, and whether changes disturbed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub last: bool,
    pub whole: bool,
}

/// Scans a datagram for the end of the dump, and for an error in its place. The payloads of messages
/// of the kind `wanted` are passed to `each`.
pub fn part(
    datagram: &[u8],
    sequence: u32,
    path: &'static str,
    wanted: u16,
    each: &mut dyn FnMut(&[u8]),
) -> Result<Part, Error> {
    let mut part = Part { last: false, whole: true };
    for message in (Messages { rest: datagram, sequence }) {
        let broken = |rest| Error::parse(path, "whole messages", rest);
        let Message { kind, flags, payload } = message.map_err(broken)?;
        part.whole &= i32::from(flags) & libc::NLM_F_DUMP_INTR == 0;
        if let libc::NLMSG_DONE | libc::NLMSG_ERROR = i32::from(kind) {
            match field(payload, 0).map_or(0, i32::from_ne_bytes) {
                0 => part.last |= i32::from(kind) == libc::NLMSG_DONE,
                errno => return Err(Error::Read(path.into(), errno.wrapping_neg())),
            }
        } else if kind == wanted {
            each(payload);
        }
    }
    Ok(part)
}

/// One message.
pub struct Message<'a> {
    pub kind: u16,
    flags: u16,
    pub payload: &'a [u8],
}

/// The messages in the remaining bytes, up to the end of the dump. Those of another `sequence` answer a request
/// that was given up, and are skipped. Bytes that are not a whole message are returned as they are.
pub struct Messages<'a> {
    pub rest: &'a [u8],
    pub sequence: u32,
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, &'a [u8]>;

    #[inline(never)] // it has several callers
    fn next(&mut self) -> Option<Result<Message<'a>, &'a [u8]>> {
        while !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            let length = field(rest, 0).map_or(0, u32::from_ne_bytes) as usize;
            let Some((payload, after)) = piece(rest, length, HEADER) else {
                return Some(Err(rest));
            };
            let kind = field(rest, 4).map_or(0, u16::from_ne_bytes);
            let flags = field(rest, 6).map_or(0, u16::from_ne_bytes);
            let is_ours = field(rest, 8).map(u32::from_ne_bytes) == Some(self.sequence);
            if !is_ours || i32::from(kind) != libc::NLMSG_DONE {
                self.rest = after;
            }
            if is_ours {
                return Some(Ok(Message { kind, flags, payload }));
            }
        }
        None
    }
}

/// Kind and bytes of each attribute, up to one that is truncated.
pub fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = field(rest, 0).map(u16::from_ne_bytes)?;
        let kind = field(rest, 2).map(u16::from_ne_bytes)? & TYPE_MASK;
        let (payload, after) = piece(rest, length.into(), ATTRIBUTE)?;
        rest = after;
        Some((kind, payload))
    })
}

/// The bytes after the `head` bytes of a piece of `length` bytes in total, and the bytes after
/// the piece itself, at the next offset of four.
#[inline(always)]
pub fn piece(bytes: &[u8], length: usize, head: usize) -> Option<(&[u8], &[u8])> {
    let payload = bytes.get(head..length)?;
    Some((payload, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

/// The `N` bytes at offset `at`.
#[inline(always)]
pub fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// The number of four bytes at offset `at`.
pub fn number(bytes: &[u8], at: usize) -> Option<u32> {
    field(bytes, at).map(u32::from_ne_bytes)
}

/// The text in bytes that end with the first NUL, or without one.
pub fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Four bytes that are two numbers.
pub fn pair(first: u16, second: u16) -> u32 {
    let ([a, b], [c, d]) = (first.to_ne_bytes(), second.to_ne_bytes());
    u32::from_ne_bytes([a, b, c, d])
}

/// The `struct nlmsghdr` of a request for a dump, with a total of `length` bytes.
pub fn request_header(query: u16, length: usize, sequence: u32) -> [u32; HEADER / 4] {
    let flags = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
    // The last field is the sender's port: the socket's own.
    [u32::try_from(length).unwrap_or_default(), pair(query, flags), sequence, 0]
}
