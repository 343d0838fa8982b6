//! `--save-data` and `--testmode`: what came from the source and what would go to Oomnitza, to be looked at.

use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use oomnitza_connector::standin::Trouble;
use oomnitza_connector::standin::ldap;
use oomnitza_connector::standin::oomnitza::{Call, Fault, Oomnitza, Settings};
use oomnitza_tests::{Answer, Fake, Program, Servers, settled};
use serde_json::Value;

use crate::components::fixture;
use crate::manners::{at_a_terminal, at_a_terminal_after};

/// What is saved, below `saved_data`.
fn saved(program: &Program) -> Vec<String> {
    let mut files: Vec<String> = program
        .files()
        .iter()
        .filter_map(|file| file.strip_prefix("saved_data").ok())
        .map(|file| file.display().to_string())
        .collect();
    files.sort();
    files
}

fn json(program: &Program, name: &str) -> Value {
    let text = std::fs::read(program.home().join("saved_data").join(name)).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn records_and_payloads_are_kept_as_they_came_and_went() {
    let servers = Servers::with_people(120);
    let program = servers.program_with("upload_parallel = 1", "");
    let output = program.run(&["upload", "okta", "--save-data"]);
    servers.assert_arrived(0..120);
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    [okta] 120 records sent in [TIME]
      read 120 = sent 120 + filtered 0 + rejected 0 + failed 0
      records and payloads are saved in saved_data/okta
    ");
    let files = saved(&program);
    assert_eq!(files.len(), 122, "{files:?}");
    for (index, upload) in servers.uploads().iter().enumerate() {
        let body: Value = serde_json::from_slice(&upload.body).unwrap();
        assert_eq!(json(&program, &format!("okta/oom.payload{index:03}.json")), body);
    }
    assert_snapshot!(std::fs::read_to_string(program.home().join("saved_data/okta/119.json")).unwrap(), @r#"
    {
      "firstName": "Ünal",
      "lastName": "山田",
      "mobilePhone": "+1 202 555 0119",
      "secondEmail": null,
      "login": "unal.yamada.000119@example.com",
      "email": "unal.yamada.000119@example.com",
      "title": "Engineer",
      "department": "人事",
      "employeeNumber": "119"
    }
    "#);
    #[cfg(unix)]
    {
        let home = program.home();
        let modes = [
            "saved_data",
            "saved_data/okta",
            "saved_data/okta/0.json",
            "saved_data/okta/oom.payload001.json",
        ];
        assert_eq!(modes.map(|name| mode(&home.join(name))), [0o700, 0o700, 0o600, 0o600]);
    }
    // A later run leaves nothing of this one, and touches nothing else.
    program.write("saved_data/okta/notes.txt", b"mine");
    let output = program.run(&["upload", "okta", "--save-data", "--record-count", "2", "--testmode"]);
    assert_eq!(output.code, Some(0), "{output}");
    let expected = [
        "okta/0.json",
        "okta/1.json",
        "okta/notes.txt",
        "okta/oom.payload000.json",
        "okta/oom.payload001.json",
    ];
    assert_eq!(saved(&program), expected);
    assert!(
        json(&program, "okta/oom.payload000.json").is_object(),
        "one bare record"
    );
}

#[test]
fn only_what_was_sent_is_kept_as_sent() {
    let servers = Servers::with_people(450);
    servers.oomnitza.inject(Fault::Next {
        call: Call::Upload,
        times: 1,
        trouble: Trouble::Status(403, None),
    });
    let program = servers.program_with("upload_parallel = 1", "");
    let output = program.run(&["upload", "okta", "--save-data"]);
    assert_eq!(output.code, Some(1), "{output}");
    let mut payloads = saved(&program);
    payloads.retain(|file| file.contains("payload"));
    assert_eq!((payloads.len(), servers.uploads().len()), (1, 1), "{output}");
}

#[test]
fn pages_of_xml_are_kept_too() {
    let source = Fake::start(|asked| {
        let user = "<user><id type=\"integer\">7</id><username>u</username><firstname>F</firstname><lastname>L</lastname><email>e@x</email></user>";
        let users = if asked.target.ends_with("from_id=0") { user } else { "" };
        Ok(Answer::xml(200, format!("<users type=\"array\">{users}</users>")))
    });
    let destination = Oomnitza::start(Settings::default()).unwrap();
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[onelogin]\nenable = True\nurl = {}/users.xml\napi_token = sample-api-key\n\
         default_role = 25\ndefault_position = Employee\n",
        destination.url(),
        source.url()
    ));
    let output = program.run(&["upload", "onelogin", "--save-data"]);
    assert_eq!(output.code, Some(0), "{output}");
    let files = saved(&program);
    assert_eq!(
        files,
        [
            "onelogin/0.json",
            "onelogin/oom.payload000.json",
            "onelogin/page000.xml",
            "onelogin/page001.xml"
        ]
    );
    let page = std::fs::read_to_string(program.home().join("saved_data/onelogin/page000.xml")).unwrap();
    assert!(page.starts_with("<users type=\"array\"><user><id"), "{page}");
}

