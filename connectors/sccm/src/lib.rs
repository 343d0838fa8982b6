//! Microsoft Configuration Manager (SCCM): the computers of its hardware inventory, with their programs, out of the site's database.
//!
//! Two queries, both ordered by computer, are read side by side over two connections and joined here: memory does not grow with the site,
//! and the database is asked twice instead of once per computer. The views are those that Microsoft supports for reading
//! (docs/connectors/sccm.md).

mod join;
mod json;

use oomnitza_sdk::prelude::*;
use oomnitza_sdk::sql::{Connection, Target};

use join::{Computers, Programs};

/// Records of one page: enough for some uploads of ten, and not many to hold.
const PAGE_RECORDS: usize = 200;

/// Bytes after which a page is handed over as it is.
const PAGE_BYTES: usize = 1 << 20;

/// What a computer is made of. A view without a row for a computer leaves its columns null, and one with several gives the computer several
/// rows: two disks and two network adapters make four.
const HARDWARE: &str = "
    SELECT cs.ResourceID AS resource_id, cs.Name0 AS computer_name, cs.Domain0 AS domain_name, cs.Manufacturer0 AS make,
        cs.Model0 AS model, cs.SystemType0 AS platform, cs.UserName0 AS user_name, cpu.Name0 AS cpu, disk.Size0 AS hdd_total_mb,
        net.IPAddress0 AS ipv4_address, net.MACAddress0 AS mac_address, mem.TotalPhysicalMemory0 AS memory_total_kb,
        enc.SerialNumber0 AS serial_number, os.Caption0 AS os_version";

/// Where it stands.
const HARDWARE_VIEWS: &str = "
    FROM dbo.v_GS_COMPUTER_SYSTEM cs
    LEFT JOIN dbo.v_GS_PROCESSOR cpu ON cpu.ResourceID = cs.ResourceID AND cpu.GroupID = 1
    LEFT JOIN dbo.v_GS_DISK disk ON disk.ResourceID = cs.ResourceID
    LEFT JOIN dbo.v_GS_NETWORK_ADAPTER_CONFIGURATION net ON net.ResourceID = cs.ResourceID
        AND net.IPAddress0 IS NOT NULL AND net.MACAddress0 IS NOT NULL
    LEFT JOIN dbo.v_GS_X86_PC_MEMORY mem ON mem.ResourceID = cs.ResourceID
    LEFT JOIN dbo.v_GS_SYSTEM_ENCLOSURE enc ON enc.ResourceID = cs.ResourceID
    LEFT JOIN dbo.v_GS_OPERATING_SYSTEM os ON os.ResourceID = cs.ResourceID";

/// By computer, and the rows of one in an order that stays: the largest disk first.
const HARDWARE_ORDER: &str = "
    ORDER BY cs.ResourceID, disk.Size0 DESC, net.MACAddress0, net.IPAddress0, enc.SerialNumber0";

/// Programs of 32 and of 64 bits, each once a computer.
const SOFTWARE: &str = "
    SELECT ResourceID AS resource_id, DisplayName0 AS name, Version0 AS version, Publisher0 AS publisher
    FROM dbo.v_GS_ADD_REMOVE_PROGRAMS
    UNION
    SELECT ResourceID, DisplayName0, Version0, Publisher0 FROM dbo.v_GS_ADD_REMOVE_PROGRAMS_64
    ORDER BY resource_id, name, version, publisher";

/// Whether they can be read at all.
const SOFTWARE_CHECK: &str = "
    SELECT TOP 1 programs.ResourceID AS resource_id
    FROM (SELECT ResourceID, DisplayName0, Version0, Publisher0 FROM dbo.v_GS_ADD_REMOVE_PROGRAMS
        UNION ALL
        SELECT ResourceID, DisplayName0, Version0, Publisher0 FROM dbo.v_GS_ADD_REMOVE_PROGRAMS_64) programs";

/// A run through a site.
pub struct Sccm {
    computers: Computers,
    /// None where nothing maps them.
    programs: Option<Programs>,
    /// The first row of a computer is the only one.
    dedupe: bool,
}

impl Connector for Sccm {
    fn describe() -> Description {
        Description::audit("sccm", "SCCM", "SCCM")
            .setting(
                Setting::text(
                    "server",
                    "Server",
                    "The SQL Server with the site's database: host, host\\instance or host,port",
                )
                .example("server.example.com"),
            )
            .setting(
                Setting::text("database", "Database", "The site's database: CM_ and the site code").default("CM_DCT"),
            )
            .setting(
                Setting::text("username", "User name", "A login of SQL Server that may read the site's views, or an account of Windows: DOMAIN\\user. With Windows authentication and without it, the user that the program runs as signs in (Kerberos)")
                    .example("change-me")
                    .required_where("authentication", "SQL Server")
                    .required_with("password"),
            )
            .setting(Setting::text("password", "Password", "The password of that login or account").example("change-me").secret().required_where("authentication", "SQL Server").required_with("username"))
            .setting(
                Setting::text(
                    "authentication",
                    "Authentication",
                    "Whether a login of SQL Server or a user of Windows signs in",
                )
                .default("SQL Server")
                .choices(&["SQL Server", "Windows"]),
            )
            .setting(Setting::sync_field())
            .setting(
                Setting::text(
                    "encrypt",
                    "Encryption",
                    "How the connection is secured: required; strict (TDS 8.0, SQL Server 2022); off, for servers without TLS 1.2 on a network that is trusted",
                )
                .default("required")
                .choices(&["required", "strict", "off"])
                .advanced(),
            )
            .setting(
                Setting::text(
                    "dedupe",
                    "One row a computer",
                    "Send a computer with several disks, network adapters or enclosures once, with the largest disk, instead of once for each combination",
                )
                .default("False")
                .truth()
                .advanced(),
            )
            .endpoint("mssql://{server}", "the SQL Server of the site")
            .sql_auth("login", "{username}", "{password}")
            .map("APPLICATIONS", source("software"))
    }

