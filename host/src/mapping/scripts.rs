//! Code of the ini file and the component that runs it, page by page, before the mapper sees the page.

use std::sync::Arc;
use std::time::Duration;

use super::error::Error;
use super::mappers::LookUp;
use super::merge::{Merged, Origin};
use super::plan::Plan;
use crate::config::{Finding, OnError, Program, Section};
use crate::contract::mapper::exports::oomnitza::connector::mapping;
use crate::contract::script::exports::oomnitza::connector::scripting as wit;
use crate::redact::clean;
use crate::sandbox::{self, Engine, Limits, Loaded, Mapper, Page, Script};

/// Characters of what code says in a message or the log.
const MOST_CHARACTERS: usize = 2_000;

/// The converter that looks things up outside.
const LOOKS_UP: &str = "mac_model_from_sn";

/// The verdicts on a record.
const LEFT_OUT: u8 = 0;
const STAYS: u8 = 1;
const FAILED: u8 = 2;

/// The code of a section: its filter, and the converters of the file.
#[derive(Debug, Clone)]
pub struct Programs {
    all: Vec<Program>,
    has_filter: bool,
}

/// What is known of code before it runs.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// What is read otherwise than it stands there.
    pub notes: Vec<Finding>,
    /// The fields of a record that it names.
    pub reads: Vec<String>,
    /// The converters that it calls by name; `*` where a name is computed.
    calls: Vec<String>,
}

/// Where the component comes from, how far it may go, and the time that its clock shows, since 1970.
#[derive(Clone)]
pub struct Interpreter {
    /// The engine.
    pub engine: Engine,
    /// The component.
    pub component: Loaded,
    /// Its limits.
    pub limits: Limits,
    /// The time.
    pub now: Duration,
}

impl Programs {
    /// The code of a section: its filter, the converters that it `uses`, and those whose names stand in quotes in any of this. What nobody names
    /// is not there, so that it can neither stop the section nor have things looked up for it. None where nothing is there.
    pub fn new(filter: Option<&Program>, converters: Vec<Program>, uses: impl Fn(&str) -> bool) -> Option<Self> {
        let (mut kept, mut others): (Vec<_>, Vec<_>) =
            converters.into_iter().partition(|converter| uses(&converter.name));
        let mut named: Vec<String> = filter
            .into_iter()
            .chain(&kept)
            .map(|program| program.text.to_lowercase())
            .collect();
        while let Some(text) = named.pop() {
            let names = |name: &str| {
                ['\'', '"']
                    .iter()
                    .any(|quote| text.contains(&format!("{quote}{name}{quote}")))
            };
            let found: Vec<_> = others.extract_if(.., |other| names(&other.name)).collect();
            named.extend(found.iter().map(|program| program.text.to_lowercase()));
            kept.extend(found);
        }
        let all: Vec<Program> = filter.cloned().into_iter().chain(kept).collect();
        (!all.is_empty()).then_some(Self {
            all,
            has_filter: filter.is_some(),
        })
    }

    /// Whether a mapping's converter is one of the file's. They go before the built-in ones, and case does not matter.
    pub fn defines(&self, converter: &str) -> bool {
        let converters = self.all.iter().skip(usize::from(self.has_filter));
        converters
            .into_iter()
            .any(|program| program.name == converter.to_lowercase())
    }

    /// The code itself.
    pub fn texts(&self) -> Vec<String> {
        self.all.iter().map(|program| program.text.clone()).collect()
    }

    /// Whether there is anything wrong with the code, line by line: compiled, but not run.
    pub async fn check(&self, interpreter: &Interpreter) -> Result<Checked, Error> {
        let loaded = match self.open(interpreter).await {
            Ok((_, loaded)) => loaded.map_err(Error::Code)?,
            Err(error) if is_too_deep(&error) => {
                let findings = self.too_deep(interpreter).await;
                return Err(if findings.is_empty() {
                    error
                } else {
                    Error::Code(findings)
                });
            }
            Err(error) => return Err(error),
        };
        Ok(Checked {
            notes: loaded.notes.iter().map(|note| self.warning(note)).collect(),
            reads: loaded.reads.iter().map(|name| clean(name, 200)).collect(),
            calls: loaded.calls,
        })
    }

