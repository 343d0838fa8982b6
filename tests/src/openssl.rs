//! `openssl s_server`: TLS as another library speaks it, with every version and certificate that one likes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A server that speaks TLS, and answers requests with files. Dropping it ends it.
pub struct Openssl {
    child: Child,
    /// Where it is.
    pub port: u16,
    _home: TempDir,
}

impl Openssl {
    /// One with this certificate and key, PEM, that answers `GET` of these paths with JSON.
    pub fn serve((certificate, key): &(String, String), pages: &[(&str, &str)], options: &[&str]) -> Self {
        let home = TempDir::new().expect("a temporary directory can be made");
        let write = |name: &str, text: &str| {
            let path = home.path().join(name);
            std::fs::create_dir_all(path.parent().expect("it is below the home")).expect("directories can be made");
            std::fs::write(path, text).expect("files can be written");
        };
        write("certificate.pem", certificate);
        write("key.pem", key);
        for (path, body) in pages {
            write(
                path,
                &format!("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{body}"),
            );
        }
        let mut child = Command::new("openssl")
            .args([
                "s_server",
                "-accept",
                "127.0.0.1:0",
                "-cert",
                "certificate.pem",
                "-key",
                "key.pem",
                "-HTTP",
            ])
            .args(options)
            .current_dir(home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is there: `make setup` installs it");
        let lines = BufReader::new(child.stdout.take().expect("it is a pipe")).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ACCEPT 127.0.0.1:")?.trim().parse().ok());
        let port = port.unwrap_or_else(|| panic!("`openssl s_server {}` does not listen", options.join(" ")));
        Self {
            child,
            port,
            _home: home,
        }
    }
}

impl Drop for Openssl {
    fn drop(&mut self) {
        // Where it has ended already, both say so.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Gives a directory of certificates the names by which OpenSSL finds them.
pub fn rehash(directory: &Path) {
    let status = Command::new("openssl").arg("rehash").arg(directory).status();
    assert!(status.expect("openssl is there").success(), "`openssl rehash` failed");
}
