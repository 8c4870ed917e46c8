//! Checkpoints: the write-ahead log is copied into the database beside the writing, so that no
//! commit waits for it, and is cut when nothing happens.
//!
//! The log begins anew only when all of it was copied. Under load a helper copies most of it
//! while the writer goes on; the writer then copies the short rest itself.
//!
//! The engine syncs the database only at the end of a whole copy, which is the writer's: commits
//! would wait for all that the helper has copied. So the helper syncs its part itself.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ffi};

use crate::limits::{
    CHECKPOINT_PAGES, COPY_PAGES, LOG_PAGES_MAX, LOOK_EVERY, QUIET, WRITER_PAGES_MAX,
};

/// The writer's side.
#[derive(Debug)]
pub(super) struct Checkpoints {
    signal: SyncSender<()>,
    shared: Arc<Shared>,
    helper: JoinHandle<()>,
}

/// What writer and helper share.
#[derive(Debug)]
struct Shared {
    database: File,
    commits: AtomicU64,
    /// The database could not be synced: the system may have dropped what it did not write, so that
    /// a later sync that succeeds proves nothing. From then on the log is kept, and is copied anew
    /// when the store is opened the next time.
    is_unsynced: AtomicBool,
}

impl Checkpoints {
    /// Starts the helper on a connection of its own. `database` is the file at `path`.
    pub(super) fn start(
        connection: Connection,
        database: File,
        path: &Path,
    ) -> std::io::Result<Self> {
        let (signal, signals) = sync_channel(1);
        let (commits, is_unsynced) = (AtomicU64::new(0), AtomicBool::new(false));
        let shared = Arc::new(Shared { database, commits, is_unsynced });
        let (with_helper, path) = (Arc::clone(&shared), path.to_owned());
        let helper = thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || help(&connection, &signals, &with_helper, &path))?;
        Ok(Self { signal, shared, helper })
    }

    /// Called by the writer after each of its transactions.
    pub(super) fn committed(&self, writer: &Connection) {
        if !self.shared.commits.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOK_EVERY) {
            return;
        }
        let Ok((pages, copied)) = checkpoint(writer, Extent::Look) else { return };
        let left = pages.saturating_sub(copied);
        let is_long = pages >= CHECKPOINT_PAGES;
        if pages >= LOG_PAGES_MAX || (is_long && left < WRITER_PAGES_MAX) {
            // Readers at an older state may keep a part; the next commit tries again.
            let _ = self.shared.copy(writer, Extent::Copy);
        } else if is_long || left >= COPY_PAGES {
            // Once the log is long the helper runs after the writer, each time a shorter way.
            // A full channel means that the helper is at it.
            let _ = self.signal.try_send(());
        }
    }

    /// Ends the helper, copies all that is left and cuts the log. What is returned must be kept
    /// until no connection is left: the system takes all locks of a process from a file of which it
    /// closes a descriptor.
    pub(super) fn finish(self, writer: &Connection) -> impl Sized + use<> {
        drop(self.signal);
        if self.helper.join().is_err() {
            tracing::error!("the checkpoint thread panicked");
        }
        if let Err(error) = self.shared.copy(writer, Extent::Cut) {
            tracing::warn!(%error, "the last checkpoint failed; the log is read at the next start");
        }
        self.shared.keep_log(writer);
        self.shared
    }
}

impl Shared {
    /// A checkpoint, unless the database is no longer trusted.
    fn copy(&self, connection: &Connection, extent: Extent) -> rusqlite::Result<(usize, usize)> {
        if self.is_unsynced.load(Ordering::Relaxed) {
            return checkpoint(connection, Extent::Look);
        }
        let copied = checkpoint(connection, extent);
        let code =
            copied.as_ref().err().and_then(|it| it.sqlite_error()).map(|it| it.extended_code);
        if code == Some(ffi::SQLITE_IOERR_FSYNC) {
            self.distrust(&"its engine's sync failed");
        }
        copied
    }

    /// What is copied and synced here is not in the writer's way when it ends the copy.
    fn copy_and_sync(&self, connection: &Connection) -> rusqlite::Result<(usize, usize)> {
        let copied = self.copy(connection, Extent::Copy)?;
        if let Err(error) = self.database.sync_data() {
            self.distrust(&error);
        }
        Ok(copied)
    }

    /// The engine makes a checkpoint of its own when the last connection closes.
    fn keep_log(&self, last: &Connection) {
        let is_kept = self.is_unsynced.load(Ordering::Relaxed);
        let kept = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        if is_kept && let Err(error) = last.set_db_config(kept, true) {
            tracing::error!(%error, "the log may be lost");
        }
    }

    fn distrust(&self, cause: &dyn std::fmt::Display) {
        if !self.is_unsynced.swap(true, Ordering::Relaxed) {
            tracing::error!(
                %cause,
                "the database could not be synced; its log is kept and grows: look at the disk, \
                 then start again"
            );
        }
    }
}

fn help(connection: &Connection, signals: &Receiver<()>, shared: &Shared, path: &Path) {
    let mut seen = 0;
    let mut cut = 0;
    loop {
        match signals.recv_timeout(QUIET) {
            Ok(()) => note(shared.copy_and_sync(connection), path),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let now = shared.commits.load(Ordering::Relaxed);
                if now == seen && now != cut {
                    note(shared.copy(connection, Extent::Cut), path);
                    cut = now;
                }
                seen = now;
            }
        }
    }
}

fn note(result: rusqlite::Result<(usize, usize)>, path: &Path) {
    match result {
        Ok((pages, copied)) => tracing::trace!(pages, copied, "checkpoint"),
        Err(error) => tracing::warn!(%error, file = %path.display(), "a checkpoint failed"),
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A log of some pages beside a database that none of them has reached.
    fn written(file: &Path) -> Connection {
        let connection = Connection::open(file).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
        connection
            .execute_batch("CREATE TABLE t (b); INSERT INTO t VALUES (zeroblob(50000))")
            .unwrap();
        connection
    }

    fn shared(database: &str) -> Shared {
        Shared {
            database: File::open(database).unwrap(),
            commits: AtomicU64::new(0),
            is_unsynced: AtomicBool::new(false),
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_log_is_kept_once_the_database_could_not_be_synced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, log) = (folder.path().join("a.db"), folder.path().join("a.db-wal"));
        let connection = written(&file);
        let length = fs::metadata(&log).unwrap().len();
        // A device that cannot be synced.
        let shared = shared("/dev/full");
        shared.copy_and_sync(&connection).unwrap();
        assert!(shared.is_unsynced.load(Ordering::Relaxed));
        let (pages, _) = shared.copy(&connection, Extent::Cut).unwrap();
        assert!(pages > 0, "cut");
        shared.keep_log(&connection);
        drop(connection);
        assert_eq!(fs::metadata(&log).unwrap().len(), length);
        // The next time all of it is copied.
        let connection = Connection::open(&file).unwrap();
        let rows: i64 =
            connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
        let (pages, copied) = checkpoint(&connection, Extent::Copy).unwrap();
        assert!(pages > 0 && pages == copied, "{copied} of {pages}");
    }

    #[test]
    fn a_log_that_is_on_the_disk_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let (file, log) = (folder.path().join("a.db"), folder.path().join("a.db-wal"));
        let connection = written(&file);
        let shared = shared(file.to_str().unwrap());
        let (pages, copied) = shared.copy_and_sync(&connection).unwrap();
        assert!(pages > 0 && pages == copied, "{copied} of {pages}");
        shared.copy(&connection, Extent::Cut).unwrap();
        assert_eq!(fs::metadata(&log).unwrap().len(), 0);
    }
}
