//! The sources besides Okta and LDAP: how fast they are read, and in how much memory.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use oomnitza_connector::standin::oomnitza;
use oomnitza_connector::standin::people::person;
use oomnitza_connector::standin::sccm::Site;
use oomnitza_connector::standin::tds::{self, Encryption, Tds};
use oomnitza_tests::proxy::with_certificate;
use oomnitza_tests::source::{Casper, Source, Tokens};
use oomnitza_tests::{Answer, Asked, Fake, Program};
use serde_json::json;
use tempfile::NamedTempFile;

use crate::size::{Size, thousands};
use crate::spent::Spent;
use crate::table::{Aim, Row, Table};

/// What each answer of the Jamf Pro server takes.
const LATENCY: Duration = Duration::from_millis(20);

const PEOPLE: &str = "default_role = 25\ndefault_position = Employee\n";
const ASSETS: &str = "sync_field = SERIAL\nupdate_only = False\n";

/// Uploads a section to an Oomnitza that takes everything at once, and makes sure that so many records arrived.
fn upload(section: &str, settings: &str, records: u64) -> Spent {
    let quiet = oomnitza::Settings {
        keep_bodies: false,
        ..oomnitza::Settings::default()
    };
    let destination = oomnitza::Oomnitza::start(quiet).expect("Oomnitza can be started");
    let program = Program::with(&format!(
        "[oomnitza]\nurl = {}\napi_token = {}\n\n[{section}]\nenable = True\n{settings}",
        destination.url(),
        oomnitza::Settings::default().token
    ));
    let started = Instant::now();
    let spent = Spent::by(program.start(&["upload", section]), started);
    let ledger = destination.ledger();
    assert_eq!(
        ledger.violations,
        Vec::<String>::new(),
        "{section} violates Oomnitza's protocol"
    );
    assert_eq!(ledger.records, records, "{section} does not deliver everything");
    spent
}

fn show(table: &mut Table, title: &str, records: u64, spent: Spent) {
    table.section(title, "");
    table.row(Row::new("rate", "records/s", records as f64 / spent.wall));
    table.row(Row::new("wall time", "s", spent.wall));
    table.row(Row::new("peak memory", "MiB", spent.peak));
}

pub(crate) fn measure(size: &Size, table: &mut Table) {
    casper(size.computers, table);
    airwatch(size.devices, table);
    sccm(size.devices, table);
    zendesk(size.records, table);
    onelogin(size.records, table);
}

fn casper(computers: u64, table: &mut Table) {
    let run = |parallel: &str| {
        let mut api = Casper::new(Tokens::Wanted);
        api.computers = (1..=computers).map(|id| (id, Casper::computer(id))).collect();
        api.latency = LATENCY;
        let server = Source::start(api);
        let settings = format!(
            "url = {}\nusername = auditor\npassword = correct horse\n{ASSETS}{parallel}\n\
             mapping.SERIAL = {{\"source\": \"general.serial_number\"}}\n",
            server.url()
        );
        let spent = upload("casper", &settings, computers);
        assert_eq!(server.violations(), Vec::<String>::new());
        spent
    };
    let [one, five, sixteen] = ["parallel = 1", "", "parallel = 16"].map(run);
    let title = format!(
        "casper, {computers} computers, each answer {} ms late",
        LATENCY.as_millis()
    );
    table.section(&title, "one by one");
    for (what, spent, least) in [("5 at once, as it comes", five, 4.0), ("parallel = 16", sixteen, 12.0)] {
        let row = Row::new(what, "s", spent.wall).other(one.wall);
        table.row(row.factor(one.wall / spent.wall).aim(Aim::AtLeast(least)));
    }
    table.row(Row::new("rate, 5 at once", "records/s", computers as f64 / five.wall));
    table.row(Row::new("peak memory, 5 at once", "MiB", five.peak));
    table.row(Row::new("peak memory, parallel = 16", "MiB", sixteen.peak));
}

