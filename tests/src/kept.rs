//! That secrets are kept: after each run of any test, whatever the program printed and wrote is searched for the secrets of its ini file.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::output::Output;

/// Shorter ones are found in innocent text, and the program does not look for them either.
const SHORTEST_BYTES: usize = 8;

/// Where `secret set` keeps them, below the home.
const SECRETS: &str = ".config/oomnitza-connector/secrets";

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

/// The secrets of a run: those of its ini files, wherever these say that they are, and those of its environment.
pub(crate) fn secrets(home: &Path, arguments: &[&str], environment: &[(String, String)]) -> Vec<String> {
    let mut secrets = Vec::new();
    for path in ini_files(home, arguments) {
        let bytes = std::fs::read(&path).unwrap_or_default();
        let given = Given {
            directory: path.parent().unwrap_or(home),
            home,
            environment,
        };
        secrets.extend(given.secrets(&text(bytes)));
    }
    for (name, value) in environment {
        secrets.extend(is_secret(&name.to_lowercase()).then(|| value.clone()));
        secrets.extend(passwords(value));
    }
    secrets.retain(|secret| secret.len() >= SHORTEST_BYTES);
    secrets.sort();
    secrets.dedup();
    secrets
}

/// `config.ini`, and those that are named.
fn ini_files(home: &Path, arguments: &[&str]) -> Vec<PathBuf> {
    let named = arguments.iter().enumerate().filter_map(|(at, argument)| {
        let (option, value) = argument.split_once('=').unzip();
        let is_ini = |option: &str| option.len() > 2 && "--ini".starts_with(option);
        is_ini(option.unwrap_or(argument)).then(|| value.or_else(|| arguments.get(at + 1).copied()))?
    });
    let names = std::iter::once("config.ini").chain(named);
    names.map(|name| home.join(name)).collect()
}

/// UTF-8, or else Latin-1.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect())
}

/// Whether a name says that its value is a secret.
fn is_secret(name: &str) -> bool {
    ["password", "token", "secret"].iter().any(|word| name.ends_with(word))
}

/// Where an ini file's secrets may be besides itself.
struct Given<'a> {
    directory: &'a Path,
    home: &'a Path,
    environment: &'a [(String, String)],
}

impl Given<'_> {
    /// The secrets of an ini file.
    fn secrets(&self, ini: &str) -> Vec<String> {
        let mut secrets = Vec::new();
        // What a mapping names is a field of records.
        for (name, lines) in settings(ini)
            .into_iter()
            .filter(|(name, _)| !name.starts_with("mapping."))
        {
            let value = lines.first().map_or("", String::as_str);
            let of_secret = |name: Option<&str>| name.is_some_and(is_secret);
            if of_secret(name.strip_prefix("env_")) {
                let set = self.environment.iter().filter(|(name, _)| name == value);
                secrets.extend(set.map(|(_, value)| value.clone()));
            } else if of_secret(name.strip_suffix("_file")) {
                secrets.extend(self.read(&self.directory.join(value)));
            } else if of_secret(name.strip_suffix("_secret")) {
                let file = format!("{SECRETS}/{value}.secret");
                secrets.extend(self.read(&self.home.join(file)));
            } else if is_secret(&name) {
                secrets.extend(lines.iter().cloned());
                // A blank and `;` begin a comment.
                secrets.extend(
                    lines
                        .iter()
                        .filter_map(|line| line.split(" ;").next())
                        .map(|line| line.trim().to_owned()),
                );
            }
            secrets.extend(lines.iter().flat_map(|line| passwords(line)));
        }
        secrets
    }

    /// The lines of a file, if it is there: one alone is a secret, of several the program says that they cannot be one.
    fn read(&self, path: &Path) -> Vec<String> {
        let bytes = if path.is_file() {
            std::fs::read(path).unwrap_or_default()
        } else {
            Vec::new()
        };
        text(bytes).lines().map(str::to_owned).collect()
    }
}

