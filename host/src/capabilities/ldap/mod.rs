//! ldap stub
/// c
pub struct Connection {}
/// r
pub struct Results {}
/// s
pub struct LdapState {}
/// l
pub fn add_to_linker<T: Send + 'static>(_l: &mut wasmtime::component::Linker<T>, _get: fn(&mut T) -> &mut LdapState) -> wasmtime::Result<()> { Ok(()) }

/// limits
#[derive(Default)]
pub struct Limits {}
/// slot
pub struct Slot { /// n
 pub name: String, /// p
 pub password: crate::redact::Secret }
impl LdapState { /// n
 pub fn new(_n: &crate::net::Network, _s: std::collections::BTreeMap<String, Slot>, _l: Limits, _r: crate::redact::Redactor) -> Self { Self {} } }
