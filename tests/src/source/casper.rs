//! A Jamf Pro server: its Classic API and its tokens.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Answer, Api, Asked};

/// What a server knows of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    /// It wants them: Basic is refused, as since Jamf Pro 11.5.
    Wanted,
    /// It has never heard of them, as before Jamf Pro 10.35.
    Unknown,
}

/// A Jamf Pro server with the account `auditor` (password `correct horse`) and the API client `client` (secret `battery staple`).
#[derive(Debug)]
pub struct Casper {
    /// What it knows of tokens.
    pub tokens: Tokens,
    /// Ids and details of its computers, in its order.
    pub computers: Vec<(u64, Value)>,
    /// Ids and details of its mobile devices.
    pub mobile_devices: Vec<(u64, Value)>,
    /// The members of the group `All Managed`, of computers and of mobile devices.
    pub group: Vec<u64>,
    /// It gives API clients their tokens at `/api/oauth/token` alone, as before the path had a version.
    pub is_older: bool,
    /// The account sees the lists, and of the devices that they are not there.
    pub hides_details: bool,
    /// How long an answer takes. Long enough that requests side by side are.
    pub latency: Duration,
    /// This is answered late, and when it is, the token has ended.
    pub token_ends_at: Option<(String, Duration)>,
    ended: Option<Instant>,
    /// The number of the token that is good.
    pub token: u64,
}

/// The cookie by which a cluster finds the node again that knows the token.
const COOKIE: &str = "APBALANCEID=aws.node-1";

impl Casper {
    /// A server without devices.
    pub fn new(tokens: Tokens) -> Self {
        Self {
            tokens,
            computers: Vec::new(),
            mobile_devices: Vec::new(),
            group: Vec::new(),
            is_older: false,
            hides_details: false,
            latency: Duration::from_millis(2),
            token_ends_at: None,
            ended: None,
            token: 0,
        }
    }

    /// A computer as the server tells of it, cut down to what tests map.
    pub fn computer(id: u64) -> Value {
        json!({"general": {
            "id": id,
            "name": format!("Mac {id}"),
            "serial_number": format!("C02TEST{id:05}"),
            "report_date": "2020-08-03 12:24:29",
            "initial_entry_date": "2020-06-03",
        }, "purchasing": {"warranty_expires": "", "lease_expires": null},
           "software": {"applications": [{"name": "Safari.app", "path": "/Applications/Safari.app", "version": "13.1"}]}})
    }

    /// An error as the Classic API tells of it.
    pub fn error(status: u16, title: &str, words: &str) -> Answer {
        let page = format!(
            "<html>\n<head>\n   <title>Status page</title>\n</head>\n<body style=\"font-family: sans-serif;\">\n<p style=\"font-size: 1.2em;\">{title}</p>\n<p>{words}</p>\n</body>\n</html>\n"
        );
        Answer::new(status, "text/html;charset=UTF-8", page)
    }

    fn not_found() -> Answer {
        Self::error(
            404,
            "Not Found",
            "The server has not found anything matching the request URI",
        )
    }

    fn is_signed_in(&self, asked: &Asked) -> bool {
        let expected = match self.tokens {
            Tokens::Wanted => format!("Bearer token-of-jamf-{}", self.token),
            Tokens::Unknown => basic(),
        };
        asked.header("authorization") == expected
    }

