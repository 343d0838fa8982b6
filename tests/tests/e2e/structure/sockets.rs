//! What only one room does: opening sockets, listening, printing, and trusting machine code. Tests within the host may do more.

use super::{File, assert_none, host};

/// What stands in the code, where it may, and why.
const ONLY: &[(&str, &[&str], &str)] = &[
    (
        "TcpStream::connect",
        &["net/"],
        "whoever connects elsewhere passes by the rules of `net`",
    ),
    (
        "TcpSocket",
        &["net/"],
        "whoever connects elsewhere passes by the rules of `net`",
    ),
    ("UdpSocket", &["net/"], "nothing here speaks UDP"),
    ("UnixStream", &["net/"], "nothing here speaks to local sockets"),
    (
        "lookup_host",
        &["net/"],
        "addresses are judged where names are resolved",
    ),
    (
        "ToSocketAddrs",
        &["net/"],
        "addresses are judged where names are resolved",
    ),
    (
        "to_socket_addrs",
        &["net/"],
        "addresses are judged where names are resolved",
    ),
    (
        "reqwest::Client",
        &["net/"],
        "a client of its own would bring its own resolver and redirects",
    ),
    (
        "Client::builder",
        &["net/"],
        "a client of its own would bring its own resolver and redirects",
    ),
    (
        "TcpListener",
        &["standin/"],
        "the program serves nobody; the demo's stand-ins do",
    ),
    ("UnixListener", &[], "the program serves nobody"),
    (
        "stdout()",
        // The last is that of a process which this program starts and reads.
        &[
            "cli/output.rs",
            "cli/preview.rs",
            "logging/config.rs",
            "sandbox/compiler.rs",
        ],
        "what standard output does not take is said, and makes an exit code",
    ),
    (
        "unsafe ",
        &[
            "sandbox/loader.rs",
            "capabilities/sql/gssapi.rs",
            "capabilities/sql/sspi.rs",
            "cli/console.rs",
        ],
        "compiled components are trusted in one place, and C is called in one, on Windows in two others",
    ),
    (
        "libloading",
        &["capabilities/sql/gssapi.rs"],
        "the platform's Kerberos is the only library that is loaded",
    ),
    (
        "windows_sys",
        &["capabilities/sql/sspi.rs", "cli/console.rs"],
        "Windows itself signs in, and its console is told what it gets",
    ),
    (
        "Component::deserialize",
        &["sandbox/loader.rs"],
        "compiled components are trusted in one place",
    ),
];

/// What stands in the code so many times, and where: one block takes machine code on trust, from memory or from a file; one call loads a
/// library.
const COUNTED: [(&str, &str, usize); 3] = [
    ("unsafe ", "sandbox/loader.rs", 1),
    ("Component::deserialize", "sandbox/loader.rs", 2),
    ("libloading::Library::new", "capabilities/sql/gssapi.rs", 1),
];

/// The lines of a file that are no tests and hold `text`.
fn lines<'a>(file: &'a File, text: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_test = file.path.iter().any(|part| part == "tests" || part == "tests.rs");
    file.code()
        .take_while(move |(_, line)| !is_test && line.trim() != "#[cfg(test)]")
        .filter(move |(_, line)| line.contains(text))
        .map(|(number, _)| number)
}

fn violations(files: &[File]) -> Vec<String> {
    let mut violations = Vec::new();
    for (text, places, reason) in ONLY {
        let elsewhere = files.iter().filter(|file| {
            !places
                .iter()
                .any(|place| file.path.to_string_lossy().starts_with(place))
        });
        for file in elsewhere {
            let found = lines(file, text);
            violations.extend(found.map(|line| format!("host/src/{}:{line}: `{text}`: {reason}", file.path.display())));
        }
    }
    violations
}

#[test]
fn sockets_and_trust_have_their_rooms() {
    assert_none(&violations(&host()));
}

#[test]
fn machine_code_is_trusted_once() {
    let files = host();
    for (text, place, times) in COUNTED {
        let there = files.iter().filter(|file| file.path == std::path::Path::new(place));
        let count: usize = there.map(|file| lines(file, text).count()).sum();
        assert_eq!(count, times, "`{text}`");
    }
}

/// Where a place is given, something is there: a room that was renamed would leave its rule without effect.
#[test]
fn the_places_exist() {
    let files = host();
    for place in ONLY.iter().flat_map(|(_, places, _)| *places) {
        assert!(
            files.iter().any(|file| file.path.to_string_lossy().starts_with(place)),
            "{place}"
        );
    }
}

#[test]
fn what_stands_in_the_wrong_room_is_found() {
    let found = |path: &str, text: &str| {
        violations(&[File {
            path: path.into(),
            text: text.to_owned(),
        }])
        .len()
    };
    assert_eq!(
        found(
            "oomnitza/client.rs",
            "\nlet stream = TcpStream::connect(address).await?;"
        ),
        1
    );
    assert_eq!(
        found("net/dial.rs", "let stream = TcpStream::connect(address).await?;"),
        0
    );
    assert_eq!(found("net/dial.rs", "let stream = unsafe { connect(address) };"), 1);
    assert_eq!(found("run/section.rs", "// TcpStream::connect is for `net`"), 0);
    assert_eq!(
        found(
            "run/section.rs",
            "#[cfg(test)]\nmod tests { fn f() { TcpListener::bind(a); } }"
        ),
        0
    );
}