    /// What is wrong with the programs, each read alone: where one is too much for an interpreter, it does not say which.
    async fn too_deep(&self, interpreter: &Interpreter) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (index, program) in self.all.iter().enumerate() {
            let alone = Self {
                all: vec![program.clone()],
                has_filter: self.has_filter && index == 0,
            };
            match alone.open(interpreter).await {
                Ok((_, loaded)) => findings.extend(loaded.err().unwrap_or_default()),
                Err(error) if is_too_deep(&error) => {
                    let line = program.lines.first().copied().unwrap_or_default();
                    let finding = program.finding(line, "is nested too deeply to be read");
                    findings.push(finding.remedy("write it in smaller pieces, or as a dict"));
                }
                Err(_) => {}
            }
        }
        findings
    }

    async fn open(&self, interpreter: &Interpreter) -> Result<(Script, Result<wit::Loaded, Vec<Finding>>), Error> {
        let Interpreter {
            engine,
            component,
            limits,
            now,
        } = interpreter;
        let (script, loaded) = Script::open(engine, component, limits, *now, &self.wit())
            .await
            .map_err(|source| Error::Interpreter { records: None, source })?;
        let loaded = loaded.map_err(|problems| problems.iter().map(|problem| self.finding(problem)).collect());
        Ok((script, loaded))
    }

    fn wit(&self) -> Vec<wit::Program> {
        let program = |(index, program): (usize, &Program)| wit::Program {
            kind: if index == 0 && self.has_filter {
                wit::Kind::Filter
            } else {
                wit::Kind::Converter
            },
            name: program.name.clone(),
            text: program.text.clone(),
            lines: program.lines.clone(),
        };
        self.all.iter().enumerate().map(program).collect()
    }

    /// What the component says of a line, in the words of the ini file. It is believed no further than that it is a line of the program.
    fn finding(&self, problem: &wit::Problem) -> Finding {
        let what = clean(&problem.what, MOST_CHARACTERS);
        let known = self.all.get(problem.program as usize).or(self.all.first());
        let Some(program) = known else {
            return Finding::error(crate::config::Place::default(), what);
        };
        let line = if program.lines.contains(&problem.line) {
            problem.line
        } else {
            program.lines.first().copied().unwrap_or_default()
        };
        let finding = program.finding(line, what);
        let finding = match &problem.excerpt {
            Some(excerpt) => finding.excerpt(excerpt.lines().map(|line| clean(line, 200)).collect()),
            None => finding,
        };
        match &problem.remedy {
            Some(remedy) => finding.remedy(clean(remedy, MOST_CHARACTERS)),
            None => finding,
        }
    }

    fn warning(&self, problem: &wit::Problem) -> Finding {
        Finding {
            severity: crate::config::Severity::Warning,
            ..self.finding(problem)
        }
    }
}

/// Whether reading code took more stack than there is.
fn is_too_deep(error: &Error) -> bool {
    matches!(
        error,
        Error::Interpreter {
            source: sandbox::Error::StackOverflow,
            ..
        }
    )
}

impl Checked {
    /// Whether the code calls the built-in converter, as far as one can see.
    pub fn calls(&self, converter: &str) -> bool {
        self.computes_names() || self.calls.iter().any(|name| name == converter)
    }

    /// Whether it calls converters whose names it computes.
    pub fn computes_names(&self) -> bool {
        self.calls.iter().any(|name| name == "*")
    }
}

/// What code of the ini file does in one run.
#[derive(Clone)]
pub struct Scripts {
    section: String,
    programs: Arc<Programs>,
    interpreter: Interpreter,
    fields: Vec<wit::Field>,
    /// Oomnitza's names of these fields.
    names: Vec<String>,
    skip: bool,
    /// So many records are wanted.
    limit: u64,
    /// Converts for the code.
    mapper: Loaded,
    converting: mapping::Plan,
}

/// What code makes of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What becomes of it.
    pub judgement: Judgement,
    /// What the code logged and printed.
    pub lines: Vec<String>,
}

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It is sent, with these values of fields, JSON.
    Stays(Vec<(String, String)>),
    /// The filter leaves it out.
    LeftOut,
    /// Code failed: where and why, and what can be done about it.
    Failed(String, Option<String>),
}

