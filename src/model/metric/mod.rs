//! The data model of metrics: family, label, value, series, sink.

mod buffer;
mod column;
mod decimal;
mod family;
mod label;
mod row;
mod series;
mod sink;
mod unit;
mod value;

pub use buffer::Buffer;
pub use column::{Cell, Cells, Column, Rows};
pub use decimal::Decimal;
pub use family::{Family, Kind, Row, Traits};
pub use label::{Label, WORD, Word, is_plain};
pub(crate) use row::families;
pub use row::{counter, fresh_stamp, gauge, named, untyped};
pub use series::Exemplar;
pub use series::{Histogram, Labels, Point, Summary};
pub use sink::{NullSink, Sink, Source};
pub use unit::Unit;
pub use value::Value;
