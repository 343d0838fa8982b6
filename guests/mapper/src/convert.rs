//! A single converter, for code of the ini file that calls it.

use crate::bindings::exports::oomnitza::connector::mapping as wit;
use crate::converters::{Converted, Converter};
use crate::map::Mapping;
use crate::plan::Paths;
use crate::reader::Reader;
use guest_json::{Cursor, Malformed};

impl Mapping {
    /// What the converter makes of `value` in the record `source`.
    pub(crate) fn convert(
        &mut self,
        converter: &wit::Converter,
        source: &[u8],
        value: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, String> {
        let mut paths = Paths::default();
        let converter = Converter::new(converter, &mut |path| paths.slot(path))?;
        let plan = self.plan_mut();
        plan.tables.add(plan.locations.as_deref(), &converter)?;
        let (heads, count) = paths.into_heads();
        let mut slots = vec![None; count];
        match Reader::new(&heads).read(&mut Cursor::new(source), &mut slots) {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(Malformed) => return Err("the record is not an object".to_owned()),
        }
        Ok(match converter.convert(value, &slots, &plan.tables) {
            Converted::Same(value) | Converted::Unknown(value) => Some(value.to_vec()),
            Converted::Json(value) => Some(value),
            Converted::Null | Converted::Odd(_) => None,
        })
    }
}
