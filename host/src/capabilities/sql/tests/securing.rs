//! How a connection is secured.

use std::path::PathBuf;

use super::*;
use crate::standin::tds::Encryption;

/// A certificate for this machine: what a server shows, and the file that says to trust it.
fn certificate() -> (Config, PathBuf, tempfile::TempDir) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, made.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"tds/8.0".to_vec()];
    (Arc::new(config), file, directory)
}

fn secured(encryption: Encryption) -> Tds {
    let mut settings = Settings::with(|_| {
        let columns = vec![Column::new("number", Kind::Int)];
        Answer::Rows(columns, Box::new((0..10_000).map(|number| vec![Cell::Int(number)])))
    });
    settings.encryption = encryption;
    Tds::start(settings).unwrap()
}

fn guest(server: &Tds, encrypt: Encrypt, tls: TlsSettings) -> Guest {
    Guest::with(
        &server.server(),
        Granted {
            encrypt,
            tls,
            ..Granted::default()
        },
    )
}

#[tokio::test]
async fn a_connection_is_encrypted_with_the_section_s_own_authorities() {
    let (config, file, _directory) = certificate();
    let tls = TlsSettings {
        cacert_file: Some(file),
        ..TlsSettings::default()
    };
    for (encryption, encrypt) in [
        (Encryption::Required(config.clone()), Encrypt::Required),
        (Encryption::Strict(config), Encrypt::Strict),
    ] {
        let server = secured(encryption);
        let rows = guest(&server, encrypt, tls.clone())
            .all("SELECT number FROM n")
            .await
            .unwrap();
        assert_eq!(rows.len(), 10_000);
        assert_eq!(server.ledger().violations, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_unless_the_section_says_otherwise() {
    let (config, ..) = certificate();
    for (encryption, encrypt) in [
        (Encryption::Required(config.clone()), Encrypt::Required),
        (Encryption::Strict(config), Encrypt::Strict),
    ] {
        let server = secured(encryption);
        let (_, other, _directory) = certificate();
        let tls = TlsSettings {
            cacert_file: Some(other),
            ..TlsSettings::default()
        };
        let error = guest(&server, encrypt, tls).open().await.unwrap_err();
        assert!(error.starts_with("Error::Unreachable"), "{error}");
        assert!(error.contains("its certificate"), "{error}");
        assert_eq!(server.ledger().logins, 0);
        let trusting = TlsSettings {
            verify: false,
            ..TlsSettings::default()
        };
        guest(&server, encrypt, trusting).open().await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_because_a_server_would_have_it_so() {
    let server = secured(Encryption::Off);
    let error = guest(&server, Encrypt::Required, TlsSettings::default())
        .open()
        .await
        .unwrap_err();
    assert!(error.contains("the server does not encrypt"), "{error}");
    assert_eq!(server.ledger().logins, 0);
    let (config, ..) = certificate();
    let server = secured(Encryption::Required(config));
    let error = guest(&server, Encrypt::Off, TlsSettings::default())
        .open()
        .await
        .unwrap_err();
    assert!(error.contains("say `encrypt = required`"), "{error}");
}

#[tokio::test]
async fn a_server_that_speaks_something_else_is_told_apart() {
    let (config, ..) = certificate();
    let server = secured(Encryption::Strict(config));
    let error = guest(&server, Encrypt::Required, TlsSettings::default())
        .open()
        .await
        .unwrap_err();
    assert!(error.starts_with("Error::Unreachable"), "{error}");
}
