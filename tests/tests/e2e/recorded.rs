//! What vendors' own servers once answered, to Oomnitza: what is asked, in its order, and what is uploaded, whole. The answers are those in
//! `connectors/*/tests/recorded`; what had to be added to them is said where it stands.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Mutex;

use insta::assert_snapshot;
use oomnitza_tests::{Answer, Fake, Trial};
use serde_json::Value;
use url::Url;

/// A request and its answer.
struct Step {
    line: String,
    headers: Vec<(&'static str, &'static str)>,
    answer: Answer,
}

fn asked(line: impl Into<String>, headers: &[(&'static str, &'static str)], answer: Answer) -> Step {
    Step {
        line: line.into(),
        headers: headers.to_vec(),
        answer,
    }
}

/// Whether a request is for one device's details, which are asked for side by side.
fn is_beside(line: &str) -> bool {
    line.contains("/id/")
}

/// A server that answers these requests, in this order, and no others.
fn vendor(steps: Vec<Step>) -> Fake {
    let steps = Mutex::new(VecDeque::from(steps));
    Fake::start(move |asked| {
        let mut steps = steps.lock().unwrap();
        let first = steps.front().ok_or("nothing more is asked")?.line.clone();
        let line = format!("{} {}", asked.method, asked.target);
        let mut next = steps
            .iter()
            .take_while(|step| step.line == first || is_beside(&first) && is_beside(&step.line));
        let at = next.position(|step| step.line == line);
        let step = at
            .and_then(|at| steps.remove(at))
            .ok_or(format!("it should be {first}"))?;
        for (name, value) in step.headers {
            if asked.header(name) != value {
                return Err(format!("its {name} is `{}`", asked.header(name)));
            }
        }
        Ok(step.answer)
    })
}

/// What it was asked. What is asked side by side stands in the order of its names.
fn requests(source: &Fake) -> String {
    let mut requests: Vec<String> = Vec::new();
    for line in source.story().lines() {
        match requests.last_mut().filter(|_| line.starts_with("  ")) {
            Some(request) => *request += &format!("{line}\n"),
            None => requests.push(format!("{line}\n")),
        }
    }
    for beside in requests.chunk_by_mut(|left, right| is_beside(left) && is_beside(right)) {
        beside.sort();
    }
    requests.concat()
}

/// A file below `connectors`.
fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What was answered at a path, in a file that keeps requests beside their answers.
fn recorded(name: &str, path: &str) -> Answer {
    let recording: Value = serde_json::from_str(&file(name)).unwrap();
    let mut entries = recording["entries"].as_array().unwrap().iter();
    let entry = entries.find(|entry| {
        let url = Url::parse(entry["request"]["url"].as_str().unwrap()).unwrap();
        url.path() == path
    });
    let response = &entry.unwrap_or_else(|| panic!("nothing was recorded at {path}"))["response"];
    let body = match response.get("json") {
        Some(body) => body.to_string(),
        None => response["text"].as_str().unwrap().to_owned(),
    };
    let answer = Answer {
        status: response["status"].as_u64().unwrap().try_into().unwrap(),
        body,
        ..Answer::default()
    };
    let headers = response["headers"].as_object().unwrap();
    headers.iter().fold(answer, |answer, (name, value)| {
        answer.header(name, value.as_str().unwrap())
    })
}

/// What a run that went well asked and uploaded. Members of lists stand on lines of their own.
fn story(trial: &Trial, source: &Fake) -> String {
    assert_eq!(source.violations(), Vec::<String>::new(), "{}", trial.output);
    assert_eq!(trial.output.code, Some(0), "{}", trial.output);
    let uploads = trial.uploads.iter().map(|(target, body)| {
        let body = body.to_string().replace("},{", "},\n{");
        format!("----- upload {target}\n{body}\n")
    });
    requests(source) + &uploads.collect::<String>()
}

/// What was asked by a check, and what it said.
fn check(section: &str, settings: &str, steps: Vec<Step>) -> String {
    let source = vendor(steps);
    let trial = Trial::run(&["check", section], section, settings, &source);
    assert_eq!(source.violations(), Vec::<String>::new(), "{}", trial.output);
    format!("{}{}", requests(&source), trial.output)
}

mod airwatch {
    use super::*;

