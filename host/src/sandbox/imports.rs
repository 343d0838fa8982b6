//! What a component may import, judged before anything of it runs.

use wasmtime::component::Component;

use super::engine::Engine;
use super::error::Error;
use super::wasi;

/// The contract's package.
const PACKAGE: &str = "oomnitza:connector/";

/// The contract's version.
pub(super) const VERSION: &str = "0.1.0";

/// The worlds a component can be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum World {
    Connector,
    Mapper,
    Script,
}

impl World {
    fn name(self) -> &'static str {
        match self {
            Self::Connector => "connector",
            Self::Mapper => "mapper",
            Self::Script => "script",
        }
    }

    fn offers(self, interface: &str) -> bool {
        match self {
            Self::Connector => matches!(interface, "http" | "ldap" | "sql" | "log" | "clock"),
            Self::Mapper => false,
            Self::Script => interface == "converters",
        }
    }

    fn export(self) -> &'static str {
        match self {
            Self::Connector => "source",
            Self::Mapper => "mapping",
            Self::Script => "scripting",
        }
    }
}

/// The interfaces of ours that a component imports, after all of its imports and its export were found to be in order.
pub(super) fn check(engine: &Engine, component: &Component, world: World) -> Result<Vec<String>, Error> {
    let kind = component.component_type();
    let mut interfaces = Vec::new();
    for (name, _) in kind.imports(engine.wasmtime()) {
        // What there is of it reaches nothing (`wasi`).
        if world == World::Script && name.starts_with(wasi::PACKAGE) {
            continue;
        }
        let (interface, version) = split(name).ok_or_else(|| Error::ForbiddenImport {
            name: name.to_owned(),
            world: world.name(),
        })?;
        if version != VERSION {
            return Err(Error::ContractVersion {
                found: version.to_owned(),
                supported: VERSION,
            });
        }
        if !world.offers(interface) {
            return Err(Error::ForbiddenImport {
                name: name.to_owned(),
                world: world.name(),
            });
        }
        interfaces.push(interface.to_owned());
    }
    let wanted = format!("{PACKAGE}{}@{VERSION}", world.export());
    let mut other_version = None;
    for (name, _) in kind.exports(engine.wasmtime()) {
        if name == wanted {
            return Ok(interfaces);
        }
        if let Some((interface, version)) = split(name)
            && interface == world.export()
        {
            other_version = Some(version.to_owned());
        }
    }
    Err(match other_version {
        Some(found) => Error::ContractVersion {
            found,
            supported: VERSION,
        },
        None => Error::MissingExport { name: wanted },
    })
}

/// Interface and version of a name of ours.
fn split(name: &str) -> Option<(&str, &str)> {
    let (interface, version) = name
        .strip_prefix(PACKAGE)?
        .split_once('@')
        .unwrap_or((name.strip_prefix(PACKAGE)?, "none"));
    Some((interface, version))
}

/// Which of `imports` the section was not granted.
pub(super) fn ungranted(imports: &[String], granted: impl Fn(&str) -> bool) -> Result<(), Error> {
    match imports.iter().find(|interface| !granted(interface)) {
        Some(interface) => Err(Error::NotGranted {
            name: format!("{PACKAGE}{interface}@{VERSION}"),
        }),
        None => Ok(()),
    }
}
