//! HTTP/1.1 as far as a scraper needs it (RFC 9110, RFC 9112), for connections that the event loop
//! drives.

mod accept;
#[cfg_attr(not(feature = "tls"), path = "channel/absent.rs")]
mod channel;
mod connection;
#[cfg_attr(not(feature = "gzip"), path = "gzip/absent.rs")]
mod gzip;
mod query;
mod request;
mod response;
mod status;
mod unsent;

pub use accept::{accepts_gzip, prefers_open_metrics, reads_utf8};
pub use connection::{Connection, Limits, Next, Phase};
pub use gzip::Gzip;
pub use query::Query;
pub use request::{Body, Method, Refusal, Request};
pub use response::Response;
pub use status::Status;
