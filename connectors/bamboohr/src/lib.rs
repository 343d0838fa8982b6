//! BambooHR: the employees of a company's directory (`/v1/employees/directory`).
//!
//! Facts that shape it: a refusal has no body, a header says why; an empty directory is a 404, and so is a company that there is not; which fields an employee has there is the
//! company's choice, and the others come from a report (docs/connectors/bamboohr.md).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use oomnitza_sdk::encode;
use oomnitza_sdk::prelude::*;
use oomnitza_sdk::serde_json::{Map, Value, json};

/// The directory comes in one piece, and goes on in pages of so many employees.
const PAGE: usize = 500;

/// Fields of the directory that a company can hide: a report would not show them either.
const DIRECTORY: [&str; 19] = [
    "canUploadPhoto",
    "department",
    "displayName",
    "division",
    "firstName",
    "id",
    "jobTitle",
    "lastName",
    "linkedIn",
    "location",
    "mobilePhone",
    "photoUploaded",
    "photoUrl",
    "preferredName",
    "pronouns",
    "supervisor",
    "workEmail",
    "workPhone",
    "workPhoneExtension",
];

static RATE_LIMIT: RateLimit = RateLimit::seconds("retry-after", "x-ratelimit-limit");

/// A run through a company's directory.
pub struct BambooHr {
    company: String,
    wanted: Vec<String>,
    /// Employees that are still to be handed over, once they are there.
    employees: Option<VecDeque<Map<String, Value>>>,
}

impl Connector for BambooHr {
    fn describe() -> Description {
        Description::users("bamboohr", "BambooHR", "BambooHR")
            .setting(
                Setting::text("url", "URL", "The address of BambooHR's API")
                    .default("https://api.bamboohr.com/api/gateway.php"),
            )
            .setting(
                Setting::text(
                    "system_name",
                    "System name",
                    "The first part of your company's address, before `.bamboohr.com`",
                )
                .example("YOUR BambooHR SYSTEM NAME"),
            )
            .setting(
                Setting::text(
                    "api_token",
                    "API token",
                    "An API key of a user who may see the directory (account menu, API Keys)",
                )
                .example("YOUR BambooHR API TOKEN")
                .secret(),
            )
            .setting(Setting::default_role())
            .endpoint("{url}/{system_name}", "the company's directory")
            .basic_auth("key", "{api_token}", "x")
            .map("USER", source("workEmail"))
            .map("FIRST_NAME", source("firstName"))
            .map("LAST_NAME", source("lastName"))
            .map("EMAIL", source("workEmail"))
            .map("PHONE", source("mobilePhone"))
            .map("POSITION", source("jobTitle"))
            .map("PERMISSIONS_ID", setting("default_role"))
    }

    fn check(settings: Settings) -> Result<()> {
        // What an upload asks for: whose key it is need not say whether it may see the directory.
        match directory(&company(&settings)?)? {
            Some(answer) => answer.json::<List>().map(drop),
            None => Ok(()),
        }
    }

    fn open(settings: Settings, _cursor: Option<String>, wanted: Wanted) -> Result<Self> {
        Ok(Self {
            company: company(&settings)?,
            wanted: wanted.members().map(str::to_owned).collect(),
            employees: None,
        })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        let employees = match &mut self.employees {
            Some(employees) => employees,
            None => {
                let employees = self.directory()?;
                self.employees.insert(employees)
            }
        };
        if employees.is_empty() {
            return Ok(None);
        }
        let mut page = Page::with_capacity(0);
        for employee in employees.drain(..employees.len().min(PAGE)) {
            page.push_value(&employee)?;
        }
        Ok(Some(page))
    }
}

impl BambooHr {
    /// The employees of the directory, with the fields that mappings use.
    fn directory(&self) -> Result<VecDeque<Map<String, Value>>> {
        let Some(answer) = directory(&self.company)? else {
            return Ok(VecDeque::new());
        };
        let directory: List = answer.json()?;
        let known: BTreeSet<&str> = directory
            .fields
            .iter()
            .filter_map(|field| field.name())
            .chain(DIRECTORY)
            .collect();
        let missing: BTreeSet<&str> = self
            .wanted
            .iter()
            .map(String::as_str)
            .filter(|name| !known.contains(name))
            .collect();
        let mut employees = directory.employees;
        if !missing.is_empty() && !employees.is_empty() {
            self.add(&mut employees, missing)?;
        }
        Ok(employees.into())
    }