#[test]
fn a_directory_is_asked_for_everything_and_kept_as_a_table() {
    let directory = ldap::Ldap::start(ldap::Settings {
        people: 3,
        ..ldap::Settings::default()
    })
    .unwrap();
    let destination = Oomnitza::start(Settings::default()).unwrap();
    let settings = ldap::Settings::default();
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[ldap.Contractors]\nenable = True\nurl = {}\nusername = {}\npassword = {}\nbase_dn = {}\n\
         filter = (objectClass=inetOrgPerson)\nprotocol_version = 3\ndefault_role = 25\ndefault_position = x\n\
         mapping.EMAIL = MAIL\n",
        destination.url(),
        directory.url(),
        settings.bind_dn,
        settings.password,
        settings.base_dn
    ));
    let output = program.run(&["upload", "ldap.Contractors"]);
    assert_eq!(output.code, Some(0), "{output}");
    let sent = destination.uploaded();
    assert!(sent.len() == 3 && sent[0]["EMAIL"].is_string(), "{sent:?}");
    let output = program.run(&["upload", "ldap.Contractors", "--save-data"]);
    assert_eq!(output.code, Some(0), "{output}");
    // Mappings that spell attributes in their own way find them all the same.
    assert_eq!(destination.uploaded()[3..], sent);
    assert_eq!(
        saved(&program),
        ["ldap.Contractors/ldap.csv", "ldap.Contractors/oom.payload000.json"]
    );
    let table = std::fs::read_to_string(program.home().join("saved_data/ldap.Contractors/ldap.csv")).unwrap();
    // `title` and `departmentNumber` are mapped to nothing.
    assert!(table.lines().next().unwrap().contains("departmentNumber"), "{table}");
    assert_eq!(table.matches("\r\n").count(), 4, "{table}");
}

#[test]
fn a_directory_that_cannot_be_read_leaves_no_half_of_a_table() {
    let directory = ldap::Ldap::start(ldap::Settings::default()).unwrap();
    let destination = Oomnitza::start(Settings::default()).unwrap();
    let settings = ldap::Settings::default();
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[ldap]\nenable = True\nurl = {}\nusername = {}\npassword = another-password\n\
         base_dn = {}\nfilter = (objectClass=inetOrgPerson)\nprotocol_version = 3\ndefault_role = 25\ndefault_position = x\n",
        destination.url(),
        directory.url(),
        settings.bind_dn,
        settings.base_dn
    ));
    let output = program.run(&["upload", "ldap", "--save-data"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert_eq!(saved(&program), ["ldap/ldap.csv"]);
}

#[test]
fn a_section_s_name_leads_nowhere_else() {
    let servers = Servers::with_people(1);
    let ini = oomnitza_tests::servers::ini(&servers.oomnitza.url(), &servers.okta.url(), "", "");
    let program = Program::with(&ini.replace("[okta]", "[okta./../../../evil]"));
    let output = program.run(&["upload", "okta./../../../evil", "--save-data"]);
    assert_eq!(output.code, Some(0), "{output}");
    let files = saved(&program);
    assert!(
        files.len() == 2 && files.iter().all(|file| file.starts_with("_okta._.._.._.._evil-")),
        "{files:?}"
    );
}

#[test]
fn what_cannot_be_saved_is_told_and_ends_nothing() {
    let servers = Servers::with_people(1);
    let program = servers.program();
    program.write("saved_data", b"a file");
    let output = program.run(&["upload", "okta", "--save-data"]);
    servers.assert_arrived(0..1);
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    WARNING - what comes cannot be saved in saved_data: Not a directory (os error 20); the run goes on without; move away what is in its way there
    [okta] 1 records sent in [TIME]
      read 1 = sent 1 + filtered 0 + rejected 0 + failed 0
    ");
    // It has begun, and then there is something in its way, as a full disk would be.
    let program = servers.program();
    std::fs::create_dir_all(program.home().join("saved_data/okta/0.json")).unwrap();
    let output = program.run(&["upload", "okta", "--save-data"]);
    assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    WARNING - what comes cannot be saved in saved_data: Is a directory (os error 21); the run goes on without; move away what is in its way there
    [okta] 1 records sent in [TIME]
      read 1 = sent 1 + filtered 0 + rejected 0 + failed 0
    ");
    assert!(PathBuf::from(program.home()).join("saved_data/okta").is_dir());
}

#[test]
fn testmode_shows_requests_as_they_would_be_sent() {
    let servers = Servers::with_people(2);
    let output = servers
        .program()
        .run(&["upload", "okta", "--testmode", "--record-count", "1"]);
    assert_snapshot!(output, @r#"
    exit: 0
    ----- stdout
    {"method":"POST","path":"/api/v2/bulk/users?VERSION=1.1.0","body":{"USER":"ada.lovelace.000000@example.com","FIRST_NAME":"Ada","LAST_NAME":"Lovelace","EMAIL":"ada.lovelace.000000@example.com","PHONE":"+1 202 555 0100","PERMISSIONS_ID":"25","POSITION":"Employee"}}
    ----- stderr
    [okta] 1 records shown in [TIME]
      read 1 = shown 1 + filtered 0 + rejected 0 + failed 0
    "#);
    assert!(servers.uploads().is_empty());
}

/// Who looks at a terminal gets people as a table and other bodies line by line.
#[test]
fn testmode_shows_tables_and_bodies_at_a_terminal() {
    let servers = Servers::with_people(3);
    let program = servers.program();
    let shown = at_a_terminal(&program, "upload okta --testmode", &[("RUST_LOG", "off")]);
    assert_snapshot!(settled(&shown, &program.home().display().to_string()));
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[fixture]\nenable = True\nurl = http://127.0.0.1:9\nsync_field = NAME\ncount = 2\n",
        servers.oomnitza.url()
    ));
    program.write("connectors/fixture.wasm", &fixture("good"));
    let shown = at_a_terminal(&program, "upload fixture --testmode", &[("RUST_LOG", "off")]);
    assert_snapshot!(settled(&shown, &program.home().display().to_string()));
    assert!(servers.uploads().is_empty());
}

