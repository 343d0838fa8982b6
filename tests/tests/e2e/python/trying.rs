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
    insta::assert_snapshot!(test(&sample(), records), @r#"
    exit: 1
    ----- stdout
    log: looking at ada
    record 1: stays
      FIRST_NAME = "Aug"
    log: looking at bob
    record 2: left out by recordfilter
    log: looking at eve
    record 3: failed: config.ini:14: [okta] recordfilter: AttributeError: 'NoneType' object has no attribute 'startswith'
    hint: the field is missing in this record, or null: ask for that first, or set `on_error = skip` to leave such records out
    ----- stderr
    "#);
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
    insta::assert_snapshot!(program.run(&["filter", "test", "--section", "okta", "--record", "record.json", "--json"]), @r#"
    exit: 1
    ----- stdout
    {"record":1,"status":"stays","values":{"FIRST_NAME":"Aug"},"error":null,"hint":null,"log":["looking at ada"]}
    {"record":2,"status":"failed","values":{},"error":"config.ini:14: [okta] recordfilter: AttributeError: 'NoneType' object has no attribute 'startswith'","hint":"the field is missing in this record, or null: ask for that first, or set `on_error = skip` to leave such records out","log":["looking at eve"]}
    ----- stderr
    "#);
}

#[test]
fn records_that_are_none_are_said() {
    let program = sample();
    insta::assert_snapshot!(test(&program, "{login: ada}"), @r#"
    exit: 2
    ----- stdout
    ----- stderr
    error: record.json: is not JSON: key must be a string at line 1 column 2
    hint: write a record as `{"field": "value"}`, several as a list or one a line
    "#);
    insta::assert_snapshot!(test(&program, " \n"), @r#"
    exit: 2
    ----- stdout
    ----- stderr
    error: record.json: holds no record
    hint: write one as `{"field": "value"}`
    "#);
    insta::assert_snapshot!(test(&program, "[{}, \"ada\"]"), @r#"
    exit: 2
    ----- stdout
    ----- stderr
    error: record.json: record 2 is not an object
    hint: write a record as `{"field": "value"}`
    "#);
    insta::assert_snapshot!(program.run(&["filter", "test", "--section", "okta", "--record", "nothing.json"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: nothing.json: cannot be read: No such file or directory (os error 2)
    hint: name a file with `--record FILE`, or give a record on standard input
    ");
    insta::assert_snapshot!(program.run(&["filter", "test", "--section", "okta"]), @r#"
    exit: 2
    ----- stdout
    ----- stderr
    error: standard input: holds no record
    hint: write one as `{"field": "value"}`
    "#);
}

#[test]
fn a_section_without_python_has_nothing_to_try() {
    let program = super::program(&ini("", "", &[("unused", "    return value")]));
    insta::assert_snapshot!(test(&program, "{}"), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:5: [okta] has no Python to try
    hint: give it a `recordfilter`, or name a converter of [converters] in one of its mappings
    ");
    insta::assert_snapshot!(program.run(&["filter", "test", "--section", "oktaa"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini: [oktaa] there is no such section
    hint: did you mean `okta`?
    ");
}

/// A secret is of no use to it.
#[test]
fn no_secret_is_fetched() {
    let ini = ini("", "    return True", &[]).replace("api_token = ", "api_token_command = touch fetched ");
    let program = super::program(&ini);
    let output = test(&program, "{}");
    assert_eq!(output.code, Some(0), "{output}");
    assert!(ini.contains("touch fetched") && !program.home().join("fetched").exists());
}

/// What Oomnitza's own mappings may give is not missed: `validate` does not miss it either.
#[test]
fn a_field_that_oomnitza_maps_does_not_stop_it() {
    let program = super::program(&ini(
        "mapping.BARCODE = {\"required\": true}",
        "    return record.a",
        &[],
    ));
    assert_eq!(program.run(&["validate", "okta"]).code, Some(0));
    assert_eq!(super::try_records(&program, "{\"a\": 1}\n")[0].status, "stays");
}

#[test]
fn what_stands_in_for_a_missing_attribute_keeps_its_kind() {
    let code = "    other = converter(record, 'casper_extension_attribute', attr='X', default=[])\n    \
        return [cae(record, 'X', default=False), cae(record, 'X', 0), cae(record, 'X', 'no'), cae(record, 'X'), other]";
    let program = super::program(&ini(
        r#"mapping.OUT = {"source": "a", "converter": "mine"}"#,
        "",
        &[("mine", code)],
    ));
    let tried = super::try_records(
        &program,
        "{\"extension_attributes\": []}\n{\"extension_attributes\": [{\"name\": \"X\", \"value\": 5}]}\n",
    );
    assert_eq!(tried[0].values["OUT"].get(), r#"[false,0,"no",null,[]]"#);
    assert_eq!(tried[1].values["OUT"].get(), "[5,5,5,5,5]");
}

/// Also where a run would leave the record out.
#[test]
fn a_failure_has_its_hint_whatever_on_error_says() {
    for on_error in ["stop", "skip"] {
        let program = super::program(&ini(&format!("on_error = {on_error}"), "    return record['a']", &[]));
        let output = test(&program, "{}");
        assert!(output.stdout.contains("\nhint: not every record has it"), "{output}");
    }
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
    insta::assert_snapshot!(test(&program, r#"{"site": "L1"}"#), @r#"
    exit: 0
    ----- stdout
    record 1: stays
      WHERE = "L1"
    ----- stderr
    "#);
}