    /// Adds fields that the directory does not have, from a report of all employees.
    fn add(&self, employees: &mut [Map<String, Value>], missing: BTreeSet<&str>) -> Result<()> {
        let names = missing.iter().copied().collect::<Vec<_>>().join(", ");
        info!("these fields are not in the directory and come from a custom report: {names}");
        let url = format!("{}/v1/reports/custom?format=json&onlyCurrent=true", self.company);
        let body = json!({"title": "Oomnitza", "fields": missing}).to_string();
        let request = Request::post(url, body)
            .header("Content-Type", "application/json")
            .repeatable();
        let answer = accept(send(request)?)?;
        let report: List = answer.json()?;
        let all = employees.len();
        if report.employees.is_empty() {
            return Err(Error::Forbidden(format!(
                "the report of {names} has nobody, and the directory has employees: {all}; to send them without would empty these fields"
            )));
        }
        let mut rows: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for row in report.employees {
            if let Some(id) = id(&row) {
                rows.insert(id, row);
            }
        }
        let hidden: Vec<&str> = missing
            .into_iter()
            .filter(|name| !rows.values().any(|row| row.contains_key(*name)))
            .collect();
        if !hidden.is_empty() {
            warning!(
                "the report has these fields of nobody, and they are sent without a value: {}; the key's owner may not see them, or there are none of these names",
                hidden.join(", ")
            );
        }
        let mut lacking = 0;
        for employee in employees {
            let Some(row) = id(employee).and_then(|id| rows.remove(&id)) else {
                lacking += 1;
                continue;
            };
            for (name, value) in row {
                employee.entry(name).or_insert(value);
            }
        }
        if lacking > 0 {
            warning!(
                "employees of the directory that are not in the report: {lacking} of {all}; they are sent without {names}"
            );
        }
        Ok(())
    }
}

/// The answer that holds a company's directory; none where that is empty.
fn directory(company: &str) -> Result<Option<Response>> {
    let answer = send(Request::get(format!("{company}/v1/employees/directory")))?;
    if answer.status != 404 {
        return accept(answer).map(Some);
    }
    match fields(company) {
        // Who may not see the fields is told so by a company that there is.
        Ok(()) | Err(Error::Forbidden(_)) => {}
        Err(error) => return Err(error),
    }
    warning!(
        "BambooHR has no directory to show: {}",
        said(&answer).unwrap_or_else(|| "it is empty".to_owned())
    );
    Ok(None)
}

/// An employee's id, which is a text nearly everywhere.
fn id(employee: &Map<String, Value>) -> Option<String> {
    match employee.get("id")? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

fn company(settings: &Settings) -> Result<String> {
    Ok(format!(
        "{}/{}",
        settings.address("url")?,
        encode(settings.text("system_name")?)
    ))
}

/// Asks for what every company has: an empty directory and a company that there is not are both 404.
fn fields(company: &str) -> Result<()> {
    let answer = send(Request::get(format!("{company}/v1/meta/fields")))?;
    if answer.status == 404 {
        let why = "BambooHR knows no company of this name: it has neither a directory nor fields (404); `url` is `https://api.bamboohr.com/api/gateway.php` for every company, and not an address with the company's name";
        return Err(Error::setting("system_name", why));
    }
    is_data(answer)
}

/// Whether an answer is one of the API's, whatever it says.
fn is_data(answer: Response) -> Result<()> {
    accept(answer)?.json::<&RawValue>().map(drop)
}

fn send(request: Request) -> Result<Response> {
    // Without it the answer is XML.
    request
        .header("Accept", "application/json")
        .auth("key")
        .rate_limit(&RATE_LIMIT)
        .send()
}

fn accept(answer: Response) -> Result<Response> {
    answer.success_or_said(said)
}

/// What BambooHR says when it refuses: in a header, which it spells in two ways.
fn said(answer: &Response) -> Option<String> {
    let header = answer.header("x-bamboohr-error-message");
    header
        .or_else(|| answer.header("x-bamboohr-error-messsage"))
        .map(str::to_owned)
}

/// A directory or a report.
#[derive(Deserialize)]
struct List {
    #[serde(default)]
    fields: Vec<Field>,
    employees: Vec<Map<String, Value>>,
}

/// A field that it has.
#[derive(Deserialize)]
struct Field {
    #[serde(default)]
    id: Value,
}

impl Field {
    fn name(&self) -> Option<&str> {
        self.id.as_str()
    }
}

oomnitza_sdk::export!(BambooHr);

#[cfg(test)]
mod tests;
