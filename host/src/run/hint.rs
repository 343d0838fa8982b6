//! What can be done where a source does not give what is asked: the settings that may be to blame, and their lines.

use crate::config::schema::Description;
use crate::config::{Ini, Section, credential};
use crate::sandbox::SourceError;
use crate::{net, oomnitza};

/// What can be done about it.
pub(super) fn hint(error: &SourceError, section: &Section, description: &Description) -> String {
    let address = || named(section, &addresses(section, description)).unwrap_or_else(|| "the address".to_owned());
    let credentials = || {
        let named = named(section, &credentials(section, description));
        named.unwrap_or_else(|| "the credentials".to_owned())
    };
    match error {
        // It has become a finding of its own.
        SourceError::Setting { name, .. } => format!("correct {}", mention(section, name)),
        SourceError::SignIn(_, Some(advice))
        | SourceError::Unreachable(_, Some(advice))
        | SourceError::Other(_, Some(advice)) => advice.clone(),
        SourceError::SignIn(_, None) => format!("check {}", credentials()),
        SourceError::Forbidden(_) => format!(
            "give the account the right to read, or use another one: {}",
            credentials()
        ),
        SourceError::Unreachable(_, None) => format!("check {}, and that this machine can reach it", address()),
        SourceError::RateLimited(_) => "run it later, or less often".to_owned(),
        SourceError::TimedOut(_) => "try again; if it stays, look at the source system".to_owned(),
        SourceError::NotFound(_) => format!("check {}: something answers there, but not what is asked for", address()),
        SourceError::Failed(_) => "try again later; if it stays, look at the source system".to_owned(),
        SourceError::Unexpected(_) => format!(
            "check {}; if that is right, report this to whoever made the connector",
            address()
        ),
        SourceError::StaleCursor(_) => "the next run starts from the beginning".to_owned(),
        SourceError::Other(_, None) => {
            "correct what the message names; if that is nothing of this section, report it to whoever made the connector"
                .to_owned()
        }
    }
}

/// What can be done where Oomnitza cannot be signed in to.
pub(super) fn of_destination(error: &oomnitza::Error, ini: &Ini) -> Option<String> {
    let section = ini.section("oomnitza")?;
    let named = |names: &[&str]| {
        let written = names.iter().filter_map(|name| {
            let mut lines = credential::names(name).chain([(*name).to_owned()]);
            let entry = lines.find_map(|name| section.entry(&name).filter(|entry| !entry.value.is_empty()))?;
            Some(format!("`{}` (line {})", entry.name, entry.line))
        });
        let written: Vec<String> = written.collect();
        (!written.is_empty()).then(|| format!("{} in {}", written.join(" and "), ini.path.display()))
    };
    let url = || named(&["url"]);
    let credentials = || named(&["api_token"]).or_else(|| named(&["username", "password"]));
    let hint = match error {
        oomnitza::Error::SignIn { .. } if named(&["api_token"]).is_some() => format!(
            "check {}; a new token is made in Oomnitza on the user's page",
            credentials()?
        ),
        oomnitza::Error::SignIn { .. } => format!("check {}", credentials()?),
        oomnitza::Error::Forbidden { .. } => format!(
            "give the user the right to use the API, or use another one: {}",
            credentials()?
        ),
        oomnitza::Error::Refused { status: 404, .. } | oomnitza::Error::NotTheApi { .. } => format!(
            "check {}: the address of your Oomnitza and nothing behind it, for example https://example.oomnitza.com",
            url()?
        ),
        oomnitza::Error::Redirected { to } => format!("if {to} is your Oomnitza, write it as {}", url()?),
        oomnitza::Error::Net(net::Error::Resolve { .. } | net::Error::Connect { .. }) => {
            format!("check {}, and that this machine can reach it", url()?)
        }
        other => return other.hint(),
    };
    Some(hint)
}

/// Settings with their lines, and the file: `` `username` (line 7) and `password` (line 8) in config.ini ``.
fn named(section: &Section, names: &[&str]) -> Option<String> {
    let mentions: Vec<String> = names.iter().map(|name| mention(section, name)).collect();
    let (last, others) = mentions.split_last()?;
    let others = if others.is_empty() {
        String::new()
    } else {
        format!("{} and ", others.join(", "))
    };
    Some(format!("{others}{last} in {}", section.place(None).file.display()))
}

/// A setting, by the name that gives it its value, and its line.
fn mention(section: &Section, name: &str) -> String {
    let fetch = section.elsewhere.iter().find(|fetch| fetch.setting == name);
    let written = match fetch {
        Some(fetch) => fetch.place.setting.clone().zip(fetch.place.line),
        None => credential::names(name)
            .chain([name.to_owned()])
            .find_map(|name| section.line(&name).map(|line| (name, line))),
    };
    match written {
        Some((name, line)) => format!("`{name}` (line {line})"),
        None => format!("`{name}` (not set)"),
    }
}

/// The settings that make up the places of a source: those that the file has, or else those that have a value by themselves.
fn addresses<'a>(section: &Section, description: &'a Description) -> Vec<&'a str> {
    let used: Vec<&str> = description.addresses().collect();
    let all = present(section, description, &used);
    let is_written = |name: &&str| section.line(name).is_some();
    let written: Vec<&str> = all.iter().copied().filter(is_written).collect();
    if written.is_empty() { all } else { written }
}

/// The settings that requests are signed with.
fn credentials<'a>(section: &Section, description: &'a Description) -> Vec<&'a str> {
    let used: Vec<&str> = description.credentials().collect();
    present(section, description, &used)
}

/// Those of these settings that have a value, in the order in which they are described.
fn present<'a>(section: &Section, description: &'a Description, used: &[&str]) -> Vec<&'a str> {
    let names = description.settings.iter().map(|setting| setting.name.as_str());
    let is_present =
        |name: &&str| section.setting(name).is_some_and(|value| !value.is_empty()) || section.has_secret(name);
    names.filter(|name| used.contains(name)).filter(is_present).collect()
}
