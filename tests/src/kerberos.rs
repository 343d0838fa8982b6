//! A real Kerberos: MIT's KDC with a realm of its own, at a port of 127.0.0.1 that was free, and a service that judges tickets with MIT's
//! own library.
//!
//! Neither the machine's own realm nor its configuration is touched: all of it is named in the environment of what is run.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use oomnitza_connector::standin::tds::{Accept, Accepted};

use crate::guarded::{self, Guarded};

/// Who signs in, as the realm knows it.
pub const USER: &str = "oomnitza@EXAMPLE.TEST";

/// What to do where Kerberos cannot be used.
const REMEDY: &str = "hint: run `make setup`, which installs MIT's KDC, its tools and Python's gssapi";

/// Other ports are tried so often, when somebody else was quicker to take the free one.
const TRIES: usize = 20;

/// What the KDC says then.
const TAKEN: &str = "Address already in use";

/// Reads tickets, a line each, and says whose they are: the name, whether the client asked for a proof and for nothing else that matters, and
/// the proof.
const ACCEPTOR: &str = r#"
import base64, sys, gssapi
from gssapi import RequirementFlag as Flag
for line in sys.stdin:
    try:
        context = gssapi.SecurityContext(usage="accept")
        proof = context.step(base64.b64decode(line)) or b""
        flags = context.actual_flags
        asked = "proof" if Flag.mutual_authentication in flags else "nothing"
        if Flag.delegate_to_peer in flags:
            asked = "delegation"
        assert context.complete and context.mech == gssapi.MechType.kerberos
        print(context.initiator_name, asked, base64.b64encode(proof).decode(), flush=True)
    except Exception as error:
        print("-", repr(error).replace("\n", " "), flush=True)
"#;

/// A realm, EXAMPLE.TEST, and its running KDC. It ends when this is dropped, or with the test's process.
pub struct Kdc {
    server: Guarded,
    directory: PathBuf,
}

impl Kdc {
    /// Makes the realm with its one user, and starts its KDC.
    pub fn start() -> Self {
        let mut said = String::new();
        for _ in 0..TRIES {
            match Self::attempt() {
                Ok(kdc) => return kdc,
                Err(what) => said = what,
            }
            if !said.contains(TAKEN) {
                break;
            }
        }
        panic!("the KDC does not start:\n{said}\n{REMEDY}");
    }

    fn attempt() -> Result<Self, String> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = free.local_addr().expect("it has an address").port();
        drop(free);
        let temporary = guarded::directory("kerberos-");
        let directory = temporary.path().canonicalize().expect("it was just made");
        configure(&directory, port);
        run(&directory, "/usr/sbin/kdb5_util", &["create", "-s", "-P", "master"]);
        let keytab = directory.join("user.keytab");
        administer(&directory, &format!("addprinc -randkey {USER}"));
        administer(&directory, &format!("ktadd -k {} {USER}", keytab.display()));
        let mut command = Command::new("/usr/bin/env");
        command
            .args(environment(&directory).map(|(name, value)| format!("{name}={value}")))
            .args(["/usr/sbin/krb5kdc", "-n", "-P"])
            .arg(directory.join("pid"));
        let is_there = |directory: &Path| {
            directory.join("pid").exists() && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
        };
        let server = Guarded::start(temporary, &command, is_there)?;
        Ok(Self { server, directory })
    }

    /// The value of KRB5_CONFIG that leads here.
    pub fn configuration(&self) -> String {
        self.directory.join("krb5.conf").display().to_string()
    }

    /// The user's keytab.
    pub fn keytab(&self) -> String {
        self.directory.join("user.keytab").display().to_string()
    }

    /// Puts a ticket of the user's into a cache, as `kinit` does.
    pub fn sign_in(&self, cache: &Path, lifetime: &str) {
        let cache = cache.display().to_string();
        let keytab = self.keytab();
        run(
            &self.directory,
            "kinit",
            &["-l", lifetime, "-c", &cache, "-k", "-t", &keytab, USER],
        );
    }

    /// Registers the SQL Server at a port of localhost, and gives its key to those who judge tickets here.
    pub fn register(&self, port: u16) {
        let service = format!("MSSQLSvc/localhost:{port}");
        administer(&self.directory, &format!("addprinc -randkey {service}"));
        let keytab = self.directory.join("service.keytab");
        administer(&self.directory, &format!("ktadd -k {} {service}", keytab.display()));
    }

    /// Changes the key of that SQL Server in the realm, so that tickets for it can be read by nobody.
    pub fn forget(&self, port: u16) {
        administer(&self.directory, &format!("cpw -randkey MSSQLSvc/localhost:{port}"));
    }

    /// Whoever judges tickets for the services that are registered here.
    pub fn accept(&self) -> Accept {
        let acceptor = Arc::new(Acceptor::start(&self.directory));
        Arc::new(move |ticket| acceptor.judge(ticket))
    }

    /// Ends it at once.
    pub fn kill(&self) {
        self.server.kill();
    }
}

