//! Searches in an LDAP directory.

use crate::bindings::oomnitza::connector::ldap as wit;
use crate::{Error, Result};

pub use wit::{Attribute, Entry, Scope, Search, Target, Version};

/// A bound connection. Closed when it is dropped.
pub struct Connection {
    #[cfg(target_arch = "wasm32")]
    connection: wit::Connection,
}

/// The entries a search finds, page by page.
pub struct Results {
    #[cfg(target_arch = "wasm32")]
    results: wit::Results,
    /// Kept open as long as its results are read.
    connection: Connection,
    is_paged: bool,
}

impl Connection {
    /// Connects, secures and binds.
    pub fn open(target: &Target) -> Result<Self> {
        #[cfg(target_arch = "wasm32")]
        return wit::Connection::open(target)
            .map(|connection| Self { connection })
            .map_err(|refused| error(refused, true));
        #[cfg(not(target_arch = "wasm32"))]
        crate::testing::with_host(|host| host.ldap_open(target))
            .map(|()| Self {})
            .map_err(|refused| error(refused, true))
    }

    /// Starts a search.
    pub fn search(self, search: &Search) -> Result<Results> {
        let is_paged = search.page_size > 0;
        #[cfg(target_arch = "wasm32")]
        return match self.connection.search(search) {
            Ok(results) => Ok(Results {
                results,
                connection: self,
                is_paged,
            }),
            Err(refused) => Err(error(refused, is_paged)),
        };
        #[cfg(not(target_arch = "wasm32"))]
        crate::testing::with_host(|host| host.ldap_search(search))
            .map(|()| Results {
                connection: self,
                is_paged,
            })
            .map_err(|refused| error(refused, is_paged))
    }
}

impl Results {
    /// The next entries; none at the end.
    pub fn next_entries(&mut self) -> Result<Option<Vec<Entry>>> {
        self.next().map_err(|refused| error(refused, self.is_paged))
    }

    fn next(&mut self) -> std::result::Result<Option<Vec<Entry>>, wit::Error> {
        #[cfg(target_arch = "wasm32")]
        return self.results.next();
        #[cfg(not(target_arch = "wasm32"))]
        crate::testing::with_host(|host| host.ldap_next())
    }

    /// The only entry of a search for one by its name, and the connection for another search. There is none where the directory says
    /// that it has no such entry.
    pub fn only(mut self) -> Result<(Option<Entry>, Connection)> {
        let mut found = None;
        loop {
            match self.next() {
                Ok(Some(entries)) => found = entries.into_iter().next().or(found),
                Ok(None) => break,
                Err(wit::Error::Refused(refusal)) if refusal.code == NO_SUCH_ENTRY => break,
                Err(refused) => return Err(error(refused, self.is_paged)),
            }
        }
        Ok((found, self.connection))
    }
}

/// The result of a search whose base is not there (RFC 4511 section 4.1.9).
const NO_SUCH_ENTRY: u32 = 32;

/// What went wrong, in words; `is_paged` tells the two ways apart in which a directory can send too little.
fn error(error: wit::Error, is_paged: bool) -> Error {
    match error {
        // Of a bind, 32 and 34 are about the name that signs in.
        wit::Error::Bind(refusal) if matches!(refusal.code, NO_SUCH_ENTRY | 34 | 48 | 49 | 50 | 53) => {
            Error::SignIn(words(&refusal))
        }
        wit::Error::Bind(refusal) | wit::Error::Refused(refusal) => match refusal.code {
            1 if wants_a_name(&refusal.message) => Error::SignIn(words(&refusal)),
            // It answered, so its address is not to blame, and it says itself what is.
            2 => Error::Other(words(&refusal)),
            4 => Error::Other(format!("{}; {}", words(&refusal), more_entries(is_paged))),
            8 | 13 => Error::Other(format!(
                "{}; use an ldaps:// address, or StartTLS with an ldap:// one",
                words(&refusal)
            )),
            50 => Error::Forbidden(words(&refusal)),
            3 | 85 => Error::TimedOut(words(&refusal)),
            51 | 52 => Error::Failed(words(&refusal)),
            NO_SUCH_ENTRY | 34 => Error::NotFound(words(&refusal)),
            _ => Error::Unexpected(words(&refusal)),
        },
        wit::Error::Unreachable(why) => Error::Unreachable(why),
        // Nobody was asked, so neither address nor account is to blame.
        wit::Error::Denied(why) | wit::Error::InvalidInput(why) => Error::Other(why),
        wit::Error::TooLarge(why) | wit::Error::Protocol(why) => Error::Unexpected(why),
        wit::Error::TimedOut => Error::TimedOut("the directory did not answer".to_owned()),
        wit::Error::Other(why) => Error::Other(why),
    }
}

/// Whether Active Directory refused a search because nobody has signed in.
fn wants_a_name(message: &str) -> bool {
    message.contains("without authentication") || message.contains("a successful bind must be completed")
}

