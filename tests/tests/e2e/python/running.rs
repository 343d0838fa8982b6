//! Code in a run: what arrives at Oomnitza, and what the report says.

use oomnitza_connector::standin::{ldap, okta, oomnitza};
use oomnitza_tests::servers::{Servers, in_order};
use oomnitza_tests::{Answer, Fake, Output, Trial, servers};
use serde_json::Value;

/// Runs `[okta]` with further lines, and with `[converters]`. What arrived comes in the order of people.
fn run(people: u64, okta: &str, converters: &str) -> (Output, Vec<Value>) {
    let servers = Servers::with_people(people);
    let (output, arrived) = run_with(&servers, okta, converters);
    servers.assert_no_violations();
    (output, arrived)
}

fn run_with(servers: &Servers, okta: &str, converters: &str) -> (Output, Vec<Value>) {
    let ini = servers::ini(&servers.oomnitza.url(), &servers.okta.url(), "", okta);
    let output = super::program(&format!("{ini}[converters]\n{converters}\n")).run(&["upload", "okta", "--json"]);
    (output, in_order(servers.oomnitza.uploaded()))
}

fn texts<'a>(records: &'a [Value], field: &str) -> Vec<&'a str> {
    records
        .iter()
        .map(|record| record[field].as_str().unwrap_or("null"))
        .collect()
}

#[test]
fn a_filter_leaves_records_out_and_the_report_counts_them() {
    let servers = Servers::with_people(1_000);
    let ini = servers::ini(
        &servers.oomnitza.url(),
        &servers.okta.url(),
        "",
        "recordfilter:\n    # a comment, and a blank line\n\n    if int(record.login.split('@')[0].split('.')[-1]) % 4:\n        return False\n    return record['email'] and record.get('firstName')",
    );
    let output = super::program(&ini).run(&["upload", "okta"]);
    insta::assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    [okta] 250 records sent in [TIME]
      read 1,000 = sent 250 + filtered 750 + rejected 0 + failed 0
      left out by recordfilter: 750
    ");
    let arrived = in_order(servers.oomnitza.uploaded());
    assert_eq!(arrived.len(), 250);
    let expected: Vec<Value> = (0..1_000).map(servers::user).collect();
    let expected: Vec<Value> = expected.into_iter().filter(|user| arrived.contains(user)).collect();
    assert_eq!(arrived, expected, "what is sent is as it is without a filter");
    servers.assert_no_violations();
}

#[test]
fn converters_make_values_by_path_setting_and_parameter() {
    let mappings = r#"mapping.FIRST_NAME = {"source": "firstName", "converter": "Shout:end=!|twice"}
mapping.ROLE = {"setting": "default_role", "converter": "shout:end=."}
mapping.FIXED = {"hardcoded": ["a", {"b": 1}], "converter": "shape"}
mapping.WHOLE = {"source": "nothing", "converter": "whole"}"#;
    let converters = "shout:\n    text = value.upper() + params['end']\n    return text * 2 if params.get('twice') else text\n\
        shape:\n    return [field, value[1].b, params]\n\
        whole:\n    return (value, field, sorted(record)[:1], record.login == record['login'])";
    let (output, arrived) = run(2, mappings, converters);
    assert_eq!(output.counts(), [2, 2, 0, 0, 0], "{output}");
    let first = servers::user(0)["FIRST_NAME"].as_str().unwrap().to_uppercase();
    assert_eq!(arrived[0]["FIRST_NAME"], format!("{first}!{first}!"));
    assert_eq!(arrived[0]["ROLE"], "25.");
    assert_eq!(arrived[0]["FIXED"], serde_json::json!(["FIXED", 1, {}]));
    assert_eq!(
        arrived[0]["WHOLE"],
        serde_json::json!([null, "nothing", ["department"], true])
    );
}

