//! What a connector says about itself, checked before anybody believes it.

use std::collections::BTreeSet;

use wasmtime::component::Linker;

use super::engine::Engine;
use super::error::Error;
use super::limits::Limits;
use super::loader::Loaded;
use super::state::{self, RunState};
use crate::config::schema::{
    Auth, AuthSlot, Case, Condition, DefaultMapping, Description, Encoding, Endpoint, Incremental, Kind, Origin,
    Placeholder, RecordKind, Setting, Token, TokenBody,
};
use crate::contract::connector::Connector as Bindings;
use crate::contract::connector::exports::oomnitza::connector::source as wit;

/// Asks a connector what it is, in a store of its own in which every import traps: a description depends on nothing.
pub async fn describe(engine: &Engine, loaded: &Loaded, limits: &Limits) -> Result<Description, Error> {
    let mut store = state::store(engine, limits, ())?;
    let mut linker: Linker<RunState<()>> = Linker::new(engine.wasmtime());
    linker
        .define_unknown_imports_as_traps(&loaded.component)
        .map_err(|error| Error::HostBug(format!("{error:#}")))?;
    let described = tokio::time::timeout(limits.call_wall, async {
        let bindings = Bindings::instantiate_async(&mut store, &loaded.component, &linker).await?;
        bindings.oomnitza_connector_source().call_describe(&mut store).await
    })
    .await
    .map_err(|_| Error::TooSlow {
        scope: "call",
        limit: limits.call_wall,
    })?
    .map_err(|error| store.data().explain(error))?;
    let description = Description::from(described);
    check(&description, limits.description_bytes).map_err(Error::Description)?;
    Ok(description)
}

/// Names end up in messages, files and requests: they are held to a plain alphabet.
fn check(description: &Description, limit_bytes: usize) -> Result<(), String> {
    let size = format!("{description:?}").len();
    if size > limit_bytes {
        return Err(format!("it has {size} bytes, the limit is {limit_bytes}"));
    }
    name("id", &description.id)?;
    let names = description.cases.iter().filter_map(|case| case.mapping_name.as_ref());
    let texts = [
        ("title", &description.title),
        ("mapping name", &description.mapping_name),
        ("version", &description.version),
    ];
    for (what, text) in texts.into_iter().chain(names.map(|name| ("mapping name", name))) {
        if text.is_empty() || text.len() > 80 || text.chars().any(char::is_control) {
            return Err(format!(
                "its {what} must have 1 to 80 characters, none of them a control character"
            ));
        }
    }
    let mut names = BTreeSet::new();
    for setting in &description.settings {
        name("setting", &setting.name)?;
        if !names.insert(setting.name.as_str()) {
            return Err(format!("it describes setting `{}` twice", setting.name));
        }
    }
    for slot in &description.auth {
        name("auth slot", &slot.name)?;
    }
    let special = description.cases.iter().flat_map(|case| &case.mappings);
    for mapping in description.mappings.iter().chain(special) {
        name("field", &mapping.field)?;
    }
    let is_known = |name: &str, may_be_secret: bool| {
        let known = description.settings.iter().find(|known| known.name == name);
        known.is_some_and(|known| may_be_secret || !known.secret)
    };
    let shown = |setting: &str| crate::redact::clean(setting, 60);
    for case in &description.cases {
        let setting = &case.when.0;
        if !is_known(setting, false) {
            return Err(format!(
                "a case hangs on setting `{}`, which is secret or not described",
                shown(setting)
            ));
        }
    }
    for setting in &description.settings {
        for condition in &setting.required_where {
            let (other, is_good) = match condition {
                Condition::Present(other) | Condition::Absent(other) => (other, is_known(other, true)),
                Condition::Equal(other, _) => (other, is_known(other, false)),
            };
            if !is_good {
                return Err(format!(
                    "whether setting `{}` is required hangs on setting `{}`, whose value is secret, or which is not described",
                    setting.name,
                    shown(other)
                ));
            }
        }
    }
    Ok(())
}

fn name(what: &str, name: &str) -> Result<(), String> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || character == '_';
    if name.is_empty() || name.len() > 40 || !name.chars().all(is_plain) {
        return Err(format!(
            "{what} `{}` is not 1 to 40 of the letters a to z, digits and `_`",
            crate::redact::clean(name, 60)
        ));
    }
    Ok(())
}

impl From<wit::Description> for Description {
    fn from(described: wit::Description) -> Self {
        Self {
            id: described.id,
            title: described.title,
            version: described.version,
            kind: match described.kind {
                wit::RecordKind::Users => RecordKind::Users,
                wit::RecordKind::Audit => RecordKind::Audit,
                wit::RecordKind::Assets => RecordKind::Assets,
            },
            mapping_name: described.mapping_name,
            settings: described.settings.into_iter().map(Setting::from).collect(),
            mappings: described.mappings.into_iter().map(DefaultMapping::from).collect(),
            converters: described.converters,
            endpoints: described
                .endpoints
                .into_iter()
                .map(|endpoint| Endpoint {
                    url: endpoint.url,
                    purpose: endpoint.purpose,
                    parallel: endpoint.parallel,
                    cookies: endpoint.cookies,
                })
                .collect(),
            auth: described.auth.into_iter().map(AuthSlot::from).collect(),
            incremental: match described.incremental {
                wit::Incremental::Never => Incremental::Never,
                wit::Incremental::OnRequest => Incremental::OnRequest,
                wit::Incremental::Always => Incremental::Always,
            },
            cases: described.cases.into_iter().map(Case::from).collect(),
        }
    }
}

