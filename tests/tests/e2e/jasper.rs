//! Jasper to Oomnitza.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use oomnitza_connector::standin::Trouble;
use oomnitza_connector::standin::oomnitza::{Call, Fault};
use oomnitza_tests::proxy::secured;
use oomnitza_tests::{Answer, Asked, Fake, Series, Trial, settled, troubles};

const SETTINGS: &str = "url = URL/ws/service/Terminal\nusername = user@example.com\npassword = p<ss&w\"rd'>]]>\nstorage = storage.db\n\
    api_token = sample-licence-key\nsync_field = ICCID\nupdate_only = False\nmapping.ICCID = {\"source\": \"iccid\"}\n\
    mapping.STATUS = {\"source\": \"status\"}\nmapping.USAGE = {\"source\": \"monthToDateUsage\"}\n\
    mapping.OVER = {\"source\": \"overageLimitReached\"}\nmapping.PHONE = {\"source\": \"_msisdn\"}\nmapping.ADDRESS = {\"source\": \"fixedIpAddress\"}\n";

/// The settings by which the service knows its user.
pub const CREDENTIALS: &str =
    "username = user@example.com\npassword = p<ss&w\"rd'>]]>\napi_token = sample-licence-key\n";

const PASSWORD: &str = "<wsse:Username>user@example.com</wsse:Username><wsse:Password Type=\"http://docs.oasis-open.org/wss/2004/01/\
    oasis-200401-wss-username-token-profile-1.0#PasswordText\">p&lt;ss&amp;w&quot;rd&apos;&gt;]]&gt;</wsse:Password>";

/// The newest modification of the service's terminals, as a run that goes on asks for it.
const NEWEST: &str = "<since>2018-05-17T10:05:09.000+08:00</since>";

/// What the service says of its twelfth terminal: nothing, a fault in place of any details among which they would be, or its details.
const NOTHING: u8 = 0;
const FAULT: u8 = 1;
const DETAILS: u8 = 2;

/// The service with so many modified terminals, one of which it gives no details of.
pub fn service(terminals: u32) -> Fake {
    service_with(terminals, Arc::default(), Arc::default())
}

/// The service, what it says of its twelfth terminal, and beside it a WSDL that says that it is at `location`.
fn service_with(terminals: u32, location: Arc<OnceLock<String>>, twelfth: Arc<AtomicU8>) -> Fake {
    Fake::start(move |asked: &Asked| {
        if (asked.method.as_str(), asked.target.as_str()) == ("GET", "/ws/schema/Terminal.wsdl") {
            let location = location.get().ok_or("nobody should read it")?;
            return Ok(Answer::xml(200, wsdl(location)));
        }
        if asked.method != "POST" || asked.target != "/ws/service/Terminal" {
            return Err("there is no such path".to_owned());
        }
        if asked.header("content-type") != "text/xml; charset=utf-8" {
            return Err("it is no SOAP 1.1".to_owned());
        }
        if !asked.body.contains(PASSWORD) || !asked.body.contains("<licenseKey>sample-licence-key</licenseKey>") {
            return Ok(fault("Client", "100100", "<message>Invalid credentials</message>"));
        }
        let action = asked.header("soapaction");
        let operation = action
            .strip_prefix("\"http://api.jasperwireless.com/ws/service/terminal/")
            .and_then(|rest| rest.strip_suffix('"'))
            .ok_or("its SOAPAction is none of the service's")?;
        let opening = format!(
            "<soap:Body><{operation}Request xmlns=\"http://api.jasperwireless.com/ws/schema\"><messageId/><version/>"
        );
        if !asked.body.contains(&opening) {
            return Err("its body does not go with its SOAPAction".to_owned());
        }
        match operation {
            "GetModifiedTerminals" if asked.body.contains("<since>2015-03-04T00:00:00Z</since>") => {
                let listed: String = (0..terminals)
                    .map(|number| format!("<iccid>{}</iccid>", iccid(number)))
                    .collect();
                Ok(answer(operation, &format!("<iccids>{listed}</iccids>")))
            }
            // Nothing was modified since the newest of them.
            "GetModifiedTerminals" if asked.body.contains(NEWEST) => Ok(answer(operation, "<iccids/>")),
            "GetTerminalDetails" => {
                let asked: Vec<u32> = (0..terminals)
                    .filter(|number| asked.body.contains(&iccid(*number)))
                    .collect();
                if asked.is_empty() || asked.len() > 10 {
                    return Err("it asks for none, or for more than ten".to_owned());
                }
                let twelfth = twelfth.load(Ordering::SeqCst);
                if twelfth == FAULT && asked.contains(&11) {
                    return Ok(fault("Client", "200001", "<message>unknown</message>"));
                }
                // In no order, and without what it does not know.
                let details: String = asked
                    .iter()
                    .rev()
                    .filter(|number| **number != 11 || twelfth == DETAILS)
                    .map(|number| terminal(*number))
                    .collect();
                Ok(answer(operation, &format!("<terminals>{details}</terminals>")))
            }
            _ => Err("it asks for something else".to_owned()),
        }
    })
}

