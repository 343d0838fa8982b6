//! HTTP over this network: one pool of connections, no redirects, no decompression, no proxies of its own choosing.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Request, Response};
use tokio::sync::OnceCell;
use url::{Host, Url};

use super::dial;
use super::egress::{Egress, Reach};
use super::error::{Error, place};
use super::{Network, Proxies, Timeouts, tls};

/// Connections kept open to one host while they are idle.
const IDLE_CONNECTIONS: usize = 16;

/// How long an idle connection is kept.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// Sends requests. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct HttpClient {
    network: Network,
    /// Two clients, so that one for plain HTTP never reads a certificate, unless that of a proxy.
    plain: Arc<OnceCell<Client>>,
    secure: Arc<OnceCell<Client>>,
}

impl HttpClient {
    pub(super) fn new(network: Network) -> Self {
        Self {
            network,
            plain: Arc::default(),
            secure: Arc::default(),
        }
    }

    /// The network it sends over.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Sends a request and waits for the head of its answer. The place is judged here, each time: a redirect comes through here again.
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        let url = request.url().clone();
        let shared = &self.network.shared;
        let reach = shared.egress.permits(&url)?;
        check_literal(&url, reach)?;
        if let Some(proxy) = shared.proxies.for_url(&url) {
            check_literal(proxy, Reach::Named)
                .map_err(|_| Error::denied(proxy, "it is the proxy, and at an address that is never allowed"))
                .map_err(|error| shared.advice.note(error.of_proxy(shared.proxies.origin(url.scheme()))))?;
        }
        let client = self.client(&url).await?;
        let limit = shared.timeouts.first_byte;
        let answer = tokio::time::timeout(limit, client.execute(request)).await;
        // Where a proxy stands between, it may be the one that does not answer.
        let place = || match shared.proxies.for_url(&url) {
            Some(proxy) => format!("{} through the proxy {}", place(&url), place(proxy)),
            None => place(&url),
        };
        answer
            .map_err(|_| Error::TimedOut {
                place: place(),
                what: "answer",
                limit,
            })?
            .map_err(|error| Error::of_request(error, place(), shared.timeouts.connect))
            .map_err(|error| match shared.proxies.for_url(&url) {
                Some(_) => error.of_proxy(shared.proxies.origin(url.scheme())),
                None => error,
            })
            .map_err(|error| shared.advice.note(error))
    }

    /// The next piece of an answer's body.
    pub async fn chunk(&self, response: &mut Response) -> Result<Option<bytes::Bytes>, Error> {
        let limit = self.network.shared.timeouts.between_bytes;
        let url = response.url().clone();
        tokio::time::timeout(limit, response.chunk())
            .await
            .map_err(|_| Error::TimedOut {
                place: place(&url),
                what: "go on with its answer",
                limit,
            })?
            .map_err(|error| Error::Broken {
                place: place(&url),
                reason: deepest(&error),
            })
    }

    async fn client(&self, url: &Url) -> Result<Client, Error> {
        let shared = &self.network.shared;
        let cell = if url.scheme() == "https" {
            &self.secure
        } else {
            &self.plain
        };
        let proxy = shared.proxies.for_scheme(url.scheme());
        let is_secured = url.scheme() == "https" || proxy.is_some_and(|proxy| proxy.scheme() == "https");
        let build = || async {
            let tls = if is_secured {
                let config = shared.tls.config().await;
                (*config.map_err(|error| shared.advice.note(error))?).clone()
            } else {
                tls::trusting_nobody()?
            };
            let resolver = Resolver {
                egress: shared.egress.clone(),
                proxies: shared.proxies.clone(),
                timeouts: shared.timeouts.clone(),
            };
            let mut builder = Client::builder()
                .tls_backend_preconfigured(tls)
                .dns_resolver(resolver)
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .http1_only()
                .tcp_nodelay(true)
                .connect_timeout(shared.timeouts.connect)
                .pool_max_idle_per_host(IDLE_CONNECTIONS)
                .pool_idle_timeout(IDLE_TIME)
                .no_proxy();
            let proxies = shared.proxies.clone();
            // Whether a host is an exception is decided for each request: one client serves them all.
            if proxy.is_some() {
                builder = builder.proxy(reqwest::Proxy::custom(move |url| proxies.for_url(url).cloned()));
            }
            builder
                .build()
                .map_err(|error| Error::Setting(format!("the HTTP client cannot be set up: {}", deepest(&error))))
        };
        cell.get_or_try_init(build).await.cloned()
    }
}