impl From<wit::Case> for Case {
    fn from(case: wit::Case) -> Self {
        Self {
            when: case.when,
            mapping_name: case.mapping_name,
            mappings: case.mappings.into_iter().map(DefaultMapping::from).collect(),
        }
    }
}

impl From<wit::Setting> for Setting {
    fn from(setting: wit::Setting) -> Self {
        Self {
            name: setting.name,
            label: setting.label,
            help: setting.help,
            example: setting.example,
            default: setting.default,
            optional: setting.optional,
            required_where: setting.required_where.into_iter().map(Condition::from).collect(),
            kind: match setting.kind {
                wit::Kind::Text => Kind::Text,
                wit::Kind::Choice(choices) => Kind::Choice(choices),
                wit::Kind::Truth => Kind::Truth,
                wit::Kind::WholeNumber((least, most)) => Kind::WholeNumber(least, most),
                wit::Kind::Number((least, most)) => Kind::Number(least, most),
                wit::Kind::Json => Kind::Json,
                wit::Kind::Names(word) => Kind::Names(word),
                wit::Kind::LdapFilter => Kind::LdapFilter,
            },
            secret: setting.secret,
            basic: setting.basic,
        }
    }
}

impl From<wit::Condition> for Condition {
    fn from(condition: wit::Condition) -> Self {
        match condition {
            wit::Condition::Present(name) => Self::Present(name),
            wit::Condition::Absent(name) => Self::Absent(name),
            wit::Condition::Equal((name, value)) => Self::Equal(name, value),
        }
    }
}

impl From<wit::DefaultMapping> for DefaultMapping {
    fn from(mapping: wit::DefaultMapping) -> Self {
        Self {
            field: mapping.field,
            origin: match mapping.origin {
                wit::Origin::Source(path) => Origin::Source(path),
                wit::Origin::Setting(name) => Origin::Setting(name),
                wit::Origin::Hardcoded(text) => Origin::Hardcoded(text),
            },
            converter: mapping.converter,
            required: mapping.required,
        }
    }
}

impl From<wit::AuthSlot> for AuthSlot {
    fn from(slot: wit::AuthSlot) -> Self {
        Self {
            name: slot.name,
            how: slot.how.into_iter().map(Auth::from).collect(),
        }
    }
}

impl From<wit::Auth> for Auth {
    fn from(auth: wit::Auth) -> Self {
        match auth {
            wit::Auth::Basic((username, password)) => Self::Basic(username, password),
            wit::Auth::Header((name, value)) => Self::Header(name, value),
            wit::Auth::Body(placeholder) => Self::Body(Placeholder {
                name: placeholder.name,
                value: placeholder.value,
                encoding: match placeholder.encoding {
                    wit::Encoding::Plain => Encoding::Plain,
                    wit::Encoding::Xml => Encoding::Xml,
                    wit::Encoding::Json => Encoding::Json,
                    wit::Encoding::Form => Encoding::Form,
                },
            }),
            wit::Auth::LdapBind((name, password)) => Self::LdapBind(name, password),
            wit::Auth::SqlLogin((username, password)) => Self::SqlLogin(username, password),
            wit::Auth::Token(token) => Self::Token(Token {
                url: token.url,
                auth: token.auth,
                body: match token.body {
                    wit::TokenBody::Empty => TokenBody::Empty,
                    wit::TokenBody::Form(fields) => TokenBody::Form(fields),
                    wit::TokenBody::Json(members) => TokenBody::Json(members),
                },
                member: token.member,
                header: token.header,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: &str, secret: bool) -> Setting {
        Setting {
            name: name.into(),
            label: String::new(),
            help: String::new(),
            example: String::new(),
            default: None,
            optional: false,
            required_where: vec![],
            kind: Kind::Text,
            secret,
            basic: true,
        }
    }

    fn described(setting: Setting, cases: Vec<Case>) -> Description {
        Description {
            id: "sample".into(),
            title: "Sample".into(),
            version: "1".into(),
            kind: RecordKind::Audit,
            mapping_name: "Sample".into(),
            settings: vec![setting],
            mappings: vec![],
            converters: vec![],
            endpoints: vec![],
            auth: vec![],
            incremental: Incremental::Never,
            cases,
        }
    }

    #[test]
    fn a_case_hangs_on_a_setting_that_is_described_and_no_secret() {
        let case = |name: &str| Case {
            when: ("kind".into(), "a".into()),
            mapping_name: Some(name.into()),
            mappings: vec![],
        };
        let judge = |setting, name| check(&described(setting, vec![case(name)]), 10_000);
        assert_eq!(judge(setting("kind", false), "Sample.A"), Ok(()));
        let refusal = Err("a case hangs on setting `kind`, which is secret or not described".to_owned());
        assert_eq!(judge(setting("kind", true), "Sample.A"), refusal);
        assert_eq!(judge(setting("other", false), "Sample.A"), refusal);
        assert!(judge(setting("kind", false), "a\nb").is_err());
    }

    #[test]
    fn what_is_required_hangs_on_settings_that_are_described() {
        let judge = |condition| {
            let dependent = Setting {
                optional: true,
                required_where: vec![condition],
                ..setting("own", true)
            };
            check(&described(dependent, vec![]), 10_000).is_ok()
        };
        let own = || "own".to_owned();
        assert!(judge(Condition::Present(own())) && judge(Condition::Absent(own())));
        assert!(!judge(Condition::Equal(own(), String::new())), "it is a secret");
        assert!(!judge(Condition::Present("other".to_owned())));
    }
}
