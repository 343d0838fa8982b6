//! `validate` and `upload` judge alike: what the one calls good, the other never refuses for its configuration. Held over settings that are
//! made up of what the connectors describe, good and bad ones, with secrets from everywhere, mappings and the host's own settings.

use std::collections::BTreeSet;
use std::path::Path;

use oomnitza_connector::catalog::Catalog;
use oomnitza_connector::config::schema::{Description, Kind, RecordKind, Setting};
use oomnitza_connector::sandbox::{Engine, Limits, Loader};
use oomnitza_connector::standin::oomnitza::{Oomnitza, Settings};
use oomnitza_tests::Program;
use serde_json::Value;

/// Sections of each connector.
const SECTIONS: usize = 60;

/// Variations of `[oomnitza]`.
const DESTINATIONS: usize = 80;

/// What is made up is the same in each run, unless somebody looks further with `AGREEMENT_SEED=1`.
fn seed() -> u64 {
    std::env::var("AGREEMENT_SEED").map_or(20_261_126, |seed| seed.parse().expect("a number"))
}

/// Nobody answers there.
const NOWHERE: &str = "http://127.0.0.1:9";

const CONNECTORS: [&str; 10] = [
    "airwatch",
    "bamboohr",
    "casper",
    "jasper",
    "ldap",
    "mobileiron",
    "okta",
    "onelogin",
    "sccm",
    "zendesk",
];

/// Numbers that look like chance (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// True once in so many times.
    fn once_in(&mut self, times: u64) -> bool {
        self.next().is_multiple_of(times)
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[usize::try_from(self.next() % of.len() as u64).unwrap()]
    }
}

/// What the connectors say of themselves.
fn descriptions() -> Vec<Description> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let loader = Loader::new(Engine::new().unwrap(), None, Limits::default()).compiling_with(Program::path());
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components");
    let catalog = Catalog::new(loader, &[], Some(directory));
    let describe = |name: &&str| match runtime.block_on(catalog.connector(name, None, 16 << 20)) {
        Ok(found) => found.description,
        Err(error) => panic!("{name}: {error}"),
    };
    CONNECTORS.iter().map(describe).collect()
}

const TEXTS: [&str; 24] = [
    "",
    "x",
    "a b",
    "ä",
    "{",
    "{url}",
    "%s",
    "100%",
    "\"\"",
    "'",
    "0",
    "-1",
    "True",
    "none",
    "../x",
    "a/b",
    "https://",
    "ftp://127.0.0.1",
    "127.0.0.1",
    "http://u:p@127.0.0.1:9",
    "http://127.0.0.1:99999",
    "http://[::1]:9/a?b#c",
    "127.0.0.1,9",
    "data",
];
/// Nothing of these stands anywhere else, where it would be taken for a secret that came to light.
const SECRETS: [&str; 5] = ["", "short", "a secret of words", "geheim-ß-äöü", "%(secret)s{braces}"];
const TRUTHS: [&str; 6] = ["True", "no", "ON", "0", "maybe", "2"];
const NUMBERS: [&str; 14] = [
    "0",
    "1",
    "2",
    "16",
    "500",
    "+1",
    "01",
    "1.5",
    "1e2",
    "-0",
    "nan",
    "inf",
    "x",
    "99999999999",
];
const JSON: [&str; 9] = [
    "{}",
    "[]",
    "1",
    "null",
    "\"x\"",
    "{\"a\": [1]}",
    "[1",
    "{'a': 1}",
    "[\"a\"]",
];
const NAMES: [&str; 8] = ["[\"a\"]", "[]", "All", "\"all\"", "[1]", "a", "[\"a\", \"b\"]", "{}"];
const FILTERS: [&str; 10] = [
    "(objectClass=*)",
    "(a=b)",
    "(&(a=b)(!(c=*d*)))",
    "a=b",
    "(",
    "(&)",
    "(a=b)(c=d)",
    "(cn=\\zz)",
    "(cn:=x)",
    "(=x)",
];

