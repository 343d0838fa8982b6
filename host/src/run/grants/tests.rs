//! Descriptions and sections in, places out.

use std::path::Path;

use super::places::place;
use super::*;
use crate::config::schema::{Auth, AuthSlot, Endpoint, Incremental, Kind, RecordKind, Setting};
use crate::config::{self, Ini};
use crate::net::Reach;

fn description() -> Description {
    let setting = |name: &str| Setting {
        name: name.to_owned(),
        label: name.to_owned(),
        help: String::new(),
        example: format!("my-{name}"),
        default: None,
        optional: false,
        required_where: Vec::new(),
        kind: Kind::Text,
        secret: false,
        basic: true,
    };
    Description {
        id: "sample".into(),
        title: "Sample".into(),
        version: "1".into(),
        kind: RecordKind::Users,
        mapping_name: "Sample".into(),
        settings: vec![
            setting("url"),
            setting("system_name"),
            Setting {
                default: Some("https://10.0.0.1".into()),
                ..setting("preset")
            },
            Setting {
                optional: true,
                ..setting("extra")
            },
            Setting {
                secret: true,
                ..setting("api_token")
            },
        ],
        mappings: vec![],
        converters: vec![],
        endpoints: vec![],
        auth: vec![AuthSlot {
            name: "token".into(),
            how: vec![Auth::Header("Authorization".into(), "SSWS {api_token}".into())],
        }],
        incremental: Incremental::Never,
        cases: vec![],
    }
}

fn section(ini: &str) -> Section {
    let ini = Ini::parse(
        Path::new("config.ini"),
        format!("[sample]\napi_token = a-test-token\n{ini}").into_bytes(),
    )
    .unwrap();
    config::section(&ini, &ini.sections[0], &description(), &|_| None).unwrap()
}

fn endpoint(url: &str) -> Endpoint {
    Endpoint {
        url: url.to_owned(),
        purpose: "tests".to_owned(),
        parallel: None,
        cookies: false,
    }
}

fn granted(url: &str, ini: &str) -> Result<Option<(String, Reach)>, String> {
    place(&section(ini), &description(), &endpoint(url))
        .map(|place| place.map(|place| (place.url.to_string(), place.rule.reach())))
        .map_err(|finding| format!("{finding} | {}", finding.remedy.as_deref().unwrap_or("-")))
}

const GOOD: &str = "url = https://10.1.2.3:8443/jss\nsystem_name = acme\n";

#[test]
fn a_place_that_the_admin_wrote_may_be_inside_and_one_that_the_connector_names_may_not() {
    for (endpoint, url, reach) in [
        ("{url}", "https://10.1.2.3:8443/jss", Reach::Named),
        (
            "https://{system_name}.zendesk.com",
            "https://acme.zendesk.com/",
            Reach::Public,
        ),
        ("https://api.example.com", "https://api.example.com/", Reach::Public),
        ("{preset}", "https://10.0.0.1/", Reach::Public),
        ("ldaps://{system_name}", "ldaps://acme", Reach::Named),
    ] {
        assert_eq!(granted(endpoint, GOOD), Ok(Some((url.to_owned(), reach))), "{endpoint}");
    }
    assert_eq!(granted("{extra}", GOOD), Ok(None));
    for (url, place) in [
        ("http://kpn.example:8080/ws/Terminal.wsdl", Some("https://kpn.example/")),
        ("https://10.1.2.3/Terminal.wsdl", Some("https://10.1.2.3/")),
        ("https://10.1.2.3:9101/Terminal.wsdl", Some("https://10.1.2.3:9101/")),
        ("Terminal.wsdl", None),
        ("C:\\jasper\\Terminal.wsdl", None),
        ("/etc/Terminal.wsdl", None),
    ] {
        let expected = place.map(|place| (place.to_owned(), Reach::Named));
        assert_eq!(
            granted("https://{url.host}", &format!("url = {url}\nsystem_name = a\n")),
            Ok(expected)
        );
    }
    assert_eq!(
        granted("https://{preset.host}", GOOD),
        Ok(Some(("https://10.0.0.1/".to_owned(), Reach::Public)))
    );
    assert!(
        granted("{url}{system_name}", GOOD).is_err(),
        "this would be another host than the admin wrote"
    );
}