/// A process that judges tickets. It ends with its standard input.
struct Acceptor {
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    process: Mutex<Child>,
}

impl Acceptor {
    fn start(directory: &Path) -> Self {
        let mut process = Command::new("/usr/bin/python3")
            .args(["-c", ACCEPTOR])
            .envs(environment(directory))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Debian's Python is there");
        let stdin = process.stdin.take().expect("it has one");
        let stdout = BufReader::new(process.stdout.take().expect("it has one"));
        Self {
            pipes: Mutex::new((stdin, stdout)),
            process: Mutex::new(process),
        }
    }

    fn judge(&self, ticket: &[u8]) -> Option<Accepted> {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let (stdin, stdout) = &mut *pipes;
        writeln!(stdin, "{}", crate::base64(ticket)).expect("it reads");
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it answers");
        let mut words = line.split_whitespace();
        let (user, asked) = (words.next(), words.next());
        assert!(user.is_some(), "the service that judges tickets has ended\n{REMEDY}");
        let user = user.filter(|user| *user != "-")?.to_owned();
        // FreeTDS asks for nothing.
        assert_ne!(
            asked,
            Some("delegation"),
            "the user's own ticket is not to be handed on"
        );
        let proof = words.next().unwrap_or_default();
        let proof = base64::engine::general_purpose::STANDARD.decode(proof);
        Some(Accepted {
            user,
            proof: proof.expect("it is base 64"),
            at_once: false,
        })
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have ended by itself.
        _ = process.kill();
        _ = process.wait();
    }
}

fn environment(directory: &Path) -> [(&'static str, String); 4] {
    let file = |name: &str| directory.join(name).display().to_string();
    [
        ("KRB5_CONFIG", file("krb5.conf")),
        ("KRB5_KDC_PROFILE", file("kdc.conf")),
        ("KRB5_KTNAME", file("service.keytab")),
        // Where is kept which tickets have been seen.
        ("KRB5RCACHEDIR", file("")),
    ]
}

fn configure(directory: &Path, port: u16) {
    let write = |name: &str, text: &str| std::fs::write(directory.join(name), text).expect("files can be written");
    // Over TCP alone: one free port is enough.
    write(
        "krb5.conf",
        &format!(
            "[libdefaults]\ndefault_realm = EXAMPLE.TEST\ndns_lookup_kdc = false\ndns_lookup_realm = false\n\
             dns_canonicalize_hostname = false\nrdns = false\nudp_preference_limit = 1\n\
             [realms]\nEXAMPLE.TEST = {{\n kdc = 127.0.0.1:{port}\n}}\n"
        ),
    );
    let place = directory.display();
    write(
        "kdc.conf",
        &format!(
            "[kdcdefaults]\nkdc_listen = \"\"\nkdc_tcp_listen = 127.0.0.1:{port}\n\
             [realms]\nEXAMPLE.TEST = {{\n database_name = {place}/principal\n key_stash_file = {place}/stash\n acl_file = {place}/acl\n}}\n\
             [logging]\nkdc = STDERR\n"
        ),
    );
}

fn administer(directory: &Path, query: &str) {
    run(directory, "/usr/sbin/kadmin.local", &["-q", query]);
}

fn run(directory: &Path, program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .envs(environment(directory))
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program} cannot be run: {error}\n{REMEDY}"));
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}\n{REMEDY}");
}
