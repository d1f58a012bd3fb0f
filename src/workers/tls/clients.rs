//! The certificates of clients: whether one is requested, which authority has to have signed it, and which names it has
//! to have.

use super::{files, san};
use crate::settings::ServerTls;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::io;
use std::sync::Arc;

/// The check of a client's certificate.
#[derive(Debug)]
pub struct ClientCheck {
    /// The authorities that may have signed it; `None` for any.
    authority: Option<Arc<dyn ClientCertVerifier>>,
    /// The certificates of the authorities that are named, which may be a client's own.
    named: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
    is_required: bool,
    /// It has one of these names; empty for any.
    sans: Vec<String>,
}

impl ClientCheck {
    /// `None` if no certificate is requested.
    ///
    /// # Errors
    ///
    /// The authorities cannot be read.
    pub fn new(of: &ServerTls, provider: &Arc<CryptoProvider>) -> io::Result<Option<ClientCheck>> {
        if of.client_auth == crate::settings::ClientAuth::None {
            return Ok(None);
        }
        let is_required = of.client_auth.is_required();
        let is_verified = of.client_auth.is_verified();
        // Named authorities have to exist, as in exporter-toolkit, even if no certificate is requested.
        let roots = (is_verified || of.client_ca.is_there())
            .then(|| files::client_authorities(&of.client_ca, "client_ca"))
            .transpose()?;
        let mut named = Vec::new();
        let authority = if let Some((roots, certificates)) = roots.filter(|_| is_verified) {
            named = certificates;
            let roots = Arc::new(roots);
            let builder = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider));
            let builder = if is_required { builder } else { builder.allow_unauthenticated() };
            let built = builder.build();
            Some(built.map_err(|error| io::Error::other(error.to_string()))?)
        } else {
            None
        };
        Ok(Some(ClientCheck {
            authority,
            named,
            algorithms: provider.signature_verification_algorithms,
            is_required,
            sans: of.allowed_sans.clone(),
        }))
    }
}

impl ClientCertVerifier for ClientCheck {
    fn client_auth_mandatory(&self) -> bool {
        self.is_required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.authority.as_ref().map_or(&[], |authority| authority.root_hint_subjects())
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(authority) = &self.authority {
            match authority.verify_client_cert(certificate, others, now) {
                // A client that is its own authority, as openssl req -x509 makes it: the only fault of its
                // certificate is that it is an authority's, which is looked at after its time.
                Err(Error::InvalidCertificate(CertificateError::Other(_)))
                    if self.named.contains(certificate) => {}
                verified => {
                    verified?;
                }
            }
        }
        let is_allowed = |name: &str| self.sans.iter().any(|allowed| allowed == name);
        if self.sans.is_empty() || san::names(certificate).iter().any(|name| is_allowed(name)) {
            return Ok(ClientCertVerified::assertion());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
