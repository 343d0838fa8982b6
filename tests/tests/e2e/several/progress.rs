//! What somebody at a terminal sees of several sections at once.

use std::time::Duration;

use super::Organisations;

/// What a terminal shows in the end of what was written to it: as much of one as the program uses.
fn screen(written: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut at = 0;
    let mut rest = written;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match character {
            '\n' => {
                at += 1;
                if at == lines.len() {
                    lines.push(String::new());
                }
            }
            // Whatever is written next is written from the left; nothing here goes back without clearing first.
            '\r' => {}
            '\x1b' => {
                let end = rest
                    .find(|character: char| character.is_ascii_alphabetic())
                    .expect("a whole sequence");
                let (parameters, kind) = (&rest[1..end], &rest[end..=end]);
                match kind {
                    "A" => at -= parameters.parse::<usize>().unwrap(),
                    "J" => {
                        lines.truncate(at + 1);
                        lines[at].clear();
                    }
                    "h" | "l" => assert_eq!(parameters, "?7", "wrapping is switched off and on, and nothing else"),
                    other => panic!("the sequence {parameters}{other}"),
                }
                rest = &rest[end + 1..];
            }
            other => lines[at].push(other),
        }
    }
    lines
}

#[test]
fn each_section_has_a_line_and_nothing_of_them_stays() {
    let servers = Organisations::start(3, 1_000, Duration::from_millis(100), "upload_parallel = 2");
    let program = &servers.program;
    let command = format!(
        "{} {}",
        oomnitza_tests::Program::path().display(),
        servers.arguments(&[]).join(" ")
    );
    let output = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .current_dir(program.home())
        .env("HOME", program.home())
        .stdin(std::process::Stdio::null())
        .output()
        .expect("script of util-linux can be run");
    let written = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{written}");
    let drawn: Vec<&str> = written
        .split("\x1b[?7l")
        .skip(1)
        .filter_map(|rest| rest.split("\x1b[?7h").next())
        .collect();
    let of_three = drawn
        .iter()
        .find(|text| text.matches("\r\n").count() == 2)
        .expect("three lines at once");
    for (line, name) in of_three.split("\r\n").zip(super::NAMES) {
        assert!(
            line.starts_with(&format!("[{name}] ")) && line.contains(" read, ") && line.ends_with("/s"),
            "{line}"
        );
    }
    let left = screen(&written);
    let without_times: Vec<&str> = left
        .iter()
        .map(|line| line.split(" in ").next().unwrap_or_default())
        .collect();
    let counts = "  read 1,000 = sent 1,000 + filtered 0 + rejected 0 + failed 0";
    let expected = [
        "[okta.A] 1,000 records sent",
        counts,
        "[okta.B] 1,000 records sent",
        counts,
        "[okta.C] 1,000 records sent",
        counts,
        "3 sections: read 3,000, sent 3,000",
        "",
    ];
    assert_eq!(without_times, expected, "{written:?}");
}
