//! Words of the field: family, value, sink.

mod buffer;
mod family;
mod label;
#[cfg(any(feature = "hub", feature = "recorder"))]
mod series;
mod sink;
mod value;

pub use buffer::Buffer;
pub use family::{Family, Kind, Own, Unit, counter, fresh_stamp, gauge};
pub use label::{Label, WORD, Word};
#[cfg(feature = "recorder")]
pub use series::Exemplar;
#[cfg(any(feature = "hub", feature = "recorder"))]
pub use series::{Histogram, Labels, Point, Summary};
pub use sink::Sink;
#[cfg(any(feature = "hub", feature = "recorder"))]
pub use sink::Source;
pub use value::{Decimal, Value};
