//! Encoding and decoding (X.690), as much of it as LDAP uses.
//!
//! Reading copies nothing and goes into depth only where its caller does: a message that is nothing but depth costs no stack. Writing
//! gives everything that is constructed a length of four bytes, as Active Directory does, and fills it in afterwards.

/// A boolean.
pub(super) const BOOLEAN: u8 = 0x01;
/// A number.
pub(super) const INTEGER: u8 = 0x02;
/// Text, or bytes.
pub(super) const OCTETS: u8 = 0x04;
/// A number that stands for something.
pub(super) const ENUMERATED: u8 = 0x0a;
/// Several things, in order.
pub(super) const SEQUENCE: u8 = 0x30;
/// Several things.
pub(super) const SET: u8 = 0x31;

/// What is left of something that is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next thing: its tag, and what it holds.
    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (head, length) = header(self.0)?;
        let tag = *self.0.first()?;
        let content = self.0.get(head..head.checked_add(length)?)?;
        self.0 = self.0.get(head + length..)?;
        Some((tag, content))
    }

    /// What the next thing holds, if it has this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut after = *self;
        let (found, content) = after.next()?;
        if found != tag {
            return None;
        }
        *self = after;
        Some(content)
    }

    /// The next thing, if it is a number of this tag.
    pub(super) fn number(&mut self, tag: u8) -> Option<i64> {
        let bytes = self.take(tag)?;
        let first = *bytes.first().filter(|_| bytes.len() <= 8)?;
        let sign = if first < 0x80 { 0 } else { -1 };
        Some(bytes.iter().fold(sign, |number, byte| (number << 8) | i64::from(*byte)))
    }

    /// The next thing, if it is text.
    pub(super) fn text(&mut self, tag: u8) -> Option<&'a str> {
        std::str::from_utf8(self.take(tag)?).ok()
    }
}

/// How long tag and length are together, and the length. `None` if they are not all there, or of a kind that LDAP does not use.
fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    let (tag, length) = (*bytes.first()?, *bytes.get(1)?);
    // Tags of more than one byte, and lengths that are not told beforehand (RFC 4511 section 5.1).
    if tag & 0x1f == 0x1f || length == 0x80 {
        return None;
    }
    if length < 0x80 {
        return Some((2, usize::from(length)));
    }
    let count = usize::from(length & 0x7f);
    let digits = bytes.get(2..2 + count).filter(|_| count <= 4)?;
    Some((
        2 + count,
        digits
            .iter()
            .fold(0, |length, digit| (length << 8) | usize::from(*digit)),
    ))
}

/// How long the message is that begins here, once its beginning is there.
pub(super) fn message_length(bytes: &[u8], most: usize) -> Result<Option<usize>, &'static str> {
    if bytes.first().is_some_and(|tag| *tag != SEQUENCE) {
        return Err("it does not begin with a sequence");
    }
    match header(bytes) {
        Some((head, length)) if length <= most => Ok(Some(head + length)),
        Some(_) => Err("it is too long"),
        None if bytes.len() >= 6 => Err("its length is none"),
        None => Ok(None),
    }
}

/// Something that is written.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    /// Begins something constructed, which `close` ends.
    pub(super) fn open(&mut self, tag: u8) -> usize {
        self.0.extend_from_slice(&[tag, 0x84, 0, 0, 0, 0]);
        self.0.len()
    }

    pub(super) fn close(&mut self, start: usize) {
        let length = u32::try_from(self.0.len() - start).unwrap_or(u32::MAX);
        if let Some(place) = start.checked_sub(4).and_then(|place| self.0.get_mut(place..start)) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }

    pub(super) fn octets(&mut self, tag: u8, bytes: &[u8]) {
        self.0.push(tag);
        match u8::try_from(bytes.len()) {
            Ok(length) if length < 0x80 => self.0.push(length),
            _ => {
                self.0.push(0x84);
                self.0
                    .extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
            }
        }
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, tag: u8, number: i64) {
        let bytes = number.to_be_bytes();
        // As few bytes as keep the sign.
        let spare = (0..7).take_while(|count| {
            let bits = number >> (55 - 8 * count);
            bits == 0 || bits == -1
        });
        let start = spare.count();
        self.octets(tag, bytes.get(start..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be_and_come_back() {
        for (number, length) in [
            (0, 1),
            (127, 1),
            (128, 2),
            (-1, 1),
            (-128, 1),
            (-129, 2),
            (65_535, 3),
            (i64::MAX, 8),
            (i64::MIN, 8),
        ] {
            let mut writer = Writer::default();
            writer.number(INTEGER, number);
            assert_eq!(writer.0.len(), 2 + length, "{number}");
            assert_eq!(Reader(&writer.0).number(INTEGER), Some(number));
        }
    }

    #[test]
    fn another_reader_understands_what_is_written() {
        let mut writer = Writer::default();
        let start = writer.open(SEQUENCE);
        writer.number(INTEGER, 1_616);
        writer.octets(OCTETS, &[b'x'; 300]);
        writer.close(start);
        let (rest, tag) = lber::parse::parse_tag(&writer.0).unwrap();
        assert!(rest.is_empty());
        let parts = tag.expect_constructed().unwrap();
        assert_eq!(parts[0].clone().expect_primitive().unwrap(), [0x06, 0x50]);
        assert_eq!(parts[1].clone().expect_primitive().unwrap(), [b'x'; 300]);
    }

    #[test]
    fn what_is_cut_or_not_of_ldap_s_kind_is_not_read() {
        for bytes in [
            &[][..],
            &[4],
            &[4, 2, 0],
            &[4, 0x80, 0, 0],
            &[0x1f, 0x81, 0],
            &[4, 0x85, 0, 0, 0, 0, 0],
            &[4, 0x84, 255, 255, 255, 255],
        ] {
            assert!(Reader(bytes).next().is_none(), "{bytes:?}");
        }
        assert_eq!(message_length(&[0x30, 0x84, 0, 0], 100), Ok(None));
        assert_eq!(message_length(&[0x30, 0x05], 100), Ok(Some(7)));
        assert!(message_length(&[0x30, 0x81, 101], 100).is_err());
        assert!(message_length(b"GET / HTTP/1.1", 100).is_err());
    }
}
