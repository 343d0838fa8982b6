//! The merged mappings as the mapping component takes them.

use super::converter::Converter;
use super::merge::{Field, Merged, Origin};
use super::scripts::Programs;
use crate::config::{Clock, Section, Zone};
use crate::contract::mapper::exports::oomnitza::connector::mapping as wit;

/// What every mapper of a run works by.
pub struct Plan(pub(super) wit::Plan);

impl Plan {
    /// The plan of a section. `programs` is its code, which makes the values of the fields whose converters it defines, and `locations`
    /// Oomnitza's list, where a converter needs it.
    pub fn new(merged: &Merged, section: &Section, programs: Option<&Programs>, locations: Option<Vec<u8>>) -> Self {
        let is_given = |field: &Field| {
            let defines = |converter: &Converter| programs.is_some_and(|programs| programs.defines(&converter.name));
            merged.converter(field).is_some_and(defines)
        };
        let fields = merged.fields.iter().map(|field| wit::Field {
            name: field.name.clone(),
            origin: match &field.origin {
                _ if is_given(field) => wit::Origin::Given,
                Origin::Source(path) => wit::Origin::Source(path.clone()),
                Origin::Setting(name) => wit::Origin::Setting(name.clone()),
                Origin::Hardcoded(json) => wit::Origin::Hardcoded(json.clone()),
            },
            converter: field.converter.as_ref().filter(|_| !is_given(field)).map(converter),
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
            zone: section.zone.as_ref().map(zone),
        })
    }

    /// The plan of a mapper that converts for code of the ini file; `looks_up` is the converter that code calls and that looks things up.
    pub(super) fn for_code(section: &Section, looks_up: Option<&str>, locations: Option<Vec<u8>>) -> wit::Plan {
        let field = |name: &str| wit::Field {
            name: name.to_owned(),
            origin: wit::Origin::Hardcoded("null".to_owned()),
            converter: Some(wit::Converter {
                name: name.to_owned(),
                parameters: Vec::new(),
            }),
            required: false,
        };
        wit::Plan {
            fields: looks_up.map(field).into_iter().collect(),
            settings: Vec::new(),
            converters: Vec::new(),
            sync_field: None,
            locations,
            zone: section.zone.as_ref().map(zone),
        }
    }
}

fn zone(zone: &Zone) -> wit::Zone {
    wit::Zone {
        first: clock(zone.first),
        changes: zone.changes.iter().map(|(from, to)| (*from, clock(*to))).collect(),
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
