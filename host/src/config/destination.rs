//! `[oomnitza]`: where the records go, and how.

use std::time::Duration;

use url::Url;

use super::Env;
use super::address;
use super::common::Common;
use super::continued;
use super::credential::{self, Fetch, Named};
use super::finding::Finding;
use super::ini::{Entry, Ini};
use super::own;
use super::section::{Reading, unknown_setting};
use crate::redact::{Secret, clean};

/// Where the records go.
#[derive(Debug, Clone)]
pub struct Destination {
    /// Oomnitza's address, without a trailing slash in its path.
    pub url: Url,
    /// How to sign in.
    pub sign_in: SignIn,
    /// Where the token or password is, if it is neither in the file nor in the environment; `sign_in` holds none until then.
    pub elsewhere: Option<Fetch>,
    /// How the connection is secured.
    pub common: Common,
    /// Batches under way at once.
    pub upload_parallel: usize,
    /// How long failing requests of one section are repeated, altogether.
    pub retry_budget: Duration,
}

/// `[oomnitza]` as far as it can be read.
#[derive(Debug)]
pub struct ReadDestination {
    /// Where the records go, where nothing of that is missing or wrong.
    pub destination: Option<Destination>,
    /// How the connection is secured.
    pub common: Common,
    /// Where the token or password is, if it is neither in the file nor in the environment.
    pub elsewhere: Option<Fetch>,
    /// Whether a secret stands in the file.
    pub has_plain_secret: bool,
    /// What is worth knowing about it.
    pub findings: Vec<Finding>,
}

