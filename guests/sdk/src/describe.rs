//! How a connector says what it is.

use std::ops::RangeInclusive;

use crate::bindings::exports::oomnitza::connector::source as wit;

/// How the host writes a credential into a request's body.
pub use wit::Encoding;

/// What a connector says about itself; everything that is shown or asked of people comes from it.
#[derive(Debug, Clone)]
pub struct Description(wit::Description);

impl Description {
    fn new(id: &str, title: &str, mapping_name: &str, kind: wit::RecordKind) -> Self {
        Self(wit::Description {
            id: id.to_owned(),
            title: title.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kind,
            mapping_name: mapping_name.to_owned(),
            settings: Vec::new(),
            mappings: Vec::new(),
            converters: Vec::new(),
            endpoints: Vec::new(),
            auth: Vec::new(),
            incremental: wit::Incremental::Never,
            cases: Vec::new(),
        })
    }

    /// A source of people: its name in an ini file, its name for people, and the name under which Oomnitza keeps its mappings.
    pub fn users(id: &str, title: &str, mapping_name: &str) -> Self {
        Self::new(id, title, mapping_name, wit::RecordKind::Users)
    }

    /// A source of assets with their software.
    pub fn audit(id: &str, title: &str, mapping_name: &str) -> Self {
        Self::new(id, title, mapping_name, wit::RecordKind::Audit)
    }

    /// A source of assets.
    pub fn assets(id: &str, title: &str, mapping_name: &str) -> Self {
        Self::new(id, title, mapping_name, wit::RecordKind::Assets)
    }

    /// The component's own version; the SDK's where it is not said.
    pub fn version(mut self, version: &str) -> Self {
        self.0.version = version.to_owned();
        self
    }

    /// Adds a setting. They are shown in the order in which they are added.
    pub fn setting(mut self, setting: Setting) -> Self {
        self.0.settings.push(setting.0);
        self
    }

    /// Adds a place that this connector talks to: a URL with settings in braces.
    pub fn endpoint(self, url: &str, purpose: &str) -> Self {
        self.place(Endpoint::at(url, purpose))
    }

    /// Adds a place that this connector talks to in a way of its own.
    pub fn place(mut self, endpoint: Endpoint) -> Self {
        self.0.endpoints.push(endpoint.0);
        self
    }

    /// Adds to an auth slot: requests that name it carry everything that was added.
    fn auth(mut self, slot: &str, how: wit::Auth) -> Self {
        match self.0.auth.iter_mut().find(|known| known.name == slot) {
            Some(known) => known.how.push(how),
            None => self.0.auth.push(wit::AuthSlot {
                name: slot.to_owned(),
                how: vec![how],
            }),
        }
        self
    }

    /// Adds to an auth slot: a header.
    pub fn header_auth(self, slot: &str, header: &str, value: &str) -> Self {
        self.auth(slot, wit::Auth::Header((header.to_owned(), value.to_owned())))
    }

    /// Adds to an auth slot: HTTP Basic.
    pub fn basic_auth(self, slot: &str, username: &str, password: &str) -> Self {
        self.auth(slot, wit::Auth::Basic((username.to_owned(), password.to_owned())))
    }

    /// Adds to an auth slot: LDAP simple bind.
    pub fn ldap_auth(self, slot: &str, name: &str, password: &str) -> Self {
        self.auth(slot, wit::Auth::LdapBind((name.to_owned(), password.to_owned())))
    }

    /// Adds to an auth slot: SQL Server login.
    pub fn sql_auth(self, slot: &str, username: &str, password: &str) -> Self {
        self.auth(slot, wit::Auth::SqlLogin((username.to_owned(), password.to_owned())))
    }

    /// Adds to an auth slot: a value that the host puts in place of each occurrence of a placeholder in the request's body,
    /// written as the body needs it.
    pub fn body_auth(self, slot: &str, placeholder: &str, value: &str, encoding: Encoding) -> Self {
        let placeholder = wit::Placeholder {
            name: placeholder.to_owned(),
            value: value.to_owned(),
            encoding,
        };
        self.auth(slot, wit::Auth::Body(placeholder))
    }

    /// Adds to an auth slot: a token that the host asks for, keeps and renews.
    pub fn token_auth(self, slot: &str, token: Token) -> Self {
        self.auth(slot, wit::Auth::Token(token.0))
    }

    /// A run can go on where an earlier one ended: where the section asks for it.
    pub fn incremental(mut self) -> Self {
        self.0.incremental = wit::Incremental::OnRequest;
        self
    }

    /// Every run goes on where the one before ended.
    pub fn always_incremental(mut self) -> Self {
        self.0.incremental = wit::Incremental::Always;
        self
    }

    /// Maps one of Oomnitza's fields, where nobody says otherwise.
    pub fn map(mut self, field: &str, mapping: Mapping) -> Self {
        self.0.mappings.push(mapping.of(field));
        self
    }

