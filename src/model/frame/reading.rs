//! The data of a series in a frame: the number of slots, and their meaning.

use crate::model::metric::{Histogram, Value};

/// The unit of a slot's integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Ones.
    Int,
    /// Hundredths.
    Centi,
    /// Thousandths.
    Milli,
    /// Billionths.
    Nano,
    /// The bits of a float.
    Float,
}

impl Scale {
    /// The scale and the slot of `value`. A value beyond 64 bits becomes a float.
    pub fn of(value: Value) -> (Scale, u64) {
        match value {
            Value::Int(n) => (Scale::Int, n),
            Value::Centi(n) => (Scale::Centi, n),
            Value::Milli(n) => (Scale::Milli, n),
            Value::Nano(n) => (Scale::Nano, n),
            Value::Fixed(..) | Value::Minus(..) | Value::Times(..) | Value::Float(_) => {
                (Scale::Float, value.as_f64().to_bits())
            }
        }
    }

    /// The value of a slot.
    pub fn value(self, slot: u64) -> Value {
        match self {
            Scale::Int => Value::Int(slot),
            Scale::Centi => Value::Centi(slot),
            Scale::Milli => Value::Milli(slot),
            Scale::Nano => Value::Nano(slot),
            Scale::Float => Value::Float(f64::from_bits(slot)),
        }
    }
}

/// The slots of a series in each frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape<'a> {
    /// One slot.
    Number(Scale),
    /// A slot for the count within each bucket, one more than there are bounds, then one for the
    /// sum, as a float.
    Histogram(&'a [f64]),
    /// A slot for the value of each quantile, then one for the sum, all floats, then one for the
    /// count.
    Summary(&'a [f64]),
}

impl Shape<'_> {
    /// How many slots.
    pub fn slots(&self) -> usize {
        match self {
            Shape::Number(_) => 1,
            Shape::Histogram(list) | Shape::Summary(list) => list.len() + 2,
        }
    }
}

/// The sample of a series in one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading<'a> {
    /// Of a counter, a gauge or an untyped metric.
    Number(Value),
    /// Of a histogram; counts are those within each bucket.
    Histogram(Histogram<'a>),
    /// Of a summary.
    Summary(Quantiles<'a>),
}

/// A summary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiles<'a> {
    quantiles: &'a [f64],
    values: &'a [u64],
    /// The sum of the observations.
    pub sum: f64,
    /// The number of observations.
    pub count: u64,
}

impl<'a> Quantiles<'a> {
    /// Each quantile and its value.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (f64, f64)> + use<'a> {
        let values = self.values.iter().map(|bits| f64::from_bits(*bits));
        self.quantiles.iter().copied().zip(values)
    }
}

impl<'a> Reading<'a> {
    /// Reads the slots of a series of that shape.
    pub(super) fn of(shape: Shape<'a>, slots: &'a [u64]) -> Option<Reading<'a>> {
        Some(match shape {
            Shape::Number(scale) => Reading::Number(scale.value(*slots.first()?)),
            Shape::Histogram(bounds) => {
                let (counts, rest) = slots.split_at_checked(bounds.len() + 1)?;
                let sum = f64::from_bits(*rest.first()?);
                Reading::Histogram(Histogram { bounds, counts, sum })
            }
            Shape::Summary(quantiles) => {
                let (values, rest) = slots.split_at_checked(quantiles.len())?;
                let (sum, count) = (f64::from_bits(*rest.first()?), *rest.get(1)?);
                Reading::Summary(Quantiles { quantiles, values, sum, count })
            }
        })
    }
}
