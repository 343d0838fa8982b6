//! Coming from the Python connector: its ini files run as they are, with the settings, spellings and quirks that people have in them.

use oomnitza_connector::standin::oomnitza::{Oomnitza, Settings};
use oomnitza_connector::standin::sccm::Site;
use oomnitza_connector::standin::tds::{Encryption, Tds};
use oomnitza_connector::standin::{ldap, okta};
use oomnitza_tests::fake::zendesk;
use oomnitza_tests::proxy::{Proxy, secured, with_certificate};
use oomnitza_tests::source::{AirWatch, Casper, MobileIron, Source, Tokens};
use oomnitza_tests::{Answer, Fake, Output, Program};
use serde_json::{Value, json};

use crate::jasper;

/// The ini file that the old program generates, all connectors in it.
const GENERATED: &str = include_str!("data/config-1.0.10.ini");

/// What people add to any section.
const HABITS: &str = "verify_ssl = false\nssl_protocol = tls1\nold_setting = left over from 1.0.3\n";

/// The generated file with one section enabled and changed: a line replaces the generated one of the same name.
fn configured(oomnitza: &str, section: &str, lines: &str) -> String {
    let mut text = String::new();
    let mut current = "";
    for line in GENERATED.lines() {
        if let Some(header) = line.strip_prefix('[') {
            current = header.trim_end_matches(']');
        }
        let name = line.split(['=', ':']).next().unwrap_or_default().trim();
        let given = |lines: &str| {
            lines
                .lines()
                .any(|line| line.split(['=', ':']).next().unwrap_or_default().trim() == name)
        };
        let own = match current {
            "oomnitza" => "url = \napi_token = \n",
            _ if current == section => lines,
            _ => "",
        };
        let is_replaced = !name.is_empty() && (given(own) || (current == section && name == "enable"));
        if !is_replaced {
            text += &format!("{line}\n");
        }
        if line == "[oomnitza]" {
            text += &format!("url = {oomnitza}\napi_token = stand-in-token\n");
        }
        if line == format!("[{section}]") {
            text += &format!("enable = True\n{lines}{HABITS}");
        }
    }
    text
}

/// Runs a section of an old file to its end, with another variable in the environment, and says what came of it and what arrived.
fn upload(section: &str, lines: &str, variable: (&str, &str)) -> (Output, Vec<Value>) {
    let oomnitza = Oomnitza::start(Settings::default()).unwrap();
    let program = Program::with(&configured(&oomnitza.url(), section, lines)).env(variable.0, variable.1);
    // As an old cron line has it, in the old order.
    let output = program.run(&["--ini", "config.ini", "upload", section]);
    let uploaded = oomnitza.uploaded();
    if output.code == Some(0) {
        program.assert_records_are_kept(section);
    }
    assert_eq!(oomnitza.ledger().violations, Vec::<String>::new(), "{output}");
    (output, uploaded)
}

fn assert_uploaded(section: &str, lines: &str, count: usize) -> Vec<Value> {
    assert_uploaded_with(section, lines, ("SOURCE_PASSWORD", "correct horse"), count)
}

/// The same for a source that is looked for at its vendor's own host, which is really here: a proxy knows where.
fn assert_uploaded_from(host: &str, source: &Fake, section: &str, lines: &str, count: usize) -> Vec<Value> {
    let secured = secured(host, &source.url());
    let proxy = Proxy::start(&[(&format!("{host}:443"), &secured.url)]);
    let address = format!("http://{}", proxy.address());
    let records = assert_uploaded_with(section, lines, ("HTTPS_PROXY", &address), count);
    assert_eq!(source.violations(), Vec::<String>::new());
    records
}

fn assert_uploaded_with(section: &str, lines: &str, variable: (&str, &str), count: usize) -> Vec<Value> {
    let (output, records) = upload(section, lines, variable);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(records.len(), count, "{output}");
    let warnings: Vec<&str> = output
        .stderr
        .lines()
        .filter(|line| line.starts_with("warning:"))
        .collect();
    assert!(
        matches!(warnings.as_slice(), [unchecked, old_protocol, unknown]
            if unchecked.contains("verify_ssl: switches the check of certificates off")
                && old_protocol.contains("ssl_protocol: TLS 1.0 is broken") && unknown.contains("old_setting: is not a setting of this section")),
        "{output}"
    );
    records
}