/// The built-in ones have one implementation: what Python gets is what a mapping gets.
#[test]
fn a_built_in_converter_called_from_python_gives_what_a_mapping_gives() {
    let cases = [
        ("email", "split_email", ""),
        ("login", "split:on=.|index=1", "on='.', index=1"),
        ("login", "split:on=.|index=-2", "on='.', index='-2'"),
        ("firstName", "first_from_full", ""),
        ("lastName", "last_from_full", ""),
        ("login", "date_format", ""),
        ("mobilePhone", "split", ""),
        ("nothing", "split_email", ""),
        ("login", "location", ""),
        (
            "email",
            "location:field=email|label=name",
            "field='email', label='name'",
        ),
    ];
    let (mut mappings, mut converters) = (String::new(), String::new());
    for (index, (source, converter, arguments)) in cases.iter().enumerate() {
        let name = converter.split(':').next().unwrap();
        mappings += &format!(
            "mapping.A{index} = {{\"source\": \"{source}\", \"converter\": \"{converter}\"}}\nmapping.B{index} = {{\"source\": \"{source}\", \"converter\": \"mine{index}\"}}\n"
        );
        let comma = if arguments.is_empty() { "" } else { ", " };
        converters += &format!("mine{index}:\n    return converter(record, '{name}', value=value{comma}{arguments})\n");
    }
    let servers = Servers::start(
        okta::Settings {
            people: 40,
            ..okta::Settings::default()
        },
        oomnitza::Settings::default(),
    );
    let (output, arrived) = run_with(&servers, &mappings, &converters);
    assert_eq!(output.counts(), [40, 40, 0, 0, 0], "{output}");
    for record in &arrived {
        for (index, (_, converter, _)) in cases.iter().enumerate() {
            assert_eq!(
                record[format!("A{index}")],
                record[format!("B{index}")],
                "{converter}: {record}"
            );
        }
    }
    assert!(
        arrived
            .iter()
            .any(|record| record["B0"].is_string() && record["B1"].is_string())
    );
    servers.assert_no_violations();
}

/// What reads the record besides its value, and dates of the section's zone.
#[test]
fn converters_that_read_the_record_give_python_what_they_give_a_mapping() {
    let cases = [
        ("value", "casper_extension_attribute:attr=Owner", "attr='Owner'"),
        (
            "value",
            "casper_extension_attribute:attr=None|default=nobody",
            "attr='None', default='nobody'",
        ),
        ("value", "casper_extension_attribute:attr=None", "attr='None'"),
        ("value", "ldap_user_field", ""),
        ("nothing", "ldap_user_field", ""),
        ("when", "date_format", ""),
        ("winter", "date_format", ""),
        ("model", "mac_model_from_sn", ""),
    ];
    let mut settings = String::from(
        "url = URL\napi_token = a-test-token\ndefault_role = 25\ndefault_position = Employee\ntimezone = America/New_York\nproxy = http://127.0.0.1:9\n\
         mapping.FIRST_NAME = {\"required\": false}\nmapping.LAST_NAME = {\"required\": false}\nmapping.EMAIL = {\"required\": false}\n\
         mapping.CAE = {\"source\": \"value\", \"converter\": \"cae_of_python\"}\n",
    );
    let mut converters =
        String::from("cae_of_python:\n    return [cae(record, 'Owner'), cea(record, 'None', 'nobody')]\n");
    for (index, (source, converter, arguments)) in cases.iter().enumerate() {
        let name = converter.split(':').next().unwrap();
        settings += &format!(
            "mapping.A{index} = {{\"source\": \"{source}\", \"converter\": \"{converter}\"}}\nmapping.B{index} = {{\"source\": \"{source}\", \"converter\": \"mine{index}\"}}\n"
        );
        converters += &format!("mine{index}:\n    return converter(record, '{name}', value=value, {arguments})\n");
    }
    let profile = serde_json::json!({"login": "ada", "value": "v", "sAMAccountName": "ada1", "when": "2024-07-01T12:00:00",
        "winter": "2024-01-01T12:00:00", "model": "Mac", "extension_attributes": [{"name": "Owner", "value": "Eve"}]});
    let source = Fake::start(move |_| Ok(Answer::json(200, serde_json::json!([{"id": "1", "profile": profile}]))));
    let trial = Trial::of("okta", &format!("{settings}[converters]\n{converters}"), &source);
    assert_eq!(trial.output.counts(), [1, 1, 0, 0, 0], "{}", trial.output);
    let record = &trial.uploads[0].1[0];
    let of = |letter: char| -> Vec<&Value> {
        (0..cases.len())
            .map(|index| &record[format!("{letter}{index}")])
            .collect()
    };
    assert_eq!(of('A'), of('B'), "{record}");
    let expected = serde_json::json!(["Eve", "nobody", null, "v", "ada1", 1_719_849_600, 1_704_128_400, "Mac"]);
    assert_eq!(Value::from(of('B').into_iter().cloned().collect::<Vec<_>>()), expected);
    assert_eq!(record["CAE"], serde_json::json!(["Eve", "nobody"]));
}

