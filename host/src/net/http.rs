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
    /// Two clients, so that one for plain HTTP never reads a certificate.
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
        let build = || async {
            let tls = if url.scheme() == "https" {
                (*shared.tls.config().await?).clone()
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
            if proxies.for_url(url).is_some() {
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
