//! BambooHR to Oomnitza.

use oomnitza_tests::fake::bamboohr::company;
use oomnitza_tests::{Answer, Fake, Trial, troubles};

const SETTINGS: &str = "url = URL/api/gateway.php\nsystem_name = acme\napi_token = sample-api-key\ndefault_role = 25\n";

#[test]
fn employees_of_the_directory_arrive_whole() {
    let source = company(3);
    insta::assert_snapshot!(Trial::of("bamboohr", SETTINGS, &source).story(&source));
}

#[test]
fn fields_beyond_the_directory_come_from_a_report() {
    let source = company(3);
    let settings = format!("{SETTINGS}mapping.HIRED = {{\"source\": \"hireDate\"}}\n");
    insta::assert_snapshot!(Trial::of("bamboohr", &settings, &source).story(&source));
}

#[test]
fn one_employee_and_no_employees_arrive() {
    for employees in [0, 1] {
        let source = company(employees);
        let trial = Trial::of("bamboohr", SETTINGS, &source);
        assert_eq!(
            trial.output.counts(),
            [employees, employees, 0, 0, 0],
            "{}",
            trial.output
        );
        assert_eq!(source.violations(), Vec::<String>::new());
    }
}

/// Nobody is there, and 404 says so of the company as of its directory: no company must not pass for an empty one.
#[test]
fn a_company_that_there_is_not_is_no_empty_one() {
    let source = || Fake::start(|_| Ok(Answer::new(404, "text/html", "")));
    let run = |arguments: &[&str]| {
        Trial::run(arguments, "bamboohr", SETTINGS, &source())
            .output
            .to_string()
    };
    insta::assert_snapshot!(run(&["upload", "bamboohr"]) + &run(&["check", "bamboohr"]));
}

#[test]
fn what_bamboohr_refuses_is_told() {
    let refusal = |status, why: &str| Answer::new(status, "text/html", "").header("X-BambooHR-Error-Message", why);
    insta::assert_snapshot!(troubles(
        "bamboohr",
        SETTINGS,
        || company(3),
        &[
            ("401", refusal(401, "API key not provided or invalid")),
            ("403", refusal(403, "directory sharing is off")),
            ("503", refusal(503, "")),
            ("a page", Answer::new(200, "text/html", "<html></html>")),
            ("nothing", Answer::json(200, "")),
            ("half", Answer::json(200, "{\"employees\":[{\"id\":\"1\"")),
            ("no employees", Answer::json(200, "{\"fields\":[]}")),
            ("null", Answer::json(200, "{\"employees\":null}")),
        ]
    ));
}

#[test]
fn what_passes_is_asked_for_again() {
    let wait = |status| Answer::new(status, "text/html", "").header("Retry-After", "0");
    let source = company(3).instead(1, wait(503)).instead(2, wait(429));
    let trial = Trial::of("bamboohr", SETTINGS, &source);
    assert_eq!(trial.output.counts(), [3, 3, 0, 0, 0], "{}", trial.output);
}

#[test]
fn a_check_says_what_is_wrong_with_the_credentials() {
    let source = company(1);
    let check = |settings: &str| {
        Trial::run(&["check", "bamboohr"], "bamboohr", settings, &source)
            .output
            .to_string()
    };
    insta::assert_snapshot!(check(SETTINGS) + &check(&SETTINGS.replace("sample-api-key", "another-api-key")));
}
