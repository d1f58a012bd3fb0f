//! A reload of the settings at SIGHUP, all of it or nothing.

use super::open_files;
use super::privileges;
use super::sandbox::Sandbox;
use super::setup::{announce, gather, limits, load, log_host_trees, warn};
use crate::base::log;
#[cfg(not(feature = "tiny_http"))]
use crate::serve::event::Server;
use crate::serve::routes::Service;
use crate::serve::security::Security;
#[cfg(feature = "tiny_http")]
use crate::serve::tiny::Server;

/// Reads the settings again; if they are invalid, the old ones stay in effect. So they do when the file that they
/// were in is gone: the defaults would open the agent to the network, without a token.
pub fn reload(server: &mut Server, service: &mut Service, sandbox: &Sandbox, has_file: &mut bool) {
    service.notify.reloading();
    let changed = load().map_err(|refusal| refusal.to_string()).and_then(|settings| {
        if *has_file && settings.config_file.is_none() {
            return Err(
                "the settings file is gone: put it back, or restart to go without".to_owned()
            );
        }
        // Steps that may fail come before any change.
        sandbox.admits(&settings)?;
        open_files::check(&settings).map_err(|e| e.to_string())?;
        let prepared = service.prepare(&settings).map_err(|e| e.to_string())?;
        let of = &settings.server;
        let security = Security::read(of).map_err(|e| e.to_string())?;
        server.listen(&of.listen, &of.access).map_err(|e| e.to_string())?;
        server.secure(security).map_err(|e| e.to_string())?;
        Ok((settings, prepared))
    });
    match changed {
        Ok((settings, prepared)) => {
            *has_file = settings.config_file.is_some();
            log::configure(settings.log.format, settings.log.level);
            warn(&settings);
            privileges::warn_of_trees(&settings);
            service.apply(prepared, &settings);
            let path = settings.server.metrics_path.clone();
            service.reconfigure(settings.dialect, path, gather(&settings));
            server.limit(limits(&settings));
            announce(server, &settings);
            match &settings.config_file {
                Some(file) => log::info("settings reloaded", &[("file", &file.display())]),
                None => log::info("settings reloaded", &[("file", &"none")]),
            }
            log_host_trees(&settings);
        }
        Err(error) => {
            log::error("settings not reloaded, the old ones stay", &[("error", &error.trim_end())]);
        }
    }
    service.notify.send("READY=1");
}
