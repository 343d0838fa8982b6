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
    /// Authorities to trust instead of the machine's where the two above name none.
    pub bundle: Option<Bundle>,
    /// Which versions are spoken.
    pub versions: Versions,
}

/// Authorities that the environment names instead of the machine's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The variable that does.
    pub variable: &'static str,
    /// A file or a directory.
    pub path: PathBuf,
}

/// What names the machine's own authorities where they are not where they usually are, as OpenSSL reads it.
const MACHINES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Versions of TLS. Older ones than 1.2 are not spoken by anything here (RFC 8996).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Versions {
    /// The best that both sides know, 1.2 at least.
    #[default]
    Best,
    /// 1.2, for servers that say they know more and do not.
    Only12,
    /// 1.3.
    Only13,
}

/// Bytes of a file of authorities: the machine's own have a quarter of a megabyte.
const BUNDLE_BYTES: u64 = 16 << 20;

/// Files of a directory of authorities: Debian's has three hundred.
const BUNDLE_FILES: usize = 10_000;

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            verify: true,
            cacert_file: None,
            cacert_dir: None,
            bundle: None,
            versions: Versions::Best,
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

/// Whether there are authorities where the environment says: those of `bundle`, else the machine's where a variable names these.
pub fn check_environment(bundle: Option<&Bundle>, env: &dyn Fn(&str) -> Option<String>) -> Result<(), Error> {
    if let Some(bundle) = bundle {
        return bundled(bundle).map(drop);
    }
    let named: Vec<String> = MACHINES
        .iter()
        .filter_map(|name| Some(format!("{name} (`{}`)", env(name)?)))
        .collect();
    if named.is_empty() {
        return Ok(());
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let (variable, names) = if named.len() == 1 {
            ("variable", "names")
        } else {
            ("variables", "name")
        };
        return Err(Error::Setting(format!(
            "the environment {variable} {} {names} no certificate authority",
            named.join(" and ")
        )));
    }
    Ok(())
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
    Ok(builder(Versions::Best)?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

fn builder(versions: Versions) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Error> {
    let versions: &[&rustls::SupportedProtocolVersion] = match versions {
        Versions::Best => &[&rustls::version::TLS13, &rustls::version::TLS12],
        Versions::Only12 => &[&rustls::version::TLS12],
        Versions::Only13 => &[&rustls::version::TLS13],
    };
    ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .map_err(|error| Error::Setting(format!("TLS cannot be set up: {error}")))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn build(settings: &TlsSettings) -> Result<Arc<ClientConfig>, Error> {
    let builder = builder(settings.versions)?;
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
        roots.add_parsable_certificates(match &settings.bundle {
            Some(bundle) => bundled(bundle)?,
            None => rustls_native_certs::load_native_certs().certs,
        });
    }
    if roots.is_empty() {
        let bundle = settings.bundle.as_ref().map(|bundle| &bundle.path);
        let named = [settings.cacert_file.as_ref(), settings.cacert_dir.as_ref(), bundle];
        return Err(Error::Setting(match named.into_iter().flatten().next() {
            Some(path) => format!("`{}` holds no certificate that can be used", path.display()),
            None => "this machine has no certificate authorities; install the package ca-certificates, or name a file with `cacert_file`".to_owned(),
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
    let unusable = |path: &Path, reason: &str| Error::Setting(format!("`{}` cannot be used: {reason}", path.display()));
    if let Some(path) = &settings.cacert_file {
        named.extend(read(path).map_err(|reason| unusable(path, &reason))?);
    }
    if let Some(path) = &settings.cacert_dir {
        named.extend(read_directory(path).map_err(|error| unusable(path, &error.to_string()))?);
    }
    Ok(named)
}

/// The certificates that the environment names, for all sections that name none.
fn bundled(Bundle { variable, path }: &Bundle) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = if path.is_dir() {
        read_directory(path).map_err(|error| error.to_string())
    } else {
        read(path)
    };
    let usable = read.and_then(|certificates| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().cloned());
        if roots.is_empty() {
            return Err("it holds no certificate that can be used".to_owned());
        }
        Ok(certificates)
    });
    usable.map_err(|reason| {
        Error::Setting(format!(
            "`{}`, which the environment variable {variable} names, cannot be used: {reason}",
            path.display()
        ))
    })
}

/// The certificates of a directory, under names of whatever kind: OpenSSL wants hashes (`openssl rehash`), for this program they are files
/// like others. Such directories hold other files as well.
fn read_directory(directory: &Path) -> std::io::Result<Vec<CertificateDer<'static>>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)?.take(BUNDLE_FILES) {
        if let Ok(certificates) = read(&entry?.path()) {
            found.extend(certificates);
        }
    }
    found.sort_by(|a: &CertificateDer<'_>, b| a.as_ref().cmp(b.as_ref()));
    // A certificate and the hash that leads to it.
    found.dedup();
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let problem = |error| match error {
        pem::Error::Io(error) => error.to_string(),
        damaged => format!("a certificate in it is damaged ({damaged})"),
    };
    // Before it is opened: a pipe in which nobody writes would be waited for.
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no file".to_owned());
    }
    if metadata.len() > BUNDLE_BYTES {
        return Err(format!("it has more than {BUNDLE_BYTES} bytes"));
    }
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let certificates: Vec<_> = CertificateDer::pem_reader_iter(std::io::Read::take(file, BUNDLE_BYTES))
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
        let config = self.shared.tls.config().await;
        let mut config = config.map_err(|error| self.shared.advice.note(error))?;
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
                Some(tls) => self.shared.advice.note(Error::of_tls(place(url), tls)),
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