#[test]
fn a_part_of_a_host_s_name_stays_one() {
    for name in ["evil.example/", "evil@x", "a.b", "evil:80", "évil", "a/b", "a#"] {
        let error = granted(
            "https://{system_name}.zendesk.com",
            &format!("url = x\nsystem_name = {name}\n"),
        )
        .unwrap_err();
        assert!(error.starts_with("config.ini:4: [sample] system_name: `"), "{error}");
        assert!(
            error.ends_with("cannot be part of a host's name | only letters, digits and `-` can stand there"),
            "{error}"
        );
    }
}

#[test]
fn what_is_no_address_is_said_with_an_example() {
    for (url, problem) in [
        (
            "example.okta.com",
            "`example.okta.com` cannot be used: it does not begin with a scheme such as `https://`",
        ),
        (
            "ftp://example.com:21",
            "`ftp://example.com:21` cannot be used: its scheme is `ftp`, and only https or http or ldaps or ldap or mssql can stand there",
        ),
        (
            "https://user:pw@example.com",
            "`https://…@example.com` cannot be used: user name and password do not belong into the address",
        ),
    ] {
        let error = granted("{url}", &format!("url = {url}\nsystem_name = a\n")).unwrap_err();
        assert_eq!(
            error,
            format!("config.ini:3: [sample] url: {problem} | write it like `my-url`")
        );
    }
}

#[test]
fn a_sql_server_is_written_down_as_people_write_it() {
    for (server, url) in [
        ("cm1.example", "mssql://cm1.example"),
        ("CM1,14330", "mssql://cm1:14330"),
        (r"cm1\SITE", "mssql://cm1/site"),
        ("tcp:10.1.2.3,1433", "mssql://10.1.2.3"),
    ] {
        let granted = granted("mssql://{url}", &format!("url = {server}\nsystem_name = a\n"));
        assert_eq!(granted, Ok(Some((url.to_owned(), Reach::Named))), "{server}");
    }
    assert_eq!(
        granted("mssql://{url}", "url = user@cm1\nsystem_name = a\n").unwrap_err(),
        "config.ini:3: [sample] url: `…@cm1` cannot be used: `user@cm1` is not the name of a host | write it like `my-url`"
    );
}

#[test]
fn connections_to_databases_are_encrypted_unless_the_section_says_otherwise() {
    let mut description = description();
    assert_eq!(encrypt(&section(GOOD)), sql::Encrypt::Required);
    description.settings[0].name = "encrypt".into();
    for (value, expected) in [
        ("off", sql::Encrypt::Off),
        ("strict", sql::Encrypt::Strict),
        ("required", sql::Encrypt::Required),
    ] {
        let text = format!("[sample]\napi_token = a-test-token\nsystem_name = a\nencrypt = {value}\n");
        let ini = Ini::parse(Path::new("config.ini"), text.into_bytes()).unwrap();
        let section = config::section(&ini, &ini.sections[0], &description, &|_| None).unwrap();
        assert_eq!(encrypt(&section), expected);
    }
}

#[test]
fn only_a_section_that_says_so_itself_signs_in_as_the_user_that_the_program_runs_as() {
    let mut description = description();
    description.settings[0].name = "authentication".into();
    let is_own_user = |description: &Description, authentication: &str| {
        let text = format!("[sample]\napi_token = a-test-token\nsystem_name = a\n{authentication}");
        let ini = Ini::parse(Path::new("config.ini"), text.into_bytes()).unwrap();
        let section = config::section(&ini, &ini.sections[0], description, &|_| None).unwrap();
        own_user(&section, description)
    };
    assert!(is_own_user(&description, "authentication = Windows\n"));
    for other in ["SQL Server", "windows", "True"] {
        assert!(
            !is_own_user(&description, &format!("authentication = {other}\n")),
            "{other}"
        );
    }
    description.settings[0].default = Some("Windows".into());
    assert!(!is_own_user(&description, ""));
    description.settings.remove(0);
    assert!(!is_own_user(&description, ""));
}

