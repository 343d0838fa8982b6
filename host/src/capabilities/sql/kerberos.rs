//! Kerberos (RFC 4120, RFC 4121), as far as a login needs it: a ticket for the server, and the server's proof that it was made for it. On
//! Windows the system may choose NTLM instead, which asks once more and has no such proof.

use tokio::task::spawn_blocking;

use super::error::Error;
#[cfg(not(windows))]
use super::gssapi::Context;
#[cfg(windows)]
use super::sspi::Context;
use crate::redact::clean;

/// The longest ticket that a login takes. Windows makes no longer one unless it is told to (`MaxTokenSize`).
pub(super) const MAX_TICKET: usize = 48_000;

/// The longest proof that is handed to the library. Servers send some hundred and fifty bytes.
const MAX_PROOF: usize = 4 << 10;

/// How many answers of a server are handed to the library. The only one is a server's proof, but on Windows, where there is more to agree on.
const ROUNDS: u32 = if cfg!(windows) { 4 } else { 1 };

/// Bytes of what the library says that are handed on.
const TEXT_BYTES: usize = 300;

/// What can be done where nobody may sign in as the user that the program runs as.
const NOT_OFFERED: &str = "signing in as the user that this program runs as (Kerberos) is not possible on this platform; name an account of Windows, `username = DOMAIN\\user`, with its `password`, or make a login of SQL Server and say `authentication = SQL Server`";

/// What can be done about a refusal of this number by a server that got a ticket: it could not read it, or it does not let the user in.
pub(super) const fn about(refusal: u32) -> &'static str {
    match refusal {
        18_452 => {
            "see that the service is registered for the account that SQL Server runs as, `setspn -Q MSSQLSvc/HOST:PORT`, and that its domain trusts the user's"
        }
        _ => "let the user that this program runs as in: `CREATE LOGIN [DOMAIN\\user] FROM WINDOWS`",
    }
}

/// Where the first of Kerberos's own statuses is, of which the others are counted (MIT's and Heimdal's `krb5_err`).
const STATUSES: u32 = 2_529_638_912;

/// Why the platform's library did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(windows, expect(dead_code, reason = "what Windows signs in with is always there"))]
pub(super) enum Failure {
    /// This program knows of none on this platform.
    NotOffered,
    /// It cannot be loaded.
    NotThere(String),
    /// It refused.
    Refused {
        /// GSS-API's status, or Windows's.
        major: u32,
        /// Kerberos's.
        minor: u32,
        /// What it says.
        text: String,
    },
}

/// What a step comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// What the server is to be sent; empty where that is nothing.
    pub(super) token: Vec<u8>,
    /// Whether nothing more is to come of the server, and it has proved who it is.
    pub(super) is_proved: bool,
}

/// A ticket for a server that has not proved yet that it can read it.
pub(super) struct Ticket {
    context: Context,
    principal: String,
    /// How many answers may still come.
    rounds: u32,
    is_proved: bool,
}

impl Ticket {
    /// Gets one, and what to sign in with. May ask the realm's servers, which this machine's `krb5.conf` names.
    pub(super) async fn get(host: &str, port: u16) -> Result<(Self, Vec<u8>), Error> {
        let principal = format!("MSSQLSvc/{host}:{port}");
        let asked = principal.clone();
        let got = blocking(move || {
            let mut context = Context::new(&asked)?;
            let Step { token, .. } = context.step(None)?;
            Ok((context, token))
        });
        let (context, token) = got.await?.map_err(|failure| none(&principal, failure))?;
        fits(&principal, token.len())?;
        let ticket = Self {
            context,
            principal,
            rounds: ROUNDS,
            is_proved: false,
        };
        Ok((ticket, token))
    }

    /// Whether nothing more is to come of the server.
    pub(super) const fn is_proved(&self) -> bool {
        self.is_proved
    }

    /// Judges what the server says to it, and what that is to be answered with; nothing where it is the proof.
    pub(super) async fn verify(mut self, proof: &[u8]) -> Result<(Self, Vec<u8>), Error> {
        if proof.len() > MAX_PROOF {
            let size = format!("its answer to the ticket has {} bytes", proof.len());
            return Err(self.impostor(&format!("{size}, the limit is {MAX_PROOF}")));
        }
        let proof = proof.to_vec();
        let judged = blocking(move || (self.context.step(Some(&proof)), self));
        let (judged, mut ticket) = judged.await?;
        ticket.rounds = ticket.rounds.saturating_sub(1);
        match judged {
            // Kerberos has no more to say once there is a proof.
            Ok(Step { token, is_proved })
                if (is_proved && token.is_empty()) || (ticket.rounds > 0 && !token.is_empty()) =>
            {
                ticket.is_proved = is_proved;
                Ok((ticket, token))
            }
            Ok(_) => Err(ticket.impostor("it wants more than Kerberos has to say")),
            Err(Failure::Refused { major, minor, text }) if is_skew(major, minor) => Err(refused(
                format!("{} refuses the ticket: {}", ticket.principal, clean(&text, TEXT_BYTES)),
                CLOCK,
            )),
            Err(failure) => Err(ticket.impostor(&words(failure))),
        }
    }

