//! What deny.toml forbids is not in Cargo.lock. `make deny` asks cargo-deny itself, which knows licences and advisories as well.

use super::root;

/// The packages of a lock file: name, version, and where it comes from.
fn packages(lock: &str) -> Vec<[&str; 3]> {
    lock.split("[[package]]")
        .skip(1)
        .map(|package| {
            ["name", "version", "source"].map(|key| {
                package
                    .lines()
                    .find_map(|line| line.strip_prefix(key)?.trim_start_matches([' ', '=']).strip_prefix('"'))
                    .map_or("", |value| value.trim_end_matches('"'))
            })
        })
        .collect()
}

/// The crates that a deny.toml forbids, and the version from which on they are allowed.
fn forbidden(deny: &str) -> Vec<(&str, Option<&str>)> {
    deny.lines()
        .filter_map(|line| line.trim().strip_prefix("{ crate = \"")?.split('"').next())
        .map(|what| match what.split_once(":<") {
            Some((name, version)) => (name, Some(version)),
            None => (what, None),
        })
        .collect()
}

fn numbers(version: &str) -> Vec<u64> {
    version
        .split(['.', '-', '+'])
        .map_while(|part| part.parse().ok())
        .collect()
}

fn found(deny: &str, lock: &str) -> Vec<String> {
    let forbidden = forbidden(deny);
    packages(lock)
        .into_iter()
        .filter(|[name, version, source]| {
            let is_forbidden = forbidden.iter().any(|(crate_name, allowed)| {
                crate_name == name && allowed.is_none_or(|allowed| numbers(version) < numbers(allowed))
            });
            // Our own have no source.
            is_forbidden || !(source.is_empty() || source.starts_with("registry+"))
        })
        .map(|package| package.join(" "))
        .collect()
}

#[test]
fn what_is_forbidden_is_not_depended_on() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
    let (deny, lock) = (read("deny.toml"), read("Cargo.lock"));
    assert_eq!(
        forbidden(&deny).len(),
        deny.matches("crate = ").count(),
        "each is understood"
    );
    assert!(
        packages(&lock).iter().any(|[name, ..]| *name == "tiberius"),
        "packages are found"
    );
    assert_eq!(found(&deny, &lock), Vec::<String>::new());
}

#[test]
fn a_forbidden_version_would_be_found() {
    let deny = "    { crate = \"tiberius:<0.13.0\", reason = \"x\" },\n    { crate = \"openssl\", reason = \"x\" },\n";
    let lock = "[[package]]\nname = \"tiberius\"\nversion = \"0.12.3\"\nsource = \"registry+x\"\n\n[[package]]\nname = \"tiberius\"\nversion = \"0.13.0\"\n\
        source = \"registry+x\"\n\n[[package]]\nname = \"openssl\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\
        source = \"git+x\"\n\n[[package]]\nname = \"host\"\nversion = \"1.0.0\"\n";
    assert_eq!(
        found(deny, lock),
        [
            "tiberius 0.12.3 registry+x",
            "openssl 1.0.0 registry+x",
            "a 1.0.0 git+x"
        ]
    );
}
