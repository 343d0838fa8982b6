//! A Configuration Manager site as the user that the program runs as: tickets of MIT's own KDC, judged by MIT's own library.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use oomnitza_connector::standin::oomnitza;
use oomnitza_connector::standin::sccm::Site;
use oomnitza_connector::standin::tds::{Accepted, Greeting, Settings, Tds};
use oomnitza_tests::kerberos::{Kdc, USER};
use oomnitza_tests::{Output, Program, eventually};
use serde_json::Value;

/// A domain with a SQL Server that lets its user in.
struct Domain {
    kdc: Kdc,
    source: Tds,
    destination: oomnitza::Oomnitza,
}

impl Domain {
    fn new() -> Self {
        Self::with(|settings| settings)
    }

    /// With a server that is different.
    fn with(change: impl FnOnce(Settings) -> Settings) -> Self {
        let kdc = Kdc::start();
        let mut settings = Site {
            computers: 12,
            ..Site::default()
        }
        .settings();
        settings.user = USER.to_owned();
        settings.accept = Some(kdc.accept());
        let source = Tds::start(change(settings)).unwrap();
        kdc.register(source.port());
        Self {
            kdc,
            source,
            destination: oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap(),
        }
    }

    /// With a server that says something else to a good ticket.
    fn answering(answer: impl Fn(Accepted) -> Accepted + Send + Sync + 'static) -> Self {
        Self::with(|mut settings| {
            let accept = settings.accept.take().unwrap();
            settings.accept = Some(Arc::new(move |ticket| accept(ticket).map(&answer)));
            settings
        })
    }

    /// The program, with a section that names nobody, and without a ticket.
    fn program(&self) -> Program {
        let ini = format!(
            "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[sccm]\nenable = True\nserver = localhost,{}\ndatabase = CM_DCT\nauthentication = Windows\nencrypt = off\ndedupe = True\nsync_field = SERIAL\nmapping.SERIAL = {{\"source\": \"hardware.serial_number\"}}\nmapping.NAME = {{\"source\": \"hardware.computer_name\"}}\n",
            self.destination.url(),
            self.source.port()
        );
        let program = Program::with(&ini).env("KRB5_CONFIG", &self.kdc.configuration());
        let cache = cache(&program).display().to_string();
        program.env("KRB5CCNAME", &cache)
    }

    /// What the program says with a ticket that is good.
    fn check(&self) -> Output {
        let program = self.program();
        self.kdc.sign_in(&cache(&program), "1h");
        program.run(&["check", "sccm"])
    }
}

fn cache(program: &Program) -> PathBuf {
    program.home().join("tickets")
}