/// The resolver is not asked about addresses that are written out.
fn check_literal(url: &Url, reach: Reach) -> Result<(), Error> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        _ => return Ok(()),
    };
    dial::literal(url, address, 0, reach).map(|_| ())
}

/// The innermost of an error's causes, which says the most.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    crate::redact::clean(&cause.to_string(), 300)
}

/// Resolves names to addresses that may be dialled.
struct Resolver {
    egress: Arc<Egress>,
    proxies: Proxies,
    timeouts: Timeouts,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        // A proxy is the admin's own choice, wherever it stands.
        let reach = if self.proxies.is_proxy(name.as_str()) {
            Some(Reach::Named)
        } else {
            self.egress.reach_of_name(name.as_str())
        };
        let timeouts = self.timeouts.clone();
        Box::pin(async move {
            let name = name.as_str();
            let reach = reach.ok_or_else(|| Error::Denied {
                place: name.to_owned(),
                reason: "the section does not name this place".to_owned(),
            })?;
            let addresses = dial::resolve(name, 0, reach, &timeouts).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::super::{Rule, TlsSettings};
    use super::*;

    /// A server, or a proxy, that answers everything and keeps the first line of each request.
    async fn listener() -> (Url, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let seen = lines.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                let text = String::from_utf8_lossy(&request[..length]).into_owned();
                seen.lock()
                    .unwrap()
                    .push(text.lines().next().unwrap_or_default().to_owned());
                let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (url, lines)
    }

    /// Whichever comes first, one host goes through the proxy and the other one does not.
    #[tokio::test]
    async fn each_host_is_asked_about_its_proxy() {
        for is_direct_first in [true, false] {
            let ((direct, reached), (proxy, proxied)) = (listener().await, listener().await);
            let far = Url::parse("http://far.example.test/").unwrap();
            let rules = [&direct, &far].map(|url| Rule::of(url, Reach::Named).unwrap());
            let network = Network::new(
                Egress::new(rules.to_vec()),
                TlsSettings::default(),
                Proxies::none().replaced(Some(&proxy), "`proxy`"),
                Timeouts::default(),
            );
            let client = network.http();
            let mut urls = vec![direct.clone(), far.clone()];
            if !is_direct_first {
                urls.reverse();
            }
            for url in urls {
                let answer = client.send(Request::new(reqwest::Method::GET, url)).await.unwrap();
                assert_eq!(answer.status(), 200);
            }
            assert_eq!(*reached.lock().unwrap(), ["GET / HTTP/1.1"]);
            assert_eq!(*proxied.lock().unwrap(), ["GET http://far.example.test/ HTTP/1.1"]);
        }
    }

    #[tokio::test]
    async fn a_proxy_at_a_forbidden_address_is_not_dialled() {
        let far = Url::parse("http://far.example.test/").unwrap();
        for proxy in ["http://169.254.169.254/", "http://0.0.0.0:80/", "http://[fe80::1]/"] {
            let proxy = Url::parse(proxy).unwrap();
            let network = Network::new(
                Egress::new(vec![Rule::of(&far, Reach::Named).unwrap()]),
                TlsSettings::default(),
                Proxies::none().replaced(Some(&proxy), "`proxy`"),
                Timeouts::default(),
            );
            let request = Request::new(reqwest::Method::GET, far.clone());
            let error = network.http().send(request).await.unwrap_err();
            let Error::Proxy { error, hint } = error else {
                panic!("{error}")
            };
            assert!(matches!(*error, Error::Denied { .. }), "{error}");
            assert!(hint.starts_with("check `proxy`, "), "{hint}");
        }
    }
}