/// What can be done against a size limit.
fn more_entries(is_paged: bool) -> &'static str {
    if is_paged {
        "the directory limits this account to so many entries, pages or not: have the limit raised, or divide the search among sections by \
         base or filter"
    } else {
        "without paging the directory gives so many entries and no more: search in pages, with protocol version 3"
    }
}

/// A refusal with its code's name (RFC 4511 section 4.1.9), and Active Directory's own reason where there is one.
fn words(refusal: &wit::Refusal) -> String {
    let name = match refusal.code {
        1 => "operations error",
        2 => "protocol error",
        3 => "time limit exceeded",
        4 => "size limit exceeded",
        7 => "this way to sign in is not supported",
        8 => "a stronger way to sign in is required",
        9 | 10 => "it refers to another server",
        11 => "administrative limit exceeded",
        12 => "an extension it does not know is required",
        13 => "a secured connection is required",
        NO_SUCH_ENTRY => "there is no such entry",
        34 => "a name is not well formed",
        48 => "this way to sign in is not allowed",
        49 => "invalid credentials",
        50 => "insufficient rights",
        51 => "the server is busy",
        52 => "the server is unavailable",
        53 => "the server is unwilling to perform",
        _ => "it failed",
    };
    let mut text = format!("{name} (LDAP result {})", refusal.code);
    if refusal.code == 1 && wants_a_name(&refusal.message) {
        text.push_str(": the directory answers nobody who has not signed in");
    } else if let Some(reason) = active_directory_reason(&refusal.message) {
        text.push_str(": ");
        text.push_str(reason);
    } else if !refusal.message.is_empty() {
        text.push_str(": ");
        text.push_str(refusal.message.trim_end_matches('.'));
    }
    text
}

/// Why Active Directory refused a bind, by the `data` code in its message.
fn active_directory_reason(message: &str) -> Option<&'static str> {
    let code = message.split(", data ").nth(1)?.split(',').next()?.trim();
    Some(match code {
        "525" => "there is no such user",
        "52e" => "the user name or password is wrong",
        "530" => "the user may not sign in at this time",
        "531" => "the user may not sign in from this machine",
        "532" => "the password has expired",
        "533" => "the account is disabled",
        "701" => "the account has expired",
        "773" => "the user must change the password first",
        "775" => "the account is locked",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_said_in_words() {
        let refusal = |code, message: &str| wit::Refusal {
            code,
            message: message.to_owned(),
        };
        let active_directory =
            "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 533, v1db1";
        for (given, expected) in [
            (
                wit::Error::Bind(refusal(49, "")),
                Error::SignIn("invalid credentials (LDAP result 49)".into()),
            ),
            (
                wit::Error::Bind(refusal(49, active_directory)),
                Error::SignIn("invalid credentials (LDAP result 49): the account is disabled".into()),
            ),
            (
                wit::Error::Refused(refusal(1, "000004DC: LdapErr: DSID-0C0907C2, comment: In order to perform this operation a successful bind must be completed on the connection., data 0, v2580")),
                Error::SignIn("operations error (LDAP result 1): the directory answers nobody who has not signed in".into()),
            ),
            (
                wit::Error::Bind(refusal(8, "BindSimple: Transport encryption required.")),
                Error::Other("a stronger way to sign in is required (LDAP result 8): BindSimple: Transport encryption required; use an ldaps:// address, or StartTLS with an ldap:// one".into()),
            ),
            (
                wit::Error::Refused(refusal(32, "")),
                Error::NotFound("there is no such entry (LDAP result 32)".into()),
            ),
            (
                wit::Error::Refused(refusal(50, "no")),
                Error::Forbidden("insufficient rights (LDAP result 50): no".into()),
            ),
            (
                wit::Error::Denied("the attribute `userPassword` holds passwords".into()),
                Error::Other("the attribute `userPassword` holds passwords".into()),
            ),
            (
                wit::Error::TimedOut,
                Error::TimedOut("the directory did not answer".into()),
            ),
        ] {
            assert_eq!(error(given, true), expected);
        }
        for (data, reason) in [
            ("525", "there is no such user"),
            ("52e", "the user name or password is wrong"),
            ("530", "the user may not sign in at this time"),
            ("531", "the user may not sign in from this machine"),
            ("532", "the password has expired"),
            ("533", "the account is disabled"),
            ("701", "the account has expired"),
            ("773", "the user must change the password first"),
            ("775", "the account is locked"),
        ] {
            let message = active_directory.replace("533", data);
            assert_eq!(active_directory_reason(&message), Some(reason));
        }
    }

    #[test]
    fn a_size_limit_is_told_with_what_can_be_done() {
        let told = |is_paged| {
            let refusal = wit::Refusal {
                code: 4,
                message: String::new(),
            };
            error(wit::Error::Refused(refusal), is_paged).to_string()
        };
        assert!(told(true).starts_with("size limit exceeded (LDAP result 4); the directory limits this account"));
        assert!(told(false).ends_with("search in pages, with protocol version 3"));
    }
}
