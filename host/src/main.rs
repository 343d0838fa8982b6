//! `oomnitza-connector`: see the library beside it.

use std::process::ExitCode;

use oomnitza_connector::catalog::BuiltIn;
use oomnitza_connector::sandbox::Digest;

/// The components that this program carries; `make guests` and `make build` write the list.
static BUILT_IN: &[BuiltIn] = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/components/built_in.rs"));

fn main() -> ExitCode {
    oomnitza_connector::cli::main(std::env::args_os(), BUILT_IN).into()
}
