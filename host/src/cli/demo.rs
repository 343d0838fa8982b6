//! `demo`: the main job without any account. Sample sources and a stand-in Oomnitza on this machine, an ini file as an admin would write
//! it, and a real `upload` through the real components between them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::args::Common;
use super::exit::Exit;
use super::open::open;
use super::output::{chain, print, say, thousands};
use super::progress::rate;
use super::{signals, upload};
use crate::catalog::BuiltIn;
use crate::files;
use crate::redact::clean;
use crate::run::{Report, Stop};
use crate::standin::{ldap, okta, oomnitza};

/// How the directory of the demo's ini file begins.
const DIRECTORY: &str = "oomnitza-demo";

/// Records of those that arrived that are shown.
const SHOWN: usize = 3;

pub(super) async fn demo(people: u64, built_in: &'static [BuiltIn]) -> Exit {
    match run(people, built_in).await {
        Ok(exit) => exit,
        Err((what, error)) => {
            let hint = "see what keeps this machine from it; TMPDIR names the directory for the demo's file";
            say(&chain(&what, Some(&error), Some(hint)));
            Exit::Failed
        }
    }
}

type Problem = (String, std::io::Error);

async fn run(people: u64, built_in: &'static [BuiltIn]) -> Result<Exit, Problem> {
    let server = |what: &'static str| move |error| (format!("the sample {what} cannot be started"), error);
    let destination = oomnitza::Oomnitza::start(oomnitza::Settings::default()).map_err(server("Oomnitza"))?;
    let directory = ldap::Ldap::start(ldap::Settings {
        people,
        ..ldap::Settings::default()
    })
    .map_err(server("directory"))?;
    let organisation = okta::Okta::start(okta::Settings {
        people,
        ..okta::Settings::default()
    })
    .map_err(server("Okta"))?;
    let text = config(&destination.url(), &directory.url(), &organisation.url());
    let stop = Stop::default();
    signals::listen(stop.clone());
    let home = Home::new()?;
    let ini = home.write(&text)?;
    say(&format!(
        "Sample sources with {} people each and a stand-in Oomnitza are running on this machine.\nThe ini file is {} (until this ends):\n\n{}",
        thousands(people),
        ini.display(),
        indented(&text)
    ));
    say("$ oomnitza-connector upload ldap okta\n");
    let common = Common {
        ini,
        // One after the other, so that the first of each source can be shown.
        jobs: 1,
        ..Common::default()
    };
    let opened = match open(&common, built_in) {
        Ok(opened) => Arc::new(opened),
        Err(error) => return Ok(error.blame().into()),
    };
    let names = ["ldap".to_owned(), "okta".to_owned()];
    let reports = upload::sections(&opened, &names, &common, &stop).await;
    arrived(&destination, &reports)
}

/// What the stand-in Oomnitza has to say.
fn arrived(destination: &oomnitza::Oomnitza, reports: &[Report]) -> Result<Exit, Problem> {
    let records = destination.uploaded();
    let ledger = destination.ledger();
    let time = reports.iter().map(|report| report.time).sum();
    let mut text = format!(
        "\n{} people arrived at the stand-in Oomnitza in {} batches, {} a second. The first of each source:\n",
        thousands(ledger.records),
        thousands(ledger.batches),
        rate(ledger.records, time),
    );
    // They ran one after the other, and one that was stopped sent fewer, or none.
    let mut left = records.iter();
    for report in reports.iter().filter(|report| report.sent > 0) {
        text.push_str(&format!("\n[{}]\n", report.section));
        let sent = usize::try_from(report.sent).unwrap_or(usize::MAX);
        for record in left
            .by_ref()
            .take(sent)
            .enumerate()
            .filter_map(|(at, record)| (at < SHOWN).then_some(record))
        {
            text.push_str(&format!("  {}\n", clean(&record.to_string(), 400)));
        }
    }
    print(&text);
    let sent: u64 = reports.iter().map(|report| report.sent).sum();
    if sent != ledger.records || !ledger.violations.is_empty() || !records.iter().all(Value::is_object) {
        say(&format!(
            "error: {} records were reported as sent, and Oomnitza complains: {}\nhint: please report this",
            thousands(sent),
            ledger.violations.join("; ")
        ));
        return Ok(Exit::Defect);
    }
    say(
        "Now for your own: write a config.ini like the one above, try `oomnitza-connector check okta`, then `upload okta`.",
    );
    Ok(Exit::of(reports))
}

fn config(oomnitza: &str, ldap: &str, okta: &str) -> String {
    let (token, directory) = (oomnitza::Settings::default().token, ldap::Settings::default());
    let okta_token = okta::Settings::default().token;
    format!(
        "[oomnitza]
url = {oomnitza}
api_token = {token}

[ldap]
enable = True
url = {ldap}
username = {}
password = {}
base_dn = {}
filter = (objectClass=inetOrgPerson)
default_role = 25
default_position = Employee
mapping.PHONE = {{\"source\": \"mobile\"}}

[okta]
enable = True
url = {okta}
api_token = {okta_token}
default_role = 25
default_position = Employee
",
        directory.bind_dn, directory.password, directory.base_dn
    )
}

/// A directory of this run alone: what another user has put there, under a name that could be guessed, is not taken for it. It goes with the
/// run.
struct Home(PathBuf);

impl Home {
    fn new() -> Result<Self, Problem> {
        let directory = std::env::temp_dir().join(format!("{DIRECTORY}-{:016x}", fastrand::u64(..)));
        files::new_private_directory(&directory).map_err(failed(&directory))?;
        Ok(Self(directory))
    }

    fn write(&self, text: &str) -> Result<PathBuf, Problem> {
        let ini = self.0.join("config.ini");
        files::replace(&ini, text.as_bytes()).map_err(failed(&ini))?;
        Ok(ini)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Problem {
    let what = format!("{} cannot be written", path.display());
    move |error| (what, error)
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| {
            if line.is_empty() {
                "\n".to_owned()
            } else {
                format!("    {line}\n")
            }
        })
        .collect()
}
