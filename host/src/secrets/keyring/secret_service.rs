//! The Secret Service of freedesktop.org: GNOME Keyring, KWallet, KeePassXC.
//!
//! `secret-tool` puts secrets in and takes them out. Whatever is locked it asks the user to unlock, with a window on a screen that nobody
//! may see, and what it finds it prints with the secret. So `dbus-send` looks first: it sees names and what is locked, wakes nobody and is
//! never told a secret.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use zeroize::Zeroizing;

use super::{APPLICATION, Absent, Error, ask, label};
use crate::config::Env;
use crate::redact::Secret;
use crate::secrets::MOST_BYTES;

/// Bytes that `secret-tool` reads; it drops the rest, and says that it went well.
const TOOL_BYTES: usize = 8191;

const SERVICE: &str = "/org/freedesktop/secrets";

#[derive(Debug, Clone)]
pub(super) struct SecretService {
    tool: PathBuf,
    bus: PathBuf,
    /// Where the session is.
    address: String,
    longest: Duration,
}

/// What was found under one name, or under all of ours.
struct Found {
    /// Paths of those that are unlocked.
    open: Vec<String>,
    is_any_locked: bool,
}

impl SecretService {
    pub(super) fn find(env: &Env<'_>, longest: Duration) -> Result<Self, Absent> {
        let path = env("PATH").unwrap_or_default();
        let program = |name: &'static str| {
            let mut places = std::env::split_paths(&path).map(|place| place.join(name));
            places.find(|place| place.is_file()).ok_or(Absent::Client(name))
        };
        Ok(Self {
            tool: program("secret-tool")?,
            bus: program("dbus-send")?,
            address: session(env, Path::new("/run/user")).ok_or(Absent::Session)?,
            longest,
        })
    }

    pub(super) async fn ready(&self) -> Result<(), Error> {
        match self.is_locked().await? {
            Some(false) => Ok(()),
            Some(true) => Err(Error::Locked),
            None => Err(Error::Absent(Absent::Collection)),
        }
    }

    pub(super) async fn set(&self, name: &str, secret: &Secret) -> Result<(), Error> {
        if secret.expose().len() > TOOL_BYTES {
            let what = format!("`secret-tool` takes {TOOL_BYTES} bytes, and the secret is longer");
            return Err(Error::Failed(what));
        }
        self.ready().await?;
        let label = format!("--label={}", label(name));
        self.tool(&["store", &label], name, secret.expose().as_bytes())
            .await
            .map(drop)
    }

    pub(super) async fn get(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        match self.search(Some(name)).await? {
            Found { open, .. } if !open.is_empty() => self.tool(&["lookup"], name, &[]).await,
            found => Err(self.without(&found).await),
        }
    }

    pub(super) async fn names(&self) -> Result<Vec<String>, Error> {
        let found = self.search(None).await?;
        // What is locked does not say what it is called.
        if found.is_any_locked || (found.open.is_empty() && self.is_locked().await? == Some(true)) {
            return Err(Error::Locked);
        }
        let mut names = Vec::new();
        for path in &found.open {
            let wanted = ["string:org.freedesktop.Secret.Item", "string:Attributes"];
            let printed = self.call(path, "org.freedesktop.DBus.Properties.Get", &wanted).await?;
            // `entry( name okta )`; ours have no blanks.
            let words: Vec<&str> = printed.split_whitespace().collect();
            names.extend(words.windows(4).find_map(|words| match words {
                ["entry(", "name", name, ")"] => Some((*name).to_owned()),
                _ => None,
            }));
        }
        Ok(names)
    }

    pub(super) async fn delete(&self, name: &str) -> Result<(), Error> {
        match self.search(Some(name)).await? {
            Found { open, is_any_locked } if !open.is_empty() && !is_any_locked => {
                self.tool(&["clear"], name, &[]).await.map(drop)
            }
            found => Err(self.without(&found).await),
        }
    }

    /// Why nothing can be done with what was found.
    async fn without(&self, found: &Found) -> Error {
        if found.is_any_locked {
            return Error::Locked;
        }
        // Some find nothing as long as they are locked.
        match self.is_locked().await {
            Ok(Some(true)) => Error::Locked,
            Ok(_) => Error::Unknown,
            Err(error) => error,
        }
    }

    /// Whether the collection is locked that secrets are put into, if there is one.
    async fn is_locked(&self) -> Result<Option<bool>, Error> {
        let reply = self
            .call(SERVICE, "org.freedesktop.Secret.Service.ReadAlias", &["string:default"])
            .await?;
        let collection = reply.trim();
        if !collection.starts_with('/') || collection == "/" {
            return Ok(None);
        }
        let wanted = ["string:org.freedesktop.Secret.Collection", "string:Locked"];
        let reply = self
            .call(collection, "org.freedesktop.DBus.Properties.Get", &wanted)
            .await?;
        Ok(Some(reply.split_whitespace().last() != Some("false")))
    }

    /// Looks for the secret of this name, or all of ours.
    async fn search(&self, name: Option<&str>) -> Result<Found, Error> {
        let mut attributes = format!("dict:string:string:application,{APPLICATION}");
        if let Some(name) = name {
            attributes += &format!(",name,{name}");
        }
        let reply = self
            .call(SERVICE, "org.freedesktop.Secret.Service.SearchItems", &[&attributes])
            .await?;
        // Two arrays of paths: what is unlocked, and what is not.
        let (open, locked) = reply.split_once(']').unwrap_or((&reply, ""));
        let paths = |text: &str| {
            let words = text.split_whitespace().filter(|word| word.starts_with('/'));
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        Ok(Found {
            open: paths(open),
            is_any_locked: !paths(locked).is_empty(),
        })
    }

    async fn tool(&self, action: &[&str], name: &str, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut command = self.command(&self.tool);
        command.args(action).args(["application", APPLICATION, "name", name]);
        let ended = ask(command, input, MOST_BYTES, self.longest).await?;
        if ended.status.success() {
            Ok(ended.printed)
        } else {
            Err(Error::Failed(format!("`secret-tool` {}", ended.how())))
        }
    }

    async fn call(&self, object: &str, method: &str, arguments: &[&str]) -> Result<String, Error> {
        let mut command = self.command(&self.bus);
        command
            .args(["--session", "--print-reply=literal", "--dest=org.freedesktop.secrets"])
            .arg(format!("--reply-timeout={}", self.longest.as_millis()))
            .args([object, method])
            .args(arguments);
        let ended = ask(command, &[], MOST_BYTES, self.longest).await?;
        if ended.status.success() {
            return Ok(String::from_utf8_lossy(&ended.printed).into_owned());
        }
        let nobody = [
            "org.freedesktop.DBus.Error.ServiceUnknown",
            "org.freedesktop.DBus.Error.NameHasNoOwner",
        ];
        Err(if nobody.iter().any(|error| ended.said().contains(error)) {
            Error::Absent(Absent::Service)
        } else {
            Error::Failed(format!("`dbus-send` {}", ended.how()))
        })
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command
    }
}

