//! One connection: who it is bound as, and the search that it is in the middle of.

use std::sync::Arc;

use super::ber::{INTEGER, OCTETS, Reader, SEQUENCE, Writer};
use super::fault::Fault;
use super::message::{self, Message, Paging, Refusal, code};
use super::search::{Scope, Search, is_same_name};
use super::{Asked, Outcome, Server};
use crate::standin::lock;

/// What Active Directory says to a wrong password.
const WRONG_PASSWORD: &str = "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1";

/// What it says to a search by nobody.
const NOT_BOUND: &str =
    "000004DC: LdapErr: DSID-0C090A5C, comment: Operation unavailable without authentication, data 0, v1db1";

/// One connection.
pub(super) struct Session {
    site: Arc<Server>,
    version: i64,
    may_search: bool,
    /// The search of which there are more pages. A new one takes its place.
    paged: Option<Paged>,
    /// How many cookies there have been.
    cookies: u32,
}

/// A search between two pages.
struct Paged {
    cookie: Vec<u8>,
    /// What the next request must be, word for word.
    request: Vec<u8>,
    /// Where it goes on.
    place: u64,
    sent: u64,
}

/// Where a search begins or goes on, and where a page ends.
#[derive(Clone, Copy)]
struct Portion {
    place: u64,
    /// Entries on earlier pages.
    sent: u64,
    /// The most entries now.
    most: u64,
    is_paged: bool,
}

impl Session {
    pub(super) fn new(site: Arc<Server>) -> Self {
        let may_search = site.settings.allows_anonymous;
        // Without a bind a session is of version 3 (RFC 4511 section 4.2).
        Self {
            site,
            version: 3,
            may_search,
            paged: None,
            cookies: 0,
        }
    }

    /// What becomes of a message.
    pub(super) fn answer(&mut self, bytes: &[u8]) -> Outcome {
        let Some(message) = Message::read(bytes) else {
            return self.disconnect("it is malformed");
        };
        match message.tag {
            0x60 => {
                let result = self.bind(message.content);
                self.outcome(&message, 0x61, result.map(|()| Vec::new()))
            }
            0x63 => self.search(&message),
            0x42 if message.content.is_empty() => Outcome {
                ends: true,
                ..Outcome::default()
            },
            // Nothing is ever left to abandon: each answer is complete before the next request is read.
            0x50 => Outcome::default(),
            // Modify, add, delete, rename and compare; their answers have the tag after theirs.
            tag @ (0x66 | 0x68 | 0x6c | 0x6e) => {
                self.outcome(&message, tag + 1, Err(unknown("only searches are known")))
            }
            0x4a => self.outcome(&message, 0x6b, Err(unknown("only searches are known"))),
            0x77 => self.outcome(
                &message,
                0x78,
                Err(unknown("no extended operation is known, StartTLS neither")),
            ),
            _ => self.disconnect("it is no request"),
        }
    }

    /// Ends a connection on which something came that is not LDAP.
    pub(super) fn disconnect(&self, why: &str) -> Outcome {
        lock(&self.site.state)
            .violations
            .note(format!("a message cannot be read: {why}"));
        Outcome {
            bytes: message::notice_of_disconnection(why),
            ends: true,
            ..Outcome::default()
        }
    }

    /// The answer, or the result of a refusal, which is noted if it has to be.
    fn outcome(&self, message: &Message, tag: u8, result: Result<Vec<u8>, Refusal>) -> Outcome {
        let mut writer = Writer::default();
        let (code, text) = match result {
            Ok(bytes) if !bytes.is_empty() => {
                return Outcome {
                    bytes,
                    ..Outcome::default()
                };
            }
            Ok(_) => (code::SUCCESS, String::new()),
            Err(refusal) => {
                if refusal.is_violation {
                    let violation = format!("operation {:#04x}: {}", message.tag, refusal.message);
                    lock(&self.site.state).violations.note(violation);
                }
                (refusal.code, refusal.message)
            }
        };
        message::write_result(&mut writer, message.id, tag, code, &text, None);
        Outcome {
            bytes: writer.0,
            ..Outcome::default()
        }
    }

