//! What is set is read back, and no other byte changes.

use std::path::Path;

use proptest::prelude::*;

use super::*;

fn ini(text: &[u8]) -> Ini {
    Ini::parse(Path::new("config.ini"), text.to_vec()).unwrap()
}

fn text(edited: Result<Ini, EditError>) -> String {
    String::from_utf8(edited.unwrap().render().to_vec()).unwrap()
}

const FILE: &str = "# Ours\n[oomnitza]\nurl=https://x ; ours\npassword = p;w\n\n; the directory\n[ldap]\nenable : True\nfilter:\n\n    if a:\n# why\n        return b\n\nbase_dn = dc=x\n[okta]\nurl =\n";

#[test]
fn a_value_is_changed_and_nothing_else() {
    for (section, name, value, old, new) in [
        (
            "oomnitza",
            "url",
            "https://y",
            "url=https://x ; ours",
            "url= https://y ; ours",
        ),
        ("oomnitza", "URL", "", "url=https://x ; ours", "url=\"\" ; ours"),
        ("oomnitza", "password", ";%=#", "password = p;w", "password = ;%=#"),
        ("ldap", "enable", "False", "enable : True", "enable : False"),
        (
            "ldap",
            "filter",
            "(uid=*)",
            "filter:\n\n    if a:\n# why\n        return b\n",
            "filter:(uid=*)\n\n# why\n",
        ),
        (
            "ldap",
            "filter",
            "\nif c:\n    return d",
            "filter:\n\n    if a:\n# why\n        return b\n",
            "filter:\n if c:\n     return d\n\n# why\n",
        ),
        ("okta", "url", "https://z", "[okta]\nurl =", "[okta]\nurl = https://z"),
        ("okta", "token", "t", "[okta]\nurl =\n", "[okta]\nurl =\ntoken = t\n"),
        (
            "okta",
            "mapping.A",
            "",
            "[okta]\nurl =\n",
            "[okta]\nurl =\nmapping.A =\n",
        ),
        ("ldap", "x", "\n  y", "base_dn = dc=x\n", "base_dn = dc=x\nx:\n   y\n"),
    ] {
        let edited = text(ini(FILE.as_bytes()).set(section, name, value));
        assert_eq!(edited, FILE.replace(old, new), "[{section}] {name} = {value}");
    }
    assert_eq!(text(ini(FILE.as_bytes()).set("ldap", "base_dn", "dc=x")), FILE);
}

#[test]
fn settings_and_sections_come_and_go() {
    let file = ini(FILE.as_bytes());
    for (edited, old, new) in [
        (file.remove("oomnitza", "Password"), "password = p;w\n", ""),
        (
            file.remove("ldap", "filter"),
            "filter:\n\n    if a:\n# why\n        return b\n",
            "\n# why\n",
        ),
        (file.remove("okta", "token"), "", ""),
        (
            file.add_section("zendesk"),
            "[okta]\nurl =\n",
            "[okta]\nurl =\n\n[zendesk]\n",
        ),
        (file.remove_section("okta"), "[okta]\nurl =\n", ""),
        (
            file.remove_section("oomnitza"),
            "[oomnitza]\nurl=https://x ; ours\npassword = p;w\n\n",
            "",
        ),
    ] {
        assert_eq!(text(edited), FILE.replacen(old, new, 1));
    }
    assert_eq!(text(ini(b"").add_section("a")), "[a]\n");
    assert_eq!(text(ini(b"[a]\nb = c").add_section("d")), "[a]\nb = c\n\n[d]\n");
    assert_eq!(text(ini(b"[a]\n\n").add_section("d")), "[a]\n\n[d]\n");
}

#[test]
fn what_is_repeated_is_changed_where_it_holds_and_removed_everywhere() {
    let file = ini(b"[a]\nx = 1\n[b]\n[a]\nx = 2\nx = 3\n  4\ny = 5\n");
    assert_eq!(
        text(file.set("a", "x", "6")),
        "[a]\nx = 1\n[b]\n[a]\nx = 2\nx = 6\ny = 5\n"
    );
    assert_eq!(
        text(file.set("a", "z", "6")),
        "[a]\nx = 1\n[b]\n[a]\nx = 2\nx = 3\n  4\ny = 5\nz = 6\n"
    );
    assert_eq!(text(file.remove("a", "x")), "[a]\n[b]\n[a]\ny = 5\n");
    assert_eq!(text(file.remove_section("a")), "[b]\n");
}

#[test]
fn defaults_are_overridden_and_come_back() {
    let file = ini(b"[DEFAULT]\nverify_ssl = False\n[a]\nx = 1\n");
    assert_eq!(file.section("a").unwrap().value("verify_ssl"), Some("False"));
    let edited = file.set("a", "verify_ssl", "True").unwrap();
    assert_eq!(
        edited.render(),
        b"[DEFAULT]\nverify_ssl = False\n[a]\nx = 1\nverify_ssl = True\n"
    );
    assert_eq!(edited.remove("a", "verify_ssl").unwrap().render(), file.render());
}

