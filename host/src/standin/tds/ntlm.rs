//! The server's side of NTLM version 2 (MS-NLMP): asks for the proof that a client knows a password, and checks it.

use md4::{Digest as _, Md4};
use md5::Md5;

use super::token::utf16;

/// What a server of a domain says it can do: Unicode, version 2 with what it says of itself, keys of 128 bits.
const FLAGS: u32 = 0x2089_8205;

/// The server's own time, 2026-11-24 in intervals of 100 ns since 1601.
const TIME: u64 = 134_399_520_000_000_000;

/// What it asks with.
const NONCE: [u8; 8] = [0x5a, 1, 2, 3, 0xff, 5, 0, 7];

/// The challenge.
pub(super) fn challenge() -> Vec<u8> {
    let name = utf16("EXAMPLE");
    let mut facts = Vec::new();
    for (kind, fact) in [
        (2u16, name.clone()),
        (1, utf16("STANDIN")),
        (4, utf16("example.test")),
        (3, utf16("standin.example.test")),
        (7, TIME.to_le_bytes().to_vec()),
        (0, Vec::new()),
    ] {
        facts.extend(kind.to_le_bytes());
        facts.extend(length(&fact));
        facts.extend(fact);
    }
    let mut message = b"NTLMSSP\0\x02\0\0\0".to_vec();
    message.extend([length(&name), length(&name)].concat());
    message.extend(56u32.to_le_bytes());
    message.extend(FLAGS.to_le_bytes());
    message.extend(NONCE);
    message.extend([0; 8]);
    message.extend([length(&facts), length(&facts)].concat());
    message.extend((56 + u32::from(u16::from_le_bytes(length(&name)))).to_le_bytes());
    // A version: Windows Server 2022.
    message.extend([10, 0, 0x7c, 0x4f, 0, 0, 0, 15]);
    message.extend(name);
    message.extend(facts);
    message
}

fn length(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes()
}

/// What a client has proved.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Proof {
    /// The name it signs in with, `DOMAIN\user`.
    pub(super) name: String,
    /// Whether it knows the password.
    pub(super) is_right: bool,
    /// Whether a check shows that none of the messages was changed on the way; none where the client sent no check.
    pub(super) is_whole: Option<bool>,
}

/// Judges the answer to [`challenge`]; none where it is no answer of version 2.
pub(super) fn judge(negotiate: &[u8], answer: &[u8], password: &str) -> Option<Proof> {
    answer.strip_prefix(b"NTLMSSP\0\x03\0\0\0")?;
    let field = |at: usize| {
        let entry = answer.get(at..at + 8)?;
        let size = usize::from(u16::from_le_bytes(entry.get(..2)?.try_into().ok()?));
        let start = usize::try_from(u32::from_le_bytes(entry.get(4..)?.try_into().ok()?)).ok()?;
        answer.get(start..start.checked_add(size)?)
    };
    let text = |bytes: &[u8]| {
        let (units, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        String::from_utf16(&units).ok().filter(|_| rest.is_empty())
    };
    let (domain, user) = (text(field(28)?)?, text(field(36)?)?);
    let (proof, content) = field(20)?.split_at_checked(16)?;
    // A proof over the server's own facts: version, time, nonce, and then the facts.
    let facts = content.strip_prefix(&[1, 1])?.get(26..)?;
    let hash = Md4::digest(utf16(password)).into();
    let key = sum(&hash, &[&utf16(&user.to_uppercase()), &utf16(&domain)]);
    let session = sum(&key, &[proof]);
    Some(Proof {
        name: format!("{domain}\\{user}"),
        is_right: sum(&key, &[&NONCE, content]) == proof,
        is_whole: if says_checked(facts)? {
            let check = answer.get(72..88)?;
            let mut unchecked = answer.to_vec();
            unchecked.get_mut(72..88)?.fill(0);
            Some(sum(&session, &[negotiate, &challenge(), &unchecked]) == check)
        } else {
            None
        },
    })
}

/// Whether the client says among the facts that there is a check.
fn says_checked(mut facts: &[u8]) -> Option<bool> {
    loop {
        let ([a, b, c, d], rest) = facts.split_first_chunk()?;
        let (fact, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([*c, *d])))?;
        match u16::from_le_bytes([*a, *b]) {
            0 => return Some(false),
            6 => return Some(fact.first()? & 2 != 0),
            _ => facts = rest,
        }
    }
}

/// HMAC-MD5 (RFC 2104) with a key of sixteen bytes.
fn sum(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    let padded = |with: u8| {
        key.iter()
            .map(|byte| byte ^ with)
            .chain([with; 48])
            .collect::<Vec<u8>>()
    };
    let inner = Md5::digest([padded(0x36), parts.concat()].concat());
    Md5::digest([padded(0x5c), inner.to_vec()].concat()).into()
}
