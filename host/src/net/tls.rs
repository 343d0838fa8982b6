//! TLS: which authorities are trusted, and the handshake for connections that are not HTTP's.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use url::{Host, Url};

use super::Network;
use super::error::{Error, place};
use super::trust::Trust;

/// A secured connection.
pub type TlsStream<S = TcpStream> = tokio_rustls::client::TlsStream<S>;

/// How connections are secured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// Whether certificates are checked.
    pub verify: bool,
    /// A file with the authorities to trust, PEM, instead of the machine's.
    pub cacert_file: Option<PathBuf>,
    /// A directory of such files, instead of the machine's authorities or on top of the file.
    pub cacert_dir: Option<PathBuf>,
    /// TLS 1.2 is not good enough.
    pub tls13_only: bool,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            verify: true,
            cacert_file: None,
            cacert_dir: None,
            tls13_only: false,
        }
    }
}

impl TlsSettings {
    /// Reads the authorities that the settings name. The machine's own are read when they are needed: they take their time.
    pub fn check(&self) -> Result<(), Error> {
        if self.verify && (self.cacert_file.is_some() || self.cacert_dir.is_some()) {
            trust(self)?;
        }
        Ok(())
    }
}

/// The settings, and what becomes of them at the first secured connection.
pub(super) struct Tls {
    settings: TlsSettings,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    pub(super) fn new(settings: TlsSettings) -> Self {
        Self {
            settings,
            config: OnceCell::new(),
        }
    }

    /// The configuration; authorities are read the first time.
    pub(super) async fn config(&self) -> Result<Arc<ClientConfig>, Error> {
        let load = || async {
            let settings = self.settings.clone();
            tokio::task::spawn_blocking(move || build(&settings))
                .await
                .map_err(|error| Error::Setting(format!("reading the certificate authorities failed: {error}")))?
        };
        self.config.get_or_try_init(load).await.cloned()
    }
}

/// A configuration that trusts nobody, for clients that speak plain HTTP only.
pub(super) fn trusting_nobody() -> Result<ClientConfig, Error> {
    Ok(builder(false)?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

fn builder(tls13_only: bool) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Error> {
    let versions: &[&rustls::SupportedProtocolVersion] = if tls13_only {
        &[&rustls::version::TLS13]
    } else {
        &[&rustls::version::TLS13, &rustls::version::TLS12]
    };
    ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .map_err(|error| Error::Setting(format!("TLS cannot be set up: {error}")))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn build(settings: &TlsSettings) -> Result<Arc<ClientConfig>, Error> {
    let builder = builder(settings.tls13_only)?;
    if !settings.verify {
        let config = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Unverified(provider())));
        return Ok(Arc::new(config.with_no_client_auth()));
    }
    let config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust(settings)?));
    Ok(Arc::new(config.with_no_client_auth()))
}

/// Whom the settings trust.
fn trust(settings: &TlsSettings) -> Result<Trust, Error> {
    let named = named(settings)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(named.iter().cloned());
    if settings.cacert_file.is_none() && settings.cacert_dir.is_none() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if roots.is_empty() {
        return Err(Error::Setting(match (&settings.cacert_file, &settings.cacert_dir) {
            (Some(path), _) | (None, Some(path)) => format!("`{}` holds no certificate that can be used", path.display()),
            (None, None) => "this machine has no certificate authorities; install the package ca-certificates, or name a file with `cacert_file`".to_owned(),
        }));
    }
    let signed = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| Error::Setting(format!("TLS cannot be set up: {error}")))?;
    Ok(Trust { signed, named })
}

/// The certificates that the admin named.
fn named(settings: &TlsSettings) -> Result<Vec<CertificateDer<'static>>, Error> {
    let mut named = Vec::new();
    if let Some(file) = &settings.cacert_file {
        let certificates =
            read(file).map_err(|reason| Error::Setting(format!("`{}` cannot be used: {reason}", file.display())))?;
        named.extend(certificates);
    }
    if let Some(directory) = &settings.cacert_dir {
        let unreadable =
            |error: std::io::Error| Error::Setting(format!("`{}` cannot be used: {error}", directory.display()));
        for entry in std::fs::read_dir(directory).map_err(unreadable)? {
            // Such directories hold other files as well.
            if let Ok(certificates) = read(&entry.map_err(unreadable)?.path()) {
                named.extend(certificates);
            }
        }
    }
    Ok(named)
}

fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let problem = |error| match error {
        pem::Error::Io(error) => error.to_string(),
        damaged => format!("a certificate in it is damaged ({damaged})"),
    };
    let certificates: Vec<_> = CertificateDer::pem_file_iter(file)
        .map_err(problem)?
        .collect::<Result<_, _>>()
        .map_err(problem)?;
    if certificates.is_empty() {
        return Err("it holds no certificate in PEM form".to_owned());
    }
    Ok(certificates)
}

impl Network {
    /// Secures a connection to where `url` points.
    pub async fn secure(&self, stream: TcpStream, url: &Url) -> Result<TlsStream, Error> {
        self.secure_as(stream, url, None).await
    }

    /// Secures what leads to where `url` points, a connection or another protocol's frames around one. `protocol` is what will be
    /// spoken in it (ALPN, RFC 7301), where the other side wants to be told.
    pub async fn secure_as<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        url: &Url,
        protocol: Option<&[u8]>,
    ) -> Result<TlsStream<S>, Error> {
        let name = match super::egress::place(url)?.0 {
            Host::Domain(name) => {
                ServerName::try_from(name).map_err(|_| Error::denied(url, "its host is not a name"))?
            }
            Host::Ipv4(address) => ServerName::from(std::net::IpAddr::V4(address)),
            Host::Ipv6(address) => ServerName::from(std::net::IpAddr::V6(address)),
        };
        let mut config = self.shared.tls.config().await?;
        if let Some(protocol) = protocol {
            Arc::make_mut(&mut config).alpn_protocols = vec![protocol.to_vec()];
        }
        let connector = tokio_rustls::TlsConnector::from(config);
        let limit = self.shared.timeouts.connect;
        let handshake = timeout(limit, connector.connect(name, stream)).await;
        let handshake = handshake.map_err(|_| Error::TimedOut {
            place: place(url),
            what: "secure the connection",
            limit,
        })?;
        handshake.map_err(
            |error| match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(tls) => Error::of_tls(place(url), tls),
                None => Error::Broken {
                    place: place(url),
                    reason: error.to_string(),
                },
            },
        )
    }
}

/// Takes any certificate, as `verify_ssl = False` asks for; signatures are still checked, so that the connection is at least with
/// whoever holds the key.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
