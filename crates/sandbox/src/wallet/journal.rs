//! What the wallets keep over a restart: lines of JSON in files of bounded size.
//!
//! A batch of changes is one write, before its answers leave; it survives the end of the process,
//! not that of the machine, which a simulation need not. When a file is full the next one begins
//! with all that is not over yet, and the oldest file goes: what was long over is forgotten.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use super::books::{Books, Line};
use crate::limits::{WALLET_JOURNAL_FILE_BYTES_MAX, WALLET_JOURNAL_FILES_MAX};
use crate::partners::StartError;

/// The open journal; without a folder it forgets.
pub(super) struct Journal {
    folder: Option<PathBuf>,
    /// Numbers of the files, the newest last.
    numbers: Vec<u64>,
    file: Option<File>,
    bytes: u64,
    buffer: Vec<u8>,
}

impl Journal {
    /// Opens the files `wallet-NUMBER.jsonl` in the folder and takes their lines into the books.
    pub(super) fn open(folder: Option<&Path>, books: &mut Books) -> Result<Self, StartError> {
        let mut journal = Self {
            folder: folder.map(Path::to_path_buf),
            numbers: Vec::new(),
            file: None,
            bytes: 0,
            buffer: Vec::new(),
        };
        let Some(folder) = folder else {
            return Ok(journal);
        };
        let failed = |error: std::io::Error| broken(folder, &error.to_string());
        std::fs::create_dir_all(folder).map_err(failed)?;
        journal.numbers = numbers(folder).map_err(failed)?;
        for number in &journal.numbers {
            let path = path(folder, *number);
            read(&path, books).map_err(|reason| broken(&path, &reason))?;
        }
        // A fresh file at each start: nothing is written behind a line that was cut off.
        journal.turn(books).map_err(failed)?;
        Ok(journal)
    }

    /// Writes changes down. A failure is logged: the simulation goes on in memory.
    pub(super) fn append(&mut self, lines: &[Line<'_>], books: &Books) {
        if lines.is_empty() || self.folder.is_none() {
            return;
        }
        let written = self.write(lines).and_then(|()| {
            let full = self.bytes >= WALLET_JOURNAL_FILE_BYTES_MAX;
            if full { self.turn(books) } else { Ok(()) }
        });
        if let Err(error) = written {
            tracing::error!(%error, "the simulated wallets cannot write");
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) -> Result<(), StartError> {
        let Some(folder) = self.folder.clone() else {
            return Ok(());
        };
        for number in std::mem::take(&mut self.numbers) {
            let path = path(&folder, number);
            std::fs::remove_file(&path).map_err(|error| broken(&path, &error.to_string()))?;
        }
        let started = self.turn(&Books::default());
        started.map_err(|error| broken(&folder, &error.to_string()))
    }

    fn write(&mut self, lines: &[Line<'_>]) -> std::io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        self.buffer.clear();
        for line in lines {
            serde_json::to_writer(&mut self.buffer, line)?;
            self.buffer.push(b'\n');
        }
        let length = u64::try_from(self.buffer.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(length);
        file.write_all(&self.buffer)
    }

    /// Begins the next file with all that is open, and drops the oldest.
    fn turn(&mut self, books: &Books) -> std::io::Result<()> {
        let Some(folder) = self.folder.clone() else {
            return Ok(());
        };
        let number = self.numbers.last().map_or(1, |last| last.saturating_add(1));
        let options = OpenOptions::new().create(true).append(true).open(path(&folder, number))?;
        self.file = Some(options);
        self.numbers.push(number);
        self.bytes = 0;
        self.write(&books.open_lines())?;
        while self.numbers.len() > WALLET_JOURNAL_FILES_MAX {
            std::fs::remove_file(path(&folder, self.numbers.remove(0)))?;
        }
        Ok(())
    }
}

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("wallet-{number:06}.jsonl"))
}

fn numbers(folder: &Path) -> std::io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("wallet-"));
        let number = number.and_then(|rest| rest.strip_suffix(".jsonl"));
        numbers.extend(number.and_then(|digits| digits.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Reads a file line by line; a last line that was cut off by a crash is dropped.
fn read(path: &Path, books: &mut Books) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut reader = BufReader::new(file);
    let (mut text, mut count) = (String::new(), 0_u64);
    loop {
        text.clear();
        count = count.saturating_add(1);
        let read = reader.read_line(&mut text).map_err(|error| error.to_string())?;
        let Some(whole) = text.strip_suffix('\n').filter(|_| read > 0) else {
            return Ok(());
        };
        let line: Line<'_> =
            serde_json::from_str(whole).map_err(|_| format!("line {count} is not a record"))?;
        books.recall(line);
    }
}

fn broken(path: &Path, reason: &str) -> StartError {
    StartError::Journal { path: path.display().to_string(), reason: reason.to_owned() }
}
