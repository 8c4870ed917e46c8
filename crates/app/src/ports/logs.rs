//! Where the logs that terminals send are kept (upay.md section 4.4).

use std::io;

use async_trait::async_trait;
use domain::ids::TerminalSn;
use jiff::Timestamp;

/// Keeps the logs of terminals, by day; opaque bytes.
#[async_trait]
pub trait LogBooks: Send + Sync + 'static {
    /// Keeps one log.
    ///
    /// # Errors
    /// The disk's; [`io::ErrorKind::QuotaExceeded`] when the day's room is used up.
    async fn keep(&self, terminal: &TerminalSn, at: Timestamp, bytes: &[u8]) -> io::Result<()>;

    /// The logs of a terminal, oldest first, at most `count_max`: name and size in bytes.
    ///
    /// # Errors
    /// The disk's.
    async fn list(&self, terminal: &TerminalSn, count_max: usize)
    -> io::Result<Vec<(String, u64)>>;

    /// One log by its name.
    ///
    /// # Errors
    /// The disk's; [`io::ErrorKind::NotFound`].
    async fn read(&self, terminal: &TerminalSn, name: &str) -> io::Result<Vec<u8>>;
}
