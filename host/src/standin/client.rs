//! A client for the tests of the stand-ins: this program's own, which adds nothing to a request.

use reqwest::{Method, Request, Response};
use url::Url;

use crate::net::{Egress, Network, Proxies, Reach, Rule, Timeouts, TlsSettings};

/// Sends a request.
pub(super) async fn send(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Result<Response, crate::net::Error> {
    let url = Url::parse(url).unwrap();
    let rule = Rule::of(&url, Reach::Named).unwrap();
    let network = Network::new(
        Egress::new(vec![rule]),
        TlsSettings::default(),
        Proxies::none(),
        Timeouts::default(),
    );
    let mut request = Request::new(method, url);
    for (name, value) in headers {
        request.headers_mut().append(
            reqwest::header::HeaderName::try_from(*name).unwrap(),
            value.parse().unwrap(),
        );
    }
    *request.body_mut() = body.map(|body| body.to_owned().into());
    network.http().send(request).await
}

/// Sends a request, and gives the status and the JSON of its answer.
pub(super) async fn json(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> (u16, serde_json::Value) {
    let response = send(method, url, headers, body).await.unwrap();
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap(),
    )
}
