//! A Configuration Manager site to Oomnitza.

use oomnitza_connector::standin::oomnitza;
use oomnitza_connector::standin::sccm::Site;
use oomnitza_connector::standin::tds::Tds;
use oomnitza_tests::Program;
use serde_json::{Value, json};

fn program(destination: &oomnitza::Oomnitza, source: &Tds, more: &str) -> Program {
    Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = stand-in-token\n\n[sccm]\nenable = True\nserver = {}\ndatabase = CM_DCT\nusername = reader\npassword = stand-in-password\nauthentication = SQL Server\nencrypt = off\nsync_field = SERIAL\nmapping.SERIAL = {{\"source\": \"hardware.serial_number\"}}\nmapping.NAME = {{\"source\": \"hardware.computer_name\"}}\nmapping.DISK = {{\"source\": \"hardware.hdd_total_mb\"}}\n{more}",
        destination.url(),
        source.server()
    ))
}

fn start(site: Site) -> (oomnitza::Oomnitza, Tds) {
    (
        oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap(),
        Tds::start(site.settings()).unwrap(),
    )
}

/// What a computer of the stand-in is at Oomnitza.
fn computer(index: u64, disk: Option<u64>) -> Value {
    let applications: Vec<Value> = (0..3)
        .map(|program| {
            json!({
                "name": format!("Program {program:03} — Ausführung"),
                "version": format!("{}.{program}", index % 10),
                "publisher": "Example \"Software\" GmbH",
                "path": null,
            })
        })
        .collect();
    json!({
        "SERIAL": disk.map(|_| format!("SN{index:08}")),
        "NAME": format!("PC-{index:06}"),
        "DISK": disk,
        "APPLICATIONS": applications,
    })
}

