//! A connector's description as plain data: what a component says about itself, after the host has checked it.
//!
//! Everything about a connector's settings comes from here; the meaning of each item stands in `wit/source.wit`.

use super::template;

/// What a connector is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Name as in a section's header: `okta`.
    pub id: String,
    /// Name for people: `Okta`.
    pub title: String,
    /// The component's own version.
    pub version: String,
    /// What its records are.
    pub kind: RecordKind,
    /// The name under which Oomnitza keeps the source's mappings.
    pub mapping_name: String,
    /// Settings, in the order in which they are shown.
    pub settings: Vec<Setting>,
    /// The mappings that hold where nobody says otherwise.
    pub mappings: Vec<DefaultMapping>,
    /// Converters by source path.
    pub converters: Vec<(String, String)>,
    /// The places it talks to.
    pub endpoints: Vec<Endpoint>,
    /// How its requests are signed.
    pub auth: Vec<AuthSlot>,
    /// Whether a run can go on where an earlier one ended.
    pub incremental: Incremental,
    /// What differs where a setting has a certain value.
    pub cases: Vec<Case>,
}

impl Description {
    /// The settings that make up where the connector goes, as often as they are named.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        let names = self
            .endpoints
            .iter()
            .flat_map(|endpoint| template::names(&endpoint.url));
        names.map(|name| name.split('.').next().unwrap_or(name))
    }

    /// The settings that its requests are signed with, likewise.
    pub fn credentials(&self) -> impl Iterator<Item = &str> {
        let ways = self.auth.iter().flat_map(|slot| &slot.how);
        ways.flat_map(Auth::templates).flat_map(template::names)
    }

    /// The description as it holds for a section's settings: each case whose setting has its value has had its say.
    pub fn settled<'a>(mut self, setting: impl Fn(&str) -> Option<&'a str>) -> Self {
        for case in std::mem::take(&mut self.cases) {
            let (name, value) = &case.when;
            if setting(name) == Some(value) {
                self.mapping_name = case.mapping_name.unwrap_or(self.mapping_name);
                self.mappings.extend(case.mappings);
            }
        }
        self
    }
}

/// What differs where a setting has a certain value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The setting's name, and the value.
    pub when: (String, String),
    /// The name under which Oomnitza keeps the source's mappings then, where it is another.
    pub mapping_name: Option<String>,
    /// Mappings that hold only then, besides the others.
    pub mappings: Vec<DefaultMapping>,
}

/// Whether a run can go on where an earlier one ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incremental {
    /// Every run reads everything.
    Never,
    /// Where the section says so.
    OnRequest,
    /// Always.
    Always,
}

/// What the records of a connector are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// People.
    Users,
    /// Assets with their software, reported by an agent.
    Audit,
    /// Assets.
    Assets,
}

/// One setting of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Name in the ini file.
    pub name: String,
    /// Name for people.
    pub label: String,
    /// What it is.
    pub help: String,
    /// What the generated ini file shows.
    pub example: String,
    /// The value where the section has none.
    pub default: Option<String>,
    /// Whether a section may do without it.
    pub optional: bool,
    /// Where a section may not do without an optional one.
    pub required_where: Vec<Condition>,
    /// What its value is.
    pub kind: Kind,
    /// Never enters the component.
    pub secret: bool,
    /// Shown in the generated ini file.
    pub basic: bool,
}

/// What a section's other settings are like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// This one has a value.
    Present(String),
    /// This one has none.
    Absent(String),
    /// This one has this value.
    Equal(String, String),
}

/// What the value of a setting is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    Text,
    /// One of these.
    Choice(Vec<String>),
    /// True or false.
    Truth,
    /// A whole number from the first to the second.
    WholeNumber(u32, u32),
    /// A number from the first to the second.
    Number(u32, u32),
    /// JSON.
    Json,
    /// A JSON list of texts, or this word.
    Names(Option<String>),
    /// A filter of LDAP.
    LdapFilter,
}

/// One field of Oomnitza and where its value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultMapping {
    /// Oomnitza's field.
    pub field: String,
    /// Where the value comes from.
    pub origin: Origin,
    /// Converter as in an ini file.
    pub converter: Option<String>,
    /// A record without it is left out.
    pub required: bool,
}

