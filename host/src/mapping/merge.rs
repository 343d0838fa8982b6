//! Which of Oomnitza's fields comes from where.
//!
//! Three layers, later over earlier, key by key: the connector's defaults, Oomnitza's own mappings (which only name a source), and the
//! ini file's. A layer that says where a value comes from replaces what an earlier layer said of that, and leaves the rest
//! (converter, required) as it was.

use super::converter::Converter;
use crate::config::schema::{self, Description, RecordKind};
use crate::config::{Finding, IniMapping, Section, nearest};

/// The setting that gives people their position.
const POSITION_SETTING: &str = "default_position";

/// The field that it gives.
const POSITION: &str = "POSITION";

/// What is merged.
pub struct Inputs<'a> {
    /// The connector's defaults.
    pub description: &'a Description,
    /// Oomnitza's own mappings; none where nobody has asked for them. Then what they could give is not missed.
    pub server: Option<&'a [ServerMapping]>,
    /// The section with the ini file's.
    pub section: &'a Section,
}

/// One of Oomnitza's own mappings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerMapping {
    /// A path in the source's record.
    pub source: String,
    /// Oomnitza's field, upper case.
    pub field: String,
}

/// What holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// Every field, in the order in which it is sent.
    pub fields: Vec<Field>,
    /// Converters by source path, for fields that name none themselves.
    pub converters: Vec<(String, Converter)>,
    /// People keep the positions that Oomnitza gives them.
    pub normal_position: bool,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name, upper case.
    pub name: String,
    /// Where its value comes from.
    pub origin: Origin,
    /// What is done with the value.
    pub converter: Option<Converter>,
    /// A record without it is left out.
    pub required: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A path in the source's record.
    Source(String),
    /// A setting of the section.
    Setting(String),
    /// This JSON value.
    Hardcoded(String),
}

impl Merged {
    /// The source paths that are used, each once.
    pub fn sources(&self) -> Vec<String> {
        let mut sources: Vec<String> = Vec::new();
        for field in &self.fields {
            if let Origin::Source(path) = &field.origin
                && !sources.contains(path)
            {
                sources.push(path.clone());
            }
        }
        sources
    }

    /// The converter that a field's value goes through: its own, else that of its source path.
    pub fn converter<'a>(&'a self, field: &'a Field) -> Option<&'a Converter> {
        let by_path = || match &field.origin {
            Origin::Source(path) => self
                .converters
                .iter()
                .find(|(converted, _)| converted == path)
                .map(|(_, found)| found),
            _ => None,
        };
        field.converter.as_ref().or_else(by_path)
    }

    /// Whether a field's value goes through the converter called `name`.
    pub fn uses(&self, name: &str) -> bool {
        let mut converters = self.fields.iter().filter_map(|field| self.converter(field));
        converters.any(|found| found.name == name)
    }
}

/// A field while it is merged.
#[derive(Default)]
struct Draft {
    name: String,
    origin: Option<Origin>,
    converter: Option<Converter>,
    required: bool,
}

/// Merges what is good, and says everything that is wrong.
pub fn merge(inputs: &Inputs<'_>) -> (Merged, Vec<Finding>) {
    let Inputs {
        description,
        server,
        section,
    } = inputs;
    let normal_position = description.kind == RecordKind::Users
        && section
            .setting(POSITION_SETTING)
            .is_some_and(|position| position.eq_ignore_ascii_case("unused"));
    let mut drafts: Vec<Draft> = Vec::new();
    for mapping in &description.mappings {
        let is_position = mapping.origin == schema::Origin::Setting(POSITION_SETTING.to_owned());
        if !(normal_position && is_position) {
            let draft = draft(&mut drafts, &mapping.field);
            draft.origin = Some(default_origin(&mapping.origin));
            draft.converter = mapping.converter.as_deref().and_then(Converter::parse);
            draft.required = mapping.required;
        }
    }
    let has_position = drafts.iter().any(|draft| draft.name == POSITION);
    if description.kind == RecordKind::Users
        && !normal_position
        && !has_position
        && section.setting(POSITION_SETTING).is_some()
    {
        draft(&mut drafts, POSITION).origin = Some(Origin::Setting(POSITION_SETTING.to_owned()));
    }
    for mapping in server.unwrap_or_default() {
        draft(&mut drafts, &mapping.field).origin = Some(Origin::Source(mapping.source.clone()));
    }
    let mut findings = Vec::new();
    for mapping in &section.mappings {
        let draft = draft(&mut drafts, &mapping.field);
        if let Some(origin) = ini_origin(mapping) {
            draft.origin = Some(origin);
        }
        if let Some(converter) = &mapping.converter {
            draft.converter = Converter::parse(converter);
        }
        draft.required = mapping.required.unwrap_or(draft.required);
    }
    let fields = drafts
        .into_iter()
        .filter_map(|draft| finish(draft, inputs, &mut findings))
        .collect::<Vec<_>>();
    if let (Some(sync_field), true, true) = (
        &section.sync_field,
        description.kind != RecordKind::Users,
        server.is_some(),
    ) && !fields.iter().any(|field| field.name.eq_ignore_ascii_case(sync_field))
    {
        let what = format!("field `{sync_field}` is not mapped, and Oomnitza could not tell records apart");
        let remedy = format!(
            "map it in Oomnitza (System Settings, Integrations, {}) or with `mapping.{sync_field} = {{\"source\": \"…\"}}` in this section",
            description.mapping_name
        );
        findings.push(Finding::error(section.place(Some("sync_field")), what).remedy(remedy));
    }
    let converters = description
        .converters
        .iter()
        .filter_map(|(path, converter)| Some((path.clone(), Converter::parse(converter)?)))
        .collect();
    let merged = Merged {
        fields,
        converters,
        normal_position,
    };
    (merged, findings)
}

