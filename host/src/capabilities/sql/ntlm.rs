//! NTLM version 2 (MS-NLMP), as far as a login needs it: NEGOTIATE, CHALLENGE, AUTHENTICATE. Pure. Nothing is signed or sealed with it
//! afterwards: TLS does that.
//!
//! Version 1 is not spoken, whatever a server asks for: its answers give the password away. Neither is the password's hash kept, nor is
//! anything sent from which a server could learn it but by guessing.

use md4::{Digest as _, Md4};
use md5::Md5;
use zeroize::Zeroizing;

use crate::redact::Secret;

const SIGNATURE: [u8; 8] = *b"NTLMSSP\0";

/// What is offered: Unicode, a target to sign in at and what there is to know of it, version 2, keys of 128 bits (Windows refuses less by
/// default).
const FLAGS: u32 = UNICODE | 0x4 | 0x200 | 0x8000 | 0x8_0000 | TARGET_INFO | 0x2000_0000;
const UNICODE: u32 = 0x1;
const TARGET_INFO: u32 = 0x80_0000;

/// What a server says of itself (section 2.2.2.1).
const END: u16 = 0;
const OWN_FLAGS: u16 = 6;
const TIMESTAMP: u16 = 7;

/// The client's own flag in it: there is a check of all three messages.
const HAS_CHECK: u32 = 2;

/// Where AUTHENTICATE has that check, and where its variable part begins: behind a version, which is left empty.
const CHECK: std::ops::Range<usize> = 72..88;

/// The longest CHALLENGE that is read. Servers send some three hundred bytes.
const MAX_CHALLENGE: usize = 4 << 10;

/// An account of Windows.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) domain: String,
    pub(super) user: String,
    pub(super) password: Secret,
}

impl Account {
    /// `DOMAIN\user`; none for a name of another form.
    pub(super) fn of(name: &str, password: &Secret) -> Option<Self> {
        let (domain, user) = name.split_once('\\')?;
        Some(Self {
            domain: domain.to_owned(),
            user: user.to_owned(),
            password: password.clone(),
        })
    }

    /// NTOWFv2 (section 3.3.2): what stands for the password.
    fn key(&self) -> Zeroizing<[u8; 16]> {
        let password = self.password.expose();
        // With room for all of it from the beginning: what moves leaves something behind.
        let mut units = Zeroizing::new(Vec::with_capacity(2 * password.len()));
        units.extend(password.encode_utf16().flat_map(u16::to_le_bytes));
        let hash = Zeroizing::new(<[u8; 16]>::from(Md4::digest(units.as_slice())));
        Zeroizing::new(mac(&hash, &[&utf16(&upper(&self.user)), &utf16(&self.domain)]))
    }
}

/// What no two logins have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fresh {
    /// Random.
    pub(super) nonce: [u8; 8],
    /// Intervals of 100 ns since 1601, for servers that do not say what time it is.
    pub(super) time: u64,
}

/// The first message.
pub(super) fn negotiate() -> Vec<u8> {
    let mut message = head(1);
    message.extend(FLAGS.to_le_bytes());
    // Neither a domain nor a workstation, which need not be said before they are asked for; both would begin behind this.
    for _ in 0..2 {
        message.extend([0, 0, 0, 0, 32, 0, 0, 0]);
    }
    message
}

/// What a server asks, taken apart.
#[derive(Debug)]
struct Challenge<'a> {
    nonce: [u8; 8],
    flags: u32,
    /// What it says of itself, without the end.
    facts: Vec<(u16, &'a [u8])>,
}

impl<'a> Challenge<'a> {
    fn read(message: &'a [u8]) -> Option<Self> {
        let message = message.get(..message.len().min(MAX_CHALLENGE))?;
        let rest = message.strip_prefix(&SIGNATURE)?.strip_prefix(&2u32.to_le_bytes())?;
        // The target's name is among the facts as well.
        let (flags, rest) = rest.get(8..)?.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let &[low, high, _, _, a, b, c, d] = rest.get(8..)?.first_chunk()?;
        let start = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
        let end = start.checked_add(usize::from(u16::from_le_bytes([low, high])))?;
        let mut left = message.get(start..end)?;
        let mut facts = Vec::new();
        while let Some((&[a, b, c, d], more)) = left.split_first_chunk() {
            let kind = u16::from_le_bytes([a, b]);
            if kind == END {
                break;
            }
            let (fact, more) = more.split_at_checked(usize::from(u16::from_le_bytes([c, d])))?;
            facts.push((kind, fact));
            left = more;
        }
        Some(Self {
            nonce: *nonce,
            flags: u32::from_le_bytes(*flags),
            facts,
        })
    }