    fn token(&mut self, asked: &Asked, path: &str) -> Result<Answer, String> {
        if asked.method != "POST" {
            return Err("a token is asked for with POST".to_owned());
        }
        if self.tokens == Tokens::Unknown {
            return Ok(Self::not_found());
        }
        let for_clients = if self.is_older {
            "/api/oauth/token"
        } else {
            "/api/v1/oauth/token"
        };
        if path != for_clients && path != "/api/v1/auth/token" {
            return Ok(Self::not_found());
        }
        let form = "client_id=client&client_secret=battery+staple&grant_type=client_credentials";
        if path == for_clients {
            if asked.header("content-type") != "application/x-www-form-urlencoded" {
                return Err("it is no form".to_owned());
            }
            if asked.body != form {
                return Ok(Answer::json(401, json!({"error": "invalid_client"})));
            }
        } else if !asked.body.is_empty() {
            return Err("it has a body".to_owned());
        } else if asked.header("authorization") != basic() {
            let error = json!({"code": "INVALID_CREDENTIALS", "description": "Unauthorized", "id": "0", "field": null});
            return Ok(Answer::json(401, json!({"httpStatus": 401, "errors": [error]})));
        }
        self.token += 1;
        let token = format!("token-of-jamf-{}", self.token);
        let answer = if path == for_clients {
            json!({"access_token": token, "scope": "api-role:2", "token_type": "Bearer", "expires_in": 1199})
        } else {
            json!({"token": token, "expires": "2026-11-23T20:00:00.123Z"})
        };
        Ok(Answer::json(200, &answer).header("set-cookie", &format!("{COOKIE}; Path=/; HttpOnly")))
    }

    fn classic(&self, path: &str) -> Result<Answer, String> {
        let computers = ("computers", "computer", &self.computers);
        let mobile = ("mobile_devices", "mobile_device", &self.mobile_devices);
        let text = |value: Value| Answer::new(200, "text/plain;charset=UTF-8", value.to_string());
        let listed = |devices: &[(u64, Value)]| -> Vec<Value> {
            devices
                .iter()
                .map(|(id, _)| json!({"id": id, "name": format!("device {id}")}))
                .collect()
        };
        for (folder, groups, (many, one, devices)) in [
            ("computers", "computergroups", computers),
            ("mobiledevices", "mobiledevicegroups", mobile),
        ] {
            if path == folder {
                return Ok(text(json!({ many: listed(devices) })));
            }
            if let Some(id) = path.strip_prefix(&format!("{folder}/id/")) {
                let id: u64 = id.parse().map_err(|_| format!("`{id}` is no id"))?;
                let found = devices.iter().find(|(known, _)| *known == id && !self.hides_details);
                return Ok(found.map_or_else(Self::not_found, |(_, detail)| text(json!({ one: detail }))));
            }
            if let Some(name) = path.strip_prefix(&format!("{groups}/name/")) {
                if name != "All%20Managed" {
                    return Ok(Self::not_found());
                }
                let members: Vec<Value> = self.group.iter().map(|id| json!({"id": id, "name": "x"})).collect();
                let group = json!({"id": 1, "name": "All Managed", "is_smart": true, many: members});
                return Ok(text(json!({ format!("{one}_group"): group })));
            }
        }
        Err("there is no such path".to_owned())
    }
}

impl Api for Casper {
    fn answer(&mut self, asked: &Asked) -> Result<Answer, String> {
        let (path, query) = asked.path_and_query();
        if !query.is_empty() {
            return Err("it has a query".to_owned());
        }
        if ["/api/v1/auth/token", "/api/v1/oauth/token", "/api/oauth/token"].contains(&path) {
            return self.token(asked, path);
        }
        let path = path.strip_prefix("/JSSResource/").ok_or("there is no such path")?;
        asked.reads_json()?;
        let mut delay = self.latency;
        if let Some((_, late)) = self.token_ends_at.take_if(|(end, _)| path.ends_with(end.as_str())) {
            delay = late;
            self.ended = Some(Instant::now() + late);
        }
        if self.ended.take_if(|end| Instant::now() >= *end).is_some() {
            self.token += 1;
        }
        if !self.is_signed_in(asked) {
            let refusal = Self::error(401, "Unauthorized", "The request requires user authentication");
            return Ok(refusal);
        }
        if self.tokens == Tokens::Wanted && asked.header("cookie") != COOKIE {
            return Err(
                "it does not bring the cookie back: it may reach a node that does not know the token".to_owned(),
            );
        }
        self.classic(path).map(|answer| Answer { delay, ..answer })
    }
}

fn basic() -> String {
    format!("Basic {}", STANDARD.encode("auditor:correct horse"))
}
