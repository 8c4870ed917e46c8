//! What a partner keeps over a restart: one small append-only file of JSON lines.
//!
//! A line is the whole record; the last one of a key counts. A line that was cut off by a crash
//! is dropped. Without a folder everything stays in memory.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits::JOURNAL_BYTES_MAX;
use crate::partners::StartError;

/// An open journal; without a file it forgets.
pub(crate) struct Journal {
    file: Option<(PathBuf, Mutex<File>)>,
}

impl Journal {
    /// Opens `folder/name.jsonl` and gives back the last record of each key, in the order in
    /// which the keys first came.
    pub(crate) fn open<T: Serialize + DeserializeOwned>(
        folder: Option<&Path>,
        name: &str,
        key: impl Fn(&T) -> String,
    ) -> Result<(Self, Vec<T>), StartError> {
        let Some(folder) = folder else {
            return Ok((Self { file: None }, Vec::new()));
        };
        let path = folder.join(format!("{name}.jsonl"));
        let failed = |error: std::io::Error| StartError::Journal {
            path: path.display().to_string(),
            reason: error.to_string(),
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let text = read(&path).map_err(failed)?;
        let (records, superseded) = records(&text, key).map_err(|line| StartError::Journal {
            path: path.display().to_string(),
            reason: format!("line {line} is not a record"),
        })?;
        if superseded {
            rewrite(&path, &records).map_err(failed)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        Ok((Self { file: Some((path, Mutex::new(file))) }, records))
    }

    /// Adds the state of a record. A failure is logged: a simulated partner goes on in memory.
    pub(crate) fn append<T: Serialize>(&self, record: &T) {
        let Some((path, file)) = &self.file else {
            return;
        };
        let written = serde_json::to_vec(record).map_err(std::io::Error::other).and_then(|line| {
            let line = [line.as_slice(), b"\n"].concat();
            file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
        });
        if let Err(error) = written {
            tracing::error!(path = %path.display(), %error, "a simulated partner cannot write");
        }
    }

    /// Forgets all records.
    pub(crate) fn clear(&self) -> Result<(), StartError> {
        let Some((path, file)) = &self.file else {
            return Ok(());
        };
        let file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.set_len(0).map_err(|error| StartError::Journal {
            path: path.display().to_string(),
            reason: error.to_string(),
        })
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(JOURNAL_BYTES_MAX).read_to_end(&mut bytes)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The last record of each key, and whether the file holds more than these.
fn records<T: DeserializeOwned>(
    text: &str,
    key: impl Fn(&T) -> String,
) -> Result<(Vec<T>, bool), usize> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut kept: Vec<T> = Vec::new();
    let mut superseded = false;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let Some(whole) = line.strip_suffix('\n') else {
            superseded = true;
            break;
        };
        let record: T = serde_json::from_str(whole).map_err(|_| index + 1)?;
        let place = *places.entry(key(&record)).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(old) => {
                *old = record;
                superseded = true;
            }
            None => kept.push(record),
        }
    }
    Ok((kept, superseded))
}

/// Replaces the file by the records alone, so that it does not grow from start to start.
fn rewrite<T: Serialize>(path: &Path, records: &[T]) -> std::io::Result<()> {
    let fresh = path.with_extension("jsonl.new");
    let mut text = Vec::new();
    for record in records {
        serde_json::to_writer(&mut text, record)?;
        text.push(b'\n');
    }
    let mut file = File::create(&fresh)?;
    file.write_all(&text)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pair = (String, u32);

    fn pair(key: &str, value: u32) -> Pair {
        (key.to_owned(), value)
    }

    fn open(folder: &Path) -> (Journal, Vec<Pair>) {
        Journal::open(Some(folder), "pairs", |pair: &Pair| pair.0.clone()).unwrap()
    }

    #[test]
    fn the_last_record_of_a_key_counts_and_a_torn_line_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, first) = open(folder.path());
        assert!(first.is_empty());
        for record in [pair("a", 1), pair("b", 2), pair("a", 3)] {
            journal.append(&record);
        }
        drop(journal);
        let path = folder.path().join("pairs.jsonl");
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"[\"c\",").unwrap();
        let (journal, kept) = open(folder.path());
        assert_eq!(kept, [pair("a", 3), pair("b", 2)]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "[\"a\",3]\n[\"b\",2]\n");
        journal.append(&pair("c", 4));
        journal.clear().unwrap();
        journal.append(&pair("d", 5));
        assert_eq!(open(folder.path()).1, [pair("d", 5)]);
    }

    #[test]
    fn a_damaged_line_in_the_middle_is_an_error_with_its_number() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pairs.jsonl"), "[\"a\",1]\nwhat\n").unwrap();
        let key = |pair: &Pair| pair.0.clone();
        let error = Journal::open(Some(folder.path()), "pairs", key).err().unwrap();
        assert!(error.to_string().contains("line 2"), "{error}");
    }
}
