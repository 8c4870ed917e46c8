//! The logs that terminals send (upay.md section 4.4): opaque files in a folder a day.
//!
//! A log is written whole or not at all. A day's folder has a bound; what does not fit is refused,
//! so that terminals cannot fill the disk of the ledger.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use app::ports::LogBooks;
use async_trait::async_trait;
use domain::ids::TerminalSn;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::fs;

use crate::limits::TERMINAL_LOGS_DAY_BYTES_MAX;

/// A folder with a folder for each day.
pub(crate) struct FolderLogs {
    folder: PathBuf,
    zone: TimeZone,
    /// The day that was counted last, as `YYYYMMDD`, and the bytes of it.
    day: AtomicU64,
    bytes: AtomicU64,
    count: AtomicU64,
}

impl FolderLogs {
    /// Keeps logs below this folder, which is made with the first one; days are those of the zone.
    pub(crate) fn new(folder: PathBuf, zone: TimeZone) -> Self {
        let zero = || AtomicU64::new(0);
        Self { folder, zone, day: zero(), bytes: zero(), count: zero() }
    }

    /// Takes room of the day, or says that there is none left.
    async fn take_room(&self, day: &str, bytes: u64) -> io::Result<()> {
        let number: u64 = day.replace('-', "").parse().unwrap_or(0);
        if self.day.swap(number, Ordering::SeqCst) != number {
            self.bytes.store(size_of(&self.folder.join(day)).await?, Ordering::SeqCst);
        }
        let before = self.bytes.fetch_add(bytes, Ordering::SeqCst);
        if before.saturating_add(bytes) <= TERMINAL_LOGS_DAY_BYTES_MAX {
            return Ok(());
        }
        self.bytes.fetch_sub(bytes, Ordering::SeqCst);
        Err(io::Error::new(io::ErrorKind::QuotaExceeded, "the day's room for logs is used up"))
    }
}

#[async_trait]
impl LogBooks for FolderLogs {
    async fn keep(&self, terminal: &TerminalSn, at: Timestamp, bytes: &[u8]) -> io::Result<()> {
        let local = at.to_zoned(self.zone.clone());
        let day = local.strftime("%Y-%m-%d").to_string();
        self.take_room(&day, u64::try_from(bytes.len()).unwrap_or(u64::MAX)).await?;
        let folder = self.folder.join(&day);
        fs::create_dir_all(&folder).await?;
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let time = local.strftime("%H%M%S%3f").to_string();
        let name = format!("{}-{time}-{count}.log", plain(terminal));
        let unfinished = folder.join(format!("{name}.part"));
        fs::write(&unfinished, bytes).await?;
        fs::rename(&unfinished, folder.join(name)).await
    }

    async fn list(
        &self,
        terminal: &TerminalSn,
        count_max: usize,
    ) -> io::Result<Vec<(String, u64)>> {
        let prefix = format!("{}-", plain(terminal));
        let mut found = Vec::new();
        for (day, folder) in entries(&self.folder).await? {
            for (name, file) in entries(&folder).await? {
                let is_whole = file.extension().is_some_and(|end| end == "log");
                if is_whole && name.starts_with(&prefix) && found.len() < count_max {
                    let bytes = fs::metadata(file).await?.len();
                    found.push((format!("{day}/{name}"), bytes));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    async fn read(&self, terminal: &TerminalSn, name: &str) -> io::Result<Vec<u8>> {
        let listed = self.list(terminal, usize::MAX).await?;
        // Only what is listed is read, so that no name leads out of the folder.
        if listed.iter().any(|(known, _)| known == name) {
            fs::read(self.folder.join(name)).await
        } else {
            Err(io::Error::new(io::ErrorKind::NotFound, "no such log of this terminal"))
        }
    }
}

/// The digits of a terminal number, which alone may stand in a file's name.
fn plain(terminal: &TerminalSn) -> String {
    terminal.as_str().chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The names in a folder, with their paths; nothing when there is no folder.
async fn entries(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut reader = match fs::read_dir(folder).await {
        Ok(reader) => reader,
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    while let Some(entry) = reader.next_entry().await? {
        found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    found.sort();
    Ok(found)
}

async fn size_of(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for (_, file) in entries(folder).await? {
        bytes = bytes.saturating_add(fs::metadata(file).await?.len());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_log_is_kept_by_its_day_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let logs = FolderLogs::new(folder.path().join("logs"), zone);
        let (mine, other) = (TerminalSn::new("1001"), TerminalSn::new("100"));
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        logs.keep(&mine, at("2026-01-05T15:59:59Z"), b"first").await.unwrap();
        logs.keep(&mine, at("2026-01-05T16:00:00Z"), &[0x1f, 0x8b, 0]).await.unwrap();
        let listed = logs.list(&mine, 10).await.unwrap();
        assert_eq!(listed.len(), 2);
        assert!(listed[0].0.starts_with("2026-01-05/1001-235959"), "{listed:?}");
        assert!(listed[1].0.starts_with("2026-01-06/1001-000000"), "{listed:?}");
        assert_eq!(logs.read(&mine, &listed[1].0).await.unwrap(), [0x1f, 0x8b, 0]);
        assert!(logs.list(&other, 10).await.unwrap().is_empty());
        assert!(logs.read(&other, &listed[1].0).await.is_err());
        assert!(logs.read(&mine, "../logs").await.is_err());
    }

    #[tokio::test]
    async fn a_day_has_a_bound() {
        let folder = tempfile::tempdir().unwrap();
        let logs = FolderLogs::new(folder.path().to_owned(), TimeZone::UTC);
        let now = "2026-01-05T10:00:00Z".parse().unwrap();
        logs.keep(&TerminalSn::new("1"), now, b"x").await.unwrap();
        logs.bytes.store(TERMINAL_LOGS_DAY_BYTES_MAX - 1, Ordering::SeqCst);
        logs.keep(&TerminalSn::new("1"), now, b"y").await.unwrap();
        let refused = logs.keep(&TerminalSn::new("1"), now, b"z").await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::QuotaExceeded);
    }
}
