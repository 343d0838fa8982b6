//! How a connector says what it is.

use crate::bindings::exports::oomnitza::connector::source as wit;

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
    pub fn endpoint(mut self, url: &str, purpose: &str) -> Self {
        self.0.endpoints.push(wit::Endpoint {
            url: url.to_owned(),
            purpose: purpose.to_owned(),
        });
        self
    }

    fn auth(mut self, slot: &str, how: wit::Auth) -> Self {
        self.0.auth.push(wit::AuthSlot {
            name: slot.to_owned(),
            how,
        });
        self
    }

    /// Adds an auth slot: a header.
    pub fn header_auth(self, slot: &str, header: &str, value: &str) -> Self {
        self.auth(slot, wit::Auth::Header((header.to_owned(), value.to_owned())))
    }

    /// Adds an auth slot: HTTP Basic.
    pub fn basic_auth(self, slot: &str, username: &str, password: &str) -> Self {
        self.auth(slot, wit::Auth::Basic((username.to_owned(), password.to_owned())))
    }

    /// Adds an auth slot: LDAP simple bind.
    pub fn ldap_auth(self, slot: &str, name: &str, password: &str) -> Self {
        self.auth(slot, wit::Auth::LdapBind((name.to_owned(), password.to_owned())))
    }

    /// Maps one of Oomnitza's fields, where nobody says otherwise.
    pub fn map(mut self, field: &str, mapping: Mapping) -> Self {
        self.0.mappings.push(wit::DefaultMapping {
            field: field.to_owned(),
            origin: mapping.origin,
            converter: mapping.converter,
            required: mapping.required,
        });
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
            choices: Vec::new(),
            secret: false,
            json: false,
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

    /// The values it can have.
    pub fn choices(mut self, choices: &[&str]) -> Self {
        self.0.choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
        self
    }

    /// A credential: it stays with the host.
    pub fn secret(mut self) -> Self {
        self.0.secret = true;
        self
    }

    /// Its value is JSON.
    pub fn json(mut self) -> Self {
        self.0.json = true;
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
