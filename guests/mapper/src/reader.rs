//! What a plan looks for in a record.

use crate::bindings::exports::oomnitza::connector::mapping as wit;
use crate::plan::Head;
use guest_json::{self as json, Cursor, Malformed};

/// Keys that are remembered. Records with more of them are read a little more slowly.
const MOST_KEYS: usize = 256;

/// How far ahead a key is looked for: records leave out a few.
const AHEAD: usize = 4;

/// Reads records one after the other. Most have the keys of the one before, in its order: a key that stands where it was expected is
/// not looked up again.
pub(crate) struct Reader<'p, 'a> {
    heads: &'p [Head],
    /// Keys in the order in which they came, and what is wanted of each.
    known: Vec<(&'a [u8], Option<&'p Head>)>,
    /// Slots whose value is a string that was seen to be well-formed.
    plain: Vec<bool>,
}

impl<'p, 'a> Reader<'p, 'a> {
    pub(crate) fn new(heads: &'p [Head]) -> Self {
        Self {
            heads,
            known: Vec::new(),
            plain: Vec::new(),
        }
    }

    /// Notes what is wanted of the record that is next, and consumes it, whether it can be used or not.
    pub(crate) fn read(
        &mut self,
        cursor: &mut Cursor<'a>,
        slots: &mut [Option<&'a [u8]>],
    ) -> Result<Result<(), wit::Reason>, Malformed> {
        slots.fill(None);
        self.plain.clear();
        self.plain.resize(slots.len(), false);
        let mut record = cursor.clone();
        if record.peek() != Some(b'{') {
            cursor.value()?;
            return Ok(Err(wit::Reason::Unusable("it is not an object".to_owned())));
        }
        let mut place = 0;
        let walked = record.members_as_seen(|key, value, is_plain| {
            let Some(head) = self.head(key, &mut place) else { return };
            if let Some(slot) = head.whole {
                self.set(slots, slot, Some(value), is_plain);
            }
            for (slot, path) in &head.inner {
                self.set(slots, *slot, json::descend(value, path), false);
            }
        });
        match walked {
            Ok(()) => *cursor = record,
            // Its brackets still say where it ends.
            Err(problem) => {
                cursor.value()?;
                return Ok(Err(wit::Reason::Unusable(problem.to_string())));
            }
        }
        Ok(Ok(()))
    }

    /// Whether the value of a slot is a string that was seen to be well-formed.
    pub(crate) fn is_plain(&self, slot: usize) -> bool {
        self.plain.get(slot).copied().unwrap_or_default()
    }

    fn set(&mut self, slots: &mut [Option<&'a [u8]>], slot: usize, value: Option<&'a [u8]>, is_plain: bool) {
        if let (Some(place), Some(plain)) = (slots.get_mut(slot), self.plain.get_mut(slot)) {
            (*place, *plain) = (value, is_plain);
        }
    }

    /// What is wanted of a key, which is expected at this place among the known ones.
    fn head(&mut self, key: &'a [u8], place: &mut usize) -> Option<&'p Head> {
        let expected = self.known.iter().enumerate().skip(*place).take(AHEAD);
        let known = expected
            .filter(|(_, (known, _))| json::is_same(known, key))
            .map(|(at, (_, head))| (at, *head))
            .next();
        if let Some((at, head)) = known {
            *place = at + 1;
            return head;
        }
        let find = |key: &[u8]| self.heads.iter().find(|head| head.key.as_bytes() == key);
        let head = find(key).or_else(|| find(json::unescaped(key)?.as_bytes()));
        if self.known.len() < MOST_KEYS {
            self.known.insert(*place, (key, head));
            *place += 1;
        }
        head
    }
}
