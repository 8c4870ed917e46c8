//! What fails inside this store, before it is told as the port's error.

use app::ports::StoreError;
use rusqlite::ErrorCode;

/// A failure of the engine, or a row that cannot be right.
#[derive(Debug)]
pub(super) enum Fault {
    /// The engine failed.
    Engine(rusqlite::Error),
    /// What was read, or was to be written, is not what it must be.
    Damaged {
        /// What it is.
        what: &'static str,
        /// Why it cannot be right.
        reason: String,
    },
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

impl Fault {
    /// A row that cannot be right.
    pub(super) fn damaged(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Damaged { what, reason: reason.to_string() }
    }

    /// The port's error.
    pub(super) fn told(self, operation: &'static str) -> StoreError {
        let error = match self {
            Self::Damaged { what, reason } => {
                return StoreError::Damaged { what: what.to_owned(), reason };
            }
            Self::Engine(error) => error,
        };
        if is_full(&error) {
            return StoreError::Full(format!("{operation}: {error}"));
        }
        let is_row = matches!(
            error,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..)
        );
        let is_file = matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        );
        if is_row || is_file {
            return StoreError::Damaged { what: operation.to_owned(), reason: error.to_string() };
        }
        StoreError::Engine { operation, source: Box::new(error) }
    }
}

/// Whether the engine found no room: on the disk, for the database, or for its shared memory.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    let extended = error.sqlite_error().map(|it| it.extended_code);
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
        || extended == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}