fn iccid(number: u32) -> String {
    format!("8986{number:016}")
}

fn terminal(number: u32) -> String {
    format!(
        "<terminal msisdn=\"88200{number}\"><iccid>{}</iccid><suspended>N</suspended><status>ACTIVATED_NAME</status><monthToDateUsage>0.{number}00</monthToDateUsage>\
         <overageLimitReached>{}</overageLimitReached><dateModified>2018-05-17T10:05:09.000+08:00</dateModified><rating/>\
         <fixedIpAddress xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/></terminal>",
        iccid(number),
        number == 3
    )
}

fn answer(operation: &str, elements: &str) -> Answer {
    Answer::xml(
        200,
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body>\
             <{operation}Response xmlns=\"http://api.jasperwireless.com/ws/schema\"><correlationId/><version>5.90</version><build>b</build>\
             <timestamp>2018-05-18T00:00:00.000Z</timestamp>{elements}</{operation}Response></S:Body></S:Envelope>"
        ),
    )
}

fn fault(code: &str, number: &str, detail: &str) -> Answer {
    Answer::xml(
        500,
        format!(
            "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body><S:Fault><faultcode>S:{code}</faultcode>\
             <faultstring>{number}</faultstring><detail>{detail}</detail></S:Fault></S:Body></S:Envelope>"
        ),
    )
}

#[test]
fn terminals_arrive_whole() {
    let source = service(3);
    insta::assert_snapshot!(Trial::of("jasper", SETTINGS, &source).story(&source));
}

#[test]
fn more_than_ten_terminals_arrive_and_one_without_details_is_missed() {
    let source = service(125);
    let trial = Trial::of("jasper", SETTINGS, &source);
    assert_eq!(source.violations(), Vec::<String>::new());
    assert_eq!(
        (trial.output.code, trial.output.counts()),
        (Some(4), [124, 124, 0, 0, 0]),
        "{}",
        trial.output
    );
    assert_eq!(source.asked().len(), 14);
}

#[test]
fn no_terminals_arrive() {
    let source = service(0);
    let trial = Trial::of("jasper", SETTINGS, &source);
    assert_eq!(
        (trial.output.code, trial.output.counts()),
        (Some(0), [0, 0, 0, 0, 0]),
        "{}",
        trial.output
    );
    assert_eq!(source.asked().len(), 1);
}

#[test]
fn what_jasper_refuses_is_told_and_a_refused_sign_in_is_not_repeated() {
    insta::assert_snapshot!(troubles(
        "jasper",
        SETTINGS,
        || service(3),
        &[
            (
                "a refused sign-in",
                fault(
                    "Client",
                    "100100",
                    "<message>Invalid p&lt;ss&amp;w\"rd'&gt;]]&gt;</message>"
                )
            ),
            ("another fault", fault("Server", "100200", "")),
            ("401", Answer::new(401, "text/html", "<html></html>")),
            ("403", Answer::new(403, "text/html", "<html>Your IP</html>")),
            ("404", Answer::new(404, "text/html", "")),
            ("503", Answer::new(503, "text/html", "maintenance")),
            ("a page", Answer::new(200, "text/html", "<html></html>")),
            ("nothing", Answer::xml(200, "")),
            ("half", Answer::xml(200, "<S:Envelope xmlns:S=\"u\"><S:Body>")),
            ("another response", answer("EditTerminal", "")),
        ]
    ));
}

/// A WSDL as operators give it, whose service is at this address.
fn wsdl(location: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- <soap:address location=\"https://old.example/\"/> -->\n\
         <definitions name=\"TerminalService\" xmlns=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\">\n\
         <types><schema><import namespace=\"u\" schemaLocation=\"JasperAPI.xsd\"/></schema></types>\n\
         <service name=\"TerminalService\"><port name=\"Terminal\" binding=\"tns:Terminal\">\n\
         <soap:address location=\"{location}\"/>\n</port></service></definitions>\n"
    )
}

