//! In the place of TLS in a build without it: what is configured for it is refused.

#[cfg(feature = "hub")]
use crate::settings;
#[cfg(feature = "hub")]
use std::io::{self, ErrorKind};

/// Nothing: without the feature `tls` no URL is one of https.
#[derive(Clone, Debug, Default)]
pub struct Tls;

#[cfg(feature = "hub")]
impl Tls {
    /// That which is configured.
    ///
    /// # Errors
    ///
    /// Anything is.
    pub fn read(said: &settings::Tls) -> io::Result<Tls> {
        if *said == settings::Tls::default() {
            return Ok(Tls);
        }
        let text = "TLS is configured, but this build has none: it needs the cargo feature tls";
        Err(io::Error::new(ErrorKind::Unsupported, text))
    }
}