#[test]
fn okta() {
    let source = okta::Okta::start(okta::Settings {
        people: 3,
        ..okta::Settings::default()
    })
    .unwrap();
    let lines = format!(
        "url = {}\napi_token: stand-in-token\nmapping.first_name = {{'source': \"lastName\", 'required': True}}\nmapping.NOTE = {{\"hardcoded\": \"100%\"}}\n",
        source.url()
    );
    let records = assert_uploaded("okta", &lines, 3);
    assert_eq!(
        (&records[0]["NOTE"], &records[0]["FIRST_NAME"]),
        (&"100%".into(), &records[0]["LAST_NAME"])
    );
}

#[test]
fn ldap() {
    let settings = ldap::Settings {
        people: 3,
        ..ldap::Settings::default()
    };
    let source = ldap::Ldap::start(settings.clone()).unwrap();
    let lines = format!(
        "url = {}\nusername = {}\npassword = {}\nbase_dn = {}\nfilter:\n  (&(objectClass=inetOrgPerson)\n  (uid=*))\nmapping.PHONE = mobile\n",
        source.url(),
        settings.bind_dn,
        settings.password,
        settings.base_dn
    );
    assert_uploaded("ldap", &lines, 3);
}

#[test]
fn casper() {
    let mut server = Casper::new(Tokens::Wanted);
    server.computers = (1..=3).map(|id| (id, Casper::computer(id))).collect();
    let source = Source::start(server);
    let lines = format!(
        "url = {}\nusername = auditor\npassword = wrong\nenv_password = SOURCE_PASSWORD\nsync_field = SERIAL\nmapping.SERIAL = general.serial_number\n",
        source.url()
    );
    assert_uploaded("casper", &lines, 3);
}

#[test]
fn airwatch() {
    let source = Source::start(AirWatch {
        devices: (1..=3).map(AirWatch::device).collect(),
        total: None,
    });
    let lines = format!(
        "url = {}\nusername = api\npassword = correct horse\napi_token = tenant-code-1\nsync_field = SERIAL\nmapping.serial = {{\"source\": \"SerialNumber\"}}\n",
        source.url()
    );
    assert_uploaded("airwatch", &lines, 3);
}

#[test]
fn mobileiron() {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let checkin = u64::try_from(now.as_millis()).unwrap() - 3_600_000;
    let devices = (1..=3).map(|id| MobileIron::device(id, Some(checkin))).collect();
    let source = Source::start(MobileIron {
        partitions: vec![(100001, "Drivers".to_owned(), devices)],
    });
    let lines = format!(
        "url = {}\nusername = api\npassword = correct horse\nsync_field = SERIAL\nmapping.SERIAL = {{\"source\": \"serialNumber\"}}\n",
        source.url()
    );
    assert_uploaded("mobileiron", &lines, 3);
}

#[test]
fn bamboohr_which_could_not_start() {
    let source = Fake::start(|asked| match asked.path() {
        "/api/gateway.php/acme/v1/employees/directory" => Ok(Answer::json(
            200,
            json!({"employees": [{"id": "1", "workEmail": "dorothy@acme", "jobTitle": "Lead"}]}),
        )),
        _ => Err("there is no such path".to_owned()),
    });
    let lines = format!(
        "url = {}/api/gateway.php\nsystem_name = acme\napi_token = sample-api-key\n",
        source.url()
    );
    let records = assert_uploaded("bamboohr", &lines, 1);
    assert_eq!(records[0]["POSITION"], "Lead");
}

