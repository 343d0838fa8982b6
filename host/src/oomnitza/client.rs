//! Calls of Oomnitza's API: signing in, asking, asking again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use url::Url;

use super::answer::{Answer, Verdict};
use super::error::Error;
use super::mappings;
use super::pause::Pause;
use crate::config::{Destination, SignIn};
use crate::net::backoff::{Backoff, Budget};
use crate::net::{Egress, HttpClient, Network, Proxies, Reach, Rule, Timeouts, TlsSettings};
use crate::redact::{Redactor, Secret};

/// The version that uploads carry.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How this program calls itself.
const AGENT: &str = concat!("oomnitza-connector/", env!("CARGO_PKG_VERSION"));

/// Tries of a call while nothing is under way yet: whoever waits at the terminal is told soon.
const TRIES_AT_START: u32 = 3;

/// Tries when something else than Oomnitza's API answers, a maintenance page perhaps.
const TRIES_OF_PAGES: u32 = 3;

/// How the network is reached, and how calls are repeated.
#[derive(Debug, Clone)]
pub struct Options {
    /// How the connection is secured.
    pub tls: TlsSettings,
    /// The proxies of the environment.
    pub proxies: Proxies,
    /// How long the steps of a call may take.
    pub timeouts: Timeouts,
    /// How long the waits between tries are.
    pub backoff: Backoff,
    /// What masks secrets in what Oomnitza says; it learns those of Oomnitza.
    pub redactor: Redactor,
}

/// How long one section's calls are repeated. Each section has its own.
#[derive(Debug)]
pub struct Retry {
    budget: Budget,
    tries: u32,
    repeated: AtomicU64,
}

impl Retry {
    /// Repeats as long as the waits together stay within `budget`.
    pub fn within(budget: Duration) -> Self {
        Self {
            budget: Budget::of(budget),
            tries: u32::MAX,
            repeated: AtomicU64::new(0),
        }
    }

    fn at_start() -> Self {
        Self {
            tries: TRIES_AT_START,
            ..Self::within(Duration::from_secs(60))
        }
    }

    /// How many calls were repeated.
    pub fn repeated(&self) -> u64 {
        self.repeated.load(Ordering::Relaxed)
    }
}

/// The tries of one call.
struct Tries<'a> {
    what: &'static str,
    retry: &'a Retry,
    started: Instant,
    failures: u32,
    pages: u32,
}

impl<'a> Tries<'a> {
    fn of(what: &'static str, retry: &'a Retry) -> Self {
        Self {
            what,
            retry,
            started: Instant::now(),
            failures: 0,
            pages: 0,
        }
    }
}

/// What a try came to.
enum Tried {
    /// What was asked for.
    Done(Answer),
    /// The credential was not accepted.
    NotAccepted(Answer),
    /// Nothing; it is time to try again.
    Again,
}

/// Oomnitza, signed in. Cheap to clone; all clones share connections, token and pauses.
#[derive(Clone)]
pub struct Oomnitza {
    shared: Arc<Shared>,
}

struct Shared {
    http: HttpClient,
    base: Url,
    sign_in: SignIn,
    token: Mutex<Token>,
    /// Knows the credential of the ini file, and the tokens that it was changed for.
    redactor: Redactor,
    backoff: Backoff,
    pause: Pause,
    /// Batches under way at once, of all sections together.
    uploads: Semaphore,
    /// Whether it is known not to answer: said once, not at every try.
    is_down: AtomicBool,
}

/// The token, and how many were asked for before it.
struct Token {
    value: Secret,
    generation: u64,
}

/// One call.
pub(super) struct Call {
    /// What is done, after "to": `upload people`.
    pub(super) what: &'static str,
    pub(super) method: Method,
    /// Path and query below the base.
    pub(super) target: String,
    pub(super) body: Option<Bytes>,
}

impl Call {
    fn get(what: &'static str, target: String) -> Self {
        Self {
            what,
            method: Method::GET,
            target,
            body: None,
        }
    }
}

