//! What can go wrong when the database is opened, as one line that says what to do.

use tokio_postgres::error::SqlState;

use super::address::chain;
use crate::limits::{POSTGRES_VERSION_MIN, SESSIONS_SPARE};

/// Why the database could not be opened. The message is one line that says what to do and never
/// holds the password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL cannot be used.
    #[error(
        "the database URL cannot be used: {reason}; write postgres://USER:PASSWORD@HOST/DATABASE"
    )]
    Url {
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answers there.
    #[error("{place} cannot be reached: {reason}; see that PostgreSQL runs there")]
    Unreachable {
        /// Host, port and database.
        place: String,
        /// What the system said.
        reason: String,
    },
    /// The user or password is wrong, or may not connect.
    #[error("{place} refuses the user or the password: {reason}")]
    Refused {
        /// Host, port and database.
        place: String,
        /// What the server said.
        reason: String,
    },
    /// There is no such database.
    #[error("{place}: there is no such database; make it with `createdb`, or name another one")]
    NoDatabase {
        /// Host, port and database.
        place: String,
    },
    /// The server has no connection left.
    #[error(
        "{place} has too few connections: this node needs {needed}; raise max_connections, or use \
         a pooler"
    )]
    TooFewConnections {
        /// Host, port and database.
        place: String,
        /// Connections of one node.
        needed: usize,
    },
    /// It is a replica, or was set to be read only.
    #[error("{place} is read-only; name the primary server")]
    ReadOnly {
        /// Host, port and database.
        place: String,
    },
    /// The server is too old.
    #[error("{place} is PostgreSQL {found}; version {POSTGRES_VERSION_MIN} or newer is needed")]
    Version {
        /// Host, port and database.
        place: String,
        /// Its version.
        found: u32,
    },
    /// The texts are not kept as UTF-8.
    #[error("{place} keeps texts as {found}; make a database with the encoding UTF8")]
    Encoding {
        /// Host, port and database.
        place: String,
        /// Its encoding.
        found: String,
    },
    /// No room on the server's disk.
    #[error("there is no room for {place}; make room on the server's disk")]
    Full {
        /// Host, port and database.
        place: String,
    },
    /// The database was written by a newer version of this program.
    #[error(
        "{place} has version {found} and this program knows versions up to {known}; \
         run a newer version of it"
    )]
    Newer {
        /// Host, port and database.
        place: String,
        /// Its version.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// Opened without migrating, and not yet of this version.
    #[error("{place} has version {found}, {known} is needed; run `causeway migrate` first")]
    Older {
        /// Host, port and database.
        place: String,
        /// Its version.
        found: i64,
        /// The version that is needed.
        known: i64,
    },
    /// The database holds tables of something else.
    #[error("{place} is not a Causeway database and not empty; name another database")]
    Foreign {
        /// Host, port and database.
        place: String,
    },
    /// The user may not make or write the tables.
    #[error("{place}: the user may not do this ({reason}); make it the owner of the database")]
    Rights {
        /// Host, port and database.
        place: String,
        /// What the server said.
        reason: String,
    },
    /// The engine failed.
    #[error("{place} could not be opened, {operation} failed: {source}")]
    Engine {
        /// Host, port and database.
        place: String,
        /// What was being done.
        operation: &'static str,
        /// The engine's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Makes the engine's error at open ours. `sessions` is how many connections this node opens.
pub(super) fn at_open(
    place: &str,
    operation: &'static str,
    sessions: usize,
) -> impl FnOnce(tokio_postgres::Error) -> OpenError {
    let place = place.to_owned();
    move |error| {
        let reason = chain(&error);
        let Some(code) = error.code() else {
            if reason.contains("database does not allow writes") {
                return OpenError::ReadOnly { place };
            }
            if reason.contains("password missing") {
                return OpenError::Refused { place, reason: "the URL has no password".to_owned() };
            }
            return OpenError::Unreachable { place, reason };
        };
        let needed = sessions.saturating_add(SESSIONS_SPARE);
        match code {
            code if code == &SqlState::INVALID_PASSWORD
                || code == &SqlState::INVALID_AUTHORIZATION_SPECIFICATION =>
            {
                OpenError::Refused { place, reason }
            }
            code if code == &SqlState::INVALID_CATALOG_NAME => OpenError::NoDatabase { place },
            code if code == &SqlState::TOO_MANY_CONNECTIONS => {
                OpenError::TooFewConnections { place, needed }
            }
            code if code == &SqlState::READ_ONLY_SQL_TRANSACTION => OpenError::ReadOnly { place },
            code if code == &SqlState::DISK_FULL => OpenError::Full { place },
            code if code == &SqlState::INSUFFICIENT_PRIVILEGE => {
                OpenError::Rights { place, reason }
            }
            code if code == &SqlState::DUPLICATE_TABLE => OpenError::Foreign { place },
            code if code == &SqlState::CANNOT_CONNECT_NOW => {
                OpenError::Unreachable { place, reason }
            }
            _ => OpenError::Engine { place, operation, source: Box::new(error) },
        }
    }
}
