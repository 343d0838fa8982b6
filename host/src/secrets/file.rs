//! `<setting>_file`: a file that holds nothing but the secret, as Docker, Kubernetes and systemd hand them over.

use std::path::Path;

use super::{MOST_BYTES, Problem, text};
use crate::files;
use crate::redact::Secret;

pub(super) fn read(path: &Path) -> Result<Secret, Problem> {
    let shown = path.display();
    let refused = |what: &str| {
        Problem::new(
            format!("the file `{shown}` {what}"),
            "name a file that holds nothing but the secret",
        )
    };
    // What is no file may never end, or never begin.
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(refused("is not a regular file")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Problem::new(
                format!("there is no file `{shown}`"),
                "name a file that holds nothing but the secret; a relative path begins where the ini file is",
            ));
        }
        _ => {}
    }
    match files::read(path, MOST_BYTES as u64) {
        Ok(Some(bytes)) => text(bytes).map_err(refused),
        Ok(None) => Err(refused("is gone")),
        Err(error) => Err(Problem::new(
            format!("the file `{shown}` cannot be read: {error}"),
            files::read_hint(&error),
        )),
    }
}
