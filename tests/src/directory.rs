//! People in a directory: what is loaded into a server, and what each of them must become in Oomnitza, both from the same data.

use std::fmt::Write as _;

/// An entry: its attributes, each with its values, in the order in which they are loaded.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its own name, which is an attribute as well.
    rdn: (&'static str, String),
    /// What it is.
    classes: &'static [&'static str],
    attributes: Vec<(&'static str, Vec<Vec<u8>>)>,
}

/// Names that programs stumble over.
const FIRST_NAMES: [&str; 11] = [
    "Ada",
    "\u{141}ukasz",
    "Zo\u{eb}",
    "\u{82b1}\u{5b50}",
    "\u{1f98a} Fox",
    "Mary, \"MJ\"",
    " leading",
    "trailing ",
    "Jos\u{e9}",
    "Jose\u{301}",
    "\u{5d3}\u{5d5}\u{5d3}",
];
const LAST_NAMES: [&str; 7] = [
    "Lovelace",
    "O'Brien",
    "\u{5c71}\u{7530}",
    "back\\slash",
    "D\\u00e9j\\xe0",
    "van der \"Sample\"",
    "Null",
];
const TITLES: [&str; 5] = [
    "\\\\srv\\new\\title",
    "R&D <east>; head",
    "tab\there\r\nand a line",
    "{\"json\": [1, \"a\\\"b\"]}",
    "\u{7d4c}\u{7406}\u{2028}%s",
];

/// A photograph, as far as slapd looks into it.
const PHOTO: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\xff\xd9";

/// People with every oddity there is, told apart by `prefix` and a number.
pub fn people(prefix: &str, count: usize) -> Vec<Entry> {
    (0..count).map(|index| person(prefix, index)).collect()
}

fn person(prefix: &str, index: usize) -> Entry {
    let number = format!("{prefix}{index:05}");
    let mut attributes: Vec<(&str, Vec<Vec<u8>>)> = Vec::new();
    let mut add = |name, values: &[&[u8]]| attributes.push((name, values.iter().map(|value| value.to_vec()).collect()));
    let mail = format!("{number}@example.com");
    let name = |names: &[&'static str]| names[index % names.len()];
    add("cn", &[number.as_bytes()]);
    add("sn", &[name(&LAST_NAMES).as_bytes(), b"second"]);
    // Some have no account but Active Directory's.
    if index % 50 == 7 {
        add("sAMAccountName", &[format!("EXAMPLE\\{number}").as_bytes()]);
    } else {
        add("uid", &[number.as_bytes(), format!("alias-{number}").as_bytes()]);
    }
    if index % 100 != 5 {
        add("givenName", &[name(&FIRST_NAMES).as_bytes()]);
    }
    if !matches!(index % 200, 77 | 105) {
        add("mail", &[mail.as_bytes(), b"other@example.com", b"third@example.com"]);
    }
    if !index.is_multiple_of(3) {
        add("title", &[name(&TITLES).as_bytes()]);
    }
    if index.is_multiple_of(4) {
        add("jpegPhoto", &[PHOTO]);
    }
    match index % 6 {
        1 => add("audio", &[b"\xff\xfe\xc3\x28"]),
        2 => add("audio", &[b"plain text"]),
        // A letter that is cut in two.
        3 => add("audio", &[b"\xe5\xb1"]),
        _ => {}
    }
    add("manager", &[b"employeeNumber=p00000,ou=people,dc=example,dc=com"]);
    Entry {
        rdn: ("employeeNumber", number),
        classes: &["inetOrgPerson", "extensibleObject"],
        attributes,
    }
}

/// An organizational unit, which is not a person.
pub fn unit(name: &str) -> String {
    format!(
        "dn: ou={name},{}\nobjectClass: organizationalUnit\nou: {name}\n\n",
        crate::slapd::SUFFIX
    )
}

/// A reference to another server, which nobody must follow.
pub fn reference(name: &str, below: &str, url: &str) -> String {
    format!("dn: ou={name},{below}\nobjectClass: referral\nobjectClass: extensibleObject\nou: {name}\nref: {url}\n\n")
}

impl Entry {
    /// Its text in a file of `slapadd`, below another entry.
    pub fn ldif(&self, below: &str) -> String {
        let (name, value) = &self.rdn;
        let mut text = format!("dn: {name}={value},{below}\n");
        for class in self.classes {
            _ = writeln!(text, "objectClass: {class}");
        }
        _ = writeln!(text, "{name}: {value}");
        for (name, values) in &self.attributes {
            for value in values {
                _ = writeln!(text, "{name}:: {}", crate::base64(value));
            }
        }
        text.push('\n');
        text
    }

    /// What Oomnitza must get for the first value of an attribute, JSON. Photographs are never text.
    pub fn json(&self, attribute: &str) -> String {
        if attribute.eq_ignore_ascii_case(self.rdn.0) {
            return quoted(&self.rdn.1);
        }
        let found = self
            .attributes
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(attribute));
        match found.and_then(|(_, values)| values.first()) {
            None => "null".to_owned(),
            Some(_) if attribute.eq_ignore_ascii_case("jpegPhoto") => quoted("*BINARY*"),
            Some(value) => quoted(std::str::from_utf8(value).unwrap_or("*BINARY*")),
        }
    }

    /// What Oomnitza must know the person by, JSON: `uid`, else the account of Active Directory.
    pub fn account(&self) -> String {
        let accounts = ["uid", "sAMAccountName"].map(|name| self.json(name));
        accounts
            .into_iter()
            .find(|account| account != "null")
            .expect("everybody has an account")
    }

    /// What Oomnitza must get for the person by the connector's own mappings, with what `more` maps besides; nothing where a required
    /// value is not there.
    pub fn record(&self, more: &[(&str, &str)]) -> Option<String> {
        let account = self.account();
        let required = ["givenName", "sn", "mail"].map(|name| self.json(name));
        if required.iter().any(|value| value == "null") {
            return None;
        }
        let [first_name, last_name, mail] = required;
        let mut text = format!(
            r#"{{"USER":{account},"FIRST_NAME":{first_name},"LAST_NAME":{last_name},"EMAIL":{mail},"PERMISSIONS_ID":"25","POSITION":"Employee""#
        );
        for (field, attribute) in more {
            _ = write!(text, r#","{field}":{}"#, self.json(attribute));
        }
        text.push('}');
        Some(text)
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
