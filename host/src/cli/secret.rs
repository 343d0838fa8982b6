//! `secret`: the secrets that this program keeps, in the system's keyring or in files, for `<setting>_secret = NAME`.

use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal as _, Read as _};

use clap::Subcommand;

use super::exit::Exit;
use super::machine;
use super::output::{chain, print, say};
use super::prompt;
use crate::redact::Secret;
use crate::secrets::{Home, Kept, KeptError, KeyringError, MOST_BYTES, text};

pub(super) const EXAMPLES: &str = "\
Examples:
  oomnitza-connector secret list
  oomnitza-connector secret set okta              asks for it, without showing it
  oomnitza-connector secret set okta --file       for runs while nobody is signed in
  pass show okta | oomnitza-connector secret set okta

Then, in [okta]: api_token_secret = okta";

/// What to do with a secret.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Keep a secret: in the system's keyring where that is unlocked, else in a file
    #[command(after_help = EXAMPLES)]
    Set {
        /// What it is called
        name: String,
        /// Into the system's keyring, or not at all
        #[arg(long, conflicts_with = "file")]
        keyring: bool,
        /// Into a file that is this user's alone, which runs by night can read
        #[arg(long)]
        file: bool,
        /// Nothing: the value is never taken from here
        #[arg(hide = true, allow_hyphen_values = true, trailing_var_arg = true)]
        value: Vec<OsString>,
    },
    /// Say whether there is a secret, and where, or show it
    #[command(after_help = EXAMPLES)]
    Get {
        /// What it is called
        name: String,
        /// Print it on standard output
        #[arg(long)]
        show: bool,
    },
    /// Print the names of the secrets that are kept, and where each is
    #[command(after_help = EXAMPLES)]
    List,
    /// Forget a secret
    #[command(after_help = EXAMPLES)]
    Delete {
        /// What it is called
        name: String,
    },
}

/// Why it was not done: what, and what can be done about it.
type Refusal = (String, String);

/// Where a secret is to be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// In the keyring if that can be.
    Best,
    Only(Home),
}

pub(super) async fn secret(action: &Action) -> Exit {
    let Some(kept) = machine::kept() else {
        say("error: there is no place where secrets could be kept\nhint: set HOME, or XDG_CONFIG_HOME");
        return Exit::Config;
    };
    let done = match action {
        Action::Set {
            name,
            keyring,
            file,
            value,
        } => {
            let choice = match (keyring, file) {
                (true, _) => Choice::Only(Home::Keyring),
                (_, true) => Choice::Only(Home::File),
                _ => Choice::Best,
            };
            set(&kept, name, choice, value).await
        }
        Action::Get { name, show } => get(&kept, name, *show).await.map(|()| Exit::Done),
        Action::List => list(&kept).await.map(|()| Exit::Done),
        Action::Delete { name } => delete(&kept, name).await.map(|()| Exit::Done),
    };
    match done {
        Ok(exit) => exit,
        Err((what, hint)) => {
            say(&chain(&what, None, Some(&hint)));
            Exit::Config
        }
    }
}

fn refused(error: impl Into<KeptError>) -> Refusal {
    reason(&error.into())
}

fn reason(error: &KeptError) -> Refusal {
    (error.to_string(), error.hint())
}

/// For a name that there is not: those that there are.
async fn unknown(kept: &Kept, error: KeptError) -> Refusal {
    let (what, hint) = reason(&error);
    let KeptError::Nowhere { source, .. } = error else {
        return (what, hint);
    };
    let (names, _) = kept.names().await.unwrap_or_default();
    let names: Vec<String> = names.into_iter().map(|(name, _)| format!("`{name}`")).collect();
    if names.is_empty() || !(source == KeyringError::Unknown || source.is_absence()) {
        return (what, hint);
    }
    (
        what,
        format!("the secrets that are kept are called {}", names.join(", ")),
    )
}

