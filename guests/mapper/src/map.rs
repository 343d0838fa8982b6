//! A page of records, mapped.

use std::collections::BTreeMap;

use crate::bindings::exports::oomnitza::connector::mapping as wit;
use crate::converters::{Converted, is_empty};
use crate::given::Given;
use crate::hash::fnv1a;
use crate::plan::{Origin, Plan};
use crate::reader::Reader;
use guest_json::{self as json, Cursor, Malformed};

/// Characters of an unknown value that are reported.
const UNKNOWN_CHARACTERS: usize = 200;

/// Kinds of odd and unknown values that are reported for one page.
const MOST_KINDS: usize = 1_000;

/// A mapper at work.
pub(crate) struct Mapping {
    plan: Plan,
    /// A page that waits for its look-ups, and what was asked.
    waiting: Option<(Vec<u8>, Option<wit::Given>, Vec<String>)>,
}

impl Mapping {
    pub(crate) fn new(plan: wit::Plan) -> Result<Self, wit::Error> {
        Ok(Self {
            plan: Plan::new(plan)?,
            waiting: None,
        })
    }

    pub(crate) fn plan_mut(&mut self) -> &mut Plan {
        &mut self.plan
    }

    pub(crate) fn map_page(&mut self, page: Vec<u8>, given: Option<wit::Given>) -> Result<wit::Outcome, wit::Error> {
        let questions = self.questions(&page, given.as_ref())?;
        if questions.is_empty() {
            return Ok(wit::Outcome::Mapped(self.map(&page, given.as_ref())?));
        }
        let look_ups = questions
            .iter()
            .map(|key| wit::LookUp {
                table: wit::Table::MacModel,
                key: key.clone(),
            })
            .collect();
        self.waiting = Some((page, given, questions));
        Ok(wit::Outcome::LookUp(look_ups))
    }

    pub(crate) fn resolve(&mut self, answers: Vec<Option<String>>) -> Result<wit::Mapped, wit::Error> {
        let Some((page, given, questions)) = self.waiting.take() else {
            return Err(wit::Error::State("nothing was asked".to_owned()));
        };
        if answers.len() != questions.len() {
            return Err(wit::Error::State(format!(
                "{} questions have {} answers",
                questions.len(),
                answers.len()
            )));
        }
        self.plan.tables.models.extend(questions.into_iter().zip(answers));
        self.map(&page, given.as_ref())
    }

    /// What has to be looked up before a page can be mapped. Most plans look nothing up.
    fn questions(&self, page: &[u8], given: Option<&wit::Given>) -> Result<Vec<String>, wit::Error> {
        let asking: Vec<_> = self
            .plan
            .fields
            .iter()
            .filter_map(|field| field.converter.as_ref())
            .filter(|converter| converter.name() == "mac_model_from_sn")
            .collect();
        if asking.is_empty() {
            return Ok(Vec::new());
        }
        let mut questions = BTreeMap::new();
        let mut slots = vec![None; self.plan.slots];
        let mut given = Given::new(given);
        let mut reader = Reader::new(&self.plan.heads);
        Cursor::new(page).each(|cursor| {
            let stays = given.stays();
            if reader.read(cursor, &mut slots)?.is_ok() && stays {
                for question in asking.iter().filter_map(|converter| converter.question(&slots)) {
                    if !self.plan.tables.models.contains_key(&question) {
                        questions.insert(question, ());
                    }
                }
            }
            Ok::<(), NotAPage>(())
        })?;
        Ok(questions.into_keys().collect())
    }

    fn map(&self, page: &[u8], given: Option<&wit::Given>) -> Result<wit::Mapped, wit::Error> {
        let mut out = Output {
            mapped: wit::Mapped {
                records: Vec::with_capacity(page.len()),
                ends: Vec::new(),
                keys: Vec::new(),
                count: 0,
                left_out: Vec::new(),
                odd_values: Vec::new(),
                unknown: Vec::new(),
            },
            odd: BTreeMap::new(),
            unknown: BTreeMap::new(),
        };
        let mut slots = vec![None; self.plan.slots];
        let mut given = Given::new(given);
        let mut values = vec![None; self.plan.given];
        let mut reader = Reader::new(&self.plan.heads);
        let mut cursor = Cursor::new(page);
        cursor.each(|cursor| {
            let index = out.mapped.count;
            out.mapped.count += 1;
            if !given.stays() {
                cursor.value()?;
                return Ok(());
            }
            given.values(&mut values);
            let start = out.mapped.records.len();
            let written = reader
                .read(cursor, &mut slots)?
                .and_then(|()| self.write(&reader, &slots, &values, &mut out));
            match written {
                Ok(key) => {
                    // A page has at most 8 MiB, and what is made of it is not much more.
                    out.mapped
                        .ends
                        .push(u32::try_from(out.mapped.records.len()).unwrap_or(u32::MAX));
                    out.mapped.keys.push(key);
                }
                Err(reason) => {
                    out.mapped.records.truncate(start);
                    out.mapped.left_out.push(wit::LeftOut { index, reason });
                }
            }
            Ok::<(), NotAPage>(())
        })?;
        if cursor.peek().is_some() {
            return Err(NotAPage.into());
        }
        Ok(out.finish())
    }

