//! The program driven from outside, against servers on this machine.

mod airwatch;
mod bamboohr;
mod casper;
mod command_line;
mod compile_cache;
mod components;
mod configuration;
mod configuration_mappings;
mod configuration_network;
mod exit_codes;
mod generate_ini;
mod jasper;
mod ldap;
mod mobileiron;
mod okta;
mod onelogin;
mod oomnitza;
mod pages;
mod proxies;
mod python;
mod sccm;
mod secrets;
mod several;
mod stopping;
mod structure;
mod zendesk;
