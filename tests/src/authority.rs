//! A certificate authority of a test's own, as companies have them.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// An authority that nobody knows but whoever gets its certificate.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new one.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, format!("The test's own authority: {name}"));
        let key = KeyPair::generate().expect("keys can be made");
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).expect("certificates can be made"),
        }
    }

    /// Its certificate, PEM.
    pub fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// A server's certificate for this machine's own names, and its key, PEM.
    pub fn issue(&self) -> (String, String) {
        self.issue_for(&["127.0.0.1", "localhost"])
    }

    /// A server's certificate for these names and addresses, and its key, PEM.
    pub fn issue_for(&self, names: &[&str]) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names are names");
        // Says that it is no authority: clients refuse one that serves.
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.distinguished_name.push(DnType::CommonName, "localhost");
        let key = KeyPair::generate().expect("keys can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("certificates can be made");
        (certificate.pem(), key.serialize_pem())
    }
}