/// Where the user's D-Bus session is. What cron starts is not told, and finds the socket where systemd puts it.
fn session(env: &Env<'_>, users: &Path) -> Option<String> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    set("DBUS_SESSION_BUS_ADDRESS").or_else(|| {
        let own = || Some(users.join(user()?.to_string()));
        let socket = set("XDG_RUNTIME_DIR").map(PathBuf::from).or_else(own)?.join("bus");
        socket.exists().then(|| format!("unix:path={}", socket.display()))
    })
}

/// The number of the user that this program runs as.
#[cfg(unix)]
fn user() -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    Some(std::fs::metadata("/proc/self").ok()?.uid())
}

/// There is no session where this is so.
#[cfg(not(unix))]
fn user() -> Option<u32> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_found_without_being_told_as_under_cron() {
        let users = tempfile::tempdir().unwrap();
        let own = users.path().join(user().unwrap().to_string());
        let told = |name: &'static str, value: &'static str| {
            session(&move |asked| (asked == name).then(|| value.to_owned()), users.path())
        };
        assert_eq!(told("X", ""), None);
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("bus"), "").unwrap();
        let found = Some(format!("unix:path={}/bus", own.display()));
        assert_eq!(told("X", ""), found);
        assert_eq!(told("DBUS_SESSION_BUS_ADDRESS", ""), found);
        assert_eq!(
            told("DBUS_SESSION_BUS_ADDRESS", "unix:path=/x").as_deref(),
            Some("unix:path=/x")
        );
        // A session of its own without a bus is not another one.
        assert_eq!(told("XDG_RUNTIME_DIR", "/nowhere"), None);
    }
}
