//! https, and access control: the settings of `[server.tls]`, or of a web configuration file.

use std::fmt;
use std::path::{Path, PathBuf};

/// Certificates or a key in PEM.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Pem {
    /// Not named.
    #[default]
    None,
    /// In a file.
    File(PathBuf),
    /// In the settings themselves.
    Text(String),
}

impl Pem {
    /// Whether it is named.
    pub fn is_there(&self) -> bool {
        *self != Pem::None
    }

    /// Its file, if it is in one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Pem::File(path) => Some(path),
            _ => None,
        }
    }
}

/// A key must not get into the log.
impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_there() { "Pem" } else { "no Pem" })
    }
}

/// The certificate that a client has to present: Go's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// None.
    #[default]
    None,
    /// A certificate is requested, but none or any is accepted.
    Request,
    /// Any certificate, with proof that the client has its key.
    RequireAny,
    /// None, or one of a trusted authority.
    VerifyIfGiven,
    /// One of a trusted authority.
    RequireAndVerify,
}

impl ClientAuth {
    /// Whether a client without a certificate is rejected.
    pub fn is_required(self) -> bool {
        matches!(self, ClientAuth::RequireAny | ClientAuth::RequireAndVerify)
    }

    /// Whether a certificate has to be of a trusted authority.
    pub fn is_verified(self) -> bool {
        matches!(self, ClientAuth::VerifyIfGiven | ClientAuth::RequireAndVerify)
    }
}

/// Versions of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

/// How https is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerTls {
    /// Our certificate, and those of intermediate authorities.
    pub cert: Pem,
    /// Its key.
    pub key: Pem,
    /// The authorities of clients.
    pub client_ca: Pem,
    /// The certificate that a client has to present.
    pub client_auth: ClientAuth,
    /// Names, addresses, mail addresses or URIs of which a client's certificate has to have one; empty for any.
    pub allowed_sans: Vec<String>,
    /// The oldest version.
    pub oldest: TlsVersion,
    /// The newest one.
    pub newest: TlsVersion,
    /// Cipher suites of TLS 1.2, in the order of preference; empty for all.
    pub cipher_suites: Vec<String>,
    /// In the order of preference; empty for all.
    pub curves: Vec<String>,
    /// Our order of preference is used, not the client's.
    pub prefers_ours: bool,
}

/// Go's words for the certificate of a client; an older word after `|`.
pub const CLIENT_AUTH: [(&str, ClientAuth); 5] = [
    ("NoClientCert", ClientAuth::None),
    ("RequestClientCert", ClientAuth::Request),
    ("RequireAnyClientCert|RequireClientCert", ClientAuth::RequireAny),
    ("VerifyClientCertIfGiven", ClientAuth::VerifyIfGiven),
    ("RequireAndVerifyClientCert", ClientAuth::RequireAndVerify),
];

impl ServerTls {
    /// A contradiction of settings: the key, and why.
    pub fn contradiction(&self) -> Option<(&'static str, &'static str)> {
        let auth = self.client_auth;
        if !self.cert.is_there() {
            Some(("cert_file", "missing; expected the file with the certificate, in PEM"))
        } else if !self.key.is_there() {
            Some(("key_file", "missing; expected the file with the certificate's key, in PEM"))
        } else if self.client_ca.is_there() && auth == ClientAuth::None {
            let what = "of no use without client_auth_type; write RequireAndVerifyClientCert there";
            Some(("client_ca", what))
        } else if !self.allowed_sans.is_empty() && !auth.is_required() {
            let what = "of no use unless client_auth_type is RequireAnyClientCert or \
                        RequireAndVerifyClientCert; write one of these there";
            Some(("client_allowed_sans", what))
        } else if self.oldest > self.newest {
            Some(("max_version", "older than min_version; no client could connect"))
        } else {
            None
        }
    }
}

impl Default for ServerTls {
    fn default() -> ServerTls {
        ServerTls {
            cert: Pem::None,
            key: Pem::None,
            client_ca: Pem::None,
            client_auth: ClientAuth::None,
            allowed_sans: Vec::new(),
            oldest: TlsVersion::Tls12,
            newest: TlsVersion::Tls13,
            cipher_suites: Vec::new(),
            curves: Vec::new(),
            prefers_ours: true,
        }
    }
}
