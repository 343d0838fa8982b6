//! A login for which Windows vouches: LOGIN7 (MS-TDS section 2.2.6.4), and NTLM or Kerberos within it.
//!
//! tiberius knows NTLM only with a library that is larger than all the rest of it (docs/adr/0012), and Kerberos only with one that must be
//! there when the program starts (docs/adr/0014). So this login is exchanged before tiberius sends its own, and what the server says in the
//! end is what tiberius gets to read. Both take one message from either side and one answer, but for Windows's own way, which takes a few: a
//! server that asks on is not answered.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;

use super::error::Error;
use super::kerberos::Ticket;
use super::ntlm::{self, Account, Fresh};
use super::packet::{HEAD, LAST, LOGIN, PACKET, REPLY, SSPI, pack};
use super::wire::Stream;

/// The token that carries a server's challenge: its mark, and a length of 16 bits.
const TOKEN_SSPI: u8 = 0xed;

/// TDS 7.4, as tiberius says.
const VERSION: u32 = 0x7400_0004;

/// The longest answer to a login that is read. Servers send some hundred bytes, and their greetings in other languages not many more.
const MAX_ANSWER: usize = 64 << 10;

/// From 1601 to 1970 in intervals of 100 ns.
const SINCE_1601: u64 = 116_444_736_000_000_000;

/// Whom Windows vouches for.
#[derive(Debug, Clone)]
pub(super) enum User {
    /// An account, by its password.
    Account(Account),
    /// The one that the program runs as, by a ticket.
    Own,
}

/// What the server said to a login.
pub(super) struct Said {
    /// In its packets.
    pub(super) packets: Vec<u8>,
    /// The ticket that it was sent and has not answered.
    pub(super) unanswered: Option<Ticket>,
}

impl Said {
    const fn answered(packets: Vec<u8>) -> Self {
        Self {
            packets,
            unanswered: None,
        }
    }
}

/// What a server's question is answered with.
enum Proof<'a> {
    /// The password, after this was sent.
    Password(&'a Account, Vec<u8>),
    /// Nothing: the server's question is its own proof.
    Ticket(Ticket),
}

/// Signs in.
pub(super) async fn sign_in(
    stream: &mut dyn Stream,
    url: &Url,
    port: u16,
    database: &str,
    program: &str,
    user: &User,
) -> Result<Said, Error> {
    let host = url.host_str().unwrap_or_default();
    let (token, proof) = match user {
        User::Account(account) => {
            let negotiate = ntlm::negotiate();
            (negotiate.clone(), Proof::Password(account, negotiate))
        }
        User::Own => {
            let (ticket, token) = Ticket::get(host, port).await?;
            (token, Proof::Ticket(ticket))
        }
    };
    let login = login(host, database, program, &token)
        .ok_or_else(|| Error::Invalid("a name is too long for a login".to_owned()))?;
    send(stream, url, &pack(LOGIN, &login)).await?;
    let answer = answer(stream, url).await?;
    match proof {
        Proof::Password(account, negotiate) => {
            let Some((question, _)) = question(url, &answer)? else {
                return Ok(Said::answered(answer.packets));
            };
            let fresh = fresh().ok_or(Error::Unsupported(
                "this machine gives no random numbers to sign in with",
            ))?;
            let response = ntlm::authenticate(account, &negotiate, question, fresh).ok_or_else(|| {
                Error::Protocol(format!(
                    "{url} does not ask for a password as Windows does since NTLM version 2"
                ))
            })?;
            send(stream, url, &pack(SSPI, &response)).await?;
            Ok(Said::answered(self::answer(stream, url).await?.packets))
        }
        Proof::Ticket(ticket) => prove(stream, url, ticket, answer).await,
    }
}

/// What a server asks, and what follows in its message.
type Question<'m> = (&'m [u8], &'m [u8]);

/// What a server's message asks. Without a question it is a refusal or a welcome, which tiberius reads.
fn question<'m>(url: &Url, message: &'m Message) -> Result<Option<Question<'m>>, Error> {
    let [TOKEN_SSPI, low, high, content @ ..] = message.content.as_slice() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_le_bytes([*low, *high]));
    let divided = content.split_at_checked(length);
    divided
        .map(Some)
        .ok_or_else(|| Error::protocol(url, "its answer to the login is cut short"))
}

/// Has the server prove that the ticket was made for it.
async fn prove(stream: &mut dyn Stream, url: &Url, mut ticket: Ticket, mut answer: Message) -> Result<Said, Error> {
    loop {
        let Some((question, more)) = question(url, &answer)? else {
            return Ok(Said {
                packets: answer.packets,
                unanswered: Some(ticket).filter(|ticket| !ticket.is_proved()),
            });
        };
        let (judged, response) = ticket.verify(question).await?;
        if response.is_empty() {
            // What follows comes in a message of its own, or, from servers that are quick, in this one.
            return Ok(Said::answered(if more.is_empty() {
                self::answer(stream, url).await?.packets
            } else {
                pack(REPLY, more)
            }));
        }
        send(stream, url, &pack(SSPI, &response)).await?;
        (ticket, answer) = (judged, self::answer(stream, url).await?);
    }
}

/// None where the machine gives no random numbers.
fn fresh() -> Option<Fresh> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let intervals = u64::try_from(since_1970.as_nanos() / 100).unwrap_or_default();
    let mut nonce = [0; 8];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut nonce).ok()?;
    Some(Fresh {
        nonce,
        time: intervals.saturating_add(SINCE_1601),
    })
}

