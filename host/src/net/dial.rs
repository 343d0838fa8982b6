//! From a URL to a connection.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use url::{Host, Url};

use super::addresses::permitted;
use super::egress::{self, Reach};
use super::error::{Error, place};
use super::{Network, Timeouts};

/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;

/// How often a datagram is sent before it counts as unanswered: one can get lost.
const DATAGRAM_TRIES: u32 = 3;

impl Network {
    /// A connection to where `url` points, if that may be reached.
    pub async fn connect(&self, url: &Url) -> Result<TcpStream, Error> {
        self.connect_at(url, egress::place(url)?.1).await
    }

    /// A connection to another port of the host that `url` points to, if that may be reached: a port that the host itself has named
    /// as part of the place, as a SQL Server does for its instances.
    pub async fn connect_at(&self, url: &Url, port: u16) -> Result<TcpStream, Error> {
        let timeouts = &self.shared.timeouts;
        let mut failure = Error::Connect {
            place: place(url),
            reason: "it has no address".to_owned(),
        };
        for address in self.addresses(url, port).await? {
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

    /// Asks the host that `url` points to, if that may be reached, with one datagram, and waits for one of at most `limit` bytes. What
    /// comes from elsewhere is not received.
    pub async fn ask(&self, url: &Url, port: u16, question: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
        let wait = self.shared.timeouts.resolve;
        let mut failure = Error::TimedOut {
            place: format!("{} at UDP port {port}", place(url)),
            what: "answer",
            limit: wait,
        };
        for address in self.addresses(url, port).await? {
            let mut answer = vec![0; limit];
            match timeout(wait, ask(address, question, wait / DATAGRAM_TRIES, &mut answer)).await {
                Ok(Ok(length)) => {
                    answer.truncate(length);
                    return Ok(answer);
                }
                Ok(Err(error)) => {
                    failure = Error::Connect {
                        place: format!("{} at UDP port {port}", place(url)),
                        reason: error.to_string(),
                    }
                }
                Err(_) => {}
            }
        }
        Err(failure)
    }

    /// The addresses of the host that `url` points to, with a port, if that may be reached.
    async fn addresses(&self, url: &Url, port: u16) -> Result<Vec<SocketAddr>, Error> {
        let reach = self.shared.egress.permits(url)?;
        match egress::place(url)?.0 {
            Host::Domain(name) => resolve(&name, port, reach, &self.shared.timeouts).await,
            Host::Ipv4(address) => Ok(vec![literal(url, IpAddr::V4(address), port, reach)?]),
            Host::Ipv6(address) => Ok(vec![literal(url, IpAddr::V6(address), port, reach)?]),
        }
    }
}

/// Sends a datagram until one comes back.
async fn ask(address: SocketAddr, question: &[u8], patience: Duration, answer: &mut [u8]) -> io::Result<usize> {
    let own: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(own).await?;
    socket.connect(address).await?;
    loop {
        socket.send(question).await?;
        if let Ok(received) = timeout(patience, socket.recv(answer)).await {
            return received;
        }
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

#[cfg(test)]
mod tests {
    use super::super::{Egress, Proxies, Rule, TlsSettings};
    use super::*;

    fn network(reach: Reach) -> (Network, Url) {
        let url = Url::parse("mssql://127.0.0.1:14330").unwrap();
        let egress = Egress::new(vec![Rule::of(&url, reach).unwrap()]);
        let timeouts = Timeouts {
            resolve: Duration::from_millis(600),
            ..Timeouts::default()
        };
        (
            Network::new(egress, TlsSettings::default(), Proxies::none(), timeouts),
            url,
        )
    }

    #[tokio::test]
    async fn a_datagram_that_gets_lost_is_sent_again() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        let answering = tokio::spawn(async move {
            let mut question = [0; 16];
            let (lost, _) = server.recv_from(&mut question).await.unwrap();
            let (length, client) = server.recv_from(&mut question).await.unwrap();
            server.send_to(b"an answer that is longer", client).await.unwrap();
            (lost, length)
        });
        let (network, url) = network(Reach::Named);
        assert_eq!(network.ask(&url, port, b"where", 9).await.unwrap(), b"an answer");
        assert_eq!(answering.await.unwrap(), (5, 5));
    }

    #[tokio::test]
    async fn silence_and_a_forbidden_place_are_told_apart() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        let (allowed, url) = network(Reach::Named);
        let error = allowed.ask(&url, port, b"where", 9).await.unwrap_err();
        assert!(matches!(error, Error::TimedOut { .. }), "{error}");
        // Loopback is not for places that a component names; and nothing is sent to places that nobody names.
        let mut seen = [0; 16];
        while server.try_recv(&mut seen).is_ok() {}
        let (denied, _) = network(Reach::Public);
        let elsewhere = Url::parse("mssql://127.0.0.1:1").unwrap();
        for (network, url) in [(&denied, &url), (&allowed, &elsewhere)] {
            let error = network.ask(url, port, b"where", 9).await.unwrap_err();
            assert!(matches!(error, Error::Denied { .. }), "{error}");
            let error = network.connect_at(url, port).await.unwrap_err();
            assert!(matches!(error, Error::Denied { .. }), "{error}");
        }
        assert!(server.try_recv(&mut seen).is_err());
    }
}