#[test]
fn onelogin() {
    let user = "<users type=\"array\"><user><id type=\"integer\">1</id><username>u</username><email>user.one@acme.example</email></user></users>";
    let source = Fake::start(move |asked| match asked.target.split("from_id=").nth(1) {
        Some("0") => Ok(Answer::xml(200, user.to_owned())),
        Some(_) => Ok(Answer::xml(200, "<nil-classes type=\"array\"/>".to_owned())),
        None => Err("there is no such path".to_owned()),
    });
    let lines = format!("url = {}/api/v2/users.xml\napi_token = sample-api-key\n", source.url());
    assert_uploaded("onelogin", &lines, 1);
}

/// What an old file calls the field by which assets are told apart: Oomnitza's own name of it, which the generated file has already.
const FIELD: &str = "24DCF85294E411E38A52066B556BA4EE";

#[test]
fn jasper() {
    let lines = format!(
        "{}mapping.{FIELD} = {{'source': \"iccid\"}}\nmapping.PHONE: _msisdn\nmapping.OVER = {{\"source\": \"overageLimitReached\"}}\n",
        jasper::CREDENTIALS
    );
    let source = jasper::service(3);
    let records = assert_uploaded_from("api.jasperwireless.com", &source, "jasper", &lines, 3);
    let expected = json!({FIELD: "89860000000000000001", "PHONE": "882001", "OVER": false});
    assert!(records.contains(&expected), "{records:?}");
}

#[test]
fn sccm() {
    // As it comes out of its setup: with a certificate of its own making.
    let (config, _) = with_certificate("cm1.example.com");
    let mut settings = Site {
        computers: 3,
        programs: 1,
        ..Site::default()
    }
    .settings();
    settings.encryption = Encryption::Required(config);
    let source = Tds::start(settings).unwrap();
    let lines = format!(
        "server = {}\nusername = reader\npassword = stand-in-password\nmapping.{FIELD} = {{'source': \"hardware.serial_number\"}}\n\
         mapping.OS: hardware.os_version\n",
        source.server()
    );
    let records = assert_uploaded("sccm", &lines, 3);
    assert_eq!(source.ledger().violations, Vec::<String>::new());
    let program = json!({"name": "Program 000 — Ausführung", "version": "1.0", "publisher": "Example \"Software\" GmbH", "path": null});
    let expected = json!({FIELD: "SN00000001", "OS": "Microsoft Windows 10 Enterprise ", "APPLICATIONS": [program]});
    assert!(records.contains(&expected), "{records:?}");
}

#[test]
fn zendesk() {
    let lines = "username = agent@example.com\napi_token: sample-api-token\nmapping.FIRST_NAME = {'source': \"name\", 'converter': \"first_from_full\"}\n";
    let source = zendesk::account(3);
    let records = assert_uploaded_from("oomnitza.zendesk.com", &source, "zendesk", lines, 3);
    let expected = json!({
        "USER": "user0@example.com", "FIRST_NAME": "Ada", "LAST_NAME": "Lovelace", "EMAIL": "user0@example.com",
        "PHONE": "+1 555 0100", "PERMISSIONS_ID": "25", "POSITION": "Employee",
    });
    assert_eq!(records[0], expected);
}

/// The generated file names no section of an enabled connector, and still is in order.
#[test]
fn the_generated_file_is_valid_as_it_is() {
    // The example has no password for the directory, and without one its name would be nobody's.
    let program = Program::with(&GENERATED.replace("password =\n", "password = correct horse\n"));
    let output = program.run(&["validate"]);
    let findings = output.stdout.lines().filter(|line| !line.starts_with("hint: "));
    let is_example = |line: &str| line.ends_with("still has the value of the generated file, which is an example");
    assert!(output.code == Some(0) && findings.clone().all(is_example), "{output}");
    assert_eq!(findings.count(), 2, "its address and password: {output}");
    let names = GENERATED
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    for name in names.filter(|name| *name != "oomnitza") {
        // All that is wrong is that it is disabled, and for assets that nothing says where the sync field comes from.
        let output = program.run(&["validate", name]);
        let findings: Vec<&str> = output
            .stdout
            .lines()
            .filter(|line| line.starts_with("error:"))
            .collect();
        assert!(
            matches!(findings.as_slice(), [only] if only.ends_with("the section is disabled")),
            "{output}"
        );
    }
}
