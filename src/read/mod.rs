//! From the kernel's files to lines, fields and numbers.

pub mod dir;
mod filter;
mod names;
mod root;
pub mod scan;
mod source;
mod table;

pub use dir::Dir;
pub use filter::Filter;
pub use names::Names;
pub use root::Root;
pub use source::{Shape, Source};
pub use table::Table;
