//! BambooHR's API as `docs/connectors/bamboohr.md` describes it, by script.

use oomnitza_sdk::testing::{self, Script, run, wanted};

use super::*;

const URL: &str = "https://api.bamboohr.com/api/gateway.php";
const COMPANY_URL: &str = "https://api.bamboohr.com/api/gateway.php/acme";
const DIRECTORY_URL: &str = "https://api.bamboohr.com/api/gateway.php/acme/v1/employees/directory";
const REPORT_URL: &str = "https://api.bamboohr.com/api/gateway.php/acme/v1/reports/custom?format=json&onlyCurrent=true";

fn settings() -> Settings {
    testing::settings(&[("url", URL), ("system_name", "acme"), ("default_role", "25")])
}

const DIRECTORY_BODY: &str = r#"{"fields":[{"id":"displayName","type":"text","name":"Display name"},{"id":"nickname","type":"text","name":"Nickname"}],
    "employees":[{"id":"4","displayName":"Charlotte Abbott","workEmail":"c@acme","photoUploaded":true,"canUploadPhoto":1,"jobTitle":null},
    {"id":"5","displayName":"Ashley Adams","nickname":"Ash"}]}"#;

/// Status, headers and body of the first answer of a recording.
fn recorded(text: &str) -> (u16, Vec<(String, String)>, String) {
    let recording: Value = serde_json::from_str(text).unwrap();
    let answer = &recording["entries"][0]["response"];
    let headers = answer["headers"].as_object().unwrap();
    let body = match &answer["json"] {
        Value::Null => answer["text"].as_str().unwrap().to_owned(),
        json => json.to_string(),
    };
    (
        u16::try_from(answer["status"].as_u64().unwrap()).unwrap(),
        headers
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
        body,
    )
}

#[test]
fn the_directory_is_read_as_it_stands() {
    let script = Script::default().get(DIRECTORY_URL, "key", 200, &[], DIRECTORY_BODY);
    let outcome = run::<BambooHr>(
        settings(),
        wanted(&["workEmail", "mobilePhone", "jobTitle", "nickname"]),
        script,
    );
    assert_eq!((outcome.error, outcome.pages), (None, vec![2]));
    let directory: Value = serde_json::from_str(DIRECTORY_BODY).unwrap();
    assert_eq!(Value::from(outcome.records), directory["employees"]);
}

#[test]
fn no_employees_are_an_empty_list_or_not_found() {
    let script = Script::default().get(DIRECTORY_URL, "key", 200, &[], r#"{"fields":[],"employees":[]}"#);
    let outcome = run::<BambooHr>(settings(), wanted(&["hireDate"]), script);
    assert_eq!((outcome.error, outcome.records.len(), outcome.log.len()), (None, 0, 0));
    let headers = [("x-bamboohr-error-message", "No employees found")];
    let script = |status, fields: &str| {
        Script::default().get(DIRECTORY_URL, "key", 404, &headers, "").get(
            &format!("{COMPANY_URL}/v1/meta/fields"),
            "key",
            status,
            &[],
            fields,
        )
    };
    for (status, fields) in [(200, "[]"), (403, "")] {
        let outcome = run::<BambooHr>(settings(), wanted(&[]), script(status, fields));
        assert_eq!((outcome.error, outcome.records.len()), (None, 0));
        assert_eq!(
            outcome.log,
            ["Level::Warning: BambooHR has no directory to show: No employees found"]
        );
    }
    let outcome = run::<BambooHr>(settings(), wanted(&[]), script(404, ""));
    assert!(
        matches!(&outcome.error, Some(Error::Setting(name, _)) if name == "system_name"),
        "{:?}",
        outcome.error
    );
    let outcome = run::<BambooHr>(settings(), wanted(&[]), script(503, ""));
    assert!(matches!(outcome.error, Some(Error::Failed(_))), "{:?}", outcome.error);
}

#[test]
fn fields_that_are_not_in_the_directory_come_from_a_report() {
    let report = r#"{"title":"Oomnitza","fields":[{"id":"customField","type":"text","name":"x"},{"id":"hireDate","type":"date","name":"Hired"}],
        "employees":[{"id":"5","customField":"x","hireDate":"0000-00-00"},{"id":"9","customField":"y","hireDate":null},{"customField":"z"}]}"#;
    let script = Script::default()
        .get(DIRECTORY_URL, "key", 200, &[], DIRECTORY_BODY)
        .post(
            REPORT_URL,
            "key",
            r#"{"fields":["customField","hireDate"],"title":"Oomnitza"}"#,
            200,
            &[],
            report,
        );
    let outcome = run::<BambooHr>(
        settings(),
        wanted(&["hireDate", "customField.part", "displayName"]),
        script,
    );
    assert_eq!(outcome.error, None);
    assert_eq!(
        outcome.log,
        [
            "Level::Info: these fields are not in the directory and come from a custom report: customField, hireDate",
            "Level::Warning: employees of the directory that are not in the report: 1 of 2; they are sent without customField, hireDate",
        ]
    );
    assert_eq!(outcome.records.len(), 2, "only those of the directory");
    assert_eq!(outcome.records[0].get("hireDate"), None);
    assert_eq!(
        outcome.records[1],
        json!({"id": "5", "displayName": "Ashley Adams", "nickname": "Ash", "customField": "x", "hireDate": "0000-00-00"})
    );
    let script = Script::default()
        .get(DIRECTORY_URL, "key", 200, &[], DIRECTORY_BODY)
        .post(
            REPORT_URL,
            "key",
            r#"{"fields":["hireDate"],"title":"Oomnitza"}"#,
            403,
            &[("x-bamboohr-error-message", "no permission")],
            "",
        );
    assert_eq!(
        run::<BambooHr>(settings(), wanted(&["hireDate"]), script).error,
        Some(Error::Forbidden(
            "POST /api/gateway.php/acme/v1/reports/custom answered 403: no permission".into()
        ))
    );
}

