//! Replaces TLS in a build without it: settings for it are rejected.

#[cfg(feature = "hub")]
use crate::settings;
#[cfg(feature = "hub")]
use std::io::{self, ErrorKind};

/// Nothing: without the feature `tls` no URL is one of https.
#[derive(Clone, Debug, Default)]
pub struct Tls;

#[cfg(feature = "hub")]
impl Tls {
    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// Any TLS setting is present.
    pub fn read(given: &settings::Tls) -> io::Result<Tls> {
        if *given == settings::Tls::default() {
            return Ok(Tls);
        }
        let text = "TLS is configured, but this build has none: it needs the cargo feature tls";
        Err(io::Error::new(ErrorKind::Unsupported, text))
    }
}