    /// That the server is not known to be the one that the ticket was made for.
    pub(super) fn impostor(&self, why: &str) -> Error {
        refused(
            format!(
                "{} does not prove that it is the server that is meant: {why}",
                self.principal
            ),
            "something in between answers in its place, or `server` is the name of another one",
        )
    }
}

/// Whether a login takes a ticket of this size.
fn fits(principal: &str, bytes: usize) -> Result<(), Error> {
    if bytes <= MAX_TICKET {
        return Ok(());
    }
    Err(Error::TooLarge(format!(
        "the ticket for {principal} has {bytes} bytes, and a login takes {MAX_TICKET}: the user is in too many groups"
    )))
}

/// On a thread that may wait. It is not waited for where the time for a login is over, or the program ends.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let done = spawn_blocking(work).await;
    done.map_err(|_| Error::Gone("the thread that speaks with Kerberos has ended"))
}

/// The statuses that have a remedy of their own.
const UNKNOWN_USER: u32 = 6;
const UNKNOWN_SERVER: u32 = 7;
const WRONG_KEY: u32 = 24;
const EXPIRED: u32 = 32;
const SKEW: u32 = 37;
const NO_REALM: u32 = 154;
const UNREACHABLE: u32 = 156;
const NO_DEFAULT_REALM: u32 = 224;

/// GSS-API's statuses for a user without a ticket.
const NO_CREDENTIAL: u32 = 7;
const CREDENTIAL_EXPIRED: u32 = 11;

/// Windows's statuses (`winerror.h`), none of which GSS-API has.
const SEC_E_TARGET_UNKNOWN: u32 = 0x8009_0303;
const SEC_E_LOGON_DENIED: u32 = 0x8009_030c;
const SEC_E_NO_CREDENTIALS: u32 = 0x8009_030e;
const SEC_E_NO_AUTHENTICATING_AUTHORITY: u32 = 0x8009_0311;
const SEC_E_TIME_SKEW: u32 = 0x8009_0324;

const UNREGISTERED: &str = "write the server's full name as `server`; if it is that, the service is not registered: `setspn -S MSSQLSvc/HOST:PORT ACCOUNT`, with the account that SQL Server runs as";

const CLOCK: &str = "set this machine's clock by the domain's: Kerberos allows five minutes of difference";

fn status(minor: u32) -> Option<u32> {
    minor.checked_sub(STATUSES)
}

fn is_skew(major: u32, minor: u32) -> bool {
    major == SEC_E_TIME_SKEW || status(minor) == Some(SKEW)
}

/// Why there is no ticket.
fn none(principal: &str, failure: Failure) -> Error {
    let hint = match &failure {
        Failure::NotOffered => return Error::Unsupported(NOT_OFFERED),
        Failure::NotThere(_) => {
            "install MIT's Kerberos, `apt-get install libgssapi-krb5-2` or `dnf install krb5-libs`; or name an account of Windows, `username = DOMAIN\\user`, with its `password`"
        }
        Failure::Refused { major, minor, .. } => remedy(*major, *minor),
    };
    let what = match &failure {
        Failure::NotThere(_) => {
            "signing in as the user that this program runs as needs Kerberos, which cannot be loaded".to_owned()
        }
        _ if cfg!(windows) => format!("Windows does not sign the user that this program runs as in at {principal}"),
        _ => format!("Kerberos gives the user that this program runs as no ticket for {principal}"),
    };
    refused(format!("{what}: {}", words(failure)), hint)
}

