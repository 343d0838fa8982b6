//! The plan, made ready: what is looked for in a record, and what becomes of it.

use std::collections::BTreeMap;

use crate::bindings::exports::oomnitza::connector::mapping as wit;
use crate::converters::{Converter, Tables};
use guest_json as json;

/// What is looked for at the top of a record.
pub(crate) struct Head {
    pub(crate) key: String,
    /// Index of the slot that the value itself fills, if it is wanted.
    pub(crate) whole: Option<usize>,
    /// What is wanted inside it: slot and the rest of the path.
    pub(crate) inner: Vec<(usize, Vec<String>)>,
}

/// Where a field's value comes from.
pub(crate) enum Origin {
    /// The slot of a source path.
    Slot(usize),
    /// Always the same JSON value.
    Constant(Vec<u8>),
    /// The so manieth of the values that the page brings along.
    Given(usize),
}

/// One field, ready to be written.
pub(crate) struct Field {
    pub(crate) name: String,
    /// `"NAME":`, after the first with a comma.
    pub(crate) prefix: Vec<u8>,
    pub(crate) origin: Origin,
    pub(crate) converter: Option<Converter>,
    pub(crate) required: bool,
}

/// The plan, made ready.
pub(crate) struct Plan {
    pub(crate) heads: Vec<Head>,
    pub(crate) slots: usize,
    pub(crate) fields: Vec<Field>,
    /// Index of the field that tells records apart.
    pub(crate) key: Option<usize>,
    pub(crate) tables: Tables,
    /// How many values the page brings along for a record.
    pub(crate) given: usize,
    /// Oomnitza's locations, for converters that code calls.
    pub(crate) locations: Option<Vec<u8>>,
}

impl Plan {
    pub(crate) fn new(plan: wit::Plan) -> Result<Self, wit::Error> {
        let refuse = |field: &str, problem: String| wit::Error::Plan((field.to_owned(), problem));
        let mut paths = Paths::default();
        let mut fields = Vec::with_capacity(plan.fields.len());
        let mut given = 0;
        for (index, field) in plan.fields.iter().enumerate() {
            let by_path = match &field.origin {
                wit::Origin::Source(path) => plan
                    .converters
                    .iter()
                    .find(|(converted, _)| converted == path)
                    .map(|(_, converter)| converter),
                _ => None,
            };
            let converter = field.converter.as_ref().or(by_path);
            let converter = converter
                .map(|converter| Converter::new(converter, &mut |path| paths.slot(path)))
                .transpose()
                .map_err(|problem| refuse(&field.name, problem))?;
            let origin = match &field.origin {
                wit::Origin::Source(path) => Origin::Slot(paths.slot(path)),
                wit::Origin::Setting(name) => {
                    let value = plan
                        .settings
                        .iter()
                        .find(|(key, _)| key == name)
                        .map(|(_, value)| json::quoted(value));
                    Origin::Constant(value.unwrap_or_else(|| b"null".to_vec()))
                }
                wit::Origin::Given => {
                    given += 1;
                    Origin::Given(given - 1)
                }
                wit::Origin::Hardcoded(value) if json::is_valid(value.as_bytes()) => {
                    Origin::Constant(value.as_bytes().to_vec())
                }
                wit::Origin::Hardcoded(_) => {
                    return Err(refuse(&field.name, "its hardcoded value is not JSON".to_owned()));
                }
            };
            let mut prefix = Vec::with_capacity(field.name.len() + 4);
            prefix.push(if index == 0 { b'{' } else { b',' });
            prefix.extend_from_slice(&json::quoted(&field.name));
            prefix.push(b':');
            fields.push(Field {
                name: field.name.clone(),
                prefix,
                origin,
                converter,
                required: field.required,
            });
        }
        let key = plan.sync_field.as_deref().unwrap_or("USER");
        let key = fields.iter().position(|field| field.name == key);
        let tables = Tables::new(
            plan.zone.as_ref(),
            plan.locations.as_deref(),
            fields.iter().filter_map(|field| field.converter.as_ref()),
        )
        .map_err(|problem| refuse("locations", problem))?;
        let (heads, slots) = paths.into_heads();
        Ok(Self {
            heads,
            slots,
            fields,
            key,
            tables,
            given,
            locations: plan.locations,
        })
    }
}

/// Source paths, each with its slot.
#[derive(Default)]
pub(crate) struct Paths(BTreeMap<String, usize>);

impl Paths {
    pub(crate) fn slot(&mut self, path: &str) -> usize {
        let next = self.0.len();
        *self.0.entry(path.to_owned()).or_insert(next)
    }

    pub(crate) fn into_heads(self) -> (Vec<Head>, usize) {
        let slots = self.0.len();
        let mut heads: Vec<Head> = Vec::new();
        for (path, slot) in self.0 {
            let mut steps = path.split('.').map(str::to_owned);
            let key = steps.next().unwrap_or_default();
            let rest: Vec<String> = steps.collect();
            let at = heads.iter().position(|head| head.key == key).unwrap_or_else(|| {
                heads.push(Head {
                    key,
                    whole: None,
                    inner: Vec::new(),
                });
                heads.len() - 1
            });
            if let Some(head) = heads.get_mut(at) {
                if rest.is_empty() {
                    head.whole = Some(slot);
                } else {
                    head.inner.push((slot, rest));
                }
            }
        }
        (heads, slots)
    }
}
