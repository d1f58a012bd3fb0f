//! Writes Protobuf when all lengths are known in advance
//! (<https://protobuf.dev/programming-guides/encoding/>).

use crate::base::sys::Pen;

/// Bytes of the longest varint.
pub const VARINT: usize = 10;

/// How many bytes `n` has as a varint.
#[inline]
pub fn varint_len(n: u64) -> usize {
    (64 - (n | 1).leading_zeros() as usize).div_ceil(7)
}

/// Writes `n` as a varint; `pen` has room for the longest.
#[inline]
pub fn varint(pen: &mut Pen<'_>, n: u64) {
    match n {
        0..0x80 => pen.put_word(n, 1),
        0x80..0x4000 => pen.put_word((n & 0x7f) | 0x80 | (n >> 7 << 8), 2),
        _ => long(pen, n),
    }
}

fn long(pen: &mut Pen<'_>, mut n: u64) {
    while n >= 0x80 {
        pen.put(&[n as u8 | 0x80]);
        n >>= 7;
    }
    pen.put(&[n as u8]);
}

/// The tag of a field that is a message, a text or packed.
pub const fn bytes_tag(field: u8) -> u8 {
    field << 3 | 2
}

/// The tag of a field that is a varint.
pub const fn varint_tag(field: u8) -> u8 {
    field << 3
}

/// The tag of a field that is a double.
pub const fn double_tag(field: u8) -> u8 {
    field << 3 | 1
}
