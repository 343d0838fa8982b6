//! Small files that are there whole or not at all, for nobody else to read.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// What the names of files end with that are still being written.
const PART: &str = ".part";

/// A section's name as a part of a file's: letters, digits, `.`, `_`, `-`, never hidden, at most 80 characters.
pub(crate) fn plain(section: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    let name: String = section
        .chars()
        .take(80)
        .map(|character| if is_plain(character) { character } else { '_' })
        .collect();
    if name.starts_with(['.', '-']) || name.is_empty() {
        format!("_{name}")
    } else {
        name
    }
}

/// Whether a name, whatever its extension, is that of a device on Windows: such a file cannot be there, and opening it opens the device.
pub(crate) fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).to_ascii_uppercase();
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || (stem.len() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")))
}

/// A section's name as that of a folder of its own, on every system: two sections never share one, and none is a device's name.
pub(crate) fn folder(section: &str) -> String {
    let name = plain(section);
    // Windows takes a dot away from the end of a name.
    if name == section && !is_device(&name) && !name.ends_with('.') {
        return name;
    }
    let digest = Sha256::digest(section.as_bytes());
    let mark: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("_{name}-{mark}")
}

/// Sixteen hexadecimal digits that tell these parts from others.
pub(crate) fn hash<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest = digest.finalize();
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// What can be done where a file cannot be read, by what the system said of it.
pub(crate) fn read_hint(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::PermissionDenied => "let the user that runs this program read it",
        ErrorKind::FileTooLarge => "name another file; this one is too large to be the right one",
        _ => "name a plain file that is there",
    }
}

/// What can be done where a file cannot be written, by what the system said of it.
pub(crate) fn write_hint(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on the disk",
        ErrorKind::ReadOnlyFilesystem => "have the disk mounted for writing",
        ErrorKind::NotFound => "make the directory",
        ErrorKind::AlreadyExists | ErrorKind::IsADirectory | ErrorKind::NotADirectory => {
            "move away what is in its way there"
        }
        _ => "let the user that runs this program write there",
    }
}

/// A directory that only this user can look into, made if need be.
pub(crate) fn private_directory(directory: &Path) -> std::io::Result<()> {
    private().recursive(true).create(directory)
}

/// A new directory that only this user can look into. One that is there already, or a link, is an error.
pub(crate) fn new_private_directory(directory: &Path) -> std::io::Result<()> {
    private().create(directory)
}

fn private() -> std::fs::DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "who may look is inherited there"))]
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// A new file that only this user can read. One that is there already, or a link, is an error.
pub(crate) fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A file that only this user can read, to be written to, made if need be. What is in it stays.
pub(crate) fn kept_private_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Puts these bytes into a file, made if need be, that nobody relies on: a crash may leave a part of them.
pub(crate) fn note(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = kept_private_file(path)?;
    file.set_len(0)?;
    file.write_all(bytes)
}

/// The bytes of a file, if it is there.
pub(crate) fn read(path: &Path, most: u64) -> std::io::Result<Option<Vec<u8>>> {
    // A console would be read until somebody closes it.
    let name = path.file_name().and_then(|name| name.to_str());
    if cfg!(windows) && name.is_some_and(is_device) {
        return Err(std::io::Error::other("it is a device"));
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let what = format!("it has more than {most} bytes");
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, what));
    }
    Ok(Some(bytes))
}

/// Puts these bytes in place of a file: whoever reads it finds the old ones or the new ones. What processes left there that were killed while
/// they did so is removed.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    private_directory(directory)?;
    remove_left(directory);
    let (mut file, temporary) = temporary(path)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::rename(&temporary, path))
        .inspect_err(|_| _ = std::fs::remove_file(&temporary))?;
    // The name is to survive as well.
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(())
}

/// A new file beside `path`, to be written and renamed, with its name. As long as it is open it is locked, which says that it is not left.
fn temporary(path: &Path) -> std::io::Result<(File, PathBuf)> {
    loop {
        // Nobody else's: in containers that share a directory, processes have the same number.
        let name = format!("{}-{:016x}{PART}", std::process::id(), fastrand::u64(..));
        let temporary = path.with_extension(name);
        let file = private_file(&temporary)?;
        // Where there are no locks nothing is removed either.
        _ = file.lock();
        // Before it was locked, another process may have taken it for one that is left.
        if temporary.try_exists()? {
            return Ok((file, temporary));
        }
    }
}

/// Removes temporary files of this directory that nobody writes any more. One that cannot be removed only takes space.
fn remove_left(directory: &Path) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_plain = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_plain || !is_temporary(&path) {
            continue;
        }
        // Locked until it is removed: whoever has just made it waits for that, and makes another.
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
        {
            _ = std::fs::remove_file(&path);
        }
    }
}