impl Oomnitza {
    /// Signs in: asks for a token with user and password, or asks whether the given one is good.
    pub async fn sign_in(destination: &Destination, options: Options) -> Result<Self, Error> {
        let rule = Rule::of(&destination.url, Reach::Named)?;
        let network = Network::new(Egress::new(vec![rule]), options.tls, options.proxies, options.timeouts);
        let (SignIn::Token(secret) | SignIn::Password { password: secret, .. }) = &destination.sign_in;
        options.redactor.learn(secret);
        let shared = Shared {
            http: network.http(),
            base: destination.url.clone(),
            sign_in: destination.sign_in.clone(),
            token: Mutex::new(Token {
                value: Secret::default(),
                generation: 0,
            }),
            redactor: options.redactor,
            backoff: options.backoff,
            pause: Pause::default(),
            uploads: Semaphore::new(destination.upload_parallel),
            is_down: AtomicBool::new(false),
        };
        let oomnitza = Self {
            shared: Arc::new(shared),
        };
        let retry = Retry::at_start();
        match &destination.sign_in {
            SignIn::Token(token) => {
                oomnitza.shared.token.lock().await.value = token.clone();
                let call = Call::get("check the API token", "/api/v2/mappings?name=AuthTest".to_owned());
                oomnitza.call(&call, &retry).await?;
            }
            SignIn::Password { username, password } => {
                let token = oomnitza.request_token(username, password, &retry).await?;
                oomnitza.shared.token.lock().await.value = token;
            }
        }
        Ok(oomnitza)
    }

    /// Oomnitza's own mappings of a source: field and path in the source's record.
    pub async fn mappings(&self, name: &str) -> Result<Vec<(String, String)>, Error> {
        let query: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let call = Call::get("give the mappings", format!("/api/v2/mappings?name={query}"));
        let answer = self.call(&call, &Retry::at_start()).await?;
        mappings::read_mappings(&answer.body).map_err(|problem| Error::NotTheApi {
            call: call.what,
            what: format!(
                "with something that is not a mapping ({})",
                crate::redact::clean(&problem, 200)
            ),
        })
    }

    /// Oomnitza's locations, a JSON array as it answered it.
    pub async fn locations(&self) -> Result<Vec<u8>, Error> {
        let call = Call::get("list the locations", "/api/v3/locations".to_owned());
        let answer = self.call(&call, &Retry::at_start()).await?;
        match serde_json::from_slice::<Vec<&serde_json::value::RawValue>>(&answer.body) {
            Ok(_) => Ok(answer.body),
            Err(_) => Err(Error::NotTheApi {
                call: call.what,
                what: "with something that is not a list".to_owned(),
            }),
        }
    }

    /// The address, for people.
    pub fn address(&self) -> &Url {
        &self.shared.base
    }