fn airwatch(devices: u64, table: &mut Table) {
    let page = 500;
    let server = Fake::start(move |asked: &Asked| {
        let path = asked
            .target
            .strip_prefix("/api/v1/mdm/devices/")
            .ok_or("there is no such path")?;
        let number = |text: &str, radix| u64::from_str_radix(text, radix).map_err(|_| format!("`{text}` is no number"));
        if let Some(address) = path
            .strip_prefix("macaddress/")
            .and_then(|rest| rest.strip_suffix("/network"))
        {
            let id = number(address, 16)?;
            let address = format!("10.0.{}.{}", id / 250 % 250, id % 250);
            return Ok(Answer::json(200, json!({"IPAddress": {"WifiIPAddress": address}})));
        }
        let query = path
            .strip_prefix("search?pagesize=500&page=")
            .ok_or("there is no such path")?;
        let start = number(query, 10)? * page;
        let found: Vec<_> = (start..(start + page).min(devices))
            .map(|id| {
                json!({"SerialNumber": format!("SN{id:08}"), "MacAddress": format!("{id:012X}"), "Imei": "", "AssetNumber": id.to_string(),
                    "DeviceFriendlyName": format!("device {id}"), "LastSeen": "2021-06-28T04:35:20.150", "Id": {"Value": id}})
            })
            .collect();
        Ok(Answer::json(
            200,
            json!({"Devices": found, "Page": start / page, "PageSize": page, "Total": devices}),
        ))
    });
    let settings = format!(
        "url = {}\nusername = api\npassword = correct horse\napi_token = tenant-code-1\n{ASSETS}\
         mapping.SERIAL = {{\"source\": \"SerialNumber\"}}\nmapping.IP = {{\"source\": \"network.IPAddress.WifiIPAddress\"}}\n",
        server.url()
    );
    let spent = upload("airwatch", &settings, devices);
    assert_eq!(server.violations(), Vec::<String>::new());
    let title = format!("airwatch, {} devices, each with its network", thousands(devices));
    show(table, &title, devices, spent);
}

/// With TLS, as it comes, beside a connection in clear text.
fn sccm(computers: u64, table: &mut Table) {
    let programs = 50;
    let (config, certificate) = with_certificate("127.0.0.1");
    let mut authority = NamedTempFile::new().expect("a file can be made");
    authority
        .write_all(certificate.as_bytes())
        .expect("a file can be written");
    // A row for each disk and each adapter.
    let twice = |is_so: bool| if is_so { 2_u64 } else { 1 };
    let rows = (0..computers)
        .map(|computer| twice(computer % 7 == 3) * twice(computer % 11 == 5))
        .sum();
    let run = |encryption: Encryption, setting: &str| {
        let site = Site {
            computers,
            programs,
            ..Site::default()
        };
        let server = Tds::start(tds::Settings {
            encryption,
            ..site.settings()
        })
        .expect("a SQL Server can be started");
        let settings = format!(
            "server = {}\ndatabase = CM_DCT\nusername = reader\npassword = stand-in-password\nauthentication = SQL Server\n{setting}\n{ASSETS}\
             mapping.SERIAL = {{\"source\": \"hardware.serial_number\"}}\n",
            server.server()
        );
        let spent = upload("sccm", &settings, rows);
        assert_eq!(server.ledger().violations, Vec::<String>::new());
        spent
    };
    let secured = run(
        Encryption::Required(config),
        &format!("cacert_file = {}", authority.path().display()),
    );
    let clear = run(Encryption::Off, "encrypt = off");
    let title = format!("sccm, {} computers with {programs} programs each", thousands(computers));
    table.section(&title, "encrypt = off");
    let rate = |spent: &Spent| rows as f64 / spent.wall;
    table.row(Row::new("rate", "records/s", rate(&secured)).other(rate(&clear)));
    table.row(Row::new("wall time", "s", secured.wall).other(clear.wall));
    table.row(Row::new("peak memory", "MiB", secured.peak).other(clear.peak));
}