/// What nobody names is not there: it neither stops the section nor has Oomnitza asked for its locations. A computed name is any of them.
#[test]
fn converters_that_nobody_names_do_not_count() {
    let servers = Servers::with_people(2);
    let unused = "login:\n    return value +\nwhere:\n    return converter(record, 'location', value=value)\n\
        computed:\n    return converter(record, value)\n";
    let filter = "recordfilter:\n    return converter(record, 'Outer', value=record.login)\n";
    let used = "outer:\n    return converter(record, 'inner', value=value)\ninner:\n    return '@' in value\n";
    let (output, arrived) = run_with(&servers, filter, &format!("{unused}{used}"));
    assert_eq!((output.code, arrived.len()), (Some(0), 2), "{output}");
    let asked = servers.oomnitza.ledger().requests;
    assert!(
        !asked.iter().any(|request| request.target.contains("locations")),
        "{asked:?}"
    );
    for called in [
        "converter(record, 'in' + 'ner',",
        "functools.partial(converter, record)('in' + 'ner',",
    ] {
        let filter = format!("recordfilter:\n    import functools\n    return {called} value=record.login)\n");
        let (output, arrived) = run_with(&Servers::with_people(2), &filter, used);
        assert_eq!((output.code, arrived.len()), (Some(0), 2), "{output}");
    }
}

/// A record that ends in the middle of a text is the one that is said to, and not those after it.
#[test]
fn a_record_that_is_malformed_is_left_out_alone() {
    let page = "[{\"id\": \"1\", \"profile\": {\"login\": \"a\\\n\"}}, {\"id\": \"2\", \"profile\": {\"login\": \"b\", \"firstName\": \"{\", \"lastName\": \"x\", \"email\": \"b\"}}]";
    let source = Fake::start(move |_| Ok(Answer::new(200, "application/json", page)));
    let settings = "url = URL\napi_token = a-test-token\ndefault_role = 25\ndefault_position = Employee\nrecordfilter:\n    return True\n";
    let trial = Trial::of("okta", settings, &source);
    assert_eq!(trial.output.counts(), [2, 1, 0, 1, 0], "{}", trial.output);
}

#[test]
fn converters_call_one_another_and_go_before_the_built_in_ones() {
    let mappings = r#"mapping.A = {"source": "email", "converter": "split_email"}
mapping.B = {"source": "email", "converter": "outer"}"#;
    let converters = "split_email:\n    return 'mine: ' + str(value is None)\n\
        outer:\n    return [converter(record, 'split_email'), converter(record, 'SPLIT_EMAIL', value=value), converter(record, 'inner', n=3)]\n\
        inner:\n    return [field, value, params]";
    let (output, arrived) = run(1, mappings, converters);
    assert_eq!(output.counts(), [1, 1, 0, 0, 0], "{output}");
    assert_eq!(arrived[0]["A"], "mine: False");
    assert_eq!(
        arrived[0]["B"],
        serde_json::json!(["mine: True", "mine: False", [null, null, {"n": 3}]])
    );
}