async fn set(kept: &Kept, name: &str, choice: Choice, value: &[OsString]) -> Result<Exit, Refusal> {
    if !value.is_empty() {
        return Err((
            "a secret is not taken from the command line, which every user of this machine can see".to_owned(),
            format!(
                "run `oomnitza-connector secret set {name}` and type it, or pipe it in; the one that was typed stands in your shell's history"
            ),
        ));
    }
    // Before anybody types a secret for a name that it cannot have, or for a keyring that is locked.
    kept.store.admits(name).map_err(refused)?;
    let keyring = |source| KeptError::Keyring {
        name: name.to_owned(),
        source,
    };
    let mut unready = match choice {
        Choice::Only(Home::File) => None,
        _ => kept.keyring.ready().await.err(),
    };
    if let (Choice::Only(Home::Keyring), Some(source)) = (choice, unready.clone()) {
        return Err(refused(keyring(source)));
    }
    if choice == Choice::Only(Home::File) || unready.is_some() {
        kept.store.ready().map_err(refused)?;
    }
    let Some(secret) = read(name).await? else {
        say("\nerror: interrupted; the secret was not changed\nhint: run it again");
        return Ok(Exit::Interrupted);
    };
    if choice != Choice::Only(Home::File) && unready.is_none() {
        match kept.set_in_keyring(name, &secret).await {
            Ok(()) => {
                say(&format!(
                    "the secret `{name}` is kept in the keyring, {}\nnote: a run while nobody is signed in cannot open the keyring; `oomnitza-connector secret set {name} --file` is for those",
                    length(&secret)
                ));
                return Ok(Exit::Done);
            }
            Err(KeptError::Keyring { source, .. }) if choice == Choice::Best => unready = Some(source),
            Err(error) => return Err(refused(error)),
        }
    }
    let left = kept.set_in_file(name, &secret).await.map_err(refused)?;
    // Who has no keyring does not miss it.
    let why = unready.filter(|error| !error.is_absence());
    let since = why.as_ref().map_or_else(String::new, |why| format!(", since {why}"));
    say(&format!(
        "the secret `{name}` is kept in a file, {}{since}",
        length(&secret)
    ));
    if why.is_none() {
        say_left(name, left);
    }
    Ok(Exit::Done)
}

/// The secret that is typed, or comes from standard input; none where somebody interrupted.
async fn read(name: &str) -> Result<Option<Secret>, Refusal> {
    let secret = if std::io::stdin().is_terminal() {
        match prompt::hidden(format!("The secret `{name}`, which is not shown: ")).await {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(None),
            typed => typed.map(String::into_bytes),
        }
    } else {
        let mut bytes = Vec::new();
        let mut stdin = std::io::stdin().lock().take(MOST_BYTES as u64 + 1);
        stdin.read_to_end(&mut bytes).map(|_| bytes)
    };
    let unread = |what: &str| {
        (
            format!("what was given as the secret {what}"),
            "give it on standard input, or type it, and nothing else with it: a line of text in UTF-8, of 64 KiB at most"
                .to_owned(),
        )
    };
    secret
        .map_err(|error| unread(&format!("cannot be read: {error}")))
        .and_then(|bytes| text(bytes).map(Some).map_err(unread))
}

/// Says why the keyring may still hold another secret of this name, where it may.
fn say_left(name: &str, left: Option<KeyringError>) {
    if let Some(why) = left {
        say(&format!(
            "note: the keyring may still hold another secret `{name}`: {why}\nhint: open the keyring, and run this again"
        ));
    }
}

async fn get(kept: &Kept, name: &str, show: bool) -> Result<(), Refusal> {
    let (secret, home) = match kept.get(name).await {
        Ok(got) => got,
        Err(error) => return Err(unknown(kept, error).await),
    };
    if show {
        print(secret.expose());
    } else {
        let place = match home {
            Home::File => "in a file",
            Home::Keyring => "in the keyring",
        };
        say(&format!(
            "the secret `{name}` is kept {place}, {}; `--show` prints it",
            length(&secret)
        ));
    }
    Ok(())
}

async fn list(kept: &Kept) -> Result<(), Refusal> {
    let (names, unlisted) = kept.names().await.map_err(refused)?;
    let width = names.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, home) in names {
        if !print(&format!("{name:<width$}  {home}")) {
            break;
        }
    }
    if let Some(why) = unlisted {
        say(&format!(
            "warning: what the keyring holds is not listed: {why}\nhint: open the keyring, for example by signing in to the desktop, and run this again"
        ));
    }
    Ok(())
}

async fn delete(kept: &Kept, name: &str) -> Result<(), Refusal> {
    match kept.delete(name).await {
        Ok(left) => say_left(name, left),
        Err(error) => return Err(unknown(kept, error).await),
    }
    Ok(())
}

/// Enough to see that it was not cut off.
fn length(secret: &Secret) -> String {
    match secret.expose().chars().count() {
        1 => "1 character".to_owned(),
        count => format!("{count} characters"),
    }
}
