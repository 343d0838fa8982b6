//! The host's own settings: what `[oomnitza]` and every section may have besides what a connector describes.
//!
//! One table, so that the list of known names, the generated ini file and forms cannot differ.

use super::schema::{self, Description, Incremental, RecordKind, Setting};

/// A setting of the host's own.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) name: &'static str,
    label: &'static str,
    help: &'static str,
    /// What the generated ini file shows.
    example: &'static str,
    /// The value where the section has none.
    default: Option<&'static str>,
    kind: Kind,
    /// Which sections have a use for it.
    sections: Sections,
}

/// What a setting's value is.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// A credential.
    Secret,
}

/// Which sections have a use for a setting.
#[derive(Debug, PartialEq, Eq)]
enum Sections {
    /// `[oomnitza]`, in every generated ini file.
    Basic,
    /// Every section, or `[oomnitza]` for those few who need it.
    All,
    /// Those of people.
    People,
    /// Those of assets.
    Assets,
    /// Those whose source can tell what has changed.
    Incremental,
}

const fn own(name: &'static str, label: &'static str, help: &'static str, example: &'static str) -> Own {
    Own {
        name,
        label,
        help,
        example,
        default: None,
        kind: Kind::Text,
        sections: Sections::All,
    }
}

impl Own {
    const fn default(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }

    const fn of(self, sections: Sections) -> Self {
        Self { sections, ..self }
    }

    const fn secret(self) -> Self {
        Self {
            kind: Kind::Secret,
            ..self
        }
    }

    fn setting(&self) -> Setting {
        Setting {
            name: self.name.to_owned(),
            label: self.label.to_owned(),
            help: self.help.to_owned(),
            example: self.example.to_owned(),
            default: self.default.map(str::to_owned),
            optional: true,
            required_where: Vec::new(),
            kind: schema::Kind::Text,
            secret: self.kind == Kind::Secret,
            basic: self.sections == Sections::Basic,
        }
    }
}

/// `[oomnitza]`'s own.
const OOMNITZA: &[Own] = &[
    own(
        "url",
        "URL",
        "The address of your Oomnitza",
        "https://example.oomnitza.com",
    )
    .of(Sections::Basic),
    own(
        "api_token",
        "API token",
        "A token of an Oomnitza user; or give a user name and password",
        "",
    )
    .of(Sections::Basic)
    .secret(),
    own(
        "username",
        "User name",
        "The Oomnitza user to sign in as, best a service account of its own",
        "oomnitza-sa",
    )
    .of(Sections::Basic),
    own("password", "Password", "That user's password", "ThePassword")
        .of(Sections::Basic)
        .secret(),
    own(
        "upload_parallel",
        "Uploads at once",
        "Batches under way at once, 1 to 16; 1 keeps strict order",
        "4",
    )
    .default("4"),
    own(
        "retry_seconds",
        "Seconds of retries",
        "How long failing uploads of one section are repeated altogether; 0 for not at all",
        "3600",
    )
    .default("3600"),
];

/// Of every section, `[oomnitza]` included.
const SHARED: &[Own] = &[
    own(
        "enable",
        "Enabled",
        "Whether the section runs when it is named",
        "False",
    )
    .default("False"),
    own(
        "env_password",
        "Password from the environment",
        "The environment variable that holds the password; `password` is ignored then",
        "OOMNITZA_PASSWORD",
    ),
    own(
        "verify_ssl",
        "Check certificates",
        "Whether certificates are checked; better name your own authority with `cacert_file`",
        "True",
    )
    .default("True"),
    own(
        "cacert_file",
        "Authorities (file)",
        "A PEM file with the certificate authorities to trust instead of the machine's",
        "/etc/ssl/certs/our-ca.pem",
    ),
    own(
        "cacert_dir",
        "Authorities (directory)",
        "A directory of such files",
        "/etc/ssl/our-cas",
    ),
    own(
        "ssl_protocol",
        "TLS",
        "`tls1.2` or `tls1.3` and no other; `ssl`, `sslv23` and `tls` are the best that both sides know",
        "tls1.3",
    ),
    own(
        "proxy",
        "Proxy",
        "The proxy on the way to the web, where it is not the environment's; `none` goes without one",
        "http://proxy.example.com:3128",
    ),
];

