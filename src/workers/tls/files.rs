//! Certificates and keys from files in PEM (RFC 7468).

use crate::base::sys;
use crate::settings::Pem;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::env;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Bytes of one file. A bundle of all public authorities has some 220 KB.
const MAX_FILE: u64 = 4 << 20;

/// The bundles of trusted authorities of systems: Debian, Arch, Alpine, OpenWrt; Alpine, FreeBSD;
/// Fedora, old and new; SUSE.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// The environment variable that names such a file instead.
const VARIABLE: &str = "SSL_CERT_FILE";

fn wrong(path: &Path, what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, [&*path.display().to_string(), ": ", what].concat())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| sys::read_rest(&file, MAX_FILE + 1, &mut bytes));
    if let Err(error) = read {
        let text = [&*path.display().to_string(), ": ", &error.to_string()].concat();
        return Err(io::Error::new(error.kind(), text));
    }
    if bytes.len() as u64 > MAX_FILE {
        return Err(wrong(path, "longer than 4 MiB; expected certificates or a key in PEM"));
    }
    Ok(bytes)
}

fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    certificates_in(path, &read(path)?)
}

fn certificates_in(path: &Path, bytes: &[u8]) -> io::Result<Vec<CertificateDer<'static>>> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let all = all.map_err(|_| wrong(path, "not valid PEM"))?;
    if all.is_empty() {
        return Err(wrong(path, "expected PEM with -----BEGIN CERTIFICATE-----, found none"));
    }
    Ok(all)
}

/// The error for a certificate and a key that rustls does not accept together. rustls names the fault by
/// a word only if texts of `Debug` are built in.
pub fn no_pair(cert: &str, key: &str, error: &rustls::Error) -> io::Error {
    let why = match error {
        rustls::Error::InconsistentKeys(_) => "the key is that of another certificate".to_owned(),
        other => other.to_string(),
    };
    let text = [cert, " and ", key, " are no certificate and its key: ", &why].concat();
    // Not of the settings: they may be replaced one after the other right now.
    io::Error::new(ErrorKind::InvalidData, text)
}

/// The trusted authorities: those in the file, else those of the system.
pub fn authorities(path: Option<&Path>) -> io::Result<RootCertStore> {
    match path {
        Some(path) => trusted(path, certificates(path)?),
        None => {
            let (path, mut roots) = (bundle()?, RootCertStore::empty());
            // Some of the system's may be of an unknown kind.
            let (added, _) = roots.add_parsable_certificates(certificates(&path)?);
            if added == 0 {
                return Err(wrong(&path, "no certificate in it is an authority's"));
            }
            Ok(roots)
        }
    }
}

fn trusted(path: &Path, all: Vec<CertificateDer<'static>>) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in all {
        let added = roots.add(certificate);
        added.map_err(|_| wrong(path, "a certificate in it is no authority's"))?;
    }
    Ok(roots)
}

/// Whom to trust of clients: those that are named, with their certificates, else those of the system. `key` names it
/// where it is in no file.
pub fn client_authorities(of: &Pem, key: &str) -> io::Result<Authorities> {
    match of {
        Pem::None => Ok((authorities(None)?, Vec::new())),
        _ => {
            let (path, bytes) = bytes_of(of, key)?;
            let all = certificates_in(&path, &bytes)?;
            Ok((trusted(&path, all.clone())?, all))
        }
    }
}

/// Our identity as a server.
pub fn server_identity(cert: &Pem, key: &Pem) -> io::Result<Identity> {
    let (path, bytes) = bytes_of(cert, "cert")?;
    let chain = certificates_in(&path, &bytes)?;
    let (path, bytes) = bytes_of(key, "key")?;
    Ok((chain, key_in(&path, &bytes)?))
}

/// The content, and its name for errors.
fn bytes_of(pem: &Pem, key: &str) -> io::Result<(PathBuf, Vec<u8>)> {
    match pem {
        Pem::File(path) => Ok((path.clone(), read(path)?)),
        Pem::Text(text) => Ok((key.into(), text.clone().into_bytes())),
        Pem::None => Err(wrong(Path::new(key), "is missing")),
    }
}

fn key_in(path: &Path, bytes: &[u8]) -> io::Result<PrivateKeyDer<'static>> {
    let expected =
        "expected a key in PEM (PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY), not encrypted";
    PrivateKeyDer::from_pem_slice(bytes).map_err(|_| wrong(path, expected))
}

fn bundle() -> io::Result<PathBuf> {
    if let Some(path) = env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let found = BUNDLES.iter().map(Path::new).find(|path| path.exists());
    found.map(Path::to_owned).ok_or_else(|| {
        let text = [
            "no authorities to trust: none of ",
            &BUNDLES.join(", "),
            " is there. Install ca-certificates, or name a file with ca_file or SSL_CERT_FILE",
        ];
        io::Error::new(ErrorKind::NotFound, text.concat())
    })
}

type Authorities = (RootCertStore, Vec<CertificateDer<'static>>);
type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Our identity as a client, if one is configured.
pub fn identity(cert: Option<&Path>, key: Option<&Path>) -> io::Result<Option<Identity>> {
    let half = |one: &str, other: &str| {
        let text = format!("{one} is named without {other}: both or none is expected");
        Err(io::Error::new(ErrorKind::InvalidInput, text))
    };
    match (cert, key) {
        (None, None) => Ok(None),
        (Some(_), None) => half("cert_file", "key_file"),
        (None, Some(_)) => half("key_file", "cert_file"),
        (Some(cert), Some(key)) => {
            let chain = certificates(cert)?;
            Ok(Some((chain, key_in(key, &read(key)?)?)))
        }
    }
}
