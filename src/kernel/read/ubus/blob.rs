//! Attributes of ubus: four bytes with identifier and length, the data, and zeros up to a multiple of four.
//! All numbers are big-endian. In a table each also has a name, and the identifier is the type of its value.

/// Bytes of the identifier and length of an attribute.
const HEAD: usize = 4;
const ALIGN: usize = 4;

/// A name precedes the value.
const HAS_NAME: u32 = 1 << 31;
const ID: u32 = 0x7f << 24;
const LENGTH: u32 = (1 << 24) - 1;

/// Types of values.
const ARRAY: u8 = 1;
const TABLE: u8 = 2;
const TEXT: u8 = 3;
const INT64: u8 = 4;
const INT32: u8 = 5;
const INT16: u8 = 6;
const INT8: u8 = 7;
const DOUBLE: u8 = 8;

/// Nested tables.
const MAX_DEPTH: usize = 16;

/// An attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    pub id: u8,
    pub data: &'a [u8],
    has_name: bool,
}

/// Attributes one after the other. Ends before an incomplete one.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a>(pub &'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let (head, _) = self.0.split_first_chunk::<HEAD>()?;
        let head = u32::from_be_bytes(*head);
        let length = (head & LENGTH) as usize;
        let data = self.0.get(HEAD..length)?;
        // The zeros after the last may be missing.
        self.0 = self.0.get(length.next_multiple_of(ALIGN)..).unwrap_or_default();
        let id = u8::try_from((head & ID) >> 24).ok()?;
        Some(Attribute { id, data, has_name: head & HAS_NAME != 0 })
    }
}

impl<'a> Attributes<'a> {
    /// The data of the first with this identifier.
    pub fn get(mut self, id: u8) -> Option<&'a [u8]> {
        self.find(|one| one.id == id).map(|one| one.data)
    }

    /// The number with this identifier.
    pub fn number(self, id: u8) -> Option<u32> {
        self.get(id).and_then(|data| data.try_into().ok()).map(u32::from_be_bytes)
    }
}

/// A value of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Table(Table<'a>),
    Array,
    Text(&'a [u8]),
    /// No quantity that is used is negative.
    Int(u64),
    Float(f64),
}

/// Values with names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table<'a>(&'a [u8]);

impl<'a> Table<'a> {
    /// The table in `bytes`; `None` if a part of it is incomplete, or not of a table.
    pub fn parse(bytes: &'a [u8]) -> Option<Table<'a>> {
        is_whole(bytes, MAX_DEPTH).then_some(Table(bytes))
    }

    /// Names and values, in their order.
    pub fn fields(self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> {
        Attributes(self.0).filter_map(field)
    }

    /// The value of this name.
    pub fn get(self, name: &str) -> Option<Value<'a>> {
        self.fields().find(|(known, _)| *known == name.as_bytes()).map(|(_, value)| value)
    }

    /// The table of this name; an empty one if there is none.
    pub fn table(self, name: &str) -> Table<'a> {
        match self.get(name) {
            Some(Value::Table(table)) => table,
            _ => Table(b""),
        }
    }

    /// The text of this name; empty if there is none.
    pub fn text(self, name: &str) -> &'a [u8] {
        match self.get(name) {
            Some(Value::Text(text)) => text,
            _ => b"",
        }
    }
}

fn field(one: Attribute<'_>) -> Option<(&[u8], Value<'_>)> {
    let (name, data) = if one.has_name { named(one.data)? } else { (&b""[..], one.data) };
    let value = match one.id {
        TABLE => Value::Table(Table(data)),
        ARRAY => Value::Array,
        // Up to the zero at its end.
        TEXT => Value::Text(data.split(|byte| *byte == 0).next().unwrap_or_default()),
        INT64 => Value::Int(u64::from_be_bytes(data.try_into().ok()?)),
        INT32 => Value::Int(u32::from_be_bytes(data.try_into().ok()?).into()),
        INT16 => Value::Int(u16::from_be_bytes(data.try_into().ok()?).into()),
        INT8 => Value::Int((*data.first()?).into()),
        DOUBLE => Value::Float(f64::from_bits(u64::from_be_bytes(data.try_into().ok()?))),
        _ => return None,
    };
    Some((name, value))
}

/// A name, two bytes with its length before it and a zero after it, and the data after that.
fn named(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = data.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let name = rest.get(..length)?;
    let value = data.get((2 + length + 1).next_multiple_of(ALIGN)..)?;
    Some((name, value))
}

/// Whether it is complete, including nested tables.
fn is_whole(bytes: &[u8], depth: usize) -> bool {
    let mut all = Attributes(bytes);
    let are_sound = all.by_ref().all(|one| match field(one) {
        Some((_, Value::Table(table))) => depth > 0 && is_whole(table.0, depth - 1),
        Some(_) => true,
        None => false,
    });
    are_sound && all.0.is_empty()
}

/// Appends an attribute.
pub fn write(out: &mut Vec<u8>, id: u8, data: &[u8]) {
    let length = u32::try_from(HEAD + data.len()).unwrap_or(LENGTH) & LENGTH;
    out.extend_from_slice(&(u32::from(id) << 24 | length).to_be_bytes());
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(ALIGN), 0);
}