#[test]
fn a_value_that_python_makes_empty_counts_as_missing_where_it_is_required() {
    let mappings = r#"mapping.EMAIL = {"source": "email", "converter": "some", "required": true}"#;
    let converters = "some:\n    return value if record.login.endswith('0@example.com') else ''";
    let (output, arrived) = run(20, mappings, converters);
    assert_eq!(output.counts(), [20, 2, 18, 0, 0], "{output}");
    assert_eq!(output.report()["notes"]["missing"]["EMAIL"], 18, "{output}");
    assert_eq!(arrived.len(), 2);
}

#[test]
fn an_exception_ends_the_section_with_place_and_position_and_without_contents() {
    let servers = Servers::with_people(30);
    let filter = "recordfilter:\n    number = int(record.login.split('@')[0].split('.')[-1])\n    if number == 7:\n        return int(record.email)\n    return True\n";
    let section = |name: &str, more: &str| {
        let whole = servers::ini(&servers.oomnitza.url(), &servers.okta.url(), "", more);
        let (_, section) = whole.split_once("[okta]").unwrap();
        format!("[{name}]{section}")
    };
    let destination = servers::ini(&servers.oomnitza.url(), &servers.okta.url(), "", "");
    let (destination, _) = destination.split_once("[okta]").unwrap();
    let ini = format!("{destination}{}{}", section("okta.Bad", filter), section("okta", ""));
    let output = super::program(&ini).run(&["upload", "okta.Bad", "okta"]);
    insta::assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta.Bad] 0 records sent in [TIME]
      read 30 = sent 0 + filtered 0 + rejected 0 + failed 30
    error: section [okta.Bad] stopped: config.ini:15: [okta.Bad] recordfilter: ValueError: invalid literal for int() with base 10: '…' (record 8 of this run)
    hint: try it with `filter test`, or set `on_error = skip` to leave such records out
    [okta] 30 records sent in [TIME]
      read 30 = sent 30 + filtered 0 + rejected 0 + failed 0
    2 sections, 1 of them with an error: read 60, sent 30
    ");
    assert_eq!(servers.oomnitza.uploaded().len(), 30, "the other section ran on");
}

