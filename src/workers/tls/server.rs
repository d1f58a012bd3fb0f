//! The configuration of an https server (rustls, RFC 8446, RFC 5246).

use super::clients::ClientCheck;
use super::files;
use crate::settings::{ServerTls, TlsVersion};
use rustls::crypto::ring::{self, cipher_suite, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::server::ServerSessionMemoryCache;
use rustls::{ServerConfig, SupportedCipherSuite, SupportedProtocolVersion, version};
use std::io::{self, ErrorKind};
use std::sync::Arc;

/// Sessions that are kept, so that a client's next connection costs less. A scraper keeps its connection.
const SESSIONS: usize = 32;

/// The protocol within TLS.
const PROTOCOL: &[u8] = b"http/1.1";

/// Cipher suites of TLS 1.2, by Go's names.
static SUITES: [(&str, &SupportedCipherSuite); 6] = [
    (
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        &cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        &cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        &cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
    ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", &cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", &cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    (
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        &cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
];

/// Those of TLS 1.3, which are always enabled, as in Go.
static SUITES_13: [(&str, &SupportedCipherSuite); 3] = [
    ("TLS_AES_256_GCM_SHA384", &cipher_suite::TLS13_AES_256_GCM_SHA384),
    ("TLS_AES_128_GCM_SHA256", &cipher_suite::TLS13_AES_128_GCM_SHA256),
    ("TLS_CHACHA20_POLY1305_SHA256", &cipher_suite::TLS13_CHACHA20_POLY1305_SHA256),
];

/// Go's names of curves.
static CURVES: [(&str, &dyn SupportedKxGroup); 3] = [
    ("X25519", kx_group::X25519),
    ("CurveP256", kx_group::SECP256R1),
    ("CurveP384", kx_group::SECP384R1),
];

/// Reads the named files, and builds the configuration.
///
/// # Errors
///
/// A file cannot be read, is not what it should be, or something is named that does not exist; the text says
/// which.
pub fn server_config(of: &ServerTls) -> io::Result<Arc<ServerConfig>> {
    let provider = Arc::new(CryptoProvider {
        cipher_suites: suites(&of.cipher_suites)?,
        kx_groups: curves(&of.curves)?,
        ..ring::default_provider()
    });
    let (chain, key) = files::server_identity(&of.cert, &of.key)?;
    let check = ClientCheck::new(of, &provider)?;
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions(of))
        .map_err(|error| invalid(&error.to_string()))?;
    let builder = match check {
        Some(check) => builder.with_client_cert_verifier(Arc::new(check)),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| {
        let name = |pem: &crate::settings::Pem, other: &str| match pem.file() {
            Some(path) => path.display().to_string(),
            None => other.to_owned(),
        };
        files::no_pair(&name(&of.cert, "cert"), &name(&of.key, "key"), &error)
    })?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    config.ignore_client_order = of.prefers_ours;
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    config.send_tls13_tickets = 1;
    Ok(Arc::new(config))
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, text)
}

/// The newest first.
static VERSIONS: [&SupportedProtocolVersion; 2] = [&version::TLS13, &version::TLS12];

fn versions(of: &ServerTls) -> &'static [&'static SupportedProtocolVersion] {
    let from = usize::from(of.newest == TlsVersion::Tls12);
    let to = if of.oldest == TlsVersion::Tls13 { 1 } else { 2 };
    VERSIONS.get(from..to).unwrap_or_default()
}

fn suites(names: &[String]) -> io::Result<Vec<SupportedCipherSuite>> {
    let mut all: Vec<SupportedCipherSuite> = SUITES_13.iter().map(|(_, suite)| **suite).collect();
    if names.is_empty() {
        all.extend(SUITES.iter().map(|(_, suite)| **suite));
    }
    for name in names {
        if let Some((_, suite)) = SUITES.iter().find(|(known, _)| known == name) {
            all.push(**suite);
        } else if !SUITES_13.iter().any(|(known, _)| known == name) {
            let known = SUITES.iter().chain(&SUITES_13).map(|(name, _)| *name);
            return Err(unknown("cipher_suites", name, known));
        }
    }
    Ok(all)
}

fn curves(names: &[String]) -> io::Result<Vec<&'static dyn SupportedKxGroup>> {
    if names.is_empty() {
        return Ok(CURVES.iter().map(|(_, curve)| *curve).collect());
    }
    let find = |name: &String| match CURVES.iter().find(|(known, _)| known == name) {
        Some((_, curve)) => Ok(*curve),
        None => Err(unknown("curve_preferences", name, CURVES.iter().map(|(name, _)| *name))),
    };
    names.iter().map(find).collect()
}

fn unknown<'a>(key: &str, name: &str, known: impl Iterator<Item = &'a str>) -> io::Error {
    let known: Vec<&str> = known.collect();
    let known = known.join(", ");
    invalid(&[key, ": ", name, " is not there; leave it out, or take of ", &known].concat())
}
