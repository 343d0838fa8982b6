//! Values in, values out.

use super::*;

/// What a converter makes of a value, in a record where every other path leads to `other`.
fn convert(name: &str, parameters: &[(&str, &str)], value: Option<&str>, other: Option<&str>) -> String {
    let parameters = parameters
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned())))
        .collect();
    let converter = Converter::new(
        &wit::Converter {
            name: name.to_owned(),
            parameters,
        },
        &mut |_| 0,
    )
    .unwrap();
    let locations = br#"[{"location_id":"L1","name":"Gen\u00e8ve"},{"location_id":7,"name":"Bonn"},{"location_id":null,"name":"x"}]"#;
    let mut tables = Tables::new(None, Some(locations), std::iter::once(&converter)).unwrap();
    tables.models.insert("C02X".into(), Some("MacBook \"Pro\"".into()));
    let text = match converter.convert(value.map(str::as_bytes), &[other.map(str::as_bytes)], &tables) {
        Converted::Same(value) => return String::from_utf8(value.to_vec()).unwrap(),
        Converted::Json(value) => return String::from_utf8(value).unwrap(),
        Converted::Null => "(null)",
        Converted::Odd(problem) => problem,
        Converted::Unknown(value) => return format!("unknown {}", String::from_utf8_lossy(value)),
    };
    text.to_owned()
}