/// How to sign in to Oomnitza.
#[derive(Debug, Clone)]
pub enum SignIn {
    /// With a token.
    Token(Secret),
    /// With a user's name and password, which give a token.
    Password {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
}

impl Destination {
    /// With the token or password that was kept elsewhere.
    #[must_use]
    pub fn with(mut self, fetched: Secret) -> Self {
        let (SignIn::Token(secret) | SignIn::Password { password: secret, .. }) = &mut self.sign_in;
        *secret = fetched;
        self.elsewhere = None;
        self
    }
}

/// The most batches under way at once: more would only queue up in Oomnitza.
const MAX_PARALLEL: usize = 16;

/// The longest that failing requests are repeated, in seconds.
const MAX_RETRY: u64 = 24 * 60 * 60;

/// Reads `[oomnitza]`, and says everything that is wrong with it.
pub fn read_destination(ini: &Ini, env: &Env) -> ReadDestination {
    let Some(raw) = ini.section("oomnitza") else {
        let missing = Finding::error(ini.place(), "has no section [oomnitza]").remedy(
            "put `[oomnitza]` with `url` and `api_token` (or `username` and `password`) at the top of the file",
        );
        return ReadDestination {
            destination: None,
            common: Common::default(),
            elsewhere: None,
            has_plain_secret: false,
            findings: vec![missing],
        };
    };
    let secret_lines: Vec<String> = own::secrets_of_destination().flat_map(credential::names).collect();
    let known: Vec<&str> = own::names_of_destination()
        .chain(secret_lines.iter().map(String::as_str))
        .collect();
    let (straight, findings) = continued::straightened(raw, &ini.place(), &known, own::is_one_line);
    let raw = &*straight;
    let mut reading = Reading {
        place: ini.place(),
        raw,
        findings,
    };
    if let Some(first) = ini.sections.first().filter(|first| first.name != "oomnitza") {
        let what = format!(
            "must be the first section, but [{}] on line {} comes before it",
            first.name, first.line
        );
        let place = ini.place().at(raw.line, "oomnitza", None);
        let misplaced = Finding::error(place, what).remedy("move it to the top of the file");
        reading.findings.push(misplaced);
    }
    let free = |_: &str| false;
    let (token, password) = (
        reading.credential("api_token", free, env),
        reading.credential("password", free, env),
    );
    let common = reading.common();
    let url = url(&mut reading);
    let filled = |name: &str| raw.value(name).filter(|value| !value.is_empty());
    let mut elsewhere = None;
    // The secret, or an empty one in its place until it is fetched.
    let mut secret = |name: &str, named: Named| match named {
        Named::Here(secret) => Ok(Some(secret)),
        Named::Elsewhere(fetch) => {
            elsewhere = Some(fetch);
            Ok(Some(Secret::default()))
        }
        Named::Wrong => Err(()),
        Named::Nothing => Ok(filled(name).map(Secret::new)),
    };
    let sign_in = match (secret("api_token", token), filled("username")) {
        (Err(()), _) => None,
        (Ok(Some(token)), _) => Some(SignIn::Token(token)),
        (Ok(None), Some(username)) => {
            let password = secret("password", password);
            if matches!(password, Ok(None)) {
                let remedy = "give the user's password, or name the environment variable that holds it with `env_password`, or use `api_token`";
                reading.error(
                    raw.entry("password"),
                    "password",
                    "is missing".to_owned(),
                    remedy.to_owned(),
                );
            }
            password.ok().flatten().map(|password| SignIn::Password {
                username: username.to_owned(),
                password,
            })
        }
        (Ok(None), None) => {
            let remedy = "give the API token of an Oomnitza user, or `username` and `password`";
            reading.error(
                raw.entry("api_token"),
                "api_token",
                "is missing".to_owned(),
                remedy.to_owned(),
            );
            None
        }
    };
    for name in own::secrets_of_destination() {
        reading.fit(raw.entry(name), name, &Secret::new(filled(name).unwrap_or_default()));
    }
    for setting in own::destination_settings() {
        let entry = raw.entry(&setting.name);
        match (setting.name.as_str(), &sign_in) {
            ("url", _) => reading.doubt(entry, &setting, true),
            ("api_token", Some(SignIn::Token(secret)))
            | ("password", Some(SignIn::Password { password: secret, .. })) => {
                let is_here = entry.is_some_and(|entry| entry.value == secret.expose());
                let line = credential::environment_line(&setting.name);
                let (entry, name) = if is_here {
                    (entry, &setting.name)
                } else {
                    (raw.entry(&line), &line)
                };
                reading.doubt_secret(entry, name, &setting, secret);
            }
            _ => {}
        }
    }
    let upload_parallel = reading.number("upload_parallel", 1..=MAX_PARALLEL);
    let retry_seconds = reading.number("retry_seconds", 0..=MAX_RETRY);
    let has_plain_secret = reading.has_plain_secret(own::secrets_of_destination());
    for entry in raw
        .entries
        .iter()
        .filter(|entry| !entry.is_default && !known.contains(&entry.name.as_str()))
    {
        let place = ini.place().at(entry.line, "oomnitza", Some(&entry.name));
        reading
            .findings
            .push(unknown_setting(place, &entry.name, known.iter().copied()));
    }
    let destination = url.zip(sign_in).map(|(url, sign_in)| Destination {
        url,
        sign_in,
        elsewhere: elsewhere.clone(),
        common: common.clone(),
        upload_parallel: upload_parallel.unwrap_or_default(),
        retry_budget: Duration::from_secs(retry_seconds.unwrap_or_default()),
    });
    ReadDestination {
        destination,
        common,
        elsewhere,
        has_plain_secret,
        findings: reading.in_order(),
    }
}

fn url(reading: &mut Reading<'_>) -> Option<Url> {
    const REMEDY: &str = "give the address of your Oomnitza, for example `url = https://example.oomnitza.com`";
    let raw = reading.raw;
    let Some(entry) = raw.entry("url").filter(|entry| !entry.value.is_empty()) else {
        reading.error(raw.entry("url"), "url", "is missing".to_owned(), REMEDY.to_owned());
        return None;
    };
    let refuse = |reading: &mut Reading<'_>, entry: &Entry, problem: String| {
        reading.error(
            Some(entry),
            "url",
            format!(
                "`{}` cannot be used: {problem}",
                clean(&address::shown(&entry.value), 200)
            ),
            REMEDY.to_owned(),
        );
        None
    };
    match address::parse(&entry.value, &["https", "http"]) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            refuse(reading, entry, format!("`{}` is neither https nor http", url.scheme()))
        }
        Ok(mut url) => {
            if let Some(unused) = address::unused(&url) {
                let place = reading.at(Some(entry), "url");
                reading.findings.push(address::of_unused(place, &unused));
            }
            let path = url.path().trim_end_matches('/').to_owned();
            url.set_path(&path);
            url.set_query(None);
            url.set_fragment(None);
            Some(url)
        }
        Err(problem) => refuse(reading, entry, problem),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(text: &str) -> Result<Destination, Vec<String>> {
        let ini = Ini::parse(Path::new("config.ini"), text.as_bytes().to_vec()).unwrap();
        let read = read_destination(&ini, &|_| None);
        let findings = read.findings.iter().map(Finding::to_string).collect();
        read.destination.filter(|_| read.findings.is_empty()).ok_or(findings)
    }

    #[test]
    fn the_sections_of_old_files_are_read() {
        let token =
            read("[oomnitza]\nurl = https://example.oomnitza.com/\napi_token = a-test-token\nusername =\npassword =\n")
                .unwrap();
        assert_eq!(token.url.as_str(), "https://example.oomnitza.com/");
        assert!(matches!(token.sign_in, SignIn::Token(_)));
        let hour = Duration::from_secs(60 * 60);
        assert_eq!((token.upload_parallel, token.retry_budget), (4, hour));
        let password =
            read("[oomnitza]\nurl = https://x/base/\napi_token =\nusername = u\npassword = a-password\nupload_parallel = 1\n")
                .unwrap();
        assert_eq!((password.url.path(), password.upload_parallel), ("/base", 1));
        assert!(matches!(password.sign_in, SignIn::Password { username, .. } if username == "u"));
    }

    #[test]
    fn everything_that_is_wrong_is_said() {
        for (text, expected) in [
            ("[okta]\nurl = x\n", vec!["config.ini: has no section [oomnitza]"]),
            (
                "[okta]\n[oomnitza]\n",
                vec![
                    "config.ini:2: [oomnitza] must be the first section, but [okta] on line 1 comes before it",
                    "config.ini:2: [oomnitza] url: is missing",
                    "config.ini:2: [oomnitza] api_token: is missing",
                ],
            ),
            (
                "[oomnitza]\n",
                vec![
                    "config.ini:1: [oomnitza] url: is missing",
                    "config.ini:1: [oomnitza] api_token: is missing",
                ],
            ),
            (
                "[oomnitza]\nurl = example.com\nusername = u\nretry_seconds = x\n",
                vec![
                    "config.ini:1: [oomnitza] password: is missing",
                    "config.ini:2: [oomnitza] url: `example.com` cannot be used: it does not begin with a scheme such as `https://`",
                    "config.ini:4: [oomnitza] retry_seconds: cannot be `x`",
                ],
            ),
            (
                "[oomnitza]\nurl = ftp://x\napi_token = a-test-token\nenv_password = NOPE\n",
                vec![
                    "config.ini:2: [oomnitza] url: `ftp://x` cannot be used: `ftp` is neither https nor http",
                    "config.ini:4: [oomnitza] env_password: the environment variable `NOPE` is not set",
                ],
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), expected, "{text}");
        }
    }
}
