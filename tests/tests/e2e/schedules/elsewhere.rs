//! Installing for macOS and Windows, with stand-ins for their schedulers' programs, which note how they were called.

use super::{read, with_tools};

/// What stays in that directory is loaded at the next sign-in.
#[test]
fn an_agent_is_installed_renewed_and_removed_whole() {
    let program = with_tools();
    let run = |arguments: &[&str]| program.run(&[&["schedule"], arguments, &["--for", "launchd"]].concat());
    let id = oomnitza_connector::schedule::id(&["okta".to_owned()], &program.home().join("config.ini"));
    let agents = program.home().join("Library/LaunchAgents");
    let agent = agents.join(format!("com.oomnitza.connector.{id}.plist"));
    let left = || std::fs::read_dir(&agents).unwrap().count();
    let calls = || {
        let calls = program.home().join("calls");
        let said = std::fs::read_to_string(&calls).unwrap_or_default();
        _ = std::fs::remove_file(calls);
        said.replace(&agent.display().to_string(), "[AGENT]")
    };

    program.write("broken", b"load");
    let output = run(&["install", "okta", "--at", "02:30"]);
    assert_eq!((output.code, left()), (Some(1), 0), "{output}");
    let failed = format!(
        "error: `launchctl load -w {}` failed: Load failed: 5\nhint: ",
        agent.display()
    );
    assert!(output.stderr.starts_with(&failed), "{output}");
    assert_eq!(calls(), "load -w [AGENT]\n");

    std::fs::remove_file(program.home().join("broken")).unwrap();
    let output = run(&["install", "okta", "--at", "02:30"]);
    assert_eq!(output.code, Some(0), "{output}");
    let first = read(&agent);
    assert_eq!(calls(), "load -w [AGENT]\n");

    // One that cannot be renewed is there as it was.
    program.write("broken", b"load");
    let output = run(&["install", "okta", "--at", "04:00"]);
    assert_eq!((output.code, read(&agent)), (Some(1), first.clone()), "{output}");
    assert_eq!(calls(), "unload [AGENT]\nload -w [AGENT]\nload -w [AGENT]\n");
    program.write("broken", b"unload");
    let output = run(&["install", "okta", "--at", "04:00"]);
    assert_eq!((output.code, read(&agent)), (Some(1), first.clone()), "{output}");
    calls();

    std::fs::remove_file(program.home().join("broken")).unwrap();
    let output = run(&["install", "okta", "--at", "04:00"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_ne!(read(&agent), first);
    assert_eq!(calls(), "unload [AGENT]\nload -w [AGENT]\n");
    let output = run(&["remove", "okta"]);
    assert_eq!((output.code, left()), (Some(0), 0), "{output}");
    assert_eq!(calls(), "unload -w [AGENT]\n");
    let output = run(&["remove", "okta"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert!(output.stderr.starts_with("nothing to remove: "), "{output}");

    // What is there goes, whether or not launchd runs.
    run(&["install", "okta", "--at", "02:30"]);
    program.write("broken", b"unload");
    let output = run(&["remove", "okta"]);
    assert_eq!((output.code, left()), (Some(1), 0), "{output}");
    assert!(
        output.stderr.starts_with(&format!(
            "error: the files of {id} are deleted, but `launchctl unload -w "
        )) && output.stderr.ends_with(&format!(
            "\nhint: where launchd runs, stop it with `launchctl remove com.oomnitza.connector.{id}`\n"
        )),
        "{output}"
    );
}

#[test]
fn a_task_of_windows_is_installed_and_removed_and_leaves_no_file() {
    let program = with_tools();
    let temporary = program.home().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let program = program.env("TMPDIR", &temporary.display().to_string());
    let run = |arguments: &[&str]| program.run(&[&["schedule"], arguments, &["--for", "windows"]].concat());
    let id = oomnitza_connector::schedule::id(&["okta".to_owned()], &program.home().join("config.ini"));
    let output = run(&["install", "okta", "--at", "02:30"]);
    assert_eq!(output.code, Some(0), "{output}");
    let task = std::fs::read(program.home().join("task.xml")).unwrap();
    let units: Vec<u16> = task
        .chunks(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    let printed = run(&["print", "okta", "--at", "02:30"]).stdout;
    assert_eq!(
        String::from_utf16(&units).unwrap().trim_end(),
        format!("\u{feff}{}", printed.trim_end())
    );
    assert_eq!(run(&["remove", "okta"]).code, Some(0));
    let calls = read(&program.home().join("calls"));
    let file = temporary.join(format!("{id}.xml")).display().to_string();
    let name = format!("\\Oomnitza\\{id}");
    assert_eq!(
        calls,
        format!("/Create /F /TN {name} /XML {file}\n/Delete /F /TN {name}\n")
    );

    program.write("broken", b"");
    for (arguments, call) in [
        (
            &["install", "okta", "--at", "02:30"][..],
            format!("/Create /F /TN {name} /XML {file}"),
        ),
        (&["remove", "okta"], format!("/Delete /F /TN {name}")),
    ] {
        let output = run(arguments);
        assert_eq!(output.code, Some(1), "{output}");
        let failed = format!("error: `schtasks {call}` failed: ERROR: Access is denied.\nhint: ");
        assert!(output.stderr.starts_with(&failed), "{output}");
    }
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn an_option_of_systemd_s_is_not_passed_over_elsewhere() {
    let program = with_tools();
    for arguments in [
        &["print", "okta", "--at", "02:30", "--for", "cron", "--system"][..],
        &["install", "okta", "--at", "02:30", "--system"],
        &["remove", "okta", "--for", "launchd", "--system"],
    ] {
        let output = program.run(&[&["schedule"], arguments].concat());
        assert_eq!(output.code, Some(2), "{output}");
        assert_eq!(
            output.stderr,
            "error: `--system` is for systemd alone\nhint: leave it out, or choose systemd with `--for systemd`\n"
        );
    }
    assert!(!program.home().join("tab").exists());
}
