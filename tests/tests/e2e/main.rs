//! The program driven from outside, against servers on this machine.

mod okta;
mod sccm;
