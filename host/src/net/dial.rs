//! From a URL to a connection.

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Url};

use super::addresses::permitted;
use super::egress::{self, Reach};
use super::error::{Error, place};
use super::{Network, Timeouts};

/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;

impl Network {
    /// A connection to where `url` points, if that may be reached.
    pub async fn connect(&self, url: &Url) -> Result<TcpStream, Error> {
        let timeouts = &self.shared.timeouts;
        let reach = self.shared.egress.permits(url)?;
        let (host, port) = egress::place(url)?;
        let addresses = match &host {
            Host::Domain(name) => resolve(name, port, reach, timeouts).await?,
            Host::Ipv4(address) => vec![literal(url, IpAddr::V4(*address), port, reach)?],
            Host::Ipv6(address) => vec![literal(url, IpAddr::V6(*address), port, reach)?],
        };
        let mut failure = Error::Connect {
            place: place(url),
            reason: "it has no address".to_owned(),
        };
        for address in addresses {
            match timeout(timeouts.connect, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Small requests are not to wait for one another.
                    _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => {
                    failure = Error::Connect {
                        place: place(url),
                        reason: error.to_string(),
                    }
                }
                Err(_) => {
                    failure = Error::TimedOut {
                        place: place(url),
                        what: "accept a connection",
                        limit: timeouts.connect,
                    }
                }
            }
        }
        Err(failure)
    }
}

/// An address that was written out, if it may be dialled.
pub(super) fn literal(url: &Url, address: IpAddr, port: u16, reach: Reach) -> Result<SocketAddr, Error> {
    if permitted(address, reach) {
        Ok(SocketAddr::new(address, port))
    } else {
        Err(Error::denied(url, "its address is not one that may be reached"))
    }
}

/// The addresses of a name that may be dialled.
pub(super) async fn resolve(
    name: &str,
    port: u16,
    reach: Reach,
    timeouts: &Timeouts,
) -> Result<Vec<SocketAddr>, Error> {
    let failed = |reason: String| Error::Resolve {
        host: name.to_owned(),
        reason,
    };
    let found = timeout(timeouts.resolve, tokio::net::lookup_host((name, port)))
        .await
        .map_err(|_| failed(format!("the name service did not answer within {:?}", timeouts.resolve)))?
        .map_err(|error| failed(error.to_string()))?;
    let all: Vec<SocketAddr> = found.collect();
    let usable: Vec<SocketAddr> = all
        .iter()
        .copied()
        .filter(|address| permitted(address.ip(), reach))
        .take(MAX_ADDRESSES)
        .collect();
    if usable.is_empty() {
        return Err(failed(
            if all.is_empty() {
                "it is not known"
            } else {
                "none of its addresses may be reached"
            }
            .to_owned(),
        ));
    }
    Ok(usable)
}
