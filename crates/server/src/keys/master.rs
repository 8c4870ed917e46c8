//! Where the master key comes from: a file that only its owner reads, or the environment.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jose::seal::MasterKey;

use crate::failure::Failure;
use crate::files;

const NO_ROOM: &str = "there is no room left on the disk; make room and start again";

/// Reads the master key of a file.
///
/// Refused when others than the owner may read the file.
pub(crate) fn read(path: &Path) -> Result<MasterKey, Failure> {
    let shown = path.display();
    files::for_its_owner_alone(path, "master key")?;
    let text = fs::read_to_string(path).map_err(|error| Failure::at(&shown, explain(&error)))?;
    MasterKey::from_text(&text).map_err(|error| Failure::at(&shown, error))
}

/// Reads the master key of a file, or makes both when there is no file.
pub(crate) fn read_or_make(path: &Path) -> Result<MasterKey, Failure> {
    if path.exists() {
        return read(path);
    }
    let shown = path.display();
    let key = MasterKey::generate().map_err(|error| Failure::at("the master key", error))?;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| Failure::at(&shown, explain(&error)))?;
    writeln!(file, "{}", key.to_text().expose())
        .and_then(|()| file.sync_all())
        .map_err(|error| Failure::at(path.display(), explain(&error)))?;
    Ok(key)
}

/// Reads the master key of an environment variable.
pub(crate) fn from_environment(name: &str) -> Result<MasterKey, Failure> {
    let text = std::env::var(name).map_err(|_| {
        Failure::new(format!("the environment variable {name} with the master key is not set"))
    })?;
    MasterKey::from_text(&text).map_err(|error| Failure::at(name, error))
}

/// What an operator can do about a file error.
pub(crate) fn explain(error: &std::io::Error) -> String {
    let known = [
        (ErrorKind::NotFound, "there is no such file or folder; check the path"),
        (ErrorKind::PermissionDenied, "this user may not do that; check owner and permissions"),
        (ErrorKind::StorageFull, NO_ROOM),
        (ErrorKind::QuotaExceeded, NO_ROOM),
        (ErrorKind::ReadOnlyFilesystem, "the file system is read-only; choose another folder"),
        (ErrorKind::NotADirectory, "a part of the path is not a folder; check it"),
        (ErrorKind::IsADirectory, "it is a folder; name a file"),
        (ErrorKind::AlreadyExists, "there is a file of this name; name a folder"),
    ];
    let found = known.into_iter().find(|(kind, _)| *kind == error.kind());
    found.map_or_else(|| error.to_string(), |(_, words)| words.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_master_key_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let made = read_or_make(&path).ok().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read_or_make(&path).ok().unwrap().id(), made.id());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = read(&path).err().unwrap().to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
    }

    #[test]
    fn a_damaged_master_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        fs::write(&path, "abc").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let refused = read(&path).err().unwrap().to_string();
        assert!(refused.contains("master.key") && refused.contains("32 bytes"), "{refused}");
    }
}
