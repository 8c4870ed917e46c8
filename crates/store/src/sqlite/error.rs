//! What can go wrong when the database file is opened, as one line that says what to do.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why the data could not be opened. The message is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes this data.
    #[error("{path} is in use by another process; stop it or choose another folder")]
    Locked {
        /// The database file.
        path: PathBuf,
    },
    /// The data was written by a newer version of this program.
    #[error(
        "{path} has version {found} and this program knows versions up to {known}; \
         run a newer version of it"
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// Opened to read, and not yet migrated to this version.
    #[error("{path} has version {found}, {known} is needed; run `causeway migrate` first")]
    Older {
        /// The database file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version that is needed.
        known: i64,
    },
    /// The file is a database of something else, or no database.
    #[error("{path} is not a Causeway database; choose another folder or move the file away")]
    Foreign {
        /// The database file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("{path} is damaged ({reason}); restore it from a backup")]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The file or its folder is not there, or must not be read or written.
    #[error("{path} cannot be {what}: {source}; see that it exists and who may write there")]
    Access {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// No room on the disk.
    #[error("there is no room for {path}; make room on that disk")]
    Full {
        /// The database file.
        path: PathBuf,
    },
    /// The engine failed.
    #[error("{path} could not be opened, {operation} failed: {source}")]
    Engine {
        /// The database file.
        path: PathBuf,
        /// What was being done.
        operation: &'static str,
        /// The engine's error.
        source: rusqlite::Error,
    },
}

/// Makes the engine's error at open ours.
pub(super) fn at_open(
    path: &std::path::Path,
    operation: &'static str,
) -> impl FnOnce(rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    move |source| match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::Foreign { path },
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged { path, reason: source.to_string() },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked { path },
        Some(ErrorCode::DiskFull) => OpenError::Full { path },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            let source = std::io::Error::other(source.to_string());
            OpenError::Access { path, what: operation, source }
        }
        _ => OpenError::Engine { path, operation, source },
    }
}
