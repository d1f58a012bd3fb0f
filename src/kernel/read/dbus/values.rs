//! Values in a message: each at a multiple of its size from the message's start, texts with
//! their length before and a zero byte after them.

/// Nested values that are skipped; a bus allows no more than 64.
const MAX_DEPTH: usize = 16;

/// One value of a type that properties use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A text, a path of an object or a signature.
    Text(&'a [u8]),
    /// An integer without a sign, of any size.
    Number(u64),
    Switch(bool),
}

/// Values one after the other; `None` if one is incomplete.
#[derive(Clone)]
pub struct Values<'a> {
    /// The bytes from a multiple of eight in the message on.
    bytes: &'a [u8],
    at: usize,
    is_big_endian: bool,
}

impl<'a> Values<'a> {
    /// The values in `bytes`, which begin at a multiple of eight in the message.
    pub fn new(bytes: &'a [u8], is_big_endian: bool) -> Values<'a> {
        Values { bytes, at: 0, is_big_endian }
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Skips to a multiple of `size`, which is a power of two. A structure begins at a multiple of eight.
    pub fn align(&mut self, size: usize) {
        self.at = self.at.next_multiple_of(size);
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// `y`
    pub fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// `q`, `u` or `t`, by the size in bytes.
    fn number(&mut self, size: usize) -> Option<u64> {
        self.align(size);
        let bytes = self.take(size)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        let is_big_endian = self.is_big_endian;
        Some(if is_big_endian {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        })
    }

    /// `u`
    pub fn uint32(&mut self) -> Option<u32> {
        self.number(4).and_then(|number| u32::try_from(number).ok())
    }

    /// `i`
    pub fn int32(&mut self) -> Option<i32> {
        self.uint32().map(u32::cast_signed)
    }

    /// `t`
    pub fn uint64(&mut self) -> Option<u64> {
        self.number(8)
    }

    /// `d`
    pub fn double(&mut self) -> Option<f64> {
        self.number(8).map(f64::from_bits)
    }

    /// `s`, and `o` if the path is not used.
    pub fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.uint32()?;
        self.ended(length as usize)
    }

    /// `o`: `/`, or names of letters, digits and `_` with `/` before each. A bus closes the connection of a client that
    /// sends anything else.
    pub fn path(&mut self) -> Option<&'a [u8]> {
        let path = self.text()?;
        let names = path.strip_prefix(b"/")?;
        let is_name = |name: &[u8]| {
            !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        };
        let is_path = names.is_empty() || names.split(|byte| *byte == b'/').all(is_name);
        is_path.then_some(path)
    }

    /// `g`
    pub fn signature(&mut self) -> Option<&'a [u8]> {
        let length = self.byte()?;
        self.ended(length.into())
    }

