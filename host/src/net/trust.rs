//! Which server certificates are believed: those that a trusted authority signed, and those that the admin named themselves.
//!
//! Many an old installation secures a server with what `openssl req -x509` makes: one certificate that signs itself and says that it is an
//! authority. By the letter it is not a server's (RFC 5280 section 4.2.1.9), and the verifier refuses it even where `cacert_file` holds
//! exactly this certificate. What the admin put there is believed as it stands: byte for byte the same, made for this host, and within its
//! dates. That the server holds its key, the handshake's signature shows as always.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::validity::Validity;

/// Believes what an authority signed, and what the admin named.
#[derive(Debug)]
pub(super) struct Trust {
    /// Judges all other certificates.
    pub(super) signed: Arc<WebPkiServerVerifier>,
    /// What the admin named: authorities for the most part, and servers that are their own.
    pub(super) named: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.named.iter().any(|named| named == end_entity) {
            return self
                .signed
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        }
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let validity = Validity::of(end_entity).ok_or(CertificateError::BadEncoding)?;
        if now.as_secs() < validity.not_before {
            return Err(CertificateError::NotValidYet.into());
        }
        if now.as_secs() > validity.not_after {
            return Err(CertificateError::Expired.into());
        }
        verify_server_name(&certificate, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}