    fn bind(&mut self, content: &[u8]) -> Result<(), Refusal> {
        let settings = &self.site.settings;
        (self.may_search, self.paged) = (settings.allows_anonymous, None);
        let malformed = || Refusal::violation(code::PROTOCOL_ERROR, "the bind is malformed");
        let mut parts = Reader(content);
        let version = parts.number(INTEGER).ok_or_else(malformed)?;
        if !matches!(version, 2 | 3) {
            return Err(Refusal::violation(
                code::PROTOCOL_ERROR,
                format!("there is no version {version}"),
            ));
        }
        let name = parts.text(OCTETS).ok_or_else(malformed)?;
        let (method, password) = parts.next().filter(|_| parts.is_empty()).ok_or_else(malformed)?;
        if method != 0x80 {
            return Err(Refusal::violation(
                code::AUTH_METHOD_NOT_SUPPORTED,
                "only simple binds are known",
            ));
        }
        self.version = version;
        // With a name and no password as well: an unauthenticated bind (RFC 4513 section 5.1.2), which is nobody's.
        if password.is_empty() {
            return Ok(());
        }
        if !is_same_name(name, &settings.bind_dn) || password != settings.password.as_bytes() {
            return Err(Refusal::expected(code::INVALID_CREDENTIALS, WRONG_PASSWORD));
        }
        self.may_search = true;
        lock(&self.site.state).ledger.binds += 1;
        Ok(())
    }

    fn search(&mut self, message: &Message) -> Outcome {
        let read = Search::read(message.content).and_then(|search| Ok((search, message.paging()?)));
        let (search, paging) = match read {
            Ok(read) => read,
            Err(refusal) => return self.outcome(message, 0x65, Err(refusal)),
        };
        let fault = {
            let mut state = lock(&self.site.state);
            state.ledger.searches.push(Asked {
                base: search.base.to_owned(),
                scope: search.scope,
                attributes: search.names.iter().map(|name| (*name).to_owned()).collect(),
                page_size: paging.map(|paging| paging.size),
            });
            let nth = state.ledger.searches.len() as u64;
            state.faults.remove(&nth)
        };
        match fault {
            Some(Fault::Refuse { code, message: text }) => {
                return self.outcome(message, 0x65, Err(Refusal::expected(code, text)));
            }
            Some(Fault::HangUp) => {
                return Outcome {
                    ends: true,
                    ..Outcome::default()
                };
            }
            Some(Fault::Garbage) => {
                let bytes = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
                return Outcome {
                    bytes,
                    ends: true,
                    ..Outcome::default()
                };
            }
            _ => (),
        }
        let paging = paging.filter(|_| fault != Some(Fault::NoPaging));
        let found = self.portion(message, &search, paging).map(|mut portion| {
            if fault == Some(Fault::EmptyPage) {
                portion.most = 0;
            }
            self.entries(message, &search, portion)
        });
        let mut outcome = self.outcome(message, 0x65, found);
        match fault {
            Some(Fault::Wait(time)) => outcome.wait = time,
            Some(Fault::CutPage) => {
                outcome.bytes.truncate(outcome.bytes.len() / 2);
                outcome.ends = true;
            }
            _ => (),
        }
        outcome
    }

