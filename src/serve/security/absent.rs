//! In the place of https and users in a build without them: plain HTTP for everybody. The settings
//! refuse what names them.

#[cfg(feature = "exporter")]
use crate::settings::Server;
#[cfg(feature = "exporter")]
use std::io;
#[cfg(feature = "exporter")]
use std::path::PathBuf;

/// Nothing.
#[derive(Default)]
pub struct Security {}

#[cfg(feature = "exporter")]
impl Security {
    /// There is nothing to read.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn read(_: &Server) -> io::Result<Security> {
        Ok(Security {})
    }

    /// There is none.
    pub fn files(&self) -> &[PathBuf] {
        &[]
    }
}
