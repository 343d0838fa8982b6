//! The merged mappings as the mapping component takes them.

use super::converter::Converter;
use super::merge::{Merged, Origin};
use crate::config::{Clock, Section};
use crate::contract::mapper::exports::oomnitza::connector::mapping as wit;

/// What every mapper of a run works by.
pub struct Plan(pub(super) wit::Plan);

impl Plan {
    /// The plan of a section. `locations` is Oomnitza's list, where a converter needs it.
    pub fn new(merged: &Merged, section: &Section, locations: Option<Vec<u8>>) -> Self {
        let fields = merged.fields.iter().map(|field| wit::Field {
            name: field.name.clone(),
            origin: match &field.origin {
                Origin::Source(path) => wit::Origin::Source(path.clone()),
                Origin::Setting(name) => wit::Origin::Setting(name.clone()),
                Origin::Hardcoded(json) => wit::Origin::Hardcoded(json.clone()),
            },
            converter: field.converter.as_ref().map(converter),
            required: field.required,
        });
        Self(wit::Plan {
            fields: fields.collect(),
            settings: section.settings.clone(),
            converters: merged
                .converters
                .iter()
                .map(|(path, found)| (path.clone(), converter(found)))
                .collect(),
            sync_field: section.sync_field.as_ref().map(|field| field.to_uppercase()),
            locations,
            zone: section.zone.as_ref().map(|zone| wit::Zone {
                first: clock(zone.first),
                changes: zone.changes.iter().map(|(from, to)| (*from, clock(*to))).collect(),
            }),
        })
    }
}

fn clock(clock: Clock) -> wit::Clock {
    wit::Clock {
        offset: clock.offset,
        is_summer: clock.is_summer,
    }
}

fn converter(found: &Converter) -> wit::Converter {
    wit::Converter {
        name: found.name.clone(),
        parameters: found.parameters.clone(),
    }
}
