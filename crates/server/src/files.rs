//! Reading files and standard input within bounds, and writing what only its owner may read, with
//! errors that name the file.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::failure::{Failure, Outcome};
use crate::keys::master::explain;

/// Refuses a file of secrets that others than its owner may read; `what` is in it.
pub(crate) fn for_its_owner_alone(path: &Path, what: &str) -> Outcome {
    let shown = path.display();
    let metadata = fs::metadata(path).map_err(|error| Failure::at(&shown, explain(&error)))?;
    if metadata.permissions().mode() & 0o077 != 0 {
        let refused = format!("{shown}: others may read this {what}; run chmod 600 {shown}");
        return Err(Failure::new(refused));
    }
    Ok(())
}

/// Reads a whole file of at most `bytes_max` bytes.
pub(crate) fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).map_err(|error| Failure::at(path.display(), explain(&error)))?;
    read_from(file, &path.display().to_string(), bytes_max)
}

/// Reads a whole text file of at most `bytes_max` bytes.
pub(crate) fn read_text(path: &Path, bytes_max: usize) -> Result<String, Failure> {
    let bytes = read(path, bytes_max)?;
    String::from_utf8(bytes).map_err(|_| Failure::at(path.display(), "it is not UTF-8 text"))
}

/// Reads the named file, or standard input when there is none or it is `-`.
pub(crate) fn read_input(path: Option<&Path>, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    match path {
        Some(path) if path.as_os_str() != "-" => read(path, bytes_max),
        Some(_) | None => read_from(std::io::stdin().lock(), "standard input", bytes_max),
    }
}

fn read_from(source: impl Read, name: &str, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let bound = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    source
        .take(bound)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::at(name, explain(&error)))?;
    if bytes.len() > bytes_max {
        return Err(Failure::at(name, format!("it is longer than {bytes_max} bytes")));
    }
    Ok(bytes)
}

/// Writes a file that only its owner reads, mode 0600: a reader sees the old one or the new one.
pub(crate) fn write_private(path: &Path, text: &str) -> Outcome {
    let failed = |error: std::io::Error| Failure::at(path.display(), explain(&error));
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    let beside = path.with_file_name(name);
    // What a crash left here may have another mode.
    let _ = fs::remove_file(&beside);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)
}
