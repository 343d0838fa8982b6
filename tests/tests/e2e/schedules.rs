//! Schedules: what is shown is what schedulers understand, what is installed can be removed, and nothing else is touched.

mod elsewhere;

use std::path::Path;
use std::process::Command;

use oomnitza_tests::cron::Cron;
use oomnitza_tests::{Output, Program, Servers, eventually};

/// An ini file whose path has everything in it that means something to a shell, cron, systemd or XML.
const ODD: &str = "50% o'ff & <co> \"x\" $HOME;#/my config.ini";

fn program() -> Program {
    let program = Program::bare();
    let ini = "[oomnitza]\nurl = https://acme.oomnitza.com\napi_token = a-test-token\n\n\
        [okta]\nenable = True\nurl = https://acme.okta.com\napi_token = a-test-token\ndefault_role = 25\ndefault_position = Employee\n\n\
        [ldap.A]\nenable = True\nurl = ldaps://ldap.acme.com\nusername = cn=reader\npassword = a-test-token\nbase_dn = dc=acme\nfilter = (objectClass=*)\n\
        default_role = 25\ndefault_position = Employee\n\n[ldap]\nenable = False\n";
    program.write("config.ini", ini.as_bytes());
    program.write(ODD, ini.as_bytes());
    program
}

/// As a snapshot shows it: without where the program is, and what its names end with.
fn settled(program: &Program, output: &Output) -> String {
    let mut text = output.to_string().replace(&real().display().to_string(), "[PROGRAM]");
    let ini = program.home().join("config.ini");
    for sections in [&["okta"][..], &["ldap.A", "okta"]] {
        let sections: Vec<String> = sections.iter().map(|name| (*name).to_owned()).collect();
        text = text.replace(
            &oomnitza_connector::schedule::id(&sections, &ini),
            &format!("[{}]", sections.join("+")),
        );
    }
    text
}

fn real() -> std::path::PathBuf {
    Program::path().canonicalize().unwrap()
}

/// Runs another program, which must do well.
fn tool(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(name)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{name}: {error}: run `make setup`"));
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(
        output.status.success(),
        "{name} {arguments:?}\n{}\n{}",
        text[0],
        text[1]
    );
    text.concat()
}

#[test]
fn each_scheduler_gets_what_it_reads() {
    let program = program();
    for (scheduler, timing) in [
        ("cron", &["--at", "02:30"][..]),
        ("systemd", &["--every", "6h", "--days", "mon-fri"]),
        ("launchd", &["--at", "02:30", "--days", "sat,sun"]),
        ("windows", &["--every", "15m"]),
    ] {
        let output = program.run(&[&["schedule", "print", "ldap.A", "okta", "--for", scheduler], timing].concat());
        insta::with_settings!({ snapshot_suffix => scheduler }, {
            insta::assert_snapshot!(settled(&program, &output));
        });
    }
}

#[test]
fn what_cannot_be_scheduled_is_told_before_the_night() {
    let program = program();
    let said: Vec<String> = [
        &["okta"][..],
        &["okta", "--every", "7m"],
        &["okta", "--at", "25:00"],
        &["okta", "--at", "02:30", "--days", "weekdays"],
        &["otka", "--at", "02:30"],
        &["ldap", "--at", "02:30"],
    ]
    .iter()
    .map(|arguments| {
        let output = program.run(&[&["schedule", "print"], *arguments].concat());
        assert_eq!(output.code, Some(2), "{output}");
        settled(&program, &output)
    })
    .collect();
    insta::assert_snapshot!(said.join("\n"));
    assert_eq!(
        program
            .run(&["schedule", "print", "okta", "--at", "02:30", "--every", "1h"])
            .code,
        Some(2)
    );
}

