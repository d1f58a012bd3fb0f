//! Outputs: `expose` writes pages, `export` and `spool` send, `alert` evaluates rules, `status` shows.

#[cfg(feature = "hub")]
pub mod alert;
#[cfg(feature = "hub")]
mod answer_text;
#[cfg(feature = "hub")]
mod backoff;
#[cfg(feature = "hub")]
pub mod export;
pub mod expose;
#[cfg(feature = "hub")]
mod json_text;
#[cfg(feature = "hub")]
mod reasons;
#[cfg(feature = "hub")]
pub mod spool;
#[cfg(feature = "hub")]
pub mod status;