#[test]
fn records_on_which_code_fails_are_left_out_where_the_section_says_so() {
    let servers = Servers::with_people(30);
    let more = "on_error = skip\nmapping.N = {\"source\": \"login\", \"converter\": \"number\"}\nrecordfilter:\n    return record['mobilePhone'] != ''\n";
    let ini = servers::ini(&servers.oomnitza.url(), &servers.okta.url(), "", more)
        + "[converters]\nnumber:\n    return 10 // (int(value.split('@')[0].split('.')[-1]) - 3)\n";
    let output = super::program(&ini).run(&["upload", "okta"]);
    insta::assert_snapshot!(output, @"
    exit: 4
    ----- stdout
    ----- stderr
    [okta] 26 records sent in [TIME]
      read 30 = sent 26 + filtered 0 + rejected 4 + failed 0
      rejected, cannot be mapped: config.ini:15: [okta] recordfilter: KeyError: 'mobilePhone' (3), config.ini:19: [converters] number: ZeroDivisionError: division by zero (1)
    ");
    let sent = servers.oomnitza.uploaded();
    assert!(sent.iter().all(|record| record["N"].is_number()), "{sent:?}");
    servers.assert_no_violations();
}

/// The same pages side by side or one by one, the same clock and the same numbers: the same records.
#[test]
fn runs_are_the_same_whatever_page_runs_where() {
    let mappings = r#"mapping.DICE = {"source": "login", "converter": "dice"}
mapping.NOW = {"source": "login", "converter": "now"}"#;
    let converters = "dice:\n    import random, uuid\n    return [random.random(), str(uuid.uuid4())]\n\
        now:\n    import time, datetime\n    a = time.time()\n    time.sleep(3600)\n    for _ in range(1000): pass\n    return [a == time.time(), int(a), datetime.datetime.now().isoformat()[:10], time.monotonic(), time.tzname[0]]";
    let (first, a) = run(1_500, mappings, converters);
    let (second, b) = run(1_500, mappings, converters);
    assert_eq!(first.counts(), [1_500, 1_500, 0, 0, 0], "{first}");
    assert_eq!(second.counts(), [1_500, 1_500, 0, 0, 0], "{second}");
    let dice = |records: &[Value]| records.iter().map(|record| record["DICE"].clone()).collect::<Vec<_>>();
    assert_eq!(dice(&a), dice(&b));
    let ids: std::collections::BTreeSet<String> = dice(&a).iter().map(|dice| dice[1].to_string()).collect();
    assert_eq!(ids.len(), 1_500, "no two records get the same");
    let now = &a[0]["NOW"];
    assert!(a.iter().all(|record| record["NOW"] == *now), "the clock stands");
    let age = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() - now[1].as_u64().unwrap();
    assert!(now[0] == true && age < 600 && now[4] == "UTC", "{now}");
}

#[test]
fn what_code_logs_and_prints_is_in_the_log() {
    let servers = Servers::with_people(300);
    let ini = servers::ini(
        &servers.oomnitza.url(),
        &servers.okta.url(),
        "",
        "recordfilter:\n    LOG.warning('odd: %s', record.login[:4])\n    print('seen', record.login[:4])\n    LOG.debug('never')\n    return True\n",
    );
    let output = super::program(&ini).env("RUST_LOG", "info").run(&["upload", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    let count = |what: &str| output.stderr.lines().filter(|line| line.contains(what)).count();
    assert!(count("WARN") > 0 && count("code.message=\"odd: ") > 0, "{output}");
    assert!(count("code.message=\"seen ") > 0, "{output}");
    assert_eq!(count("never"), 0, "{output}");
    assert!(count("suppressed") > 0, "a flood is counted instead\n{output}");
}

/// An attribute that only the filter names is asked for as if it were mapped.
#[test]
fn what_a_filter_reads_is_asked_of_the_source() {
    let directory = ldap::Ldap::start(ldap::Settings {
        people: 20,
        ..ldap::Settings::default()
    })
    .unwrap();
    let destination = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let ini = format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[ldap]\nenable = True\nurl = {}\nusername = cn=reader,dc=acme,dc=example\npassword = stand-in-password\n\
         base_dn = dc=acme,dc=example\nfilter = (uid=*)\ndefault_role = 25\ndefault_position = Employee\n\
         recordfilter:\n    return record.telephoneNumber != '' and 'title' not in record and not get_field_value(record, 'roomNumber.x')\n",
        destination.url(),
        directory.url()
    );
    let output = super::program(&ini).run(&["upload", "ldap", "--json"]);
    let asked = &directory.ledger().searches[0].attributes;
    for attribute in ["uid", "mail", "telephoneNumber", "title", "roomNumber"] {
        assert!(
            asked.iter().any(|name| name == attribute),
            "{attribute}: {asked:?}\n{output}"
        );
    }
    assert_eq!(output.code, Some(0), "{output}");
}

#[test]
fn texts_of_a_converter_are_not_its_records() {
    let mappings = r#"mapping.X = {"source": "login", "converter": "half"}"#;
    let converters = "half:\n    return ['é\\n\"', float('1e22'), 10**30, -0.0, {1: None}]";
    let (output, arrived) = run(1, mappings, converters);
    assert_eq!(output.counts()[1], 1, "{output}");
    assert_eq!(texts(&arrived, "USER").len(), 1);
    assert_eq!(arrived[0]["X"][0], "é\n\"");
}

/// What is stopped from outside ends its section, with words for whoever wrote it, and the others run on.
#[test]
fn code_that_has_to_be_stopped_ends_its_section_only() {
    let servers = Servers::with_people(3);
    let section = |name: &str, code: &str| {
        let whole = servers::ini(&servers.oomnitza.url(), &servers.okta.url(), "", code);
        let (destination, section) = whole.split_once("[okta]").unwrap();
        (destination.to_owned(), format!("[{name}]{section}"))
    };
    let exit = section("okta.Exit", "recordfilter:\n    import os\n    os._exit(0)\n").1;
    let deep = section(
        "okta.Deep",
        "recordfilter:\n    import sys\n    sys.setrecursionlimit(10 ** 9)\n    class Deep:\n        def __getattr__(self, name):\n            return getattr(self, name + 'x')\n    return Deep().a\n",
    )
    .1;
    let large = section("okta.Large", "recordfilter:\n    return 'a' * (1 << 30)\n").1;
    let values = "mapping.X = {\"source\": \"login\", \"converter\": \"big\"}";
    let values = section("okta.Values", values).1;
    let endless = section("okta.Endless", "recordfilter:\n    while True: pass\n").1;
    let (destination, good) = section("okta", "");
    let converters = "[converters]\nbig:\n    return 'a' * (6 << 20)\n";
    let ini = format!("{destination}{exit}{deep}{large}{values}{endless}{good}{converters}");
    let sections = [
        "okta.Exit",
        "okta.Deep",
        "okta.Large",
        "okta.Values",
        "okta.Endless",
        "okta",
    ];
    let output = super::program(&ini).run(&[&["upload"], &sections[..]].concat());
    insta::assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    [okta.Exit] 0 records sent in [TIME]
      read 3 = sent 0 + filtered 0 + rejected 0 + failed 3
    error: section [okta.Exit] stopped: its Python was stopped: it asked to end the program (records 1 to 3 of this run)
    hint: what code may do stands in docs/python.md
    [okta.Deep] 0 records sent in [TIME]
      read 3 = sent 0 + filtered 0 + rejected 0 + failed 3
    error: section [okta.Deep] stopped: its Python was stopped: it calls itself too deeply (records 1 to 3 of this run)
    hint: look for a function that calls itself, or data that contains itself
    [okta.Large] 0 records sent in [TIME]
      read 3 = sent 0 + filtered 0 + rejected 0 + failed 3
    error: section [okta.Large] stopped: config.ini:37: [okta.Large] recordfilter: MemoryError (record 1 of this run)
    hint: the code needs more memory than it may have
    [okta.Values] 0 records sent in [TIME]
      read 3 = sent 0 + filtered 0 + rejected 0 + failed 3
    error: section [okta.Values] stopped: its Python was stopped: it handed over more than the 16 MiB that it may at once (records 1 to 3 of this run)
    hint: make smaller values: those of all records of a page count together
    [okta.Endless] 0 records sent in [TIME]
      read 3 = sent 0 + filtered 0 + rejected 0 + failed 3
    error: section [okta.Endless] stopped: its Python was stopped: it used up its 10 s of processor time for one page (records 1 to 3 of this run)
    hint: look for a loop that does not end, or a regular expression that tries too much
    [okta] 3 records sent in [TIME]
      read 3 = sent 3 + filtered 0 + rejected 0 + failed 0
    6 sections, 5 of them with an error: read 18, sent 3
    ");
    assert_eq!(servers.oomnitza.uploaded().len(), 3);
}

/// Code that gets at the insides of its component can say what it likes of its records, but not of others.
#[test]
fn an_answer_that_does_not_add_up_is_not_believed() {
    let code = "recordfilter:\n    import app\n    from wit_world.exports.scripting import Outcome\n    app.runner.run = lambda *page: Outcome(bytes([1, 1, 1]), b'', [], [], 0)\n    return True\n";
    let (output, arrived) = run(450, code, "");
    assert_eq!(output.code, Some(1), "{output}");
    let message = output.report()["error"]["message"].to_string();
    assert!(
        message.contains("its answer is not about the records it was given (records "),
        "{message}"
    );
    assert!(arrived.len() <= 400, "{output}");
}

/// Of a page of 200 users two are wanted; that code would fail on the third is nobody's concern.
#[test]
fn code_does_not_see_more_records_than_are_wanted() {
    let servers = Servers::with_people(300);
    let code = "recordfilter:\n    number = int(record.login.split('@')[0].split('.')[-1])\n    return 1 // (2 - number) >= 0\n";
    let ini = servers::ini(&servers.oomnitza.url(), &servers.okta.url(), "", code);
    let output = super::program(&ini).run(&["upload", "okta", "--record-count", "2", "--json"]);
    assert_eq!((output.code, output.counts()), (Some(0), [2, 2, 0, 0, 0]), "{output}");
}
