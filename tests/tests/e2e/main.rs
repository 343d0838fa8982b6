//! The program driven from outside, against servers on this machine.

mod airwatch;
mod casper;
mod mobileiron;
mod okta;