    fn ended(&mut self, length: usize) -> Option<&'a [u8]> {
        let text = self.take(length)?;
        (self.byte()? == 0).then_some(text)
    }

    /// `a…`: the elements, which begin at a multiple of `size`.
    pub fn array(&mut self, size: usize) -> Option<Values<'a>> {
        let length = self.uint32()? as usize;
        self.align(size);
        let (start, end) = (self.at, self.at.checked_add(length)?);
        self.at = end;
        let bytes = self.bytes.get(..end)?;
        Some(Values { bytes, at: start, is_big_endian: self.is_big_endian })
    }

    /// `v` with a value of any type: the type, and the value with the bytes after it.
    pub fn any(&mut self) -> Option<(&'a [u8], Values<'a>)> {
        let kind = self.signature()?;
        let value = self.clone();
        self.skip(kind, MAX_DEPTH)?;
        Some((kind, value))
    }

    /// Skips values of these types.
    fn skip(&mut self, mut types: &[u8], depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        while let Some(kind) = types.first() {
            let (one, rest) = types.split_at_checked(single(types)?)?;
            match kind {
                b'a' => self.array(alignment(one.get(1)?)).map(|_| ())?,
                b'v' => {
                    let kind = self.signature()?;
                    self.skip(kind, depth)?;
                }
                b'(' => {
                    self.align(8);
                    self.skip(one.get(1..one.len() - 1)?, depth)?;
                }
                b's' | b'o' => self.text().map(|_| ())?,
                b'g' => self.signature().map(|_| ())?,
                b'y' | b'n' | b'q' | b'i' | b'u' | b'b' | b'x' | b't' | b'd' => {
                    self.number(alignment(kind)).map(|_| ())?;
                }
                _ => return None,
            }
            types = rest;
        }
        Some(())
    }

    /// `v` with a value of a type that `Value` has.
    pub fn variant(&mut self) -> Option<Value<'a>> {
        let [kind] = self.signature()? else { return None };
        match kind {
            b's' | b'o' => self.text().map(Value::Text),
            b'g' => self.signature().map(Value::Text),
            b'y' => self.number(1).map(Value::Number),
            b'q' => self.number(2).map(Value::Number),
            b'u' => self.number(4).map(Value::Number),
            b't' => self.number(8).map(Value::Number),
            b'b' => match self.number(4)? {
                on @ (0 | 1) => Some(Value::Switch(on == 1)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The number of letters of the first complete type.
fn single(types: &[u8]) -> Option<usize> {
    let arrays = types.iter().take_while(|kind| **kind == b'a').count();
    let mut open = 0usize;
    for (at, kind) in types.iter().enumerate().skip(arrays) {
        match kind {
            b'(' | b'{' => open += 1,
            b')' | b'}' => open = open.checked_sub(1)?,
            _ => {}
        }
        if open == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// The alignment of a type, by its first letter; the size of a number.
fn alignment(kind: &u8) -> usize {
    match kind {
        b'y' | b'g' | b'v' => 1,
        b'n' | b'q' => 2,
        b'x' | b't' | b'd' | b'(' | b'{' => 8,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_at_multiples_of_their_sizes() {
        let bytes = b"\x07\0\0\0\x02\0\0\0hi\0\0\0\0\0\0\x01t\0\0\0\0\0\0\x01\0\0\0\0\0\0\x80";
        let mut values = Values::new(bytes, false);
        assert_eq!((values.byte(), values.text()), (Some(7), Some(&b"hi"[..])));
        values.align(8);
        assert_eq!(values.variant(), Some(Value::Number(1 << 63 | 1)));
        assert!(values.is_empty());
        assert_eq!(values.byte(), None);
        let mut big = Values::new(b"\0\0\0\x01\x01u\0\0\x01\x02\x03\x04", true);
        assert_eq!((big.uint32(), big.variant()), (Some(1), Some(Value::Number(0x0102_0304))));
    }

    #[test]
    fn arrays_end_where_they_say() {
        let bytes = b"\x08\0\0\0\0\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0";
        let mut values = Values::new(bytes, false);
        let mut array = values.array(8).unwrap();
        assert_eq!((array.uint32(), array.uint32(), array.uint32()), (Some(1), Some(2), None));
        assert_eq!(values.uint32(), Some(3));
    }

    /// `(ub)`, `a(su)`, `v` within `v`, and the value after them.
    #[test]
    fn values_of_any_type_can_be_skipped() {
        let structure = [&b"\x04(ub)\0\0\0\x07\0\0\0\x01\0\0\0"[..], b"\x07\0\0\0"].concat();
        let mut values = Values::new(&structure, false);
        let (kind, mut value) = values.any().unwrap();
        value.align(8);
        assert_eq!((kind, value.uint32()), (&b"(ub)"[..], Some(7)));
        assert_eq!((values.uint32(), values.is_empty()), (Some(7), true));
        let list = b"\x05a(su)\0\0\x0c\0\0\0\0\0\0\0\x03\0\0\0usb\0\x09\0\0\0\x2a";
        let mut values = Values::new(list, false);
        assert!(values.any().is_some_and(|(kind, _)| kind == b"a(su)"));
        assert_eq!((values.byte(), values.any().is_none()), (Some(0x2a), true));
        let nested =
            b"\x01v\0\x01v\0\x01i\0\0\0\0\xff\xff\xff\xff\x01d\0\0\0\0\0\0\0\0\0\0\0\0\xf8\xbf";
        let mut values = Values::new(nested, false);
        assert!(values.any().is_some());
        let (kind, mut value) = values.any().unwrap();
        assert_eq!((kind, value.double(), values.is_empty()), (&b"d"[..], Some(-1.5), true));
        assert_eq!(Values::new(b"\xfe\xff\xff\xff", false).int32(), Some(-2));
        assert!(Values::new(&b"\x01v\0".repeat(99), false).any().is_none(), "too deep");
        for torn in [&b"\x01(\0"[..], b"\x01)\0", b"\x01a\0", b"\x02a{\0", b"\x01z\0", b"\x01i\0\0"]
        {
            assert!(Values::new(torn, false).any().is_none());
        }
    }

    #[test]
    fn a_type_is_whole() {
        let types =
            ["ii", "aiu", "aa{sv}u", "(i(ub))u", "a(", "", "a"].map(|t| single(t.as_bytes()));
        assert_eq!(types, [Some(1), Some(2), Some(6), Some(7), None, None, None]);
    }

    #[test]
    fn paths_are_those_of_objects() {
        let path = |text: &str| {
            let bytes = [&(text.len() as u32).to_le_bytes(), text.as_bytes(), b"\0"].concat();
            Values::new(&bytes, false).path().is_some()
        };
        assert!(path("/") && path("/a") && path("/org/x_2fy/_31"));
        assert!(!path("") && !path("a") && !path("/a/") && !path("//") && !path("/a-b"));
    }

    #[test]
    fn torn_values_are_refused() {
        for torn in [
            &b"\x05\0\0\0hello"[..],    // no zero byte
            b"\x05\0\0\0hellox",        // another byte
            b"\xff\xff\xff\xffhello\0", // longer than the message
            b"\x05\0",                  // no length
        ] {
            assert_eq!(Values::new(torn, false).text(), None);
            assert!(Values::new(torn, false).array(8).is_none_or(|array| array.is_empty()));
        }
        for torn in [&b"\x01b\0\0\x02\0\0\0"[..], b"\x02as\0", b"\x01a\0", b"\0\0", b"\x01d\0", b""]
        {
            assert_eq!(Values::new(torn, false).variant(), None);
        }
    }
}
