//! A section's Python: found, looked at before anything is fetched, and made ready for a run.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::Error;
use super::prepare::{Context, Job};
use crate::config::schema::Description;
use crate::config::{self, Finding, Ini, Section};
use crate::mapping::{self, Checked, Converter, Interpreter, Merged, Programs, Scripts, Tried};
use crate::oomnitza::Oomnitza;

/// The code of a section, in order as far as one can see without running it.
pub struct Python {
    programs: Arc<Programs>,
    checked: Checked,
    wrong: Vec<Finding>,
    interpreter: Interpreter,
}

impl Python {
    /// Finds the code that a section runs, and what is wrong with it. None where it runs none: then no interpreter is loaded.
    pub async fn find(
        ini: &Ini,
        section: &Section,
        description: &Description,
        context: &Context,
    ) -> Result<Option<Self>, Error> {
        let used = converters(section, description);
        let uses = |name: &str| used.iter().any(|converter| converter.to_lowercase() == name);
        let find =
            |uses: &dyn Fn(&str) -> bool| Programs::new(section.record_filter.as_ref(), config::converters(ini), uses);
        let Some(programs) = find(&uses) else {
            return Ok(None);
        };
        let python = Self::new(programs, context).await?;
        // A name that is computed can be that of any converter of the file.
        match find(&|_| true).filter(|_| python.checked.computes_names()) {
            Some(all) => Self::new(all, context).await.map(Some),
            None => Ok(Some(python)),
        }
    }

    async fn new(programs: Programs, context: &Context) -> Result<Self, Error> {
        let loader = context.catalog.loader();
        let catalog = context.catalog.clone();
        // The first time it is unpacked, which takes a while: not on a thread that others wait for.
        let component = tokio::task::spawn_blocking(move || catalog.python())
            .await
            .map_err(|error| Error::Bug(format!("unpacking ended early: {error}")))??;
        let interpreter = Interpreter {
            engine: loader.engine().clone(),
            component,
            limits: loader.limits().clone(),
            // At this time its clock stands.
            now: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        };
        let (checked, wrong) = match programs.check(&interpreter).await {
            Ok(checked) => (checked, Vec::new()),
            Err(mapping::Error::Code(wrong)) => (Checked::default(), wrong),
            Err(error) => return Err(Error::of_mapping(error)),
        };
        Ok(Self {
            programs: Arc::new(programs),
            checked,
            wrong,
            interpreter,
        })
    }

    /// The code.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Everything that is wrong with the code, which cannot run then.
    pub(super) fn wrong(&self) -> &[Finding] {
        &self.wrong
    }

    /// What is read otherwise than it stands there.
    pub fn notes(&self) -> &[Finding] {
        &self.checked.notes
    }

    /// The fields of a record that the code names, as source paths.
    pub(super) fn reads(&self) -> &[String] {
        &self.checked.reads
    }

    /// Runs it on records, JSON objects, without source and Oomnitza: by the mappings of the connector and the ini file, and with no
    /// locations. Ends at the first record on which the code has to be stopped from outside.
    pub async fn try_records(&self, job: &Job, context: &Context, records: &[Vec<u8>]) -> Result<Vec<Tried>, Error> {
        let inputs = mapping::Inputs {
            description: &job.description,
            server: None,
            section: &job.section,
        };
        let (merged, findings) = mapping::merge(&inputs);
        if Finding::are_fatal(&findings) {
            return Err(Error::Config(findings));
        }
        let scripts = self.scripts_with((&merged, &job.section), context, None)?;
        let mut script = scripts.open().await.map_err(Error::of_mapping)?;
        let mut tried = Vec::with_capacity(records.len());
        for (record, index) in records.iter().zip(0..) {
            let one = scripts.try_record(&mut script, record, index).await;
            tried.push(one.map_err(Error::of_mapping)?);
        }
        Ok(tried)
    }

    /// What it does in a run.
    pub(super) async fn scripts(
        &self,
        merged: &Merged,
        section: &Section,
        context: &Context,
        oomnitza: &Oomnitza,
    ) -> Result<Scripts, Error> {
        let locations = if self.checked.calls("location") && !self.programs.defines("location") {
            Some(oomnitza.locations().await?)
        } else {
            None
        };
        self.scripts_with((merged, section), context, locations)
    }

    fn scripts_with(
        &self,
        plan: (&Merged, &Section),
        context: &Context,
        locations: Option<Vec<u8>>,
    ) -> Result<Scripts, Error> {
        let mapper = context.catalog.mapper()?;
        let interpreter = self.interpreter.clone();
        Ok(Scripts::new(
            self.programs.clone(),
            &self.checked,
            interpreter,
            plan,
            mapper,
            locations,
        ))
    }
}

/// What is wrong with the code of `[converters]`, whether or not a section uses it: what no section uses keeps none from running.
pub async fn judge_converters(ini: &Ini, context: &Context) -> Result<Vec<Finding>, Error> {
    let Some(all) = Programs::new(None, config::converters(ini), |_| true) else {
        return Ok(Vec::new());
    };
    let unused = |finding: &Finding| Finding {
        severity: config::Severity::Warning,
        ..finding.clone()
    };
    Ok(Python::new(all, context).await?.wrong().iter().map(unused).collect())
}

/// The converters that a section's mappings name.
fn converters(section: &Section, description: &Description) -> Vec<String> {
    let of_section = section
        .mappings
        .iter()
        .filter_map(|mapping| mapping.converter.as_deref());
    let of_fields = description
        .mappings
        .iter()
        .filter_map(|mapping| mapping.converter.as_deref());
    let of_paths = description.converters.iter().map(|(_, converter)| converter.as_str());
    of_section
        .chain(of_fields)
        .chain(of_paths)
        .filter_map(|text| Some(Converter::parse(text)?.name))
        .collect()
}

impl Error {
    /// What ended the mapping, in the words of whoever can mend it.
    pub(super) fn of_mapping(error: mapping::Error) -> Self {
        match error {
            mapping::Error::Mapper(source) => Self::Mapper(source),
            mapping::Error::Code(findings) => Self::Code(findings),
            mapping::Error::Interpreter { records, source } if !source.is_host_bug() => {
                let (what, hint) = mapping::stopped(&source, records);
                Self::Stopped { what, hint }
            }
            mapping::Error::Interpreter { source, .. } => Self::Mapper(source),
        }
    }
}
