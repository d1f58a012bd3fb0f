//! What a directory of objects looks like: which entries are objects, which attribute files they have,
//! and how each is written. A collector of this kind consists of such tables.

use crate::kernel::read::scan;
use crate::model::metric::{Family, Value};

/// A directory of objects.
pub struct Layout {
    /// Where they are, such as `/sys/class/thermal`.
    pub directory: &'static str,
    /// Whether an entry is an object.
    pub is_object: fn(&str) -> bool,
    /// The values of the families' labels.
    pub labels: &'static [LabelFrom],
    /// The attributes that are read of each object, at most 64.
    pub attributes: &'static [Attribute],
}

/// Objects below the objects of a layout, such as the ports of a device, or below those of the level
/// before.
pub struct Level {
    /// The directory below the upper object that has them; empty if that is the object itself.
    pub directory: &'static str,
    /// The name of the object that an entry of the directory stands for.
    pub object: fn(&str) -> Option<&str>,
    /// The separator between the object and its attributes: `/` for a directory of its own, `_` for files
    /// such as `ch0_ce_count`.
    pub join: &'static str,
    /// The values of the families' labels.
    pub labels: &'static [LabelFrom],
    /// The attributes that are read of each object, at most 64.
    pub attributes: &'static [Attribute],
}

/// Where the value of a label comes from. A family that has fewer keys than the object has labels gets
/// the first of them.
#[derive(Clone, Copy, Debug)]
pub enum LabelFrom {
    /// The name of the object without this prefix.
    Name(&'static str),
    /// The name of the object, as this function shows it.
    NameBy(fn(&str) -> &str),
    /// The text of an attribute; empty where it cannot be read.
    File(&'static str),
    /// The text of an attribute, as this function shows it; `None` where it cannot be read.
    FileBy(&'static str, fn(Option<&[u8]>) -> Vec<u8>),
    /// The label at this index of the upper object.
    Above(usize),
    /// This constant text.
    Text(&'static str),
}

/// One attribute file, and what it becomes.
pub struct Attribute {
    /// Its path below the object.
    pub file: &'static str,
    /// The family of its samples.
    pub family: &'static Family<'static>,
    /// How its text is parsed.
    pub form: Form,
}

/// Parses the text of an attribute; `None` where it is not of the expected form. A collector with
/// a form of its own writes such a function.
pub type Form = fn(&Family<'static>, &[u8]) -> Option<Value>;

/// An unsigned decimal integer.
pub fn unsigned(family: &Family<'static>, text: &[u8]) -> Option<Value> {
    scan::uint(text).map(|raw| family.value(raw))
}

/// A decimal integer that may be below zero.
pub fn signed(family: &Family<'static>, text: &[u8]) -> Option<Value> {
    scan::int(text).map(|raw| family.signed(raw))
}

/// An integer in hexadecimal digits, with or without a leading `0x`.
pub fn hexadecimal(family: &Family<'static>, text: &[u8]) -> Option<Value> {
    scan::hex(text).map(|raw| family.value(raw))
}

/// The unsigned decimal integer that the text begins with: `4 (3)`, `4: ACTIVE`.
pub fn leading(family: &Family<'static>, text: &[u8]) -> Option<Value> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    unsigned(family, text.get(..digits)?)
}