/// A section whose WSDL is this, with these files beside its ini file.
fn with_wsdl(path: &str, files: &[(&str, &[u8])], source: &Fake) -> Series {
    let settings = SETTINGS.replace("url = URL/ws/service/Terminal", &format!("wsdl_path = {path}"));
    let series = Series::of("jasper", &settings, source);
    for (name, bytes) in files {
        series.program.write(name, bytes);
    }
    series
}

#[test]
fn a_wsdl_in_a_file_says_where_the_service_is() {
    let source = service(3);
    let file = wsdl(&format!("{}/ws/service/Terminal", source.url()));
    let elsewhere = tempfile::tempdir().unwrap();
    let absolute = elsewhere.path().join("T.wsdl");
    std::fs::write(&absolute, &file).unwrap();
    for path in [
        "Terminal.wsdl",
        "jasper/Terminal.wsdl",
        "jasper/../Terminal.wsdl",
        &absolute.display().to_string(),
        &format!("file://{}", absolute.display()),
    ] {
        let files = [
            ("Terminal.wsdl", file.as_bytes()),
            ("jasper/Terminal.wsdl", file.as_bytes()),
        ];
        let series = with_wsdl(path, &files, &source);
        assert_eq!(series.upload(&[], 0, "ICCID").len(), 3, "{path}");
    }
    // Another operator's service is another one: nothing of it has been read yet.
    let other = service(2);
    let series = with_wsdl("T.wsdl", &[("T.wsdl", file.as_bytes())], &source);
    assert_eq!(
        (
            series.upload(&[], 0, "ICCID").len(),
            series.upload(&[], 0, "ICCID").len()
        ),
        (3, 0)
    );
    series.program.write(
        "T.wsdl",
        wsdl(&format!("{}/ws/service/Terminal", other.url())).as_bytes(),
    );
    assert_eq!(series.upload(&[], 0, "ICCID").len(), 2);
    assert_eq!((source.violations(), other.violations()), (vec![], vec![]));
}

/// Behind TLS and on a port of its own, as some operators have it.
#[test]
fn a_wsdl_at_a_secured_address_is_read_and_names_the_service_at_its_own_place_only() {
    let run = |path: &str, location: &str| {
        let cell = Arc::new(OnceLock::new());
        let source = service_with(3, cell.clone(), Arc::default());
        let front = secured("127.0.0.1", &source.url());
        let home = front.url.replace("http://", "https://");
        cell.set(location.replace("HOME", &home)).expect("it is empty");
        let series = with_wsdl(
            &format!("{home}{path}"),
            &[("own.pem", front.certificate.as_bytes())],
            &source,
        );
        series.add("cacert_file = own.pem");
        let output = series.run(&[]);
        (output, source)
    };
    let wsdl = "/ws/schema/Terminal.wsdl";
    let (output, source) = run(wsdl, "HOME/ws/service/Terminal");
    assert_eq!((output.code, output.counts()), (Some(0), [3, 3, 0, 0, 0]), "{output}");
    let paths: Vec<String> = source.asked().into_iter().map(|asked| asked.target).collect();
    assert_eq!(paths, [wsdl, "/ws/service/Terminal", "/ws/service/Terminal"]);
    assert_eq!(source.violations(), Vec::<String>::new());

    let mut told = String::new();
    for (path, location) in [
        (wsdl, "https://kpn.example/ws/service/Terminal"),
        (wsdl, "https://127.0.0.1/ws/service/Terminal"),
        (wsdl, ""),
        ("/none.wsdl", "HOME/ws/service/Terminal"),
    ] {
        let (output, source) = run(path, location);
        assert!(source.asked().iter().all(|asked| asked.method == "GET"), "{output}");
        told.push_str(&format!(
            "exit {:?}: {}\n{}\n",
            output.code,
            output.summary(),
            output.report()["error"]["hint"]
        ));
    }
    insta::assert_snapshot!(settled(&told, "[HOME]"));
}