#[test]
fn what_a_report_lacks_is_told_and_one_with_nobody_ends_the_run() {
    let read = |report: &str| {
        let sent = r#"{"fields":["hireDate"],"title":"Oomnitza"}"#;
        let script = Script::default()
            .get(DIRECTORY_URL, "key", 200, &[], DIRECTORY_BODY)
            .post(REPORT_URL, "key", sent, 200, &[], report);
        run::<BambooHr>(settings(), wanted(&["hireDate"]), script)
    };
    let nobody = read(r#"{"title":"Oomnitza","fields":[],"employees":[]}"#);
    let said = "the report of hireDate has nobody, and the directory has employees: 2; to send them without would empty these fields";
    assert_eq!(nobody.error, Some(Error::Forbidden(said.into())));
    // BambooHR leaves out what the key's owner may not see.
    let hidden = read(r#"{"employees":[{"id":"4"},{"id":"5"}]}"#);
    assert_eq!((hidden.error, hidden.records.len()), (None, 2));
    assert_eq!(
        hidden.log[1..],
        [
            "Level::Warning: the report has these fields of nobody, and they are sent without a value: hireDate; the key's owner may not see them, or there are none of these names"
        ]
    );
}

#[test]
fn a_large_directory_goes_on_in_pages() {
    let employees: Vec<Value> = (0..1_200).map(|id| json!({"id": id.to_string()})).collect();
    let body = json!({"fields": [], "employees": employees}).to_string();
    let script = Script::default().get(DIRECTORY_URL, "key", 200, &[], &body);
    let outcome = run::<BambooHr>(settings(), wanted(&[]), script);
    assert_eq!((outcome.error, outcome.pages), (None, vec![500, 500, 200]));
    assert_eq!(outcome.records, employees);
}

#[test]
fn what_bamboohr_refuses_is_said_with_the_words_of_its_header() {
    let refused = |status, headers: &[(&str, &str)], body: &str| {
        let script = Script::default().get(DIRECTORY_URL, "key", status, headers, body);
        run::<BambooHr>(settings(), wanted(&[]), script)
            .error
            .unwrap()
            .to_string()
    };
    let what = "GET /api/gateway.php/acme/v1/employees/directory answered";
    assert_eq!(
        refused(403, &[("X-BambooHR-Error-Messsage", "API access is off")], ""),
        format!("{what} 403: API access is off")
    );
    assert_eq!(refused(500, &[], "<html>"), format!("{what} 500"));
    assert_eq!(refused(200, &[], ""), format!("{what} 200 with nothing"));
    assert_eq!(
        refused(200, &[], "<?xml version=\"1.0\"?><directory/>"),
        format!("{what} with a web page instead of data")
    );
    for body in ["{}", "{\"employees\":[1]}", "{\"employees\":[{\"id\":"] {
        assert!(
            refused(200, &[], body).starts_with(&format!("{what} something that cannot be read")),
            "{body}"
        );
    }
}

#[test]
fn a_check_asks_for_what_an_upload_reads() {
    let check = |status, headers: &[(&str, &str)], body: &str, fields: Option<u16>| {
        let script = Script::default().get(DIRECTORY_URL, "key", status, headers, body);
        let script = match fields {
            Some(status) => script.get(&format!("{COMPANY_URL}/v1/meta/fields"), "key", status, &[], "[]"),
            None => script,
        };
        testing::check::<BambooHr>(settings(), script)
    };
    assert_eq!(check(200, &[], DIRECTORY_BODY, None), Ok(()));
    let sharing = [("x-bamboohr-error-message", "directory sharing is off")];
    assert_eq!(
        check(403, &sharing, "", None),
        Err(Error::Forbidden(
            "GET /api/gateway.php/acme/v1/employees/directory answered 403: directory sharing is off".into()
        ))
    );
    let (status, headers, body) = recorded(include_str!("../tests/recorded/verifyAuthenticationInvalid.json"));
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        check(status, &headers, &body, None),
        Err(Error::SignIn(
            "GET /api/gateway.php/acme/v1/employees/directory answered 401: API key not provided or invalid".into()
        ))
    );
    assert_eq!(check(404, &[], "", Some(200)), Ok(()), "an empty company");
    let wrong = check(404, &[], "", Some(404));
    assert!(
        matches!(&wrong, Err(Error::Setting(name, why)) if name == "system_name" && why.contains("`url` is `https://api.bamboohr.com/api/gateway.php`")),
        "{wrong:?}"
    );
}
