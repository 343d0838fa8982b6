//! Pages in, pages out.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn field(name: &str, path: &str) -> wit::Field {
    wit::Field {
        name: name.to_owned(),
        origin: wit::Origin::Source(path.to_owned()),
        converter: None,
        required: false,
    }
}

fn converter(name: &str) -> Option<wit::Converter> {
    Some(wit::Converter {
        name: name.to_owned(),
        parameters: Vec::new(),
    })
}

fn plan(fields: Vec<wit::Field>) -> wit::Plan {
    wit::Plan {
        fields,
        settings: vec![("default_role".to_owned(), "25".to_owned())],
        converters: Vec::new(),
        sync_field: None,
        locations: None,
        zone: None,
    }
}

fn map(plan: wit::Plan, page: &str) -> wit::Mapped {
    match Mapping::new(plan)
        .unwrap()
        .map_page(page.as_bytes().to_vec(), None)
        .unwrap()
    {
        wit::Outcome::Mapped(mapped) => mapped,
        wit::Outcome::LookUp(_) => panic!("nothing was to be looked up"),
    }
}

fn records(mapped: &wit::Mapped) -> Vec<String> {
    let mut start = 0;
    let slice = |end: &u32| {
        let record = mapped.records[start..*end as usize].to_vec();
        start = *end as usize;
        String::from_utf8(record).unwrap()
    };
    mapped.ends.iter().map(slice).collect()
}

#[test]
fn values_go_out_as_they_stand_and_missing_ones_as_null() {
    let fields = vec![
        field("USER", "login"),
        field("BIG", "id"),
        field("DEEP", "a.b.1"),
        wit::Field {
            origin: wit::Origin::Setting("default_role".into()),
            ..field("PERMISSIONS_ID", "")
        },
        wit::Field {
            origin: wit::Origin::Hardcoded("[1, 2]".into()),
            ..field("FIXED", "")
        },
        field("NONE", "nowhere.at.all"),
        field("INTO_TEXT", "login.0"),
    ];
    let mapped = map(
        plan(fields),
        r#" [ {"id": 98765432109876543210.50, "login":"a\"ü", "a":{"b":[0,{"x" : 1}]}, "x":[[]]} , {"login":"b"} ] "#,
    );
    assert_eq!(
        records(&mapped),
        [
            r#"{"USER":"a\"ü","BIG":98765432109876543210.50,"DEEP":{"x" : 1},"PERMISSIONS_ID":"25","FIXED":[1, 2],"NONE":null,"INTO_TEXT":null}"#,
            r#"{"USER":"b","BIG":null,"DEEP":null,"PERMISSIONS_ID":"25","FIXED":[1, 2],"NONE":null,"INTO_TEXT":null}"#,
        ]
    );
    assert_eq!((mapped.count, mapped.left_out.len()), (2, 0));
}