/// A value for a setting of this kind: mostly one that can be, now and then any.
fn value(kind: &Kind, chance: &mut Chance) -> String {
    let any = chance.once_in(8);
    match kind {
        _ if any => chance.one(&TEXTS).to_owned(),
        Kind::Text => chance.one(&TEXTS).to_owned(),
        Kind::Choice(choices) => choices[usize::try_from(chance.next() % choices.len() as u64).unwrap()].clone(),
        Kind::Truth => chance.one(&TRUTHS).to_owned(),
        Kind::WholeNumber(least, most) if chance.once_in(2) => {
            let bounds = [*least, *most, least.saturating_sub(1), most.saturating_add(1)];
            bounds[usize::try_from(chance.next() % 4).unwrap()].to_string()
        }
        Kind::WholeNumber(..) | Kind::Number(..) => chance.one(&NUMBERS).to_owned(),
        Kind::Json => chance.one(&JSON).to_owned(),
        Kind::Names(_) => chance.one(&NAMES).to_owned(),
        Kind::LdapFilter => chance.one(&FILTERS).to_owned(),
    }
}

/// What most sections have, so that they come far: a value that is good.
fn good(setting: &Setting) -> Option<String> {
    Some(match (setting.name.as_str(), &setting.kind) {
        ("url", _) if setting.example.starts_with("ldap") => "ldap://127.0.0.1:9".to_owned(),
        ("url", _) => NOWHERE.to_owned(),
        ("server", _) => "127.0.0.1,9".to_owned(),
        ("wsdl_path", _) => format!("{NOWHERE}/Terminal.wsdl"),
        ("system_name", _) => "acme".to_owned(),
        _ if setting.default.is_some() || (setting.optional && setting.required_where.is_empty()) => return None,
        _ if setting.secret => "a-test-secret".to_owned(),
        _ => setting.example.clone(),
    })
}

/// A line that gives a secret from elsewhere.
fn elsewhere(name: &str, chance: &mut Chance) -> String {
    let line = chance.one(&[
        "env_X = SET",
        "env_X = EMPTY",
        "env_X = LINES",
        "env_X = NOT_SET",
        "X_file = key",
        "X_file = empty",
        "X_file = lines",
        "X_file = nowhere",
        "X_file = .",
        "X_command = echo a-test-secret",
        "X_command = no-such-program",
        "X_command = ./key",
        "X_command = echo 'a",
        "X_secret = kept",
        "X_secret = nothing",
        "X_secret = ../x",
        "X_vault = a",
        "X_vault = secret/data/okta#api_token",
        "X_comand = echo a",
    ]);
    line.replace('X', name)
}

/// A line of those that every section may have.
fn own(chance: &mut Chance) -> String {
    let number = chance.one(&NUMBERS);
    let truth = chance.one(&TRUTHS);
    chance
        .one(&[
            "verify_ssl = TRUTH",
            "cacert_file = key",
            "cacert_file = nowhere.pem",
            "cacert_dir = .",
            "cacert_dir = nowhere",
            "cacert_dir = key",
            "ssl_protocol = tls1.3",
            "ssl_protocol = sslv3",
            "ssl_protocol = tls1",
            "ssl_protocol = x",
            "proxy = none",
            "proxy = http://127.0.0.1:9",
            "proxy = http://u:p@127.0.0.1:9",
            "proxy = socks5://x",
            "proxy = 127.0.0.1:9",
            "proxy = http://",
            "sync_field =",
            "sync_field = SERIAL",
            "sync_field = serial",
            "update_only = TRUTH",
            "update_only = x",
            "incremental = TRUTH",
            "full_run_days = NUMBER",
            "timezone = Europe/Zurich",
            "timezone = local",
            "timezone = Mars",
            "parallel = NUMBER",
            "max_requests = NUMBER",
            "max_requests = 100000",
            "max_memory = NUMBER",
            "max_memory = 256",
            "allowed_hosts = a, b",
            "component =",
            "component = nowhere.wasm",
            "component = key",
            "recordfilter = return True",
            "recordfilter = return (",
            "on_error = skip",
            "on_error = x",
            "env_password = SET",
            "env_password = NOT_SET",
            "enable = TRUTH",
            "unknown = x",
            "default_position = unused",
            "default_position =",
            "default_role = x",
            "default_role =",
        ])
        .replace("NUMBER", number)
        .replace("TRUTH", truth)
}

