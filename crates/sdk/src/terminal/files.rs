//! Small files that survive a crash: whole or not there, readable by their owner only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::TerminalError;
use crate::limits::TERMINAL_FILE_BYTES_MAX;

/// Writes a document: to a temporary file, to the disk, then under its name. After this returns,
/// the document survives the machine's loss of power.
pub(crate) fn write(file: &Path, document: &impl Serialize) -> Result<(), TerminalError> {
    let text = serde_json::to_vec_pretty(document).map_err(io::Error::other);
    text.and_then(|text| replace(file, &text)).map_err(|source| failed(file, source))
}

fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = file.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(&temporary)?;
    open.write_all(bytes)?;
    open.sync_all()?;
    drop(open);
    fs::rename(&temporary, file)?;
    sync_folder_of(file)
}

/// The name itself is on the disk only when its folder is.
fn sync_folder_of(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Reads a document; `None` if there is no such file.
pub(crate) fn read<T: DeserializeOwned>(file: &Path) -> Result<Option<T>, TerminalError> {
    let open = match File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(file, error)),
    };
    let mut text = Vec::new();
    let mut bounded = open.take(TERMINAL_FILE_BYTES_MAX);
    bounded.read_to_end(&mut text).map_err(|source| failed(file, source))?;
    let read = serde_json::from_slice(&text).map_err(io::Error::other);
    read.map(Some).map_err(|source| failed(file, source))
}

/// Removes a document, for good.
pub(crate) fn remove(file: &Path) -> Result<(), TerminalError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(file, error)),
        _ => sync_folder_of(file).map_err(|source| failed(file, source)),
    }
}

/// Makes a folder that only its owner may enter.
pub(crate) fn make_folder(folder: &Path) -> Result<(), TerminalError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| failed(folder, source))
}

/// Holds a folder for this process alone, until the file is dropped.
pub(crate) fn hold(folder: &Path) -> Result<File, TerminalError> {
    let name = folder.join("lock");
    let file = File::create(&name).map_err(|source| failed(&name, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => {
            Err(TerminalError::Taken { folder: folder.to_owned() })
        }
        Err(fs::TryLockError::Error(source)) => Err(failed(&name, source)),
    }
}

pub(crate) fn failed(file: &Path, source: io::Error) -> TerminalError {
    TerminalError::File { file: file.to_owned(), source }
}
