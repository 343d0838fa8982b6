//! From the names on the command line to sections of the file.

use super::finding::Finding;
use super::ini::{CONVERTERS, Ini, RawSection};
use super::section::enabled;
use super::suggest::nearest;

/// Sections that are no connectors.
const NO_CONNECTORS: [&str; 2] = ["oomnitza", CONVERTERS];

/// The sections that are connectors', in the order of the file.
pub fn connector_sections(ini: &Ini) -> impl Iterator<Item = &RawSection> {
    let is_one = |section: &&RawSection| !NO_CONNECTORS.contains(&section.name.as_str());
    ini.sections.iter().filter(is_one)
}

/// The section called `name`, if it can be run.
pub fn select<'a>(ini: &'a Ini, name: &str) -> Result<&'a RawSection, Finding> {
    let sections = || connector_sections(ini).map(|section| section.name.as_str());
    let Some(section) = connector_sections(ini).find(|section| section.name == name) else {
        let mut place = ini.place();
        place.section = Some(name.to_owned());
        let what = if NO_CONNECTORS.contains(&name) {
            "is no section of a connector"
        } else {
            "there is no such section"
        };
        let finding = Finding::error(place, what);
        return Err(match nearest(name, sections()) {
            Some(meant) => finding.remedy(format!("did you mean `{meant}`?")),
            None => {
                let known: Vec<&str> = sections().collect();
                if known.is_empty() {
                    finding.remedy("the file has no section for a connector yet; `oomnitza-connector generate-ini --ini example.ini` writes all of them")
                } else {
                    finding.remedy(format!("the sections are {}", known.join(", ")))
                }
            }
        });
    };
    if enabled(ini, section)? {
        Ok(section)
    } else {
        let line = section.entry("enable").map_or(section.line, |entry| entry.line);
        Err(
            Finding::error(ini.place().at(line, name, Some("enable")), "the section is disabled")
                .remedy("set `enable = True` to run it"),
        )
    }
}