    /// Writes the record that the slots make; its key is what tells it apart.
    fn write(
        &self,
        reader: &Reader<'_, '_>,
        slots: &[Option<&[u8]>],
        given: &[Option<&[u8]>],
        out: &mut Output,
    ) -> Result<u64, wit::Reason> {
        let start = out.mapped.records.len();
        let mut missing = Vec::new();
        let mut key = None;
        for (index, field) in self.plan.fields.iter().enumerate() {
            let value = match &field.origin {
                Origin::Slot(slot) => slots.get(*slot).copied().flatten(),
                Origin::Constant(value) => Some(value.as_slice()),
                Origin::Given(index) => given.get(*index).copied().flatten(),
            };
            let converted = match &field.converter {
                None => value.map_or(Converted::Null, Converted::Same),
                Some(converter) => converter.convert(value, slots, &self.plan.tables),
            };
            let records = &mut out.mapped.records;
            append(records, &field.prefix);
            let value_start = records.len();
            match &converted {
                Converted::Same(value) | Converted::Unknown(value) => {
                    let is_plain = field.converter.is_none()
                        && matches!(field.origin, Origin::Slot(slot) if reader.is_plain(slot));
                    if !is_plain && !json::is_valid(value) {
                        return Err(wit::Reason::Unusable(format!(
                            "its value for {} is not well-formed JSON",
                            field.name
                        )));
                    }
                    append(records, value);
                }
                Converted::Json(value) => append(records, value),
                Converted::Null | Converted::Odd(_) => records.extend_from_slice(b"null"),
            }
            let written = records.get(value_start..).unwrap_or_default();
            if field.required && is_empty(written) {
                missing.push(field.name.clone());
            }
            if self.plan.key == Some(index) {
                key = Some(fnv1a(written));
            }
            if let Some(converter) = &field.converter {
                match converted {
                    Converted::Odd(problem) => out.note_odd(&field.name, converter.name(), problem),
                    Converted::Unknown(value) => out.note_unknown(converter.name(), value),
                    _ => {}
                }
            }
        }
        let records = &mut out.mapped.records;
        if self.plan.fields.is_empty() {
            records.push(b'{');
        }
        records.push(b'}');
        if !missing.is_empty() {
            return Err(wit::Reason::Missing(missing));
        }
        Ok(key.unwrap_or_else(|| fnv1a(records.get(start..).unwrap_or_default())))
    }
}

/// Adds a few bytes. In a sandbox a copy of unknown length is a call of the engine, which for a short one costs more than the copy.
fn append(records: &mut Vec<u8>, bytes: &[u8]) {
    const SHORT: usize = 64;
    if bytes.len() > SHORT {
        return records.extend_from_slice(bytes);
    }
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        records.extend_from_slice(word);
    }
    match bytes.last_chunk::<8>() {
        // The end once more, over what is there of it.
        Some(end) if !rest.is_empty() => {
            records.truncate(records.len() - (end.len() - rest.len()));
            records.extend_from_slice(end);
        }
        _ => records.extend(rest.iter().copied()),
    }
}

/// The page is not a JSON array.
struct NotAPage;

impl From<Malformed> for NotAPage {
    fn from(_: Malformed) -> Self {
        Self
    }
}

impl From<NotAPage> for wit::Error {
    fn from(_: NotAPage) -> Self {
        Self::Page("it is not a JSON array".to_owned())
    }
}

/// A mapped page while it is made.
struct Output {
    mapped: wit::Mapped,
    odd: BTreeMap<(String, &'static str, &'static str), u32>,
    unknown: BTreeMap<(&'static str, String), u32>,
}

impl Output {
    fn note_odd(&mut self, field: &str, converter: &'static str, problem: &'static str) {
        if self.odd.len() < MOST_KINDS {
            *self.odd.entry((field.to_owned(), converter, problem)).or_default() += 1;
        }
    }

    fn note_unknown(&mut self, converter: &'static str, value: &[u8]) {
        if self.unknown.len() < MOST_KINDS {
            let text = json::text(value).unwrap_or_else(|| String::from_utf8_lossy(value).into_owned());
            let text = text.chars().take(UNKNOWN_CHARACTERS).collect();
            *self.unknown.entry((converter, text)).or_default() += 1;
        }
    }

    fn finish(mut self) -> wit::Mapped {
        self.mapped.odd_values = self
            .odd
            .into_iter()
            .map(|((field, converter, problem), count)| wit::OddValue {
                field,
                converter: converter.to_owned(),
                problem: problem.to_owned(),
                count,
            })
            .collect();
        self.mapped.unknown = self
            .unknown
            .into_iter()
            .map(|((converter, value), count)| wit::Unknown {
                converter: converter.to_owned(),
                value,
                count,
            })
            .collect();
        self.mapped
    }
}

#[cfg(test)]
mod tests;
