//! `guests-componentize MODULE COMPONENT` makes a component of a guest's core module.
//!
//! The encoder leaves out the imports that a guest does not call: what is left is what the guest may do, and is printed. A guest that
//! imports anything but the contract is refused here, long before a host would.

use std::error::Error;
use std::path::Path;

use wit_component::{ComponentEncoder, DecodedWasm};

const PACKAGE: &str = "oomnitza:connector/";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(module), Some(component)) = (arguments.next(), arguments.next()) else {
        return Err("usage: guests-componentize MODULE COMPONENT".into());
    };
    let (module, component) = (Path::new(&module), Path::new(&component));
    let bytes = std::fs::read(module).map_err(|error| format!("{}: {error}", module.display()))?;
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(&bytes)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| format!("{}: {error:#}", module.display()))?;
    let imports = imports(&encoded)?;
    if let Some(foreign) = imports.iter().find(|import| !import.starts_with(PACKAGE)) {
        return Err(format!(
            "{}: imports `{foreign}`, which no host of ours offers",
            module.display()
        )
        .into());
    }
    if std::fs::read(component).is_ok_and(|old| old == encoded) {
        return Ok(());
    }
    std::fs::write(component, &encoded).map_err(|error| format!("{}: {error}", component.display()))?;
    let names: Vec<&str> = imports
        .iter()
        .filter_map(|import| import.strip_prefix(PACKAGE)?.split('@').next())
        .collect();
    let names = if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    };
    #[expect(clippy::print_stderr, reason = "a build step tells what it made")]
    {
        eprintln!(
            "guests: {} ({} KiB) imports {names}",
            component.display(),
            encoded.len() / 1024
        );
    }
    Ok(())
}

/// The names of what a component imports.
fn imports(component: &[u8]) -> Result<Vec<String>, Box<dyn Error>> {
    let DecodedWasm::Component(resolve, world) =
        wit_component::decode(component).map_err(|error| format!("{error:#}"))?
    else {
        return Err("what was made is no component".into());
    };
    let world = resolve.worlds.get(world).ok_or("the component has no world")?;
    Ok(world.imports.keys().map(|key| resolve.name_world_key(key)).collect())
}
