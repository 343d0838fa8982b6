#![no_main]
//! The ini reader and editor, by themselves: without the rest of the host a build takes seconds.

use std::path::Path;

use libfuzzer_sys::fuzz_target;

#[path = "../../host/src/config/edit.rs"]
mod edit;
#[path = "../../host/src/config/finding.rs"]
mod finding;
#[path = "../../host/src/config/ini.rs"]
mod ini;
#[path = "../promises.rs"]
mod promises;

use edit::EditError;
use ini::Ini;

fuzz_target!(|bytes: &[u8]| promises::hold(bytes));
