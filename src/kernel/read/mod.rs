//! Reads the kernel's files, and splits them into lines, fields and numbers.

mod absence;
mod background;
#[cfg(feature = "hub")]
pub mod datagram;
#[cfg(feature = "hub")]
pub mod dbus;
pub mod dir;
mod files;
mod filter;
#[cfg(feature = "hub")]
pub mod http;
mod listing;
mod names;
pub mod netlink;
mod periodic;
mod root;
pub mod scan;
mod seen;
mod slow_files;
mod source;
#[cfg(feature = "hub")]
pub mod stream;
mod table;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(feature = "hub")]
pub mod ubus;
mod walk;

pub use absence::{Absence, Shared};
pub use background::Background;
pub use dir::Dir;
pub use files::{FileId, Files, Shows};
pub use filter::{Filter, Patterns};
pub use listing::{Listed, Listing};
pub use names::Names;
pub use periodic::Periodic;
pub use root::Root;
pub use seen::SeenLabels;
use slow_files::SlowFiles;
pub use source::{Shape, Source};
pub use table::Table;
pub use walk::{MAX_PROCESSES, Process, Usage, Walk};
