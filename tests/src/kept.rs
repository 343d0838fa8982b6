//! That secrets are kept: after each run of any test, whatever the program printed and wrote is searched for the secrets of its ini file.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::output::Output;

/// Shorter ones are found in innocent text, and the program does not look for them either.
const SHORTEST_BYTES: usize = 8;

/// How a secret may be written. In base64 it is what does not depend on what stands around it, wherever it stands.
fn forms(secret: &str) -> Vec<String> {
    let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        secret.to_owned(),
        // As tracing and JSON write text.
        secret.escape_debug().to_string(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        url::form_urlencoded::byte_serialize(secret.as_bytes())
            .collect::<String>()
            .replace('+', "%20"),
        hexadecimal.to_uppercase(),
        hexadecimal,
    ];
    // As URLs have it: each byte, or those only that must be; in either case, and once more.
    let percent = |is_plain: &dyn Fn(u8) -> bool| -> String {
        let byte = |byte: u8| {
            if is_plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        };
        secret.bytes().map(byte).collect()
    };
    for encoded in [
        percent(&|_| false),
        percent(&|byte| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte)),
        percent(&|byte| byte.is_ascii_alphanumeric() || b"-_.~!*'()".contains(&byte)),
    ] {
        let lower: String = encoded
            .split_inclusive('%')
            .enumerate()
            .map(|(index, part)| match part.split_at_checked(2) {
                Some((digits, rest)) if index > 0 => digits.to_lowercase() + rest,
                _ => part.to_owned(),
            })
            .collect();
        forms.extend([encoded.replace('%', "%25"), encoded, lower]);
    }
    for before in ["", "x", "xx"] {
        let text = format!("{before}{secret}");
        for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
            forms.push(encoded[4..encoded.len() - 4].to_owned());
        }
    }
    forms
}

/// The values of an ini file's settings whose names say that they are secret.
pub(crate) fn secrets(ini: &str) -> Vec<String> {
    // `api_token_secret = NAME` only says where a secret is.
    let is_secret = |name: &str| {
        let says_where = name.ends_with("_secret") && name != "client_secret";
        !says_where && ["password", "token", "secret"].iter().any(|word| name.ends_with(word))
    };
    let settings = ini.lines().filter_map(|line| line.split_once('='));
    let secrets = settings.filter(|(name, _)| is_secret(name.trim()) && name.trim() != "env_password");
    let mut secrets: Vec<String> = secrets.map(|(_, value)| value.trim().to_owned()).collect();
    secrets.retain(|secret| secret.len() >= SHORTEST_BYTES);
    secrets.sort();
    secrets.dedup();
    secrets
}

/// Fails where a secret is in what was printed, or in a file below the home other than ini files and those of `own`, which the test wrote itself.
#[track_caller]
pub(crate) fn assert_kept(output: &Output, secrets: &[String], own: &[std::path::PathBuf]) {
    let mut places = vec![
        ("stdout".to_owned(), output.stdout.clone()),
        ("stderr".to_owned(), output.stderr.clone()),
    ];
    // What it compiled is not its words, and long.
    let is_ini = |path: &Path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().contains(".ini"))
    };
    let is_said = |path: &Path| !own.iter().any(|own| own == path) && !path.starts_with(".cache") && !is_ini(path);
    for path in crate::program::below(&output.home).iter().filter(|path| is_said(path)) {
        if let Ok(bytes) = std::fs::read(output.home.join(path)) {
            places.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    for form in secrets.iter().flat_map(|secret| forms(secret)) {
        for (place, text) in &places {
            if let Some(at) = text.find(&form) {
                let line = text[..at].lines().count();
                let text = text.lines().nth(line.max(1) - 1).unwrap_or_default();
                panic!("`{form}` is in {place}, line {line}: {text}");
            }
        }
    }
}
