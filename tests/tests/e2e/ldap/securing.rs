//! Secured connections: whose certificates are trusted, and that nothing goes on where they are not.

use oomnitza_tests::{Authority, Output};

use super::*;

/// Runs a section with these settings against the company's contractors. In the home are `authority.pem` and `authorities`, which holds it
/// among others; the machine trusts only the authority in `machine.pem`.
fn run(url: &str, more: &str) -> (Output, Oomnitza) {
    let (company, destination) = (company(), oomnitza());
    let program = program(&destination, &[section("ldap", url, CONTRACTORS, more)]);
    let certificate = company.server.certificate();
    program.write("authority.pem", certificate.as_bytes());
    program.write("authorities/README", b"Not a certificate.");
    program.write(
        "authorities/other.pem",
        Authority::new("another").certificate().as_bytes(),
    );
    program.write("authorities/company.pem", certificate.as_bytes());
    let machine = program.write("machine.pem", Authority::new("the machine's").certificate().as_bytes());
    let program = program.env("SSL_CERT_FILE", machine.to_str().unwrap());
    (program.run(&["upload", "ldap"]), destination)
}

#[track_caller]
fn assert_all_arrived(destination: &Oomnitza) {
    assert_same(
        &sorted(arrived(destination)),
        &sorted(records(&company().contractors, &[])),
    );
}

#[track_caller]
fn assert_nothing_was_sent(destination: &Oomnitza) {
    assert_eq!(batches(destination), Vec::<usize>::new());
}

#[test]
fn an_authority_from_a_file_is_trusted() {
    let (output, destination) = run(&company().server.secure_url(), "cacert_file = authority.pem");
    insta::assert_snapshot!(output, @r"
    exit: 0
    ----- stdout
    ----- stderr
    [ldap] 295 records sent in [TIME]
      read 300 = sent 295 + filtered 5 + rejected 0 + failed 0
      left out, no value for a required field: EMAIL (2), FIRST_NAME (2), FIRST_NAME, EMAIL (1)
    ");
    assert_all_arrived(&destination);
}

#[test]
fn authorities_from_a_directory_are_trusted() {
    // By its name as well as by its address.
    let url = company().server.secure_url().replace("127.0.0.1", "localhost");
    let (output, destination) = run(&url, "cacert_dir = authorities");
    assert_eq!(output.code, Some(0), "{output}");
    assert_all_arrived(&destination);
}

#[test]
fn an_authority_that_nobody_named_is_not_trusted() {
    let (output, destination) = run(&company().server.secure_url(), "");
    insta::assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    error: section [ldap] stopped: the source cannot be reached: no secure connection to ldaps://127.0.0.1:[PORT]: its certificate comes from an authority that this machine does not know
    hint: if the server's certificate comes from your own authority, name its file with `cacert_file`; `verify_ssl = False` switches the check off
    ");
    assert_nothing_was_sent(&destination);
}

#[test]
fn an_unknown_authority_is_taken_where_the_check_is_switched_off() {
    let (output, destination) = run(&company().server.secure_url(), "verify_ssl = False");
    insta::assert_snapshot!(output, @r"
    exit: 0
    ----- stdout
    ----- stderr
    warning: config.ini:14: [ldap] verify_ssl: switches the check of certificates off: whoever is on the way can pass for the server and gets the credentials
    hint: name the authority that signed its certificate with `cacert_file`, and remove this setting
    [ldap] 295 records sent in [TIME]
      read 300 = sent 295 + filtered 5 + rejected 0 + failed 0
      left out, no value for a required field: EMAIL (2), FIRST_NAME (2), FIRST_NAME, EMAIL (1)
    ");
    assert_all_arrived(&destination);
}

#[test]
fn start_tls_secures_a_plain_connection() {
    let (output, destination) = run(&company().server.url(), "start_tls = True\ncacert_file = authority.pem");
    insta::assert_snapshot!(output, @r"
    exit: 0
    ----- stdout
    ----- stderr
    [ldap] 295 records sent in [TIME]
      read 300 = sent 295 + filtered 5 + rejected 0 + failed 0
      left out, no value for a required field: EMAIL (2), FIRST_NAME (2), FIRST_NAME, EMAIL (1)
    ");
    assert_all_arrived(&destination);
}

#[test]
fn start_tls_goes_on_with_nobody_that_it_does_not_know() {
    let (output, destination) = run(&company().server.url(), "start_tls = True\ncacert_file = machine.pem");
    insta::assert_snapshot!(output, @"
    exit: 1
    ----- stdout
    ----- stderr
    error: section [ldap] stopped: the source cannot be reached: no secure connection to ldap://127.0.0.1:[PORT]: its certificate comes from an authority that this machine does not know
    hint: if the server's certificate comes from your own authority, name its file with `cacert_file`; `verify_ssl = False` switches the check off
    ");
    assert_nothing_was_sent(&destination);
}
