//! The dialect, line by line.

use proptest::prelude::*;

use super::*;

fn parse(text: &[u8]) -> Result<Ini, Vec<Finding>> {
    Ini::parse(Path::new("config.ini"), text.to_vec())
}

fn value(text: &[u8], section: &str, name: &str) -> Option<String> {
    parse(text).unwrap().section(section)?.value(name).map(str::to_owned)
}

#[test]
fn values_are_read_as_the_old_program_reads_them() {
    for (line, expected) in [
        ("a = b", "b"),
        ("a: b", "b"),
        ("A=b", "b"),
        ("a = b = c", "b = c"),
        ("a = \"\"", ""),
        ("a =", ""),
        ("a = 25 # part", "25 # part"),
        ("a = 100%;x", "100%;x"),
        ("a = x ; comment", "x"),
        ("a = \"x ; y\"", "\"x"),
        ("a = p;w ; c", "p;w ; c"),
        ("a = ;x", ";x"),
        ("a = ;x ; c", ";x ; c"),
        ("a = \u{a0}x\u{a0}", "\u{a0}x\u{a0}"),
        ("a = ldap://h:389", "ldap://h:389"),
    ] {
        assert_eq!(
            value(format!("[s]\n{line}\n").as_bytes(), "s", "a").as_deref(),
            Some(expected),
            "{line}"
        );
    }
}

#[test]
fn a_continued_value_keeps_its_indent_but_for_one_character() {
    let text = b"[s]\nrecordfilter:\n    if record.a:\n        # python comment\n\n        return True\nb = 1\n";
    assert_eq!(
        value(text, "s", "recordfilter").as_deref(),
        Some("\n   if record.a:\n       # python comment\n       return True")
    );
    assert_eq!(value(text, "s", "b").as_deref(), Some("1"));
}

#[test]
fn comments_windows_line_ends_a_byte_order_mark_and_latin_1_are_taken() {
    let text = b"\xef\xbb\xbf# c\r\n; c\r\nrem c\r\n[s]\r\nname = Ren\xe9\r\n";
    // Not UTF-8, so the whole file is Latin-1.
    assert_eq!(value(text, "s", "name").as_deref(), Some("René"));
    assert_eq!(
        value("\u{feff}[s]\r\nname = René\r\n".as_bytes(), "s", "name").as_deref(),
        Some("René")
    );
}

#[test]
fn sections_merge_and_the_last_value_of_a_key_wins() {
    let ini = parse(b"[s]\na = 1\n[t]\nb = 2\n[s]\na = 3\nc = 4\n").unwrap();
    assert_eq!(
        ini.sections
            .iter()
            .map(|section| section.name.as_str())
            .collect::<Vec<_>>(),
        ["s", "t"]
    );
    let section = ini.section("s").unwrap();
    assert_eq!(
        (section.value("a"), section.entry("a").unwrap().line, section.value("c")),
        (Some("3"), 6, Some("4"))
    );
}

#[test]
fn what_cannot_be_read_is_said_with_its_line() {
    for (text, message) in [
        (
            "a = 1\n",
            "config.ini:1: this line stands before the first section's header",
        ),
        (
            "\n[s\n",
            "config.ini:2: this line is a section's header without its closing `]`",
        ),
        (
            "[s]\nword\n",
            "config.ini:2: this line is neither a section, a setting nor a comment",
        ),
        (
            "[s]\n  a = 1\n",
            "config.ini:2: this line begins with white space, but there is no value above that it could continue",
        ),
    ] {
        let finding = &parse(text.as_bytes()).unwrap_err()[0];
        assert_eq!(finding.to_string(), message);
        assert!(finding.remedy.is_some(), "{message} needs a remedy");
    }
}

