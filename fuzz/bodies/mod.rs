//! What each fuzz target does with its bytes. Shared by `targets/`, which libFuzzer drives, and
//! `tests/fuzz.rs`, which drives them with stored and damaged files.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod alert;
#[cfg(feature = "hub")]
mod answer;
#[cfg(feature = "hub")]
mod dbus;
#[cfg(feature = "hub")]
mod edge;
mod exposition;
mod files;
#[cfg(feature = "hub")]
mod ingest;
#[cfg(feature = "hub")]
mod judge;
mod logs;
#[path = "../../tests/support/machine.rs"]
mod machine;
#[path = "../../tests/support/naive/mod.rs"]
mod naive;
mod netlink;
#[path = "../../tests/support/place.rs"]
mod place;
#[cfg(feature = "hub")]
mod push;
#[path = "../../tests/support/readers.rs"]
mod readers;
#[cfg(feature = "tls")]
mod secure;
mod spool;
#[path = "../../tests/support/steady.rs"]
mod steady;
#[path = "../../tests/support/strict.rs"]
mod strict;
mod wire;

#[allow(unused_imports)] // seeds are made elsewhere
pub use files::of_collectors;

/// A body takes any bytes and panics when a promise is broken.
pub type Body = fn(&[u8]);

#[cfg(feature = "hub")]
use {
    ingest::{exposition_in, textfile},
    push::{push_group, push_protobuf},
};

/// Without the hub nobody's text is read.
#[cfg(not(feature = "hub"))]
fn exposition_in(_: &[u8]) {}

/// Nor files of it.
#[cfg(not(feature = "hub"))]
fn textfile(_: &[u8]) {}

/// Without the hub nothing is pushed.
#[cfg(not(feature = "hub"))]
fn push_group(_: &[u8]) {}

/// Nor in another form.
#[cfg(not(feature = "hub"))]
fn push_protobuf(_: &[u8]) {}

/// Every target.
pub static BODIES: [(&str, Body); 39] = [
    ("accept", wire::accept),
    ("alert_condition", alert::condition),
    ("boot_state", edge::boot_state),
    ("certificate", secure::certificate),
    ("chrony", edge::chrony),
    ("collectors", files::collectors),
    ("connection", wire::connection),
    ("dbus", dbus::message),
    ("diskstats", files::diskstats),
    ("exposition", exposition::exposition),
    ("exposition_in", exposition_in),
    ("gpsd", edge::gpsd),
    ("gzip", wire::gzip),
    ("http_answer", answer::http_answer),
    ("kernel_log", edge::kernel_log),
    ("meminfo", files::meminfo),
    ("modemmanager", edge::modemmanager),
    ("net_dev", files::net_dev),
    ("netlink", netlink::netlink),
    ("nut", edge::nut),
    ("otlp_answer", judge::otlp_answer),
    ("proc_stat", files::proc_stat),
    ("protobuf", judge::protobuf),
    ("push_group", push_group),
    ("push_json", wire::push_json),
    ("push_protobuf", push_protobuf),
    ("query", wire::query),
    ("request_head", wire::request_head),
    ("settings_toml", files::settings_toml),
    ("spool_payload", spool::spool_payload),
    ("statsd", wire::statsd),
    ("tail_lines", logs::tail_lines),
    ("tail_state", logs::tail_state),
    ("target_json", answer::target_json),
    ("textfile", textfile),
    ("ubus", edge::ubus),
    ("udev", files::udev),
    ("web_config", secure::web_config),
    ("write_answer", judge::write_answer),
];

/// Without the hub nobody is asked.
#[cfg(not(feature = "hub"))]
mod answer {
    pub fn http_answer(_: &[u8]) {}
    pub fn target_json(_: &[u8]) {}
}

/// Without the hub no other program is asked.
#[cfg(not(feature = "hub"))]
mod dbus {
    pub fn message(_: &[u8]) {}
}

/// Without the hub there are node_exporter's collectors only.
#[cfg(not(feature = "hub"))]
mod edge {
    pub fn boot_state(_: &[u8]) {}
    pub fn chrony(_: &[u8]) {}
    pub fn gpsd(_: &[u8]) {}
    pub fn kernel_log(_: &[u8]) {}
    pub fn modemmanager(_: &[u8]) {}
    pub fn nut(_: &[u8]) {}
    pub fn ubus(_: &[u8]) {}
}

/// Without the hub nothing is sent.
#[cfg(not(feature = "hub"))]
mod judge {
    pub fn otlp_answer(_: &[u8]) {}
    pub fn protobuf(_: &[u8]) {}
    pub fn write_answer(_: &[u8]) {}
}

/// Without TLS nobody may ask over https.
#[cfg(not(feature = "tls"))]
mod secure {
    pub fn certificate(_: &[u8]) {}
    pub fn web_config(_: &[u8]) {}
}