#[test]
fn line_ends_and_encodings_stay() {
    let windows = ini(b"\xef\xbb\xbf[a]\r\nx = 1\r\ny = 2");
    assert_eq!(
        windows.set("a", "y", "\n b").unwrap().render(),
        b"\xef\xbb\xbf[a]\r\nx = 1\r\ny = \r\n  b"
    );
    assert_eq!(
        windows.set("a", "z", "3").unwrap().render(),
        b"\xef\xbb\xbf[a]\r\nx = 1\r\ny = 2\r\nz = 3"
    );
    assert_eq!(windows.remove("a", "x").unwrap().render(), b"\xef\xbb\xbf[a]\r\ny = 2");
    let latin = ini(b"[a]\nx = Ren\xe9\n");
    assert_eq!(
        latin.set("a", "y", "Zoë").unwrap().render(),
        b"[a]\nx = Ren\xe9\ny = Zo\xeb\n"
    );
    assert_eq!(latin.set("a", "y", "€").unwrap_err(), EditError::Encoding('€'));
    // What is left by itself is UTF-8, and would be read as such.
    let latin = ini(b"[a]\nx = Ren\xe9\n[b]\nx = \xc3\xa9\n");
    assert_eq!(latin.remove("a", "x").unwrap_err(), EditError::Left);
    assert_eq!(latin.remove_section("a").unwrap_err(), EditError::Left);
    assert_eq!(latin.set("a", "x", "y").unwrap_err(), EditError::Left);
    assert_eq!(latin.remove_section("b").unwrap().render(), b"[a]\nx = Ren\xe9\n");
}

#[test]
fn what_the_dialect_cannot_say_is_refused() {
    let file = ini(FILE.as_bytes());
    for value in [" x", "x ", "\"\"", "a ; b", "a\n\nb", "a\n", "a\r\nb", "a\nb "] {
        assert_eq!(
            file.set("okta", "url", value).unwrap_err(),
            EditError::Value,
            "{value:?}"
        );
    }
    for name in ["", " a", "a=b", "a:b", "#a", ";a", "[a", "rem a", "a\nb", "a "] {
        assert_eq!(
            file.set("okta", name, "x").unwrap_err(),
            EditError::Name(name.to_owned()),
            "{name:?}"
        );
    }
    for name in ["", "a]b", "a\nb", "DEFAULT"] {
        assert_eq!(
            file.add_section(name).unwrap_err(),
            EditError::Name(name.to_owned()),
            "{name:?}"
        );
    }
    assert_eq!(
        file.add_section("okta").unwrap_err(),
        EditError::Exists("okta".to_owned())
    );
    for edited in [
        file.set("no", "a", "b"),
        file.remove("no", "a"),
        file.remove_section("no"),
    ] {
        assert_eq!(edited.unwrap_err().to_string(), "there is no section [no]");
    }
}

/// Lines as people write them, and as nobody does.
pub(crate) fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "\\[(a|b|DEFAULT)\\]",
        "(x|y|Z|mapping\\.A) ?[=:] ?[a-zé;#%=\": ]{0,6}",
        "[ \t]{1,3}[a-z;#\\[]{0,4}",
        "[#;][a-z ]{0,4}",
        "rem [a-z]{0,3}",
        " {0,2}",
        "x = \"\"",
    ];
    (
        proptest::collection::vec(line, 0..14),
        prop_oneof![Just("\n"), Just("\r\n")],
    )
        .prop_map(|(lines, end)| format!("[a]{end}{}", lines.join(end)))
}

proptest! {
    #[test]
    fn any_file_can_be_edited_and_means_what_was_asked(text in lines(), value in "[a-z#%=:é][a-z;#%=:é]{0,5}(\n[a-z ;#]{0,3}[a-z])?") {
        let Ok(file) = Ini::parse(Path::new("config.ini"), text.into_bytes()) else { return Ok(()) };
        let own = |entry: &&std::sync::Arc<super::super::ini::Entry>| !entry.is_default;
        for section in &file.sections {
            for entry in section.entries.iter().filter(own) {
                // What it must not have changed is checked by every edit itself.
                let Ok(edited) = file.set(&section.name, &entry.name, &value) else {
                    // Behind a `;` of its own a value cannot be followed by the comment that its line has.
                    prop_assert!(value.contains(';'));
                    continue;
                };
                prop_assert_eq!(edited.section(&section.name).unwrap().value(&entry.name), Some(value.as_str()));
                let comments = |file: &Ini| file.lines.iter().filter(|line| line.kind == Kind::Comment).count();
                prop_assert_eq!(comments(&edited), comments(&file));
                let removed = file.remove(&section.name, &entry.name).unwrap();
                prop_assert!(removed.section(&section.name).unwrap().entries.iter().filter(own).all(|other| other.name != entry.name));
                prop_assert!(removed.render().len() < file.render().len());
            }
            prop_assert!(file.set(&section.name, "new", &value).unwrap().remove(&section.name, "new").unwrap().meaning() == file.meaning());
            prop_assert!(file.remove_section(&section.name).unwrap().section(&section.name).is_none());
        }
        let added = file.add_section("new").unwrap();
        prop_assert!(added.render().starts_with(file.render()));
    }
}
