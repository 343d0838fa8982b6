//! TLS (V-11): each thing that can be wrong with a certificate, with the sentence that an admin reads, and what they can do.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use oomnitza_connector::net::{TlsSettings, Versions};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion, version};
use tempfile::TempDir;

use crate::client::{Terms, told};

const HINT_OF_AUTHORITY: &str = "if the server's certificate comes from your own authority, name its file with `cacert_file`; `verify_ssl = False` switches the check off";
const HINT_OF_DATES: &str = "let the server's certificate be renewed, or correct the clock of this machine";
const HINT_OF_NAME: &str =
    "use the name that the certificate was made for, or let the certificate be made for this one";

/// A certificate and its key, PEM.
#[derive(Clone)]
struct Identity {
    certificate: String,
    key: String,
}

/// What a client is told of a server that shows this certificate.
async fn asked(identity: &Identity, tls: TlsSettings) -> String {
    asked_with(identity, tls, &[&version::TLS13, &version::TLS12]).await
}

async fn asked_with(identity: &Identity, tls: TlsSettings, versions: &[&'static SupportedProtocolVersion]) -> String {
    let url = serve(identity, versions);
    told(Terms::to(&url).limited(|terms| terms.tls = tls).get(&url).await)
}

fn failed(reason: &str, hint: &str) -> String {
    format!("unreachable: no secure connection to https://127.0.0.1:[PORT]: {reason}; {hint}")
}

/// A server for one connection.
fn serve(identity: &Identity, versions: &[&'static SupportedProtocolVersion]) -> String {
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
        // Where the client does not like the certificate there is nobody to talk to.
        if stream.read(&mut [0; 1024]).is_ok_and(|count| count > 0) {
            _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            stream.conn.send_close_notify();
            _ = stream.flush();
        }
    });
    url
}

