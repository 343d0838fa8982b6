//! `<setting>_secret`: what `secret set` keeps, in the system's keyring or in a file. A name is in one of the two.

use std::fmt;

use super::keyring::{self, Absent, Keyring};
use super::{Problem, Store, store};
use crate::config::{Finding, Place};
use crate::redact::Secret;

/// The secrets that are kept for one user.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Those in files.
    pub store: Store,
    /// Those in the keyring.
    pub keyring: Keyring,
}

/// Where one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// In a file of mode 0600.
    File,
    /// In the system's keyring.
    Keyring,
}

/// Why a secret cannot be kept, or had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the files say.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// It is to be in the keyring, and that is not to be had.
    #[error("the secret `{name}` cannot be put into the keyring: {source}")]
    Keyring {
        /// Its name.
        name: String,
        /// What the keyring says.
        source: keyring::Error,
    },
    /// It is in no file, and not to be had of the keyring.
    #[error("{}", nowhere(name, source))]
    Nowhere {
        /// Its name.
        name: String,
        /// What the keyring says.
        source: keyring::Error,
    },
}

fn nowhere(name: &str, source: &keyring::Error) -> String {
    if is_none_installed(source) {
        store::Error::Unknown(name.to_owned()).to_string()
    } else {
        format!("no file holds the secret `{name}`, and {source}")
    }
}

/// Whether a keyring is nothing that anybody would think of on this machine.
fn is_none_installed(error: &keyring::Error) -> bool {
    matches!(error, keyring::Error::Absent(Absent::Windows | Absent::Client(_)))
}

impl Error {
    /// What can be done about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Store(error) => error.hint(),
            Self::Nowhere { name, source } if is_none_installed(source) => store::Error::Unknown(name.clone()).hint(),
            Self::Nowhere { name, source } if source.is_absence() => format!(
                "keep it in a file with `oomnitza-connector secret set {name} --file`, as the user that runs this program"
            ),
            Self::Keyring { name, source } | Self::Nowhere { name, source } => source.hint(name),
        }
    }

    /// Whether it may be otherwise later, with the same configuration.
    fn is_passing(&self) -> bool {
        let (Self::Keyring { source, .. } | Self::Nowhere { source, .. }) = self else {
            return false;
        };
        matches!(source, keyring::Error::Locked | keyring::Error::Failed(_))
    }
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Keyring => "keyring",
        })
    }
}

impl Kept {
    /// Keeps a secret in the keyring, and in no file.
    pub async fn set_in_keyring(&self, name: &str, secret: &Secret) -> Result<(), Error> {
        self.keyring.set(name, secret).await.map_err(|source| Error::Keyring {
            name: name.to_owned(),
            source,
        })?;
        self.forget_file(name).map(drop)
    }

    /// Keeps a secret in a file; says why the keyring may still hold another one of this name, where it may.
    pub async fn set_in_file(&self, name: &str, secret: &Secret) -> Result<Option<keyring::Error>, Error> {
        self.store.set(name, secret)?;
        match self.keyring.delete(name).await {
            Err(error) if error != keyring::Error::Unknown && !error.is_absence() => Ok(Some(error)),
            _ => Ok(None),
        }
    }

    /// The secret of this name, and where it is: files are looked at first, and nobody is asked where one has it.
    pub async fn get(&self, name: &str) -> Result<(Secret, Home), Error> {
        match self.store.get(name) {
            Err(store::Error::Unknown(_)) => {}
            result => return Ok((result?, Home::File)),
        }
        match self.keyring.get(name).await {
            Ok(secret) => Ok((secret, Home::Keyring)),
            Err(source) => Err(Error::Nowhere {
                name: name.to_owned(),
                source,
            }),
        }
    }

    /// The names and where they are, in order; and why the keyring's are not among them, where there is one.
    pub async fn names(&self) -> Result<(Vec<(String, Home)>, Option<keyring::Error>), Error> {
        let mut names: Vec<_> = self.store.names()?.into_iter().map(|name| (name, Home::File)).collect();
        let unlisted = match self.keyring.names().await {
            Ok(others) => {
                // Others may have put something else there.
                let ours = others.into_iter().filter(|name| self.store.admits(name).is_ok());
                names.extend(ours.map(|name| (name, Home::Keyring)));
                None
            }
            Err(error) => Some(error).filter(|error| !error.is_absence()),
        };
        names.sort();
        Ok((names, unlisted))
    }

    /// Forgets a secret, wherever it is; says why the keyring may still hold another one of this name, where it may.
    pub async fn delete(&self, name: &str) -> Result<Option<keyring::Error>, Error> {
        let was_in_file = self.forget_file(name)?;
        match self.keyring.delete(name).await {
            Ok(()) => Ok(None),
            Err(error) if was_in_file => {
                Ok(Some(error).filter(|error| *error != keyring::Error::Unknown && !error.is_absence()))
            }
            Err(source) => Err(Error::Nowhere {
                name: name.to_owned(),
                source,
            }),
        }
    }

    /// Whether there was one.
    fn forget_file(&self, name: &str) -> Result<bool, Error> {
        match self.store.delete(name) {
            Err(store::Error::Unknown(_)) => Ok(false),
            result => Ok(result.map(|()| true)?),
        }
    }
}

fn some(kept: Option<&Kept>) -> Result<&Kept, Problem> {
    kept.ok_or_else(|| {
        Problem::new(
            "there is no place where secrets are kept",
            "set HOME, or XDG_CONFIG_HOME, where the program is started",
        )
    })
}

/// For a section that names a kept secret.
pub(super) async fn fetch(kept: Option<&Kept>, name: &str) -> Result<Secret, Problem> {
    let got = some(kept)?.get(name).await;
    got.map(|(secret, _)| secret).map_err(|error| Problem {
        what: error.to_string(),
        remedy: error.hint(),
        is_passing: error.is_passing(),
    })
}

/// What can be known to be wrong with a name without asking the keyring; where that might hold it, only that it is in no file.
pub(super) fn look(kept: Option<&Kept>, name: &str, place: &Place) -> Option<Finding> {
    let kept = match some(kept) {
        Ok(kept) => kept,
        Err(problem) => return Some(problem.at(place)),
    };
    let error = match (kept.store.get(name).err()?, kept.keyring.absent()) {
        (store::Error::Unknown(_), None) => {
            let what = format!("no file holds the secret `{name}`, and whether the keyring does is not asked here");
            let remedy = format!("`oomnitza-connector secret get {name}` asks it");
            return Some(Finding::note(place.clone(), what).remedy(remedy));
        }
        (store::Error::Unknown(name), Some(absent)) => Error::Nowhere {
            name,
            source: keyring::Error::Absent(absent),
        },
        (error, _) => Error::Store(error),
    };
    Some(Problem::new(error.to_string(), error.hint()).at(place))
}
