//! A guest's request, judged.

use reqwest::Method;
use reqwest::header::HeaderMap;
use url::Url;

use super::error::Error;
use super::headers;
use super::limits::Limits;
use crate::contract::connector::oomnitza::connector::http as wit;

/// A request that is well formed. Whether its place may be reached is judged when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    pub(super) slot: Option<String>,
    pub(super) is_repeatable: bool,
}

impl Request {
    pub(super) fn read(request: wit::Request, limits: &Limits) -> Result<Self, Error> {
        if request.url.len() > limits.url_bytes {
            return Err(Error::TooLarge(format!(
                "the URL has {} bytes, the limit is {}",
                request.url.len(),
                limits.url_bytes
            )));
        }
        if let Some(body) = &request.body
            && body.len() > limits.request_bytes
        {
            return Err(Error::TooLarge(format!(
                "the request's body has {} bytes, the limit is {}",
                body.len(),
                limits.request_bytes
            )));
        }
        // The parser would forgive these; a connector that sends them is confused or worse.
        if request
            .url
            .contains(|character: char| character.is_control() || character.is_whitespace() || character == '\\')
        {
            return Err(Error::Invalid(
                "the URL holds a character that must be encoded".to_owned(),
            ));
        }
        let mut url =
            Url::parse(&request.url).map_err(|error| Error::Invalid(format!("the URL cannot be read: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::Denied(format!("`{}` is neither https nor http", url.scheme())));
        }
        url.set_fragment(None);
        let method = match request.method {
            wit::Method::Get => Method::GET,
            wit::Method::Head => Method::HEAD,
            wit::Method::Post => Method::POST,
            wit::Method::Put => Method::PUT,
        };
        let is_repeatable = request.repeatable || method == Method::GET || method == Method::HEAD;
        let headers = headers::read(request.headers, limits)?;
        Ok(Self {
            method,
            url,
            headers,
            body: request.body,
            slot: request.auth,
            is_repeatable,
        })
    }
}