/// A certificate for `name`, as `change` has it, signed by itself.
fn own(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    change(&mut parameters);
    Identity {
        certificate: parameters.self_signed(&key).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

/// An authority, and a certificate that it signed.
fn signed(name: &str, change: impl FnOnce(&mut CertificateParams)) -> (String, Identity) {
    static AUTHORITIES: AtomicU32 = AtomicU32::new(0);
    let mut parameters = CertificateParams::new(vec![]).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Two authorities of the same name would be taken for each other, until it comes to signatures.
    let common_name = format!("Authority {}", AUTHORITIES.fetch_add(1, Ordering::Relaxed));
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    change(&mut parameters);
    let certificate = parameters.signed_by(&key, &authority).unwrap();
    (
        authority.pem(),
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        },
    )
}

/// A section that names certificates.
struct Named {
    _directory: TempDir,
    file: PathBuf,
}

impl Named {
    fn new(certificates: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("authorities.pem");
        std::fs::write(&file, certificates).unwrap();
        Self {
            _directory: directory,
            file,
        }
    }

    fn file(&self) -> TlsSettings {
        TlsSettings {
            cacert_file: Some(self.file.clone()),
            ..TlsSettings::default()
        }
    }

    fn directory(&self) -> TlsSettings {
        TlsSettings {
            cacert_dir: self.file.parent().map(PathBuf::from),
            ..TlsSettings::default()
        }
    }
}

#[tokio::test]
async fn a_certificate_of_a_named_authority_is_taken() {
    let (authority, identity) = signed("127.0.0.1", |_| ());
    let named = Named::new(&authority);
    assert_eq!(asked(&identity, named.file()).await, "200 ok");
    assert_eq!(asked(&identity, named.directory()).await, "200 ok");
    let other = Named::new(&signed("127.0.0.1", |_| ()).0);
    let unknown = failed(
        "its certificate comes from an authority that this machine does not know",
        HINT_OF_AUTHORITY,
    );
    assert_eq!(asked(&identity, other.file()).await, unknown);
    assert_eq!(
        asked(
            &identity,
            TlsSettings {
                verify: false,
                ..other.file()
            }
        )
        .await,
        "200 ok"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said() {
    let (authority, wrong_name) = signed("other.example", |_| ());
    let said = asked(&wrong_name, Named::new(&authority).file()).await;
    assert_eq!(said, failed("its certificate was made for another name", HINT_OF_NAME));
    let (authority, nameless) = signed("127.0.0.1", |parameters| parameters.subject_alt_names.clear());
    let said = asked(&nameless, Named::new(&authority).file()).await;
    let hint = "let the certificate be made anew with the host as its subjectAltName";
    assert_eq!(
        said,
        failed(
            "its certificate names no host; a common name alone does not count",
            hint
        )
    );
    let (authority, expired) = signed("127.0.0.1", |parameters| {
        parameters.not_after = date_time_ymd(2020, 1, 1)
    });
    let said = asked(&expired, Named::new(&authority).file()).await;
    assert_eq!(said, failed("its certificate has expired", HINT_OF_DATES));
    let (authority, early) = signed("127.0.0.1", |parameters| {
        parameters.not_before = date_time_ymd(2090, 1, 1)
    });
    let said = asked(&early, Named::new(&authority).file()).await;
    assert_eq!(said, failed("its certificate is not valid yet", HINT_OF_DATES));
    let own = own("127.0.0.1", |_| ());
    let said = asked(&own, Named::new(&authority).file()).await;
    assert_eq!(
        said,
        failed(
            "its certificate comes from an authority that this machine does not know",
            HINT_OF_AUTHORITY
        )
    );
}

#[tokio::test]
async fn versions_of_the_protocol_must_meet() {
    let (authority, identity) = signed("127.0.0.1", |_| ());
    let named = Named::new(&authority);
    let strict = TlsSettings {
        versions: Versions::Only13,
        ..named.file()
    };
    assert_eq!(asked_with(&identity, named.file(), &[&version::TLS12]).await, "200 ok");
    assert_eq!(asked_with(&identity, named.file(), &[&version::TLS13]).await, "200 ok");
    assert_eq!(
        asked_with(&identity, strict.clone(), &[&version::TLS13]).await,
        "200 ok"
    );
    let said = asked_with(&identity, strict, &[&version::TLS12]).await;
    assert_eq!(
        said,
        failed(
            "there is no safe protocol that both sides speak",
            "the server must speak TLS 1.2 or 1.3; where `ssl_protocol` names one of them, that one"
        )
    );
}

/// What `openssl req -x509` makes: signed by itself, and an authority by its own words.
fn made_by_openssl(alternative_name: &str) -> Identity {
    let directory = TempDir::new().unwrap();
    let (certificate, key) = (directory.path().join("cert.pem"), directory.path().join("key.pem"));
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=old.example",
        ])
        .args(["-addext", &format!("subjectAltName={alternative_name}")])
        .args([
            "-out".as_ref(),
            certificate.as_os_str(),
            "-keyout".as_ref(),
            key.as_os_str(),
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Identity {
        certificate: std::fs::read_to_string(certificate).unwrap(),
        key: std::fs::read_to_string(key).unwrap(),
    }
}

/// As the program before this one took it.
#[tokio::test]
async fn a_server_that_is_its_own_authority_is_taken_where_the_admin_named_exactly_its_certificate() {
    let old = made_by_openssl("IP:127.0.0.1");
    let named = Named::new(&format!("{}{}", signed("127.0.0.1", |_| ()).0, old.certificate));
    assert_eq!(asked(&old, named.file()).await, "200 ok");
    assert_eq!(asked(&old, named.directory()).await, "200 ok");
    assert_eq!(asked_with(&old, named.file(), &[&version::TLS12]).await, "200 ok");
    let not_named = Named::new(&made_by_openssl("IP:127.0.0.1").certificate);
    let hint =
        "name a file with exactly this certificate in `cacert_file`, or let an authority sign one for the server";
    let expected = failed(
        "its certificate is that of an authority, and not one that the section names",
        hint,
    );
    assert_eq!(asked(&old, not_named.file()).await, expected);
}

/// Name and dates hold for it as for others, and so does the key: whoever only has the certificate cannot show it.
#[tokio::test]
async fn a_server_that_is_its_own_authority_is_judged_like_others() {
    let other = made_by_openssl("DNS:old.example");
    let said = asked(&other, Named::new(&other.certificate).file()).await;
    assert_eq!(said, failed("its certificate was made for another name", HINT_OF_NAME));
    let is_authority =
        |parameters: &mut CertificateParams| parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let expired = own("127.0.0.1", |parameters| {
        is_authority(parameters);
        parameters.not_after = date_time_ymd(2020, 1, 1);
    });
    let said = asked(&expired, Named::new(&expired.certificate).file()).await;
    assert_eq!(said, failed("its certificate has expired", HINT_OF_DATES));
    let early = own("127.0.0.1", |parameters| {
        is_authority(parameters);
        parameters.not_before = date_time_ymd(2090, 1, 1);
    });
    let said = asked(&early, Named::new(&early.certificate).file()).await;
    assert_eq!(said, failed("its certificate is not valid yet", HINT_OF_DATES));
    let good = own("127.0.0.1", is_authority);
    assert_eq!(asked(&good, Named::new(&good.certificate).file()).await, "200 ok");
}