#[test]
fn a_file_that_is_no_wsdl_is_told_with_line_and_remedy_before_anything_is_asked() {
    let source = service(3);
    let huge = [wsdl("https://x.example/").as_bytes(), &vec![b' '; 1 << 20]].concat();
    let many = "<soap:address x='".repeat(50_000);
    let files: [(&str, &[u8]); 7] = [
        ("huge.wsdl", &huge),
        ("binary.wsdl", b"\x7fELF\x02\x00\xff\xfe"),
        ("empty.wsdl", b""),
        ("page.wsdl", b"<html><body>Sign in</body></html>"),
        ("many.wsdl", many.as_bytes()),
        ("scheme.wsdl", wsdl("ldap://x.example/").leak().as_bytes()),
        ("relative.wsdl", wsdl("/ws/service/Terminal").leak().as_bytes()),
    ];
    let mut told = String::new();
    let names = [
        "none.wsdl",
        "../none.wsdl",
        "/dev/zero",
        ".",
        "https",
        "file:///none.wsdl",
        "file://server/none.wsdl",
    ];
    for path in names.into_iter().chain(files.iter().map(|(name, _)| *name)) {
        let output = with_wsdl(path, &files, &source).program.run(&["upload", "jasper"]);
        told.push_str(&format!("----- {path}\n{output}"));
    }
    insta::assert_snapshot!(told);
    assert_eq!(source.asked().len(), 0);
}

#[test]
fn a_run_goes_on_where_the_last_one_was_delivered_and_not_before() {
    let source = service(11);
    let series = Series::of("jasper", SETTINGS, &source);
    let upload = |more: &[&str], code: i32| series.upload(more, code, "ICCID").len();
    let refuse_all = |times| Fault::Next {
        call: Call::Upload,
        times,
        trouble: Trouble::Status(503, None),
    };
    series.inject(refuse_all(2));
    assert_eq!(upload(&[], 1), 0);
    // Nothing was delivered, so everything is read again; what is shown or counted off moves nothing either.
    assert_eq!(upload(&["--testmode"], 0), 0);
    assert_eq!(upload(&["--record-count", "1"], 0), 1);
    assert_eq!(upload(&[], 0), 11);
    assert_eq!(upload(&[], 0), 0);
    // With another mapping old records matter as well.
    series.add("mapping.RATING = {\"source\": \"rating\"}");
    assert_eq!(upload(&[], 0), 11);
    assert_eq!(source.violations(), Vec::<String>::new());
}

#[test]
fn a_terminal_that_does_not_come_is_asked_for_again_until_it_does() {
    let twelfth = Arc::new(AtomicU8::new(NOTHING));
    let source = service_with(12, Arc::default(), twelfth.clone());
    let series = Series::of("jasper", SETTINGS, &source);
    // Each run says that it is lacking, and reads from where it is listed.
    for _ in 0..2 {
        assert_eq!(series.upload(&[], 4, "ICCID").len(), 11);
        assert_eq!(series.cursor(), None);
    }
    let output = series.run(&[]);
    assert!(
        output.stderr.contains("hint: records that are lacking: 1;") && output.stderr.contains("or run it again"),
        "{output}"
    );
    twelfth.store(DETAILS, Ordering::SeqCst);
    assert_eq!(series.upload(&[], 0, "ICCID").len(), 12);
    assert_eq!(series.upload(&[], 0, "ICCID").len(), 0);
    assert_eq!(source.violations(), Vec::<String>::new());
}

#[test]
fn a_terminal_for_which_the_service_answers_a_fault_does_not_keep_the_others_from_arriving() {
    let source = service_with(25, Arc::default(), Arc::new(AtomicU8::new(FAULT)));
    let series = Series::of("jasper", SETTINGS, &source);
    assert_eq!(series.upload(&[], 4, "ICCID").len(), 24);
    // The list; 10, 10 and 5; then by halves to the one.
    assert_eq!(source.asked().len(), 1 + 3 + 2 + 2 + 2);
    let output = series.run(&[]);
    let said = "GetTerminalDetails: the service does not accept the request (Client, 200001, unknown)";
    assert!(output.stderr.contains(said), "{output}");
    assert_eq!(source.violations(), Vec::<String>::new());
}

#[test]
fn days_between_full_runs_have_no_effect_and_the_admin_is_told() {
    let source = service(3);
    let trial = Trial::run(
        &["validate"],
        "jasper",
        &format!("{SETTINGS}full_run_days = 7\n"),
        &source,
    );
    let said = "[jasper] full_run_days: has no effect: this source only tells what has changed";
    assert!(trial.output.to_string().contains(said), "{}", trial.output);
}

#[test]
fn a_service_that_was_asked_too_often_or_failed_is_asked_again() {
    let source = service(3)
        .instead(
            1,
            Answer::json(429, r#"{"errorMessage":"Rate limit exceeded","errorCode":"40000029"}"#),
        )
        .instead(3, fault("Server", "1", ""));
    let series = Series::of("jasper", SETTINGS, &source);
    assert_eq!(series.upload(&[], 0, "ICCID").len(), 3);
    assert_eq!(source.violations(), Vec::<String>::new());
}