    fn fact(&self, wanted: u16) -> Option<&'a [u8]> {
        self.facts
            .iter()
            .find(|(kind, _)| *kind == wanted)
            .map(|(_, fact)| *fact)
    }
}

/// The answer to a server's challenge; none where that is none, or not one of version 2. `negotiate` is what was sent before.
pub(super) fn authenticate(account: &Account, negotiate: &[u8], challenge: &[u8], fresh: Fresh) -> Option<Vec<u8>> {
    let asked =
        Challenge::read(challenge).filter(|asked| asked.flags & (UNICODE | TARGET_INFO) == UNICODE | TARGET_INFO)?;
    let time = asked.fact(TIMESTAMP).and_then(|time| <[u8; 8]>::try_from(time).ok());
    let key = account.key();
    // Section 3.3.2: `temp`, and the proof that whoever made it knows the password.
    let mut content = vec![1, 1, 0, 0, 0, 0, 0, 0];
    content.extend(time.unwrap_or(fresh.time.to_le_bytes()));
    content.extend(fresh.nonce);
    content.extend([0; 4]);
    content.extend(facts(&asked, time.is_some())?);
    content.extend([0; 4]);
    let proof = mac(&key, &[&asked.nonce, &content]);
    let session = Zeroizing::new(mac(&key, &[&proof]));
    let response = [&proof[..], &content].concat();
    // The older answer, which a server that knows the time does not look at.
    let older = if time.is_some() {
        vec![0; 24]
    } else {
        let older = mac(&key, &[&asked.nonce, &fresh.nonce]);
        [&older[..], &fresh.nonce].concat()
    };

    let mut message = head(3);
    let mut content = Vec::new();
    let fields = [
        older,
        response,
        utf16(&account.domain),
        utf16(&account.user),
        Vec::new(),
        Vec::new(),
    ];
    for field in fields {
        let length = u16::try_from(field.len()).ok()?.to_le_bytes();
        let start = u32::try_from(CHECK.end + content.len()).ok()?;
        message.extend([length, length].concat());
        message.extend(start.to_le_bytes());
        content.extend(field);
    }
    message.extend((FLAGS & asked.flags).to_le_bytes());
    // Version and check.
    message.resize(CHECK.end, 0);
    message.extend(content);
    if time.is_some() {
        let check = mac(&session, &[negotiate, challenge, &message]);
        message.get_mut(CHECK)?.copy_from_slice(&check);
    }
    Some(message)
}

/// What the server says of itself, and that there is a check, if there is.
fn facts(asked: &Challenge<'_>, has_check: bool) -> Option<Vec<u8>> {
    let mut facts = Vec::new();
    let mut add = |kind: u16, fact: &[u8]| {
        facts.extend(kind.to_le_bytes());
        facts.extend(u16::try_from(fact.len()).ok()?.to_le_bytes());
        facts.extend(fact);
        Some(())
    };
    for (kind, fact) in &asked.facts {
        if !(has_check && *kind == OWN_FLAGS) {
            add(*kind, fact)?;
        }
    }
    if has_check {
        let flags = asked.fact(OWN_FLAGS).and_then(|flags| flags.try_into().ok());
        let flags = flags.map_or(0, u32::from_le_bytes) | HAS_CHECK;
        add(OWN_FLAGS, &flags.to_le_bytes())?;
    }
    add(END, &[])?;
    Some(facts)
}

