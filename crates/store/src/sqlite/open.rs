//! Opening the database file: who may, what is in it, and how its connections are set.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use app::journal;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::SqliteOptions;
use super::apply::Ends;
use super::error::{OpenError, at_open};
use super::fault::Fault;
use super::{migrate, read};
use crate::limits::{
    CHECKED_BYTES_MAX, LOCK_WAIT, READER_CACHE_KIB, STATEMENTS_COUNT_MAX, WRITER_CACHE_KIB,
};

/// The name of the database file in a data folder.
pub const DATABASE_FILE: &str = "causeway.db";

/// Marks the file as ours: `CWAY`.
const APPLICATION_ID: i64 = 0x4357_4159;

/// The only writing connection, with all that it starts from.
pub(super) struct Writing {
    pub(super) connection: Connection,
    pub(super) ends: Ends,
    /// Held as long as the file is written; the system lets it go when the process dies.
    pub(super) lock: File,
}

/// The file that a path given by the caller means.
pub(super) fn database_file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(DATABASE_FILE) } else { path.to_owned() }
}

/// Opens the file for writing, alone, and brings its tables up to date.
pub(super) fn writing(file: &Path, options: SqliteOptions) -> Result<Writing, OpenError> {
    let lock = lock(file)?;
    make(file)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        Connection::open_with_flags(file, flags).map_err(at_open(file, "opened"))?;
    prepare(&connection, WRITER_CACHE_KIB).map_err(at_open(file, "opened"))?;
    let version = version(&connection, file)?;
    if version > migrate::known() {
        let (path, known) = (file.to_owned(), migrate::known());
        return Err(OpenError::Newer { path, found: version, known });
    }
    make_durable(&connection, options).map_err(at_open(file, "written"))?;
    check_log(&connection, file)?;
    if version > 0 {
        check_whole(&connection, file)?;
    }
    migrate::migrate(&mut connection, version).map_err(at_open(file, "migrated"))?;
    let ends = ends(&connection, file)?;
    Ok(Writing { connection, ends, lock })
}

/// Opens a connection that only reads.
pub(super) fn reading(file: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    fs::metadata(file).map_err(|source| access(file, "read", source))?;
    let connection = Connection::open_with_flags(file, flags).map_err(at_open(file, "opened"))?;
    prepare(&connection, READER_CACHE_KIB).map_err(at_open(file, "read"))?;
    let (found, known) = (version(&connection, file)?, migrate::known());
    let path = file.to_owned();
    match found.cmp(&known) {
        std::cmp::Ordering::Less => Err(OpenError::Older { path, found, known }),
        std::cmp::Ordering::Equal => Ok(connection),
        std::cmp::Ordering::Greater => Err(OpenError::Newer { path, found, known }),
    }
}

/// Opens the connection that makes checkpoints, which never waits for a lock, and the file itself.
pub(super) fn copying(file: &Path) -> Result<(Connection, File), OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(at_open(file, "opened"))?;
    let set = prepare(&connection, READER_CACHE_KIB)
        .and_then(|()| connection.busy_timeout(std::time::Duration::ZERO));
    set.map_err(at_open(file, "opened"))?;
    let database = private().open(file).map_err(|source| access(file, "written", source))?;
    Ok((connection, database))
}

fn lock(file: &Path) -> Result<File, OpenError> {
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let lock = private().open(&path).map_err(|source| OpenError::Access {
        path,
        what: "written",
        source,
    })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: file.to_owned() }),
        Err(TryLockError::Error(source)) => Err(access(file, "locked", source)),
    }
}

/// Makes the file if it is not there, for its owner only; the engine's other files follow it.
fn make(file: &Path) -> Result<(), OpenError> {
    private().open(file).map(drop).map_err(|source| access(file, "written", source))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn access(file: &Path, what: &'static str, source: std::io::Error) -> OpenError {
    OpenError::Access { path: file.to_owned(), what, source }
}

/// What every connection is set to. The engine never makes checkpoints by itself.
fn prepare(connection: &Connection, cache_kib: i64) -> rusqlite::Result<()> {
    connection.busy_timeout(LOCK_WAIT)?;
    // A statement's plan is made once and never again for another value of a parameter.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_COUNT_MAX);
    connection.pragma_update(None, "cache_size", cache_kib.saturating_neg())?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)
}

fn make_durable(connection: &Connection, options: SqliteOptions) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    if let Some(pages) = options.database_pages_max {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(())
}

/// Some file systems cannot hold the write-ahead log; without it commits would not be as told. The
/// names of the files become durable here, as their content does with each commit.
fn check_log(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    let mode: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .map_err(at_open(file, "read"))?;
    if mode != "wal" {
        let reason = "its file system cannot share memory; use a local disk";
        return Err(access(file, "served", std::io::Error::other(reason)));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(|source| access(file, "made durable", source))
}

/// The version of the tables; 0 in a file that was just made.
fn version(connection: &Connection, file: &Path) -> Result<i64, OpenError> {
    let number = |name| -> Result<i64, OpenError> {
        connection.pragma_query_value(None, name, |row| row.get(0)).map_err(at_open(file, "read"))
    };
    let version = number("user_version")?;
    let (application, changes) = (number("application_id")?, number("schema_version")?);
    let fresh = application == 0 && version == 0 && changes == 0;
    if application == APPLICATION_ID || fresh {
        Ok(version)
    } else {
        Err(OpenError::Foreign { path: file.to_owned() })
    }
}

/// Goes through a database that is small enough; a large one is found damaged where it is read.
fn check_whole(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    let bytes = fs::metadata(file).map_err(|source| access(file, "read", source))?.len();
    if bytes > CHECKED_BYTES_MAX {
        return Ok(());
    }
    let found: String = connection
        .pragma_query_value(None, "quick_check", |row| row.get(0))
        .map_err(at_open(file, "checked"))?;
    if found == "ok" {
        return Ok(());
    }
    let reason = found.lines().next().unwrap_or_default().to_owned();
    Err(OpenError::Damaged { path: file.to_owned(), reason })
}

/// The ends of the tables. The journal's last line must have the hash it says.
fn ends(connection: &Connection, file: &Path) -> Result<Ends, OpenError> {
    let damaged = |reason: String| OpenError::Damaged { path: file.to_owned(), reason };
    let unreadable = |fault| match fault {
        Fault::Engine(error) => at_open(file, "read")(error),
        Fault::Damaged { reason, .. } => damaged(reason),
    };
    let mut ends = Ends {
        task: read::last_task(connection).map_err(unreadable)?,
        strays: read::has_strays(connection).map_err(unreadable)?,
        ..Ends::START
    };
    if let Some(last) = read::journal_last(connection).map_err(unreadable)? {
        if journal::hash(&last) != last.hash {
            return Err(damaged("the last line of the journal has another hash".to_owned()));
        }
        (ends.sequence, ends.hash) = (last.sequence, last.hash);
    }
    Ok(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_waits_for_the_disk_and_checkpoints_are_ours() {
        let folder = tempfile::tempdir().unwrap();
        let file = database_file(folder.path());
        let writing = writing(&file, SqliteOptions::default()).unwrap();
        for (name, expected) in [("synchronous", 2_i64), ("wal_autocheckpoint", 0)] {
            let set: i64 =
                writing.connection.pragma_query_value(None, name, |row| row.get(0)).unwrap();
            assert_eq!(set, expected, "{name}");
        }
        let planned_once =
            writing.connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG).unwrap();
        assert!(planned_once, "statements are planned anew for other values");
        let mode: String =
            writing.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }
}
