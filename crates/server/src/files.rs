//! Reading files and standard input within bounds, with errors that name the file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::failure::Failure;
use crate::keys::master::explain;

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
