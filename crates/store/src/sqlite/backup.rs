//! A copy of a database file that another process may be writing.
//!
//! Invariant: the copy is the state between two commits, whole and on the disk before it has its
//! name; writers wait for nothing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::error::{OpenError, at_open};
use super::open;

/// Copies the database at `from` (a folder with one, or the file) to the new file `to`.
///
/// # Errors
/// [`OpenError`]: `from` is not there, older, newer, foreign or damaged; `to` is there already or
/// cannot be written; no room.
pub(super) fn backup(from: &Path, to: &Path) -> Result<(), OpenError> {
    let file = open::database_file(from);
    let connection = open::reading(&file)?;
    let access = |source| OpenError::Access { path: to.to_owned(), what: "written", source };
    if to.exists() {
        return Err(access(std::io::ErrorKind::AlreadyExists.into()));
    }
    let part = beside(to, ".part");
    // What an earlier attempt left.
    if part.exists() {
        fs::remove_file(&part).map_err(access)?;
    }
    // The engine takes an empty file that is there already; its owner alone may read it.
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&part).map_err(access)?;
    let name = part.to_str().ok_or_else(|| access(std::io::ErrorKind::InvalidFilename.into()))?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(at_open(&part, "copied"))?;
    finish(&part, to).map_err(access)
}

/// Makes the copy durable, then names it.
fn finish(part: &Path, to: &Path) -> std::io::Result<()> {
    File::open(part)?.sync_all()?;
    fs::rename(part, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