/// Debian's cron: its `crontab` takes what is installed and gives it back, and its daemon runs the line, names as they are.
#[test]
fn cron_keeps_the_lines_of_others_and_runs_the_sections_of_a_file_with_an_odd_name() {
    let servers = Servers::with_people(3);
    let program = servers.program();
    let ini = std::fs::read(program.home().join("config.ini")).unwrap();
    program.write(ODD, &ini);
    let cron = Cron::prepare();
    let program = with_tool(program, "crontab", &cron.tool());
    let schedule = |arguments: &[&str]| {
        let output = program.run(&[&["schedule"], arguments, &["--ini", ODD]].concat());
        assert_eq!(output.code, Some(0), "{output}");
        output.stdout
    };
    let timing = ["okta", "--every", "1m"];
    let block = schedule(&[&["print"][..], &timing].concat());

    // Who has none yet gets one, and keeps none of ours.
    schedule(&[&["install"][..], &timing].concat());
    assert_eq!(cron.crontab(), block);
    schedule(&["remove", "okta"]);
    assert_eq!(cron.crontab(), "");

    let home = program.home().display();
    let others = format!("HOME={home}\nMAILTO=\"\"\n\n# von anderen: Größe\n0 0 1 1 * date +\\%s\n");
    cron.replace(&others);
    schedule(&[&["install"][..], &timing].concat());
    assert_eq!(cron.crontab(), format!("{others}{block}"));
    // It runs what is due at the beginning of each minute.
    cron.begin();
    eventually("cron runs the line", || servers.oomnitza.uploaded().len() >= 3);
    schedule(&["remove", "okta"]);
    assert_eq!(cron.crontab(), others);
    servers.assert_arrived(0..3);

    // The longest command that it takes is one, and a longer one is refused before it is asked.
    let shortest = block.lines().nth(1).unwrap().len() - "*/1 * * * * ".len();
    let length = 998 - shortest - format!(" --connectors {home}/").len();
    // A name has 255 bytes at most, and the directory is to be there.
    let character = |at| if at % 200 == 0 && at < length { '/' } else { 'x' };
    let padding: String = (1..=length).map(character).collect();
    let longer = format!("{padding}x");
    std::fs::create_dir_all(program.home().join(&padding)).unwrap();
    std::fs::create_dir_all(program.home().join(&longer)).unwrap();
    let install = [&["install"][..], &timing, &["--connectors", &padding]].concat();
    schedule(&install);
    assert!(cron.crontab().contains(&padding));
    drop(cron);
    let output = program.run(&[
        "schedule",
        "print",
        "okta",
        "--every",
        "1m",
        "--ini",
        ODD,
        "--connectors",
        &longer,
    ]);
    assert_eq!(output.code, Some(2), "{output}");
    assert_eq!(
        output.stderr,
        "error: the command has 999 bytes, and cron takes 998\nhint: use other names, fewer or shorter ones, or another scheduler with `--for`\n"
    );
}

