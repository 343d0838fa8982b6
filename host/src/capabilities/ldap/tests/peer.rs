//! A directory that follows a script.

use std::sync::Arc;

use lber::common::TagClass;
use lber::structure::StructureTag;
use lber::structures::{ASNTag as _, Enumerated, Integer, OctetString, Sequence, Tag};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::super::guard::Stream;

/// What the server side of a connection sees and says.
pub(super) struct Peer {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
    /// The id of the last request.
    pub(super) id: u32,
}

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    /// Its tag's number.
    pub(super) operation: u64,
    pub(super) content: StructureTag,
    /// Size and cookie of its paging control, which must be critical.
    pub(super) page: Option<(u64, Vec<u8>)>,
    pub(super) has_controls: bool,
}

/// Serves one connection by `script`; its address, and what the script comes to.
pub(super) async fn serve<F, T>(script: impl FnOnce(Peer) -> F + Send + 'static) -> (String, JoinHandle<T>)
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    serve_with(None, script).await
}

/// Serves one connection, secured from the start if there is an identity.
pub(super) async fn serve_with<F, T>(
    identity: Option<Identity>,
    script: impl FnOnce(Peer) -> F + Send + 'static,
) -> (String, JoinHandle<T>)
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let scheme = if identity.is_some() { "ldaps" } else { "ldap" };
    let url = format!("{scheme}://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let stream: Box<dyn Stream> = match identity {
            Some(identity) => match identity.accept(stream).await {
                Ok(stream) => stream,
                // The client did not like it; the script is not for such a case.
                Err(_) => return std::future::pending().await,
            },
            None => Box::new(stream),
        };
        script(Peer {
            stream,
            buffer: Vec::new(),
            id: 0,
        })
        .await
    });
    (url, served)
}