/// Requests of one record are rows of one table, with room for those that are longer than the first, and Chinese characters are as wide as
/// they are.
#[test]
fn testmode_has_room_for_what_comes_later() {
    let source = Fake::start(|_| {
        let user = |number: u32| {
            let name = if number == 2 { "山田" } else { "Ada" };
            let login = format!("u{}@x.com", "1".repeat(usize::try_from(number).unwrap()));
            serde_json::json!({ "id": number.to_string(), "profile": { "login": login, "firstName": name, "lastName": "L", "email": login } })
        };
        Ok(Answer::json(200, (1..=4).map(user).collect::<serde_json::Value>()))
    });
    let servers = Servers::with_people(0);
    let program = Program::with(&oomnitza_tests::servers::ini(
        &servers.oomnitza.url(),
        &source.url(),
        "",
        "",
    ));
    let shown = at_a_terminal_after(
        "stty cols 200 rows 50; ",
        &program,
        "upload okta --testmode --record-count 4",
        &[("RUST_LOG", "off")],
    );
    assert_snapshot!(settled(&shown, &program.home().display().to_string()));
}

const SECRET: &str = "s3cret of the+source/42=";

/// A source's data with what it was sent, in the forms in which programs write such things.
fn echo() -> String {
    use base64::Engine as _;
    let hexadecimal: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let form: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{SECRET}:x"));
    format!("{SECRET} {hexadecimal} {form} {encoded}")
}

/// That none is in what was saved, is searched for after every run (`oomnitza_tests::Program`): here there is something to find.
#[test]
fn a_source_that_repeats_its_credential_does_not_bring_it_into_the_files() {
    let users = "default_role = 25\ndefault_position = x\nmapping.PHONE = {\"source\": \"PHONE_PATH\"}\n";
    let json = Fake::start(|_| {
        let profile = serde_json::json!({ "login": "u", "firstName": "F", "lastName": "L", "email": "e@x", "mobilePhone": echo() });
        Ok(Answer::json(
            200,
            serde_json::json!([{ "id": "1", "profile": profile }]),
        ))
    });
    let xml = Fake::start(|asked| {
        let user = format!(
            "<user><id type=\"integer\">7</id><username>u</username><firstname>F</firstname><lastname>L</lastname><email>e@x</email><phone>{}</phone></user>",
            echo()
        );
        let users = if asked.target.ends_with("from_id=0") {
            user
        } else {
            String::new()
        };
        Ok(Answer::xml(200, format!("<users type=\"array\">{users}</users>")))
    });
    for (section, url, phone) in [
        ("okta", json.url(), "mobilePhone"),
        ("onelogin", xml.url() + "/users.xml", "phone"),
    ] {
        let destination = Oomnitza::start(Settings::default()).unwrap();
        let program = Program::with(&format!(
            "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[{section}]\nenable = True\nurl = {url}\napi_token = {SECRET}\n{}",
            destination.url(),
            users.replace("PHONE_PATH", phone)
        ));
        let output = program.run(&["upload", section, "--save-data"]);
        assert_eq!(output.code, Some(0), "{output}");
        let files = saved(&program);
        assert!(files.len() > 1, "{files:?}");
        for file in files {
            let text = std::fs::read_to_string(program.home().join("saved_data").join(&file)).unwrap();
            // The last answer of an XML source is an empty page.
            let is_empty = file.ends_with("page001.xml");
            assert!(is_empty || text.contains("[redacted] [redacted]"), "{file}: {text}");
        }
    }
}
