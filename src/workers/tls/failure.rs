//! Errors of TLS as sentences that say what to do.

use crate::base::text::words::shown;
use crate::workers::failure::Failure;
use rustls::{AlertDescription, CertificateError, Error};

/// Names of a peer's certificate that a message shows.
const MAX_NAMES: usize = 8;

/// Characters of each: a host name has no more.
const MAX_NAME: usize = 253;

/// The error as a sentence that says what to do. The library's own words may need the names of its
/// variants, which the small build leaves out: no message about a common fault of peers depends on them.
pub fn refused(error: &Error) -> Failure {
    let known = match error {
        Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            expected,
            presented,
        }) => return another_name(&expected.to_str(), presented),
        Error::InvalidCertificate(wrong) => certificate(wrong),
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the peer wants a certificate of ours: name it with cert_file and key_file"
        }
        Error::AlertReceived(alert) => {
            let number = u8::from(*alert).to_string();
            let text = ["the peer ended TLS with the alert ", &number, " (RFC 8446, section 6)"];
            return Failure { reason: "tls", text: text.concat() };
        }
        Error::NoCertificatesPresented => {
            "the client has no certificate, or none of client_ca_file"
        }
        Error::InvalidMessage(_) => "the peer does not speak TLS",
        Error::PeerIncompatible(_) => {
            "the peer has no version or cipher of TLS 1.2 or 1.3 in common"
        }
        Error::PeerMisbehaved(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. } => "the peer violates TLS",
        _ => "",
    };
    let text = match known {
        "" => ["TLS: ", &error.to_string()].concat(),
        known => known.to_owned(),
    };
    Failure { reason: "tls", text }
}

/// The library builds its list of the certificate's names from names of variants, too.
fn another_name(expected: &str, presented: &[String]) -> Failure {
    let mut text = ["the peer's certificate is not for ", expected].concat();
    let presented = presented.iter().filter(|name| !name.is_empty()).take(MAX_NAMES);
    for (at, name) in presented.enumerate() {
        text.push_str(if at == 0 { " but for " } else { ", " });
        text.push_str(&shown(name, MAX_NAME));
    }
    text.push_str(": set server_name to the name it is for");
    Failure { reason: "tls", text }
}

fn certificate(wrong: &CertificateError) -> &'static str {
    match wrong {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the peer's certificate has expired, unless the clock of this machine is ahead"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the peer's certificate is not valid yet: the clock of this machine may be wrong"
        }
        CertificateError::UnknownIssuer => {
            "the peer's certificate is from an authority that is not trusted: name it with ca_file, a client's with \
             client_ca_file"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the peer's certificate is for another purpose: see extendedKeyUsage in it"
        }
        CertificateError::ApplicationVerificationFailure => {
            "the peer's certificate has none of the names in client_allowed_sans"
        }
        CertificateError::Revoked => "the peer's certificate was revoked",
        CertificateError::BadEncoding | CertificateError::BadSignature => {
            "the peer's certificate is damaged, or its signature is not its issuer's"
        }
        _ => {
            "the peer's certificate cannot be used: it is an authority's own (openssl req -x509 makes such, \
             but with -addext basicConstraints=CA:FALSE), of version 1, or signed in a way that is not known here"
        }
    }
}
