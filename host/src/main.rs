//! `oomnitza-connector`: see the library beside it.

use std::process::ExitCode;

use oomnitza_connector::catalog::BuiltIn;
use oomnitza_connector::sandbox::{self, Digest};

/// The components that this program carries; `make guests` and `make build` write the list.
#[cfg(not(windows))]
static BUILT_IN: &[BuiltIn] = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/components/built_in.rs"));
#[cfg(windows)]
static BUILT_IN: &[BuiltIn] = include!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../target/components/windows/built_in.rs"
));

fn main() -> ExitCode {
    // A process that this program started to compile a component.
    if let Some(code) = sandbox::compile_if_asked(std::env::args_os()) {
        return code;
    }
    oomnitza_connector::cli::main(std::env::args_os(), BUILT_IN).into()
}