/// What `upload` takes, a schedule keeps, by whole names and with paths that hold from anywhere.
#[test]
fn every_option_of_upload_is_in_the_line_that_is_scheduled() {
    let program = program();
    program.write("log.json", br#"{"version": 1}"#);
    std::fs::create_dir(program.home().join("further")).unwrap();
    let help = program.run(&["upload", "--help"]).stdout;
    let home = program.home().display().to_string();
    let (mut typed, mut expected) = (Vec::new(), vec!["--ini".to_owned(), format!("{home}/config.ini")]);
    for line in help.lines().map(str::trim_start).filter(|line| line.starts_with("--")) {
        let mut words = line.split(' ');
        let option = words.next().unwrap();
        let (value, kept) = match words.next() {
            _ if option == "--ini" => continue,
            Some("<N>") => (Some("3"), Some("3".to_owned())),
            Some("<FILE>") => (Some("log.json"), Some(format!("{home}/log.json"))),
            Some("<DIR>") => (Some("further"), Some(format!("{home}/further"))),
            _ => (None, None),
        };
        typed.extend(std::iter::once(option).chain(value));
        expected.extend(std::iter::once(option.to_owned()).chain(kept));
    }
    assert!(expected.len() > 12, "{expected:?}");
    let print = ["schedule", "print", "okta", "--at", "02:30"];
    let output = program.run(&[&print[..], &typed].concat());
    let line = output.stdout.lines().nth(1).unwrap_or_else(|| panic!("{output}"));
    assert!(
        line.ends_with(&format!(" upload okta {}", expected.join(" "))),
        "{line}\n{expected:?}"
    );
    // Before the command, and shortened, they are the same.
    let output = program.run(&[&["--jo", "2", "--exit"][..], &print].concat());
    let line = output.stdout.lines().nth(1).unwrap();
    assert!(line.ends_with("/config.ini --jobs 2 --exit-zero"), "{line}");
}

/// The files of systemd, by systemd itself.
#[test]
fn systemd_finds_nothing_wrong_with_its_units() {
    let program = program();
    let output = program.run(&[
        "schedule", "print", "okta", "--at", "02:30", "--days", "mon-fri", "--ini", ODD, "--for", "systemd", "--system",
    ]);
    assert_eq!(output.code, Some(0), "{output}");
    let (service, timer) = output.stdout.split_once("\n\n# /etc/systemd/system/").unwrap();
    let (_, timer) = timer.split_once('\n').unwrap();
    let path = |kind: &str| program.home().join(format!("okta.{kind}")).display().to_string();
    program.write("okta.service", service.as_bytes());
    program.write("okta.timer", timer.as_bytes());
    let said = tool(
        "systemd-analyze",
        &["verify", "--man=no", &path("service"), &path("timer")],
    );
    assert!(!said.contains("okta."), "{said}");
    for (timing, calendar) in [
        (&["--at", "02:30", "--days", "mon-fri"][..], "Mon..Fri *-*-* 02:30:00"),
        (&["--every", "15m"], "*-*-* *:00/15:00"),
        (&["--every", "6h", "--days", "sun"], "Sun *-*-* 00/6:00:00"),
    ] {
        let output = program.run(&[&["schedule", "print", "okta", "--for", "systemd"], timing].concat());
        let line = output
            .stdout
            .lines()
            .find_map(|line| line.strip_prefix("OnCalendar="))
            .unwrap();
        let said = tool("systemd-analyze", &["calendar", line]);
        assert!(said.contains(&format!("Normalized form: {calendar}")), "{line}\n{said}");
    }
}

#[test]
fn launchd_and_windows_get_the_words_as_they_are() {
    let program = program();
    let print = |scheduler: &str| {
        let output = program.run(&[
            "schedule", "print", "okta", "--every", "30m", "--days", "mon", "--ini", ODD, "--for", scheduler,
        ]);
        assert_eq!(output.code, Some(0), "{output}");
        program.write(scheduler, output.stdout.as_bytes()).display().to_string()
    };
    let ini = program.home().join(ODD).display().to_string();
    // A second reader, of the library that speaks with devices of Apple's, makes the binary form of it.
    let (list, binary) = (print("launchd"), program.home().join("binary").display().to_string());
    tool("plistutil", &["-f", "bin", "-i", &list, "-o", &binary]);
    let code = "import plistlib,sys; p,b=[plistlib.load(open(n,'rb')) for n in sys.argv[1:]]; assert p==b; print('\\n'.join(p['ProgramArguments'])); print(p['StartCalendarInterval'])";
    let said = tool("python3", &["-c", code, &list, &binary]);
    let expected = format!(
        "{}\nupload\nokta\n--ini\n{ini}\n[{{'Weekday': 1, 'Minute': 0}}, {{'Weekday': 1, 'Minute': 30}}]\n",
        real().display()
    );
    assert_eq!(said, expected);
    let code = "import xml.etree.ElementTree as e,sys; n='{http://schemas.microsoft.com/windows/2004/02/mit/task}'; t=e.parse(sys.argv[1]); print(t.find(f'.//{n}Command').text); print(t.find(f'.//{n}Arguments').text)";
    let said = tool("python3", &["-c", code, &print("windows")]);
    let expected = format!(
        "{}\nupload okta --ini \"{}\"\n",
        real().display(),
        ini.replace('"', "\\\"")
    );
    assert_eq!(said, expected);
}

/// The program with another tool on its PATH.
fn with_tool(program: Program, name: &str, script: &str) -> Program {
    let path = program.write(&format!("bin/{name}"), script.as_bytes());
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", program.home().join("bin").display());
    program.env("PATH", &path)
}

/// The program with tools that stand in for the machine's: they do what these do with their files, and note how they were called.
fn with_tools() -> Program {
    [
        (
            "crontab",
            "case $1 in -l) cat \"$HOME/tab\" 2>/dev/null || { echo 'no crontab for tester' >&2; exit 1; };; -) cat > \"$HOME/tab\";; esac",
        ),
        (
            "systemctl",
            "echo \"$*\" >> \"$HOME/calls\"; [ ! -e \"$HOME/broken\" ] || { echo 'Failed to connect to bus' >&2; exit 1; }",
        ),
        (
            "launchctl",
            "echo \"$*\" >> \"$HOME/calls\"; [ \"$1\" != \"$(cat \"$HOME/broken\" 2>/dev/null)\" ] || { echo 'Load failed: 5' >&2; exit 5; }",
        ),
        (
            "schtasks",
            "echo \"$*\" >> \"$HOME/calls\"; [ \"$1\" != /Query ] || { echo \"$5 Ready\"; exit; }; [ ! -e \"$HOME/broken\" ] || { echo 'ERROR: Access is denied.' >&2; exit 1; }; [ \"$1\" != /Create ] || cp \"$6\" \"$HOME/task.xml\"",
        ),
    ]
    .into_iter()
    .fold(program(), |program, (name, script)| with_tool(program, name, &format!("#!/bin/sh\n{script}\n")))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_crontab_keeps_what_is_not_ours() {
    let program = with_tools();
    let tab = program.home().join("tab");
    let run = |arguments: &[&str]| {
        let output = program.run(&[&["schedule"], arguments].concat());
        assert_eq!(output.code, Some(0), "{output}");
        settled(&program, &output)
    };
    let nothing = run(&["remove", "okta"]);
    assert!(
        nothing.contains("nothing to remove: there is no [okta]") && !tab.exists(),
        "{nothing}"
    );
    let others = "MAILTO=ops@example.com\n\n# others\n*/5 * * * * date +\\%s\n";
    program.write("tab", others.as_bytes());
    run(&["install", "okta", "--at", "02:30"]);
    let once = read(&tab);
    assert!(once.starts_with(others) && once.contains("\n30 2 * * * "), "{once}");
    run(&["install", "okta", "--at", "02:30"]);
    assert_eq!(read(&tab), once, "twice is once");
    run(&["install", "okta", "ldap.A", "--every", "1h"]);
    run(&["install", "okta", "--every", "20m"]);
    let both = read(&tab);
    assert!(
        both.contains("\n*/20 * * * * ") && both.contains("\n0 */1 * * * ") && !both.contains("30 2"),
        "{both}"
    );
    run(&["remove", "okta"]);
    run(&["remove", "okta", "ldap.A"]);
    assert_eq!(read(&tab), others);

    // One that somebody tore is left alone.
    run(&["install", "okta", "--at", "02:30"]);
    let torn = read(&tab).replace("# END", "# END of");
    program.write("tab", torn.as_bytes());
    let output = program.run(&["schedule", "remove", "okta"]);
    assert_eq!((output.code, read(&tab)), (Some(1), torn), "{output}");
    assert!(
        output.stderr.contains("and no line `# END oomnitza-connector-okta-"),
        "{output}"
    );
}

#[test]
fn a_timer_is_installed_renewed_and_removed_and_nobody_else_s_is() {
    let program = with_tools();
    let units = program.home().join(".config/systemd/user");
    let run = |arguments: &[&str]| program.run(&[&["schedule"], arguments, &["--for", "systemd"]].concat());
    let id = oomnitza_connector::schedule::id(&["okta".to_owned()], &program.home().join("config.ini"));
    for time in ["02:30", "04:00"] {
        let output = run(&["install", "okta", "--at", time]);
        assert_eq!(output.code, Some(0), "{output}");
        let timer = read(&units.join(format!("{id}.timer")));
        assert!(timer.contains(&format!("OnCalendar=*-*-* {time}:00\n")), "{timer}");
    }
    let calls = read(&program.home().join("calls")).replace(&id, "[ID]");
    assert_eq!(
        calls,
        "--user daemon-reload\n--user enable [ID].timer\n--user restart [ID].timer\n".repeat(2)
    );
    let output = run(&["remove", "okta"]);
    assert_eq!(
        (output.code, std::fs::read_dir(&units).unwrap().count()),
        (Some(0), 0),
        "{output}"
    );

    let foreign = program.write(
        &format!(".config/systemd/user/{id}.timer"),
        b"[Timer]\nOnCalendar=daily\n",
    );
    for arguments in [&["install", "okta", "--at", "02:30"][..], &["remove", "okta"]] {
        let output = run(arguments);
        assert_eq!(output.code, Some(1), "{output}");
        assert!(output.stderr.contains("was not written by this program"), "{output}");
    }
    assert_eq!(read(&foreign), "[Timer]\nOnCalendar=daily\n");
    std::fs::remove_file(foreign).unwrap();

    program.write("broken", b"");
    let output = run(&["install", "okta", "--at", "02:30"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(
        output
            .stderr
            .starts_with("error: `systemctl --user daemon-reload` failed: Failed to connect to bus\nhint: "),
        "{output}"
    );
    let left = || std::fs::read_dir(&units).unwrap().count();
    assert_eq!(left(), 0, "half of a schedule is none");

    // What is there goes, whether or not systemd runs; and an empty file is what a full disk left.
    for (path, text) in [
        ("timer", ""),
        (
            "service",
            "# Written by `oomnitza-connector schedule`, which writes it anew and removes it.\n",
        ),
    ] {
        program.write(&format!(".config/systemd/user/{id}.{path}"), text.as_bytes());
    }
    let output = run(&["remove", "okta"]);
    assert_eq!((output.code, left()), (Some(1), 0), "{output}");
    assert!(
        output.stderr.starts_with(&format!(
            "error: the files of {id} are deleted, but `systemctl --user disable --now {id}.timer` failed: "
        )) && output.stderr.contains(&format!(
            "\nhint: where systemd runs, stop it with `systemctl stop {id}.timer`\n"
        )),
        "{output}"
    );
}

#[test]
fn a_schedule_of_another_scheduler_is_not_forgotten() {
    let program = with_tools();
    let run = |arguments: &[&str]| program.run(&[&["schedule"], arguments].concat());
    let installed = run(&["install", "okta", "ldap.A", "--at", "02:30", "--for", "systemd"]);
    assert_eq!(installed.code, Some(0), "{installed}");
    // The same sections in another order are the same schedule.
    let output = run(&["remove", "ldap.A", "okta"]);
    assert_eq!(output.code, Some(1), "{output}");
    assert!(
        output
            .stderr
            .starts_with("nothing to remove: there is no oomnitza-connector-")
            && output
                .stderr
                .contains(" is there for systemd, and goes on\nhint: remove it with `--for systemd`\n"),
        "{output}"
    );
    assert_eq!(run(&["remove", "ldap.A", "okta", "--for", "systemd"]).code, Some(0));
    assert_eq!(run(&["remove", "ldap.A", "okta"]).code, Some(0));
}

/// In the night nobody would see it.
#[test]
fn what_a_run_would_fail_on_is_told_when_it_is_scheduled() {
    let program = program();
    let print = ["schedule", "print", "okta", "--at", "02:30"];
    let output = program.run(&[&print[..], &["--connectors", "nope"]].concat());
    assert_eq!(
        (output.code, output.stdout.as_str(), output.stderr.as_str()),
        (
            Some(2),
            "",
            "error: nope: cannot be read as the connectors directory: No such file or directory (os error 2)\n\
             hint: name a directory that is there, and that this program may read, with --connectors\n"
        )
    );
    let ini = std::fs::read_to_string(program.home().join("config.ini")).unwrap();
    let (before, after) = ini.rsplit_once("[okta]").unwrap();
    let okta = after.replacen("api_token = a-test-token", "api_token_file = gone", 1);
    program.write("config.ini", format!("{before}[okta]{okta}").as_bytes());
    let output = program.run(&print);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stdout.contains("upload okta --ini "), "{output}");
    assert_eq!(
        output.stderr,
        "warning: config.ini:8: [okta] api_token_file: there is no file `gone`\n\
         hint: name a file that holds nothing but the secret; a relative path begins where the ini file is\n\
         note: a run would end with this now; `oomnitza-connector validate` says whether it is mended\n"
    );
}

#[test]
fn a_scheduler_that_is_not_there_is_told() {
    let program = program().env("PATH", "/nonexistent");
    for (scheduler, tool) in [
        ("cron", "crontab"),
        ("systemd", "systemctl"),
        ("launchd", "launchctl"),
        ("windows", "schtasks"),
    ] {
        let output = program.run(&["schedule", "install", "okta", "--at", "02:30", "--for", scheduler]);
        assert_eq!(output.code, Some(1), "{output}");
        assert!(
            output.stderr.starts_with(&format!("error: `{tool}` cannot be run: "))
                && output.stderr.contains("\nhint: "),
            "{output}"
        );
    }
}