/// A mapping.
fn mapping(chance: &mut Chance) -> String {
    let field = chance.one(&["A", "USER", "SERIAL", "first_name", "A.B", ""]);
    let value = chance.one(&[
        "name",
        "\"name\"",
        "",
        "{",
        "{}",
        "{\"source\": \"a.b\"}",
        "{'source': 'a'}",
        "{\"source\": \"\"}",
        "{\"source\": 1}",
        "{\"source\": null}",
        "{\"setting\": \"default_role\"}",
        "{\"setting\": \"url\"}",
        "{\"setting\": \"api_token\"}",
        "{\"setting\": \"nothing\"}",
        "{\"setting\": \"password\"}",
        "{\"setting\": \"\"}",
        "{\"setting\": \"enable\"}",
        "{\"setting\": \"env_password\"}",
        "{\"hardcoded\": 1}",
        "{\"hardcoded\": null}",
        "{\"hardcoded\": {\"a\": []}}",
        "{\"hardcoded\": \"x\", \"source\": \"a\"}",
        "{\"converter\": \"split_email\"}",
        "{\"source\": \"a\", \"converter\": \"split_email\"}",
        "{\"source\": \"a\", \"converter\": \"nothing\"}",
        "{\"source\": \"a\", \"converter\": \"\"}",
        "{\"source\": \"a\", \"converter\": \"split\"}",
        "{\"source\": \"a\", \"converter\": \"split:index=x\"}",
        "{\"source\": \"a\", \"converter\": \"split:on=-|index=1\"}",
        "{\"source\": \"a\", \"converter\": \"date_format\"}",
        "{\"source\": \"a\", \"converter\": \"date_format:format=%Y-%Q\"}",
        "{\"source\": \"a\", \"converter\": \"location\"}",
        "{\"source\": \"a\", \"converter\": \"location:key=x\"}",
        "{\"source\": \"a\", \"converter\": \"mac_model_from_sn\"}",
        "{\"source\": \"a\", \"converter\": \"casper_extension_attribute\"}",
        "{\"source\": \"a\", \"converter\": \"ldap_user_field\"}",
        "{\"source\": \"a\", \"converter\": \"ldap_user_field:x\"}",
        "{\"source\": \"a\", \"converter\": \"mine\"}",
        "{\"source\": \"a\", \"required\": \"yes\"}",
        "{\"source\": \"a\", \"requried\": true}",
        "[\"a\"]",
        "{\"setting\": \"update_only\", \"converter\": \"location\"}",
    ]);
    format!("mapping.{field} = {value}")
}

/// A section of a connector.
fn section(description: &Description, number: usize, chance: &mut Chance) -> String {
    let mut text = format!("[{}.{number}]\nenable = True\n", description.id);
    if description.kind != RecordKind::Users {
        text += "sync_field = SERIAL\nmapping.SERIAL = serial\n";
    }
    // How much of it is not what it should be.
    let oddity = 5 + chance.next() % 60;
    for setting in &description.settings {
        let (name, is_odd) = (&setting.name, chance.once_in(oddity));
        if setting.secret && (is_odd || chance.once_in(6)) {
            text += &format!("{}\n", elsewhere(name, chance));
            if !chance.once_in(10) {
                continue;
            }
        }
        let value = if is_odd && setting.secret {
            Some(chance.one(&SECRETS).to_owned())
        } else if is_odd {
            Some(value(&setting.kind, chance)).filter(|_| !chance.once_in(4))
        } else {
            good(setting)
        };
        text.extend(value.map(|value| format!("{name} = {value}\n")));
    }
    for line in [own, mapping] {
        for _ in 0..chance.next() % 3 {
            if chance.once_in(2) {
                text += &format!("{}\n", line(chance));
            }
        }
    }
    text
}

/// The program with this file and all that its settings may name. Where it would go by name there is nobody either.
fn program(ini: &str) -> Program {
    let program = Program::with(ini)
        .env("SET", "a-test-secret")
        .env("EMPTY", "")
        .env("LINES", "one\ntwo")
        .env("HTTP_PROXY", NOWHERE)
        .env("HTTPS_PROXY", NOWHERE)
        .env("NO_PROXY", "127.0.0.1")
        .with_its_own_log();
    for (name, text) in [
        ("key", "a-test-secret\n"),
        ("empty", ""),
        ("lines", "a\nb\nc\n"),
        ("data", "<a/>"),
    ] {
        program.write(name, text.as_bytes());
    }
    let kept = program.run_with_input(&["secret", "set", "kept"], "a-test-secret\n");
    assert_eq!(kept.code, Some(0), "{kept}");
    program
}