fn zendesk(users: u64, table: &mut Table) {
    let server = Fake::start(move |asked: &Asked| {
        let query = asked
            .target
            .strip_prefix("/api/v2/users.json?page[size]=100")
            .ok_or("there is no such path")?;
        let start = match query.strip_prefix("&page[after]=") {
            Some(start) => start.parse().map_err(|_| "there is no such cursor")?,
            None => 0,
        };
        let end = (start + 100).min(users);
        let mut body = String::from("{\"users\":[");
        for index in start..end {
            let person = person(index);
            let user = json!({"id": 6_130_871_991_962 + index, "url": format!("https://x.zendesk.com/api/v2/users/{index}.json"),
                "name": format!("{} {}", person.first_name, person.last_name), "email": person.email, "created_at": "2022-02-25T06:43:21Z",
                "updated_at": "2022-02-25T06:43:21Z", "time_zone": "Pacific Time (US & Canada)", "phone": null, "photo": null, "locale": "en-US",
                "organization_id": null, "role": "end-user", "verified": true, "tags": [], "active": true, "notes": "", "user_fields": {}});
            write!(body, "{}{user}", if index > start { "," } else { "" }).expect("texts can be written");
        }
        write!(
            body,
            "],\"meta\":{{\"has_more\":{},\"after_cursor\":\"{end}\"}}}}",
            end < users
        )
        .expect("texts can be written");
        Ok(Answer::json(200, body))
    });
    let settings = format!(
        "url = {}\nsystem_name = x\nusername = a@example.com\napi_token = sample\n{PEOPLE}",
        server.url()
    );
    let spent = upload("zendesk", &settings, users);
    assert_eq!(server.violations(), Vec::<String>::new());
    show(table, &format!("zendesk, {} users", thousands(users)), users, spent);
}

fn onelogin(users: u64, table: &mut Table) {
    let server = Fake::start(move |asked: &Asked| {
        let (path, query) = asked.path_and_query();
        let range = |start: u64| start..(start + 100).min(users);
        match path {
            "/auth/oauth2/v2/token" => Ok(Answer::json(
                200,
                json!({"access_token": "sample", "expires_in": 36_000}),
            )),
            "/api/2/users" => {
                let start = query.split_once("&cursor=").map_or(Ok(0), |(_, start)| start.parse());
                let range = range(start.map_err(|_| "there is no such cursor")?);
                let user = |index| {
                    let person = person(index);
                    json!({"id": index, "username": person.login, "firstname": person.first_name, "lastname": person.last_name,
                        "email": person.email, "phone": ""})
                };
                let answer = Answer::json(200, json!(range.clone().map(user).collect::<Vec<_>>()));
                Ok(if range.end < users {
                    answer.header("After-Cursor", &range.end.to_string())
                } else {
                    answer
                })
            }
            "/api/v2/users.xml" => {
                let start = query.split_once("&from_id=").and_then(|(_, start)| start.parse().ok());
                let mut body = String::from("<users type=\"array\">");
                for index in range(start.ok_or("there is no from_id")?) {
                    let (person, id) = (person(index), index + 1);
                    write!(
                        body,
                        "<user><activated-at type=\"datetime\">2015-01-21T09:20:15-08:00</activated-at><id type=\"integer\">{id}</id>\
                         <username>{}</username><firstname>{}</firstname><lastname>{}</lastname><email>{}</email><phone nil=\"true\"></phone>\
                         <department>R&amp;D</department><status type=\"integer\">1</status></user>",
                        person.login,
                        person.first_name,
                        person.last_name,
                        person.email
                    )
                    .expect("texts can be written");
                }
                Ok(Answer::xml(200, body + "</users>"))
            }
            _ => Err("there is no such path".to_owned()),
        }
    });
    let xml = format!("url = {}/api/v2/users.xml\napi_token = sample\n{PEOPLE}", server.url());
    let rest = format!(
        "api_url = {}\nclient_id = sample\nclient_secret = sample\n{PEOPLE}",
        server.url()
    );
    for (what, settings) in [("XML", xml), ("/api/2", rest)] {
        let spent = upload("onelogin", &settings, users);
        show(
            table,
            &format!("onelogin by {what}, {} users", thousands(users)),
            users,
            spent,
        );
    }
    assert_eq!(server.violations(), Vec::<String>::new());
}
