//! The program driven from outside, against servers on this machine.

mod airwatch;
mod casper;
mod mobileiron;
mod command_line;
mod compile_cache;
mod components;
mod configuration;
mod configuration_mappings;
mod configuration_network;
mod ldap;
mod okta;
mod oomnitza;
mod proxies;
mod secrets;
mod stopping;
mod structure;
