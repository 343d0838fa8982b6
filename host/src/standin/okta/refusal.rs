//! Okta's refusals: one envelope for all.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    code: &'static str,
    summary: String,
    /// What the client should have known.
    pub(super) violation: Option<String>,
}

impl Refusal {
    pub(super) fn wrong_token() -> Self {
        Self {
            status: 401,
            code: "E0000011",
            summary: "Invalid token provided".to_owned(),
            violation: None,
        }
    }

    pub(super) fn no_token() -> Self {
        Self {
            violation: Some("its Authorization is not `SSWS TOKEN`".to_owned()),
            ..Self::wrong_token()
        }
    }

    pub(super) fn not_found(path: &str) -> Self {
        let summary = format!("Not found: Resource not found: {path}");
        Self {
            status: 404,
            code: "E0000007",
            summary,
            violation: Some("there is no such path".to_owned()),
        }
    }

    pub(super) fn method() -> Self {
        let summary = "The endpoint does not support the provided HTTP method".to_owned();
        Self {
            status: 405,
            code: "E0000022",
            summary,
            violation: Some("it should be a GET".to_owned()),
        }
    }

    pub(super) fn invalid(what: impl Into<String>) -> Self {
        let what = what.into();
        let summary = format!("Api validation failed: {what}");
        Self {
            status: 400,
            code: "E0000001",
            summary,
            violation: Some(what),
        }
    }

    /// What Okta says.
    pub(super) fn body(&self) -> String {
        envelope(self.code, &self.summary)
    }
}

/// What Okta says along with a status.
pub(super) fn of_status(status: u16) -> String {
    match status {
        401 => envelope("E0000011", "Invalid token provided"),
        403 => envelope("E0000006", "You do not have permission to perform the requested action"),
        404 => envelope("E0000007", "Not found: Resource not found"),
        429 => envelope("E0000047", "API call exceeded rate limit due to too many requests."),
        _ => envelope("E0000009", "Internal Server Error"),
    }
}

/// What an Okta says that repeats a request's credential: as it came, in base64, URL-encoded and in hexadecimal, first with what
/// stands before the token and then the token alone.
pub(super) fn echo(authorization: &[u8]) -> String {
    let whole = String::from_utf8_lossy(authorization);
    let token = whole.rsplit(' ').next().unwrap_or_default();
    let forms: Vec<String> = [&*whole, token]
        .into_iter()
        .flat_map(|text| {
            let hexadecimal: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            [
                text.to_owned(),
                STANDARD.encode(text),
                URL_SAFE_NO_PAD.encode(text),
                url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
                hexadecimal.to_uppercase(),
                hexadecimal,
            ]
        })
        .collect();
    envelope("E0000006", &format!("You sent {}", forms.join(" and ")))
}

fn envelope(code: &str, summary: &str) -> String {
    let body = json!({
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": "oaestandin0000000000000000",
        "errorCauses": [],
    });
    body.to_string()
}
