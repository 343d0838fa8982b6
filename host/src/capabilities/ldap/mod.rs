//! ldap
/// c
pub struct Connection {}
/// r
pub struct Results {}
