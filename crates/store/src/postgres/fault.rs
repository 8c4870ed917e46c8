//! What fails inside this store, before it is told as the port's error.

use app::ports::StoreError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::address::chain;

/// A failure of the engine, or a row that cannot be right.
#[derive(Debug)]
pub(super) enum Fault {
    /// The engine refused a statement: nothing of its transaction is left.
    Engine(Error),
    /// The connection broke, or could not be made in time.
    Lost(String),
    /// Others kept changing what this touches, attempt after attempt; nothing was changed.
    Crowded(String),
    /// The store was closed.
    Closed,
    /// What was read, or was to be written, is not what it must be.
    Damaged {
        /// What it is.
        what: &'static str,
        /// Why it cannot be right.
        reason: String,
    },
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        if is_lost(&error) { Self::Lost(chain(&error)) } else { Self::Engine(error) }
    }
}

impl Fault {
    /// A row that cannot be right.
    pub(super) fn damaged(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Damaged { what, reason: reason.to_string() }
    }

    /// The port's error.
    pub(super) fn told(&self, operation: &'static str) -> StoreError {
        match self {
            Self::Closed => StoreError::Closed,
            Self::Damaged { what, reason } => {
                StoreError::Damaged { what: (*what).to_owned(), reason: reason.clone() }
            }
            Self::Lost(reason) | Self::Crowded(reason) => {
                StoreError::Engine { operation, source: reason.clone().into() }
            }
            Self::Engine(error) if is_full(error) => {
                StoreError::Full(format!("{operation}: {}", chain(error)))
            }
            Self::Engine(error) => StoreError::Engine { operation, source: chain(error).into() },
        }
    }
}

/// Whether the server found no room on its disk.
fn is_full(error: &Error) -> bool {
    error.code() == Some(&SqlState::DISK_FULL)
}

/// Whether another connection may do what this one could not: it broke, its server goes down, or
/// is a replica since a failover.
pub(super) fn is_lost(error: &Error) -> bool {
    let Some(code) = error.code() else { return true };
    [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ]
    .contains(code)
        || code.code().starts_with("08")
}