/// Of every section but `[oomnitza]`.
const SECTION: &[Own] = &[
    own(
        "sync_field",
        "Sync field",
        "The Oomnitza field that holds an asset's unique identifier, usually its serial number",
        "SERIAL_NUMBER",
    )
    .of(Sections::Assets),
    own(
        "update_only",
        "Update only",
        "Whether only assets that Oomnitza has are updated, and none are created",
        "False",
    )
    .default("False")
    .of(Sections::Assets),
    own(
        "default_position",
        "Default position",
        "The position that imported users get; `unused` leaves positions to Oomnitza",
        "Employee",
    )
    .of(Sections::People),
    own(
        "incremental",
        "Only changes",
        "`True` reads only what has changed since the last run",
        "True",
    )
    .of(Sections::Incremental),
    own(
        "full_run_days",
        "Days between full runs",
        "How many days after a full run everything is read again, 1 to 365",
        "7",
    )
    .default("7")
    .of(Sections::Incremental),
    own(
        "timezone",
        "Time zone",
        "The zone of dates that name none, by its IANA name, or `local` for this machine's; UTC where it is not set",
        "Europe/Zurich",
    ),
    own(
        "parallel",
        "Requests at once",
        "Requests under way at the source at once, 1 to 16, instead of the connector's own number",
        "4",
    ),
    own(
        "max_requests",
        "Most requests",
        "Requests that one run may send to the source, 100000 to 10000000: a source with a request for each of very many devices needs more",
        "1000000",
    )
    .default("100000"),
    own(
        "max_memory",
        "Most memory",
        "Memory that the connector may take, in MiB, 256 to 1024",
        "512",
    )
    .default("256"),
    own(
        "component",
        "Component",
        "A connector's .wasm file to run this section with, relative to the ini file",
        "connectors/our.wasm",
    ),
    own(
        "max_component",
        "Largest component",
        "How large a connector's .wasm file may be, in MiB, 16 to 64",
        "32",
    )
    .default("16"),
    own(
        "allowed_hosts",
        "Allowed hosts",
        "Hosts that a connector of your own may reach although no setting names them",
        "api.example.com",
    ),
    own(
        "recordfilter",
        "Record filter",
        "Python that decides which records are sent: the body of a function of `record`",
        "\nreturn record.active",
    ),
    own(
        "on_error",
        "Where Python fails",
        "`skip` leaves out records on which the section's Python fails; `stop` ends the section",
        "skip",
    )
    .default("stop"),
];

/// The names of `[oomnitza]`'s secrets.
pub(super) fn secrets_of_destination() -> impl Iterator<Item = &'static str> {
    let secrets = OOMNITZA.iter().filter(|own| own.kind == Kind::Secret);
    secrets.map(|own| own.name)
}

/// The names that `[oomnitza]` may have.
pub(super) fn names_of_destination<'a>() -> impl Iterator<Item = &'a str> {
    OOMNITZA.iter().chain(SHARED).map(|own| own.name)
}

/// The names that any other section may have besides what its connector describes.
pub(super) fn names_of_section<'a>() -> impl Iterator<Item = &'a str> {
    SHARED.iter().chain(SECTION).map(|own| own.name)
}

/// Whether a name is the host's own, and of a setting whose value never has more than one line.
pub(super) fn is_one_line(name: &str) -> bool {
    let mut all = OOMNITZA.iter().chain(SHARED).chain(SECTION);
    // Of a secret it is said that it holds a line break.
    !matches!(name, "recordfilter" | "allowed_hosts") && all.any(|own| own.name == name && own.kind != Kind::Secret)
}

/// The value of one of them where the file has none.
pub(super) fn default(name: &str) -> Option<&'static str> {
    let own = OOMNITZA
        .iter()
        .chain(SHARED)
        .chain(SECTION)
        .find(|own| own.name == name);
    own?.default
}

/// The settings of `[oomnitza]`, `enable` apart.
pub(super) fn destination_settings() -> Vec<Setting> {
    let settings = OOMNITZA.iter().chain(SHARED).map(Own::setting);
    settings.filter(|setting| setting.name != "enable").collect()
}

/// The settings that a section of this connector may have besides what it describes, `enable` apart.
pub(super) fn section_settings(connector: &Description) -> Vec<Setting> {
    let has_use = |own: &&Own| match own.sections {
        Sections::Basic | Sections::All => own.name != "enable",
        Sections::People => connector.kind == RecordKind::Users,
        Sections::Assets => connector.kind != RecordKind::Users,
        Sections::Incremental => connector.incremental == Incremental::OnRequest,
    };
    let settings = SECTION.iter().chain(SHARED).filter(has_use);
    settings.map(Own::setting).collect()
}