    /// Which part of what it finds a search gets now.
    fn portion(&mut self, message: &Message, search: &Search, paging: Option<Paging>) -> Result<Portion, Refusal> {
        let settings = &self.site.settings;
        let paged = self.paged.take();
        if !self.may_search {
            return Err(Refusal::expected(code::OPERATIONS_ERROR, NOT_BOUND));
        }
        if !is_same_name(search.base, &settings.base_dn) {
            return Err(Refusal::expected(
                code::NO_SUCH_OBJECT,
                "0000208D: NameErr: DSID-0310028B, problem 2001 (NO_OBJECT)",
            ));
        }
        let places = search.places(settings.people);
        let Some(paging) = paging else {
            return Ok(Portion {
                place: places.start,
                sent: 0,
                most: settings.max_page,
                is_paged: false,
            });
        };
        if self.version < 3 {
            return Err(Refusal::violation(code::PROTOCOL_ERROR, "version 2 has no controls"));
        }
        if paging.size == 0 && paging.cookie.is_empty() {
            return Err(Refusal::violation(
                code::PROTOCOL_ERROR,
                "the pages are to have no entries",
            ));
        }
        let most = paging.size.min(settings.max_page);
        if paging.cookie.is_empty() {
            return Ok(Portion {
                place: places.start,
                sent: 0,
                most,
                is_paged: true,
            });
        }
        match paged {
            Some(paged) if paged.cookie == paging.cookie && paged.request == message.content => {
                // A size of nothing ends the search (RFC 2696 section 3).
                let place = if paging.size == 0 { places.end } else { paged.place };
                Ok(Portion {
                    place,
                    sent: paged.sent,
                    most,
                    is_paged: true,
                })
            }
            Some(paged) if paged.cookie == paging.cookie => Err(Refusal::violation(
                code::UNWILLING_TO_PERFORM,
                "the search has changed between two pages",
            )),
            _ => Err(Refusal::violation(
                code::UNWILLING_TO_PERFORM,
                "the cookie is not this connection's latest",
            )),
        }
    }

    /// A page of entries, or all of them, and the result.
    fn entries(&mut self, message: &Message, search: &Search, portion: Portion) -> Vec<u8> {
        let settings = &self.site.settings;
        let places = search.places(settings.people);
        let most_bytes = usize::try_from(portion.most.min(settings.people)).unwrap_or_default() * 384;
        let mut writer = Writer(Vec::with_capacity(most_bytes + 512));
        let (mut place, mut sent, mut code) = (portion.place, 0, code::SUCCESS);
        while place < places.end {
            if portion.is_paged && sent == portion.most {
                break;
            }
            let Some(entry) = search.find(place, &settings.base_dn) else {
                place += 1;
                continue;
            };
            if sent == portion.most || search.size_limit.is_some_and(|limit| portion.sent + sent == limit) {
                code = code::SIZE_LIMIT_EXCEEDED;
                place = places.end;
                break;
            }
            search.write(&mut writer, message.id, &entry);
            sent += 1;
            place += 1;
        }
        let is_complete = place == places.end && portion.most > 0 && code == code::SUCCESS;
        if is_complete && search.scope == Scope::Subtree {
            for reference in &settings.references {
                let start = writer.open(SEQUENCE);
                writer.number(INTEGER, message.id);
                let operation = writer.open(0x73);
                writer.octets(OCTETS, reference.as_bytes());
                writer.close(operation);
                writer.close(start);
            }
        }
        lock(&self.site.state).ledger.entries += sent;
        let mut cookie = Vec::new();
        if portion.is_paged && place < places.end {
            self.cookies += 1;
            // Bytes that are no text, and some that nobody else's cookie has.
            cookie.extend_from_slice(&[0x00, 0xff]);
            cookie.extend_from_slice(&self.cookies.to_be_bytes());
            cookie.extend_from_slice(&fastrand::u32(..).to_be_bytes());
            let request = message.content.to_vec();
            self.paged = Some(Paged {
                cookie: cookie.clone(),
                request,
                place,
                sent: portion.sent + sent,
            });
        }
        let cookie = portion.is_paged.then_some(cookie.as_slice());
        message::write_result(&mut writer, message.id, 0x65, code, "", cookie);
        writer.0
    }
}

fn unknown(why: &str) -> Refusal {
    Refusal::violation(code::PROTOCOL_ERROR, why)
}
