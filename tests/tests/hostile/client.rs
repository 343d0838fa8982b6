//! The HTTP of one run without a component in front of it: what a guest would hand over, and what it would be told.

use std::collections::BTreeMap;
use std::time::Duration;

use oomnitza_connector::capabilities::http::{Credential, Encoding, HttpState, Limits, Places, Retry, Slot};
use oomnitza_connector::contract::connector::oomnitza::connector::http::{Error, Host, Method, Request, Response};
use oomnitza_connector::net::{Egress, Network, Proxies, Reach, Rule, Timeouts, TlsSettings};
use oomnitza_connector::redact::{Redactor, Secret};
use url::Url;

use crate::attack::{SECRET, impatient};

/// What a client is made of.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) places: Vec<(String, Reach)>,
    pub(crate) limits: Limits,
    pub(crate) retry: Retry,
    pub(crate) timeouts: Timeouts,
    pub(crate) tls: TlsSettings,
}

impl Terms {
    /// This place may be reached; what the admin named.
    pub(crate) fn to(url: &str) -> Self {
        let long = Duration::from_secs(20);
        Self {
            places: vec![(url.to_owned(), Reach::Named)],
            limits: Limits::default(),
            retry: Retry {
                tries: 1,
                ..impatient()
            },
            timeouts: Timeouts {
                resolve: long,
                connect: long,
                first_byte: long,
                between_bytes: long,
                total: long,
            },
            tls: TlsSettings::default(),
        }
    }

    /// This one too.
    pub(crate) fn and(mut self, url: &str, reach: Reach) -> Self {
        self.places.push((url.to_owned(), reach));
        self
    }

    pub(crate) fn limited(mut self, limit: impl FnOnce(&mut Self)) -> Self {
        limit(&mut self);
        self
    }

    pub(crate) fn client(&self) -> Client {
        let rules = self
            .places
            .iter()
            .map(|(url, reach)| Rule::of(&Url::parse(url).unwrap(), *reach).unwrap());
        let egress = Egress::new(rules.collect());
        let network = Network::new(egress, self.tls.clone(), Proxies::none(), self.timeouts.clone());
        let header = |name: &str| Credential::Header {
            name: name.to_owned(),
            value: Secret::new(SECRET),
        };
        let slots = [
            ("token", header("Authorization2")),
            ("key", header("X-Api-Key")),
            (
                "body",
                Credential::Body {
                    placeholder: "@@".to_owned(),
                    encoding: Encoding::Plain,
                    value: Secret::new(SECRET),
                },
            ),
        ];
        let slots: BTreeMap<_, _> = slots
            .into_iter()
            .map(|(name, credential)| (name.to_owned(), Slot::from(credential)))
            .collect();
        let redactor = Redactor::new([&Secret::new(SECRET)]);
        Client {
            state: HttpState::new(
                "okta",
                &network,
                slots,
                Places::default(),
                self.limits.clone(),
                self.retry,
                redactor,
            ),
        }
    }

    /// One request of a client of its own.
    pub(crate) async fn get(&self, url: &str) -> Result<Response, String> {
        self.client().send(get(url)).await
    }
}

/// A client, with its connections and its counts.
pub(crate) struct Client {
    state: HttpState,
}

impl Client {
    pub(crate) async fn send(&mut self, request: Request) -> Result<Response, String> {
        let answer = (&mut self.state).send(request).await.unwrap();
        answer.map_err(|error| {
            // What the admin is told besides.
            let advice = match &error {
                Error::Unreachable(text) => self.state.advice(text),
                _ => None,
            };
            let advice = advice.map(|advice| format!("; {advice}"));
            said(error) + &advice.unwrap_or_default()
        })
    }

    /// The guest's call begins, which may take so long.
    pub(crate) fn begin_call(&self, time: std::time::Duration) {
        self.state.begin_call(time);
    }

    /// Says which request comes next.
    pub(crate) async fn begin(&mut self, request: Request) {
        (&mut self.state).begin(request).await.unwrap();
    }

    /// Wants few records only.
    pub(crate) fn stay_behind(&mut self) {
        self.state.stay_behind();
    }

    pub(crate) async fn send_all(&mut self, requests: Vec<Request>) -> Vec<Result<Response, String>> {
        let answers = (&mut self.state).send_all(requests).await.unwrap();
        answers.into_iter().map(|answer| answer.map_err(said)).collect()
    }

    /// How often requests were sent, and sent again.
    pub(crate) fn sent(&self) -> (u64, u64) {
        let statistics = self.state.statistics();
        (statistics.requests, statistics.retries)
    }
}

pub(crate) fn get(url: &str) -> Request {
    Request {
        method: Method::Get,
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        auth: None,
        repeatable: false,
    }
}

pub(crate) fn post(url: &str, body: &str) -> Request {
    Request {
        method: Method::Post,
        body: Some(body.as_bytes().to_vec()),
        ..get(url)
    }
}

/// What came, in a line.
pub(crate) fn told(answer: Result<Response, String>) -> String {
    match answer {
        Ok(answer) => format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)),
        Err(error) => error,
    }
}

/// `text` with this server's port in a form that stays the same.
pub(crate) fn settled(text: &str) -> String {
    oomnitza_tests::settled(text, "[no home]").trim_end().to_owned()
}

fn said(error: Error) -> String {
    match error {
        Error::Denied(text) => format!("denied: {text}"),
        Error::InvalidInput(text) => format!("invalid-input: {text}"),
        Error::TooLarge(text) => format!("too-large: {text}"),
        Error::TokenRefused((status, said)) => format!("token refused: {status} {said}"),
        Error::TimedOut => "timed-out".to_owned(),
        Error::RateLimited(seconds) => format!("rate-limited: {seconds:?}"),
        Error::Unreachable(text) => format!("unreachable: {}", settled(&text)),
        Error::BadBody(text) => format!("bad-body: {}", settled(&text)),
        Error::Other(text) => format!("other: {text}"),
    }
}
