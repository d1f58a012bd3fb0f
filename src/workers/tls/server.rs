//! The configuration of an https server (rustls, RFC 8446, RFC 5246).

use super::clients::ClientCheck;
use super::files;
use crate::base::log;
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

/// Other suites that Go has or had: in CBC mode, or without ECDHE. A list may name them for other programs.
static WEAK_SUITES: [&str; 8] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
];

/// Go's names of curves.
static CURVES: [(&str, &dyn SupportedKxGroup); 3] = [
    ("X25519", kx_group::X25519),
    ("CurveP256", kx_group::SECP256R1),
    ("CurveP384", kx_group::SECP384R1),
];

/// Go's curves that are not supported here.
static OTHER_CURVES: [&str; 4] =
    ["CurveP521", "X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"];

/// Builds the configuration from the settings and the files that they name.
///
/// # Errors
///
/// A file cannot be read or has other contents, or a name is not supported; the text says which.
pub fn server_config(of: &ServerTls) -> io::Result<Arc<ServerConfig>> {
    let provider = Arc::new(CryptoProvider {
        cipher_suites: suites(&of.cipher_suites, of.newest)?,
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

/// All suites of TLS 1.3, and those of TLS 1.2 that are named. A name that is not supported is ignored; a list of
/// such names only is an error.
fn suites(names: &[String], newest: TlsVersion) -> io::Result<Vec<SupportedCipherSuite>> {
    let mut all: Vec<SupportedCipherSuite> = SUITES_13.iter().map(|(_, suite)| **suite).collect();
    let of_13 = all.len();
    if names.is_empty() {
        all.extend(SUITES.iter().map(|(_, suite)| **suite));
    }
    let known = || SUITES.iter().chain(&SUITES_13).map(|(name, _)| *name);
    for name in names {
        if let Some((_, suite)) = SUITES.iter().find(|(known, _)| known == name) {
            all.push(**suite);
        } else if !SUITES_13.iter().any(|(known, _)| known == name) {
            ignored("cipher_suites", name, &WEAK_SUITES, known())?;
        }
    }
    let has_13 = newest != TlsVersion::Tls12
        && names.iter().any(|name| SUITES_13.iter().any(|(known, _)| known == name));
    match names.first() {
        Some(name) if all.len() == of_13 && !has_13 => {
            Err(unsupported("cipher_suites", name, known()))
        }
        _ => Ok(all),
    }
}

fn curves(names: &[String]) -> io::Result<Vec<&'static dyn SupportedKxGroup>> {
    let known = || CURVES.iter().map(|(name, _)| *name);
    let mut all = Vec::new();
    for name in names {
        match CURVES.iter().find(|(known, _)| known == name) {
            Some((_, curve)) => all.push(*curve),
            None => ignored("curve_preferences", name, &OTHER_CURVES, known())?,
        }
    }
    match names.first() {
        Some(name) if all.is_empty() => Err(unsupported("curve_preferences", name, known())),
        Some(_) => Ok(all),
        None => Ok(CURVES.iter().map(|(_, curve)| *curve).collect()),
    }
}

/// Logs that a name of Go's is ignored, as it is not supported here.
///
/// # Errors
///
/// It is not one of Go's, either.
fn ignored<'a>(
    key: &'static str,
    name: &str,
    others: &[&str],
    known: impl Iterator<Item = &'a str>,
) -> io::Result<()> {
    if !others.contains(&name) {
        return Err(unsupported(key, name, known));
    }
    log::info("not supported here, and ignored", &[(key, &name)]);
    Ok(())
}

fn unsupported<'a>(key: &str, name: &str, known: impl Iterator<Item = &'a str>) -> io::Error {
    let known: Vec<&str> = known.collect();
    let (then, known) = (" is not supported; name at least one of ", known.join(", "));
    invalid(&[key, ": ", name, then, &known, ", or remove the key to allow all of them"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_unsupported_names_says_what_to_write() {
        let refused = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            curves(&names).map(|curves| curves.len()).map_err(|error| error.to_string())
        };
        assert_eq!(refused(&["CurveP521", "CurveP384"]), Ok(1));
        let expected = "curve_preferences: CurveP521 is not supported; name at least one of X25519, \
                        CurveP256, CurveP384, or remove the key to allow all of them";
        assert_eq!(refused(&["CurveP521"]), Err(expected.to_owned()));
        assert!(refused(&["X25519", "P521"]).unwrap_err().contains("P521 is not supported"));
    }
}