/// The settings of an ini file: name, and the lines of the value, which goes on where a line begins with white space.
fn settings(ini: &str) -> Vec<(String, Vec<String>)> {
    let mut settings: Vec<(String, Vec<String>)> = Vec::new();
    for line in ini
        .lines()
        .filter(|line| !line.starts_with(['#', ';', '[']) && !line.trim().is_empty())
    {
        if line.starts_with(char::is_whitespace) {
            settings
                .last_mut()
                .into_iter()
                .for_each(|(_, lines)| lines.push(line.trim().to_owned()));
        } else if let Some((name, value)) = line.split_once([':', '=']) {
            settings.push((name.trim().to_lowercase(), vec![value.trim().to_owned()]));
        }
    }
    settings
}

/// The passwords of URLs in a text, as they stand there and as they are meant: `http://user:password@proxy.example.com`.
fn passwords(text: &str) -> Vec<String> {
    let urls = text.split("://").skip(1);
    let authorities = urls.map(|rest| rest.split(['/', '?', '#', ' ', '"', '\'']).next().unwrap_or_default());
    let credentials = authorities.filter_map(|authority| authority.rsplit_once('@'));
    let written = credentials.filter_map(|(credentials, _)| credentials.split_once(':'));
    written
        .flat_map(|(_, password)| {
            let meant = url::form_urlencoded::parse(format!("p={}", password.replace('+', "%2B")).as_bytes())
                .next()
                .map(|(_, meant)| meant.into_owned());
            [Some(password.to_owned()), meant].into_iter().flatten()
        })
        .collect()
}

/// The texts in what `--save-data` kept: of records as the source gave them, and as they were sent.
pub(crate) fn texts(saved: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for file in crate::program::below(saved) {
        let text = std::fs::read_to_string(saved.join(&file)).expect("it is text");
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("json") => leaves(&serde_json::from_str(&text).expect("it is JSON"), &mut texts),
            Some("xml") => texts.extend(text.split(['<', '>']).skip(2).step_by(2).map(str::to_owned)),
            _ => texts.extend(text.split([',', '"', '\n', '\r']).map(str::to_owned)),
        }
    }
    texts.retain(|text| text.trim().len() >= SHORTEST_BYTES);
    texts.sort();
    texts.dedup();
    texts
}

fn leaves(value: &serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => texts.push(text.clone()),
        serde_json::Value::Array(values) => values.iter().for_each(|value| leaves(value, texts)),
        serde_json::Value::Object(values) => values.values().for_each(|value| leaves(value, texts)),
        _ => {}
    }
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
    let is_kept = |path: &Path| path.starts_with(SECRETS);
    let is_said = |path: &Path| {
        !own.iter().any(|own| own == path) && !path.starts_with(".cache") && !is_ini(path) && !is_kept(path)
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_program_reads_as_a_secret_is_looked_for() {
        let home = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = home.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "config.ini",
            "[oomnitza]\napi_token: with-a-colon\nproxy = http://u:p%40ssword1@proxy:3128\n[okta]\nenv_api_token = VARIABLE\n\
             [casper]\npassword = first-line\n  second-line\nclient_secret=of-a-client ; why\n[ldap]\npassword_file = key\n",
        );
        write(
            "etc/other.conf",
            "[okta]\napi_token_secret = kept\n[casper]\npassword_file = key\npassword_command = cat key\n",
        );
        write("key", "in-a-file\n");
        write("etc/key", "in-another-file\n");
        write(".config/oomnitza-connector/secrets/kept.secret", "kept-by-set");
        let environment = [
            ("VARIABLE", "of-a-variable"),
            ("VAULT_TOKEN", "hvs.of-vault"),
            ("HTTPS_PROXY", "http://me:secret-of-a-proxy@x"),
            ("OTHER", "not-a-secret"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut expected = vec![
            "first-line",
            "hvs.of-vault",
            "in-a-file",
            "of-a-client",
            "of-a-client ; why",
            "of-a-variable",
            "p%40ssword1",
            "p@ssword1",
            "second-line",
            "secret-of-a-proxy",
            "with-a-colon",
        ];
        assert_eq!(secrets(home.path(), &["upload", "okta"], &environment), expected);
        expected.extend(["in-another-file", "kept-by-set"]);
        expected.sort_unstable();
        for arguments in [
            &["--ini", "etc/other.conf", "upload"][..],
            &["upload", "--in=etc/other.conf"],
        ] {
            assert_eq!(secrets(home.path(), arguments, &environment), expected);
        }
    }
}
