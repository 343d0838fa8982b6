//! The fields of a user under the names that mappings use.
//!
//! The old program looked up each source that is not one of 22 standard names as `custom_attribute_<name>`. So do we, with the difference
//! that a field of that very name serves where there is no such attribute: `company` and `department` are fields of today's users. The
//! XML API writes names with dashes and `/api/2` with underscores; a mapping written for one works with the other.

use oomnitza_sdk::Wanted;
use oomnitza_sdk::serde_json::{Map, Value};

/// What names of custom attributes begin with.
pub(crate) const CUSTOM: &str = "custom_attribute_";

/// Standard fields, as the XML API spells them.
const STANDARD: [&str; 22] = [
    "activated-at",
    "created-at",
    "directory-id",
    "distinguished-name",
    "email",
    "external-id",
    "firstname",
    "group-id",
    "id",
    "invalid-login-attempts",
    "invitation-sent-at",
    "last-login",
    "lastname",
    "locale-code",
    "locked-until",
    "member-of",
    "openid-name",
    "password-changed-at",
    "phone",
    "status",
    "updated-at",
    "username",
];

/// More fields of `/api/2`. A custom attribute of the same name goes before them, as it always has.
const MORE: [&str; 13] = [
    "comment",
    "company",
    "department",
    "manager_ad_id",
    "manager_user_id",
    "preferred_locale_code",
    "role_id",
    "role_ids",
    "samaccountname",
    "state",
    "title",
    "trusted_idp_id",
    "userprincipalname",
];

/// The fields that a run is for.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    /// First steps of the source paths, each once.
    wanted: Vec<String>,
    everything: bool,
}

impl Fields {
    pub(crate) fn new(wanted: &Wanted) -> Self {
        let mut names: Vec<String> = wanted.members().map(str::to_owned).collect();
        names.sort();
        names.dedup();
        Self {
            wanted: names,
            everything: wanted.everything,
        }
    }

    /// What `/api/2` is asked for. Custom attributes come all or none.
    pub(crate) fn asked(&self) -> String {
        let every = STANDARD.iter().chain(&MORE).map(|name| name.replace('-', "_"));
        let mut asked: Vec<String> = if self.everything {
            every.collect()
        } else {
            let spelled: Vec<String> = self.wanted.iter().map(|name| name.replace('-', "_")).collect();
            every
                .filter(|name| name == "id" || spelled.iter().any(|wanted| wanted == name))
                .collect()
        };
        if self.everything || self.wanted.iter().any(|name| !is_standard(name)) {
            asked.push("custom_attributes".to_owned());
        }
        asked.join(",")
    }

    /// Adds the fields that mappings name in another way than the user does.
    pub(crate) fn complete(&self, user: &mut Map<String, Value>) {
        for name in &self.wanted {
            let custom = (!is_standard(name))
                .then(|| user.get(&format!("{CUSTOM}{name}")))
                .flatten();
            let found = custom
                .or_else(|| user.get(name))
                .or_else(|| user.get(&name.replace('-', "_")))
                .or_else(|| user.get(&name.replace('_', "-")));
            if let Some(value) = found.cloned() {
                user.insert(name.clone(), value);
            }
        }
    }
}

fn is_standard(name: &str) -> bool {
    STANDARD.contains(&name.replace('_', "-").as_str())
}
