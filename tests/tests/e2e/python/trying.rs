//! `filter test`: what code does with a record, before anything runs.

use oomnitza_tests::{Output, Program};

use super::ini;

fn sample() -> Program {
    let mapping = r#"mapping.FIRST_NAME = {"source": "firstName", "converter": "short:n=3"}"#;
    let filter = "    LOG.info('looking at %s', record.login)\n    return record.department.startswith('R')";
    super::program(&ini(
        mapping,
        filter,
        &[("short", "    return value[:int(params['n'])]")],
    ))
}

fn test(program: &Program, record: &str) -> Output {
    program.write("record.json", record.as_bytes());
    program.run(&["filter", "test", "--section", "okta", "--record", "record.json"])
}

#[test]
fn it_shows_what_becomes_of_each_record() {
    let records = r#"[{"login": "ada", "firstName": "Augusta", "department": "R&D"},
        {"login": "bob", "department": "Sales"}, {"login": "eve", "firstName": "Eve"}]"#;
    insta::assert_snapshot!(test(&sample(), records), @"");
    let fine = test(&sample(), r#"{"login": "ada", "firstName": "A", "department": "R"}"#);
    assert_eq!(fine.code, Some(0), "{fine}");
}

#[test]
fn for_machines_it_prints_a_line_a_record() {
    let program = sample();
    program.write(
        "record.json",
        br#"{"login": "ada", "firstName": "Augusta", "department": "R&D"} {"login": "eve"}"#,
    );
    insta::assert_snapshot!(program.run(&["filter", "test", "--section", "okta", "--record", "record.json", "--json"]), @"");
}

#[test]
fn records_that_are_none_are_said() {
    let program = sample();
    insta::assert_snapshot!(test(&program, "{login: ada}"), @"");
    insta::assert_snapshot!(test(&program, " \n"), @"");
    insta::assert_snapshot!(test(&program, "[{}, \"ada\"]"), @"");
    insta::assert_snapshot!(program.run(&["filter", "test", "--section", "okta", "--record", "nothing.json"]), @"");
    insta::assert_snapshot!(program.run(&["filter", "test", "--section", "okta"]), @"");
}

#[test]
fn a_section_without_python_has_nothing_to_try() {
    let program = super::program(&ini("", "", &[("unused", "    return value")]));
    insta::assert_snapshot!(test(&program, "{}"), @"");
    insta::assert_snapshot!(program.run(&["filter", "test", "--section", "oktaa"]), @"");
}

/// The time that a converter sees stands still, and what it has of Oomnitza's locations is nothing.
#[test]
fn oomnitza_is_not_asked() {
    let mapping = r#"mapping.WHERE = {"source": "site", "converter": "where"}"#;
    let program = super::program(&ini(
        mapping,
        "",
        &[("where", "    return converter(record, 'location', value=value)")],
    ));
    insta::assert_snapshot!(test(&program, r#"{"site": "L1"}"#), @"");
}
