//! A company at BambooHR.

use serde_json::json;

use super::{Answer, Fake};

/// `sample-api-key:x`.
const KEY: &str = "Basic c2FtcGxlLWFwaS1rZXk6eA==";

/// A company with so many employees.
pub fn company(employees: u64) -> Fake {
    Fake::start(move |asked| {
        if asked.header("authorization") != KEY {
            let refusal = Answer::new(401, "text/html; charset=UTF-8", "");
            return Ok(refusal.header("X-BambooHR-Error-Message", "API key not provided or invalid"));
        }
        if asked.header("accept") != "application/json" {
            return Err("it does not accept JSON".to_owned());
        }
        let path = asked
            .target
            .strip_prefix("/api/gateway.php/acme/v1/")
            .ok_or("there is no such company")?;
        match (asked.method.as_str(), path, asked.body.as_str()) {
            ("GET", "meta/fields", "") => Ok(Answer::json(
                200,
                json!([{"id": 1, "name": "First name", "type": "text"}]),
            )),
            ("GET", "employees/directory", "") if employees == 0 => {
                Ok(Answer::new(404, "text/html", "").header("X-BambooHR-Error-Message", "No employees found"))
            }
            ("GET", "employees/directory", "") => Ok(Answer::json(
                200,
                json!({
                    "fields": [{"id": "firstName", "type": "text", "name": "First name"}, {"id": "workEmail", "type": "email", "name": "Work e-mail"}],
                    "employees": (1..=employees).map(|id| match id {
                        1 => json!({"id": "1", "firstName": "Dorothy", "lastName": "Chou", "workEmail": "d@acme", "mobilePhone": "555-0100",
                            "jobTitle": "R&D \"Lead\"", "photoUploaded": true, "canUploadPhoto": 1}),
                        2 => json!({"id": "2", "firstName": null, "lastName": "Holt", "workEmail": null, "jobTitle": null}),
                        _ => json!({"id": id.to_string(), "firstName": "Maja"}),
                    }).collect::<Vec<_>>(),
                }),
            )),
            (
                "POST",
                "reports/custom?format=json&onlyCurrent=true",
                r#"{"fields":["hireDate"],"title":"Oomnitza"}"#,
            ) => Ok(Answer::json(
                200,
                json!({"title": "Oomnitza", "fields": [{"id": "hireDate", "type": "date", "name": "Hire date"}],
                "employees": [{"id": "2", "hireDate": "0000-00-00"}, {"id": "1", "hireDate": "2019-02-11"}]}),
            )),
            _ => Err("there is no such path".to_owned()),
        }
    })
}