/// That a run failed so, and nothing was sent.
#[track_caller]
fn assert_said(domain: &Domain, output: &Output, said: &[&str]) {
    let text = format!("{output}");
    assert_eq!(output.code, Some(1), "{text}");
    for said in said {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert_eq!(domain.destination.uploaded(), Vec::<Value>::new());
}

#[track_caller]
fn assert_uploaded(domain: &Domain, output: &Output) {
    assert_eq!(output.code, Some(0), "{output}");
    assert!(
        output
            .stderr
            .contains("whoever is in between can go on in the user's name"),
        "{output}"
    );
    let mut names: Vec<String> = domain
        .destination
        .uploaded()
        .iter()
        .map(|computer| computer["NAME"].as_str().unwrap().to_owned())
        .collect();
    names.sort_unstable();
    let expected: Vec<String> = (0..12).map(|index| format!("PC-{index:06}")).collect();
    assert_eq!(names, expected);
    let ledger = domain.source.ledger();
    assert_eq!((ledger.logins, ledger.violations), (2, vec![]));
}

#[test]
fn a_ticket_signs_in() {
    let domain = Domain::new();
    let program = domain.program();
    domain.kdc.sign_in(&cache(&program), "1h");
    assert_eq!(program.run(&["validate"]).code, Some(0));
    assert_uploaded(&domain, &program.run(&["upload", "sccm"]));
}

#[test]
fn a_keytab_signs_in_without_anybody_there_and_a_name_that_is_no_account_is_ignored_as_ever() {
    let domain = Domain::new();
    let program = domain.program().env("KRB5_CLIENT_KTNAME", &domain.kdc.keytab());
    let ini = std::fs::read_to_string(program.home().join("config.ini")).unwrap();
    program.write(
        "config.ini",
        format!("{ini}username = change-me\npassword = change-me\n").as_bytes(),
    );
    assert_uploaded(&domain, &program.run(&["upload", "sccm"]));
}

#[test]
fn a_welcome_in_the_same_message_as_the_proof_is_one() {
    let domain = Domain::answering(|accepted| Accepted {
        at_once: true,
        ..accepted
    });
    let output = domain.check();
    assert_eq!(output.code, Some(0), "{output}");
}

#[test]
fn without_a_ticket_it_is_said_how_to_get_one() {
    let domain = Domain::new();
    let program = domain.program();
    let none = "error: section [sccm] stopped: Kerberos gives the user that this program runs as no ticket for MSSQLSvc/localhost:[PORT]: ";
    let remedy = "\nhint: get a ticket as the user that this program runs as, `kinit user@REALM`, or name a keytab in KRB5_CLIENT_KTNAME, which does not expire";
    for command in [["check", "sccm"], ["upload", "sccm"]] {
        let said = format!("{none}No Kerberos credentials available (default cache: ");
        assert_said(&domain, &program.run(&command), &[&said, remedy]);
    }
    assert_eq!(domain.source.ledger().logins, 0);
    domain.kdc.sign_in(&cache(&program), "1s");
    let mut expired = None;
    eventually("the ticket expires", || {
        let output = program.run(&["check", "sccm"]);
        let is_over = output.code != Some(0);
        expired = Some(output);
        is_over
    });
    assert_said(&domain, &expired.unwrap(), &[&format!("{none}Ticket expired{remedy}")]);
}

#[test]
fn a_server_that_the_realm_does_not_know_is_named() {
    let domain = Domain::new();
    let stranger = Tds::start(Site::default().settings()).unwrap();
    let domain = Domain {
        source: stranger,
        ..domain
    };
    assert_said(
        &domain,
        &domain.check(),
        &[
            "no ticket for MSSQLSvc/localhost:[PORT]: Server MSSQLSvc/localhost:[PORT]@EXAMPLE.TEST not found in Kerberos database\n",
            "hint: write the server's full name as `server`; if it is that, the service is not registered: `setspn -S MSSQLSvc/HOST:PORT ACCOUNT`",
        ],
    );
}

#[test]
fn a_realm_whose_servers_are_away_is_named() {
    let domain = Domain::new();
    let program = domain.program();
    domain.kdc.sign_in(&cache(&program), "1h");
    domain.kdc.kill();
    // Its configuration went with it.
    let configuration = "[libdefaults]\ndefault_realm = EXAMPLE.TEST\ndns_lookup_kdc = false\n[realms]\nEXAMPLE.TEST = {\n kdc = 127.0.0.1:1\n}\n";
    let configuration = program.write("krb5.conf", configuration.as_bytes());
    let program = program.env("KRB5_CONFIG", &configuration.display().to_string());
    assert_said(
        &domain,
        &program.run(&["check", "sccm"]),
        &[
            "Cannot contact any KDC for realm 'EXAMPLE.TEST'\nhint: see that this machine reaches the realm's servers (port 88)",
        ],
    );
}

#[test]
fn a_server_that_does_not_let_the_user_in_is_asked_to() {
    let domain = Domain::with(|settings| Settings {
        user: "somebody@EXAMPLE.TEST".to_owned(),
        ..settings
    });
    assert_said(
        &domain,
        &domain.check(),
        &[
            "error 18456: Login failed for user 'oomnitza@EXAMPLE.TEST'.\nhint: let the user that this program runs as in: `CREATE LOGIN [DOMAIN\\user] FROM WINDOWS`",
        ],
    );
    // One that cannot read the ticket.
    let domain = Domain::new();
    domain.kdc.forget(domain.source.port());
    assert_said(
        &domain,
        &domain.check(),
        &[
            "error 18452: Login failed. The login is from an untrusted domain",
            "hint: see that the service is registered for the account that SQL Server runs as, `setspn -Q MSSQLSvc/HOST:PORT`",
        ],
    );
}

#[test]
fn a_server_that_does_not_prove_who_it_is_gets_no_query() {
    for (proof, said) in [
        (b"garbage".to_vec(), "Invalid token was supplied"),
        (
            vec![0x60; 5_000],
            "its answer to the ticket has 5000 bytes, the limit is 4096",
        ),
        (Vec::new(), "it says nothing to the ticket"),
    ] {
        let domain = Domain::answering(move |accepted| Accepted {
            proof: proof.clone(),
            ..accepted
        });
        let said = format!("MSSQLSvc/localhost:[PORT] does not prove that it is the server that is meant: {said}");
        let remedy = "\nhint: something in between answers in its place, or `server` is the name of another one";
        assert_said(&domain, &domain.check(), &[&said, remedy]);
        assert_eq!(domain.source.ledger().queries, []);
    }
    // The proof of another login.
    let last = std::sync::Mutex::new(Vec::new());
    let domain = Domain::answering(move |mut accepted| {
        let mut last = last.lock().unwrap();
        if last.is_empty() {
            last.clone_from(&accepted.proof);
        } else {
            accepted.proof.clone_from(&last);
        }
        accepted
    });
    assert_eq!(domain.check().code, Some(0));
    assert_said(
        &domain,
        &domain.check(),
        &["does not prove that it is the server that is meant"],
    );
    // One that asks on when all is said.
    let domain = Domain::with(|settings| Settings {
        greeting: Greeting::Raw(vec![0xed, 1, 0, 7]),
        ..settings
    });
    assert_said(&domain, &domain.check(), &["does not speak TDS as it should"]);
}

/// FreeTDS asks for its ticket by the same library, and was written by others.
#[test]
fn an_independent_client_signs_in_with_its_ticket() {
    let domain = Domain::with(|settings| Settings {
        is_strict: false,
        ..settings
    });
    let program = domain.program();
    domain.kdc.sign_in(&cache(&program), "1h");
    let mut child = Command::new("timeout")
        .args(["20", "tsql", "-H", "localhost", "-p", &domain.source.port().to_string()])
        .args(["-U", "", "-P", "", "-D", "CM_DCT", "-o", "q"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TDSVER", "7.4")
        .env("KRB5_CONFIG", domain.kdc.configuration())
        .env("KRB5CCNAME", cache(&program))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tsql is there: run `make setup`");
    let mut input = child.stdin.take().unwrap();
    _ = write!(input, "SELECT TOP 1 1\ngo\nexit\n");
    drop(input);
    let output = child.wait_with_output().unwrap();
    let ledger = domain.source.ledger();
    assert_eq!((ledger.logins, ledger.violations), (1, vec![]), "{output:?}");
}