fn head(kind: u32) -> Vec<u8> {
    [&SIGNATURE[..], &kind.to_le_bytes()].concat()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// In capital letters as Windows sees them: one for one, and none of another alphabet becomes one of ASCII (`ı`, `ſ`).
fn upper(text: &str) -> String {
    let upper = |letter: char| {
        let mut capitals = letter.to_uppercase();
        match (capitals.next(), capitals.next()) {
            (Some(capital), None) if letter.is_ascii() || !capital.is_ascii() => capital,
            _ => letter,
        }
    };
    text.chars().map(upper).collect()
}

/// HMAC-MD5 (RFC 2104) of these, one behind the other. Keys here are sums themselves, and never longer than a block.
fn mac(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    let pad = |with: u8| {
        let mut block = Zeroizing::new([with; 64]);
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let mut inner = Md5::new_with_prefix(pad(0x36).as_slice());
    parts.iter().for_each(|part| inner.update(part));
    let mut outer = Md5::new_with_prefix(pad(0x5c).as_slice());
    outer.update(inner.finalize());
    outer.finalize().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The values of MS-NLMP section 4.2.1.
    fn account() -> Account {
        Account::of(r"Domain\User", &Secret::new("Password")).unwrap()
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<char> = hex.chars().filter(|digit| !digit.is_whitespace()).collect();
        let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
        digits.chunks(2).map(byte).collect()
    }

    const NONCE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
    const FRESH: Fresh = Fresh {
        nonce: [0xaa; 8],
        time: 0,
    };

    /// A challenge with these facts and flags.
    fn challenge(facts: &[(u16, &[u8])], flags: u32) -> Vec<u8> {
        let mut info = Vec::new();
        for (kind, fact) in facts.iter().chain(&[(END, &[][..])]) {
            info.extend(kind.to_le_bytes());
            info.extend(u16::try_from(fact.len()).unwrap().to_le_bytes());
            info.extend(*fact);
        }
        let length = u16::try_from(info.len()).unwrap().to_le_bytes();
        let mut message = head(2);
        message.extend([0, 0, 0, 0, 48, 0, 0, 0]);
        message.extend(flags.to_le_bytes());
        message.extend(NONCE);
        message.extend([0; 8]);
        message.extend([length, length].concat());
        message.extend(48u32.to_le_bytes());
        message.extend(info);
        message
    }

    /// One of a field's bytes, by the field's place in AUTHENTICATE.
    fn field(message: &[u8], at: usize) -> Vec<u8> {
        let number = |at: usize, length: usize| {
            message[at..at + length]
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
        };
        message[number(at + 4, 4)..][..number(at, 2)].to_vec()
    }

    #[test]
    fn the_specification_s_own_example_comes_out() {
        // Sections 4.2.4.1.1, 4.2.4.1.3 and 4.2.4.2.
        assert_eq!(account().key().as_slice(), bytes("0c868a403bfd7a93a3001ef22ef02e3f"));
        let facts = [(2, &utf16("Domain")[..]), (1, &utf16("Server")[..])];
        let message = authenticate(&account(), &negotiate(), &challenge(&facts, FLAGS), FRESH).unwrap();
        assert_eq!(
            field(&message, 12),
            bytes("86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa")
        );
        let response = field(&message, 20);
        assert_eq!(response[..16], bytes("68cd0ab851e51c96aabc927bebef6a1c"));
        let content = bytes(
            "0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa 00000000 02000c0044006f006d00610069006e00 01000c005300650072007600650072000000000000000000",
        );
        assert_eq!(response[16..], content);
        let session = mac(&account().key(), &[&response[..16]]);
        assert_eq!(session.to_vec(), bytes("8de40ccadbc14a82f15cb0ad0de95ca3"));
        assert_eq!(
            (field(&message, 28), field(&message, 36)),
            (utf16("Domain"), utf16("User"))
        );
        // A server that does not know the time gets no check.
        assert_eq!(message[CHECK], [0; 16]);
    }

    #[test]
    fn where_the_server_knows_the_time_all_messages_are_checked() {
        let time = [1, 2, 3, 4, 5, 6, 7, 8];
        let challenge = challenge(&[(OWN_FLAGS, &[1, 0, 0, 0]), (TIMESTAMP, &time)], FLAGS);
        let mut message = authenticate(&account(), &negotiate(), &challenge, FRESH).unwrap();
        assert_eq!(field(&message, 12), [0; 24]);
        let response = field(&message, 20);
        assert_eq!(response[24..32], time);
        assert!(response.ends_with(&bytes("0600040003000000 00000000 00000000")));
        let check = message[CHECK].to_vec();
        message[CHECK].fill(0);
        let session = mac(&account().key(), &[&response[..16]]);
        assert_eq!(check, mac(&session, &[&negotiate(), &challenge, &message]));
    }

    #[test]
    fn a_challenge_of_an_older_version_or_none_is_not_answered() {
        for challenge in [
            challenge(&[], UNICODE),
            challenge(&[], TARGET_INFO),
            vec![],
            negotiate(),
        ] {
            assert_eq!(authenticate(&account(), &negotiate(), &challenge, FRESH), None);
        }
        assert!(Account::of("user", &Secret::default()).is_none());
        assert_eq!(upper("straße, ışık, ſ, é"), "STRAßE, ıŞıK, ſ, É");
    }

    proptest! {
        #[test]
        fn no_challenge_makes_it_panic(start in any::<bool>(), bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let message = if start { [&head(2)[..], &bytes].concat() } else { bytes };
            _ = authenticate(&account(), &negotiate(), &message, FRESH);
        }
    }
}