fn broken(url: &Url, error: &io::Error) -> Error {
    Error::broken(url, error, "the server closed it")
}

async fn send(stream: &mut dyn Stream, url: &Url, bytes: &[u8]) -> Result<(), Error> {
    stream.write_all(bytes).await.map_err(|error| broken(url, &error))?;
    stream.flush().await.map_err(|error| broken(url, &error))
}

/// A message that came.
struct Message {
    /// As it came.
    packets: Vec<u8>,
    /// What it holds.
    content: Vec<u8>,
}

async fn answer(stream: &mut dyn Stream, url: &Url) -> Result<Message, Error> {
    let mut message = Message {
        packets: Vec::new(),
        content: Vec::new(),
    };
    loop {
        let mut head = [0; HEAD];
        stream
            .read_exact(&mut head)
            .await
            .map_err(|error| broken(url, &error))?;
        let [REPLY, status, high, low, ..] = head else {
            return Err(Error::protocol(url, "its answer to the login is not one of TDS"));
        };
        let Some(length) = usize::from(u16::from_be_bytes([high, low])).checked_sub(HEAD) else {
            let problem = "a packet of its answer to the login is shorter than its head";
            return Err(Error::protocol(url, problem));
        };
        // Heads count: packets may be empty, and without end.
        if message.packets.len() + HEAD + length > MAX_ANSWER {
            return Err(Error::TooLarge(format!(
                "{url} sends more than {MAX_ANSWER} bytes before it lets us sign in, which is the limit"
            )));
        }
        let mut content = vec![0; length];
        stream
            .read_exact(&mut content)
            .await
            .map_err(|error| broken(url, &error))?;
        message.packets.extend(head);
        message.packets.extend(&content);
        message.content.extend(content);
        if status & LAST != 0 {
            return Ok(message);
        }
    }
}

/// LOGIN7: thirty-six bytes of numbers, a table of texts, and the texts. None where one of them is too long.
fn login(server: &str, database: &str, program: &str, token: &[u8]) -> Option<Vec<u8>> {
    const TABLE: usize = 94;
    let mut message = vec![0; 4];
    for number in [VERSION, u32::try_from(PACKET).ok()?, 0, 0, 0] {
        message.extend(number.to_le_bytes());
    }
    // The database must be there, and so must the language; Windows vouches for the user; only reading is meant.
    message.extend([0x20 | 0x40, 0x01 | 0x02 | 0x80, 0x20, 0x08]);
    message.extend([0; 8]);
    let mut texts = Vec::new();
    let mut entry = |message: &mut Vec<u8>, bytes: Vec<u8>, unit: usize| {
        message.extend(u16::try_from(TABLE + texts.len()).ok()?.to_le_bytes());
        message.extend(u16::try_from(bytes.len() / unit).ok()?.to_le_bytes());
        texts.extend(bytes);
        Some(())
    };
    let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    // Host, user, password, program, server, extension, library, language, database.
    for text in [program, "", "", program, server, "", "", "", database] {
        entry(&mut message, utf16(text), 2)?;
    }
    // The network card's number.
    message.extend([0; 6]);
    entry(&mut message, token.to_vec(), 1)?;
    // A file to attach, a new password, and the length of what is longer than 64 KiB.
    for _ in 0..2 {
        entry(&mut message, Vec::new(), 2)?;
    }
    message.extend([0; 4]);
    message.extend(texts);
    let length = u32::try_from(message.len()).ok()?.to_le_bytes();
    message.get_mut(..4)?.copy_from_slice(&length);
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made of this answer to a login, which is followed by nothing.
    async fn answered(bytes: Vec<u8>) -> Result<usize, String> {
        let (mut ours, mut theirs) = tokio::io::duplex(1 << 20);
        theirs.write_all(&bytes).await.unwrap();
        drop(theirs);
        let url = Url::parse("mssql://sccm.example/").unwrap();
        match answer(&mut ours, &url).await {
            Ok(message) => Ok(message.content.len()),
            Err(error) => Err(format!("{error:?}")),
        }
    }

    #[test]
    fn the_largest_ticket_fits_into_a_login_with_the_longest_names() {
        let long = "x".repeat(1 << 10);
        let login = |token: usize| login(&long, &long, "program", &vec![7; token]);
        let message = login(super::super::kerberos::MAX_TICKET).unwrap();
        assert!(message.ends_with(&[7; 48_000]));
        assert_eq!(login(70_000), None);
    }

    #[tokio::test]
    async fn an_answer_without_end_or_shape_is_refused() {
        let empty = [REPLY, 0, 0, 8, 0, 0, 1, 0];
        let last = [REPLY, LAST, 0, 9, 0, 0, 1, 0, 7];
        assert_eq!(answered([&empty[..], &last].concat()).await, Ok(1));
        for (bytes, said) in [
            (
                empty.repeat(MAX_ANSWER / HEAD + 1),
                "sends more than 65536 bytes before it lets us sign in",
            ),
            (vec![REPLY, 0, 0, 7, 0, 0, 1, 0], "shorter than its head"),
            (vec![LOGIN, LAST, 0, 8, 0, 0, 1, 0], "is not one of TDS"),
            (empty.to_vec(), "the server closed it"),
        ] {
            let error = answered(bytes).await.unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