    const SETTINGS: &str = "url = URL\nusername = api\npassword = sample-password\napi_token = sample-tenant-code\n\
        sync_field = SERIAL\nmapping.SERIAL = SerialNumber\nmapping.NAME = DeviceFriendlyName\nmapping.GROUP = LocationGroupId.Id.Value\n\
        mapping.ROOTED = CompromisedStatus\nmapping.SEEN = LastSeen\nmapping.MEMORY = TotalPhysicalMemory\nmapping.IMEI = Imei\n";
    const TENANT: (&str, &str) = ("aw-tenant-code", "sample-tenant-code");
    /// `api:sample-password`.
    const ACCOUNT: (&str, &str) = ("authorization", "Basic YXBpOnNhbXBsZS1wYXNzd29yZA==");
    const JSON: (&str, &str) = ("accept", "application/json");

    fn get(path: &str, answer: Answer) -> Step {
        asked(
            format!("GET /api/v1/mdm/devices/{path}"),
            &[TENANT, ACCOUNT, JSON],
            answer,
        )
    }

    /// One of the recorded refusals.
    fn refusal(status: u16, which: &str) -> Answer {
        let refusals: Value = serde_json::from_str(&file("airwatch/tests/recorded/errors.json")).unwrap();
        Answer::json(status, &refusals[which])
    }

    #[test]
    fn devices_arrive_with_their_networks() {
        let devices = file("airwatch/tests/recorded/devices_search_resp.json");
        let network = || get("macaddress/ABABABABABAB/network", refusal(404, "device_not_found_404"));
        let source = vendor(vec![
            get("search?pagesize=500&page=0", Answer::json(200, devices)),
            network(),
            network(),
        ]);
        let settings = format!("{SETTINGS}mapping.IP = network.IPAddress.WifiIPAddress\n");
        assert_snapshot!(story(&Trial::of("airwatch", &settings, &source), &source));
    }

    #[test]
    fn a_tenant_without_devices_is_no_failure() {
        let steps = "airwatch/tests/recorded/steps.json";
        let nothing = recorded(steps, "/API/mdm/devices/search");
        assert_eq!(nothing.status, 204);
        let source = vendor(vec![get("search?pagesize=500&page=0", nothing)]);
        assert_snapshot!(story(&Trial::of("airwatch", SETTINGS, &source), &source));
    }

    #[test]
    fn refusals_are_told() {
        let check = |status, which| {
            check(
                "airwatch",
                SETTINGS,
                vec![get("search?pagesize=1&page=0", refusal(status, which))],
            )
        };
        assert_snapshot!(check(403, "invalid_api_key") + &check(401, "invalid_username_password"));
    }
}

mod bamboohr {
    use super::*;

    const SETTINGS: &str =
        "url = URL/api/gateway.php\nsystem_name = acme\napi_token = sample-api-key\ndefault_role = 25\n";
    /// `sample-api-key:x`.
    const KEY: (&str, &str) = ("authorization", "Basic c2FtcGxlLWFwaS1rZXk6eA==");

    fn get(path: &str, answer: Answer) -> Step {
        let line = format!("GET /api/gateway.php/acme/v1/{path}");
        asked(line, &[KEY, ("accept", "application/json")], answer)
    }

    /// What was recorded of a wrong key, and of an employee who is not there, is said of the directory as well. The fields are made up.
    #[test]
    fn a_check_understands_a_wrong_key_and_an_empty_directory() {
        let directory = |name: &str, path: &str| {
            let answer = recorded(&format!("bamboohr/tests/recorded/{name}.json"), path);
            get("employees/directory", answer)
        };
        let wrong = directory("verifyAuthenticationInvalid", "/api/gateway.php/acme/v1/employees/0");
        let nobody = directory(
            "verifyAuthenticationNotFound",
            "/api/gateway.php/acme/v1/employees/182372",
        );
        let fields = get("meta/fields", Answer::json(200, "[]"));
        let told = [vec![wrong], vec![nobody, fields]].map(|steps| check("bamboohr", SETTINGS, steps));
        assert_snapshot!(told.concat());
    }
}

mod casper {
    use super::*;