/// What code made of a page.
pub(super) struct Judged {
    pub(super) given: mapping::Given,
    /// Why records are left out, by their place, in order.
    pub(super) left_out: Vec<(usize, Verdict)>,
}

/// Why code leaves a record out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Filtered,
    Failed(String, Option<String>),
}

impl Scripts {
    /// What the programs do in a run of a section by its merged mappings. `mapper` is the component with the built-in converters, `locations`
    /// Oomnitza's list, where code needs it.
    pub fn new(
        programs: Arc<Programs>,
        checked: &Checked,
        interpreter: Interpreter,
        (merged, section): (&Merged, &Section),
        mapper: Loaded,
        locations: Option<Vec<u8>>,
    ) -> Self {
        let (names, fields) = fields(&programs, merged, section).into_iter().unzip();
        Self {
            section: section.name.clone(),
            fields,
            names,
            skip: section.on_error == OnError::Skip,
            limit: u64::MAX,
            interpreter,
            mapper,
            converting: Plan::for_code(section, checked.calls(LOOKS_UP).then_some(LOOKS_UP), locations),
            programs,
        }
    }

    /// For a run in which no more records are wanted: code does not see the others.
    pub fn limited(self, limit: Option<u64>) -> Self {
        Self {
            limit: limit.unwrap_or(u64::MAX),
            ..self
        }
    }

    /// An interpreter with the programs loaded.
    pub async fn open(&self) -> Result<Script, Error> {
        let (mut script, loaded) = self.programs.open(&self.interpreter).await?;
        loaded.map_err(Error::Code)?;
        let Interpreter { engine, limits, .. } = &self.interpreter;
        let mapper = Mapper::open(engine, &self.mapper, limits, &self.converting)
            .await
            .map_err(Error::Mapper)?;
        script
            .plan(&self.fields, self.skip, mapper)
            .await
            .map_err(|source| Error::Interpreter { records: None, source })?;
        Ok(script)
    }

    /// Runs the programs on a page whose first record is the run's `first`, counted from 0.
    pub(super) async fn run(
        &self,
        script: &mut Script,
        page: &Page,
        first: u64,
        look_up: &dyn LookUp,
    ) -> Result<Judged, Error> {
        let records = Some((first + 1, first + page.count as u64));
        let failed = |source| Error::Interpreter { records, source };
        let most = u32::try_from(self.limit.saturating_sub(first)).unwrap_or(u32::MAX);
        if !self.converting.fields.is_empty()
            && let Some(mapper) = script.converters()
        {
            // What code may want to know of this page's records is looked up beforehand: code itself reaches nothing.
            let answers = async |questions: Vec<mapping::LookUp>| {
                let keys = questions.into_iter().map(|question| question.key).collect();
                look_up.mac_models(keys).await
            };
            mapper.map(&page.records, None, answers).await.map_err(Error::Mapper)?;
        }
        match script.run(&page.records, first, most).await.map_err(failed)? {
            Ok(outcome) => {
                self.log(&outcome.lines, outcome.suppressed);
                self.judged(page.count, outcome).map_err(failed)
            }
            Err(stopped) => {
                self.log(&stopped.lines, 0);
                let finding = self.programs.finding(&stopped.problem);
                let record = first + u64::from(stopped.index) + 1;
                let what = format!("{} (record {record} of this run)", finding.what);
                Err(Error::Code(vec![Finding { what, ..finding }]))
            }
        }
    }

