//! Checkpoints: the write-ahead log is copied into the database beside the writing, so that no
//! commit waits for it, and is cut when nothing happens.
//!
//! The log begins anew only when all of it was copied. Under load a helper copies most of it
//! while the writer goes on; the writer then copies the short rest itself.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use crate::limits::{CHECKPOINT_PAGES, LOG_PAGES_MAX, LOOK_EVERY, QUIET, WRITER_PAGES_MAX};

/// The writer's side.
#[derive(Debug)]
pub(super) struct Checkpoints {
    signal: SyncSender<()>,
    commits: Arc<AtomicU64>,
    helper: JoinHandle<()>,
}

impl Checkpoints {
    /// Starts the helper on a connection of its own.
    pub(super) fn start(connection: Connection, file: &Path) -> std::io::Result<Self> {
        let (signal, signals) = sync_channel(1);
        let commits = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&commits);
        let file = file.to_owned();
        let helper = thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || help(&connection, &signals, &counted, &file))?;
        Ok(Self { signal, commits, helper })
    }

    /// Called by the writer after each of its transactions.
    pub(super) fn committed(&self, writer: &Connection) {
        if !self.commits.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOK_EVERY) {
            return;
        }
        let Ok((pages, copied)) = checkpoint(writer, Extent::Look) else { return };
        let left = pages.saturating_sub(copied);
        let is_long = pages >= CHECKPOINT_PAGES;
        if pages >= LOG_PAGES_MAX || (is_long && left < WRITER_PAGES_MAX) {
            // Readers at an older state may keep a part; the next commit tries again.
            let _ = checkpoint(writer, Extent::Copy);
        } else if is_long || left >= CHECKPOINT_PAGES / 2 {
            // Once the log is long the helper runs after the writer, each time a shorter way.
            // A full channel means that the helper is at it.
            let _ = self.signal.try_send(());
        }
    }

    /// Ends the helper, copies all that is left and cuts the log.
    pub(super) fn finish(self, writer: &Connection) {
        drop(self.signal);
        if self.helper.join().is_err() {
            tracing::error!("the checkpoint thread panicked");
        }
        if let Err(error) = checkpoint(writer, Extent::Cut) {
            tracing::warn!(%error, "the last checkpoint failed; the log is read at the next start");
        }
    }
}

fn help(connection: &Connection, signals: &Receiver<()>, commits: &AtomicU64, file: &Path) {
    let mut seen = 0;
    let mut cut = 0;
    loop {
        match signals.recv_timeout(QUIET) {
            Ok(()) => note(checkpoint(connection, Extent::Copy), file),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let now = commits.load(Ordering::Relaxed);
                if now == seen && now != cut {
                    note(checkpoint(connection, Extent::Cut), file);
                    cut = now;
                }
                seen = now;
            }
        }
    }
}

fn note(result: rusqlite::Result<(usize, usize)>, file: &Path) {
    match result {
        Ok((pages, copied)) => tracing::trace!(pages, copied, "checkpoint"),
        Err(error) => tracing::warn!(%error, file = %file.display(), "a checkpoint failed"),
    }
}

/// How much is done.
#[derive(Debug, Clone, Copy)]
enum Extent {
    /// Nothing; only the figures are wanted.
    Look,
    /// As much as goes without waiting.
    Copy,
    /// All, when nobody is in the way, and the log is cut to nothing.
    Cut,
}

/// Pages in the log, and how many of them are copied into the database. Somebody in the way is no
/// error: the next moment is as good.
fn checkpoint(connection: &Connection, extent: Extent) -> rusqlite::Result<(usize, usize)> {
    let sql = match extent {
        Extent::Look => "PRAGMA wal_checkpoint(NOOP)",
        Extent::Copy => "PRAGMA wal_checkpoint(PASSIVE)",
        Extent::Cut => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    let figures = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
    let (pages, copied) = connection.prepare_cached(sql)?.query_row([], figures)?;
    Ok((usize::try_from(pages).unwrap_or(0), usize::try_from(copied).unwrap_or(0)))
}
