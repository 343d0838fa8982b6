//! Login pages in place of data, with status 200: what a wrong host, a portal or a proxy in between answers. No source takes one for data, in a
//! check as little as in an upload.

use oomnitza_tests::{Answer, Fake, Trial};
use serde_json::json;

const PAGES: [&str; 3] = [
    "<!DOCTYPE html><html><body>Sign in</body></html>",
    "\u{feff}\r\n<!-- portal -->\n<HTML><body>Sign in</body></HTML>",
    // Well-formed XML.
    "<?xml version=\"1.0\"?>\n<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\"><body>Sign in</body></html>",
];

const OF_PEOPLE: &str = "default_role = 25\ndefault_position = x\n";
const OF_ASSETS: &str = "sync_field = NAME\nmapping.NAME = {\"source\": \"name\"}\n";

/// A section of each source and each way to sign in: its settings, what is asked in a check and in an upload, and the settings to look at. Its
/// first line is line 7 of the file.
const SECTIONS: [(&str, &str, [&str; 2], &str); 13] = [
    (
        "airwatch",
        "url = URL\nusername = u\npassword = sample-secret\napi_token = sample-secret\n",
        ["GET /api/v1/mdm/devices/search"; 2],
        "`url` (line 7)",
    ),
    (
        "airwatch",
        "url = URL\ntoken_url = URL/token\nclient_id = c\nclient_secret = sample-secret\n",
        ["GET /api/v1/mdm/devices/search"; 2],
        "`url` (line 7) and `token_url` (line 8)",
    ),
    (
        "bamboohr",
        "url = URL\nsystem_name = acme\napi_token = sample-secret\n",
        ["GET /acme/v1/employees/directory"; 2],
        "`url` (line 7) and `system_name` (line 8)",
    ),
    (
        "casper",
        "url = URL\nusername = u\npassword = sample-secret\n",
        ["GET /JSSResource/computers"; 2],
        "`url` (line 7)",
    ),
    (
        "casper",
        "url = URL\nclient_id = c\nclient_secret = sample-secret\ngroup_name = All\n",
        ["GET /JSSResource/computergroups/name/All"; 2],
        "`url` (line 7)",
    ),
    (
        "jasper",
        "url = URL/ws\nusername = u\npassword = sample-secret\napi_token = sample-secret\n",
        ["POST /ws"; 2],
        "`url` (line 7)",
    ),
    (
        "mobileiron",
        "url = URL\nusername = u\npassword = sample-secret\npartitions = All\n",
        ["GET /api/v1/tenant/partition/device"; 2],
        "`url` (line 7)",
    ),
    (
        "okta",
        "url = URL\napi_token = sample-secret\n",
        ["GET /api/v1/users"; 2],
        "`url` (line 7)",
    ),
    (
        "okta",
        "url = URL\napi_token = sample-secret\ndeprovisioned = True\n",
        ["GET /api/v1/users"; 2],
        "`url` (line 7)",
    ),
    (
        "onelogin",
        "url = URL/users.xml\napi_token = sample-secret\n",
        ["GET /users.xml"; 2],
        "`url` (line 7)",
    ),
    (
        "onelogin",
        "api_url = URL\nclient_id = c\nclient_secret = sample-secret\n",
        ["GET /api/2/users"; 2],
        "`api_url` (line 7)",
    ),
    (
        "zendesk",
        "url = URL\nsystem_name = acme\nusername = u\napi_token = sample-secret\n",
        ["GET /api/v2/users.json"; 2],
        "`system_name` (line 8) and `url` (line 7)",
    ),
    (
        "zendesk",
        "url = URL\nsystem_name = acme\nusername = u\napi_token = sample-secret\nincremental = True\n",
        ["GET /api/v2/users.json"; 2],
        "`system_name` (line 8) and `url` (line 7)",
    ),
];

/// Whether tokens are asked for at this path.
fn is_token(path: &str) -> bool {
    [
        "/token",
        "/api/v1/auth/token",
        "/api/v1/oauth/token",
        "/auth/oauth2/v2/token",
    ]
    .contains(&path)
}

/// Whether a section's requests are signed with a token of the source's.
fn has_token(section: &str, settings: &str) -> bool {
    settings.contains("client_id") || section == "casper"
}

/// What is said of `section` in a check and in an upload, each of which is to fail and to upload nothing.
fn told(section: &str, settings: &str, source: &Fake) -> [String; 2] {
    let others = if ["airwatch", "casper", "jasper", "mobileiron"].contains(&section) {
        OF_ASSETS
    } else {
        OF_PEOPLE
    };
    ["check", "upload"].map(|command| {
        let trial = Trial::run(&[command, section], section, &format!("{settings}{others}"), source);
        assert_eq!(
            (trial.output.code, trial.uploads.len()),
            (Some(1), 0),
            "{section} {command}\n{}",
            trial.output
        );
        assert!(
            !trial.output.stdout.contains("accepts the settings"),
            "{section} {command}\n{}",
            trial.output
        );
        let said = trial.output.stderr.lines();
        let said: Vec<&str> = said.skip_while(|line| !line.starts_with("error: ")).collect();
        said.join("\n")
    })
}

/// What is said where a page came in place of data.
fn no_data(section: &str, asked: &str, places: &str) -> String {
    format!(
        "error: section [{section}] stopped: the source answered something unexpected: {asked} answered with a web page instead of data\n\
         hint: check {places} in config.ini: something answers there, but not what is asked for"
    )
}

#[test]
fn a_login_page_is_no_answer_of_any_source() {
    for (section, settings, asked, places) in SECTIONS {
        for page in PAGES {
            let source = Fake::start(move |asked| {
                Ok(if is_token(asked.path()) {
                    Answer::json(200, json!({"token": "sample-token", "access_token": "sample-token"}))
                } else {
                    Answer::new(200, "text/html", page)
                })
            });
            let expected = asked.map(|asked| no_data(section, asked, places));
            assert_eq!(told(section, settings, &source), expected, "{page}");
        }
    }
}

#[test]
fn a_login_page_is_no_token() {
    for (section, settings, asked, places) in SECTIONS {
        if !has_token(section, settings) {
            continue;
        }
        // A Casper that is older than tokens may answer its account so, and is asked for the list without one.
        let goes_on = section == "casper" && !settings.contains("client_id");
        for page in PAGES {
            let source = Fake::start(move |_| Ok(Answer::new(200, "text/html", page)));
            let expected = asked.map(|asked| {
                if goes_on {
                    return no_data(section, asked, places);
                }
                format!(
                    "error: section [{section}] stopped: the source answered something unexpected: {asked}: the answer to the request for a token is a web page\n\
                     hint: check {places} in config.ini; if that is right, report this to whoever made the connector"
                )
            });
            assert_eq!(told(section, settings, &source), expected, "{page}");
            let is_expected =
                |path: &str| is_token(path) || (goes_on && asked.iter().any(|asked| *asked == format!("GET {path}")));
            assert!(
                source.asked().iter().all(|asked| is_expected(asked.path())),
                "{section}"
            );
        }
    }
}