    const SETTINGS: &str = "url = URL\nusername = auditor\npassword = sample-password\nsync_field = SERIAL\n\
        mapping.SERIAL = general.serial_number\nmapping.NAME = general.name\nmapping.SEEN = general.report_date\n\
        mapping.WARRANTY = purchasing.warranty_expires\nmapping.STATUS = {\"source\": \"extension_attributes\", \"converter\": \"casper_extension_attribute:attr=Deployment Status\"}\n\
        mapping.MANAGED = general.remote_management.managed\nmapping.DISK = hardware.storage.0.drive_capacity_mb\nmapping.SITE = general.site.name\n";
    const JSON: (&str, &str) = ("accept", "application/json");
    /// The token as it stands in the recording.
    const TOKEN: (&str, &str) = ("authorization", "Bearer [REDACTED]");

    fn token() -> Step {
        asked(
            "POST /api/v1/auth/token",
            // `auditor:sample-password`.
            &[("authorization", "Basic YXVkaXRvcjpzYW1wbGUtcGFzc3dvcmQ=")],
            recorded("casper/tests/recorded/computers.json", "/api/v1/auth/token"),
        )
    }

    fn get(path: &str, answer: Answer) -> Step {
        asked(format!("GET /JSSResource/{path}"), &[TOKEN, JSON], answer)
    }

    #[test]
    fn computers_arrive() {
        let answer = |path: &str| recorded("casper/tests/recorded/computers.json", &format!("/JSSResource/{path}"));
        let source = vendor(vec![
            token(),
            // The list has more of each computer here than where it is asked for.
            get("computers", answer("computers/subset/basic")),
            get("computers/id/1", answer("computers/id/1")),
            get("computers/id/2", answer("computers/id/2")),
        ]);
        assert_snapshot!(story(&Trial::of("casper", SETTINGS, &source), &source));
    }

    #[test]
    fn a_server_without_mobile_devices_is_no_failure() {
        let none = recorded(
            "casper/tests/recorded/mobiledevices-empty.json",
            "/JSSResource/mobiledevices",
        );
        let source = vendor(vec![token(), get("mobiledevices", none)]);
        let settings = format!("{SETTINGS}sync_type = mobiledevices\n");
        assert_snapshot!(story(&Trial::of("casper", &settings, &source), &source));
    }
}

mod mobileiron {
    use super::*;

    // The device was last seen in 2020.
    const SETTINGS: &str = "url = URL\nusername = api\npassword = sample-password\npartitions = [\"Default Space\"]\ncheckin_days = 36500\n\
        sync_field = SERIAL\nmapping.SERIAL = serialNumber\nmapping.IMEI = imei\nmapping.PHONE = phoneNumber\nmapping.SEEN = lastCheckin\n\
        mapping.FREE = availableCapacity\nmapping.ROOTED = jailbroken\nmapping.POLICY = violatedPolicies.0\n\
        mapping.OWN = customAttributes.attrs.demodeviceattribute1.0\nmapping.NOTHING = imsi\n";

    fn get(path: &str, answer: Answer) -> Step {
        // `api:sample-password`.
        let account = ("authorization", "Basic YXBpOnNhbXBsZS1wYXNzd29yZA==");
        asked(
            format!("GET /api/v1/{path}"),
            &[account, ("accept", "application/json")],
            answer,
        )
    }

    #[test]
    fn devices_arrive() {
        let answer = |name: &str| Answer::json(200, file(&format!("mobileiron/tests/recorded/{name}.json")));
        let page = |start: u32, answer: Answer| {
            let order = "sortFields[0].name=lastCheckin&sortFields[0].order=DESC";
            get(
                &format!("device?dmPartitionId=100001&rows=500&start={start}&{order}"),
                answer,
            )
        };
        // The recorded server counts three devices and gives one. That it has no more is made of the same answer.
        let mut rest: Value = serde_json::from_str(&answer("device_page").body).unwrap();
        rest["result"]["searchResults"] = Value::Array(Vec::new());
        let source = vendor(vec![
            get("tenant/partition/device", answer("tenant_spaces")),
            page(0, answer("device_page")),
            page(1, Answer::json(200, rest)),
        ]);
        let trial = Trial::of("mobileiron", SETTINGS, &source);
        let told = "the source ended its list after 1 records, of 3 that it said there are";
        assert!(trial.output.stderr.contains(told), "{}", trial.output);
        assert_snapshot!(story(&trial, &source));
    }
}

mod okta {
    use super::*;

    const SETTINGS: &str = "url = URL\napi_token = sample-token\ndefault_role = 25\ndefault_position = Employee\n";

