//! A real domain controller: Samba's, which answers as Active Directory does, provisioned into a directory of its own.
//!
//! A domain controller's ports cannot be changed, so it gets an address of its own of 127.0.0.0/8, where nobody else listens, and whoever
//! runs these tests must be allowed to listen at port 389. Only its directory service runs. Two things are not as with Microsoft's: it
//! gives more than 1,000 entries without paging, and it gives ranges of values only where they are asked for.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::authority::Authority;
use crate::guarded::{self, Guarded};

/// Everything in the domain is below this name.
pub const SUFFIX: &str = "DC=example,DC=test";

/// The password of everybody in the domain.
pub const PASSWORD: &str = "Passw0rd!x";

/// What to do where Samba cannot be used.
const REMEDY: &str =
    "hint: run `make setup`, which installs Samba, and the tests as root: a domain controller listens at port 389";

/// A running domain controller. It ends when this is dropped, or with the test's process.
pub struct Samba {
    _server: Guarded,
    address: Ipv4Addr,
    authority: Authority,
    directory: std::path::PathBuf,
}

impl Samba {
    /// Provisions a domain, loads `ldif` into it, lets the entries that `old` names have been changed last at that time, and starts its
    /// controller.
    pub fn start(ldif: &str, old: &[(String, &str)]) -> Self {
        let authority = Authority::new("the domain's");
        let address = free_address();
        let directory = guarded::directory("samba-");
        let place = directory.path().canonicalize().expect("it was just made");
        prepare(&place, address, &authority);
        load(&place, "ldbadd", "private/sam.ldb", ldif);
        // Below the modules that keep these times.
        let changes = old.iter().map(|(name, time)| {
            format!("dn: {name}\nchangetype: modify\nreplace: whenChanged\nwhenChanged: {time}\n-\n\n")
        });
        let partition = format!("private/sam.ldb.d/{}.ldb", SUFFIX.to_uppercase());
        load(&place, "ldbmodify", &partition, &changes.collect::<String>());
        let mut command = Command::new("samba");
        command
            .args(["-i", "-M", "single", "-s"])
            .arg(place.join("etc/smb.conf"));
        let is_there = |_: &Path| {
            [389, 636]
                .iter()
                .all(|port| TcpStream::connect((address, *port)).is_ok())
        };
        let server = Guarded::start(directory, &command, is_there);
        Self {
            _server: server.unwrap_or_else(|said| panic!("samba does not start:\n{said}\n{REMEDY}")),
            address,
            authority,
            directory: place,
        }
    }

    /// `ldap://127.x.y.z`, where StartTLS is to be had.
    pub fn url(&self) -> String {
        format!("ldap://{}", self.address)
    }

    /// `ldaps://127.x.y.z`
    pub fn secure_url(&self) -> String {
        format!("ldaps://{}", self.address)
    }

    /// Its address.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The certificate of the authority that vouches for it, PEM.
    pub fn certificate(&self) -> String {
        self.authority.certificate()
    }

    /// Changes entries, as an administrator does: LDIF with `changetype`.
    pub fn modify(&self, ldif: &str) {
        load(&self.directory, "ldbmodify", "private/sam.ldb", ldif);
    }

    /// What Samba's own tool shows of an attribute of the entries that a filter finds.
    pub fn shows(&self, filter: &str, attribute: &str) -> Vec<String> {
        let output = ldb(
            &self.directory,
            "ldbsearch",
            "private/sam.ldb",
            &[filter, attribute],
            "",
        );
        let before = format!("{attribute}: ");
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        lines
            .lines()
            .filter_map(|line| line.strip_prefix(&before))
            .map(str::to_owned)
            .collect()
    }
}

/// An address of this machine at whose ports nobody listens.
fn free_address() -> Ipv4Addr {
    let mut problem = None;
    for _ in 0..20 {
        let address = Ipv4Addr::new(127, random(), random(), random().clamp(2, 250));
        match [389, 636].map(|port| TcpListener::bind((address, port))) {
            [Ok(_), Ok(_)] => return address,
            [first, second] => problem = first.err().or(second.err()),
        }
    }
    panic!("no address of this machine has a free port 389: {problem:?}\n{REMEDY}")
}

fn random() -> u8 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0).to_le_bytes()[0]
}

/// Provisions the domain and configures its controller.
fn prepare(directory: &Path, address: Ipv4Addr, authority: &Authority) {
    let write = |name: &str, text: &str| {
        let path = directory.join(name);
        std::fs::write(&path, text).expect("files can be written");
        path
    };
    let empty = write("empty.conf", "[global]\n");
    let place = directory.display();
    let mut command = Command::new("samba-tool");
    command
        .args(["domain", "provision", "--configfile"])
        .arg(empty)
        .args([
            "--realm=EXAMPLE.TEST",
            "--domain=EXAMPLE",
            "--server-role=dc",
            "--dns-backend=NONE",
        ])
        .args([
            "--host-name=dc1",
            &format!("--host-ip={address}"),
            &format!("--adminpass={PASSWORD}"),
        ])
        .arg(format!("--targetdir={place}"))
        // Access lists in a file: the one below may not be able to keep them.
        .arg("--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb")
        .arg(format!("--option=xattr_tdb:file={place}/xattr.tdb"));
    succeed(&mut command, "");
    let (certificate, key) = authority.issue_with(&[&address.to_string()], |_| ());
    write("authority.pem", &authority.certificate());
    write("certificate.pem", &certificate);
    // Samba takes no key that others can read.
    let key = write("key.pem", &key);
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).expect("modes can be set");
    std::fs::create_dir_all(directory.join("run")).expect("directories can be made");
    std::fs::create_dir_all(directory.join("cache")).expect("directories can be made");
    write(
        "etc/smb.conf",
        &format!(
            "[global]\nnetbios name = DC1\nrealm = EXAMPLE.TEST\nworkgroup = EXAMPLE\nserver role = active directory domain controller\n\
             server services = ldap\ninterfaces = {address}/8\nbind interfaces only = yes\nlogging = file\nlog file = {place}/log\n\
             private dir = {place}/private\nlock directory = {place}\nstate directory = {place}/state\ncache directory = {place}/cache\n\
             binddns dir = {place}/bind-dns\npid directory = {place}/run\nncalrpc dir = {place}/run/ncalrpc\n\
             winbindd socket directory = {place}/run/winbindd\nntp signd socket directory = {place}/run/ntp\n\
             tls cafile = {place}/authority.pem\ntls certfile = {place}/certificate.pem\ntls keyfile = {place}/key.pem\n"
        ),
    );
}

/// Loads LDIF with one of Samba's tools.
fn load(directory: &Path, tool: &str, database: &str, ldif: &str) {
    ldb(directory, tool, database, &[], ldif);
}

fn ldb(directory: &Path, tool: &str, database: &str, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(tool);
    command.arg("--configfile").arg(directory.join("etc/smb.conf"));
    command
        .arg("-H")
        .arg(format!("tdb://{}", directory.join(database).display()));
    succeed(command.args(arguments), input)
}

/// Runs a command that must succeed.
fn succeed(command: &mut Command, input: &str) -> Output {
    use std::io::Write as _;
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{name} cannot be run: {error}\n{REMEDY}"));
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_owned();
    // Beside its output: neither pipe may fill while the other is waited for.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("a process can be waited for");
    // One that reads nothing has closed its end.
    _ = writer.join();
    assert!(
        output.status.success(),
        "{name} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
