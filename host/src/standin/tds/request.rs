//! What a client sends: PRELOGIN, LOGIN7, batches and procedure calls (MS-TDS sections 2.2.6.4 to 2.2.6.7).

/// Reads from the front of what a client sent; none when there is less.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes(1)?.first().copied()
    }

    fn short(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.bytes(2)?.try_into().ok()?))
    }

    fn long(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes(4)?.try_into().ok()?))
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let (units, _) = bytes.as_chunks::<2>();
    String::from_utf16(&units.iter().map(|unit| u16::from_le_bytes(*unit)).collect::<Vec<_>>()).ok()
}

/// What a PRELOGIN message says about encryption.
pub(super) fn encryption(message: &[u8]) -> Option<u8> {
    let mut options = message;
    let mut said = None;
    loop {
        match options {
            [0xff, ..] => return said,
            [kind, a, b, c, d, more @ ..] => {
                let offset = usize::from(u16::from_be_bytes([*a, *b]));
                let length = usize::from(u16::from_be_bytes([*c, *d]));
                let option = message.get(offset..offset + length)?;
                if *kind == 1 {
                    said = option.first().copied();
                }
                options = more;
            }
            _ => return None,
        }
    }
}

/// A LOGIN7 message, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: String,
    pub(super) program: String,
    pub(super) database: String,
    pub(super) is_read_only: bool,
    /// NTLM's first message or a ticket of Kerberos, where Windows is to vouch for the user.
    pub(super) sspi: Option<Vec<u8>>,
    pub(super) packet: usize,
}

impl Login {
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        let mut reader = Reader(message);
        if usize::try_from(reader.long()?).ok()? != message.len() {
            return None;
        }
        let _version = reader.long()?;
        let packet = reader.long()?;
        reader.bytes(12)?;
        let flags = reader.bytes(4)?;
        reader.bytes(8)?;
        let mut field = |unscramble: bool| -> Option<String> {
            let offset = usize::from(reader.short()?);
            let length = 2 * usize::from(reader.short()?);
            let mut bytes = message.get(offset..offset + length)?.to_vec();
            if unscramble {
                for byte in &mut bytes {
                    *byte = (*byte ^ 0xa5).rotate_left(4);
                }
            }
            text(&bytes)
        };
        let _host = field(false)?;
        let user = field(false)?;
        let password = field(true)?;
        let program = field(false)?;
        let _server = field(false)?;
        // Extension, library, language.
        for _ in 0..3 {
            field(false)?;
        }
        let database = field(false)?;
        let _card = reader.bytes(6)?;
        let (offset, length) = (usize::from(reader.short()?), usize::from(reader.short()?));
        let is_integrated = flags.get(1)? & 0x80 != 0;
        Some(Self {
            user,
            password,
            program,
            database,
            sspi: is_integrated
                .then(|| message.get(offset..offset + length))
                .flatten()
                .map(<[u8]>::to_vec),
            is_read_only: flags.get(2)? & 0x20 != 0,
            packet: usize::try_from(packet).ok()?,
        })
    }
}

/// A query that a client asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The statement.
    pub statement: String,
    /// The declaration of its parameters: `@P1 int,@P2 nvarchar(4000)`.
    pub declaration: String,
    /// Their values, as text; none for NULL.
    pub parameters: Vec<Option<String>>,
    /// It came as a procedure call, `sp_executesql`, as values should.
    pub is_procedure: bool,
}

/// A batch: headers, and a statement.
pub(super) fn batch(message: &[u8]) -> Option<Asked> {
    Some(Asked {
        statement: text(after_headers(message)?.0)?,
        declaration: String::new(),
        parameters: Vec::new(),
        is_procedure: false,
    })
}

/// A call of `sp_executesql`; no other is known here.
pub(super) fn procedure(message: &[u8]) -> Option<Asked> {
    let mut reader = after_headers(message)?;
    let is_known = match reader.short()? {
        0xffff => reader.short()? == 10,
        length => text(reader.bytes(2 * usize::from(length))?)?.eq_ignore_ascii_case("sp_executesql"),
    };
    if !is_known {
        return None;
    }
    let _options = reader.short()?;
    let mut values = Vec::new();
    while !reader.0.is_empty() {
        values.push(parameter(&mut reader)?);
    }
    let mut values = values.into_iter();
    Some(Asked {
        statement: values.next()??,
        declaration: values.next().flatten().unwrap_or_default(),
        parameters: values.collect(),
        is_procedure: true,
    })
}

fn after_headers(message: &[u8]) -> Option<Reader<'_>> {
    let mut reader = Reader(message);
    let length = usize::try_from(reader.long()?).ok()?;
    reader.bytes(length.checked_sub(4)?)?;
    Some(reader)
}

/// A parameter: name, status, type, value.
fn parameter(reader: &mut Reader<'_>) -> Option<Option<String>> {
    let name = usize::from(reader.byte()?);
    reader.bytes(2 * name)?;
    let _status = reader.byte()?;
    let kind = reader.byte()?;
    match kind {
        // NULL of no type.
        0x1f => Some(None),
        // Integers, bits and numbers of a length.
        0x26 | 0x68 | 0x6d => {
            let _most = reader.byte()?;
            let length = usize::from(reader.byte()?);
            let bytes = reader.bytes(length)?;
            Some(match (kind, bytes) {
                (_, []) => None,
                (0x6d, bytes) => Some(f64::from_le_bytes(bytes.try_into().ok()?).to_string()),
                (_, bytes) => {
                    let mut number = if bytes.last()? & 0x80 != 0 && length > 1 {
                        [0xff; 8]
                    } else {
                        [0; 8]
                    };
                    number.get_mut(..length)?.copy_from_slice(bytes);
                    Some(i64::from_le_bytes(number).to_string())
                }
            })
        }
        // Text and bytes, short or in pieces.
        0xe7 | 0xa5 => {
            let most = reader.short()?;
            if kind == 0xe7 {
                reader.bytes(5)?;
            }
            let bytes = if most == 0xffff {
                pieces(reader)?
            } else {
                short(reader)?
            };
            Some(match bytes {
                None => None,
                Some(bytes) if kind == 0xe7 => Some(text(&bytes)?),
                Some(bytes) => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
            })
        }
        _ => None,
    }
}

fn short(reader: &mut Reader<'_>) -> Option<Option<Vec<u8>>> {
    match reader.short()? {
        0xffff => Some(None),
        length => Some(Some(reader.bytes(usize::from(length))?.to_vec())),
    }
}

fn pieces(reader: &mut Reader<'_>) -> Option<Option<Vec<u8>>> {
    let total = u64::from_le_bytes(reader.bytes(8)?.try_into().ok()?);
    if total == u64::MAX {
        return Some(None);
    }
    let mut whole = Vec::new();
    loop {
        match usize::try_from(reader.long()?).ok()? {
            0 => return Some(Some(whole)),
            length => whole.extend_from_slice(reader.bytes(length)?),
        }
    }
}
