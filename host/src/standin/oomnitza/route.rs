//! What a request asks for, and whether it may.

use hyper::Method;
use hyper::http::request::Parts;

use super::Dialect;
use super::fault::Call;

/// A call of Oomnitza's API.
pub(super) enum Route {
    Token,
    AuthTest,
    Mappings(String),
    Locations,
    Upload(Bulk),
}

/// Kinds of uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bulk {
    Users,
    Audit,
    Assets,
}

impl Bulk {
    /// The kind that is uploaded to a path.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path.strip_prefix("/api/v2/bulk/")? {
            "users" => Some(Self::Users),
            "audit" => Some(Self::Audit),
            "assets" => Some(Self::Assets),
            _ => None,
        }
    }
}

impl Route {
    /// What faults know it as.
    pub(super) fn call(&self) -> Call {
        match self {
            Self::Token | Self::AuthTest => Call::SignIn,
            Self::Mappings(_) => Call::Mappings,
            Self::Locations => Call::Locations,
            Self::Upload(_) => Call::Upload,
        }
    }

    pub(super) fn takes_body(&self) -> bool {
        matches!(self, Self::Token | Self::Upload(_))
    }
}

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) why: String,
    /// Whether the client should have known.
    pub(super) is_violation: bool,
}

impl Refusal {
    pub(super) fn violation(status: u16, why: impl Into<String>) -> Self {
        Self {
            status,
            why: why.into(),
            is_violation: true,
        }
    }

    pub(super) fn expected(status: u16, why: impl Into<String>) -> Self {
        Self {
            status,
            why: why.into(),
            is_violation: false,
        }
    }
}

/// The call that a request makes.
pub(super) fn of(head: &Parts, dialect: Dialect) -> Result<Route, Refusal> {
    let (path, query) = (head.uri.path(), head.uri.query());
    let (method, route) = match path {
        "/api/request_token" if query.is_none() => (Method::POST, Route::Token),
        "/api/v3/locations" if query.is_none() => (Method::GET, Route::Locations),
        "/api/request_token" | "/api/v3/locations" => return Err(Refusal::violation(400, "it has a query")),
        "/api/v2/mappings" => (Method::GET, mappings(query.unwrap_or_default())?),
        _ => {
            let bulk = Bulk::of(path).ok_or_else(|| Refusal::violation(404, "there is no such path"))?;
            check_upload(bulk, query.unwrap_or_default(), dialect)?;
            (Method::POST, Route::Upload(bulk))
        }
    };
    if head.method == method {
        Ok(route)
    } else {
        Err(Refusal::violation(405, format!("it should be a {method}")))
    }
}

fn mappings(query: &str) -> Result<Route, Refusal> {
    let mut fields = url::form_urlencoded::parse(query.as_bytes());
    match (fields.next(), fields.next()) {
        (Some((field, name)), None) if field == "name" && name == "AuthTest" => Ok(Route::AuthTest),
        (Some((field, name)), None) if field == "name" && !name.is_empty() => Ok(Route::Mappings(name.into_owned())),
        _ => Err(Refusal::violation(400, "the query is not one `name`")),
    }
}

/// `VERSION=V`, and for users perhaps `&normal_position=True`; nothing else.
fn check_upload(bulk: Bulk, query: &str, dialect: Dialect) -> Result<(), Refusal> {
    let (version, rest) = query
        .split_once('&')
        .map_or((query, None), |(version, rest)| (version, Some(rest)));
    if version.strip_prefix("VERSION=") != Some(dialect.version()) {
        return Err(Refusal::violation(
            400,
            format!("the query does not begin with VERSION={}", dialect.version()),
        ));
    }
    match rest {
        None => Ok(()),
        Some("normal_position=True") if bulk == Bulk::Users => Ok(()),
        Some(rest) => Err(Refusal::violation(400, format!("the query has `{rest}`"))),
    }
}

/// Whether a request has the headers that its call wants.
pub(super) fn authorize(route: &Route, head: &Parts, token: &str, dialect: Dialect) -> Result<(), Refusal> {
    let header = |name: &str| head.headers.get(name).map(|value| value.as_bytes());
    if head
        .headers
        .iter()
        .any(|(name, _)| head.headers.get_all(name).iter().count() > 1)
    {
        return Err(Refusal::violation(400, "it has a header twice"));
    }
    let is_upload = match route {
        Route::Token => {
            let form = b"application/x-www-form-urlencoded".as_slice();
            return match header("content-type") {
                Some(value) if value == form => Ok(()),
                _ => Err(Refusal::violation(400, "its Content-Type is not that of a form")),
            };
        }
        Route::Upload(_) => true,
        Route::AuthTest | Route::Mappings(_) | Route::Locations => false,
    };
    match header("authorization2") {
        Some(given) if given == token.as_bytes() => (),
        Some(_) => return Err(Refusal::expected(401, "it has a wrong token")),
        None => return Err(Refusal::violation(401, "it has no Authorization2")),
    }
    let json = Some(b"application/json".as_slice());
    if is_upload && header("contenttype") != json {
        return Err(Refusal::violation(400, "its contentType is not application/json"));
    }
    if is_upload && dialect == Dialect::Current && header("content-type") != json {
        return Err(Refusal::violation(400, "its Content-Type is not application/json"));
    }
    Ok(())
}