#[test]
fn an_endpoint_cannot_be_made_of_a_secret() {
    let error = granted("https://{api_token}.example.com/", GOOD).unwrap_err();
    assert!(error.contains("[sample] api_token:"), "{error}");
    assert!(
        granted("https://example.com/{api_token}", GOOD)
            .unwrap_err()
            .contains("secret or not described")
    );
}

#[test]
fn only_the_capabilities_that_endpoints_need_are_granted() {
    let ways = Ways {
        proxies: Proxies::none(),
        bundle: None,
        timeouts: Timeouts::default(),
        retry: http::Retry::default(),
        origins: Origins::default(),
    };
    for (url, http, ldap, sql) in [
        ("https://a.example", true, false, false),
        ("ldap://a.example", false, true, false),
        ("mssql://a.example", false, false, true),
    ] {
        let mut description = description();
        description.endpoints.push(endpoint(url));
        let granted = grant(&section(GOOD), &description, true, &ways)
            .map_err(|_| ())
            .unwrap()
            .granted;
        assert_eq!((granted.http, granted.ldap, granted.sql), (http, ldap, sql), "{url}");
    }
}

#[test]
fn a_file_that_the_section_names_says_where_to_go_and_one_that_a_default_names_does_not() {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str, host: &str| {
        let text = format!("<s:address xmlns:s='u' location='https://{host}/ws'/>");
        std::fs::write(home.path().join(name), text).unwrap();
    };
    file("T.wsdl", "10.0.0.7");
    file("preset.xml", "10.0.0.8");
    let mut description = description();
    for setting in ["url", "preset", "api_token"] {
        let url = format!("{{{setting}.file.address.location}}");
        description.endpoints.push(endpoint(&url));
    }
    for setting in description
        .settings
        .iter_mut()
        .filter(|setting| setting.name == "preset")
    {
        setting.default = Some("preset.xml".to_owned());
    }
    let read = |ini: &str| {
        let text = format!("[sample]\nsystem_name = a\napi_token = T.wsdl\n{ini}");
        let ini = Ini::parse(Path::new("config.ini"), text.into_bytes()).unwrap();
        let mut section = config::section(&ini, &ini.sections[0], &description, &|_| None).unwrap();
        read_files(&mut section, &description, home.path()).unwrap();
        let granted = places::places(&section, &description, false, &mut Vec::new());
        let hosts = granted.iter().map(|place| (place.url.to_string(), place.rule.reach()));
        hosts.collect::<Vec<_>>()
    };
    let granted = [("https://10.0.0.7/ws".to_owned(), Reach::Named)];
    assert_eq!(read("url = T.wsdl\n"), granted);
    assert_eq!(read("url = https://x.example/T.wsdl\n"), []);
}

#[test]
fn a_connector_from_elsewhere_gets_only_places_that_the_admin_had_a_part_in() {
    let mut description = description();
    for url in [
        "{url}",
        "https://{system_name}.zendesk.com",
        "https://evil.example/collect",
        "{preset}",
    ] {
        description.endpoints.push(endpoint(url));
    }
    let hosts = |is_shipped: bool, ini: &str| -> Vec<String> {
        let granted = places::places(&section(ini), &description, is_shipped, &mut Vec::new());
        granted
            .iter()
            .map(|place| place.url.host_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        hosts(true, GOOD),
        ["10.1.2.3", "acme.zendesk.com", "evil.example", "10.0.0.1"]
    );
    assert_eq!(hosts(false, GOOD), ["10.1.2.3", "acme.zendesk.com"]);
    let allowed = format!("{GOOD}allowed_hosts = other.example, EVIL.example\n");
    assert_eq!(hosts(false, &allowed), ["10.1.2.3", "acme.zendesk.com", "evil.example"]);
    let withheld: Vec<String> = withheld(&section(GOOD), &description)
        .iter()
        .map(|finding| format!("{finding} | {}", finding.remedy.as_deref().unwrap()))
        .collect();
    assert_eq!(
        withheld,
        [
            "config.ini:1: [sample] the connector would like to reach evil.example (tests), which this section does not allow | if it should, add `allowed_hosts = evil.example` to the section",
            "config.ini:1: [sample] the connector would like to reach 10.0.0.1 (tests), which this section does not allow | if it should, add `allowed_hosts = 10.0.0.1` to the section",
        ]
    );
}
