//! What the host does on behalf of a connector: one room a capability.
pub mod ldap;
