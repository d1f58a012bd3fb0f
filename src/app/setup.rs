//! Steps that a start and a reload have in common.

use super::open_files;
use crate::base::log;
use crate::kernel::collect::COLLECTORS;
use crate::kernel::gather::Gather;
use crate::kernel::read::Root;
#[cfg(not(feature = "tiny_http"))]
use crate::serve::event::Server;
use crate::serve::http::Limits;
use crate::serve::listen::Listener;
use crate::serve::routes;
#[cfg(feature = "tiny_http")]
use crate::serve::tiny::Server;
use crate::settings::{self, Refusal, Settings, Subject};
use std::env;

/// Logs settings that are wrong and ignored.
pub fn warn(settings: &Settings) {
    for warning in &settings.warnings {
        log::warn("a setting is ignored", &[("error", warning)]);
    }
}

/// The specifications of all collectors, for the settings.
pub fn subjects() -> Vec<&'static Subject> {
    COLLECTORS.iter().map(|c| &c.subject).collect()
}

/// Loads the settings.
pub fn load() -> Result<Settings, Refusal> {
    settings::load_as(&subjects(), routes::is_reserved, env::args_os(), env::vars_os())
}

/// The collectors of these settings.
pub fn gather(settings: &Settings) -> Gather {
    let root = Root::at(settings.paths.clone());
    Gather::new(settings.dialect, &root, &settings.collectors, settings.process_metrics)
}

/// The limits for clients.
pub fn limits(settings: &Settings) -> Limits {
    let server = &settings.server;
    Limits {
        connections: open_files::connections(settings),
        head: server.max_head_bytes,
        head_time: server.head_timeout,
        drain_time: server.drain_timeout,
        idle_time: server.idle_timeout,
    }
}

/// Logs, in a container, that the host is read and not the container.
pub fn log_host_trees(settings: &Settings) {
    let trees = settings.host_trees.trim_end();
    if !trees.is_empty() {
        log::info("the trees of the host are mounted and read", &[("paths", &trees)]);
    }
}

/// Logs each address.
pub fn announce(server: &Server, settings: &Settings) {
    for address in server.listeners().iter().map(Listener::address) {
        let path = &settings.server.metrics_path;
        log::info("serving", &[("address", &address), ("path", path)]);
    }
}