#[test]
fn every_computer_arrives_with_its_programs_ten_at_a_time() {
    let (destination, source) = start(Site {
        computers: 12,
        programs: 3,
        ..Site::default()
    });
    let output = program(&destination, &source, "upload_parallel = 1\n").run(&["upload", "sccm", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    // The computers 3 and 10 have two disks, number 5 two adapters.
    assert_eq!(output.counts(), [15, 15, 0, 0, 0], "{output}");
    assert_eq!(source.ledger().violations, Vec::<String>::new());
    assert_eq!(destination.ledger().violations, Vec::<String>::new());
    let rows = [
        (0, 476_940),
        (1, 476_940),
        (2, 476_940),
        (3, 953_869),
        (3, 476_940),
        (4, 476_940),
        (5, 476_940),
        (5, 476_940),
        (6, 476_940),
        (7, 476_940),
        (8, 0),
        (9, 476_940),
        (10, 953_869),
        (10, 476_940),
        (11, 476_940),
    ];
    let computers: Vec<Value> = rows
        .iter()
        .map(|(index, disk)| computer(*index, (*disk > 0).then_some(*disk)))
        .collect();
    let mut bodies: Vec<Value> = destination
        .ledger()
        .requests
        .iter()
        .filter(|request| request.target.starts_with("/api/v2/bulk/audit?VERSION="))
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect();
    bodies.sort_by_key(|body| body["computers"].as_array().map(|computers| 10 - computers.len()));
    let expected: Vec<Value> = computers
        .chunks(10)
        .map(|computers| {
            json!({"agent_id": "SCCM", "sync_field": "SERIAL", "computers": computers, "update_only": "False"})
        })
        .collect();
    assert_eq!(bodies, expected);
}

#[test]
fn dedupe_sends_a_computer_once() {
    let (destination, source) = start(Site {
        computers: 12,
        ..Site::default()
    });
    let output = program(&destination, &source, "dedupe = True\n").run(&["upload", "sccm", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.counts(), [12, 12, 0, 0, 0]);
    assert_eq!(source.ledger().queries.len(), 2);
}

#[test]
fn a_large_site_takes_two_queries() {
    let (destination, source) = start(Site {
        computers: 3_000,
        programs: 50,
        ..Site::default()
    });
    let output = program(&destination, &source, "dedupe = True\n").run(&["upload", "sccm", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(output.counts(), [3_000, 3_000, 0, 0, 0]);
    assert_eq!(source.ledger().queries.len(), 2);
    assert_eq!(source.ledger().violations, Vec::<String>::new());
}

/// The most memory that a run needed, KiB, and how many records it sent.
#[cfg(target_os = "linux")]
fn memory(computers: u64) -> (u64, u64) {
    let settings = oomnitza::Settings {
        keep_bodies: false,
        ..oomnitza::Settings::default()
    };
    let destination = oomnitza::Oomnitza::start(settings).unwrap();
    let site = Site {
        computers,
        programs: 50,
        ..Site::default()
    };
    let source = Tds::start(site.settings()).unwrap();
    let program = program(&destination, &source, "dedupe = True\n");
    let mut child = program.start(&["upload", "sccm", "--json"]);
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok());
        most = most.max(peak.unwrap_or_default());
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    (most, destination.ledger().records)
}

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_site() {
    let (small, _) = memory(1_000);
    let started = std::time::Instant::now();
    let (large, sent) = memory(10_000);
    println!("{small} KiB, {large} KiB, {:?} for 10,000", started.elapsed());
    assert_eq!(sent, 10_000);
    assert!(large < small + 16_000 && large < 80_000, "{small} KiB, {large} KiB");
}

#[test]
fn a_computer_with_many_programs_is_one_record() {
    let (destination, source) = start(Site {
        computers: 3,
        programs: 2_000,
        ..Site::default()
    });
    let output = program(&destination, &source, "").run(&["upload", "sccm", "--json"]);
    assert_eq!(output.code, Some(0), "{output}");
    let programs: Vec<usize> = destination
        .uploaded()
        .iter()
        .map(|computer| computer["APPLICATIONS"].as_array().unwrap().len())
        .collect();
    assert_eq!(programs, [2_000; 3]);
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_sent() {
    for (site, more, said) in [
        (
            Site::default(),
            "password = wrong-password\n",
            "error 18456: Login failed for user 'reader'.",
        ),
        (
            Site::default(),
            "database = CM_XYZ\n",
            "error 4060: Cannot open database \"CM_XYZ\" requested by the login.",
        ),
        (
            Site {
                missing_view: Some("v_GS_X86_PC_MEMORY"),
                ..Site::default()
            },
            "",
            "error 208: Invalid object name 'dbo.v_GS_X86_PC_MEMORY'.",
        ),
        (
            Site {
                denied_view: Some("v_GS_ADD_REMOVE_PROGRAMS_64"),
                ..Site::default()
            },
            "",
            "error 229: The SELECT permission was denied on the object 'v_GS_ADD_REMOVE_PROGRAMS_64'",
        ),
        (
            Site::default(),
            "authentication = Windows\nusername = oomnitza@EXAMPLE.COM\n",
            "[sccm] username: an account of Windows is written `DOMAIN\\user`; to sign in with a ticket or a keytab of Kerberos, as the user that this program runs as, leave `username` and `password` away\nhint: A login of SQL Server",
        ),
        (Site::default(), "encrypt = required\n", "the server does not encrypt"),
    ] {
        let (destination, source) = start(site);
        let program = program(&destination, &source, more);
        for command in [["upload", "sccm"], ["check", "sccm"]] {
            let output = program.run(&command);
            let code = if said.starts_with("[sccm] ") { 2 } else { 1 };
            assert_eq!(output.code, Some(code), "{command:?} {output}");
            assert!(format!("{output}").contains(said), "{command:?} {said}\n{output}");
            assert!(!format!("{output}").contains("wrong-password"), "{output}");
        }
        assert_eq!(destination.uploaded(), Vec::<Value>::new());
    }
}

#[test]
fn a_check_asks_for_one_row_of_every_view() {
    let (destination, source) = start(Site::default());
    let output = program(&destination, &source, "").run(&["check", "sccm"]);
    assert_eq!(output.code, Some(0), "{output}");
    let ledger = source.ledger();
    assert_eq!((ledger.queries.len(), ledger.rows), (2, 2));
}

/// The library that speaks with the server logs rows, for whoever asks for a part of it.
#[test]
fn no_row_is_logged_whatever_is_asked_for() {
    for filter in ["tiberius::tds=trace", "trace", "trace,tiberius::tds::codec=trace"] {
        let (destination, source) = start(Site::default());
        let program = program(&destination, &source, "").env("RUST_LOG", filter);
        let output = program.run(&["upload", "sccm"]);
        assert_eq!(output.code, Some(0), "{output}");
        assert!(
            !output.stderr.contains("PC-00") && !output.stderr.contains("tiberius"),
            "{filter}\n{output}"
        );
    }
}

#[test]
fn testmode_sends_nothing() {
    let (destination, source) = start(Site::default());
    let output = program(&destination, &source, "").run(&["--testmode", "upload", "sccm"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(destination.uploaded(), Vec::<Value>::new());
    let request: Value = serde_json::from_str(output.stdout.lines().next().unwrap()).unwrap();
    let path = concat!("/api/v2/bulk/audit?VERSION=", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (&request["method"], &request["path"]),
        (&json!("POST"), &json!(path)),
        "{output}"
    );
    assert_eq!(request["body"]["agent_id"], json!("SCCM"));
    assert_eq!(request["body"]["computers"][0]["NAME"], json!("PC-000000"));
}

#[test]
fn an_account_of_windows_signs_in_with_its_password() {
    let destination = oomnitza::Oomnitza::start(oomnitza::Settings::default()).unwrap();
    let mut settings = Site::default().settings();
    settings.user = r"EXAMPLE\oomnitza".to_owned();
    let source = Tds::start(settings).unwrap();
    let account = "authentication = Windows\nusername = EXAMPLE\\oomnitza\n";
    let output = program(&destination, &source, account).run(&["upload", "sccm"]);
    assert_eq!(output.code, Some(0), "{output}");
    assert_eq!(source.ledger().violations, Vec::<String>::new());
    let wrong = format!("{account}password = wrong-password\n");
    let output = program(&destination, &source, &wrong).run(&["check", "sccm"]);
    insta::assert_snapshot!(output.without_stdout());
}
