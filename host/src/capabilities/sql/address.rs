//! How people write down a SQL Server, and the URL that it becomes. Pure.

use url::{Host, Url};

/// The most characters in the name of an instance that SQL Server allows.
const INSTANCE_CHARACTERS: usize = 16;

/// The URL of a server as connection strings name it: `host`, `host,1433`, `host\instance`, `tcp:host,1433`; also `host:1433`,
/// `host/instance`, and all of them after `mssql://`. What comes out is `mssql://host`, `mssql://host:port` or `mssql://host/instance`,
/// in lower case; a port makes the instance's name unnecessary, as it does for SQL Server's own drivers.
pub fn address(server: &str) -> Result<Url, String> {
    let server = server.trim();
    let server = strip(server, "mssql://").unwrap_or(server);
    for (prefix, name) in [
        ("np:", "named pipes"),
        ("lpc:", "shared memory"),
        ("admin:", "the administrator's own connection"),
    ] {
        if strip(server, prefix).is_some() {
            return Err(format!("`{prefix}` stands for {name}; only TCP is spoken here"));
        }
    }
    let server = strip(server, "tcp:").unwrap_or(server).trim();
    let (server, comma_port) = match server.rsplit_once(',') {
        Some((server, port)) => (server.trim(), Some(port.trim())),
        None => (server, None),
    };
    let (host, instance) = match server.split_once(['\\', '/']) {
        Some((host, instance)) => (host, Some(instance)),
        None => (server, None),
    };
    let (host, colon_port) = match host.rsplit_once(':') {
        Some((name, port)) if name.ends_with(']') || !name.contains(':') => (name, Some(port)),
        _ => (host, None),
    };
    let port = match comma_port.or(colon_port) {
        None => None,
        Some(text) => match text.parse::<u16>() {
            Ok(port) if port > 0 => Some(port),
            _ => return Err(format!("`{text}` is not the number of a port")),
        },
    };
    let host = host_of(host)?;
    let mut url = format!("mssql://{host}");
    match (port, instance) {
        // The default instance is the one at the default port.
        (None, Some(instance)) if !is_default(instance) => {
            url.push('/');
            url.push_str(&instance_of(instance)?);
        }
        (None, _) | (Some(1433), _) => {}
        (Some(port), _) => url.push_str(&format!(":{port}")),
    }
    Url::parse(&url).map_err(|error| error.to_string())
}

fn is_default(instance: &str) -> bool {
    instance.is_empty() || instance.eq_ignore_ascii_case("MSSQLSERVER")
}

fn host_of(host: &str) -> Result<String, String> {
    if host == "." || host.eq_ignore_ascii_case("(local)") {
        return Ok("localhost".to_owned());
    }
    if strip(host, "(localdb)").is_some() {
        return Err("LocalDB can be reached by programs of the same user only".to_owned());
    }
    let bracketed = if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    match Host::parse(&bracketed) {
        Ok(host) => Ok(host.to_string()),
        Err(_) => Err(format!("`{host}` is not the name of a host")),
    }
}

fn instance_of(instance: &str) -> Result<String, String> {
    let is_name = instance.chars().count() <= INSTANCE_CHARACTERS
        && instance
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '$'));
    if is_name {
        Ok(instance.to_ascii_lowercase())
    } else {
        Err(format!("`{instance}` is not the name of an instance"))
    }
}

/// What follows `prefix`, however that is spelled.
fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_understood_as_people_write_it() {
        for (server, url) in [
            ("server.example.com", "mssql://server.example.com"),
            ("SERVER", "mssql://server"),
            ("  server ", "mssql://server"),
            ("server,1433", "mssql://server"),
            ("server, 14330", "mssql://server:14330"),
            ("server:14330", "mssql://server:14330"),
            (r"server\SITE", "mssql://server/site"),
            (r"server\MSSQLSERVER", "mssql://server"),
            (r"server\", "mssql://server"),
            (r"server\SITE,14330", "mssql://server:14330"),
            ("server/site", "mssql://server/site"),
            ("tcp:server,14330", "mssql://server:14330"),
            ("TCP:server", "mssql://server"),
            (r"mssql://server\site", "mssql://server/site"),
            ("mssql://server:14330", "mssql://server:14330"),
            ("MSSQL://server/", "mssql://server"),
            ("(local)", "mssql://localhost"),
            (r".\SQLEXPRESS", "mssql://localhost/sqlexpress"),
            ("10.1.2.3,14330", "mssql://10.1.2.3:14330"),
            ("2130706433", "mssql://127.0.0.1"),
            ("fd00::5,14330", "mssql://[fd00::5]:14330"),
            ("[fd00::5]:14330", "mssql://[fd00::5]:14330"),
            ("fd00::5", "mssql://[fd00::5]"),
        ] {
            assert_eq!(address(server).map(String::from), Ok(url.to_owned()), "{server}");
        }
    }

    #[test]
    fn what_is_no_server_is_said_to_be_none() {
        for (server, problem) in [
            ("", "`` is not the name of a host"),
            ("a b", "`a b` is not the name of a host"),
            ("user@server", "`user@server` is not the name of a host"),
            ("server?x", "`server?x` is not the name of a host"),
            ("server,0", "`0` is not the number of a port"),
            ("server,14330x", "`14330x` is not the number of a port"),
            ("server,99999", "`99999` is not the number of a port"),
            (r"server\a b", "`a b` is not the name of an instance"),
            (r"server\a/b", "`a/b` is not the name of an instance"),
            (r"server\a?b", "`a?b` is not the name of an instance"),
            (
                r"np:\\server\pipe",
                "`np:` stands for named pipes; only TCP is spoken here",
            ),
            (
                r"(localdb)\v11",
                "LocalDB can be reached by programs of the same user only",
            ),
        ] {
            assert_eq!(address(server), Err(problem.to_owned()), "{server}");
        }
    }
}
