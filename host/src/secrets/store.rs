//! Secrets that this program keeps itself (docs/adr/0009): each in a file of its own, mode 0600, in a directory of mode 0700 below the
//! user's configuration. They are not encrypted: a key beside them would protect nothing.

use std::path::{Path, PathBuf};

use super::{MOST_BYTES, text};
use crate::files;
use crate::redact::Secret;

/// What files of secrets end with.
const EXTENSION: &str = "secret";

/// The secrets of one user.
#[derive(Debug, Clone)]
pub struct Store {
    directory: PathBuf,
}

/// Why a secret cannot be kept, or had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its name cannot be one.
    #[error("a secret cannot be called `{0}`")]
    Name(String),
    /// There is none of this name.
    #[error("there is no secret called `{0}`")]
    Unknown(String),
    /// Others can read it.
    #[error("others may read `{}` (mode {mode:03o})", path.display())]
    Exposed {
        /// The file or directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Others could read what is put there.
    #[error("others may look into the directory `{}` (mode {mode:03o}), and nothing is kept there", path.display())]
    Open {
        /// The directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// What is kept is no secret.
    #[error("the secret `{name}` {what}")]
    Unusable {
        /// Its name.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The machine.
    #[error("`{}` cannot be {tried}: {source}", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What was to be done with it.
        tried: &'static str,
        /// What it said.
        source: std::io::Error,
    },
}

impl Error {
    /// What can be done about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Name(_) => {
                "letters, digits, `.`, `_` and `-` make a name, up to 80 of them, beginning with a letter or digit; on Windows devices have theirs, such as `con`"
                    .to_owned()
            }
            Self::Unknown(name) => {
                format!("keep it with `oomnitza-connector secret set {name}`, as the user that runs this program")
            }
            Self::Exposed { path, .. } => format!(
                "take it away from them with `chmod go-rwx {}`, and consider the secret known",
                path.display()
            ),
            Self::Open { path, .. } => format!("run `chmod 700 {}`", path.display()),
            Self::Unusable { name, .. } => format!("keep it anew with `oomnitza-connector secret set {name}`"),
            Self::File {
                source, tried: "read", ..
            } => files::read_hint(source).to_owned(),
            Self::File { source, .. } => files::write_hint(source).to_owned(),
        }
    }
}

impl Store {
    /// The secrets in this directory, which need not be there yet.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn path(&self, name: &str) -> Result<PathBuf, Error> {
        let begins_well = name.starts_with(|first: char| first.is_ascii_alphanumeric());
        let is_device = cfg!(windows) && files::is_device(name);
        if begins_well && files::plain(name) == name && !is_device {
            Ok(self.directory.join(format!("{name}.{EXTENSION}")))
        } else {
            Err(Error::Name(name.to_owned()))
        }
    }

    /// Fails where a secret cannot have this name.
    pub fn admits(&self, name: &str) -> Result<(), Error> {
        self.path(name).map(drop)
    }

    /// Makes the directory, if need be; fails where nothing can be kept in it.
    pub fn ready(&self) -> Result<(), Error> {
        files::private_directory(&self.directory).map_err(|source| Error::File {
            path: self.directory.clone(),
            tried: "made",
            source,
        })?;
        private(&self.directory).map_err(|error| match error {
            Error::Exposed { path, mode } => Error::Open { path, mode },
            error => error,
        })
    }

    /// Keeps a secret, in place of one of the same name.
    pub fn set(&self, name: &str, secret: &Secret) -> Result<(), Error> {
        let path = self.path(name)?;
        self.ready()?;
        files::replace(&path, secret.expose().as_bytes()).map_err(|source| Error::File {
            path,
            tried: "written",
            source,
        })
    }

    /// The secret of this name.
    pub fn get(&self, name: &str) -> Result<Secret, Error> {
        let path = self.path(name)?;
        let failed = |source| Error::File {
            path: path.clone(),
            tried: "read",
            source,
        };
        let Some(bytes) = files::read(&path, MOST_BYTES as u64).map_err(failed)? else {
            return Err(Error::Unknown(name.to_owned()));
        };
        for place in [&self.directory, &path] {
            private(place)?;
        }
        text(bytes).map_err(|what| Error::Unusable {
            name: name.to_owned(),
            what,
        })
    }

    /// The names, in order.
    pub fn names(&self) -> Result<Vec<String>, Error> {
        let failed = |source| Error::File {
            path: self.directory.clone(),
            tried: "read",
            source,
        };
        let entries = match std::fs::read_dir(&self.directory) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let file = entry.map_err(failed)?.file_name();
            let name = file
                .to_str()
                .and_then(|file| file.strip_suffix(EXTENSION)?.strip_suffix('.'));
            names.extend(name.filter(|name| self.path(name).is_ok()).map(str::to_owned));
        }
        names.sort();
        Ok(names)
    }

    /// Forgets a secret.
    pub fn delete(&self, name: &str) -> Result<(), Error> {
        let path = self.path(name)?;
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::Unknown(name.to_owned())),
            result => result.map_err(|source| Error::File {
                path,
                tried: "removed",
                source,
            }),
        }
    }
}

/// Fails where others may look.
#[cfg(unix)]
fn private(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = std::fs::metadata(path).map_err(|source| Error::File {
        path: path.to_owned(),
        tried: "looked at",
        source,
    })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(Error::Exposed {
            path: path.to_owned(),
            mode,
        })
    }
}

/// Who may look is inherited from the user's own directory.
#[cfg(not(unix))]
fn private(_path: &Path) -> Result<(), Error> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_kept_listed_and_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::new(home.path().join("a").join("secrets"));
        assert_eq!(store.names().unwrap(), <[String; 0]>::default());
        for (name, value) in [("okta", "first"), ("b.2", "x"), ("okta", "the second one")] {
            store.set(name, &Secret::new(value)).unwrap();
        }
        assert_eq!(store.names().unwrap(), ["b.2", "okta"]);
        assert_eq!(store.get("okta").unwrap().expose(), "the second one");
        store.delete("okta").unwrap();
        assert!(matches!(store.get("okta"), Err(Error::Unknown(_))));
        assert!(matches!(store.delete("okta"), Err(Error::Unknown(_))));
        for name in ["", "../x", ".x", "-x", "a/b", "a b", "ü", &"x".repeat(81)] {
            assert!(
                matches!(store.set(name, &Secret::new("x")), Err(Error::Name(_))),
                "{name}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_others_may_read_is_no_secret_any_more() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let store = Store::new(home.path().join("secrets"));
        store.set("okta", &Secret::new("value")).unwrap();
        let path = home.path().join("secrets/okta.secret");
        let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        // Nothing more is put where others may look.
        mode(&home.path().join("secrets"), 0o777);
        assert!(matches!(
            store.set("b", &Secret::new("value")),
            Err(Error::Open { mode: 0o777, .. })
        ));
        mode(&home.path().join("secrets"), 0o700);
        assert_eq!(store.names().unwrap(), ["okta"]);
        for (place, wrong, right) in [(&path, 0o640, 0o600), (&home.path().join("secrets"), 0o755, 0o700)] {
            mode(place, wrong);
            assert!(matches!(store.get("okta"), Err(Error::Exposed { mode, .. }) if mode == wrong));
            mode(place, right);
            assert!(store.get("okta").is_ok());
        }
        // Where it cannot be known who may read it, nobody does.
        assert!(matches!(private(&home.path().join("gone")), Err(Error::File { .. })));
    }
}
