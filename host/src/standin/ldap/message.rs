//! Messages (RFC 4511 section 4.1.1): the ones that come in, and the results that go out.

use super::ber::{BOOLEAN, ENUMERATED, INTEGER, OCTETS, Reader, SEQUENCE, Writer};

/// Simple Paged Results (RFC 2696).
const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";

/// Result codes (RFC 4511 appendix A).
pub(super) mod code {
    pub(crate) const SUCCESS: u8 = 0;
    pub(crate) const OPERATIONS_ERROR: u8 = 1;
    pub(crate) const PROTOCOL_ERROR: u8 = 2;
    pub(crate) const SIZE_LIMIT_EXCEEDED: u8 = 4;
    pub(crate) const AUTH_METHOD_NOT_SUPPORTED: u8 = 7;
    pub(crate) const UNAVAILABLE_CRITICAL_EXTENSION: u8 = 12;
    pub(crate) const INAPPROPRIATE_MATCHING: u8 = 18;
    pub(crate) const NO_SUCH_OBJECT: u8 = 32;
    pub(crate) const INVALID_CREDENTIALS: u8 = 49;
    pub(crate) const UNWILLING_TO_PERFORM: u8 = 53;
}

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: u8,
    pub(super) message: String,
    /// Whether the client should have known.
    pub(super) is_violation: bool,
}

impl Refusal {
    pub(super) fn violation(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            is_violation: true,
        }
    }

    pub(super) fn expected(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            is_violation: false,
        }
    }
}

/// A request.
pub(super) struct Message<'a> {
    pub(super) id: i64,
    /// The operation.
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    controls: Vec<Control<'a>>,
}

struct Control<'a> {
    name: &'a str,
    is_critical: bool,
    value: Option<&'a [u8]>,
}

/// What a request for a page says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paging<'a> {
    pub(super) size: u64,
    pub(super) cookie: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads a message, if it is well formed.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut whole = Reader(bytes);
        let mut parts = Reader(whole.take(SEQUENCE)?);
        let id = parts
            .number(INTEGER)
            .filter(|id| (1..=i64::from(i32::MAX)).contains(id))?;
        let (tag, content) = parts.next()?;
        let mut controls = Vec::new();
        let mut list = Reader(parts.take(0xa0).unwrap_or_default());
        while !list.is_empty() {
            let mut control = Reader(list.take(SEQUENCE)?);
            let name = control.text(OCTETS)?;
            let is_critical = control.take(BOOLEAN).is_some_and(|value| value != [0]);
            controls.push(Control {
                name,
                is_critical,
                value: control.take(OCTETS),
            });
            if !control.is_empty() {
                return None;
            }
        }
        parts.is_empty().then_some(Self {
            id,
            tag,
            content,
            controls,
        })
    }

    /// What it says of paging. Other controls are passed over unless they are critical.
    pub(super) fn paging(&self) -> Result<Option<Paging<'a>>, Refusal> {
        let mut paging = None;
        for control in &self.controls {
            if control.name == PAGED_RESULTS {
                let read = || {
                    let mut value = Reader(Reader(control.value?).take(SEQUENCE)?);
                    let size = u64::try_from(value.number(INTEGER)?).ok()?;
                    let cookie = value.take(OCTETS)?;
                    value.is_empty().then_some(Paging { size, cookie })
                };
                let malformed = || Refusal::violation(code::PROTOCOL_ERROR, "the paging control is malformed");
                if paging.replace(read().ok_or_else(malformed)?).is_some() {
                    return Err(Refusal::violation(
                        code::PROTOCOL_ERROR,
                        "the paging control is there twice",
                    ));
                }
            } else if control.is_critical {
                let why = format!("the critical control {} is unknown", control.name);
                return Err(Refusal::violation(code::UNAVAILABLE_CRITICAL_EXTENSION, why));
            }
        }
        Ok(paging)
    }
}

/// Writes a result; with the cookie of the next page if the request asked for pages.
pub(super) fn write_result(writer: &mut Writer, id: i64, tag: u8, code: u8, message: &str, cookie: Option<&[u8]>) {
    let start = writer.open(SEQUENCE);
    writer.number(INTEGER, id);
    let operation = writer.open(tag);
    writer.number(ENUMERATED, code.into());
    writer.octets(OCTETS, b"");
    writer.octets(OCTETS, message.as_bytes());
    writer.close(operation);
    if let Some(cookie) = cookie {
        let mut value = Writer::default();
        let sequence = value.open(SEQUENCE);
        // The estimate of the total: Active Directory gives none.
        value.number(INTEGER, 0);
        value.octets(OCTETS, cookie);
        value.close(sequence);
        let controls = writer.open(0xa0);
        let control = writer.open(SEQUENCE);
        writer.octets(OCTETS, PAGED_RESULTS.as_bytes());
        writer.octets(OCTETS, &value.0);
        writer.close(control);
        writer.close(controls);
    }
    writer.close(start);
}

/// The notice with which a directory ends a connection (RFC 4511 section 4.4.1).
pub(super) fn notice_of_disconnection(message: &str) -> Vec<u8> {
    let mut writer = Writer::default();
    let start = writer.open(SEQUENCE);
    writer.number(INTEGER, 0);
    let operation = writer.open(0x78);
    writer.number(ENUMERATED, code::PROTOCOL_ERROR.into());
    writer.octets(OCTETS, b"");
    writer.octets(OCTETS, message.as_bytes());
    writer.octets(0x8a, b"1.3.6.1.4.1.1466.20036");
    writer.close(operation);
    writer.close(start);
    writer.0
}
