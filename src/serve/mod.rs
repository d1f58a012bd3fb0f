//! HTTP: `listen` takes connections, `http` reads requests, `routes` answers them, `event` is the poll
//! loop, `tiny` the reference front.

pub mod event;
pub mod http;
pub mod listen;
#[cfg(feature = "exporter")]
pub mod routes;
#[cfg(feature = "tiny_http")]
pub mod tiny;