/// Where the value of a field comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A path in the source's record.
    Source(String),
    /// A setting of the section.
    Setting(String),
    /// This text.
    Hardcoded(String),
}

/// A place a connector talks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// URL with the names of settings in braces.
    pub url: String,
    /// What it is for.
    pub purpose: String,
    /// Requests under way there at once, where it is not the host's own number.
    pub parallel: Option<u32>,
    /// Cookies that the place sets are sent back to it.
    pub cookies: bool,
}

/// How the host signs requests that name this slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthSlot {
    /// The name that requests use.
    pub name: String,
    /// What the host adds: all of these.
    pub how: Vec<Auth>,
}

/// What the host adds to a request; each text is a template with the names of settings in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// HTTP Basic: user name, password.
    Basic(String, String),
    /// A header: name, value.
    Header(String, String),
    /// A placeholder in the body.
    Body(Placeholder),
    /// LDAP simple bind: name, password.
    LdapBind(String, String),
    /// SQL Server login: user name, password.
    SqlLogin(String, String),
    /// A token that the host asks for itself.
    Token(Token),
}

impl Auth {
    /// The templates that are filled with settings.
    fn templates(&self) -> Vec<&str> {
        match self {
            Self::Basic(name, password) | Self::LdapBind(name, password) | Self::SqlLogin(name, password) => {
                vec![name, password]
            }
            Self::Header(_, value) => vec![value],
            Self::Body(placeholder) => vec![&placeholder.value],
            Self::Token(token) => match &token.body {
                TokenBody::Empty => Vec::new(),
                TokenBody::Form(pairs) | TokenBody::Json(pairs) => {
                    pairs.iter().map(|(_, value)| value.as_str()).collect()
                }
            },
        }
    }
}

/// A placeholder in a request's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// The text that stands in the body.
    pub name: String,
    /// What takes its place.
    pub value: String,
    /// How that is written there.
    pub encoding: Encoding,
}

/// How a text is written in a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// As text or an attribute's value in XML.
    Xml,
    /// Inside the quotation marks of a JSON text.
    Json,
    /// As a name or value of a form.
    Form,
}

/// A token that the host asks for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Where it is asked for.
    pub url: String,
    /// The slot that signs the request for it.
    pub auth: Option<String>,
    /// What that request carries.
    pub body: TokenBody,
    /// The member of the answer that is the token.
    pub member: String,
    /// The header that carries it, and its value's template with `{token}`.
    pub header: (String, String),
}

/// What the request for a token carries: names and templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenBody {
    /// Nothing.
    Empty,
    /// A form.
    Form(Vec<(String, String)>),
    /// A JSON object of texts.
    Json(Vec<(String, String)>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_has_its_say_where_its_setting_has_its_value() {
        let mapping = DefaultMapping {
            field: "APPLICATIONS".into(),
            origin: Origin::Source("software".into()),
            converter: None,
            required: false,
        };
        let case = |value: &str, name: Option<&str>, mappings: Vec<DefaultMapping>| Case {
            when: ("sync_type".into(), value.into()),
            mapping_name: name.map(str::to_owned),
            mappings,
        };
        let described = Description {
            id: "sample".into(),
            title: "Sample".into(),
            version: "1".into(),
            kind: RecordKind::Audit,
            mapping_name: "Sample".into(),
            settings: vec![],
            mappings: vec![],
            converters: vec![],
            endpoints: vec![],
            auth: vec![],
            incremental: Incremental::Never,
            cases: vec![
                case("computers", None, vec![mapping]),
                case("mobiledevices", Some("Sample.MDM"), vec![]),
            ],
        };
        for (value, name, mappings) in [
            (Some("computers"), "Sample", 1),
            (Some("mobiledevices"), "Sample.MDM", 0),
            (Some("printers"), "Sample", 0),
            (None, "Sample", 0),
        ] {
            let settled = described.clone().settled(|_| value);
            assert_eq!(
                (settled.mapping_name.as_str(), settled.mappings.len()),
                (name, mappings)
            );
        }
    }
}