    fn check(settings: Settings) -> Result<()> {
        let connection = connect(&settings)?;
        // Every view and column of the run is named, and one row at most is read.
        let hardware = HARDWARE.replacen("SELECT", "SELECT TOP 1", 1) + HARDWARE_VIEWS;
        for statement in [hardware.as_str(), SOFTWARE_CHECK] {
            let mut rows = connection.query(statement, &[]).map_err(explain)?;
            while rows.next_rows().map_err(explain)?.is_some() {}
        }
        Ok(())
    }

    fn open(settings: Settings, _cursor: Option<String>, wanted: Wanted) -> Result<Self> {
        let hardware = [HARDWARE, HARDWARE_VIEWS, HARDWARE_ORDER].concat();
        let computers = connect(&settings)?.query(&hardware, &[]).map_err(explain)?;
        let programs = if wanted.uses("software") {
            let programs = connect(&settings)?.query(SOFTWARE, &[]).map_err(explain)?;
            Some(Programs::new(programs))
        } else {
            None
        };
        Ok(Self {
            computers: Computers::new(computers),
            programs,
            dedupe: settings.truth("dedupe"),
        })
    }

    fn next(&mut self) -> Result<Option<Page>> {
        let mut page = Page::with_capacity(PAGE_BYTES);
        let mut bytes = 0;
        while page.len() < PAGE_RECORDS && bytes < PAGE_BYTES {
            let previous = self.computers.id();
            let Some(computer) = self.computers.next_row()? else {
                break;
            };
            if self.dedupe && previous == Some(computer.id) {
                continue;
            }
            let software = match &mut self.programs {
                Some(programs) => programs.of(computer.id)?,
                None => b"[]",
            };
            bytes += computer.json.len() + software.len();
            page.push_with(|json| {
                json.extend_from_slice(br#"{"hardware":"#);
                json.extend_from_slice(&computer.json);
                json.extend_from_slice(br#","software":"#);
                json.extend_from_slice(software);
                json.push(b'}');
            });
        }
        Ok((!page.is_empty()).then_some(page))
    }
}

fn connect(settings: &Settings) -> Result<Connection> {
    let target = Target {
        url: format!("mssql://{}", settings.text("server")?),
        database: settings.text("database")?.to_owned(),
        auth: slot(settings)?,
    };
    Connection::open(&target).map_err(explain)
}

/// The slot to sign in with; none signs in as whoever the program runs as. Windows authentication ignored a name that is not an account
/// of a domain before, and does so still; but who writes `user@REALM` means it.
fn slot(settings: &Settings) -> Result<Option<String>> {
    let is_windows = settings.text("authentication")? == "Windows";
    match settings.optional("username") {
        Some(name) if !is_windows || name.contains('\\') => Ok(Some("login".to_owned())),
        Some(name) if name.contains('@') => Err(Error::setting(
            "username",
            "an account of Windows is written `DOMAIN\\user`; to sign in with a ticket or a keytab of Kerberos, as the user that this program runs as, leave `username` and `password` away",
        )),
        _ if is_windows => Ok(None),
        _ => settings.text("username").map(|_| None),
    }
}

/// What can be done about the refusals that a site's administrator can do something about.
fn explain(error: sql::Error) -> Error {
    match error {
        sql::Error::Refused(refusal) if refusal.number == 208 => Error::Unexpected(format!(
            "error 208: {} Such a view is there once its class of the hardware inventory is enabled in the client settings; and `database` must be the site's",
            refusal.message
        )),
        sql::Error::Refused(refusal) if matches!(refusal.number, 229 | 230) => Error::Forbidden(format!(
            "error {}: {} The login needs SELECT on the views dbo.v_GS_*, as the role db_datareader gives it",
            refusal.number, refusal.message
        )),
        sql::Error::Login(refusal) if refusal.number == 4060 => Error::Forbidden(format!(
            "error 4060: {} Is `database` the site's, CM_ and the site code, and is the login a user of it?",
            refusal.message
        )),
        other => other.into(),
    }
}

oomnitza_sdk::export!(Sccm);

#[cfg(test)]
mod tests;