/// Whether it has a name that [`temporary`] gives: others may have files beside ours.
fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mark = name
        .strip_suffix(PART)
        .and_then(|name| name.rsplit('.').next()?.split_once('-'));
    mark.is_some_and(|(process, random)| {
        process.parse::<u32>().is_ok() && random.len() == 16 && u64::from_str_radix(random, 16).is_ok()
    })
}

/// Renames a file that cannot be used to `.bad`, for somebody to look at.
pub(crate) fn set_aside(path: &Path) {
    if let Err(error) = std::fs::rename(path, path.with_extension("bad")) {
        tracing::warn!(path = %path.display(), %error, "the file cannot be set aside");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_done_follows_from_what_the_system_said() {
        for (kind, reading, writing) in [
            (
                ErrorKind::PermissionDenied,
                "let the user that runs this program read it",
                "let the user that runs this program write there",
            ),
            (
                ErrorKind::FileTooLarge,
                "name another file; this one is too large to be the right one",
                "",
            ),
            (
                ErrorKind::NotFound,
                "name a plain file that is there",
                "make the directory",
            ),
            (
                ErrorKind::IsADirectory,
                "name a plain file that is there",
                "move away what is in its way there",
            ),
            (
                ErrorKind::NotADirectory,
                "name a plain file that is there",
                "move away what is in its way there",
            ),
            (ErrorKind::StorageFull, "", "make room on the disk"),
            (ErrorKind::QuotaExceeded, "", "make room on the disk"),
            (ErrorKind::ReadOnlyFilesystem, "", "have the disk mounted for writing"),
        ] {
            let error = std::io::Error::from(kind);
            assert!(reading.is_empty() || read_hint(&error) == reading, "{kind}");
            assert!(writing.is_empty() || write_hint(&error) == writing, "{kind}");
        }
    }

    #[test]
    fn a_section_s_name_cannot_lead_anywhere() {
        for (section, name) in [
            ("ldap.Contractors", "ldap.Contractors"),
            ("../../etc/x", "_.._.._etc_x"),
            ("a b\0ü", "a_b__"),
            ("", "_"),
            ("-rf", "_-rf"),
        ] {
            assert_eq!(plain(section), name, "{section}");
        }
        assert_eq!(plain(&"x".repeat(500)).len(), 80);
    }

    #[test]
    fn a_section_s_folder_is_its_own_and_no_device() {
        assert_eq!(
            (folder("okta").as_str(), folder("ldap.Contractors").as_str()),
            ("okta", "ldap.Contractors")
        );
        let odd = [
            "ldap.a b",
            "ldap.a_b",
            "../x",
            "con",
            "CON.x",
            "lpt1",
            "okta.",
            "ldap.\u{fc}",
            "",
            ".",
        ];
        let folders: std::collections::BTreeSet<String> = odd.iter().map(|section| folder(section)).collect();
        assert_eq!(folders.len(), odd.len());
        for (section, folder) in odd.iter().map(|section| (section, folder(section))) {
            let is_as_written = folder == "ldap.a_b";
            assert!(is_as_written || folder.starts_with('_'), "{section}: {folder}");
            assert!(
                !folder.contains(['/', '\\', ' ']) && !folder.ends_with('.'),
                "{section}: {folder}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_replaced_whole_and_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("cursors").join("okta.json");
        assert_eq!(read(&path, 10).unwrap(), None);
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(read(&path, 10).unwrap().as_deref(), Some(&b"two"[..]));
        assert!(read(&path, 2).is_err());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let directory = path.parent().unwrap();
        assert_eq!(
            std::fs::metadata(directory).unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert_eq!(
            std::fs::read_dir(directory).unwrap().count(),
            1,
            "nothing is left behind"
        );
    }

    #[test]
    fn what_was_left_half_written_is_removed_and_what_is_being_written_is_not() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("okta.json");
        let left = home.path().join("other.4711-00c0ffee00c0ffee.part");
        let others = [
            "x.part",
            "x.12-34.part",
            "x.-00c0ffee00c0ffee.part",
            "x.a-00c0ffee00c0ffee.part",
        ];
        for name in others.iter().map(|name| home.path().join(name)).chain([left.clone()]) {
            std::fs::write(name, b"half").unwrap();
        }
        let (_under_way, written) = temporary(&path).unwrap();
        replace(&path, b"whole").unwrap();
        assert!(written.exists(), "somebody writes it");
        assert!(!left.exists(), "nobody writes it any more");
        for name in others {
            assert!(home.path().join(name).exists(), "{name} is none of ours");
        }
    }

    /// Whoever looks for what is left takes nothing away from those who write at the same time.
    #[test]
    fn many_who_write_at_once_do_not_disturb_each_other() {
        let home = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let path = home.path().join(format!("{writer}.json"));
                scope.spawn(move || {
                    for _ in 0..50 {
                        replace(&path, b"whole").unwrap();
                    }
                });
            }
        });
        assert_eq!(
            std::fs::read_dir(home.path()).unwrap().count(),
            8,
            "nothing is left behind"
        );
    }
}
