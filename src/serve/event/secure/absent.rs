//! Replaces https and users in a build without them.

use super::Server;
use crate::serve::http::Connection;
#[cfg(feature = "exporter")]
use crate::serve::security::Security;
use std::os::fd::OwnedFd;
use std::time::Instant;

impl Server {
    /// Changes nothing.
    ///
    /// # Errors
    ///
    /// Never fails.
    #[cfg(feature = "exporter")]
    pub fn secure(&mut self, security: Security) -> std::io::Result<()> {
        self.security = security;
        Ok(())
    }

    pub(super) fn newcomer(&self, _: usize, socket: OwnedFd, now: Instant) -> Connection {
        Connection::new(socket, &self.limits, now)
    }

    pub(super) fn take_logins(&self, _: Instant) {}
}
