//! A real OpenLDAP: `slapd` with a configuration, a database and certificates of its own, at ports of 127.0.0.1 that were free.
//!
//! Neither the machine's own `slapd` nor its configuration is touched. What runs is a copy of the program, because AppArmor, where it
//! is, keeps the one at its path to the directories of the system's service.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use crate::authority::Authority;
use crate::guarded::{self, Guarded};

/// Everything in the directory is below this name.
pub const SUFFIX: &str = "dc=example,dc=com";

/// Who may read.
pub const READER: &str = "cn=reader,dc=example,dc=com";

/// The password of [`READER`], with what means something to ini files, templates and URLs.
pub const PASSWORD: &str = "pa%s;w\u{f6}rd\"{x}\\#";

/// Where there may be the program, its schemas and its modules: Debian's places first.
const PROGRAMS: [&str; 3] = ["/usr/sbin/slapd", "/usr/local/sbin/slapd", "/usr/lib/openldap/slapd"];
const SCHEMAS: [&str; 2] = ["/etc/ldap/schema", "/etc/openldap/schema"];
const MODULES: [&str; 2] = ["/usr/lib/ldap", "/usr/lib/openldap"];

/// What to do where slapd cannot be used.
const REMEDY: &str = "hint: run `make setup`, which installs OpenLDAP's server";

/// Other ports are tried so often, when somebody else was quicker to take the free ones.
const TRIES: usize = 20;

/// What slapd says then.
const TAKEN: &str = "(Address already in use)";

/// What a server is like.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What is in it below [`SUFFIX`]; that and [`READER`] are there already.
    pub ldif: String,
    /// Whether those may read who do not say who they are.
    pub anonymous: bool,
    /// Whether those are taken for nobody who say a name and no password; they are refused else.
    pub nameless: bool,
    /// Whether it speaks version 2 as well.
    pub version_2: bool,
    /// The most entries of one search, all of its pages together.
    pub size_limit: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ldif: String::new(),
            anonymous: true,
            nameless: false,
            version_2: true,
            size_limit: None,
        }
    }
}

/// A running server. It ends when this is dropped, or with the test's process.
pub struct Slapd {
    server: Guarded,
    ports: [u16; 2],
    authority: Authority,
}

impl Slapd {
    /// Loads the directory, starts a server, and waits until it answers.
    pub fn start(settings: &Settings) -> Self {
        let mut said = String::new();
        for _ in 0..TRIES {
            match Self::attempt(settings, free_ports()) {
                Ok(server) => return server,
                Err(what) => said = what,
            }
            if !said.contains(TAKEN) {
                break;
            }
        }
        panic!("slapd does not start:\n{said}\n{REMEDY}");
    }

    fn attempt(settings: &Settings, ports: [u16; 2]) -> Result<Self, String> {
        let authority = Authority::new("the directory's");
        let directory = guarded::directory("slapd-");
        prepare(directory.path(), settings, &authority);
        load(directory.path())?;
        let [port, tls_port] = ports;
        let urls = format!("ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{tls_port}/");
        let mut command = Command::new(directory.path().join("slapd"));
        command
            .args(["-d", "none", "-s", "0", "-f"])
            .arg(directory.path().join("slapd.conf"))
            .args(["-h", &urls]);
        // Its own file shows that the ports are its own.
        let is_there = |directory: &Path| {
            let answers = |port: &u16| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok();
            directory.join("pid").exists() && ports.iter().all(answers)
        };
        Ok(Self {
            server: Guarded::start(directory, &command, is_there)?,
            ports,
            authority,
        })
    }

    /// `ldap://127.0.0.1:PORT`, where StartTLS is to be had.
    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.ports[0])
    }

    /// `ldaps://127.0.0.1:PORT`
    pub fn secure_url(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.ports[1])
    }

    /// The port of [`Self::url`].
    pub fn port(&self) -> u16 {
        self.ports[0]
    }

    /// The certificate of the authority that vouches for it, PEM.
    pub fn certificate(&self) -> String {
        self.authority.certificate()
    }

    /// Ends it at once, as a machine that loses power does.
    pub fn kill(&self) {
        self.server.kill();
    }
}

