//! Alerts of the real binary: values are pushed over and under thresholds; the destinations are scripted webhooks,
//! a mail program, a relay, and the real Alertmanager and Prometheus.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // that front waits for clients only
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests start the peers

#[path = "../common/mod.rs"]
mod common;
#[path = "../support/random.rs"]
mod random;
#[path = "../support/receiver.rs"]
#[allow(dead_code)] // not all of it is used here
mod receiver;

mod alertmanager;
mod mail;
mod prometheus;
mod rules;
mod support;
mod webhook;
