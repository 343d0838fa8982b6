//! What code of the ini file made of a page, record by record.

use crate::bindings::exports::oomnitza::connector::mapping as wit;

/// The verdict on a record that stays.
const STAYS: u8 = 1;

/// Goes along with the records of a page. Without code every record stays, and no values come along.
pub(crate) struct Given<'a> {
    verdicts: Option<std::slice::Iter<'a, u8>>,
    values: std::slice::Split<'a, u8, fn(&u8) -> bool>,
}

impl<'a> Given<'a> {
    pub(crate) fn new(given: Option<&'a wit::Given>) -> Self {
        let values = given.map_or(&[][..], |given| &given.values);
        Self {
            verdicts: given.map(|given| given.verdicts.iter()),
            values: values.split(|byte| *byte == b'\n'),
        }
    }

    /// Whether the next record stays.
    pub(crate) fn stays(&mut self) -> bool {
        self.verdicts
            .as_mut()
            .is_none_or(|verdicts| verdicts.next() == Some(&STAYS))
    }

    /// The values of a record that stays, as many as there are places.
    pub(crate) fn values(&mut self, places: &mut [Option<&'a [u8]>]) {
        for place in places {
            *place = self.values.next().filter(|value| !value.is_empty());
        }
    }
}