/// Puts the program and all that it reads into its directory.
fn prepare(directory: &Path, settings: &Settings, authority: &Authority) {
    let write = |name: &str, text: &str| std::fs::write(directory.join(name), text).expect("files can be written");
    let program = find(&PROGRAMS);
    // By another process: what this one holds open for writing, a child that another test starts at this moment holds as well, and a
    // program that somebody may write to cannot be run.
    let copied = Command::new("cp").arg(program).arg(directory.join("slapd")).status();
    assert!(copied.is_ok_and(|status| status.success()), "slapd cannot be copied");
    std::fs::create_dir(directory.join("database")).expect("directories can be made");
    let (certificate, key) = authority.issue();
    write("authority.pem", &authority.certificate());
    write("certificate.pem", &certificate);
    write("key.pem", &key);
    write("slapd.conf", &configuration(directory, settings));
    write(
        "content.ldif",
        &format!(
            "dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n\n\
             dn: {READER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: reader\nuserPassword:: {}\n\n{}",
            crate::base64(PASSWORD.as_bytes()),
            settings.ldif
        ),
    );
}

fn configuration(directory: &Path, settings: &Settings) -> String {
    let directory = directory.display();
    let (schemas, modules) = (
        find(&SCHEMAS).display(),
        MODULES.iter().find(|path| Path::new(path).is_dir()),
    );
    let mut lines: Vec<String> = ["core", "cosine", "inetorgperson"]
        .iter()
        .map(|schema| format!("include {schemas}/{schema}.schema"))
        .collect();
    // Active Directory's, which some give to other directories as well.
    lines.push(
        "attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch \
         SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )"
            .to_owned(),
    );
    if let Some(modules) = modules {
        lines.push(format!("modulepath {modules}\nmoduleload back_mdb"));
    }
    lines.push(format!(
        "pidfile {directory}/pid\nTLSCACertificateFile {directory}/authority.pem\nTLSCertificateFile {directory}/certificate.pem\n\
         TLSCertificateKeyFile {directory}/key.pem\nTLSVerifyClient never"
    ));
    if settings.version_2 {
        lines.push("allow bind_v2".to_owned());
    }
    if settings.nameless {
        lines.push("allow bind_anon_dn".to_owned());
    }
    if !settings.anonymous {
        lines.push("disallow bind_anon\nrequire authc".to_owned());
    }
    lines.push(format!(
        "sizelimit {}",
        settings
            .size_limit
            .map_or("unlimited".to_owned(), |limit| limit.to_string())
    ));
    // The database's size is only promised, not taken.
    lines.push(format!(
        "database mdb\nmaxsize 268435456\nsuffix {SUFFIX}\ndirectory {directory}/database\ndbnosync\nindex objectClass eq\n\
         access to attrs=userPassword by anonymous auth by * none\naccess to * by * read\n"
    ));
    lines.join("\n")
}

fn load(directory: &Path) -> Result<(), String> {
    let loaded = Command::new(directory.join("slapd"))
        .args(["-T", "add", "-q", "-f"])
        .arg(directory.join("slapd.conf"))
        .arg("-l")
        .arg(directory.join("content.ldif"))
        .output()
        .map_err(|error| error.to_string())?;
    if loaded.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&loaded.stderr).into_owned())
    }
}

/// Two ports that are free now. Both are held until both are known, so that they differ.
fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free"));
    listeners.map(|listener| listener.local_addr().expect("it has an address").port())
}

/// The first of these places that there is.
fn find(places: &[&'static str]) -> &'static Path {
    match places.iter().copied().map(Path::new).find(|path| path.exists()) {
        Some(found) => found,
        None => panic!("OpenLDAP's server is not installed: there is none of {places:?}\n{REMEDY}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_somebody_else_took_is_told_from_other_troubles() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let ports = [free_ports()[0], taken.local_addr().unwrap().port()];
        let said = Slapd::attempt(&Settings::default(), ports).err().unwrap();
        assert!(said.contains(TAKEN), "{said}");
    }

    #[test]
    #[should_panic(expected = "not configured to hold")]
    fn what_slapd_says_of_content_that_it_cannot_load_is_shown() {
        Slapd::start(&Settings {
            ldif: "dn: cn=elsewhere\nobjectClass: device\ncn: elsewhere\n".to_owned(),
            ..Settings::default()
        });
    }
}
