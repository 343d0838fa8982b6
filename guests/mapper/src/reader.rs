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
}

impl<'p, 'a> Reader<'p, 'a> {
    pub(crate) fn new(heads: &'p [Head]) -> Self {
        Self {
            heads,
            known: Vec::new(),
        }
    }

    /// Notes what is wanted of the record that is next, and consumes it, whether it can be used or not.
    pub(crate) fn read(
        &mut self,
        cursor: &mut Cursor<'a>,
        slots: &mut [Option<&'a [u8]>],
    ) -> Result<Result<(), wit::Reason>, Malformed> {
        slots.fill(None);
        let mut record = cursor.clone();
        if record.peek() != Some(b'{') {
            cursor.value()?;
            return Ok(Err(wit::Reason::Unusable("it is not an object".to_owned())));
        }
        let mut set = |slot: usize, value: Option<&'a [u8]>| {
            if let Some(place) = slots.get_mut(slot) {
                *place = value;
            }
        };
        let mut place = 0;
        let walked = record.members(|key, value| {
            let Some(head) = self.head(key, &mut place) else { return };
            if let Some(slot) = head.whole {
                set(slot, Some(value));
            }
            for (slot, path) in &head.inner {
                set(*slot, json::descend(value, path));
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