/// Which sections have an error, or hang on what only Oomnitza knows: by which fields assets are told apart.
fn refused(validated: &str) -> BTreeSet<String> {
    let findings = validated
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let is_refused = |found: &Value| {
        found["severity"] == "error" || found["what"].as_str().unwrap().contains("Oomnitza's own mappings")
    };
    findings
        .filter(is_refused)
        .map(|found| found["section"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn what_validate_calls_good_is_not_refused_for_its_configuration() {
    let oomnitza = Oomnitza::start(Settings::default()).unwrap();
    let mut chance = Chance(seed());
    let mut ini = format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[converters]\nmine:\n    return 1\n\n",
        oomnitza.url()
    );
    let mut sections = Vec::new();
    for description in descriptions() {
        for number in 0..SECTIONS {
            let text = section(&description, number, &mut chance);
            ini += &format!("{text}\n");
            sections.push((format!("{}.{number}", description.id), text));
        }
    }
    let program = program(&ini);
    let validated = program.run(&["validate", "--json"]);
    let refused = refused(&validated.stdout);
    assert!(!refused.contains("oomnitza") && !refused.contains(""), "{validated}");
    // One that a line of its own disables is not looked at.
    let (_, disabled) = validated.stderr.split_once("; disabled: ").unwrap_or_default();
    let disabled: BTreeSet<&str> = disabled.trim().split(", ").collect();
    let good: Vec<_> = sections
        .iter()
        .filter(|(name, _)| !refused.contains(name) && !disabled.contains(name.as_str()))
        .collect();
    assert!(
        good.len() > sections.len() / 6 && refused.len() > sections.len() / 6,
        "{} of {} are good",
        good.len(),
        sections.len()
    );
    let wrong = |(name, text): &&(String, String)| {
        let output = program.run(&["upload", name]);
        (output.code == Some(2)).then(|| format!("{text}{output}\n"))
    };
    let (first, second) = good.split_at(good.len() / 2);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            second
                .iter()
                .copied()
                .filter_map(|section| wrong(&section))
                .collect::<Vec<_>>()
        });
        let mut all: Vec<String> = first.iter().copied().filter_map(|section| wrong(&section)).collect();
        all.extend(other.join().unwrap());
        all
    });
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        good.len(),
        wrong.join("\n")
    );
}

#[test]
fn an_oomnitza_that_validate_calls_good_is_not_refused_either() {
    let settings = Settings {
        user: Some(("connector".to_owned(), "a-test-secret".to_owned())),
        token: "a-test-secret".to_owned(),
        ..Settings::default()
    };
    let oomnitza = Oomnitza::start(settings).unwrap();
    let mut chance = Chance(seed());
    let okta = format!(
        "[okta]\nenable = True\nurl = {NOWHERE}\napi_token = a-test-secret\ndefault_role = 25\ndefault_position = Employee\n"
    );
    let program = program("");
    let (mut good, mut wrong) = (0, String::new());
    for _ in 0..DESTINATIONS {
        let mut text = "[oomnitza]\n".to_owned();
        if chance.once_in(6) {
            text += &format!("url = {}\n", value(&Kind::Text, &mut chance));
        } else {
            text += &format!("url = {}/\n", oomnitza.url());
        }
        if chance.once_in(2) {
            text += "username = connector\n";
        }
        for name in ["api_token", "password"] {
            match chance.next() % 6 {
                0 | 1 => text += &format!("{name} = a-test-secret\n"),
                2 => text += &format!("{}\n", elsewhere(name, &mut chance)),
                3 => text += &format!("{name} =\n"),
                _ => {}
            }
        }
        for _ in 0..chance.next() % 3 {
            text += &format!("{}\n", own(&mut chance));
        }
        if chance.once_in(4) {
            let name = chance.one(&["upload_parallel", "retry_seconds"]);
            text += &format!("{name} = {}\n", chance.one(&NUMBERS));
        }
        program.write("config.ini", format!("{text}\n{okta}").as_bytes());
        let validated = program.run(&["validate"]);
        if validated.code == Some(0) {
            let output = program.run(&["upload", "okta"]);
            good += 1;
            if output.code == Some(2) {
                wrong += &format!("{text}{output}\n");
            }
        }
    }
    assert!(good > DESTINATIONS / 8, "{good} of {DESTINATIONS} are good");
    assert!(wrong.is_empty(), "{wrong}");
}