fn draft<'a>(drafts: &'a mut Vec<Draft>, field: &str) -> &'a mut Draft {
    let at = drafts
        .iter()
        .position(|draft| draft.name == field)
        .unwrap_or(drafts.len());
    if at == drafts.len() {
        drafts.push(Draft {
            name: field.to_owned(),
            ..Draft::default()
        });
    }
    #[expect(clippy::indexing_slicing, reason = "found, or pushed just above")]
    &mut drafts[at]
}

fn default_origin(origin: &schema::Origin) -> Origin {
    match origin {
        schema::Origin::Source(path) => Origin::Source(path.clone()),
        schema::Origin::Setting(name) => Origin::Setting(name.clone()),
        schema::Origin::Hardcoded(text) => Origin::Hardcoded(serde_json::Value::from(text.as_str()).to_string()),
    }
}

/// In the order in which the old program looked for them.
fn ini_origin(mapping: &IniMapping) -> Option<Origin> {
    if let Some(path) = &mapping.source {
        Some(Origin::Source(path.clone()))
    } else if let Some(name) = &mapping.setting {
        Some(Origin::Setting(name.clone()))
    } else {
        mapping
            .hardcoded
            .as_ref()
            .map(|value| Origin::Hardcoded(value.to_string()))
    }
}

fn finish(draft: Draft, inputs: &Inputs<'_>, findings: &mut Vec<Finding>) -> Option<Field> {
    let section = inputs.section;
    if draft.origin.is_none() && inputs.server.is_none() {
        let what = "does not say where the value comes from, so Oomnitza's own mappings have to";
        let remedy = format!(
            "see them with `check {}`, or add `source`, `setting` or `hardcoded`",
            section.name
        );
        findings.push(Finding::note(section.place_of_mapping(&draft.name), what).remedy(remedy));
        return None;
    }
    let mut refuse = |what: String, remedy: String| {
        findings.push(Finding::error(section.place_of_mapping(&draft.name), what).remedy(remedy));
        None
    };
    let Some(origin) = draft.origin else {
        return refuse(
            "says nothing of where the value comes from".to_owned(),
            "add `source`, `setting` or `hardcoded`".to_owned(),
        );
    };
    if let Origin::Setting(name) = &origin {
        let described = &inputs.description.settings;
        if section.is_secret(name) || described.iter().any(|setting| setting.secret && setting.name == *name) {
            return refuse(
                format!("setting `{name}` is a secret, and secrets are not sent to Oomnitza as data"),
                "map another setting, or use `hardcoded`".to_owned(),
            );
        }
        if section.setting(name).is_none() && !described.iter().any(|setting| setting.name == *name) {
            let known = || {
                described
                    .iter()
                    .filter(|setting| !setting.secret)
                    .map(|setting| setting.name.as_str())
            };
            let remedy = match nearest(name, known()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the section has {}", known().collect::<Vec<_>>().join(", ")),
            };
            return refuse(format!("there is no setting `{name}`"), remedy);
        }
    }
    Some(Field {
        name: draft.name,
        origin,
        converter: draft.converter,
        required: draft.required,
    })
}

#[cfg(test)]
mod tests;
