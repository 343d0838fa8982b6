//! What is wrong with mappings: `mapping.FIELD` and `sync_field`.

use oomnitza_tests::{Output, Program};

use crate::components::fixture;
use crate::configuration::{OKTA, Places, with_okta};

/// Runs `[okta]` with one mapping, on line 11, that is found to be wrong before anybody is asked.
fn early(mapping: &str) -> Output {
    with_okta(&format!("url = https://example.okta.com\n{OKTA}{mapping}\n"))
}

/// Runs `[okta]` with one mapping, on line 11, that is judged together with Oomnitza's own.
fn late(mapping: &str) -> Output {
    let places = Places::start();
    let ini = places.destination() + &places.section("okta", mapping);
    let output = Program::with(&ini).run(&["upload", "okta"]);
    assert_eq!(
        places.okta.ledger().requests.len(),
        0,
        "nothing is fetched that cannot be mapped"
    );
    output
}

#[test]
fn a_mapping_that_is_not_json() {
    insta::assert_snapshot!(early(r#"mapping.PHONE = {"source": }"#), @r#"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.phone: is not a JSON object (expected value at line 1 column 12)
    hint: write it as `mapping.FIELD = {"source": "field", "converter": "name"}`, or with the source's field alone
    "#);
    insta::assert_snapshot!(early("mapping.PHONE ="), @r#"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.phone: has no value
    hint: write it as `mapping.FIELD = {"source": "field", "converter": "name"}`, or with the source's field alone
    "#);
    insta::assert_snapshot!(early("mapping. = mobilePhone"), @r#"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.: names no field
    hint: write it as `mapping.FIELD = {"source": "field", "converter": "name"}`, or with the source's field alone
    "#);
}

#[test]
fn a_mapping_with_a_key_that_there_is_not() {
    insta::assert_snapshot!(early(r#"mapping.PHONE = {"sauce": "mobilePhone"}"#), @r#"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.phone: `sauce` is none of source, setting, hardcoded, converter, required
    hint: write it as `mapping.FIELD = {"source": "field", "converter": "name"}`, or with the source's field alone
    "#);
}

#[test]
fn a_mapping_with_a_value_of_another_type() {
    insta::assert_snapshot!(early(r#"mapping.PHONE = {"source": 5}"#), @r#"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.phone: `source` must be a text in quotes, but is 5
    hint: write it as `mapping.FIELD = {"source": "field", "converter": "name"}`, or with the source's field alone
    "#);
}

#[test]
fn a_mapping_that_does_not_say_where_its_value_comes_from() {
    insta::assert_snapshot!(late(r#"mapping.BADGE = {"required": true}"#), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.badge: says nothing of where the value comes from
    hint: add `source`, `setting` or `hardcoded`
    ");
}

#[test]
fn a_mapping_of_a_secret() {
    insta::assert_snapshot!(late(r#"mapping.BADGE = {"setting": "api_token"}"#), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.badge: setting `api_token` is a secret, and secrets are not sent to Oomnitza as data
    hint: map another setting, or use `hardcoded`
    ");
}

#[test]
fn a_mapping_of_a_setting_that_there_is_not() {
    insta::assert_snapshot!(late(r#"mapping.BADGE = {"setting": "default_rol"}"#), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.badge: there is no setting `default_rol`
    hint: did you mean `default_role`?
    ");
    insta::assert_snapshot!(late(r#"mapping.BADGE = {"setting": "building"}"#), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.badge: there is no setting `building`
    hint: the section has url, default_role, default_position, page_size, deprovisioned
    ");
}

#[test]
fn a_converter_that_there_is_not() {
    insta::assert_snapshot!(late(r#"mapping.PHONE = {"source": "mobilePhone", "converter": "uppercase"}"#), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.phone: there is no converter `uppercase`
    hint: the built-in ones are casper_extension_attribute, date_format, first_from_full, last_from_full, ldap_user_field, location, mac_model_from_sn, split, split_email
    ");
}

#[test]
fn a_converter_with_a_wrong_parameter() {
    insta::assert_snapshot!(late(r#"mapping.PHONE = {"source": "mobilePhone", "converter": "split:at=-"}"#), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.phone: converter `split` has no parameter `at`
    hint: it has on, index
    ");
    insta::assert_snapshot!(late(r#"mapping.PHONE = {"source": "mobilePhone", "converter": "split:index=first"}"#), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.phone: `index` of converter `split` is `first`, which is not a number
    hint: write it like `split:on=-|index=1`
    ");
    insta::assert_snapshot!(late(r#"mapping.PHONE = {"source": "mobilePhone", "converter": "split_email:on=x"}"#), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.phone: converter `split_email` has no parameters, but `on` is given
    hint: write `split_email` alone
    ");
    insta::assert_snapshot!(late(r#"mapping.PHONE = {"source": "mobilePhone", "converter": "casper_extension_attribute"}"#), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:11: [okta] mapping.phone: converter `casper_extension_attribute` needs its parameter `attr`
    hint: write `casper_extension_attribute:attr=NAME`
    ");
}

/// Runs `[fixture]`, a source of assets, with these lines from line 8 on.
fn assets(lines: &str) -> Output {
    let places = Places::start();
    let ini = format!(
        "{}[fixture]\nenable = True\nurl = {}\n{lines}\n",
        places.destination(),
        places.okta.url()
    );
    let program = Program::with(&ini);
    program.write("connectors/fixture.wasm", &fixture("good"));
    program.run(&["upload", "fixture"])
}

#[test]
fn assets_need_a_field_that_tells_them_apart() {
    insta::assert_snapshot!(assets(""), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:5: [fixture] sync_field: is missing
    hint: name Oomnitza's field that tells assets apart, usually the serial number's
    ");
}

#[test]
fn the_field_that_tells_assets_apart_must_be_mapped() {
    insta::assert_snapshot!(assets("sync_field = SERIAL_NUMBER"), @r#"
    exit: 2
    ----- stdout
    ----- stderr
    error: config.ini:8: [fixture] sync_field: field `SERIAL_NUMBER` is not mapped, and Oomnitza could not tell records apart
    hint: map it in Oomnitza (System Settings, Integrations, Fixture) or with `mapping.SERIAL_NUMBER = {"source": "…"}` in this section
    "#);
}

#[test]
fn assets_arrive_when_it_is_mapped() {
    let output = assets("sync_field = SERIAL_NUMBER\nmapping.SERIAL_NUMBER = serial");
    insta::assert_snapshot!(output, @"
    exit: 0
    ----- stdout
    ----- stderr
    [fixture] 3 records sent in [TIME]
      read 3 = sent 3 + filtered 0 + rejected 0 + failed 0
    ");
}

/// What is good is shown, what is not is said, and the exit code tells a script that something is missing.
#[test]
fn mappings_are_shown_of_the_sections_that_have_them() {
    let places = Places::start();
    let good = places.section("okta", r#"mapping.PHONE = {"source": "mobilePhone", "required": true}"#);
    let bad = places.section("okta.Bad", r#"mapping.PHONE = {"setting": "api_token"}"#);
    let ini = places.destination() + &good + &bad;
    let show = |names: &[&str]| Program::with(&ini).run(&[&["upload", "--show-mappings"], names].concat());
    assert_eq!(show(&["okta"]).code, Some(0));
    assert_eq!(show(&["okta.Bad"]).code, Some(2));
    insta::assert_snapshot!(show(&[]), @r#"
    exit: 1
    ----- stdout
    # okta: Okta
    [okta]
    mapping.USER           = {"required":true,"source":"login"}
    mapping.FIRST_NAME     = {"required":true,"source":"firstName"}
    mapping.LAST_NAME      = {"required":true,"source":"lastName"}
    mapping.EMAIL          = {"required":true,"source":"email"}
    mapping.PHONE          = {"required":true,"source":"mobilePhone"}
    mapping.PERMISSIONS_ID = {"setting":"default_role"}
    mapping.POSITION       = {"setting":"default_position"}

    ----- stderr
    error: config.ini:18: [okta.Bad] mapping.phone: setting `api_token` is a secret, and secrets are not sent to Oomnitza as data
    hint: map another setting, or use `hardcoded`
    "#);
    assert_eq!(places.okta.ledger().requests.len(), 0);
}
