//! An HTTP proxy on loopback that knows made-up hosts, and TLS in front of a server that speaks none.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// Bytes of a request's head.
const LARGEST_HEAD: usize = 16 << 10;

/// A proxy. It is strict: what is no request to a proxy, or asks for a host that it does not know, is refused with 400.
///
/// Its thread and port stay until the tests end; it keeps nothing else.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    /// Where hosts really are, by host and port.
    hosts: BTreeMap<String, SocketAddr>,
    /// `user:password`, if it wants them.
    user: Option<String>,
    requests: Mutex<Vec<String>>,
}

impl Proxy {
    /// A proxy that knows these hosts, each `host:port`, and where they are: `http://127.0.0.1:PORT`.
    pub fn start(hosts: &[(&str, &str)]) -> Self {
        Self::start_for(None, hosts)
    }

    /// A proxy that serves a user alone, `user:password`.
    pub fn start_for(user: Option<&str>, hosts: &[(&str, &str)]) -> Self {
        let place = |url: &str| url.trim_start_matches("http://").parse().expect("an address");
        let shared = Arc::new(Shared {
            hosts: hosts
                .iter()
                .map(|(host, url)| ((*host).to_owned(), place(url)))
                .collect(),
            user: user.map(str::to_owned),
            requests: Mutex::default(),
        });
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
        let address = port.local_addr().expect("it has an address");
        let site = shared.clone();
        std::thread::spawn(move || {
            for client in port.incoming().flatten() {
                let site = site.clone();
                std::thread::spawn(move || site.serve(client));
            }
        });
        Self { address, shared }
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first line of each request, in the order in which they came.
    pub fn requests(&self) -> Vec<String> {
        self.shared
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) {
        // A client that goes away has its reasons; its test will tell.
        if let Some((head, rest)) = head(&mut client) {
            let first = head.lines().next().unwrap_or_default().to_owned();
            self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(first);
            match self.read(&head) {
                Ok((server, greeting)) => forward(client, server, greeting.as_deref(), &rest),
                Err(status) => {
                    _ = client.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes())
                }
            }
        }
    }

    /// Where a request is to go, and what its server gets to read first; or how it is refused. A tunnel has nothing to read first.
    fn read(&self, head: &str) -> Result<(TcpStream, Option<String>), &'static str> {
        let header = |name: &str| {
            let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
            lines
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        };
        let credential = self
            .user
            .as_ref()
            .map(|user| format!("Basic {}", STANDARD.encode(user)));
        if header("proxy-authorization") != credential.as_deref() {
            return Err("407 Proxy Authentication Required");
        }
        let first: Vec<&str> = head.lines().next().unwrap_or_default().split(' ').collect();
        let [method, target, "HTTP/1.1"] = first.as_slice() else {
            return Err("400 Bad Request");
        };
        let (host, path) = match target
            .strip_prefix("http://")
            .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
        {
            None if *method == "CONNECT" => (*target, None),
            Some((host, path)) => (host, Some(path)),
            None => return Err("400 Bad Request"),
        };
        let server = self.hosts.get(&if host.contains(':') {
            host.to_owned()
        } else {
            format!("{host}:80")
        });
        let server = server.and_then(|server| TcpStream::connect(server).ok());
        let (Some(server), Some(true)) = (server, header("host").map(|named| named == host)) else {
            return Err("400 Bad Request");
        };
        // One request a connection: the next one may be for another host.
        let kept = |line: &&str| {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            !["connection", "proxy-connection", "proxy-authorization"].contains(&name.as_str())
        };
        let greeting = path.map(|path| {
            let headers: Vec<&str> = head
                .lines()
                .skip(1)
                .filter(|line| !line.is_empty())
                .filter(kept)
                .collect();
            format!(
                "{method} /{path} HTTP/1.1\r\nconnection: close\r\n{}\r\n\r\n",
                headers.join("\r\n")
            )
        });
        Ok((server, greeting))
    }
}

/// The head of a request, and what came after it already.
fn head(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4 << 10]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Some((String::from_utf8(bytes).ok()?, rest));
        }
        let count = client
            .read(&mut piece)
            .ok()
            .filter(|count| *count > 0 && bytes.len() < LARGEST_HEAD)?;
        bytes.extend_from_slice(&piece[..count]);
    }
}

fn forward(mut client: TcpStream, mut server: TcpStream, greeting: Option<&str>, rest: &[u8]) {
    let begun = match greeting {
        Some(greeting) => server
            .write_all(greeting.as_bytes())
            .and_then(|()| server.write_all(rest)),
        None => client.write_all(b"HTTP/1.1 200 OK\r\n\r\n"),
    };
    let (Ok(()), Ok(mut to_server), Ok(mut from_client)) = (begun, server.try_clone(), client.try_clone()) else {
        return;
    };
    std::thread::spawn(move || {
        _ = std::io::copy(&mut from_client, &mut to_server);
        _ = to_server.shutdown(Shutdown::Write);
    });
    _ = std::io::copy(&mut server, &mut client);
    _ = client.shutdown(Shutdown::Both);
}

/// TLS in front of a server that speaks none. Its thread and port stay until the tests end.
pub struct Secured {
    /// `http://127.0.0.1:PORT`, which is how [`Proxy`] takes places.
    pub url: String,
    /// Its certificate, PEM, which is its own authority.
    pub certificate: String,
}

/// TLS of a server with a certificate for `name` of its own making, and that certificate, PEM.
pub fn with_certificate(name: &str) -> (Arc<rustls::ServerConfig>, String) {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate can be made");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(vec![made.cert.der().clone()], key)
        })
        .expect("the certificate can be used");
    (Arc::new(config), made.cert.pem())
}

/// Puts TLS with a certificate for `name` in front of the server at `url`.
pub fn secured(name: &str, url: &str) -> Secured {
    let (config, certificate) = with_certificate(name);
    let server: SocketAddr = url.trim_start_matches("http://").parse().expect("an address");
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
    let address = port.local_addr().expect("it has an address");
    port.set_nonblocking(true).expect("it can be waited for");
    let acceptor = TlsAcceptor::from(config);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .expect("there is a runtime");
    std::thread::spawn(move || {
        runtime.block_on(async {
            let port = tokio::net::TcpListener::from_std(port).expect("it can be waited for");
            while let Ok((client, _)) = port.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let (mut client, mut server) = (
                        acceptor.accept(client).await?,
                        tokio::net::TcpStream::connect(server).await?,
                    );
                    tokio::io::copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
    });
    Secured {
        url: format!("http://{address}"),
        certificate,
    }
}
