//! Microsoft's server for tests of SQL Server's clients, while a test runs: tests/servers/mssql says what it answers.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use oomnitza_tests::Authority;
use tempfile::TempDir;

/// A server of a site's database. Dropping it ends it.
pub struct Mssql {
    child: Child,
    stdout: BufReader<ChildStdout>,
    port: u16,
    directory: TempDir,
}

impl Mssql {
    /// Starts one that agrees on TLS (`required`), or begins with it (`strict`).
    pub fn start(mode: &str) -> Self {
        let program =
            std::env::var_os("MSSQL_SERVER").expect("MSSQL_SERVER names the program: run `make test-servers`");
        let authority = Authority::new("the database's");
        let (certificate, key) = authority.issue();
        let directory = TempDir::new().expect("a temporary directory can be made");
        let write = |name: &str, text: String| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).expect("files can be written");
            path
        };
        write("authority.pem", authority.certificate());
        let mut child = Command::new(program)
            .arg(mode)
            .args([write("certificate.pem", certificate), write("key.pem", key)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the server can be started");
        let mut stdout = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut port = String::new();
        stdout.read_line(&mut port).expect("it says its port");
        Self {
            port: port.trim().parse().expect("it says its port"),
            child,
            stdout,
            directory,
        }
    }

    /// As the setting `server` names it.
    pub fn server(&self) -> String {
        format!("127.0.0.1,{}", self.port)
    }

    /// The file with the authority that vouches for it.
    pub fn authority(&self) -> PathBuf {
        self.directory.path().join("authority.pem")
    }

    /// Ends it: what it says of each connection.
    pub fn end(mut self) -> Vec<String> {
        drop(self.child.stdin.take());
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).expect("its lines are text");
        said.lines().map(str::to_owned).collect()
    }
}

impl Drop for Mssql {
    fn drop(&mut self) {
        // Where it has ended already, both say so.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