    /// Adds what differs where a setting has a certain value.
    pub fn case(mut self, case: Case) -> Self {
        self.0.cases.push(case.0);
        self
    }

    /// Applies a converter to a source path, whichever field it is mapped to.
    pub fn convert(mut self, path: &str, converter: &str) -> Self {
        self.0.converters.push((path.to_owned(), converter.to_owned()));
        self
    }

    pub(crate) fn into_wit(self) -> wit::Description {
        self.0
    }
}

/// What differs where a setting has a certain value.
#[derive(Debug, Clone)]
pub struct Case(wit::Case);

impl Case {
    /// Where this setting has this value.
    pub fn when(setting: &str, value: &str) -> Self {
        Self(wit::Case {
            when: (setting.to_owned(), value.to_owned()),
            mapping_name: None,
            mappings: Vec::new(),
        })
    }

    /// Oomnitza keeps mappings and records under this name then.
    pub fn mapping_name(mut self, name: &str) -> Self {
        self.0.mapping_name = Some(name.to_owned());
        self
    }

    /// Maps one of Oomnitza's fields then, where nobody says otherwise.
    pub fn map(mut self, field: &str, mapping: Mapping) -> Self {
        self.0.mappings.push(mapping.of(field));
        self
    }
}

/// A place that a connector talks to.
#[derive(Debug, Clone)]
pub struct Endpoint(wit::Endpoint);

impl Endpoint {
    /// A URL with settings in braces, and what it is for in a few words.
    pub fn at(url: &str, purpose: &str) -> Self {
        Self(wit::Endpoint {
            url: url.to_owned(),
            purpose: purpose.to_owned(),
            parallel: None,
            cookies: false,
        })
    }

    /// So many requests may be under way there at once, at most 8; 4 where it is not said.
    pub fn parallel(mut self, requests: u32) -> Self {
        self.0.parallel = Some(requests);
        self
    }

    /// Cookies that it sets are sent back to it during the run.
    pub fn cookies(mut self) -> Self {
        self.0.cookies = true;
        self
    }
}

/// A token that the host asks for with other credentials, keeps to itself and renews. The connector never sees it.
#[derive(Debug, Clone)]
pub struct Token(wit::Token);

impl Token {
    /// A token that is asked for with POST at this URL, with settings in braces. Requests carry it as `Authorization: Bearer …`;
    /// the answer's member `access_token` is it.
    pub fn at(url: &str) -> Self {
        Self(wit::Token {
            url: url.to_owned(),
            auth: None,
            body: wit::TokenBody::Empty,
            member: "access_token".to_owned(),
            header: ("Authorization".to_owned(), "Bearer {token}".to_owned()),
        })
    }

    /// The request for it is signed with another slot.
    pub fn signed(mut self, slot: &str) -> Self {
        self.0.auth = Some(slot.to_owned());
        self
    }

    /// The request for it carries a form: names and templates.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.0.body = wit::TokenBody::Form(owned(fields));
        self
    }

    /// The request for it carries a JSON object of texts: names and templates.
    pub fn json(mut self, members: &[(&str, &str)]) -> Self {
        self.0.body = wit::TokenBody::Json(owned(members));
        self
    }

    /// The member of the answer that is the token.
    pub fn member(mut self, member: &str) -> Self {
        self.0.member = member.to_owned();
        self
    }

    /// The header that requests carry, and its value's template with `{token}`.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0.header = (name.to_owned(), value.to_owned());
        self
    }
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// One setting of a section.
#[derive(Debug, Clone)]
pub struct Setting(wit::Setting);

impl Setting {
    /// A setting: its name in an ini file, its name for people, and what it is in a sentence.
    pub fn text(name: &str, label: &str, help: &str) -> Self {
        Self(wit::Setting {
            name: name.to_owned(),
            label: label.to_owned(),
            help: help.to_owned(),
            example: String::new(),
            default: None,
            optional: false,
            required_where: Vec::new(),
            kind: wit::Kind::Text,
            secret: false,
            basic: true,
        })
    }

    /// The numeric ID of the role that imported users get.
    pub fn default_role() -> Self {
        Self::text(
            "default_role",
            "Default role",
            "The numeric ID of the role that imported users get",
        )
        .example("25")
    }

    /// The position that imported users get.
    pub fn default_position() -> Self {
        Self::text(
            "default_position",
            "Default position",
            "The position that imported users get; `unused` leaves positions to Oomnitza",
        )
        .example("Employee")
    }

    /// The field by which Oomnitza tells assets apart. The host uses it and asks for it; a connector has no use for it.
    pub fn sync_field() -> Self {
        Self::text(
            "sync_field",
            "Sync field",
            "The Oomnitza field that holds an asset's unique identifier, usually its serial number",
        )
        .example("24DCF85294E411E38A52066B556BA4EE")
        .optional()
    }