    /// What the programs make of one record, JSON, for somebody who tries them; `index` is its place among others.
    pub async fn try_record(&self, script: &mut Script, record: &[u8], index: u64) -> Result<Tried, Error> {
        let page = [b"[", record, b"]"].concat();
        let failed = |source| Error::Interpreter { records: None, source };
        let (judgement, lines) = match script.run(&page, index, 1).await.map_err(failed)? {
            Ok(outcome) => {
                let lines = outcome.lines.clone();
                let judged = self.judged(1, outcome).map_err(failed)?;
                let judgement = match judged.left_out.into_iter().next() {
                    Some((_, Verdict::Filtered)) => Judgement::LeftOut,
                    Some((_, Verdict::Failed(what, remedy))) => Judgement::Failed(what, remedy),
                    None => Judgement::Stays(self.named(&judged.given.values)),
                };
                (judgement, lines)
            }
            Err(stopped) => {
                let finding = self.programs.finding(&stopped.problem);
                (Judgement::Failed(finding.to_string(), finding.remedy), stopped.lines)
            }
        };
        Ok(Tried {
            judgement,
            lines: lines.iter().map(|line| clean(&line.text, MOST_CHARACTERS)).collect(),
        })
    }

    /// Values, each with its field.
    fn named(&self, values: &[u8]) -> Vec<(String, String)> {
        let values = values.split(|byte| *byte == b'\n');
        let named = self.names.iter().zip(values);
        named
            .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
            .collect()
    }

    /// What came back, as far as it adds up: code may have got at the component's insides, and does not get further.
    fn judged(&self, count: usize, outcome: wit::Outcome) -> Result<Judged, sandbox::Error> {
        let wrong = || sandbox::Error::Trapped("its answer is not about the records it was given".to_owned());
        let of = |verdict: u8| outcome.verdicts.iter().filter(|each| **each == verdict).count();
        let values = outcome.values.iter().filter(|byte| **byte == b'\n').count();
        if outcome.verdicts.len() != count
            || of(LEFT_OUT) + of(STAYS) + of(FAILED) != count
            || of(FAILED) != outcome.failures.len()
            || values != of(STAYS) * self.fields.len()
        {
            return Err(wrong());
        }
        let mut failures = outcome.failures.iter();
        let mut left_out = Vec::new();
        for (index, verdict) in outcome.verdicts.iter().enumerate() {
            match *verdict {
                STAYS => {}
                FAILED => {
                    let problem = failures.next().ok_or_else(wrong)?;
                    let finding = self.programs.finding(problem);
                    left_out.push((index, Verdict::Failed(finding.to_string(), finding.remedy)));
                }
                _ => left_out.push((index, Verdict::Filtered)),
            }
        }
        let given = mapping::Given {
            verdicts: outcome.verdicts,
            values: outcome.values,
        };
        Ok(Judged { given, left_out })
    }

    /// Writes down what code logged and printed.
    fn log(&self, lines: &[wit::Line], suppressed: u32) {
        let section = self.section.as_str();
        for wit::Line { level, text } in lines {
            let line = clean(text, MOST_CHARACTERS);
            match level {
                ..20 => tracing::debug!(section, code.message = line, "recordfilter or converter"),
                ..30 => tracing::info!(section, code.message = line, "recordfilter or converter"),
                ..40 => tracing::warn!(section, code.message = line, "recordfilter or converter"),
                _ => tracing::error!(section, code.message = line, "recordfilter or converter"),
            }
        }
        if suppressed > 0 {
            tracing::warn!(
                section,
                lines = suppressed,
                "code logged more than it may for one page; suppressed"
            );
        }
    }
}

/// The fields that converters of the file make, in the order in which they are sent.
fn fields(programs: &Programs, merged: &Merged, section: &Section) -> Vec<(String, wit::Field)> {
    let field = |field: &super::merge::Field| {
        let converter = merged.converter(field).filter(|found| programs.defines(&found.name))?;
        let (name, origin) = match &field.origin {
            Origin::Source(path) => (path.clone(), wit::Origin::Source(path.clone())),
            Origin::Setting(setting) => {
                let value = section.setting(setting).map(serde_json::Value::from);
                (
                    field.name.clone(),
                    wit::Origin::Constant(value.unwrap_or_default().to_string()),
                )
            }
            Origin::Hardcoded(json) => (field.name.clone(), wit::Origin::Constant(json.clone())),
        };
        let wanted = wit::Field {
            converter: converter.name.to_lowercase(),
            name,
            origin,
            parameters: converter.parameters.clone(),
        };
        Some((field.name.clone(), wanted))
    };
    merged.fields.iter().filter_map(field).collect()
}
