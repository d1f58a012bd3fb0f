//! Replaces https and users in a build without them: plain HTTP without login. The settings
//! reject any that name them.

#[cfg(feature = "exporter")]
use crate::settings::Server;
#[cfg(feature = "exporter")]
use std::io;
#[cfg(feature = "exporter")]
use std::path::PathBuf;

/// No state.
#[derive(Default)]
pub struct Security {}

#[cfg(feature = "exporter")]
impl Security {
    /// Reads nothing.
    ///
    /// # Errors
    ///
    /// Never fails.
    pub fn read(_: &Server) -> io::Result<Security> {
        Ok(Security {})
    }

    /// No files.
    pub fn files(&self) -> &[PathBuf] {
        &[]
    }
}
