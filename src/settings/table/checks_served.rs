//! What the options of https and users have to do with each other, and with the build.

use crate::settings::table::checks::{Check, wrong};
use crate::settings::table::checks_out::NO_TLS;
use crate::settings::types::{ServerTls, Settings};

/// https, users, and what says both instead.
pub fn server(settings: &mut Settings) -> Check {
    let server = &mut settings.server;
    server.web_config = server.web_config.take().filter(|path| !path.as_os_str().is_empty());
    let key = if server.web_config.is_some() { "web_config_file" } else { "users_file" };
    if server.web_config.is_none() && server.users_file.is_none() {
        return Ok(());
    }
    if !cfg!(feature = "tls") {
        return wrong(key, &["it takes TLS, and ", NO_TLS]);
    }
    let is_both = server.users_file.is_some() || server.tls != ServerTls::default();
    match server.web_config.is_some() && is_both {
        true => wrong(key, &["together with users_file or server.tls; it says both, keep one"]),
        false => Ok(()),
    }
}

/// The table of https alone.
pub fn server_tls(settings: &mut Settings) -> Check {
    let tls = &settings.server.tls;
    if *tls == ServerTls::default() {
        return Ok(());
    }
    if !cfg!(feature = "tls") {
        return wrong("cert_file", &[NO_TLS]);
    }
    match tls.contradiction() {
        Some((key, what)) => {
            wrong(if key == "client_ca" { "client_ca_file" } else { key }, &[what])
        }
        None => Ok(()),
    }
}
