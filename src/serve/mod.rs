//! HTTP: `listen` opens sockets, `security` checks clients, `http` parses requests, `routes` answers
//! them, `event` is the poll loop, `tiny` the reference server.

pub mod event;
pub mod http;
pub mod listen;
#[cfg(feature = "exporter")]
pub mod routes;
#[cfg_attr(not(feature = "tls"), path = "security/absent.rs")]
pub mod security;
#[cfg(feature = "tiny_http")]
pub mod tiny;