#[test]
fn texts_are_split() {
    for (name, parameters, value, expected) in [
        ("first_from_full", &[][..], r#""Ada King Lovelace""#, r#""Ada""#),
        ("last_from_full", &[], r#""Ada King Lovelace""#, r#""Lovelace""#),
        ("last_from_full", &[], r#""Ada""#, r#""Ada""#),
        ("first_from_full", &[], r#"" Ada ""#, r#""Ada""#),
        ("split_email", &[], r#""ada@x.example""#, r#""ada""#),
        ("split_email", &[], r#""ada""#, r#""ada""#),
        ("split", &[("on", "-"), ("index", "1")], r#""a-b-c""#, r#""b""#),
        ("split", &[("on", "-"), ("index", "-1")], r#""a-b-c""#, r#""c""#),
        ("split", &[], r#""a  b""#, r#""a""#),
        ("split", &[("on", "-"), ("index", "9")], r#""a-b""#, "no such part"),
        ("split", &[("on", "-")], "17", "not a text"),
        ("first_from_full", &[], "[1]", "not a text"),
        ("first_from_full", &[], "null", "null"),
        ("split_email", &[], r#""""#, r#""""#),
        ("split", &[("on", "\u{e9}")], r#""a\u00e9b""#, r#""a""#),
    ] {
        assert_eq!(
            convert(name, parameters, Some(value), None),
            expected,
            "{name} {parameters:?} {value}"
        );
    }
    assert_eq!(convert("split", &[], None, None), "(null)");
}

/// Empty values, then others; what the old program made of them, or null where it ended with an error.
const EMPTY: [&str; 7] = ["null", "\"\"", "0", "-0.0e9", "false", "[]", "{ }"];
const OTHERS: [&str; 6] = ["5", "1e-9", "true", "[\"a b\"]", "{\"a\":1}", "\" \""];

#[test]
fn every_converter_makes_something_of_every_kind_of_value() {
    let (text, location) = ("not a text", "neither a text nor a number");
    for (name, of_others) in [
        ("date_format", [text, text, text, text, text, "not a date"]),
        ("first_from_full", [text, text, text, text, text, "\"\""]),
        ("last_from_full", [text, text, text, text, text, "\"\""]),
        ("split", [text, text, text, text, text, "no such part"]),
        ("split_email", [text, text, text, text, text, "\" \""]),
        (
            "location",
            [
                "unknown 5",
                "unknown 1e-9",
                "unknown true",
                location,
                location,
                "unknown \" \"",
            ],
        ),
        ("ldap_user_field", OTHERS),
    ] {
        assert_eq!(convert(name, &[], None, None), "(null)", "{name}");
        for (value, expected) in OTHERS.into_iter().zip(of_others) {
            let user = Some("\"AL\"");
            assert_eq!(convert(name, &[], Some(value), user), expected, "{name} {value}");
        }
        for value in EMPTY.into_iter().filter(|_| name != "ldap_user_field") {
            assert_eq!(convert(name, &[], Some(value), None), value, "{name} {value}");
        }
    }
    for value in EMPTY {
        let user = Some("\"AL\"");
        assert_eq!(convert("ldap_user_field", &[], Some(value), user), "\"AL\"", "{value}");
        assert_eq!(convert("ldap_user_field", &[], Some(value), None), "(null)", "{value}");
    }
}

/// The value itself is nothing to these two, and what stands elsewhere may be odd as well.
#[test]
fn converters_that_look_elsewhere_bear_every_kind_of_value() {
    let attribute = [("attr", "Site"), ("default", "none")];
    let of = |value, attributes| convert("casper_extension_attribute", &attribute, value, attributes);
    let model = |value, serial| convert("mac_model_from_sn", &[], value, serial);
    for value in EMPTY.into_iter().chain(OTHERS) {
        let attributes = Some(r#"[{"name":"Site","value":[5]}]"#);
        assert_eq!(of(Some(value), attributes), "[5]", "{value}");
        assert_eq!(of(None, Some(value)), "\"none\"", "{value}");
        assert_eq!(model(Some(value), Some("\"C02X\"")), r#""MacBook \"Pro\"""#, "{value}");
        assert_eq!(model(Some(value), None), value);
        assert_eq!(model(Some("7"), Some(value)), "7", "{value}");
    }
}

#[test]
fn values_are_found_elsewhere_in_the_record() {
    let attributes = Some(r#"[{"name":"Site","value":"HQ"},5,{"name":"Empty"}]"#);
    let attribute = |name: &str, attributes| {
        convert(
            "casper_extension_attribute",
            &[("attr", name), ("default", "none")],
            None,
            attributes,
        )
    };
    assert_eq!(attribute("Site", attributes), r#""HQ""#);
    assert_eq!(attribute("Empty", attributes), "(null)");
    assert_eq!(attribute("Other", attributes), r#""none""#);
    assert_eq!(attribute("Other", Some("{}")), r#""none""#);
    // A list of one that a server has collapsed.
    for alone in [
        r#"{"id":3,"name":"Site","value":"HQ"}"#,
        r#"{"extension_attribute":{"id":3,"name":"Site","value":"HQ"}}"#,
        r#"{"size":1,"extension_attribute":[{"name":"Site","value":"HQ"}]}"#,
    ] {
        assert_eq!(attribute("Site", Some(alone)), r#""HQ""#, "{alone}");
        assert_eq!(attribute("Other", Some(alone)), r#""none""#, "{alone}");
    }
    assert_eq!(attribute("Other", None), r#""none""#);
    assert_eq!(
        convert("ldap_user_field", &[], Some(r#""ada""#), Some(r#""AL""#)),
        r#""ada""#
    );
    assert_eq!(
        convert("ldap_user_field", &[], Some("null"), Some(r#""AL""#)),
        r#""AL""#
    );
    assert_eq!(convert("ldap_user_field", &[], None, None), "(null)");
}

#[test]
fn tables_are_looked_up_and_misses_are_kept() {
    assert_eq!(convert("location", &[], Some(r#""L1""#), None), r#""Gen\u00e8ve""#);
    assert_eq!(convert("location", &[], Some("7"), None), r#""Bonn""#);
    assert_eq!(
        convert(
            "location",
            &[("field", "name"), ("label", "location_id")],
            Some("\"Genève\""),
            None
        ),
        r#""L1""#
    );
    assert_eq!(convert("location", &[], Some(r#""L9""#), None), r#"unknown "L9""#);
    assert_eq!(
        convert("mac_model_from_sn", &[], Some(r#""Mac""#), Some(r#"" C02X ""#)),
        r#""MacBook \"Pro\"""#
    );
    assert_eq!(
        convert("mac_model_from_sn", &[], Some(r#""Mac""#), Some(r#""?""#)),
        r#""Mac""#
    );
    assert_eq!(convert("mac_model_from_sn", &[], None, None), "(null)");
}

#[test]
fn wrong_converters_are_refused_with_what_would_be_right() {
    let new = |name: &str, parameters: &[(&str, &str)]| {
        let parameters = parameters
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned())))
            .collect();
        Converter::new(
            &wit::Converter {
                name: name.to_owned(),
                parameters,
            },
            &mut |_| 0,
        )
        .err()
        .unwrap()
    };
    assert_eq!(
        new("slpit", &[]),
        format!("there is no converter `slpit`; the built-in ones are {NAMES}")
    );
    assert_eq!(
        new("split", &[("at", "x")]),
        "converter `split` has no parameter `at`; it has on, index"
    );
    assert_eq!(
        new("date_format", &[("x", "y")]),
        "converter `date_format` has no parameters, but `x` is given; write `date_format` alone"
    );
    assert_eq!(
        new("split", &[("index", "one")]),
        "`index` of converter `split` is `one`, which is not a number; write it like `split:on=-|index=1`"
    );
    assert_eq!(
        new("casper_extension_attribute", &[]),
        "converter `casper_extension_attribute` needs its parameter `attr`; write `casper_extension_attribute:attr=NAME`"
    );
}