#[test]
fn a_file_that_is_not_there_is_said_with_a_remedy() {
    let finding = &Ini::read(Path::new("/nonexistent/config.ini")).unwrap_err()[0];
    assert_eq!(finding.to_string(), "/nonexistent/config.ini: there is no such file");
    assert!(finding.remedy.as_ref().unwrap().contains("--ini"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_and_come_back_as_they_were(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(ini) = parse(&bytes) {
            prop_assert_eq!(ini.render(), &bytes[..]);
        }
    }

    /// On the plain part of the dialect an independent reader sees the same.
    #[test]
    fn plain_files_mean_what_rust_ini_reads(
        sections in proptest::collection::btree_map("[a-z]{1,6}", proptest::collection::btree_map("[a-z_]{1,6}", "[A-Za-z0-9/.]{1,12}", 0..5), 1..4)
    ) {
        let mut text = String::new();
        for (name, entries) in &sections {
            text.push_str(&format!("[{name}]\n"));
            for (key, value) in entries.iter().filter(|(key, _)| *key != "rem") {
                text.push_str(&format!("{key} = {value}\n"));
            }
        }
        let ours = parse(text.as_bytes()).unwrap();
        let theirs = ini::Ini::load_from_str(&text).unwrap();
        for section in &ours.sections {
            for entry in &section.entries {
                prop_assert_eq!(theirs.get_from(Some(&section.name), &entry.name), Some(entry.value.as_str()));
            }
            let count = theirs.section(Some(&section.name)).map_or(0, |properties| properties.len());
            prop_assert_eq!(count, section.entries.len());
        }
    }
}

#[test]
fn every_line_that_is_wrong_is_said() {
    let findings = parse(b"a = 1\nb = 2\n[s\n[s]\nword\n = x\n").unwrap_err();
    let said: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert_eq!(
        said,
        [
            "config.ini:1: this line stands before the first section's header",
            "config.ini:3: this line is a section's header without its closing `]`",
            "config.ini:5: this line is neither a section, a setting nor a comment",
            "config.ini:6: this line begins with white space, but there is no value above that it could continue",
        ]
    );
    assert_eq!(parse("[s]\nword\n".repeat(1_000).as_bytes()).unwrap_err().len(), 20);
}

#[test]
fn what_default_says_holds_in_the_others() {
    let ini = parse(b"[a]\nx = 1\n[DEFAULT]\nx = 2\ny = 3\n[b]\n[converters]\n").unwrap();
    let values = |section: &str| {
        let entries = &ini.section(section).unwrap().entries;
        entries
            .iter()
            .map(|entry| (entry.name.clone(), entry.value.clone(), entry.is_default))
            .collect::<Vec<_>>()
    };
    let entry = |name: &str, value: &str, is_default: bool| (name.to_owned(), value.to_owned(), is_default);
    assert_eq!(values("a"), [entry("x", "1", false), entry("y", "3", true)]);
    assert_eq!(values("b"), [entry("x", "2", true), entry("y", "3", true)]);
    assert_eq!(values("converters"), []);
    assert!(ini.section("DEFAULT").is_none());
}

/// Read in no time, and refused: neither many sections nor many settings nor both together by `[DEFAULT]` take long.
#[test]
fn files_that_are_no_configuration_are_refused_early() {
    let sections: String = (0..300_000).map(|number| format!("[s{number}]\n")).collect();
    let findings = parse(sections.as_bytes()).unwrap_err();
    assert_eq!(
        findings[0].to_string(),
        "config.ini:1001: this line begins one section too many: a file has at most 1,000"
    );
    let settings: String = (0..300_000).map(|number| format!("s{number}=\n")).collect();
    let findings = parse(format!("[DEFAULT]\n{settings}").as_bytes()).unwrap_err();
    assert_eq!(
        findings[0].to_string(),
        "config.ini:1002: this line is one setting too many: a section has at most 1,000"
    );
    // A large default in many sections: each has it, and it is there once.
    let headers: String = (0..990).map(|number| format!("[s{number}]\n")).collect();
    let ini = parse(format!("[DEFAULT]\nx = {}\n{headers}", "x".repeat(3 << 20)).as_bytes()).unwrap();
    let places: Vec<_> = ini
        .sections
        .iter()
        .map(|section| std::ptr::from_ref(section.entry("x").unwrap()))
        .collect();
    assert!(places.len() == 990 && places.iter().all(|place| *place == places[0]));
}
