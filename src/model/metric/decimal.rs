//! An integer as the text of a label.

use super::{Label, Value};
use crate::base::sys::Pen;

/// An integer as text, for a label.
pub struct Decimal([u8; Value::ROOM], usize);

impl Decimal {
    /// The decimal digits of `n`.
    pub fn of(n: u64) -> Decimal {
        let mut text = [0; Value::ROOM];
        let length = Value::ROOM - Value::Int(n).write(Pen::new(&mut text)).left();
        Decimal(text, length)
    }

    /// The digits.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.get(..self.1).unwrap_or_default()
    }

    /// The digits as a label value.
    #[inline]
    pub fn label(&self) -> Label<'_> {
        Label::of(self.as_bytes())
    }
}
