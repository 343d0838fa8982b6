//! The system's keyring, by the client that the platform has for it (docs/adr/0009): `secret-tool` for the Secret Service, `security` for
//! the keychain of macOS.
//!
//! Promise: a secret is on nobody's command line, a Secret Service is never made to ask anybody for a password, and nothing takes longer than
//! it may.

mod keychain;
mod secret_service;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::child::{self, Ended, Failed};
use super::text;
use crate::config::Env;
use crate::redact::{Redactor, Secret};
use keychain::Keychain;
use secret_service::SecretService;

/// What our secrets are found by, besides their names.
const APPLICATION: &str = "oomnitza-connector";

/// Why the keyring does not do what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is none that could be asked.
    #[error("{0}")]
    Absent(Absent),
    /// Nobody has unlocked it.
    #[error("the keyring is locked")]
    Locked,
    /// It has no secret of this name.
    #[error("the keyring does not know it")]
    Unknown,
    /// It, or its client, did not do as asked.
    #[error("{0}")]
    Failed(String),
}

/// Why there is no keyring that could be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Absent {
    /// No client for this platform's.
    #[error("on Windows secrets are kept in files")]
    Windows,
    /// No such program.
    #[error("there is no `{0}` in PATH, which the keyring is asked with")]
    Client(&'static str),
    /// No D-Bus session.
    #[error("there is no D-Bus session, in which a keyring would be")]
    Session,
    /// Nobody in the session.
    #[error("no keyring answers in this D-Bus session")]
    Service,
    /// It was never set up.
    #[error("the keyring has not been set up: it has no default collection")]
    Collection,
}

impl Error {
    /// What can be done about it.
    pub fn hint(&self, name: &str) -> String {
        let first = match self {
            Self::Absent(Absent::Windows) => return "leave `--keyring` out".to_owned(),
            Self::Absent(Absent::Client(_)) => "install it (Debian: libsecret-tools and dbus-bin)",
            Self::Absent(Absent::Session) => "sign in to the desktop as the user that runs this program",
            Self::Absent(Absent::Service) => "start one (GNOME Keyring, KWallet, KeePassXC)",
            Self::Absent(Absent::Collection) => "make one with the desktop's program for passwords",
            Self::Locked => "unlock it, for example by signing in to the desktop",
            Self::Unknown => {
                return format!(
                    "keep it with `oomnitza-connector secret set {name}`, as the user that runs this program"
                );
            }
            Self::Failed(_) => "see whether the desktop's program for passwords opens it",
        };
        format!("{first}, or keep the secret in a file: `oomnitza-connector secret set {name} --file`")
    }

    /// Whether there is no keyring at all, which is as it should be on a server.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Absent(absent) if *absent != Absent::Collection)
    }
}

/// The keyring of the user who runs this program.
#[derive(Debug, Clone)]
pub struct Keyring {
    client: Result<Client, Absent>,
}

#[derive(Debug, Clone)]
enum Client {
    SecretService(SecretService),
    Keychain(Keychain),
}

impl Keyring {
    /// The keyring that this machine's programs and this environment lead to. Nobody is asked yet. No call of its client may take longer than
    /// this, nor than a command may.
    pub fn find(env: &Env<'_>, longest: Duration) -> Self {
        let longest = longest.min(child::LONGEST);
        let client = if cfg!(windows) {
            Err(Absent::Windows)
        } else if cfg!(target_os = "macos") {
            Ok(Client::Keychain(Keychain::new(
                PathBuf::from("/usr/bin/security"),
                longest,
            )))
        } else {
            SecretService::find(env, longest).map(Client::SecretService)
        };
        Self { client }
    }

    /// Why there is nobody to be asked, as far as that can be known without asking.
    pub fn absent(&self) -> Option<Absent> {
        self.client.as_ref().err().copied()
    }

    fn client(&self) -> Result<&Client, Error> {
        self.client.as_ref().map_err(|absent| Error::Absent(*absent))
    }

    /// Fails where no secret can be put into it now.
    pub async fn ready(&self) -> Result<(), Error> {
        match self.client()? {
            Client::SecretService(service) => service.ready().await,
            // That it is locked is only told by an attempt.
            Client::Keychain(_) => Ok(()),
        }
    }

    /// Keeps a secret, in place of one of the same name.
    pub async fn set(&self, name: &str, secret: &Secret) -> Result<(), Error> {
        let client = self.client()?;
        let set = async {
            match client {
                Client::SecretService(service) => service.set(name, secret).await,
                Client::Keychain(keychain) => keychain.set(name, secret).await,
            }
        };
        // Its client may repeat what it was given.
        set.await.map_err(|error| match error {
            Error::Failed(what) => Error::Failed(Redactor::new([secret]).redact(&what).into_owned()),
            error => error,
        })?;
        // Neither client says it where one cuts a secret off, or shows it in another form than it was given.
        match self.get(name).await {
            Ok(kept) if kept == *secret => Ok(()),
            Ok(_) => {
                self.delete(name).await?;
                Err(Error::Failed(
                    "the keyring does not keep this secret as it is".to_owned(),
                ))
            }
            Err(Error::Unknown) => Err(Error::Failed("the keyring does not keep it".to_owned())),
            Err(error) => Err(error),
        }
    }

    /// The secret of this name.
    pub async fn get(&self, name: &str) -> Result<Secret, Error> {
        let mut printed = match self.client()? {
            Client::SecretService(service) => service.get(name).await,
            Client::Keychain(keychain) => keychain.get(name).await,
        }?;
        text(std::mem::take(&mut *printed)).map_err(|what| Error::Failed(format!("what the keyring has for it {what}")))
    }

    /// The names of our secrets in it, in order.
    pub async fn names(&self) -> Result<Vec<String>, Error> {
        let mut names = match self.client()? {
            Client::SecretService(service) => service.names().await,
            Client::Keychain(keychain) => keychain.names().await,
        }?;
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Forgets a secret.
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        match self.client()? {
            Client::SecretService(service) => service.delete(name).await,
            Client::Keychain(keychain) => keychain.delete(name).await,
        }
    }
}

/// What others see of a secret in the desktop's own program for passwords.
fn label(name: &str) -> String {
    format!("{APPLICATION}: {name}")
}

/// Runs a client with this on its standard input.
async fn ask(command: Command, input: &[u8], most: usize, longest: Duration) -> Result<Ended, Error> {
    let program = Path::new(command.as_std().get_program()).to_owned();
    let shown = program.file_name().unwrap_or_default().display().to_string();
    let failed = |what: String| Error::Failed(format!("`{shown}` {what}"));
    child::run(command, input, most, longest)
        .await
        .map_err(|error| match error {
            Failed::Start(error) => failed(format!("cannot be started: {error}")),
            Failed::Slow(longest) => failed(format!("did not end within {longest:?}")),
            Failed::Read(error) if error.kind() == ErrorKind::FileTooLarge => {
                Error::Failed(format!("what `{shown}` prints {error}"))
            }
            Failed::Read(error) => failed(format!("cannot be read: {error}")),
        })
}

#[cfg(test)]
mod tests;
