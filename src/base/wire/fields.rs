//! Protocol Buffers, read in place (protobuf.dev/programming-guides/encoding): the fields of a
//! message one after the other.

/// The longest varint.
const LONGEST: usize = 10;

// Wire types.
const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire<'a> {
    /// An integer, a bool, an enum.
    Varint(u64),
    /// A fixed64, an sfixed64, the bits of a double.
    Fixed64(u64),
    /// Bytes, a string, a message, a packed list.
    Bytes(&'a [u8]),
    /// A fixed32, an sfixed32, the bits of a float.
    Fixed32(u32),
}

/// The fields of a received message, by number; they end where it is damaged. Groups, which
/// are obsolete, count as damage.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
    is_broken: bool,
}

impl<'a> Fields<'a> {
    /// The fields of `message`.
    pub fn of(message: &'a [u8]) -> Fields<'a> {
        Fields { rest: message, is_broken: false }
    }

    /// Whether they ended because the message is damaged.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    fn varint(&mut self) -> Option<u64> {
        let mut n = 0;
        for (i, byte) in self.rest.iter().enumerate().take(LONGEST) {
            // The tenth byte has room for one bit.
            if i == LONGEST - 1 && *byte > 1 {
                return None;
            }
            n |= u64::from(byte & 0x7f) << (7 * i);
            if *byte < 0x80 {
                self.rest = self.rest.get(i + 1..)?;
                return Some(n);
            }
        }
        None
    }

    fn field(&mut self) -> Option<(u32, Wire<'a>)> {
        let tag = u32::try_from(self.varint()?).ok().filter(|tag| tag >> 3 > 0)?;
        let value = match tag & 7 {
            VARINT => Wire::Varint(self.varint()?),
            FIXED64 => {
                let (bytes, rest) = self.rest.split_first_chunk()?;
                self.rest = rest;
                Wire::Fixed64(u64::from_le_bytes(*bytes))
            }
            LENGTH => {
                let length = usize::try_from(self.varint()?).ok()?;
                let (bytes, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                Wire::Bytes(bytes)
            }
            FIXED32 => {
                let (bytes, rest) = self.rest.split_first_chunk()?;
                self.rest = rest;
                Wire::Fixed32(u32::from_le_bytes(*bytes))
            }
            _ => return None,
        };
        Some((tag >> 3, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u32, Wire<'a>);

    fn next(&mut self) -> Option<(u32, Wire<'a>)> {
        if self.is_broken || self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        self.is_broken = field.is_none();
        field
    }
}

/// Splits the first message off a stream of length-delimited messages;
/// `None` if it is not whole.
pub fn split_delimited(stream: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = Fields::of(stream);
    let length = usize::try_from(fields.varint()?).ok()?;
    fields.rest.split_at_checked(length)
}
