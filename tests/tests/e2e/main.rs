//! The program driven from outside, against servers on this machine.

mod bamboohr;
mod jasper;
mod okta;
mod onelogin;
mod zendesk;
