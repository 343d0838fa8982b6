//! Proxies of the environment, and of sections. Loopback is never reached through one, so the hosts here are made up, and only the proxy knows them.

use insta::{allow_duplicates, assert_snapshot};
use oomnitza_connector::standin::{okta, oomnitza};
use oomnitza_tests::proxy::{Proxy, secured};
use oomnitza_tests::servers::ini;
use oomnitza_tests::{Program, Servers};

const OKTA: &str = "http://okta.example.test";
const OOMNITZA: &str = "http://oomnitza.example.test:8080";

/// An Okta that knows itself by this address, and an Oomnitza.
fn servers(okta: &str, people: u64) -> Servers {
    let okta = okta::Settings {
        people,
        public: Some(okta.to_owned()),
        ..okta::Settings::default()
    };
    Servers::start(okta, oomnitza::Settings::default())
}

fn proxy_of(servers: &Servers) -> Proxy {
    let (okta, oomnitza) = (servers.okta.url(), servers.oomnitza.url());
    Proxy::start(&[
        ("okta.example.test:80", &okta),
        ("oomnitza.example.test:8080", &oomnitza),
    ])
}

#[test]
fn both_sides_are_reached_through_the_proxy_of_the_environment() {
    // All spellings that other programs read, with and without scheme.
    for (name, scheme) in [
        ("HTTP_PROXY", "http://"),
        ("http_proxy", ""),
        ("ALL_PROXY", "http://"),
        ("all_proxy", ""),
    ] {
        let servers = servers(OKTA, 250);
        let proxy = proxy_of(&servers);
        let program = Program::with(&ini(OOMNITZA, OKTA, "upload_parallel = 1", ""))
            .env(name, &format!("{scheme}{}", proxy.address()));
        let output = program.run(&["upload", "okta"]);
        assert_eq!(output.code, Some(0), "{name}\n{output}");
        servers.assert_arrived(0..250);
        let mut requests = proxy.requests();
        // The source reads ahead of the uploads.
        requests.sort();
        let requests = oomnitza_tests::settled(&requests.join("\n"), program.home().to_str().unwrap());
        allow_duplicates!(assert_snapshot!(requests, @"
        GET http://okta.example.test/api/v1/users?after=[CURSOR]&limit=200 HTTP/1.1
        GET http://okta.example.test/api/v1/users?limit=200 HTTP/1.1
        GET http://oomnitza.example.test:8080/api/v2/mappings?name=AuthTest HTTP/1.1
        GET http://oomnitza.example.test:8080/api/v2/mappings?name=Okta HTTP/1.1
        POST http://oomnitza.example.test:8080/api/v2/bulk/users?VERSION=1.1.0 HTTP/1.1
        POST http://oomnitza.example.test:8080/api/v2/bulk/users?VERSION=1.1.0 HTTP/1.1
        POST http://oomnitza.example.test:8080/api/v2/bulk/users?VERSION=1.1.0 HTTP/1.1
        "));
    }
}

#[test]
fn a_proxy_may_want_a_user_and_a_password() {
    let servers = servers(OKTA, 1);
    let (okta, oomnitza) = (servers.okta.url(), servers.oomnitza.url());
    let hosts = [
        ("okta.example.test:80", okta.as_str()),
        ("oomnitza.example.test:8080", oomnitza.as_str()),
    ];
    let proxy = Proxy::start_for(Some("jo:a password@home"), &hosts);
    let program = Program::with(&ini(OOMNITZA, OKTA, "", ""));
    let with_user = program.env(
        "HTTP_PROXY",
        &format!("http://jo:a%20password%40home@{}", proxy.address()),
    );
    let output = with_user.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_arrived(0..1);
}

#[test]
fn a_proxy_that_is_not_there_is_named_without_its_password() {
    let gone = Proxy::start(&[]).address();
    // Port 1 is nobody's.
    let program =
        Program::with(&ini(OOMNITZA, OKTA, "", "")).env("HTTP_PROXY", "http://jo:a-secret-password@127.0.0.1:1");
    let output = program.run(&["upload", "okta"]);
    assert!(!format!("{output}").contains("a-secret-password"), "{output}");
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    WARNING - Oomnitza cannot be used now; trying again error=no connection to http://oomnitza.example.test:8080 through the proxy http://127.0.0.1:[PORT]: Connection refused (os error 111)
    error: [oomnitza] cannot be used: no connection to http://oomnitza.example.test:8080 through the proxy http://127.0.0.1:[PORT]: Connection refused (os error 111)
    hint: check the environment variable HTTP_PROXY, and that this proxy can be reached and lets this machine through
    ");
    let program = Program::with(&ini(OOMNITZA, OKTA, "", "")).env("HTTP_PROXY", &format!("http://{gone}"));
    assert_snapshot!(program.run(&["upload", "okta"]), @"
    exit: 1
    ----- stdout
    ----- stderr
    error: [oomnitza] cannot be used: Oomnitza refused to check the API token (400)
    ");
}

#[test]
fn secured_hosts_are_reached_through_a_tunnel_and_judged_by_their_own_certificate() {
    let servers = servers("https://okta.example.test", 250);
    let okta = secured("okta.example.test", &servers.okta.url());
    let oomnitza = secured("oomnitza.example.test", &servers.oomnitza.url());
    let proxy = Proxy::start(&[
        ("okta.example.test:443", &okta.url),
        ("oomnitza.example.test:443", &oomnitza.url),
    ]);
    let program = Program::with(&ini(
        "https://oomnitza.example.test",
        "https://okta.example.test",
        "cacert_file = oomnitza.pem",
        "cacert_file = okta.pem",
    ));
    let oomnitza_file = program.write("oomnitza.pem", oomnitza.certificate.as_bytes());
    let okta_file = program.write("okta.pem", okta.certificate.as_bytes());
    assert!(oomnitza_file.is_file() && okta_file.is_file());
    let program = program.env("HTTPS_PROXY", &format!("http://{}", proxy.address()));
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_arrived(0..250);
    let requests = proxy.requests();
    assert!(
        requests.contains(&"CONNECT okta.example.test:443 HTTP/1.1".to_owned()),
        "{requests:?}"
    );
    assert!(
        requests.iter().all(|request| request.starts_with("CONNECT ")),
        "{requests:?}"
    );
}

/// The way to the proxy is secured then, whatever the way from there is.
#[test]
fn a_proxy_may_speak_tls() {
    let servers = servers(OKTA, 1);
    let proxy = proxy_of(&servers);
    let front = secured("127.0.0.1", &format!("http://{}", proxy.address()));
    let run = |settings: &str| {
        let program = Program::with(&ini(OOMNITZA, OKTA, settings, settings))
            .env("HTTP_PROXY", &front.url.replace("http:", "https:"));
        program.write("proxy.pem", front.certificate.as_bytes());
        program.run(&["upload", "okta"])
    };
    let output = run("cacert_file = proxy.pem");
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_arrived(0..1);
    let requests = proxy.requests();
    assert!(!requests.is_empty(), "{output}");
    // One that nobody vouches for is not spoken to.
    let output = run("");
    assert_eq!(output.code, Some(1), "{output}");
    assert!(output.stderr.contains("certificate"), "{output}");
    assert_eq!(proxy.requests(), requests);
}

#[test]
fn hosts_that_no_proxy_names_and_loopback_are_reached_directly() {
    let servers = servers(OKTA, 1);
    let proxy = proxy_of(&servers);
    let address = format!("http://{}", proxy.address());
    // Nobody but the proxy knows this host, so reaching it directly fails by its name.
    let program = Program::with(&ini(OOMNITZA, OKTA, "", ""))
        .env("HTTP_PROXY", &address)
        .env("NO_PROXY", "other.test, .example.test");
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(
        output.stderr.contains("oomnitza.example.test has no usable address"),
        "{output}"
    );
    assert_eq!(proxy.requests(), Vec::<String>::new());

    let servers = Servers::with_people(1);
    let output = servers
        .program()
        .env("HTTP_PROXY", &address)
        .env("ALL_PROXY", &address)
        .run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_arrived(0..1);
    assert_eq!(proxy.requests(), Vec::<String>::new());
}

/// An organisation's `-admin` host answers, but its links lead to the host without `-admin`.
#[test]
fn links_of_an_admin_host_are_followed_at_the_host_that_the_admin_wrote() {
    let servers = servers("http://dev-1.example.test", 450);
    let (okta, oomnitza) = (servers.okta.url(), servers.oomnitza.url());
    let proxy = Proxy::start(&[
        ("dev-1-admin.example.test:80", &okta),
        ("oomnitza.example.test:8080", &oomnitza),
    ]);
    let program = Program::with(&ini(OOMNITZA, "http://dev-1-admin.example.test", "", ""));
    let output = program
        .env("HTTP_PROXY", &proxy.address().to_string())
        .run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_arrived(0..450);
    let to_okta = |request: &&String| request.contains("/api/v1/users");
    assert_eq!(proxy.requests().iter().filter(to_okta).count(), 3);
}

#[test]
fn links_of_an_admin_host_to_another_organisation_are_not_followed() {
    let servers = servers("http://dev-2.example.test", 450);
    let (okta, oomnitza) = (servers.okta.url(), servers.oomnitza.url());
    let hosts = [
        ("dev-1-admin.example.test:80", &*okta),
        ("dev-2.example.test:80", &okta),
        ("oomnitza.example.test:8080", &oomnitza),
    ];
    let proxy = Proxy::start(&hosts);
    let program = Program::with(&ini(OOMNITZA, "http://dev-1-admin.example.test", "", ""));
    let output = program
        .env("HTTP_PROXY", &proxy.address().to_string())
        .run(&["upload", "okta"]);
    servers.assert_arrived(0..200);
    assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta] 200 records sent in [TIME]
      read 200 = sent 200 + filtered 0 + rejected 0 + failed 0
    error: section [okta] stopped: the source answered something unexpected: the link to the next page cannot be followed: it leads to http://dev-2.example.test
    hint: check `url` (line 8) in config.ini; if that is right, report this to whoever made the connector
    ");
}

#[test]
fn a_section_s_own_proxy_goes_before_the_environment_s() {
    let servers = servers(OKTA, 1);
    let (okta, oomnitza) = (servers.okta.url(), servers.oomnitza.url());
    let to_okta = Proxy::start_for(Some("jo:a secret word"), &[("okta.example.test:80", &okta)]);
    let to_oomnitza = Proxy::start(&[("oomnitza.example.test:8080", &oomnitza)]);
    let own = |proxy: &Proxy| format!("proxy = {}", proxy.address());
    let section = format!("proxy = http://jo:a%20secret%20word@{}", to_okta.address());
    let program = Program::with(&ini(OOMNITZA, OKTA, &own(&to_oomnitza), &section))
        // Port 1 is nobody's.
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("RUST_LOG", "trace")
        .keeping("a secret word")
        .keeping("a%20secret%20word");
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    servers.assert_arrived(0..1);
    assert!(
        to_okta
            .requests()
            .iter()
            .all(|request| request.contains("okta.example.test/"))
    );
    assert!(
        to_oomnitza
            .requests()
            .iter()
            .all(|request| request.contains("oomnitza.example.test:8080/"))
    );
    assert!(!to_okta.requests().is_empty() && !to_oomnitza.requests().is_empty());
}

#[test]
fn a_section_may_go_without_the_environment_s_proxy() {
    let servers = servers(OKTA, 1);
    let proxy = proxy_of(&servers);
    // Nobody but the proxy knows this host, so reaching it directly fails by its name.
    let program =
        Program::with(&ini(OOMNITZA, OKTA, "", "proxy = None")).env("HTTP_PROXY", &proxy.address().to_string());
    let output = program.run(&["upload", "okta"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(
        output.stderr.contains("okta.example.test has no usable address"),
        "{output}"
    );
    assert!(
        proxy
            .requests()
            .iter()
            .all(|request| request.contains("oomnitza.example.test"))
    );
}

#[test]
fn a_proxy_that_is_none_or_must_not_be_is_said_with_its_place() {
    let servers = Servers::with_people(1);
    let url = servers.oomnitza.url();
    let told = |section: &str, oomnitza: &str| {
        let program = Program::with(&ini(&url, OKTA, oomnitza, section)).keeping("a-secret-password");
        program.run(&["upload", "okta"])
    };
    assert_snapshot!(told("proxy = socks5://jo:a-secret-password@p", ""), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:12: [okta] proxy: `socks5://…@p` does not name a proxy: `socks5` is neither http nor https
    hint: write it like `http://proxy.example.com:3128`, or `none` to go without one
    ");
    assert_snapshot!(told("", "proxy = http://"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:4: [oomnitza] proxy: `http://` does not name a proxy: empty host
    hint: write it like `http://proxy.example.com:3128`, or `none` to go without one
    ");
    assert_snapshot!(told("proxy = http://169.254.169.254:80", ""), @"
    exit: 1
    ----- stdout
    ----- stderr
    error: section [okta] stopped: the source cannot be reached: http://169.254.169.254 may not be reached: it is the proxy, and at an address that is never allowed
    hint: check `proxy` (line 12) in config.ini, and that this proxy can be reached and lets this machine through
    ");
}

/// Where a proxy keeps from the source, the source's address is not to blame.
#[test]
fn a_proxy_that_leads_nowhere_is_named_by_what_names_it() {
    let servers = Servers::with_people(0);
    let url = servers.oomnitza.url();
    let refusing = format!("http://{}", Proxy::start(&[]).address());
    let asking = format!("http://{}", Proxy::start_for(Some("jo:secret-word"), &[]).address());
    for (proxy, okta, reason) in [
        ("http://127.0.0.1:1", OKTA, "Connection refused (os error 111)"),
        (
            "http://127.0.0.1:1",
            "https://okta.example.test",
            "Connection refused (os error 111)",
        ),
        (
            &refusing,
            "https://okta.example.test",
            "the proxy refuses to connect there",
        ),
        (
            &asking,
            "https://okta.example.test",
            "the proxy wants a user name and a password (407), or others than it got",
        ),
        (
            "http://no-proxy.invalid",
            OKTA,
            "no-proxy.invalid has no usable address",
        ),
    ] {
        let section = Program::with(&ini(&url, okta, "", &format!("proxy = {proxy}")));
        let environment = Program::with(&ini(&url, okta, "", "")).env("ALL_PROXY", proxy);
        for (program, origin) in [
            (section, "`proxy` (line 12) in config.ini"),
            (environment, "the environment variable ALL_PROXY"),
        ] {
            let output = program.run(&["check", "okta"]);
            let hint =
                format!("hint: check {origin}, and that this proxy can be reached and lets this machine through\n");
            assert_eq!(output.code, Some(1), "{output}");
            assert!(
                output.stderr.contains(reason) && output.stderr.ends_with(&hint),
                "{output}"
            );
        }
    }
}

#[test]
fn a_proxy_has_no_meaning_for_a_directory() {
    let servers = Servers::with_people(0);
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[ldap]\nenable = True\nurl = ldap://127.0.0.1:1\nusername = anonymous\nbase_dn = dc=x\n\
         filter = (objectClass=*)\nprotocol_version = 3\ndefault_role = 25\ndefault_position = x\npassword =\nproxy = http://proxy.example\n",
        servers.oomnitza.url()
    ));
    let output = program.run(&["upload", "ldap"]);
    assert!(
        output
            .stderr
            .contains("[ldap] proxy: has no effect: this source is not reached over the web"),
        "{output}"
    );
}
