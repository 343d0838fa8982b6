//! Settings that every section has, `[oomnitza]` included: how connections are secured, and the way into the web.

use std::path::{Path, PathBuf};

use super::finding::Finding;
use super::section::Reading;
use crate::redact::Secret;

/// Settings that every section has, `[oomnitza]` included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Common {
    /// Whether certificates are checked.
    pub verify_ssl: bool,
    /// A file with the certificate authorities to trust, PEM.
    pub cacert_file: Option<PathBuf>,
    /// A directory of such files.
    pub cacert_dir: Option<PathBuf>,
    /// Which versions of TLS are spoken.
    pub protocol: Protocol,
    /// How the web is reached, where it is not as the environment says.
    pub proxy: Option<Proxy>,
}

/// Versions of TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protocol {
    /// The best that both sides know.
    #[default]
    Best,
    /// 1.2 and no other.
    Tls12,
    /// 1.3 and no other.
    Tls13,
}

/// A section's own way into the web.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proxy {
    /// None, whatever the environment says.
    Direct,
    /// Through this one; its address may hold a password.
    Through(Secret),
}

impl Default for Common {
    fn default() -> Self {
        Self {
            verify_ssl: true,
            cacert_file: None,
            cacert_dir: None,
            protocol: Protocol::Best,
            proxy: None,
        }
    }
}

impl Reading<'_> {
    pub(super) fn common(&mut self) -> Common {
        // As the admin means it: beside the ini file, wherever cron starts the program.
        let directory = self.place.file.parent().unwrap_or(Path::new(""));
        let path = |name: &str| {
            let value = self.raw.value(name).filter(|path| !path.is_empty());
            value.map(|path| directory.join(path))
        };
        let mut common = Common {
            cacert_file: path("cacert_file"),
            cacert_dir: path("cacert_dir"),
            ..Common::default()
        };
        common.verify_ssl = self.truth("verify_ssl").unwrap_or(common.verify_ssl);
        let raw = self.raw;
        if let Some(entry) = raw.entry("ssl_protocol").filter(|entry| !entry.value.is_empty()) {
            match entry.value.to_ascii_lowercase().as_str() {
                // OpenSSL's names for whatever both sides know.
                "ssl" | "sslv23" | "tls" => {}
                "tls1.2" => common.protocol = Protocol::Tls12,
                "tls1.3" => common.protocol = Protocol::Tls13,
                // Whoever wrote it wanted TLS instead of SSL, and a server that is looked after knows a later one by now.
                "tls1" => {
                    let what = "TLS 1.0 is broken (RFC 8996) and not spoken; the best protocol that both sides know is used";
                    let remedy = "remove the setting; a server that knows no TLS 1.2 has to be brought up to date";
                    let place = self.at(Some(entry), "ssl_protocol");
                    self.findings.push(Finding::warning(place, what).remedy(remedy));
                }
                "sslv3" => self.error(
                    Some(entry),
                    "ssl_protocol",
                    "SSL 3 is broken (RFC 7568), and no maintained TLS library speaks it".to_owned(),
                    "remove the setting; the best protocol that both sides know is used".to_owned(),
                ),
                other => self.error(
                    Some(entry),
                    "ssl_protocol",
                    format!("cannot be `{other}`"),
                    "it can be ssl, sslv23, tls, tls1, tls1.2, tls1.3; without the setting it is the best that both sides know".to_owned(),
                ),
            }
        }
        common.proxy = self.proxy();
        common
    }

    fn proxy(&self) -> Option<Proxy> {
        let value = self.raw.value("proxy").filter(|value| !value.is_empty())?;
        Some(match value.to_ascii_lowercase().as_str() {
            "none" | "direct" => Proxy::Direct,
            _ => Proxy::Through(Secret::new(value)),
        })
    }
}
