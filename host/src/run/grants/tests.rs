//! Descriptions and sections in, places out.

use std::path::Path;

use super::*;
use crate::config::schema::{RecordKind, Setting};
use crate::config::{self, Ini};

fn description() -> Description {
    let setting = |name: &str| Setting {
        name: name.to_owned(),
        label: name.to_owned(),
        help: String::new(),
        example: format!("my-{name}"),
        default: None,
        optional: false,
        choices: Vec::new(),
        secret: false,
        json: false,
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
            how: Auth::Header("Authorization".into(), "SSWS {api_token}".into()),
        }],
    }
}

fn section(ini: &str) -> Section {
    let ini = Ini::parse(
        Path::new("config.ini"),
        format!("[sample]\napi_token = t\n{ini}").into_bytes(),
    )
    .unwrap();
    config::section(&ini, &ini.sections[0], &description(), &|_| None).unwrap()
}

fn granted(endpoint: &str, ini: &str) -> Result<Option<(String, Reach)>, String> {
    place(&section(ini), &description(), endpoint)
        .map(|place| place.map(|(url, reach)| (url.to_string(), reach)))
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
        timeouts: Timeouts::default(),
        retry: http::Retry::default(),
    };
    for (endpoint, http, ldap) in [
        ("https://a.example", true, false),
        ("ldap://a.example", false, true),
        ("mssql://a.example", false, false),
    ] {
        let mut description = description();
        description.endpoints.push(crate::config::schema::Endpoint {
            url: endpoint.into(),
            purpose: String::new(),
        });
        let granted = grant(&section(GOOD), &description, &ways)
            .map_err(|_| ())
            .unwrap()
            .granted;
        assert_eq!((granted.http, granted.ldap), (http, ldap), "{endpoint}");
    }
}
