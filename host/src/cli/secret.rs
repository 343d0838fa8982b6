//! `secret`: the secrets that this program keeps itself, for `<setting>_secret = NAME`.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Read as _};

use clap::Subcommand;

use super::exit::Exit;
use super::machine;
use super::output::{chain, print, say};
use crate::redact::Secret;
use crate::secrets::{MOST_BYTES, Store, StoreError, text};

pub(super) const EXAMPLES: &str = "\
Examples:
  oomnitza-connector secret list
  oomnitza-connector secret set okta              asks for it, without showing it
  pass show okta | oomnitza-connector secret set okta

Then, in [okta]: api_token_secret = okta";

/// What to do with a secret.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Keep a secret: from standard input, or asked for where that is a terminal
    #[command(after_help = EXAMPLES)]
    Set {
        /// What it is called
        name: String,
        /// Nothing: the value is never taken from here
        #[arg(hide = true, allow_hyphen_values = true, trailing_var_arg = true)]
        value: Vec<OsString>,
    },
    /// Say whether there is a secret, or show it
    #[command(after_help = EXAMPLES)]
    Get {
        /// What it is called
        name: String,
        /// Print it on standard output
        #[arg(long)]
        show: bool,
    },
    /// Print the names of the secrets that are kept
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

pub(super) fn secret(action: &Action) -> Exit {
    let Some(directory) = machine::secrets() else {
        say("error: there is no place where secrets could be kept\nhint: set HOME, or XDG_CONFIG_HOME");
        return Exit::Failed;
    };
    let store = Store::new(directory);
    let done = match action {
        Action::Set { name, value } => set(&store, name, value),
        Action::Get { name, show } => get(&store, name, *show),
        Action::List => list(&store),
        Action::Delete { name } => store.delete(name).map_err(refused),
    };
    match done {
        Ok(()) => Exit::Done,
        Err((what, hint)) => {
            say(&chain(&what, None, Some(&hint)));
            Exit::Config
        }
    }
}

fn refused(error: StoreError) -> Refusal {
    (error.to_string(), error.hint())
}

fn set(store: &Store, name: &str, value: &[OsString]) -> Result<(), Refusal> {
    if !value.is_empty() {
        return Err((
            "a secret is not taken from the command line, which every user of this machine can see".to_owned(),
            format!(
                "run `oomnitza-connector secret set {name}` and type it, or pipe it in; the one that was typed stands in your shell's history"
            ),
        ));
    }
    // Before anybody types a secret for a name that it cannot have.
    store.admits(name).map_err(refused)?;
    let secret = if std::io::stdin().is_terminal() {
        let typed = rpassword::prompt_password(format!("The secret `{name}`, which is not shown: "));
        typed.map(String::into_bytes)
    } else {
        let mut bytes = Vec::new();
        let mut stdin = std::io::stdin().lock().take(MOST_BYTES as u64 + 1);
        stdin.read_to_end(&mut bytes).map(|_| bytes)
    };
    let unread = |what: &str| {
        (
            format!("what was given as the secret {what}"),
            "give it on standard input, or type it".to_owned(),
        )
    };
    let secret = secret
        .map_err(|error| unread(&format!("cannot be read: {error}")))
        .and_then(|bytes| text(bytes).map_err(unread))?;
    store.set(name, &secret).map_err(refused)?;
    say(&format!("the secret `{name}` is kept, {}", length(&secret)));
    Ok(())
}

fn get(store: &Store, name: &str, show: bool) -> Result<(), Refusal> {
    let secret = store.get(name).map_err(refused)?;
    if show {
        print(secret.expose());
    } else {
        say(&format!(
            "the secret `{name}` is kept, {}; `--show` prints it",
            length(&secret)
        ));
    }
    Ok(())
}

fn list(store: &Store) -> Result<(), Refusal> {
    for name in store.names().map_err(refused)? {
        if !print(&name) {
            break;
        }
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