    fn get(query: &str, answer: Answer) -> Step {
        let headers = [("authorization", "SSWS sample-token"), ("accept", "application/json")];
        asked(format!("GET /api/v1/users?{query}"), &headers, answer)
    }

    #[test]
    fn people_arrive_and_those_who_were_deprovisioned_where_they_are_wanted() {
        let people = || Answer::json(200, file("okta/tests/recorded/users.json"));
        let deprovisioned = recorded("okta/tests/recorded/deprovisioned.json", "/api/v1/users");
        // Okta itself names the page that it gives, and no next one.
        assert!(
            deprovisioned
                .headers
                .iter()
                .any(|(name, value)| name == "link" && value.ends_with("rel=\"self\""))
        );
        let source = vendor(vec![get("limit=200", people())]);
        let alone = story(&Trial::of("okta", SETTINGS, &source), &source);
        let filter = "filter=status%20eq%20%22DEPROVISIONED%22&limit=200";
        let source = vendor(vec![get("limit=200", people()), get(filter, deprovisioned)]);
        let settings = format!("{SETTINGS}deprovisioned = True\n");
        let all = story(&Trial::of("okta", &settings, &source), &source);
        assert_snapshot!(format!("{alone}===== deprovisioned = True\n{all}"));
    }
}

mod onelogin {
    use super::*;

    const MORE: &str =
        "default_role = 25\ndefault_position = Employee\nmapping.NOTE = {\"source\": \"customUserField\"}\n";

    /// An answer of the XML API.
    fn xml(from: &str, status: u16, body: String) -> Step {
        // `sample-api-key:x`.
        let key = ("authorization", "Basic c2FtcGxlLWFwaS1rZXk6eA==");
        let line = format!("GET /api/v2/users.xml?include_custom_attributes=true&from_id={from}");
        asked(line, &[key], Answer::xml(status, body))
    }

    fn xml_settings() -> String {
        format!("url = URL/api/v2/users.xml\napi_token = sample-api-key\n{MORE}")
    }

    fn rest_settings() -> String {
        format!("api_url = URL\nclient_id = sample-id\nclient_secret = sample-client-secret\n{MORE}")
    }

    /// A token, made up as the documentation has it.
    fn token() -> Step {
        let client = (
            "authorization",
            "client_id:sample-id, client_secret:sample-client-secret",
        );
        let token = r#"{"access_token":"sample-access-token","expires_in":36000,"token_type":"bearer","account_id":1}"#;
        asked("POST /auth/oauth2/v2/token", &[client], Answer::json(200, token))
    }

    fn rest(query: &str, answer: Answer) -> Step {
        let bearer = ("authorization", "Bearer sample-access-token");
        asked(
            format!("GET /api/2/users?{query}"),
            &[bearer, ("accept", "application/json")],
            answer,
        )
    }

    #[test]
    fn users_of_the_xml_api_arrive() {
        let source = vendor(vec![
            xml("0", 200, file("onelogin/tests/recorded/legacy-users-doc-sample.xml")),
            // The end is made up as the documentation has it.
            xml("654321", 200, "<nil-classes type=\"array\"/>\n".to_owned()),
        ]);
        assert_snapshot!(story(&Trial::of("onelogin", &xml_settings(), &source), &source));
    }

    #[test]
    fn users_of_the_current_api_arrive() {
        // What was recorded of `/api/1`; the users of `/api/2` are the same, without an envelope.
        let answer = recorded("onelogin/tests/recorded/users.json", "/api/1/users");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let body = body["data"].to_string();
        let fields = "limit=100&fields=email,firstname,id,lastname,phone,username,custom_attributes";
        let source = vendor(vec![token(), rest(fields, Answer { body, ..answer })]);
        assert_snapshot!(story(&Trial::of("onelogin", &rest_settings(), &source), &source));
    }

    #[test]
    fn refusals_are_told() {
        let address = file("onelogin/tests/recorded/legacy-401-doc-sample.xml");
        let refused = recorded("onelogin/tests/recorded/bad-credentials.json", "/api/1/users");
        let of_xml = check("onelogin", &xml_settings(), vec![xml("1", 401, address)]);
        let of_rest = check("onelogin", &rest_settings(), vec![token(), rest("limit=1", refused)]);
        assert_snapshot!(of_xml + &of_rest);
    }
}