impl Peer {
    /// The next request, none at the end of the connection.
    pub(super) async fn request(&mut self) -> Option<Request> {
        loop {
            if let Ok((rest, message)) = lber::Parser::new().parse(&self.buffer) {
                let left = rest.to_vec();
                self.buffer = left;
                let mut parts = message.expect_constructed().unwrap().into_iter();
                self.id = parts
                    .next()
                    .unwrap()
                    .expect_primitive()
                    .unwrap()
                    .iter()
                    .fold(0, |id, byte| id << 8 | u32::from(*byte));
                let content = parts.next().unwrap();
                let controls = parts.next();
                let has_controls = controls.is_some();
                return Some(Request {
                    operation: content.id,
                    content,
                    page: controls.map(page),
                    has_controls,
                });
            }
            if self.stream.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// Answers a bind, whoever it is.
    pub(super) async fn bound(mut self) -> Self {
        assert_eq!(self.request().await.unwrap().operation, 0);
        self.answer(1, success(), None).await;
        self
    }

    /// Answers the last request.
    pub(super) async fn answer(&mut self, operation: u64, content: Vec<Tag>, controls: Option<Tag>) {
        let message = answer(self.id, operation, content, controls);
        self.send(&message).await;
    }

    /// Sends these entries of the last request.
    pub(super) async fn entries(&mut self, names: &[&str]) {
        for name in names {
            self.answer(4, entry(name, &[("mail", &[b"a@example.test"])]), None)
                .await;
        }
    }

    /// Ends a page, with the cookie of the next one, empty at the end.
    pub(super) async fn page_ends(&mut self, cookie: &[u8]) {
        self.answer(5, success(), Some(paging(cookie))).await;
    }

    /// Sends bytes. That nobody is there any more is no mistake of a script's.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// Holds the connection until the other side hangs up.
    pub(super) async fn wait(mut self) {
        while self.request().await.is_some() {}
    }

    /// Speaks TLS from here on.
    pub(super) async fn secured(self, identity: &Identity) -> Self {
        assert!(self.buffer.is_empty());
        Self {
            stream: identity.accept(self.stream).await.unwrap(),
            ..self
        }
    }
}

fn page(controls: StructureTag) -> (u64, Vec<u8>) {
    let control = controls.expect_constructed().unwrap().pop().unwrap();
    let parts: Vec<Vec<u8>> = control
        .expect_constructed()
        .unwrap()
        .into_iter()
        .map(|part| part.expect_primitive().unwrap())
        .collect();
    assert_eq!(parts[0], b"1.2.840.113556.1.4.319");
    assert_eq!(parts[1], [0xff], "it is critical");
    let (_, value) = lber::Parser::new().parse(&parts[2]).unwrap();
    let mut value = value
        .expect_constructed()
        .unwrap()
        .into_iter()
        .map(|part| part.expect_primitive().unwrap());
    (
        value
            .next()
            .unwrap()
            .iter()
            .fold(0, |size, byte| size << 8 | u64::from(*byte)),
        value.next().unwrap(),
    )
}

pub(super) fn text(value: impl AsRef<[u8]>) -> Tag {
    Tag::OctetString(OctetString {
        inner: value.as_ref().to_vec(),
        ..Default::default()
    })
}

pub(super) fn sequence(inner: Vec<Tag>) -> Tag {
    Tag::Sequence(Sequence {
        inner,
        ..Default::default()
    })
}

fn encode(tag: Tag) -> Vec<u8> {
    let mut buffer = bytes::BytesMut::new();
    lber::write::encode_into(&mut buffer, tag.into_structure()).unwrap();
    buffer.to_vec()
}

/// A message.
pub(super) fn answer(id: u32, operation: u64, content: Vec<Tag>, controls: Option<Tag>) -> Vec<u8> {
    let id = Tag::Integer(Integer {
        inner: i64::from(id),
        ..Default::default()
    });
    let operation = Tag::Sequence(Sequence {
        id: operation,
        class: TagClass::Application,
        inner: content,
    });
    encode(sequence([id, operation].into_iter().chain(controls).collect()))
}

pub(super) fn result(code: i64, message: &str) -> Vec<Tag> {
    vec![
        Tag::Enumerated(Enumerated {
            inner: code,
            ..Default::default()
        }),
        text(""),
        text(message),
    ]
}

pub(super) fn success() -> Vec<Tag> {
    result(0, "")
}

pub(super) fn entry(name: &str, attributes: &[(&str, &[&[u8]])]) -> Vec<Tag> {
    let attributes = attributes
        .iter()
        .map(|(name, values)| sequence(vec![text(name), sequence(values.iter().map(text).collect())]));
    vec![text(name), sequence(attributes.collect())]
}

/// A paging control as servers send it.
pub(super) fn paging(cookie: &[u8]) -> Tag {
    let size = Tag::Integer(Integer {
        inner: 0,
        ..Default::default()
    });
    let value = encode(sequence(vec![size, text(cookie)]));
    let control = sequence(vec![text("1.2.840.113556.1.4.319"), text(value)]);
    Tag::Sequence(Sequence {
        id: 0,
        class: TagClass::Context,
        inner: vec![control],
    })
}

/// A reference to another server.
pub(super) fn reference() -> Vec<Tag> {
    vec![text("ldap://evil.example/CN=Configuration,DC=example,DC=test")]
}

/// A certificate of a server on this machine, and its key.
pub(super) struct Identity {
    acceptor: tokio_rustls::TlsAcceptor,
    /// The certificate, PEM.
    pub(super) pem: String,
}

impl Identity {
    pub(super) fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let chain: Vec<CertificateDer<'static>> = vec![made.cert.der().clone()];
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Self {
            acceptor: tokio_rustls::TlsAcceptor::from(Arc::new(config)),
            pem: made.cert.pem(),
        }
    }

    async fn accept<S: Stream + 'static>(&self, stream: S) -> std::io::Result<Box<dyn Stream>> {
        Ok(Box::new(self.acceptor.accept(stream).await?))
    }
}

/// An address where nobody listens.
pub(super) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("ldap://{}", listener.local_addr().unwrap())
}
