//! `--show-mappings`: which of Oomnitza's fields comes from where, as one would write it into the ini file.

use serde::Serialize;
use serde_json::{Map, Value};

use super::args::Common;
use super::exit::Exit;
use super::open::{Opened, open, say_sign_in};
use super::output::{json, print, tell};
use super::report;
use crate::catalog::BuiltIn;
use crate::config;
use crate::logging::Gravity;
use crate::mapping::{Field, Merged, Origin};
use crate::oomnitza::Oomnitza;
use crate::redact::clean;
use crate::run::{Error, Report, prepare_mappings};

pub(super) async fn show(names: &[String], common: &Common, built_in: &'static [BuiltIn]) -> Exit {
    let opened = match open(common, built_in) {
        Ok(opened) => opened,
        Err(error) => {
            failed(names, &error, common.json);
            return error.blame().into();
        }
    };
    let names = if names.is_empty() {
        enabled(&opened)
    } else {
        names.to_vec()
    };
    if names.is_empty() {
        tell(
            Gravity::Error,
            None,
            "error: no section is enabled\nhint: set `enable = True` in the sections to run, or name one",
        );
        return Exit::Config;
    }
    let oomnitza = match opened.sign_in().await {
        Ok(oomnitza) => oomnitza,
        Err(error) => {
            say_sign_in(&error);
            failed(&names, &error, common.json);
            return error.blame().into();
        }
    };
    let mut reports = Vec::new();
    for name in names {
        match section(&name, &opened, &oomnitza, common.json).await {
            Ok(text) if !print(&text) => break,
            Ok(_) => reports.push(Report::new(&name)),
            Err(error) => {
                tell(Gravity::Error, Some(&name), &report::failure(&clean(&name, 80), &error));
                failed(std::slice::from_ref(&name), &error, common.json);
                reports.push(Report::failed(&name, error));
            }
        }
    }
    Exit::of(&reports)
}

fn enabled(opened: &Opened) -> Vec<String> {
    config::connector_sections(&opened.ini)
        .filter(|section| config::enabled(&opened.ini, section) == Ok(true))
        .map(|section| section.name.clone())
        .collect()
}

/// What people are told of on standard error, for machines.
fn failed(names: &[String], error: &Error, is_json: bool) {
    for name in names.iter().filter(|_| is_json) {
        print(&report::failed_for_machines(name, error));
    }
}

async fn section(name: &str, opened: &Opened, oomnitza: &Oomnitza, is_json: bool) -> Result<String, Error> {
    let job = opened.job(name).await?;
    let merged = prepare_mappings(&job, oomnitza).await?;
    if is_json {
        let mappings = merged
            .fields
            .iter()
            .map(|field| (field.name.clone(), value(field, &merged)));
        return Ok(json(&Machine {
            section: name,
            status: "done",
            name: job.mapping_name(),
            mappings: mappings.collect(),
        }));
    }
    Ok(format!(
        "# {}: {}\n{}",
        clean(name, 80),
        job.mapping_name(),
        table(name, &merged)
    ))
}

/// A section's mappings as JSON (docs/reports.md).
#[derive(Serialize)]
struct Machine<'a> {
    section: &'a str,
    status: &'static str,
    name: &'a str,
    mappings: Map<String, Value>,
}

fn table(name: &str, merged: &Merged) -> String {
    let width = merged.fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
    let mut text = format!("[{}]\n", clean(name, 80));
    for field in &merged.fields {
        text.push_str(&format!(
            "mapping.{:<width$} = {}\n",
            clean(&field.name, 80),
            clean(&value(field, merged).to_string(), 2_000)
        ));
    }
    text
}

fn value(field: &Field, merged: &Merged) -> Value {
    let mut object = Map::new();
    let by_path = match &field.origin {
        Origin::Source(path) => {
            object.insert("source".to_owned(), path.as_str().into());
            merged
                .converters
                .iter()
                .find(|(converted, _)| converted == path)
                .map(|(_, converter)| converter)
        }
        Origin::Setting(name) => {
            object.insert("setting".to_owned(), name.as_str().into());
            None
        }
        Origin::Hardcoded(json) => {
            object.insert(
                "hardcoded".to_owned(),
                serde_json::from_str(json).unwrap_or(Value::Null),
            );
            None
        }
    };
    if let Some(converter) = field.converter.as_ref().or(by_path) {
        object.insert("converter".to_owned(), converter.to_string().into());
    }
    if field.required {
        object.insert("required".to_owned(), true.into());
    }
    Value::Object(object)
}
