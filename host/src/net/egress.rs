//! Which places may be reached: a list of rules, empty denies all.

/// How far a rule reaches once the name is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses only: the place was named by a component, or by an answer.
    Public,
    /// The admin wrote this host into the ini file: private and loopback addresses as well. Link-local, metadata, multicast and
    /// the like stay denied.
    Named,
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Scheme, lower case.
    pub scheme: String,
    /// Host as the `url` crate spells it: IDNA, lower case, no trailing dot.
    pub host: url::Host<String>,
    /// Port, the scheme's own where the URL has none.
    pub port: u16,
    /// How far it reaches.
    pub reach: Reach,
}

/// The places that one section may reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Egress {
    rules: Vec<Rule>,
}