#[test]
fn what_lacks_a_required_field_or_is_no_record_is_left_out_with_the_reason() {
    let required = |name: &str, path: &str| wit::Field {
        required: true,
        ..field(name, path)
    };
    let mapped = map(
        plan(vec![required("USER", "u"), required("EMAIL", "e"), field("X", "x")]),
        r#"[{"u":"a","e":"m"},{"u":null,"e":""},7,{"u":"b"},{"u":"c","e":"m","x":tru}]"#,
    );
    assert_eq!(records(&mapped), [r#"{"USER":"a","EMAIL":"m","X":null}"#]);
    let left_out: Vec<String> = mapped
        .left_out
        .iter()
        .map(|left| format!("{} {:?}", left.index, left.reason))
        .collect();
    assert_eq!(
        left_out,
        [
            r#"1 Reason::Missing(["USER", "EMAIL"])"#,
            r#"2 Reason::Unusable("it is not an object")"#,
            r#"3 Reason::Missing(["EMAIL"])"#,
            r#"4 Reason::Unusable("its value for X is not well-formed JSON")"#,
        ]
    );
    assert_eq!(mapped.count, 5);
}

#[test]
fn equal_keys_have_equal_hashes() {
    let keys = |sync: Option<&str>| {
        map(
            wit::Plan {
                sync_field: sync.map(str::to_owned),
                ..plan(vec![field("USER", "u"), field("SN", "s")])
            },
            r#"[{"u":"a","s":1},{"u":"b","s":1},{"u":"a","s":2}]"#,
        )
        .keys
    };
    let by_user = keys(None);
    assert!(by_user[0] == by_user[2] && by_user[0] != by_user[1]);
    let by_serial = keys(Some("SN"));
    assert!(by_serial[0] == by_serial[1] && by_serial[0] != by_serial[2]);
    let by_all = keys(Some("NOT_MAPPED"));
    assert!(by_all[0] != by_all[1] && by_all[0] != by_all[2]);
}

#[test]
fn odd_values_are_null_and_counted_by_kind() {
    let fields = vec![wit::Field {
        converter: converter("date_format"),
        ..field("WHEN", "d")
    }];
    let mapped = map(
        plan(fields),
        r#"[{"d":"2026-11-24"},{"d":"soon"},{"d":5},{"d":"later"},{"d":null},{}]"#,
    );
    assert_eq!(
        records(&mapped),
        [
            r#"{"WHEN":1795478400}"#,
            r#"{"WHEN":null}"#,
            r#"{"WHEN":null}"#,
            r#"{"WHEN":null}"#,
            r#"{"WHEN":null}"#,
            r#"{"WHEN":null}"#
        ]
    );
    let odd: Vec<(&str, u32)> = mapped
        .odd_values
        .iter()
        .map(|odd| (odd.problem.as_str(), odd.count))
        .collect();
    assert_eq!(odd, [("not a date", 2), ("not a text", 1)]);
}

#[test]
fn a_path_s_own_converter_applies_unless_the_field_has_one() {
    let mut plan = plan(vec![
        field("A", "d"),
        wit::Field {
            converter: converter("split_email"),
            ..field("B", "d")
        },
    ]);
    plan.converters = vec![("d".to_owned(), converter("date_format").unwrap())];
    assert_eq!(
        records(&map(plan, r#"[{"d":"1970-01-02"}]"#)),
        [r#"{"A":86400,"B":"1970-01-02"}"#]
    );
}

#[test]
fn models_are_looked_up_once_and_the_page_goes_on() {
    let fields = vec![wit::Field {
        converter: converter("mac_model_from_sn"),
        ..field("MODEL", "hardware.model")
    }];
    let mut mapping = Mapping::new(plan(fields)).unwrap();
    let page = br#"[{"general":{"serial_number":"S1"},"hardware":{"model":"m1"}},{"general":{"serial_number":"S2"},"hardware":{"model":"m2"}},{"general":{"serial_number":"S1"}}]"#;
    let wit::Outcome::LookUp(asked) = mapping.map_page(page.to_vec(), None).unwrap() else {
        panic!("it should ask")
    };
    assert_eq!(
        asked.iter().map(|look_up| look_up.key.as_str()).collect::<Vec<_>>(),
        ["S1", "S2"]
    );
    let mapped = mapping.resolve(vec![Some("iMac".into()), None]).unwrap();
    assert_eq!(
        records(&mapped),
        [r#"{"MODEL":"iMac"}"#, r#"{"MODEL":"m2"}"#, r#"{"MODEL":"iMac"}"#]
    );
    assert!(
        matches!(mapping.map_page(page.to_vec(), None).unwrap(), wit::Outcome::Mapped(_)),
        "both are known now"
    );
    assert!(matches!(mapping.resolve(vec![]), Err(wit::Error::State(_))));
}

#[test]
fn what_is_no_page_and_what_is_no_plan_is_refused() {
    let mut mapping = Mapping::new(plan(vec![])).unwrap();
    for page in [&b""[..], b"{}", b"[", b"[{}", b"[{}]x", b"[,]", b"[{} {}]"] {
        assert!(
            matches!(mapping.map_page(page.to_vec(), None), Err(wit::Error::Page(_))),
            "{page:?}"
        );
    }
    let wrong = plan(vec![wit::Field {
        converter: converter("nope"),
        ..field("A", "a")
    }]);
    assert!(matches!(Mapping::new(wrong), Err(wit::Error::Plan((field, _))) if field == "A"));
}

/// The same by building everything: slow, and plainly right.
fn reference(paths: &[(&str, &str)], page: &[Value]) -> Vec<Value> {
    let at = |record: &Value, path: &str| {
        path.split('.').try_fold(record.clone(), |value, step| match value {
            Value::Object(object) => object.get(step).cloned(),
            Value::Array(list) => list.get(step.parse::<usize>().ok()?).cloned(),
            _ => None,
        })
    };
    page.iter()
        .filter(|record| record.is_object())
        .map(|record| {
            Value::Object(
                paths
                    .iter()
                    .map(|(name, path)| ((*name).to_owned(), at(record, path).unwrap_or(Value::Null)))
                    .collect(),
            )
        })
        .collect()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ab\"\\\\é\n{},\\]]{0,5}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[ab\"é]{1,2}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn it_agrees_with_a_reference_that_builds_everything(page in proptest::collection::vec(any_json(), 0..5)) {
        let paths = [("A", "a"), ("AB", "a.b"), ("B1", "b.1"), ("Q", "\""), ("DEEP", "a.a.0.b")];
        let fields = paths.iter().map(|(name, path)| field(name, path)).collect();
        let mapped = map(plan(fields), &serde_json::to_string(&page).unwrap());
        let ours: Vec<Value> = records(&mapped).iter().map(|record| serde_json::from_str(record).unwrap()).collect();
        prop_assert_eq!(ours, reference(&paths, &page));
        prop_assert_eq!(mapped.count as usize, page.len());
    }

    #[test]
    fn no_bytes_make_it_panic_and_what_goes_out_is_json(page in "[\\[\\]{}\",:a1tn\\\\ ]{0,60}") {
        let fields = vec![field("A", "a"), field("B", "a.1"), wit::Field { converter: converter("date_format"), ..field("C", "a") }];
        if let Ok(wit::Outcome::Mapped(mapped)) = Mapping::new(plan(fields)).unwrap().map_page(page.into_bytes(), None) {
            for record in records(&mapped) {
                prop_assert!(serde_json::from_str::<Value>(&record).is_ok(), "{record}");
            }
        }
    }
}

#[test]
fn keys_are_found_wherever_they_stand() {
    let fields = vec![field("A", "a"), field("B", "b.c"), field("Z", "z")];
    let many: String = (0..600).map(|number| format!("\"k{number}\":0,")).collect();
    let page = format!(
        r#"[{{"a":1,"x":0,"b":{{"c":2}},"z":3}},{{"z":3,"a":1,"b":{{"c":2}}}},{{"a":1,"b":{{"c":2}},"z":3}},{{{many}"a":1,"\u0062":{{"c":2}},"z":3}},{{"a":0,"b":{{"c":2}},"z":3,"a":1}}]"#
    );
    assert_eq!(records(&map(plan(fields), &page)), [r#"{"A":1,"B":2,"Z":3}"#; 5]);
}

#[test]
fn texts_of_any_length_are_added_whole() {
    let text: Vec<u8> = (0..=b'z').collect();
    for length in 0..text.len() {
        let mut records = b"before".to_vec();
        super::append(&mut records, &text[..length]);
        assert_eq!(records, [b"before", &text[..length]].concat(), "{length}");
    }
}

#[test]
fn values_of_the_ini_files_code_come_along_and_what_it_leaves_out_is_passed_over() {
    let given_field = |name: &str| wit::Field {
        origin: wit::Origin::Given,
        ..field(name, "")
    };
    let fields = vec![
        given_field("A"),
        field("USER", "u"),
        wit::Field {
            required: true,
            ..given_field("B")
        },
    ];
    let given = wit::Given {
        verdicts: vec![1, 0, 2, 1, 1],
        values: b"\"a\"\n1\n[2]\nnull\n{bad\n3\n".to_vec(),
    };
    let page = br#"[{"u":1},{"u":2},{"u":3},{"u":4},{"u":5}]"#.to_vec();
    let wit::Outcome::Mapped(mapped) = Mapping::new(plan(fields)).unwrap().map_page(page, Some(given)).unwrap() else {
        panic!("nothing was to be looked up");
    };
    assert_eq!(records(&mapped), [r#"{"A":"a","USER":1,"B":1}"#]);
    assert_eq!(mapped.count, 5);
    let left_out: Vec<_> = mapped.left_out.iter().map(|left| (left.index, &left.reason)).collect();
    assert!(
        matches!(
            left_out[..],
            [(3, wit::Reason::Missing(_)), (4, wit::Reason::Unusable(_))]
        ),
        "{left_out:?}"
    );
}

#[test]
fn code_that_calls_a_converter_gets_what_a_mapping_gets() {
    let locations = br#"[{"location_id":"L1","name":"Bonn"}]"#;
    let mut mapping = Mapping::new(wit::Plan {
        locations: Some(locations.to_vec()),
        ..plan(vec![])
    })
    .unwrap();
    let record = r#"{"sAMAccountName":"ada","extension_attributes":[{"name":"Dept","value":"R&D"}]}"#;
    for (name, parameters, value, expected) in [
        ("split_email", &[][..], Some(r#""ada@x.example""#), Ok(Some(r#""ada""#))),
        (
            "split",
            &[("on", "-"), ("index", "1")],
            Some(r#""a-b""#),
            Ok(Some(r#""b""#)),
        ),
        ("date_format", &[], Some(r#""1970-01-02""#), Ok(Some("86400"))),
        ("date_format", &[], Some(r#""soon""#), Ok(None)),
        ("ldap_user_field", &[], None, Ok(Some(r#""ada""#))),
        (
            "casper_extension_attribute",
            &[("attr", "Dept")],
            None,
            Ok(Some(r#""R&D""#)),
        ),
        ("location", &[], Some(r#""L1""#), Ok(Some(r#""Bonn""#))),
        ("location", &[], Some(r#""L2""#), Ok(Some(r#""L2""#))),
        ("nosuch", &[], None, Err("there is no converter `nosuch`")),
        ("split", &[("at", "-")], None, Err("has no parameter `at`")),
    ] {
        let parameters = parameters
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned())));
        let converter = wit::Converter {
            name: name.to_owned(),
            parameters: parameters.collect(),
        };
        let made = mapping.convert(&converter, record.as_bytes(), value.map(str::as_bytes));
        match (made, expected) {
            (Ok(made), Ok(expected)) => {
                assert_eq!(
                    made.map(|made| String::from_utf8(made).unwrap()).as_deref(),
                    expected,
                    "{name}"
                );
            }
            (Err(problem), Err(expected)) => assert!(problem.contains(expected), "{problem}"),
            (made, expected) => panic!("{name}: {made:?} instead of {expected:?}"),
        }
    }
}
