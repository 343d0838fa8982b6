//! The components that this program carries.

use crate::sandbox::Digest;

/// A component that this program was built with, compiled for this kind of machine.
///
/// The list stands in `target/components/built_in.rs`, which `make guests` writes.
#[derive(Debug)]
pub struct BuiltIn {
    /// Name of the connector, `mapper` or `python`.
    pub name: &'static str,
    /// Of the component it was compiled from.
    pub digest: Digest,
    /// Compiled by this program's own engine; the interpreter packed as well.
    pub compiled: &'static [u8],
}
