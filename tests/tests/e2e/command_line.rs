//! The command line: what it says of itself, and what it says when it is used wrongly.

use oomnitza_tests::{Output, Program};

fn run(arguments: &[&str]) -> Output {
    Program::bare().run(arguments)
}

#[test]
fn without_arguments_it_explains_itself() {
    insta::assert_snapshot!(run(&[]), @"
    exit: 2
    ----- stdout
    ----- stderr
    Pulls people and assets out of the systems a company has and uploads them to Oomnitza

    Usage: oomnitza-connector [OPTIONS] <COMMAND>

    Commands:
      upload  Upload the people and assets of these sections to Oomnitza
      check   See whether sections would run: sign in to source and Oomnitza, look at mappings, write
              nothing
      demo    See it work: a stand-in Oomnitza and sample sources on this machine, and a real upload
              between them
      help    Print this message or the help of the given subcommand(s)

    Options:
          --ini <INI>         Config file to use [default: config.ini]
          --show-mappings     Show the mappings which would be used by the connector, and stop
          --testmode          Show the records which would be sent, and send nothing
          --record-count <N>  Number of records to pull and process from each connection; they are sent
                              one by one
          --json              Print reports as JSON, one line a section, on standard output
          --connectors <DIR>  Directory with further connectors, NAME.wasm [default:
                              OOMNITZA_CONNECTORS, else `connectors` beside the ini file]
      -h, --help              Print help
      -V, --version           Print version

    Examples:
      oomnitza-connector upload okta ldap             run the sections [okta] and [ldap] of config.ini
      oomnitza-connector check okta                   see whether [okta] would run; reads no record
      oomnitza-connector upload okta --testmode       show what would be sent
      oomnitza-connector upload okta --show-mappings  show which field comes from where
      oomnitza-connector demo                         see it work, without any account

    Exit codes: 0 all sent, 1 a section failed, 2 wrong usage or configuration (nothing ran),
    3 interrupted (safe to run again), 4 done but some records were rejected,
    70 a defect of this program
    ");
}

#[test]
fn every_command_explains_itself() {
    insta::assert_snapshot!(run(&["--help"]), @"
    exit: 0
    ----- stdout
    Pulls people and assets out of the systems a company has and uploads them to Oomnitza

    Usage: oomnitza-connector [OPTIONS] <COMMAND>

    Commands:
      upload  Upload the people and assets of these sections to Oomnitza
      check   See whether sections would run: sign in to source and Oomnitza, look at mappings, write
              nothing
      demo    See it work: a stand-in Oomnitza and sample sources on this machine, and a real upload
              between them
      help    Print this message or the help of the given subcommand(s)

    Options:
          --ini <INI>         Config file to use [default: config.ini]
          --show-mappings     Show the mappings which would be used by the connector, and stop
          --testmode          Show the records which would be sent, and send nothing
          --record-count <N>  Number of records to pull and process from each connection; they are sent
                              one by one
          --json              Print reports as JSON, one line a section, on standard output
          --connectors <DIR>  Directory with further connectors, NAME.wasm [default:
                              OOMNITZA_CONNECTORS, else `connectors` beside the ini file]
      -h, --help              Print help
      -V, --version           Print version

    Examples:
      oomnitza-connector upload okta ldap             run the sections [okta] and [ldap] of config.ini
      oomnitza-connector check okta                   see whether [okta] would run; reads no record
      oomnitza-connector upload okta --testmode       show what would be sent
      oomnitza-connector upload okta --show-mappings  show which field comes from where
      oomnitza-connector demo                         see it work, without any account

    Exit codes: 0 all sent, 1 a section failed, 2 wrong usage or configuration (nothing ran),
    3 interrupted (safe to run again), 4 done but some records were rejected,
    70 a defect of this program
    ----- stderr
    ");
    insta::assert_snapshot!(run(&["upload", "--help"]), @"
    exit: 0
    ----- stdout
    Upload the people and assets of these sections to Oomnitza

    Usage: oomnitza-connector upload [OPTIONS] [CONNECTORS]...

    Arguments:
      [CONNECTORS]...  Sections of the ini file, in the order in which they run

    Options:
          --ini <INI>         Config file to use [default: config.ini]
          --show-mappings     Show the mappings which would be used by the connector, and stop
          --testmode          Show the records which would be sent, and send nothing
          --record-count <N>  Number of records to pull and process from each connection; they are sent
                              one by one
          --json              Print reports as JSON, one line a section, on standard output
          --connectors <DIR>  Directory with further connectors, NAME.wasm [default:
                              OOMNITZA_CONNECTORS, else `connectors` beside the ini file]
      -h, --help              Print help

    Examples:
      oomnitza-connector upload ldap ldap.Contractors
      oomnitza-connector upload okta --ini /etc/oomnitza/config.ini --json
      oomnitza-connector upload okta --testmode --record-count 5
    ----- stderr
    ");
    insta::assert_snapshot!(run(&["check", "--help"]), @"
    exit: 0
    ----- stdout
    See whether sections would run: sign in to source and Oomnitza, look at mappings, write nothing

    Usage: oomnitza-connector check [OPTIONS] <CONNECTORS>...

    Arguments:
      <CONNECTORS>...  Sections of the ini file

    Options:
          --ini <INI>         Config file to use [default: config.ini]
          --show-mappings     Show the mappings which would be used by the connector, and stop
          --testmode          Show the records which would be sent, and send nothing
          --record-count <N>  Number of records to pull and process from each connection; they are sent
                              one by one
          --json              Print reports as JSON, one line a section, on standard output
          --connectors <DIR>  Directory with further connectors, NAME.wasm [default:
                              OOMNITZA_CONNECTORS, else `connectors` beside the ini file]
      -h, --help              Print help

    Examples:
      oomnitza-connector check okta
      oomnitza-connector check ldap ldap.Contractors --ini /etc/oomnitza/config.ini
    ----- stderr
    ");
    insta::assert_snapshot!(run(&["demo", "--help"]), @"
    exit: 0
    ----- stdout
    See it work: a stand-in Oomnitza and sample sources on this machine, and a real upload between them

    Usage: oomnitza-connector demo [OPTIONS]

    Options:
          --people <N>        How many people each sample source has [default: 3000]
          --ini <INI>         Config file to use [default: config.ini]
          --show-mappings     Show the mappings which would be used by the connector, and stop
          --testmode          Show the records which would be sent, and send nothing
          --record-count <N>  Number of records to pull and process from each connection; they are sent
                              one by one
          --json              Print reports as JSON, one line a section, on standard output
          --connectors <DIR>  Directory with further connectors, NAME.wasm [default:
                              OOMNITZA_CONNECTORS, else `connectors` beside the ini file]
      -h, --help              Print help

    Examples:
      oomnitza-connector demo
      oomnitza-connector demo --people 100000
    ----- stderr
    ");
}

#[test]
fn it_says_its_version() {
    let version = run(&["--version"]);
    assert_eq!(version.code, Some(0));
    assert_eq!(
        version.stdout,
        format!("oomnitza-connector {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn a_mistyped_option_is_recognised() {
    insta::assert_snapshot!(run(&["upload", "okta", "--testmod", "--jsn"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: unexpected argument '--jsn' found

      tip: a similar argument exists: '--json'

    Usage: oomnitza-connector upload --testmode --json <CONNECTORS>...

    For more information, try '--help'.
    ");
}

#[test]
fn an_unknown_command_is_refused() {
    insta::assert_snapshot!(run(&["uplaod", "okta"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: unrecognized subcommand 'uplaod'

      tip: a similar subcommand exists: 'upload'

    Usage: oomnitza-connector [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
}

#[test]
fn a_record_count_must_be_a_number_above_zero() {
    insta::assert_snapshot!(run(&["upload", "okta", "--record-count", "0"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: invalid value '0' for '--record-count <N>': it is a whole number from 1

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(run(&["upload", "okta", "--record-count", "five"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: invalid value 'five' for '--record-count <N>': it is a whole number from 1

    For more information, try '--help'.
    ");
}

/// Said before the file is looked for: naming the file would not help.
#[test]
fn upload_without_a_name_says_what_is_missing() {
    insta::assert_snapshot!(run(&["upload"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: no section is named
    hint: name the sections to run, for example `oomnitza-connector upload okta`
    ");
}

#[test]
fn check_without_a_name_says_what_is_missing() {
    insta::assert_snapshot!(run(&["check"]), @"
    exit: 2
    ----- stdout
    ----- stderr
    error: the following required arguments were not provided:
      <CONNECTORS>...

    Usage: oomnitza-connector check <CONNECTORS>...

    For more information, try '--help'.
    ");
}
