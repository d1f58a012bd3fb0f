//! Words of the field: family, value, sink.

mod buffer;
mod column;
mod family;
mod label;
mod series;
mod sink;
mod value;

pub use buffer::Buffer;
pub use column::{Cell, Column, Rows};
pub use family::{Family, Kind, Unit, counter, fresh_stamp, gauge, untyped};
pub use label::{Label, WORD, Word, is_plain};
pub use series::Exemplar;
pub use series::{Histogram, Labels, Point, Summary};
pub use sink::Sink;
pub use sink::Source;
pub use value::{Decimal, Value};
