//! Settings that name a file instead of an address: `wsdl_path = /etc/jasper/Terminal.wsdl`.
//!
//! The host owns files and the connector knows what stands in them, so an endpoint says where in the file the address is:
//! `{wsdl_path.file.address.location}` is the attribute `location` of the first element `address`. What is found there becomes a setting of that
//! very name, for the endpoint and for the connector; nothing else of the file enters the component. Only a file that the admin
//! wrote into the section is read, never one that a connector's default names.
//!
//! This is no XML parser: it finds an element's attribute in a file that an admin chose, and makes nothing of the rest.

use std::path::{Path, PathBuf};

use url::Url;

use super::places::is_from_section;
use crate::config::schema::Description;
use crate::config::{Finding, Section, template};
use crate::files;

/// Bytes of a file. The largest WSDL that is known has 25 KB, its schema included half a megabyte.
const MOST_BYTES: u64 = 1 << 20;

/// What stands between the name of a setting and the place in its file.
pub(super) const FILE: &str = ".file.";

/// Reads the files that the section's settings name, and adds what the description's endpoints want of them. Relative paths begin in
/// `directory`, which is the ini file's.
pub(in crate::run) fn read(
    section: &mut Section,
    description: &Description,
    directory: &Path,
) -> Result<(), Vec<Finding>> {
    let mut findings = Vec::new();
    let endpoints = description.endpoints.iter();
    for name in endpoints.flat_map(|endpoint| template::names(&endpoint.url)) {
        let Some((setting, place)) = name.split_once(FILE) else {
            continue;
        };
        let Some((element, attribute)) = place.split_once('.') else {
            continue;
        };
        if section.setting(name).is_some() || !is_from_section(section, description, setting) {
            continue;
        }
        let Some(path) = section.setting(setting).and_then(path) else {
            continue;
        };
        match path.and_then(|path| value(&directory.join(path), element, attribute)) {
            Ok(value) => section.settings.push((name.to_owned(), value)),
            Err((what, remedy)) => {
                findings.push(Finding::error(section.place(Some(setting)), what).remedy(remedy));
            }
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

/// What is wrong, and the remedy.
type Wrong = (String, String);

/// The path that a value is, plain or as a `file:` URL; none where it is another address.
fn path(value: &str) -> Option<Result<PathBuf, Wrong>> {
    match Url::parse(value) {
        Ok(url) if url.scheme() == "file" => Some(url.to_file_path().map_err(|()| {
            let shown = crate::redact::clean(value, 200);
            let what = format!("`{shown}` names a file of another machine, and only files of this one are read");
            (what, ANOTHER.to_owned())
        })),
        _ if value.contains("://") || value.is_empty() => None,
        _ => Some(Ok(PathBuf::from(value))),
    }
}

/// The remedy where a file is not the one that is meant.
const ANOTHER: &str = "give the path of the file that is meant; a relative one begins at the ini file's directory";

/// What stands in a file.
fn value(path: &Path, element: &str, attribute: &str) -> Result<String, Wrong> {
    let shown = path.display();
    let wrong = |what: &str| (format!("the file {shown} {what}"), ANOTHER.to_owned());
    // A device or a pipe might never end.
    let is_other = std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
    if is_other {
        return Err(wrong("is a directory, or no plain file"));
    }
    let bytes = match files::read(path, MOST_BYTES) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err(wrong("is not there")),
        Err(error) => return Err(wrong(&format!("cannot be read: {error}"))),
    };
    let found = std::str::from_utf8(&bytes).map(|text| find(text, element, attribute));
    match found {
        Ok(Some(value)) => Ok(value),
        Ok(None) => {
            let what = format!("has no element `{element}` with an attribute `{attribute}`, so it names no address");
            Err(wrong(&what))
        }
        Err(_) => Err(wrong("is not text in UTF-8")),
    }
}

/// The attribute of the first element of this name that has it, whatever its prefix.
fn find(text: &str, element: &str, attribute: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let (_, tag) = rest.split_once('<')?;
        rest = if let Some(comment) = tag.strip_prefix("!--") {
            comment.split_once("-->")?.1
        } else if let Some(characters) = tag.strip_prefix("![CDATA[") {
            characters.split_once("]]>")?.1
        } else {
            let end = tag.find(|character: char| character.is_whitespace() || "/>".contains(character))?;
            let (name, attributes) = tag.split_at(end);
            let local = name.rsplit(':').next().unwrap_or(name);
            if local == element
                && let Some(value) = attribute_of(attributes, attribute)
            {
                return Some(value);
            }
            attributes
        };
    }
}

/// The value of an attribute, in what follows an element's name.
fn attribute_of(mut rest: &str, wanted: &str) -> Option<String> {
    loop {
        rest = rest.trim_start();
        if rest.starts_with(['>', '/']) {
            return None;
        }
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
        let (value, after) = after.get(1..)?.split_once(quote)?;
        if name.trim_end() == wanted {
            return Some(unescaped(value.trim()));
        }
        rest = after;
    }
}

/// With the five entities that XML knows by itself (section 4.6).
fn unescaped(value: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(value.to_owned(), |value, (entity, character)| {
        value.replace(entity, character)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_attribute_is_found_however_it_is_written() {
        for (text, found) in [
            (
                r#"<?xml version="1.0"?><definitions name="T"><import location="x.xsd"/><service><port><soap:address location="https://a.example/T?x=1&amp;y=2"/></port></service></definitions>"#,
                Some("https://a.example/T?x=1&y=2"),
            ),
            (
                "<address\n\tname = 'a>b'\n location = ' https://b.example ' />",
                Some("https://b.example"),
            ),
            (
                "<!-- <address location='no'/> --><![CDATA[<address location='no'/>]]><s:address location='yes'/>",
                Some("yes"),
            ),
            ("<address/><address location=''/><address location='later'/>", Some("")),
            ("<address xlocation='no'/><addresses location='no'/>", None),
            ("<address location=unquoted/>", None),
            ("<address location='cut", None),
            ("<!-- <address location='no'/>", None),
            ("address location='no'", None),
            ("<", None),
            ("", None),
        ] {
            assert_eq!(find(text, "address", "location").as_deref(), found, "{text}");
        }
    }

    #[test]
    fn a_value_is_a_path_or_an_address() {
        for (value, expected) in [
            ("Terminal.wsdl", Some("Terminal.wsdl")),
            ("../jasper/T.wsdl", Some("../jasper/T.wsdl")),
            ("/etc/T.wsdl", Some("/etc/T.wsdl")),
            ("file:///etc/my%20T.wsdl", Some("/etc/my T.wsdl")),
            ("http://api.example.com/T.wsdl", None),
            ("https://api.example.com/T.wsdl", None),
            ("ftp://api.example.com/T.wsdl", None),
            ("", None),
        ] {
            assert_eq!(path(value), expected.map(PathBuf::from).map(Ok), "{value}");
        }
        // Windows has such paths.
        #[cfg(unix)]
        assert!(matches!(path("file://server/share/T.wsdl"), Some(Err(_))));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let home = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = home.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let huge = vec![b' '; (1 << 20) + 1];
        for (path, problem) in [
            (home.path().join("none"), "is not there"),
            (home.path().to_owned(), "is a directory, or no plain file"),
            (PathBuf::from("/dev/zero"), "is a directory, or no plain file"),
            (file("huge", &huge), "cannot be read: it has more than 1048576 bytes"),
            (file("binary", b"\x7fELF\xff\xfe\x00"), "is not text in UTF-8"),
            (
                file("empty", b""),
                "has no element `address` with an attribute `location`, so it names no address",
            ),
        ] {
            let (what, remedy) = value(&path, "address", "location").unwrap_err();
            assert_eq!(what, format!("the file {} {problem}", path.display()));
            assert!(remedy.starts_with("give the path"));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[<>/=!&;'\"a \\-\\[\\]é]{0,80}") {
            _ = find(&text, "a", "a");
        }
    }
}
