//! Where components come from: a path, the connectors directory, or this program itself. One mechanism for all three: the component
//! is loaded, its imports are judged, and it is asked what it is.

mod built_in;
mod error;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub use built_in::BuiltIn;
pub use error::Error;

use crate::config::schema::Description;
use crate::files;
use crate::sandbox::{self, Digest, Loaded, Loader};

/// The name under which the mapping component is built in.
const MAPPER: &str = "mapper";

/// The name under which the component that runs code of the ini file is built in.
const PYTHON: &str = "python";

/// The components that can be had.
#[derive(Clone)]
pub struct Catalog {
    loader: Loader,
    built_in: &'static [BuiltIn],
    directory: Option<PathBuf>,
}

/// A connector, ready to run.
pub struct Connector {
    /// The compiled component.
    pub loaded: Loaded,
    /// What it says about itself.
    pub description: Description,
    /// Where it came from, for people.
    pub origin: String,
    /// Whether it was shipped with this program.
    pub is_shipped: bool,
}

impl Catalog {
    /// A catalog of the built-in components and those in `directory`, where there is one.
    pub fn new(loader: Loader, built_in: &'static [BuiltIn], directory: Option<PathBuf>) -> Self {
        Self {
            loader,
            built_in,
            directory,
        }
    }

    /// What loads and limits the components.
    pub fn loader(&self) -> &Loader {
        &self.loader
    }

    /// The connector called `name`, from `path` if one is given, whose file may have so many bytes. A component in the connectors directory
    /// goes before a built-in one: that is how a vendor's correction is tried.
    pub async fn connector(&self, name: &str, path: Option<&Path>, component_bytes: usize) -> Result<Connector, Error> {
        let (loaded, origin, is_shipped) = self.load(name, path, component_bytes).await?;
        let failed = |source| Error::Unusable {
            name: name.to_owned(),
            origin: origin.clone(),
            source,
        };
        let description = sandbox::describe(self.loader.engine(), &loaded, self.loader.limits())
            .await
            .map_err(failed)?;
        if description.id != name {
            return Err(Error::OtherName {
                name: name.to_owned(),
                origin,
                says: description.id,
            });
        }
        Ok(Connector {
            loaded,
            description,
            origin,
            is_shipped,
        })
    }

    async fn load(
        &self,
        name: &str,
        path: Option<&Path>,
        component_bytes: usize,
    ) -> Result<(Loaded, String, bool), Error> {
        let unusable = |origin: &str, source| Error::Unusable {
            name: name.to_owned(),
            origin: origin.to_owned(),
            source,
        };
        let file = path.map(Path::to_owned).or_else(|| self.in_directory(name));
        if let Some(file) = file {
            let origin = file.display().to_string();
            let loaded = self
                .loader
                .connector(&file, component_bytes)
                .await
                .map_err(|source| unusable(&origin, source))?;
            return Ok((loaded, origin, false));
        }
        let found = self
            .built_in
            .iter()
            .find(|component| component.name == name && is_connector(name));
        let Some(component) = found else {
            return Err(Error::Unknown {
                name: name.to_owned(),
                known: self.names(),
            });
        };
        let loaded = self
            .loader
            .built_in_connector(component.compiled, component.digest)
            .map_err(|source| unusable("built in", source))?;
        Ok((loaded, "built in".to_owned(), true))
    }

    /// The file of a connector in the connectors directory. A section's name cannot lead out of it.
    fn in_directory(&self, name: &str) -> Option<PathBuf> {
        let is_plain = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let is_device = cfg!(windows) && files::is_device(name);
        if name.is_empty() || !name.chars().all(is_plain) || is_device {
            return None;
        }
        let file = self.directory.as_ref()?.join(format!("{name}.wasm"));
        // One that is there and cannot be used must not be replaced by the built-in one without a word.
        let is_missing = |error: std::io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
        let is_there = file
            .symlink_metadata()
            .map_or_else(|error| !is_missing(error), |_| true);
        is_there.then_some(file)
    }

    /// The mapping component.
    pub fn mapper(&self) -> Result<Loaded, Error> {
        self.own(MAPPER, Loader::built_in_mapper)
    }

    /// The component that runs code of the ini file.
    pub fn python(&self) -> Result<Loaded, Error> {
        self.own(PYTHON, Loader::built_in_script)
    }

    fn own(
        &self,
        name: &'static str,
        load: impl FnOnce(&Loader, &'static [u8], Digest) -> Result<Loaded, sandbox::Error>,
    ) -> Result<Loaded, Error> {
        let component = self
            .built_in
            .iter()
            .find(|component| component.name == name)
            .ok_or(Error::Incomplete { name })?;
        load(&self.loader, component.compiled, component.digest).map_err(|source| Error::Unusable {
            name: name.to_owned(),
            origin: "built in".to_owned(),
            source,
        })
    }

    /// The names of the connectors that can be had without a path, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .built_in
            .iter()
            .map(|component| component.name)
            .filter(|name| is_connector(name))
            .map(str::to_owned)
            .collect();
        let files = self
            .directory
            .iter()
            .filter_map(|directory| std::fs::read_dir(directory).ok())
            .flatten()
            .flatten();
        names.extend(files.filter_map(|file| {
            file.file_name()
                .to_str()
                .and_then(|name| name.strip_suffix(".wasm"))
                .map(str::to_owned)
        }));
        names.sort();
        names.dedup();
        names
    }
}

/// Whether a built-in component is a source, and no part of this program's own.
fn is_connector(name: &str) -> bool {
    name != MAPPER && name != PYTHON
}