fn remedy(major: u32, minor: u32) -> &'static str {
    match (status(minor), major >> 16) {
        _ if is_skew(major, minor) => CLOCK,
        _ if major == SEC_E_NO_CREDENTIALS || major == SEC_E_LOGON_DENIED => {
            "have the task run as an account of the domain, with its password, `schtasks /Change /TN NAME /RU DOMAIN\\user /RP`, or name one, `username = DOMAIN\\user`, with its `password`"
        }
        _ if major == SEC_E_NO_AUTHENTICATING_AUTHORITY => "see that this machine reaches a controller of its domain",
        _ if major == SEC_E_TARGET_UNKNOWN => UNREGISTERED,
        // Others of Windows's.
        (_, 0x8009) => "name an account of Windows, `username = DOMAIN\\user`, with its `password`",
        (Some(UNKNOWN_SERVER), _) => UNREGISTERED,
        (Some(UNKNOWN_USER | WRONG_KEY), _) => {
            "make the keytab anew: the realm does not know its user, or has another password for it"
        }
        (Some(NO_REALM | UNREACHABLE), _) => {
            "see that this machine reaches the realm's servers (port 88), and that /etc/krb5.conf or DNS names them"
        }
        (Some(NO_DEFAULT_REALM), _) => {
            "name the domain in /etc/krb5.conf: `default_realm = EXAMPLE.COM` below [libdefaults]"
        }
        (Some(EXPIRED), _) | (_, NO_CREDENTIAL | CREDENTIAL_EXPIRED) => {
            "get a ticket as the user that this program runs as, `kinit user@REALM`, or name a keytab in KRB5_CLIENT_KTNAME, which does not expire"
        }
        _ => "`KRB5_TRACE=/dev/stderr` in the environment shows what Kerberos asks, and whom",
    }
}

fn refused(what: String, hint: &'static str) -> Error {
    Error::Kerberos { what, hint }
}

fn words(failure: Failure) -> String {
    match failure {
        Failure::NotOffered => NOT_OFFERED.to_owned(),
        Failure::NotThere(text) | Failure::Refused { text, .. } => clean(&text, TEXT_BYTES),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an admin is told of a refusal.
    fn said(major: u32, minor: u32) -> String {
        let text = "why".to_owned();
        told(Failure::Refused { major, minor, text })
    }

    fn told(failure: Failure) -> String {
        match none("MSSQLSvc/cm1.example.com:1433", failure) {
            Error::Kerberos { what, hint } => format!("{what}\nhint: {hint}"),
            other => other.to_string(),
        }
    }

    #[test]
    fn a_ticket_that_no_login_takes_is_said_to_be_too_large() {
        assert!(fits("MSSQLSvc/a:1433", MAX_TICKET).is_ok());
        let error = fits("MSSQLSvc/a:1433", MAX_TICKET + 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the ticket for MSSQLSvc/a:1433 has 48001 bytes, and a login takes 48000: the user is in too many groups"
        );
    }

    #[test]
    fn whatever_is_in_the_way_of_a_ticket_has_its_remedy() {
        let failed = 13 << 16;
        for (major, minor, remedy) in [
            (failed, UNKNOWN_SERVER, "`setspn -S MSSQLSvc/HOST:PORT ACCOUNT`"),
            (failed, UNKNOWN_USER, "make the keytab anew"),
            (NO_CREDENTIAL << 16, WRONG_KEY, "make the keytab anew"),
            (failed, SKEW, "set this machine's clock"),
            (failed, NO_REALM, "/etc/krb5.conf or DNS"),
            (NO_CREDENTIAL << 16, UNREACHABLE, "(port 88)"),
            (failed, NO_DEFAULT_REALM, "`default_realm = EXAMPLE.COM`"),
            (failed, EXPIRED, "`kinit user@REALM`"),
            (NO_CREDENTIAL << 16, 141, "`kinit user@REALM`"),
            (CREDENTIAL_EXPIRED << 16, 0, "`kinit user@REALM`"),
            (failed, 31, "`KRB5_TRACE=/dev/stderr`"),
            // Windows's.
            (SEC_E_NO_CREDENTIALS, 0, r"/RU DOMAIN\user"),
            (SEC_E_LOGON_DENIED, 0, r"`username = DOMAIN\user`"),
            (SEC_E_NO_AUTHENTICATING_AUTHORITY, 0, "a controller of its domain"),
            (SEC_E_TARGET_UNKNOWN, 0, "`setspn -S MSSQLSvc/HOST:PORT ACCOUNT`"),
            (SEC_E_TIME_SKEW, 0, "set this machine's clock"),
            (0x8009_0304, 0, r"name an account of Windows, `username = DOMAIN\user`"),
        ] {
            let said = said(major, STATUSES + minor);
            assert!(said.contains(remedy), "{minor}: {said}");
            assert!(
                said.starts_with("Kerberos gives the user that this program runs as no ticket for MSSQLSvc/cm1.example.com:1433: why\n"),
                "{said}"
            );
        }
        assert!(said(failed, 22).contains("KRB5_TRACE"));
        let missing = told(Failure::NotThere("no such file".to_owned()));
        assert!(
            missing.contains(
                "which cannot be loaded: no such file\nhint: install MIT's Kerberos, `apt-get install libgssapi-krb5-2`"
            ),
            "{missing}"
        );
        assert_eq!(told(Failure::NotOffered), NOT_OFFERED);
    }
}
