//! `mac_model_from_sn`: models of Apple computers, asked of a service of Oomnitza's. It is on the web, so only a proxy knows ours.

use oomnitza_connector::standin::oomnitza;
use oomnitza_tests::proxy::{Proxy, secured};
use oomnitza_tests::source::{Casper, Source, Tokens};
use oomnitza_tests::{Answer, Fake, Program};
use serde_json::Value;

#[test]
fn models_are_asked_for_as_oomnitza_itself_is_reached_and_names_stay_where_that_fails() {
    let mut server = Casper::new(Tokens::Unknown);
    server.computers = (1..=3).map(|id| (id, Casper::computer(id))).collect();
    let source = Source::start(server);
    let models = Fake::start(|asked| match asked.target.as_str() {
        "/?sn=C02TEST00001" => Ok(Answer::new(200, "text/plain", "MacBook Pro (14-inch, 2023)")),
        "/?sn=C02TEST00002" => Ok(Answer::new(200, "text/plain", "Mac mini (2024)")),
        // As it answers numbers that it does not know.
        "/?sn=C02TEST00003" => Ok(Answer::new(200, "text/plain", "Error: no such model")),
        _ => Err("there is no such path".to_owned()),
    });
    let destination = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let front = secured("oomnitza.example.test", &destination.url());
    let service = secured("nam.oomnitza.com", &models.url());
    let proxy = Proxy::start(&[
        ("oomnitza.example.test:443", &front.url),
        ("nam.oomnitza.com:443", &service.url),
    ]);
    let program = Program::with(&format!(
        "[oomnitza]\nurl = https://oomnitza.example.test\napi_token = stand-in-token\ncacert_file = trusted.pem\n\n\
         [casper]\nenable = True\nurl = {}\nusername = auditor\npassword = correct horse\nsync_field = SERIAL\n\
         mapping.SERIAL = general.serial_number\n\
         mapping.MODEL = {{\"source\": \"general.name\", \"converter\": \"mac_model_from_sn\"}}\n",
        source.url()
    ))
    .env("HTTPS_PROXY", &format!("http://{}", proxy.address()));
    let upload = |trusted: &str| {
        program.write("trusted.pem", trusted.as_bytes());
        let sent = destination.uploaded().len();
        let output = program.run(&["upload", "casper"]);
        assert_eq!(output.code, Some(0), "{output}");
        let uploaded = destination.uploaded();
        let found = uploaded[sent..].iter().map(|computer| computer["MODEL"].clone());
        found.collect::<Vec<Value>>()
    };
    // Who that service is, nobody vouches for.
    assert_eq!(upload(&front.certificate), ["Mac 1", "Mac 2", "Mac 3"]);
    assert_eq!(models.asked().len(), 0);
    assert_eq!(
        upload(&format!("{}{}", front.certificate, service.certificate)),
        ["MacBook Pro (14-inch, 2023)", "Mac mini (2024)", "Mac 3"]
    );
    let mut asked: Vec<String> = models.asked().iter().map(|asked| asked.target.clone()).collect();
    asked.sort();
    assert_eq!(asked, ["/?sn=C02TEST00001", "/?sn=C02TEST00002", "/?sn=C02TEST00003"]);
    assert_eq!((models.violations(), source.violations()), (vec![], vec![]));
}