    /// Whether a name without a password may sign in to a directory. The host uses it.
    pub fn allow_anonymous() -> Self {
        Self::text(
            "allow_anonymous",
            "Allow anonymous",
            "Go on with a user name and no password, which directories take for nobody and call a success",
        )
        .default("False")
        .truth()
        .advanced()
    }

    /// Whether only assets that Oomnitza knows are updated. The host uses it; a connector has no use for it.
    pub fn update_only() -> Self {
        Self::text(
            "update_only",
            "Update only",
            "Whether only assets that Oomnitza has are updated, and none are created",
        )
        .default("False")
    }

    /// What the generated ini file shows.
    pub fn example(mut self, example: &str) -> Self {
        self.0.example = example.to_owned();
        self
    }

    /// The value where the section has none.
    pub fn default(mut self, value: &str) -> Self {
        self.0.default = Some(value.to_owned());
        if self.0.example.is_empty() {
            self.0.example = value.to_owned();
        }
        self
    }

    /// A section may do without it.
    pub fn optional(mut self) -> Self {
        self.0.optional = true;
        self
    }

    fn required(mut self, condition: wit::Condition) -> Self {
        self.0.required_where.push(condition);
        self.optional()
    }

    /// A section may do without it only as long as it does without this other setting.
    pub fn required_with(self, setting: &str) -> Self {
        self.required(wit::Condition::Present(setting.to_owned()))
    }

    /// A section may do without it only if it has this other setting.
    pub fn required_without(self, setting: &str) -> Self {
        self.required(wit::Condition::Absent(setting.to_owned()))
    }

    /// A section may do without it only as long as this other setting, which is no secret, has another value than this.
    pub fn required_where(self, setting: &str, value: &str) -> Self {
        self.required(wit::Condition::Equal((setting.to_owned(), value.to_owned())))
    }

    fn kind(mut self, kind: wit::Kind) -> Self {
        self.0.kind = kind;
        self
    }

    /// It has one of these values.
    pub fn choices(self, choices: &[&str]) -> Self {
        self.kind(wit::Kind::Choice(
            choices.iter().map(|choice| (*choice).to_owned()).collect(),
        ))
    }

    /// It is true or false: [`crate::Settings::truth`].
    pub fn truth(self) -> Self {
        self.kind(wit::Kind::Truth)
    }

    /// It is a whole number of this range: [`crate::Settings::number`].
    pub fn whole_number(self, range: RangeInclusive<u32>) -> Self {
        self.kind(wit::Kind::WholeNumber(range.into_inner()))
    }

    /// It is a number of this range, which may have decimals.
    pub fn number(self, range: RangeInclusive<u32>) -> Self {
        self.kind(wit::Kind::Number(range.into_inner()))
    }

    /// It is JSON: [`crate::Settings::json`].
    pub fn json(self) -> Self {
        self.kind(wit::Kind::Json)
    }

    /// It is a JSON list of texts, or this word for all there are: [`crate::Settings::names`].
    pub fn names_or(self, word: &str) -> Self {
        self.kind(wit::Kind::Names(Some(word.to_owned())))
    }

    /// It is a filter of LDAP (RFC 4515).
    pub fn ldap_filter(self) -> Self {
        self.kind(wit::Kind::LdapFilter)
    }

    /// A credential: it stays with the host.
    pub fn secret(mut self) -> Self {
        self.0.secret = true;
        self
    }

    /// For the few who need it: not in the generated ini file.
    pub fn advanced(mut self) -> Self {
        self.0.basic = false;
        self
    }
}

/// Where the value of one of Oomnitza's fields comes from.
#[derive(Debug, Clone)]
pub struct Mapping {
    origin: wit::Origin,
    converter: Option<String>,
    required: bool,
}

fn mapping(origin: wit::Origin) -> Mapping {
    Mapping {
        origin,
        converter: None,
        required: false,
    }
}

/// From a path in the source's record.
pub fn source(path: &str) -> Mapping {
    mapping(wit::Origin::Source(path.to_owned()))
}

/// From a setting of the section.
pub fn setting(name: &str) -> Mapping {
    mapping(wit::Origin::Setting(name.to_owned()))
}

/// From this text.
pub fn hardcoded(text: &str) -> Mapping {
    mapping(wit::Origin::Hardcoded(text.to_owned()))
}

impl Mapping {
    fn of(self, field: &str) -> wit::DefaultMapping {
        wit::DefaultMapping {
            field: field.to_owned(),
            origin: self.origin,
            converter: self.converter,
            required: self.required,
        }
    }

    /// A record without it is left out.
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Through a converter, as in an ini file.
    pub fn with(mut self, converter: &str) -> Self {
        self.converter = Some(converter.to_owned());
        self
    }
}