    /// Waits until one more batch may be under way. Whoever waits longest is next.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // Never closed, so never refused.
        self.shared.uploads.acquire().await.ok()
    }

    /// Calls until there is an answer that stays so.
    pub(super) async fn call(&self, call: &Call, retry: &Retry) -> Result<Answer, Error> {
        let mut tries = Tries::of(call.what, retry);
        let mut signed_in_again = false;
        loop {
            self.shared.pause.over().await;
            let (token, generation) = {
                let token = self.shared.token.lock().await;
                (token.value.clone(), token.generation)
            };
            match self.tried(&mut tries, self.once(call, &token).await).await? {
                Tried::Done(answer) => return Ok(answer),
                Tried::NotAccepted(answer) => {
                    if signed_in_again || !self.renew(generation, retry).await? {
                        return Err(self.not_accepted(&answer));
                    }
                    signed_in_again = true;
                }
                Tried::Again => {}
            }
        }
    }

    /// What a try came to. Where trying again can help and is allowed, the time until then has passed.
    async fn tried(&self, tries: &mut Tries<'_>, answer: Result<Answer, crate::net::Error>) -> Result<Tried, Error> {
        let shared = &*self.shared;
        let (wait, error) = match answer {
            Ok(answer) => match answer.judge(tries.what, &shared.redactor) {
                Verdict::Good => {
                    if shared.is_down.swap(false, Ordering::Relaxed) {
                        tracing::warn!("Oomnitza answers again");
                    }
                    return Ok(Tried::Done(answer));
                }
                Verdict::Never(error) => return Err(error),
                Verdict::SignInAgain => return Ok(Tried::NotAccepted(answer)),
                Verdict::Again(wait) => {
                    let error = Error::Unavailable {
                        call: tries.what,
                        status: answer.status.as_u16(),
                        tried: (tries.failures > 0).then(|| readable(tries.started.elapsed())),
                        said: answer.said(&shared.redactor),
                    };
                    (wait, error)
                }
                Verdict::AgainBriefly(error) => {
                    tries.pages += 1;
                    (None, error)
                }
            },
            Err(error) if error.is_passing() => (None, Error::Net(error)),
            Err(error) => return Err(Error::Net(error)),
        };
        tries.failures += 1;
        let delay = wait.unwrap_or_else(|| shared.backoff.delay(tries.failures));
        if tries.failures >= tries.retry.tries || tries.pages >= TRIES_OF_PAGES || !tries.retry.budget.spend(delay) {
            return Err(error);
        }
        tries.retry.repeated.fetch_add(1, Ordering::Relaxed);
        if !shared.is_down.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, "Oomnitza cannot be used now; trying again");
        }
        match wait {
            Some(wait) => {
                shared.pause.extend(wait);
                shared.pause.over().await;
            }
            None => tokio::time::sleep(delay).await,
        }
        Ok(Tried::Again)
    }

    async fn once(&self, call: &Call, token: &Secret) -> Result<Answer, crate::net::Error> {
        let shared = &*self.shared;
        let url = below(&shared.base, &call.target);
        let mut request = reqwest::Request::new(call.method.clone(), url.clone());
        let mut secret = HeaderValue::from_str(token.expose())
            .map_err(|_| crate::net::Error::Setting("the API token holds a character that no header can".to_owned()))?;
        secret.set_sensitive(true);
        let headers = request.headers_mut();
        headers.insert(HeaderName::from_static("authorization2"), secret);
        // Sic: the old program's own name for it, which Oomnitza may look at.
        headers.insert(
            HeaderName::from_static("contenttype"),
            HeaderValue::from_static("application/json"),
        );
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        common(headers);
        *request.body_mut() = call.body.clone().map(reqwest::Body::from);
        self.answer(request, &url).await
    }

    async fn answer(&self, request: reqwest::Request, url: &Url) -> Result<Answer, crate::net::Error> {
        let http = &self.shared.http;
        let response = http.send(request).await?;
        Answer::read(http, response, url).await
    }

    async fn request_token(&self, username: &str, password: &Secret, retry: &Retry) -> Result<Secret, Error> {
        const CALL: &str = "sign in";
        #[derive(serde::Deserialize)]
        struct Granted {
            token: String,
        }
        let shared = &*self.shared;
        let url = below(&shared.base, "/api/request_token");
        let form = Secret::new(
            url::form_urlencoded::Serializer::new(String::new())
                .append_pair("login", username)
                .append_pair("password", password.expose())
                .finish(),
        );
        let mut tries = Tries::of(CALL, retry);
        let answer = loop {
            let mut request = reqwest::Request::new(Method::POST, url.clone());
            request.headers_mut().insert(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            );
            common(request.headers_mut());
            *request.body_mut() = Some(form.expose().to_owned().into());
            match self.tried(&mut tries, self.answer(request, &url).await).await {
                Ok(Tried::Done(answer)) => break answer,
                Ok(Tried::NotAccepted(answer)) => return Err(self.not_accepted(&answer)),
                Ok(Tried::Again) => {}
                // Whoever may not sign in has given the wrong name or password.
                Err(Error::Forbidden { said, .. }) => return Err(self.wrong_credential(403, said)),
                Err(error) => return Err(error),
            }
        };
        let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| Error::NotTheApi {
            call: CALL,
            what: "without a token".to_owned(),
        })?;
        let token = Secret::new(granted.token);
        shared.redactor.learn(&token);
        Ok(token)
    }

    /// Asks for a new token in place of the one of this generation; false where there is nothing to ask with.
    async fn renew(&self, generation: u64, retry: &Retry) -> Result<bool, Error> {
        let SignIn::Password { username, password } = &self.shared.sign_in else {
            return Ok(false);
        };
        let mut token = self.shared.token.lock().await;
        // Somebody else may have asked while this call waited.
        if token.generation == generation {
            tracing::info!("the token of Oomnitza has ended; signing in again");
            token.value = self.request_token(username, password, retry).await?;
            token.generation += 1;
        }
        Ok(true)
    }

    fn not_accepted(&self, answer: &Answer) -> Error {
        self.wrong_credential(answer.status.as_u16(), answer.said(&self.shared.redactor))
    }

    fn wrong_credential(&self, status: u16, said: String) -> Error {
        let credential = match self.shared.sign_in {
            SignIn::Token(_) => "API token",
            SignIn::Password { .. } => "user name and password",
        };
        Error::SignIn {
            credential,
            status,
            said,
        }
    }
}

fn common(headers: &mut HeaderMap) {
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
}

/// The URL of a path and query below the base, whose own path stays in front.
fn below(base: &Url, target: &str) -> Url {
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query)));
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url.set_query(query);
    url
}

fn readable(time: Duration) -> String {
    match time.as_secs() {
        0 => "a moment".to_owned(),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_with_a_path_keeps_it() {
        for (base, expected) in [
            ("https://x.example/", "https://x.example/api/v2/mappings?name=a"),
            (
                "https://x.example/base",
                "https://x.example/base/api/v2/mappings?name=a",
            ),
        ] {
            assert_eq!(
                below(&Url::parse(base).unwrap(), "/api/v2/mappings?name=a").as_str(),
                expected
            );
        }
    }
}
